//! Whatever the plan, the call and the results are: a simulated call goes the way that a walk takes which is driven by hand
//! with the same results, and both end; and a call that is recorded goes the same way once more.

mod plans;

use kiestoon_dialplan::{
    Action, CallFacts, Circumstances, DialOrder, Given, GivenValue, OverrideTo, Overrides, Plan, Recorded,
    RecordedStep, Replay, StepResult, Target, Unanswered, WebhookAnswer,
};
use plans::{call, load};
use proptest::prelude::*;

/// The results of a run, small enough to be given in words as well as applied by hand.
#[derive(Debug, Clone)]
struct Met {
    /// Of extensions 201 to 204 and the trunks `a` and `b`, each its own.
    replies: [usize; 6],
    digits: String,
    webhook: usize,
    denied: bool,
}

const REPLIES: [(&str, Option<Unanswered>); 7] = [
    ("answered", None),
    ("busy", Some(Unanswered::Status(486))),
    ("no-answer", Some(Unanswered::NoAnswer)),
    ("declined", Some(Unanswered::Status(603))),
    ("503", Some(Unanswered::Status(503))),
    ("404", Some(Unanswered::Status(404))),
    ("480", Some(Unanswered::Status(480))),
];
const TARGETS: [&str; 6] = ["ext:201", "ext:202", "ext:203", "ext:204", "trunk:a", "trunk:b"];
const WEBHOOKS: [&str; 4] = ["", "group:rij", "context:overig/3", "failed"];

impl Met {
    fn given(&self) -> Given {
        let mut given = Given::default();
        let mut give = |about: &str, result: &str| {
            given.set(about, GivenValue::Text(result.to_string())).expect("a result");
        };
        for (target, reply) in TARGETS.iter().zip(self.replies) {
            give(target, REPLIES[reply].0);
        }
        give("keuze", &self.digits);
        give("webhook:crm", WEBHOOKS[self.webhook]);
        if self.denied {
            give("require:call.premium", "denied");
        }
        given
    }

    fn reply(&self, target: &Target) -> Option<Unanswered> {
        let target = target.to_string();
        TARGETS.iter().position(|known| **known == *target).and_then(|at| REPLIES[self.replies[at]].1)
    }
}

/// Drives the walk as a live call does; the trail with results, and how many actions it took.
fn by_hand(plan: &Plan, facts: &CallFacts<'_>, met: &Met) -> Option<(Vec<String>, usize)> {
    let decision = plan.decide(facts)?;
    let mut run = decision.run;
    let mut overrides = Overrides::default();
    if decision.require.is_some() && met.denied {
        return Some((Vec::new(), 0));
    }
    let (mut result, mut actions, mut told) = (None, 0, Vec::new());
    loop {
        let action = run.next(result, &Circumstances { plan, at: facts.at, overrides: &overrides });
        actions += 1;
        result = Some(match action {
            Action::Dial(dial) => {
                let mut best: Option<Unanswered> = None;
                let mut answered = false;
                for target in &dial.targets {
                    let Some(came) = met.reply(target) else {
                        answered = true;
                        break;
                    };
                    best = Some(best.filter(|best| best.rank() <= came.rank()).unwrap_or(came));
                    let is_trunk = matches!(target, Target::Trunk(_)) && dial.order != DialOrder::Parallel;
                    let at_fault = matches!(came, Unanswered::Status(status) if dial.fails_over(status));
                    if is_trunk && !at_fault {
                        break;
                    }
                }
                if answered { StepResult::Answered } else { best.expect("somebody").result() }
            }
            Action::Play { .. } | Action::Say { .. } => StepResult::Played,
            Action::Collect(collect) => {
                let digits: String = met.digits.chars().take(collect.max.into()).collect();
                run.collected(&digits, plan)
            }
            Action::Webhook(_) => match WEBHOOKS[met.webhook] {
                "failed" => run.webhook_failed("given"),
                "" => run.webhook_answered(&WebhookAnswer::default(), plan),
                to => {
                    let answer = WebhookAnswer { destination: Some(to.into()), ..WebhookAnswer::default() };
                    run.webhook_answered(&answer, plan)
                }
            },
            Action::Override { hours, to } => {
                let open = plan.hours(facts.at).any(|(name, open)| name == &*hours && open);
                OverrideTo::apply(to, &mut overrides, &hours, open);
                StepResult::Done
            }
            Action::Require { .. } if met.denied => break,
            Action::Notify { whom } => {
                assert!(!run.is_emergency() || !told.contains(&whom), "{whom} is told twice of an emergency");
                if run.is_emergency() {
                    told.push(whom);
                }
                StepResult::Done
            }
            Action::Require { .. } => StepResult::Done,
            Action::Echo | Action::NotBuilt { .. } | Action::Done => break,
            Action::Reject { .. } | Action::Hangup { .. } => break,
        });
    }
    let shown = |step: &kiestoon_dialplan::TrailStep| format!("{} = {:?}", step.text, step.result);
    Some((run.trail().steps().iter().map(shown).collect(), actions))
}

