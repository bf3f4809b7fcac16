//! What is explained is what happens: random plans and calls, each decided on paper and made on the virtual network; rule, trail and
//! end of the record are those that `simulate` told before, and a replay of the record changes nothing.
//!
//! `KIESTOON_WALK` is the first seed, `KIESTOON_WALKS` how many follow.

mod dialplans;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use kiestoon_call::{CdrEnd, CdrRecord, Input, Way, WebhookFault};
use kiestoon_dialplan::{
    CallFacts, End, Given, GivenValue, Overrides, Plan, Recorded, RecordedStep, Replay, Simulated,
    StepResult, Timestamp, Trail, WebhookAnswer,
};
use kiestoon_media::{DigitSource, MediaEvent};
use kiestoon_testkit::{Chance, PhoneId, Story, phone, secs};

/// Random plans; each gets this many calls.
const PLANS: u64 = 2_500;
const CALLS: usize = 4;

#[test]
fn ten_thousand_calls_go_as_explained() {
    let asked = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = asked("KIESTOON_WALK").unwrap_or(0);
    // Handed over before each input, a call takes hundreds of times as long.
    let usual = if std::env::var_os("KIESTOON_HAND_OVER").is_some() { 250 } else { PLANS };
    let count = asked("KIESTOON_WALKS").unwrap_or(usual);
    let next = AtomicU64::new(first);
    let (calls, steps) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < first + count
                {
                    let taken = tell(seed);
                    calls.fetch_add(CALLS, Ordering::Relaxed);
                    steps.fetch_add(taken, Ordering::Relaxed);
                }
            });
        }
    });
    let (calls, steps) = (calls.into_inner(), steps.into_inner());
    println!("{calls} calls took {steps} steps");
    assert!(steps > calls, "plans in which nothing happens show nothing: {steps} steps of {calls} calls");
}

/// The calls of one plan; how many steps they took.
fn tell(seed: u64) -> usize {
    let mut dice = Chance::new(seed ^ 0xd1a1);
    let rules = dialplans::rules(&mut dice);
    let mut t = Story::office(seed)
        .rules(&rules)
        .prompt("een")
        .prompt("twee")
        .prompt("niet-beschikbaar")
        .without_ladder();
    let caller = office(&mut t);
    let plan = Arc::clone(t.the_pbx().switch.snapshot().plans().shared());
    let meets = Meets::any(&mut dice);
    let mut steps = 0;
    for _ in 0..CALLS {
        let number = *dice.pick(&dialplans::NUMBERS).expect("numbers");
        let before = t.the_pbx().ended().count();
        let by_hand = t.the_pbx().switch.overrides("organisation-1").clone();
        t.call(caller, number);
        meets.goes_by(&mut t, before);
        t.hang_up_all(caller);
        t.run(secs(5));
        let record =
            t.the_pbx().ended().nth(before).unwrap_or_else(|| panic!("seed {seed}: {number} has no record"));
        let told = explained(&plan, number, (record.started_at, &by_hand), &meets);
        let lived = record.way.first().unwrap_or_else(|| panic!("seed {seed}: {number} has no way"));
        compare(seed, number, &told, lived, &rules);
        if let Some(fault) = differs(&told.end, record) {
            panic!("seed {seed}: {number} ends by {}, and lived: {fault}\n{rules}", told.end);
        }
        // A record with a gap does not have all results.
        if lived.trail.left_out() == 0 {
            let mut replay = Replay::default();
            replay.add(&plan, &[recorded(lived, &by_hand)]);
            assert_eq!(replay.changed, 0, "seed {seed}: {number}\n{replay:#?}\n{rules}");
        }
        steps += lived.trail.steps().len();
    }
    steps
}

/// 201 calls; the others answer, are busy, do not answer or decline, and 206 is nobody's phone.
fn office(t: &mut Story) -> PhoneId {
    let caller = t.add(phone("201").is_busy());
    t.add(phone("202").answers_after(secs(1)).hangs_up_after(secs(2)));
    t.add(phone("203").is_busy());
    t.add(phone("204").never_answers());
    t.add(phone("205").declines_after(secs(1)));
    t.register_all();
    caller
}

/// What a caller presses all the time, and what the service answers.
struct Meets {
    key: Option<char>,
    answer: Result<WebhookAnswer, WebhookFault>,
}

impl Meets {
    fn any(dice: &mut Chance) -> Self {
        let to = |text: &str| WebhookAnswer { destination: Some(text.into()), variables: Vec::new() };
        let klant = WebhookAnswer { destination: None, variables: vec![("klant".into(), "203".into())] };
        let answers = [
            Ok(WebhookAnswer::default()),
            Ok(klant),
            Ok(to("group:allen")),
            Ok(to("rule:extra/r0")),
            Ok(to("group:weg")),
            Err(WebhookFault::Refused),
        ];
        Self {
            key: *dice.pick(&[None, Some('1'), Some('9')]).expect("keys"),
            answer: dice.pick(&answers).expect("answers").clone(),
        }
    }

