//! Calls of the record that held a secret, and what a copy of a folder is.

use kiestoon_dialplan::{Overrides, Plan, Recorded, RecordedStep, Replay, SourceFile};

fn plan(path: &str, text: &str) -> Plan {
    let text = format!("version = 1\n[[context.intern]]\nname = \"a\"\nmatch = \"1\"\ndo = [{text}]\n");
    Plan::load(&[SourceFile { path: path.into(), text }]).expect("a plan").plan
}

fn recorded(steps: &[(&str, &str)]) -> Recorded {
    Recorded {
        id: "1".into(),
        context: "intern".into(),
        from: "201".into(),
        from_name: String::new(),
        dialled: "1".into(),
        at: "2026-11-20T10:00:00Z".parse().expect("a moment"),
        overrides: Overrides::NONE,
        rule: Some("a".into()),
        steps: steps
            .iter()
            .map(|(text, result)| RecordedStep {
                text: (*text).into(),
                result: Some(*result).filter(|result| !result.is_empty()).map(Into::into),
            })
            .collect(),
        is_cut: false,
    }
}

fn replayed(plan: &Plan, call: Recorded) -> (usize, usize) {
    let mut replay = Replay::default();
    replay.add(plan, &[call]);
    (replay.changed, replay.unknown)
}

const PIN: &str = "{ collect = \"pin\", prompt = \"pin\", digits = 4, match = \"1234\", secret = true, retries = 1, \
                   on_invalid = [{ play = \"fout\" }, { hangup = true }], on_timeout = [{ hangup = true }] }";

#[test]
fn a_secret_goes_the_way_that_it_went() {
    let plan = plan("a.toml", &format!("{PIN}, {{ dial = \"ext:201\" }}, {{ play = \"weg\" }}"));
    let right = [
        ("collect:pin", "collected"),
        ("digits:****", ""),
        ("dial:ext:201", "no-answer"),
        ("play:weg", "played"),
    ];
    assert_eq!(replayed(&plan, recorded(&right)), (0, 0));
    let wrong = [
        ("collect:pin", "invalid"),
        ("digits:****", ""),
        ("collect:pin", "invalid"),
        ("digits:****", ""),
        ("play:fout", "played"),
        ("hangup", ""),
    ];
    assert_eq!(replayed(&plan, recorded(&wrong)), (0, 0));
    let silent = [
        ("collect:pin", "timeout"),
        ("digits:", ""),
        ("collect:pin", "timeout"),
        ("digits:**", ""),
        ("hangup", ""),
    ];
    assert_eq!(replayed(&plan, recorded(&silent)), (0, 0));
    let mut other = right;
    other[2].0 = "dial:ext:202";
    assert_eq!(replayed(&plan, recorded(&other)), (1, 0));
}

#[test]
fn what_a_secret_decides_is_not_guessed() {
    let choose = "{ choose = \"${pin}\", cases = { 1234 = \"ext:201\" }, else = [{ hangup = true }] }";
    let plan = plan("a.toml", &format!("{PIN}, {{ play = \"een\" }}, {choose}"));
    let steps = |prompt: &'static str| {
        recorded(&[
            ("collect:pin", "collected"),
            ("digits:****", ""),
            (prompt, "played"),
            ("dial:ext:201", "answered"),
        ])
    };
    assert_eq!(replayed(&plan, steps("play:een")), (0, 1));
    assert_eq!(replayed(&plan, steps("play:twee")), (1, 0), "what comes before it is known");
}

#[test]
fn a_service_sets_a_long_variable_whole() {
    let text = "version = 1\n[webhook.crm]\nurl = \"http://127.0.0.1/\"\nvariables = [\"klant\"]\n[[context.intern]]\n\
                name = \"a\"\nmatch = \"1\"\ndo = [{ webhook = \"crm\" }, { choose = \"${klant}\", cases = { \"re:^x{256}$\" = \"ext:201\" }, else = [{ hangup = true }] }]\n";
    let plan = Plan::load(&[SourceFile { path: "a.toml".into(), text: text.into() }]).unwrap().plan;
    let set = format!("set:klant={}", "x".repeat(256));
    let call = recorded(&[("webhook:crm", "done"), (&set, ""), ("dial:ext:201", "answered")]);
    assert_eq!(plan.replay(&call).trail.steps()[1].text.len(), set.len());
    assert_eq!(replayed(&plan, call), (0, 0));
}

#[test]
fn a_copy_of_a_folder_is_the_same_plan() {
    let hash = |path: &str| plan(path, "{ echo = true }").hash().to_string();
    assert_eq!(hash("dialplans/a.toml"), hash("/tmp/new-dialplans/a.toml"));
    assert_ne!(hash("dialplans/a.toml"), hash("dialplans/b.toml"));
}
