//! Digits that are asked for.

use kiestoon_dialplan::Action;

use crate::plans::{decide, steps};

#[test]
fn digits_are_asked_for_again_and_then_given_up() {
    let plan = steps(
        r#"{ collect = "keuze", prompt = "kies", min = 2, max = 4, match = ["_1X", "set:x"], retries = 1, on_timeout = [{ play = "stil" }],
             on_invalid = [{ play = "fout" }] }, { dial = "ext:${keuze}" }"#
            .replace(", \"set:x\"", "")
            .as_str(),
    );
    let mut run = decide(&plan, "1").run;
    let Action::Collect(collect) = run.next(None) else { panic!("asks") };
    assert_eq!(
        (collect.min, collect.max, collect.end, collect.timeout.as_secs(), collect.pause.as_secs()),
        (2, 4, Some('#'), 5, 3)
    );
    assert_eq!(run.collected("12").to_string(), "dial:ext:12");
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert!(matches!(run.collected("99"), Action::Collect(_)), "asked again");
    assert_eq!(run.collected("99").to_string(), "play:fout");
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert!(matches!(run.collected(""), Action::Collect(_)), "asked again");
    assert_eq!(run.collected("1").to_string(), "play:stil");
    assert_eq!(
        run.trail(),
        ["collect:kies = timeout", "digits:", "collect:kies = timeout", "digits:1", "play:stil"]
    );
}

#[test]
fn a_secret_is_known_to_the_plan_and_shown_to_nobody() {
    let plan = steps(
        r#"{ collect = "pin", digits = 4, secret = true }, { choose = "${pin}", cases = { 1234 = "play:goed" }, else = "play:fout" }"#,
    );
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.collected("1234").to_string(), "play:goed");
    assert_eq!(run.trail(), ["collect = collected", "digits:****", "play:goed"]);
}

#[test]
fn a_question_without_branches_goes_on() {
    let plan = steps(r#"{ collect = "x", retries = 0 }, { dial = ["ext:${x|default:100}"] }"#);
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.collected("").to_string(), "dial:ext:100");
}
