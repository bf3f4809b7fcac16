//! The example that describes the language loads as it is written, and does what its comments say.

mod plans;

use kiestoon_dialplan::{Action, CallFacts, DialOrder, Known, ReferenceKind, StepResult, Target};
use plans::{at, call, decide, decide_for, load};
use std::time::Duration;

const EXAMPLE: &str = include_str!("fixtures/features.toml");

#[test]
fn it_loads_with_warnings_only_for_what_is_not_built() {
    let loaded = load(EXAMPLE).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "plan.toml:31:57: warning: step `voicemail` is not built yet: this version cannot carry it out",
            "plan.toml:47:38: warning: step `ivr` is not built yet: this version cannot carry it out",
        ]
    );
    assert_eq!(loaded.plan.prompts().collect::<Vec<_>>(), ["geen-verbinding", "gesloten", "welkom"]);
    assert_eq!(loaded.plan.contexts().collect::<Vec<_>>(), [("inkomend", 2), ("intern", 4)]);
}

#[test]
fn extensions_and_then_their_voicemail() {
    let plan = load(EXAMPLE).unwrap().plan;
    let mut decision = decide(&plan, "201");
    assert_eq!(decision.decision.rule.to_string(), "intern/toestellen (plan.toml:28)");
    let Action::Dial(dial) = decision.run.next(None) else { panic!("dials") };
    assert_eq!(dial.targets, [Target::Extension("201".into())]);
    assert_eq!(dial.timeout, Duration::from_secs(25));
    assert_eq!(decision.run.next(Some(StepResult::NoAnswer)), Action::NotBuilt { step: "voicemail" });
    assert_eq!(decision.run.next(Some(StepResult::Failed)), Action::Done);
}

#[test]
fn an_emergency_call_tries_the_trunks_in_turn_and_notifies() {
    let plan = load(EXAMPLE).unwrap().plan;
    let mut decision = decide(&plan, "0112");
    assert!(decision.decision.emergency);
    assert_eq!(decision.run.next(None), Action::Notify { whom: "bhv".into() }, "before anything else");
    let Action::Dial(dial) = decision.run.next(Some(StepResult::Done)) else { panic!("dials") };
    assert_eq!(dial.targets, [Target::Trunk("voys".into()), Target::Trunk("backup".into())]);
    assert_eq!((dial.order, dial.to.as_deref()), (DialOrder::Sequence, Some("112")));
    assert_eq!(dial.caller_id.as_deref(), Some("site"));
    assert_eq!(decision.run.next(Some(StepResult::Unavailable)), Action::Done);
}

#[test]
fn numbers_outside_become_international() {
    let plan = load(EXAMPLE).unwrap().plan;
    for (dialled, to, require) in [
        ("90032470123456", "+32470123456", Some("call.international")),
        ("90612345678", "+31612345678", None),
        ("0201234567", "+31201234567", None),
    ] {
        let mut decision = decide(&plan, dialled);
        assert_eq!(decision.decision.require.as_deref(), require, "{dialled}");
        let Action::Dial(dial) = decision.run.next(None) else { panic!("dials") };
        assert_eq!(dial.to.as_deref(), Some(to), "{dialled}");
    }
}

#[test]
fn hours_choose_between_the_desk_and_the_closed_message() {
    let plan = load(EXAMPLE).unwrap().plan;
    let inbound = |moment: &str| {
        let facts = CallFacts { at: at(moment), ..call("inkomend", "+31201234567") };
        decide_for(&plan, &facts).run.next(None)
    };
    for open in ["2026-11-20T08:30+01", "2026-11-21T11:59+01", "2026-07-01T17:29+02"] {
        let Action::Dial(dial) = inbound(open) else { panic!("open at {open}") };
        assert_eq!((dial.targets.len(), dial.order, dial.timeout.as_secs()), (3, DialOrder::Parallel, 20));
    }
    // After hours, Saturday afternoon, Easter Monday, Christmas, and 17:30 sharp in summer time.
    let closed = [
        "2026-11-20T18:00+01",
        "2026-11-21T15:00+01",
        "2026-04-06T10:00+02",
        "2026-12-25T10:00+01",
        "2026-07-01T17:30+02",
    ];
    for closed in closed {
        assert_eq!(inbound(closed), Action::Play { prompt: "gesloten".into() }, "{closed}");
    }
}

#[test]
fn what_lives_elsewhere_is_named_at_its_place() {
    let plan = load(EXAMPLE).unwrap().plan;
    let missing = plan.unresolved(|kind, name| Known::There(kind != ReferenceKind::Trunk || name == "voys"));
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["plan.toml:26:34: warning: trunk `backup` does not exist"]);
}
