//! Variables: fixed, set on the way, and slips in their names.

use kiestoon_dialplan::{Action, StepResult};

use crate::plans::decide;
use crate::{fault, plan};

#[test]
fn variables_are_fixed_or_set_on_the_way() {
    let plan = plan(
        r#"
        [variables]
        balie = "100"
        [[context.intern]]
        match = 're:^\*(\d)(\d+)$'
        do = [
          { set = { klant = "${2}-${from_name}", rest = "${number:1}" } },
          { dial = "ext:${balie}", callerid = "${klant|prefix:0}" },
          { dial = "ext:${1}${balie:1}${rest}" },
        ]
        "#,
    );
    let mut run = decide(&plan, "*789").run;
    let Action::Dial(dial) = run.next(None) else { panic!("dials") };
    assert_eq!(
        (dial.targets[0].to_string(), dial.caller_id.as_deref()),
        ("ext:100".into(), Some("089-Werkplaats"))
    );
    let Action::Dial(dial) = run.next(Some(StepResult::Busy)) else { panic!("dials") };
    assert_eq!(dial.targets[0].to_string(), "ext:700789");
    assert_eq!(run.trail(), ["dial:ext:100 = busy", "dial:ext:700789"]);
}

#[test]
fn a_variable_that_nothing_sets_is_a_slip() {
    assert_eq!(
        fault(
            "[variables]\nbalie = \"1\"\n[[context.intern]]\nmatch = \"1\"\ndo = [{ dial = \"ext:${bali}\" }]\n"
        ),
        "7:21: error: unknown variable `bali`, expected `number`, `from`, `from_name` or `balie`; did you mean `balie`?"
    );
    for (step, message) in [
        (r#"{ set = { number = "1" } }"#, "`number` is given with every call"),
        (r#"{ set = { vast = "1" } }"#, "variable `vast` never changes: it is of `[variables]`"),
        (r#"{ collect = "vast" }"#, "variable `vast` never changes: it is of `[variables]`"),
        (
            r#"{ set = { "a b" = "1" } }"#,
            "`a b` is no name of a variable, expected small letters, digits and `_`",
        ),
    ] {
        let text = format!("[variables]\nvast = \"1\"\n[[context.intern]]\nmatch = \"1\"\ndo = [{step}]\n");
        assert!(fault(&text).contains(message), "{step}: {}", fault(&text));
    }
    assert!(fault("[variables]\na = \"${b}\"\n").contains("is fixed"));
}
