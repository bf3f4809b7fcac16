//! Walks through branches: what follows each result.

mod plans;

use kiestoon_dialplan::{Action, DialOrder, StepResult, Target};
use plans::{decide, load, steps};
use std::time::Duration;

const BRANCHES: &str = r#"
  { dial = "ext:201", timeout = "10s",
    on_busy = [{ play = "bezet" }, { reject = 486 }],
    on_unavailable = [{ dial = "ext:202", on_no_answer = [{ hangup = 19 }] }] },
  { play = "niemand" }"#;

/// The actions of a walk in which every step ends with the next of these results.
fn walk(plan: &kiestoon_dialplan::Plan, results: &[StepResult]) -> Vec<String> {
    let mut run = decide(plan, "201").run;
    let mut seen = Vec::new();
    let mut previous = None;
    let mut results = results.iter().copied();
    loop {
        let action = run.next(previous);
        seen.push(match &action {
            Action::Dial(dial) => {
                format!("dial {}", dial.targets.iter().map(ToString::to_string).collect::<String>())
            }
            Action::Play { prompt } => format!("play {prompt}"),
            Action::Reject { status } => format!("reject {status}"),
            Action::Hangup { cause } => format!("hangup {cause:?}"),
            other => format!("{other:?}"),
        });
        if action == Action::Done {
            return seen;
        }
        previous = Some(results.next().unwrap_or(StepResult::Played));
    }
}

#[test]
fn busy_takes_its_branch_and_never_comes_back() {
    let plan = steps(BRANCHES);
    assert_eq!(walk(&plan, &[StepResult::Busy]), ["dial ext:201", "play bezet", "reject 486", "Done"]);
}

#[test]
fn a_result_without_a_branch_goes_on() {
    let plan = steps(BRANCHES);
    for result in [StepResult::NoAnswer, StepResult::Failed, StepResult::Rejected { status: 603 }] {
        assert_eq!(walk(&plan, &[result]), ["dial ext:201", "play niemand", "Done"]);
    }
}

#[test]
fn branches_have_branches() {
    let plan = steps(BRANCHES);
    assert_eq!(
        walk(&plan, &[StepResult::Unavailable, StepResult::NoAnswer]),
        ["dial ext:201", "dial ext:202", "hangup Some(19)", "Done"]
    );
    assert_eq!(
        walk(&plan, &[StepResult::Unavailable, StepResult::Busy]),
        ["dial ext:201", "dial ext:202", "Done"]
    );
}

#[test]
fn an_answered_call_is_over() {
    let plan = steps(BRANCHES);
    assert_eq!(walk(&plan, &[StepResult::Answered]), ["dial ext:201", "Done"]);
}

#[test]
fn nothing_comes_after_a_rejection() {
    let plan = steps("{ reject = \"not_found\" }, { echo = true }");
    let mut run = decide(&plan, "1").run;
    assert_eq!(run.next(None), Action::Reject { status: 404 });
    assert_eq!(run.next(None), Action::Done);
    assert_eq!(run.next(Some(StepResult::Busy)), Action::Done);
}

#[test]
fn every_word_of_this_floor_becomes_its_action() {
    let cases = [
        ("{ echo = true }", Action::Echo),
        ("{ play = \"nl/welkom.v2\" }", Action::Play { prompt: "nl/welkom.v2".into() }),
        ("{ reject = \"busy\" }", Action::Reject { status: 486 }),
        ("{ reject = \"decline\" }", Action::Reject { status: 603 }),
        ("{ reject = \"not_found\" }", Action::Reject { status: 404 }),
        ("{ reject = \"unavailable\" }", Action::Reject { status: 480 }),
        ("{ reject = 699 }", Action::Reject { status: 699 }),
        ("{ hangup = true }", Action::Hangup { cause: None }),
        ("{ hangup = 127 }", Action::Hangup { cause: Some(127) }),
        ("{ voicemail = \"${number}\" }", Action::NotBuilt { step: "voicemail" }),
        ("{ park = true }, { echo = true }", Action::NotBuilt { step: "park" }),
        ("{ notify = \"bhv\" }", Action::Notify { whom: "bhv".into() }),
    ];
    for (text, expected) in cases {
        assert_eq!(decide(&steps(text), "201").run.next(None), expected, "{text}");
    }
}