/// A step, with branches at most `depth` deep.
fn step(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("{ play = \"welkom\" }".to_string()),
        Just("{ say = \"digits:${from}\" }".to_string()),
        Just("{ say = \"number:${keuze}\" }".to_string()),
        Just("{ set = { x = \"${number:1}\" } }".to_string()),
        Just("{ notify = \"bhv\" }".to_string()),
        Just("{ echo = true }".to_string()),
        Just("{ reject = \"busy\" }".to_string()),
        Just("{ hangup = true }".to_string()),
        Just("{ voicemail = \"100\" }".to_string()),
        prop::sample::select(vec!["open", "closed", "auto", "toggle"])
            .prop_map(|to| format!("{{ override = \"dag\", to = \"{to}\" }}")),
        prop::sample::select(vec![
            "\"rule:intern/een\"",
            "\"rule:intern/twee\"",
            "\"rule:overig/drie\"",
            "\"rule:intern/nood\"",
            "\"context:overig\"",
            "\"context:intern\", number = \"2\"",
            "\"context:overig\", number = \"9${number}\"",
        ])
        .prop_map(|to| format!("{{ goto = {to} }}")),
        targets().prop_map(|targets| format!("{{ dial = {targets} }}")),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let branch = || steps(depth - 1);
    prop_oneof![
        4 => leaf,
        3 => (targets(), branch(), branch(), branch()).prop_map(|(targets, busy, late, gone)| format!(
            "{{ dial = {targets}, on_busy = [{busy}], on_no_answer = [{late}], on_unavailable = [{gone}] }}"
        )),
        1 => (targets(), branch()).prop_map(|(targets, refused)| format!(
            "{{ dial = {targets}, on_rejected = [{refused}] }}"
        )),
        2 => (0..3u8, branch(), branch()).prop_map(|(retries, late, wrong)| format!(
            "{{ collect = \"keuze\", digits = 1, match = \"_[12]\", retries = {retries}, on_timeout = [{late}], on_invalid = [{wrong}] }}"
        )),
        2 => (branch(), branch(), branch()).prop_map(|(one, more, other)| format!(
            "{{ choose = \"${{keuze}}\", cases = {{ 1 = [{one}], \"_X\" = [{more}] }}, else = [{other}] }}"
        )),
        2 => (condition(), branch(), branch()).prop_map(|(condition, then, other)| format!(
            "{{ if = {{ {condition} }}, then = [{then}], else = [{other}] }}"
        )),
        1 => branch().prop_map(|failed| format!("{{ webhook = \"crm\", on_failure = [{failed}] }}")),
    ]
    .boxed()
}

fn steps(depth: u32) -> BoxedStrategy<String> {
    prop::collection::vec(step(depth), 1..4).prop_map(|steps| steps.join(", ")).boxed()
}

fn targets() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\"ext:201\"",
        "\"ext:${number}\"",
        "\"ext:${keuze}\"",
        "\"group:samen\"",
        "\"group:rij\"",
        "[\"ext:201\", \"ext:202\"]",
        "[\"trunk:a\", \"trunk:b\"]",
        "\"trunk:b\"",
        "[\"group:rij\", \"ext:204\"]",
    ])
    .prop_map(str::to_string)
}

fn condition() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "when = \"dag\"",
        "when = \"!dag\"",
        "from = \"206\"",
        "from = \"!206\"",
        "value = \"${x}\", match = \"_X\"",
    ])
}

