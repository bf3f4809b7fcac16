//! Emergency rules: whom they tell, what leads to them, and what cannot stand in their way.

mod plans;

use kiestoon_dialplan::{Action, Given, GivenValue, Plan, StepResult};
use plans::{call, decide, load};

const NOTIFIED: &str = r#"
[[context.intern]]
name = "nood"
match = ["112", "0112"]
emergency = true
do = [
  { dial = "ext:202", on_busy = [{ notify = "chef" }, { dial = "ext:203" }] },
  { notify = "bhv ${from}" },
  { dial = "ext:204" },
  { notify = "bhv ${from}" },
]
"#;

fn plan(text: &str) -> Plan {
    load(&format!("version = 1\n{text}")).unwrap_or_else(|problems| panic!("{problems:#?}")).plan
}

fn errors(text: &str) -> Vec<String> {
    let problems = load(&format!("version = 1\n{text}")).err().unwrap_or_default();
    let errors = problems.iter().filter(|problem| problem.is_error());
    errors.map(|problem| problem.to_string().split_off("plan.toml:".len())).collect()
}

fn warnings(text: &str) -> Vec<String> {
    let loaded = load(&format!("version = 1\n{text}")).unwrap_or_else(|problems| panic!("{problems:#?}"));
    loaded.warnings.iter().map(|problem| problem.to_string().split_off("plan.toml:".len())).collect()
}

/// Drives a walk: every action in words, each with this result.
fn walked(plan: &Plan, number: &str, result: StepResult) -> Vec<String> {
    let mut run = decide(plan, number).run;
    let mut previous = None;
    let mut done = Vec::new();
    loop {
        let action = run.next(previous);
        if action == Action::Done {
            return done;
        }
        done.push(action.to_string());
        previous = Some(if matches!(action, Action::Notify { .. }) { StepResult::Done } else { result });
    }
}

#[test]
fn whoever_is_to_be_told_is_told_before_anything_else_and_once() {
    let plan = plan(NOTIFIED);
    assert_eq!(
        walked(&plan, "112", StepResult::Unavailable),
        ["notify:chef", "notify:bhv 206", "dial:ext:202", "dial:ext:204"]
    );
    assert_eq!(
        walked(&plan, "112", StepResult::Busy),
        ["notify:chef", "notify:bhv 206", "dial:ext:202", "dial:ext:203"]
    );
    assert_eq!(decide(&plan, "112").decision.notify, ["chef", "bhv 206"]);
    assert_eq!(walked(&plan, "112", StepResult::Answered).len(), 3, "one who answers changes nothing");
}

#[test]
fn it_is_explained_and_simulated_in_that_order() {
    let plan = plan(NOTIFIED);
    let explained = plan.explain(&call("intern", "112")).matched.expect("a rule");
    let texts: Vec<&str> = explained.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "notify chef",
            "notify bhv 206",
            "dial ext:202 for 30 s",
            "dial ext:203 for 30 s",
            "dial ext:204 for 30 s"
        ]
    );
    let simulated = plan.simulate(&call("intern", "112"), &Given::default());
    assert_eq!(simulated.attempts, ["notify:chef", "notify:bhv 206", "dial:ext:202"]);
    let trail: Vec<&str> = simulated.trail.steps().iter().map(|step| &*step.text).collect();
    assert_eq!(trail, ["notify:chef", "notify:bhv 206", "dial:ext:202"]);
    assert!(simulated.emergency);
}

#[test]
fn elsewhere_a_notify_behind_a_dial_is_doubted() {
    let rule = |steps: &str| format!("[[context.intern]]\nmatch = \"1\"\ndo = [{steps}]\n");
    assert_eq!(
        warnings(&rule("{ dial = \"ext:1\" }, { notify = \"bhv\" }")),
        [
            "4:29: warning: this `notify` is reached only if nobody answers; to tell of every call put it before the `dial`"
        ]
    );
    assert_eq!(warnings(&rule("{ notify = \"bhv\" }, { dial = \"ext:1\" }")), [""; 0]);
    assert_eq!(warnings(&rule("{ dial = \"ext:1\", on_busy = [{ notify = \"bhv\" }] }")), [""; 0]);
    assert_eq!(warnings(NOTIFIED), [""; 0]);
}

