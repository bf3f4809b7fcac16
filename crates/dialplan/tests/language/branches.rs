//! Where a call goes on: cases, conditions, destinations and `goto`, each with its limits.

use kiestoon_dialplan::{Action, CallFacts, Circumstances, SayKind, StepResult};

use crate::plan;
use crate::plans::{NONE, at, call, decide, decide_for, steps};

#[test]
fn cases_and_conditions_go_on_with_what_follows() {
    let plan = plan(
        r#"
        [hours.kantoor]
        open = "ma-vr 09:00-17:00"
        [[context.intern]]
        match = "_!"
        do = [
          { choose = "${number}", cases = { 1 = "play:een", "_2X" = [{ play = "twee" }], "re:^3" = "say:number:3" }, else = "play:anders" },
          { if = { when = "kantoor", from = "_2XX", value = "${number}", match = ["1", "2"] }, then = [{ play = "open" }], else = "play:dicht" },
          { play = "einde" },
        ]
        "#,
    );
    for (number, from, moment, expected) in [
        ("1", "206", "2026-11-20T10:00+01", "een open einde"),
        ("25", "206", "2026-11-20T10:00+01", "twee dicht einde"),
        ("2", "206", "2026-11-20T10:00+01", "anders open einde"),
        ("1", "306", "2026-11-20T10:00+01", "een dicht einde"),
        ("1", "206", "2026-11-20T18:00+01", "een dicht einde"),
    ] {
        let facts = CallFacts { from, at: at(moment), ..call("intern", number) };
        let mut run = decide_for(&plan, &facts).run;
        let mut previous = None;
        let mut played = Vec::new();
        while let Action::Play { prompt } = run.next(previous) {
            played.push(prompt);
            previous = Some(StepResult::Played);
        }
        assert_eq!(played.join(" "), expected, "{number} from {from}");
    }
    let Action::Say { saying, prompts } = decide(&plan, "3").run.next(None) else { panic!("says") };
    assert_eq!((saying.kind, saying.text.as_str(), prompts.len()), (SayKind::Number, "3", 1));
}

#[test]
fn a_destination_that_replaces_the_rest_comes_from_a_branch() {
    let plan = plan(
        r#"
        [group.balie]
        members = ["100", "101"]
        [[context.intern]]
        match = "1"
        do = [{ choose = "${number}", cases = { 1 = "rule:nacht" } }, { play = "nooit" }]
        [[context.intern]]
        name = "nacht"
        match = "999"
        do = [{ dial = "group:balie", on_no_answer = [{ hangup = 19 }] }]
        "#,
    );
    let mut run = decide(&plan, "1").run;
    assert_eq!(run.next(None).to_string(), "dial:group:balie");
    assert_eq!(run.next(Some(StepResult::NoAnswer)), Action::Hangup { cause: Some(19) });
    assert_eq!(run.next(None), Action::Done);
}

#[test]
fn goto_decides_again_with_another_number() {
    let plan = plan(
        r#"
        [[context.intern]]
        match = "8"
        do = [{ goto = "context:kort", number = "2${number}" }]
        [[context.intern]]
        match = "9"
        do = [{ goto = "context:kort" }]
        [[context.intern]]
        match = "7"
        do = [{ goto = "rule:kort/rechten" }]
        [[context.kort]]
        match = "_2X"
        do = [{ dial = "ext:${number}" }]
        [[context.kort]]
        name = "rechten"
        match = "777"
        require = "call.international"
        do = [{ dial = "ext:1" }]
        "#,
    );
    let mut run = decide(&plan, "8").run;
    assert_eq!(run.next(None).to_string(), "dial:ext:28");
    assert_eq!(run.trail(), ["rule:kort/#1", "dial:ext:28"]);
    let mut run = decide(&plan, "9").run;
    assert_eq!(run.next(None), Action::Reject { status: 404 });
    assert_eq!(run.trail()[0], "no rule:kort/9");
    let mut run = decide(&plan, "7").run;
    assert_eq!(run.next(None), Action::Require { permission: "call.international".into() });
    assert_eq!(run.next(Some(StepResult::Done)).to_string(), "dial:ext:1");
}

#[test]
fn rules_that_go_to_each_other_end() {
    let plan = plan(
        r#"
        [[context.intern]]
        name = "a"
        match = "_!"
        do = [{ goto = "context:intern", number = "${number}1" }]
        "#,
    );
    let mut run = decide(&plan, "1").run;
    assert_eq!(run.next(None), Action::Done);
    assert_eq!(run.trail().last().map(String::as_str), Some("too many rules"));
    assert_eq!(run.trail().len(), 21);
}

#[test]
fn a_walk_has_an_hour() {
    let plan = steps("{ play = \"a\" }, { play = \"b\" }, { play = \"c\" }");
    let mut run = decide(&plan, "1").run.run;
    let mut next = |seconds: i64, previous| {
        let at = kiestoon_dialplan::Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        run.next(previous, &Circumstances { plan: &plan, at, overrides: &NONE })
    };
    assert_eq!(next(0, None).to_string(), "play:a");
    assert_eq!(next(3600, Some(StepResult::Played)).to_string(), "play:b");
    assert_eq!(next(3601, Some(StepResult::Played)), Action::Done);
}