/// Two contexts, two rules for each of three numbers, one of them by day.
fn plan() -> impl Strategy<Value = String> {
    prop::collection::vec(steps(2), 5).prop_map(|steps| {
        let mut text = String::from(
            "version = 1\ntimezone = \"Europe/Amsterdam\"\n[hours.dag]\nopen = \"ma-vr 09:00-17:00\"\n\
             [variables]\n[webhook.crm]\nurl = \"https://crm.example/route\"\nvariables = [\"x\"]\n\
             [group.samen]\nmembers = [\"201\", \"202\"]\n\
             [group.rij]\nmembers = [\"202\", \"203\"]\nstrategy = \"sequential\"\n\
             [[context.intern]]\nname = \"nood\"\nmatch = \"5\"\nemergency = true\n\
             do = [{ dial = \"ext:201\", on_busy = [{ notify = \"chef\" }, { dial = \"ext:202\" }] }, { notify = \"bhv\" }, { dial = \"ext:203\" }]\n",
        );
        let heads = [
            ("intern", "een", "match = \"_[14]\"\nwhen = \"dag\""),
            ("intern", "twee", "match = [\"2\", \"201\"]\nrequire = \"call.premium\""),
            ("intern", "rest", "match = \"_X\"\nfrom = \"!999\""),
            ("overig", "drie", "match = \"3\""),
            ("overig", "vier", "match = \"re:^([0-8]+)$\""),
        ];
        for ((context, name, head), steps) in heads.iter().zip(steps) {
            // A question and a variable, so that every text that names them may.
            let first = if *name == "rest" {
                "{ set = { x = \"1\" } }, { collect = \"keuze\", digits = 1, retries = 0 }, "
            } else {
                ""
            };
            text.push_str(&format!(
                "[[context.{context}]]\nname = \"{name}\"\n{head}\ndo = [{first}{steps}]\n"
            ));
        }
        text
    })
}

fn met() -> impl Strategy<Value = Met> {
    let reply = || 0..REPLIES.len();
    // Somebody who answers ends the walk: most do not.
    let replies = prop::array::uniform6(prop_oneof![1 => Just(0), 6 => reply()]);
    let digits = prop::sample::select(vec!["", "1", "2", "9"]).prop_map(str::to_string);
    (replies, digits, 0..WEBHOOKS.len(), prop::bool::weighted(0.2))
        .prop_map(|(replies, digits, webhook, denied)| Met { replies, digits, webhook, denied })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    /// Twenty calls by each of 500 plans.
    #[test]
    fn what_is_explained_is_what_a_walk_does_and_what_replays(
        text in plan(),
        calls in prop::collection::vec(
            (prop::sample::select(vec!["1", "2", "3", "4", "5", "201", "9"]), any::<bool>(), any::<bool>(), met()), 20,
        ),
    ) {
        let plan = match load(&text) {
            Ok(loaded) => loaded.plan,
            Err(problems) => {
                let errors: Vec<String> =
                    problems.iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect();
                return Err(TestCaseError::fail(format!("{}\n{text}", errors.join("\n"))));
            }
        };
        for (dialled, is_night, is_outside, met) in calls {
            let context = if is_outside { "overig" } else { "intern" };
            let day = call(context, dialled);
            let at = if is_night { plans::at("2026-11-20T22:00+01") } else { day.at };
            let facts = CallFacts { at, ..day };
            let simulated = plan.simulate(&facts, &met.given());
            let shown = |step: &kiestoon_dialplan::TrailStep| format!("{} = {:?}", step.text, step.result);
            let trail: Vec<String> = simulated.trail.steps().iter().map(shown).collect();
            match by_hand(&plan, &facts, &met) {
                None => prop_assert!(simulated.rule.is_none()),
                Some((by_hand, actions)) => {
                    prop_assert_eq!(&trail, &by_hand, "{}\n{:?}", text, met);
                    prop_assert!(actions <= 202, "{} actions", actions);
                }
            }
            let is_cut = simulated.trail.left_out() > 0;
            let known = if is_cut { kiestoon_dialplan::Trail::FIRST } else { usize::MAX };
            let steps = simulated.trail.steps().iter().take(known).map(|step| RecordedStep {
                text: step.text.to_string(),
                result: step.result.map(|result| result.to_string()),
            });
            let recorded = Recorded {
                id: String::new(),
                context: context.into(),
                from: facts.from.into(),
                from_name: facts.from_name.into(),
                dialled: dialled.into(),
                at,
                overrides: Overrides::NONE,
                rule: simulated.rule.as_ref().map(|rule| rule.name.to_string()),
                steps: steps.collect(),
                is_cut,
            };
            let mut replay = Replay::default();
            replay.add(&plan, &[recorded]);
            prop_assert_eq!(replay.changed, 0, "{}\n{:#?}", text, replay);
            let explained = plan.explain(&facts).matched.map(|matched| matched.rule);
            prop_assert_eq!(explained, simulated.rule);
        }
    }
}