#[test]
fn a_text_that_has_no_value_yet_is_doubted() {
    let found = warnings(
        "[[context.intern]]\nmatch = \"112\"\nemergency = true\n\
         do = [{ set = { waar = \"hal\" } }, { notify = \"bhv ${waar}\" }, { dial = \"ext:1\" }]\n",
    );
    assert_eq!(
        found,
        [
            "5:37: warning: an emergency rule tells this before its other steps: `${waar}` has no value yet; name only what is known of every call, such as `${from}`"
        ]
    );
}

const LED: &str = r#"
[variables]
balie = "1"
[[context.intern]]
name = "nood"
match = "112"
emergency = true
do = [{ notify = "bhv" }, { dial = "ext:202" }, { goto = "rule:verder" }]
[[context.intern]]
name = "alarm"
match = "9"
do = [{ set = { x = "1" } }, { play = "alarm" }, { goto = "rule:nood" }]
[[context.intern]]
name = "knop"
match = "8"
do = [{ if = { from = "206" }, then = [{ goto = "context:intern", number = "112" }] }, { echo = true }]
[[context.intern]]
name = "gewoon"
match = "7"
do = [{ dial = "ext:203" }, { goto = "rule:nood" }]
[[context.intern]]
name = "verder"
match = "6"
do = [{ notify = "bhv" }, { goto = "rule:nood" }]
"#;

#[test]
fn whatever_leads_into_an_emergency_rule_is_an_emergency_call() {
    let plan = plan(LED);
    for (number, at_once) in [("112", true), ("9", true), ("8", true), ("7", false), ("6", true)] {
        assert_eq!(decide(&plan, number).decision.emergency, at_once, "{number}");
        let explained = plan.explain(&call("intern", number)).matched.expect("a rule");
        assert_eq!(explained.emergency, at_once, "{number}");
        let mut given = Given::default();
        given.set("ext:203", GivenValue::Text("busy".into())).unwrap();
        assert!(plan.simulate(&call("intern", number), &given).emergency, "{number}");
    }
    let mut run = decide(&plan, "7").run;
    assert_eq!(run.next(None).to_string(), "dial:ext:203");
    assert!(!run.run.is_emergency());
    assert_eq!(run.next(Some(StepResult::Busy)).to_string(), "notify:bhv");
    assert!(run.run.is_emergency());
}

#[test]
fn nobody_is_told_twice_however_often_it_is_gone_to() {
    let plan = plan(LED);
    let walked = walked(&plan, "112", StepResult::Busy);
    assert_eq!(walked.iter().filter(|action| *action == "notify:bhv").count(), 1, "{walked:?}");
    assert!(walked.iter().filter(|action| *action == "dial:ext:202").count() > 5, "{walked:?}");
}

#[test]
fn an_emergency_call_needs_no_permission_on_its_way() {
    let plan = plan(
        r#"
        [webhook.crm]
        url = "https://crm.example/route"
        [[context.intern]]
        name = "nood"
        match = "112"
        emergency = true
        do = [{ dial = "ext:202" }, { webhook = "crm" }]
        [[context.intern]]
        name = "duur"
        match = "5"
        require = "call.premium"
        do = [{ dial = "ext:203" }]
        "#,
    );
    let mut run = decide(&plan, "112").run;
    run.next(None);
    run.next(Some(StepResult::Busy));
    let answer = kiestoon_dialplan::WebhookAnswer {
        destination: Some("rule:intern/duur".into()),
        ..kiestoon_dialplan::WebhookAnswer::default()
    };
    let routed = run.run.webhook_answered(&answer, &plan);
    assert_eq!(run.next(Some(routed)).to_string(), "dial:ext:203");
}