    /// Until the call is over, or will not be.
    fn goes_by(&self, t: &mut Story, before: usize) {
        let mut answered = t.the_pbx().asked.len();
        for _ in 0..400 {
            t.run(secs(1));
            if t.the_pbx().ended().count() > before {
                return;
            }
            while let Some(request) = t.the_pbx().asked.get(answered) {
                let id = request.id;
                t.tell_pbx(Input::WebhookAnswered { id, answer: self.answer.clone() });
                answered += 1;
            }
            let leg = t.engine().legs().map(|(id, _)| id).next();
            if let (Some(digit), Some(leg)) = (self.key, leg) {
                let source = DigitSource::Event4733;
                t.tell_pbx(Input::Media(MediaEvent::Digit {
                    leg,
                    digit,
                    duration_ms: 100,
                    source,
                    passed: false,
                }));
            }
        }
    }

    fn gives(&self, given: &mut Given) {
        let keys: String = self.key.into_iter().cycle().take(16).collect();
        for variable in ["toets", "geheim"] {
            given.set(variable, GivenValue::Text(keys.clone())).expect("keys");
        }
        let answer = match &self.answer {
            Ok(answer) => GivenValue::Answer(answer.clone()),
            Err(_) => GivenValue::Text("failed".into()),
        };
        given.set("webhook:crm", answer).expect("an answer");
    }
}

/// How the record says that it ended otherwise than told. Once the PBX itself has answered, the caller gets no status any more.
fn differs(told: &End, record: &CdrRecord) -> Option<String> {
    let end: &CdrEnd = record.end.as_ref()?;
    let is_open = record.answered_at.is_none();
    let is_same = match told {
        End::Answered => record.to_number.as_deref() == Some("202") && end.sip_code == 200,
        End::Rejected { status } if is_open => end.sip_code == *status,
        End::HungUp { cause: Some(cause) } => end.q850 == *cause,
        End::NoStepLeft { last: Some(StepResult::Busy) } if is_open => matches!(end.sip_code, 486 | 600),
        End::NoStepLeft { last: Some(StepResult::NoAnswer) } if is_open => end.sip_code == 480,
        // A number that is nobody's, or whose phone is away.
        End::NoStepLeft { last: Some(StepResult::Unavailable) } if is_open => {
            matches!(end.sip_code, 404 | 480)
        }
        End::NoStepLeft { last: Some(StepResult::Rejected { status }) } if is_open => end.sip_code == *status,
        End::NoRule => end.sip_code == 404,
        End::Echo => end.sip_code == 200,
        _ => true,
    };
    (!is_same).then(|| format!("{end:?}, to {:?}", record.to_number))
}

/// As the history keeps it.
fn recorded(way: &Way, by_hand: &Overrides) -> Recorded {
    let steps = way.trail.steps().iter().map(|step| RecordedStep {
        text: step.text.to_string(),
        result: step.result.map(|result| result.to_string()),
    });
    Recorded {
        id: String::new(),
        context: way.context.to_string(),
        from: way.by.to_string(),
        from_name: String::new(),
        dialled: way.number.to_string(),
        at: Timestamp::from_microsecond(way.at).expect("a moment"),
        overrides: by_hand.clone(),
        rule: way.rule.as_ref().map(|rule| rule.name.to_string()),
        steps: steps.collect(),
        is_cut: way.trail.left_out() > 0,
    }
}

fn explained(plan: &Plan, number: &str, (at, by_hand): (i64, &Overrides), meets: &Meets) -> Simulated {
    let mut given = Given::default();
    let nobody = [
        "200", "206", "207", "208", "209", "100", "101", "110", "111", "061", "*43", "20", "102", "143",
        "178",
    ];
    let replies = [("203", "busy"), ("204", "no-answer"), ("205", "declined"), ("201", "busy")];
    for (number, reply) in replies.into_iter().chain(nobody.map(|number| (number, "unavailable"))) {
        given.set(&format!("ext:{number}"), GivenValue::Text(reply.into())).expect("a reply");
    }
    meets.gives(&mut given);
    plan.simulate(
        &CallFacts {
            context: "intern",
            from: "201",
            from_name: "",
            dialled: number,
            at: Timestamp::from_microsecond(at).expect("a moment"),
            overrides: by_hand,
        },
        &given,
    )
}

fn compare(seed: u64, number: &str, told: &Simulated, lived: &Way, rules: &str) {
    let words = |trail: &Trail| -> Vec<String> {
        let steps = trail.steps().iter();
        // What the fault is called is the service's.
        let text =
            |text: &str| if text.starts_with("fault:") { "fault".to_string() } else { text.to_string() };
        steps
            .map(|step| {
                format!("{} = {}", text(&step.text), step.result.map(|r| r.to_string()).unwrap_or_default())
            })
            .collect()
    };
    assert_eq!(told.rule, lived.rule, "seed {seed}: {number}\n{rules}");
    assert_eq!(words(&told.trail), words(&lived.trail), "seed {seed}: {number}\n{rules}");
}
