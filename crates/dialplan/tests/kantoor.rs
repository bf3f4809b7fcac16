//! The dialplan that a new installation starts with.

mod plans;

use kiestoon_dialplan::{Action, CallFacts, Plan, StepResult, Target};
use plans::{at, call, decide, decide_for, file};
use std::time::Duration;

fn plan() -> Plan {
    let text = include_str!("../../../dialplans/kantoor.toml");
    let loaded = Plan::load(&[file("dialplans/kantoor.toml", text)])
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(loaded.warnings, []);
    loaded.plan
}

fn first(plan: &Plan, context: &str, dialled: &str) -> Action {
    decide_for(plan, &call(context, dialled)).run.next(None)
}

#[test]
fn the_two_demo_extensions_ring_each_other() {
    let plan = plan();
    for number in ["201", "202", "200", "299"] {
        let mut run = decide(&plan, number).run;
        let Action::Dial(dial) = run.next(None) else { panic!("dials") };
        assert_eq!(
            (dial.targets, dial.timeout),
            (vec![Target::Extension(number.into())], Duration::from_secs(25))
        );
        let next = |result| run.clone().next(Some(result));
        assert_eq!(next(StepResult::Busy), Action::Reject { status: 486 });
        assert_eq!(next(StepResult::Unavailable), Action::Reject { status: 480 });
        assert_eq!(next(StepResult::NoAnswer), Action::Done);
        assert_eq!(next(StepResult::Answered), Action::Done);
    }
}

#[test]
fn the_service_numbers() {
    let plan = plan();
    assert_eq!(first(&plan, "intern", "*43"), Action::Echo);
    assert_eq!(first(&plan, "intern", "*44"), Action::Play { prompt: "welkom".into() });
    assert_eq!(plan.decide(&call("intern", "300")), None);
    assert_eq!(plan.decide(&call("elders", "201")), None);
}

#[test]
fn the_front_desk_keeps_office_hours() {
    let plan = plan();
    for (context, number) in [("intern", "100"), ("inkomend", "+31201234567")] {
        let Action::Dial(dial) = first(&plan, context, number) else { panic!("open on Friday morning") };
        assert_eq!(dial.targets, [Target::Extension("201".into()), Target::Extension("202".into())]);
        for closed in ["2026-11-20T17:30+01", "2026-11-21T10:00+01", "2026-12-25T10:00+01"] {
            let facts = CallFacts { at: at(closed), ..call(context, number) };
            let action = decide_for(&plan, &facts).run.next(None);
            assert_eq!(action, Action::Play { prompt: "gesloten".into() }, "{closed}");
        }
    }
}

#[test]
fn an_unanswered_call_from_outside_tries_202_alone() {
    let plan = plan();
    let mut run = decide_for(&plan, &call("inkomend", "+31201234567")).run;
    run.next(None);
    let Action::Dial(dial) = run.next(Some(StepResult::NoAnswer)) else { panic!("dials") };
    assert_eq!(dial.targets, [Target::Extension("202".into())]);
    assert_eq!(run.next(Some(StepResult::NoAnswer)), Action::Play { prompt: "geen-antwoord".into() });
    assert_eq!(run.next(Some(StepResult::Played)), Action::Hangup { cause: None });
    assert_eq!(run.next(None), Action::Done);
}