#[test]
fn dialling_several() {
    let dial = |text: &str| {
        let Action::Dial(dial) = decide(&steps(text), "201").run.next(None) else { panic!("{text} dials") };
        let targets: Vec<String> = dial.targets.iter().map(ToString::to_string).collect();
        (targets.join(" "), dial.order, dial.timeout.as_secs())
    };
    let (together, in_turn) = (DialOrder::Parallel, DialOrder::Sequence);
    let of = |targets: &str, order, timeout| (targets.to_string(), order, timeout);
    assert_eq!(dial(r#"{ dial = "ext:201" }"#), of("ext:201", together, 30));
    assert_eq!(
        dial(r#"{ dial = ["ext:201", "ext:202"], timeout = "1m" }"#),
        of("ext:201 ext:202", together, 60)
    );
    assert_eq!(
        dial(r#"{ dial = ["ext:201", "ext:2"], order = "sequence" }"#),
        of("ext:201 ext:2", in_turn, 30)
    );
    assert_eq!(dial(r#"{ dial = ["trunk:a", "trunk:b"] }"#), of("trunk:a trunk:b", in_turn, 30));
    assert_eq!(
        dial(r#"{ dial = ["ext:${number}", "ext:201", "ext:202"] }"#),
        of("ext:201 ext:202", together, 30)
    );
}

#[test]
fn groups_ring_as_they_are_told() {
    let plan = |step: &str| {
        let text = format!(
            "version = 1\n[group.a]\nmembers = [\"201\", \"ext:202\"]\nstrategy = \"sequential\"\ntimeout = \"7s\"\n[group.b]\n\
             members = \"203\"\n[[context.intern]]\nmatch = \"_.\"\ndo = [{step}]\n"
        );
        let plan = load(&text).unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
        let Action::Dial(dial) = decide(&plan, "1").run.next(None) else { panic!("dials") };
        (dial.targets.len(), dial.order, dial.timeout.as_secs())
    };
    assert_eq!(plan(r#"{ dial = "group:a" }"#), (2, DialOrder::Sequence, 7));
    assert_eq!(
        plan(r#"{ dial = "group:a", timeout = "9s", order = "parallel" }"#),
        (2, DialOrder::Parallel, 9)
    );
    assert_eq!(plan(r#"{ dial = "group:b" }"#), (1, DialOrder::Parallel, 30));
    assert_eq!(plan(r#"{ dial = ["group:b", "group:a"] }"#), (3, DialOrder::Sequence, 30));
}

#[test]
fn a_number_that_comes_out_empty_is_nobody() {
    let plan = steps(r#"{ dial = "ext:${number:9}", on_unavailable = [{ reject = 480 }] }, { echo = true }"#);
    assert_eq!(decide(&plan, "201").run.next(None), Action::Reject { status: 480 });
    let plan = steps(r#"{ dial = ["ext:${number:9}", "ext:202"] }"#);
    let Action::Dial(dial) = decide(&plan, "201").run.next(None) else { panic!("dials") };
    assert_eq!(dial.targets, [Target::Extension("202".into())]);
    assert_eq!(dial.timeout, Duration::from_secs(30));
}

#[test]
fn what_the_caller_dialled_stays_data() {
    let plan = steps(r#"{ dial = "ext:${number}", callerid = "${from}" }"#);
    let Action::Dial(dial) = decide(&plan, "${from}").run.next(None) else { panic!("dials") };
    assert_eq!(dial.targets, [Target::Extension("${from}".into())]);
    assert_eq!(dial.caller_id.as_deref(), Some("206"));
}

#[test]
fn a_walk_can_be_copied_in_the_middle() {
    let plan = steps(BRANCHES);
    let mut run = decide(&plan, "201").run;
    run.next(None);
    let mut copy = run.clone();
    assert_eq!(copy.run, run.run);
    assert_eq!(copy.next(Some(StepResult::Busy)), run.next(Some(StepResult::Busy)));
    assert_eq!(copy.run, run.run);
}