#[test]
fn nothing_stands_before_its_dial() {
    let rule = |steps: &str| {
        let head = "[webhook.crm]\nurl = \"https://x/\"\n[[context.intern]]\nname = \"a\"\nmatch = \"1\"\ndo = [{ echo = true }]\n";
        errors(&format!("{head}[[context.intern]]\nmatch = \"112\"\nemergency = true\ndo = [{steps}]\n"))
    };
    let dial = "{ dial = \"ext:1\" }";
    for (step, word) in [
        ("{ if = { from = \"1\" }, then = [{ dial = \"ext:1\" }] }", "if"),
        ("{ collect = \"x\" }", "collect"),
        ("{ choose = \"${number}\", cases = { 1 = [{ dial = \"ext:1\" }] } }", "choose"),
        ("{ webhook = \"crm\" }", "webhook"),
        ("{ goto = \"rule:a\" }", "goto"),
        ("{ reject = \"busy\" }", "reject"),
        ("{ hangup = true }", "hangup"),
        ("{ echo = true }", "echo"),
        ("{ voicemail = \"1\" }", "voicemail"),
    ] {
        let found = rule(&format!("{step}, {dial}"));
        assert_eq!(
            found,
            [format!(
                "11:9: error: `{word}` stands before the `dial` of an emergency rule and could keep its call from being dialled; put the `dial` first"
            )],
            "{step}"
        );
    }
    for step in [
        "{ play = \"a\" }",
        "{ notify = \"x\" }",
        "{ set = { y = \"1\" } }",
        "{ override = \"k\", to = \"open\" }",
    ] {
        let found = rule(&format!("{step}, {dial}, {{ goto = \"rule:a\" }}"));
        let others = found.iter().filter(|fault| !fault.contains("unknown hours"));
        assert_eq!(others.count(), 0, "{found:?}");
    }
    let found = rule("{ goto = \"rule:a\" }");
    assert!(found[0].contains("stands before the `dial`"), "without any `dial` too: {found:?}");
}

#[test]
fn a_permission_behind_it_is_refused_too() {
    let plan = |steps: &str| {
        errors(&format!(
            "[[context.intern]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\n\
             do = [{{ dial = \"ext:1\" }}, {steps}]\n\
             [[context.intern]]\nname = \"tussen\"\nmatch = \"4\"\ndo = [{{ goto = \"rule:duur\" }}]\n\
             [[context.intern]]\nname = \"duur\"\nmatch = \"5\"\nrequire = \"call.premium\"\ndo = [{{ echo = true }}]\n"
        ))
    };
    let fault = |at: &str| {
        format!(
            "{at}: error: emergency rule nood leads to rule duur (plan.toml:11), which needs the permission `call.premium`; lead it to a rule without `require`"
        )
    };
    assert_eq!(plan("{ goto = \"rule:duur\" }"), [fault("6:29")]);
    assert_eq!(plan("{ goto = \"rule:tussen\" }"), [fault("6:29")]);
    assert_eq!(plan("{ goto = \"context:intern\", number = \"5\" }"), [fault("6:29")]);
    assert_eq!(plan("{ choose = \"${number}\", cases = { 1 = \"rule:duur\" } }"), [fault("6:65")]);
    assert_eq!(plan("{ goto = \"context:intern\", number = \"6\" }"), [""; 0]);
    assert_eq!(plan("{ echo = true }"), [""; 0]);
}

#[test]
fn one_that_no_call_comes_to_is_doubted() {
    let rule = |context: &str| {
        format!(
            "[[context.{context}]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\ndo = [{{ dial = \"ext:1\" }}]\n"
        )
    };
    let nowhere = "2:1: warning: no call of a phone comes to emergency rule nood in context alarm; calls of phones enter `intern`: write `[[context.intern]]`, or include `alarm` there";
    assert_eq!(warnings(&rule("alarm")), [nowhere]);
    assert_eq!(warnings(&rule("intern")), [""; 0]);
    let other = |steps: &str| format!("[[context.intern]]\nname = \"x\"\nmatch = \"5\"\ndo = [{steps}]\n");
    let with = |more: &str| warnings(&(rule("alarm") + more));
    assert_eq!(with(&other("{ echo = true }")), [nowhere]);
    assert_eq!(with("[[context.intern]]\ninclude = \"alarm\"\n"), [""; 0]);
    assert_eq!(with("[[context.dag]]\ninclude = \"alarm\"\n"), [nowhere], "told once");
    assert_eq!(with(&other("{ goto = \"context:alarm\" }")), [""; 0]);
    assert_eq!(with(&other("{ dial = \"ext:1\", on_busy = [{ goto = \"rule:alarm/nood\" }] }")), [""; 0]);
    let between = "[[context.tussen]]\nname = \"y\"\nmatch = \"_!\"\ndo = [{ goto = \"context:alarm\" }]\n";
    assert_eq!(with(between)[0], nowhere);
    assert_eq!(with(&format!("{between}{}", other("{ goto = \"rule:tussen/y\" }"))), [""; 0]);
}
