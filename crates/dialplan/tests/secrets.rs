//! A secret that is asked for lets nobody past who does not know it.

mod plans;

use kiestoon_dialplan::{Action, StepResult};
use plans::{decide, load, steps};

#[test]
fn a_secret_with_a_match_says_what_follows_a_wrong_one() {
    let text = "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ collect = \"pin\", digits = 4, match = \"1234\", secret = true }, { dial = \"ext:201\" }]\n";
    let problems = load(text).expect_err("nothing keeps out who does not know it");
    let [problem] = problems.as_slice() else { panic!("{problems:#?}") };
    assert_eq!((problem.line, problem.column), (4, 38));
    assert!(problem.message.contains("`on_invalid`"), "{problem}");
    assert!(
        problem.hint.as_deref().is_some_and(|hint| hint.contains("on_invalid = [{ hangup = true }]")),
        "{problem}"
    );
}

const PIN: &str = r#"{ collect = "pin", digits = 4, match = "1234", retries = 0, secret = true, on_invalid = [{ set = { over = "${pin}" } }, { notify = "fout${over}" }, { hangup = true }] }, { dial = "ext:201" }"#;

#[test]
fn who_does_not_know_it_goes_nowhere_else() {
    let plan = steps(PIN);
    for pressed in ["9999", "", "12", "12345"] {
        let mut run = decide(&plan, "1").run;
        run.next(None);
        assert_eq!(run.collected(pressed).to_string(), "notify:fout", "{pressed}");
        assert_eq!(run.next(Some(StepResult::Done)).to_string(), "hangup", "{pressed}");
    }
    for result in [StepResult::Failed, StepResult::TimedOut, StepResult::Invalid, StepResult::Done] {
        let mut run = decide(&plan, "1").run;
        run.next(None);
        assert_eq!(run.next(Some(result)).to_string(), "notify:fout", "{result}");
    }
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert!(matches!(run.collected("1234"), Action::Dial(_)));
}

#[test]
fn a_question_without_an_answer_leaves_its_variable_empty() {
    let plan = steps(r#"{ collect = "keuze", match = "1", retries = 0 }, { notify = "[${keuze}]" }"#);
    for (pressed, expected) in [("1", "notify:[1]"), ("2", "notify:[]"), ("", "notify:[]")] {
        let mut run = decide(&plan, "1").run;
        run.next(None);
        assert_eq!(run.collected(pressed).to_string(), expected);
    }
}
