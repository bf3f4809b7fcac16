//! The other steps, and slips in any.

use kiestoon_dialplan::{Action, DialOrder, OverrideTo, Rotation, StepResult};

use crate::plans::{at, decide, steps};
use crate::{fault, plan};

#[test]
fn hours_are_set_by_a_key() {
    let plan = plan(
        r#"
        [hours.kantoor]
        open = "ma-vr 09:00-17:00"
        [[context.intern]]
        match = "*28"
        do = [{ override = "kantoor" }, { override = "kantoor", to = "closed" }, { notify = "bhv ${from}" }]
        "#,
    );
    let mut run = decide(&plan, "*28").run;
    assert_eq!(run.next(None), Action::Override { hours: "kantoor".into(), to: OverrideTo::Toggle });
    assert_eq!(run.next(Some(StepResult::Done)).to_string(), "override:kantoor:closed");
    assert_eq!(run.next(Some(StepResult::Done)), Action::Notify { whom: "bhv 206".into() });
    assert_eq!(plan.hours(at("2026-11-20T10:00+01")).collect::<Vec<_>>(), [("kantoor", true)]);
}

#[test]
fn groups_ring_by_their_strategy() {
    let plan = plan(
        r#"
        [group.a]
        members = [{ member = "201", weight = 3 }, "202", { member = "trunk:mobiel" }]
        strategy = "weighted"
        [[context.intern]]
        match = "1"
        do = [{ dial = "group:a" }]
        [[context.intern]]
        match = "2"
        do = [{ dial = "group:a", strategy = "longest-idle", failover = ["408", "5xx", "no-media"] }]
        [[context.intern]]
        match = "3"
        do = [{ dial = ["group:a", "ext:9"], order = "sequence" }]
        "#,
    );
    let dial = |number: &str| {
        let Action::Dial(dial) = decide(&plan, number).run.next(None) else { panic!("dials") };
        dial
    };
    let weighted = dial("1");
    assert_eq!(weighted.order, DialOrder::Rotate(Rotation::Weighted));
    assert_eq!((weighted.weights, weighted.group.as_deref()), (vec![Some(3), None, None], Some("a")));
    let idle = dial("2");
    assert_eq!((idle.order, idle.failover.len()), (DialOrder::Rotate(Rotation::LongestIdle), 3));
    assert_eq!((dial("3").order, dial("3").group), (DialOrder::Sequence, None));
}

#[test]
fn every_step_can_be_said() {
    for (step, expected) in [
        ("{ say = \"digits:${from}\" }", "say:digits:206"),
        ("{ say = \"date\" }", "say:date"),
        ("{ say = \"time:14:30\" }", "say:time:14:30"),
        ("{ say = \"spell:AB${number}\" }", "say:spell:AB1"),
        ("{ say = \"date:${from}\" }", "say:date:206 = failed"),
        ("{ pickup = \"201\" }", "pickup:201"),
        ("{ forward = \"${number:3}\" }", "forward:"),
        ("{ dnd = true }", "dnd"),
        ("{ page = [\"201\"] }", "page"),
        ("{ conference = \"zaal\" }", "conference:zaal"),
    ] {
        let plan = steps(step);
        let mut run = decide(&plan, "1").run;
        run.next(None);
        assert_eq!(run.trail(), [expected], "{step}");
    }
}

#[test]
fn slips_in_steps_name_what_was_meant() {
    let step = |step: &str| fault(&format!("[[context.intern]]\nmatch = \"1\"\ndo = [{step}]\n"));
    for (text, message) in [
        (r#"{ say = "nummer:1" }"#, "cannot be said"),
        (r#"{ say = "digits" }"#, "cannot be said"),
        (r#"{ collect = "x", digits = 3, min = 2 }"#, "stands without `min` and `max`"),
        (r#"{ collect = "x", min = 3, max = 2 }"#, "`max` is less than `min`"),
        (r#"{ collect = "x", max = 33 }"#, "a number from 1 to 32"),
        (r#"{ collect = "x", end = "5" }"#, "`end` must be"),
        (r#"{ collect = "number" }"#, "is no name for what is pressed"),
        (r#"{ choose = "${number}" }"#, "`choose` needs `cases`"),
        (r#"{ choose = "${number}", cases = {} }"#, "at least one"),
        (r#"{ choose = "${number}", cases = { 1 = "grup:a" } }"#, "is no destination"),
        (r#"{ choose = "${number}", cases = { 1 = "group:a" } }"#, "unknown group `a`"),
        (r#"{ if = {}, then = [{ echo = true }] }"#, "`if` asks nothing"),
        (r#"{ if = { value = "1" }, then = [{ echo = true }] }"#, "stand together"),
        (r#"{ if = { from = "1" } }"#, "`if` needs `then`"),
        (r#"{ goto = "nacht" }"#, "is nowhere to go"),
        (r#"{ goto = "rule:nacht" }"#, "has no rule `nacht`"),
        (r#"{ goto = "context:weg" }"#, "unknown context `weg`"),
        (r#"{ goto = "rule:x", number = "1" }"#, "only a context decides by number"),
        (r#"{ override = "kantoor" }"#, "unknown hours `kantoor`"),
        (r#"{ dial = "ext:1", order = "parallel", strategy = "ring-all" }"#, "say the same"),
        (r#"{ dial = "ext:1", strategy = "ring-al" }"#, "unknown strategy `ring-al`"),
        (r#"{ play = "a", timeout = "1s" }"#, "unknown key `timeout` in step `play`"),
    ] {
        assert!(step(text).contains(message), "{text}: {}", step(text));
    }
}
