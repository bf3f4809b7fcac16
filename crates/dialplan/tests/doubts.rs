//! What is valid and probably not meant so, or cannot mean anything: each with its warning or error, and its remedy.

mod plans;

use kiestoon_dialplan::{Plan, Problem, Severity};
use plans::{call, decide, file, load};

const RULE: &str = "[[context.intern]]\nmatch = \"_1X\"\ndo = [{ dial = \"ext:${number}\" }]\n";

fn problems(text: &str, severity: Severity) -> Vec<Problem> {
    let found = match load(&format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n{text}")) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    found.into_iter().filter(|problem| problem.severity == severity).collect()
}

/// The one problem of a text, by a part of its line.
fn one(text: &str, severity: Severity, expected: &str) {
    let found = problems(text, severity);
    let [problem] = found.as_slice() else { panic!("{text}\n{found:#?}") };
    assert!(problem.to_string().contains(expected), "{text}\nwanted {expected}\nfound  {problem}");
    let other = if severity == Severity::Error { Severity::Warning } else { Severity::Error };
    assert!(severity == Severity::Error || problems(text, other).is_empty(), "{:#?}", problems(text, other));
}

fn warns(text: &str, expected: &str) {
    one(text, Severity::Warning, expected);
}

fn refused(text: &str, expected: &str) {
    one(text, Severity::Error, expected);
}

fn quiet(text: &str) {
    let found = [problems(text, Severity::Error), problems(text, Severity::Warning)].concat();
    assert_eq!(found, [], "{text}");
}

fn rule(lines: &str) -> String {
    format!("[[context.intern]]\n{lines}\n")
}

fn step(step: &str) -> String {
    rule(&format!("match = \"_1X\"\ndo = [{step}]"))
}

#[test]
fn hidden_callers_in_any_case() {
    let text =
        |from: &str| rule(&format!("match = \"_!\"\nfrom = \"{from}\"\ndo = [{{ reject = \"decline\" }}]"));
    for from in ["anonymous", "Anonymous", "ANONYMOUS"] {
        quiet(&text(from));
        let plan = load(&format!("version = 1\n{}", text(from))).expect("a plan").plan;
        for (caller, taken) in [("", true), ("Anonymous", true), ("206", false)] {
            let call = kiestoon_dialplan::CallFacts { from: caller, ..call("intern", "1") };
            assert_eq!(plan.decide(&call).is_some(), taken, "{from} {caller}");
        }
    }
    warns(&text("anonymus"), "did you mean `anonymous`?");
    warns(&text("!anonymos"), "did you mean `anonymous`?");
    warns(&text("anoniem"), "has no digit");
    warns(&text("XXX"), "`_XXX`");
    quiet(&text("_X."));
    quiet(&text("+31201234567"));
}

#[test]
fn a_case_that_is_called_anonymous_is_no_empty_text() {
    let text = format!(
        "version = 1\n{}",
        step(
            r#"{ collect = "wie", retries = 0 }, { choose = "${wie}", cases = { anonymous = "play:fout" }, else = "play:goed" }, { choose = "${from}", cases = { anonymous = "play:verborgen" } }"#
        )
    );
    let plan = load(&text).expect("a plan").plan;
    let hidden = kiestoon_dialplan::CallFacts { from: "", ..call("intern", "11") };
    let mut run = plans::decide_for(&plan, &hidden).run;
    run.next(None);
    assert_eq!(run.collected("").to_string(), "play:goed");
    assert_eq!(run.next(Some(kiestoon_dialplan::StepResult::Played)).to_string(), "play:verborgen");
}

#[test]
fn a_forgotten_underscore() {
    for pattern in ["XXX", "2xx", "NXXXXXX", ".", "2XX", "2!"] {
        warns(&rule(&format!("match = \"{pattern}\"\ndo = [{{ echo = true }}]")), &format!("`_{pattern}`"));
    }
    warns(&rule("match = \"!\"\ndo = [{ echo = true }]"), "`_!`");
    for pattern in ["jan", "*43", "#", "+31", "112", "_XXX", "vip"] {
        quiet(&rule(&format!("match = \"{pattern}\"\ndo = [{{ echo = true }}]")));
    }
}

#[test]
fn templates_stand_in_no_template() {
    let text = "[variables]\nbalie = \"1\"\n".to_string();
    let dial = |text: &str| {
        step(&format!("{{ set = {{ klant = \"1\" }} }}, {{ dial = \"ext:1\", callerid = \"{text}\" }}"))
    };
    refused(&(text.clone() + &dial("${klant|default:${balie}}")), "no variable stands within another");
    refused(&(text.clone() + &dial("${klant|prefix:$}")), "no variable stands within another");
    refused(&(text + &dial("${klant|default:{balie}")), "no variable stands within another");
    refused(&step(r#"{ dial = "trunk:a", to = "e164:nl" }"#), "did you mean `e164:nl:${number}`?");
}

#[test]
fn one_mistake_is_one_error() {
    refused(&step(r#"{ say = "digits:${number|striip:9}" }"#), "did you mean `strip`?");
    refused(&step(r#"{ say = "digits:" }"#), "nothing is said");
    refused(&step(r#"{ if = { when = "kantor" }, then = [{ echo = true }] }"#), "unknown hours `kantor`");
    refused(&step(r#"{ set = { Klant = "1" } }"#), "`Klant` is no name of a variable");
    refused(
        &step(r#"{ choose = "${number}", cases = { 11 = "rule:" } }"#),
        "`rule:` is no destination: it names no rule",
    );
    refused(&step(r#"{ choose = "${number}", cases = { 11 = "rule:nacht" } }"#), "has no rule `nacht`");
    refused(&step(r#"{ goto = "context:intern/201" }"#), "write goto = \"context:intern\", number = \"201\"");
}

#[test]
fn holidays_in_other_words() {
    for word in ["holiday:nl", "feestdagen:nl", "feestdag:nl", "holydays:nl"] {
        let hours = format!("[hours.k]\nopen = \"ma-vr\"\nclosed = [\"{word}\"]\n{RULE}");
        refused(&hours, "did you mean `holidays:nl`?");
        refused(
            &rule(&format!("match = \"1\"\nwhen = \"{word}\"\ndo = [{{ echo = true }}]")),
            "did you mean `holidays:nl`?",
        );
    }
    let hours = format!("[hours.k]\nopen = \"ma-vr\"\nclosed = [\"2026-12-24 12:00-17:30\"]\n{RULE}");
    refused(&hours, "write the hours of that day in `open`");
}

#[test]
fn a_group_that_is_rung_with_others() {
    let groups = "[group.rr]\nmembers = [\"1\", \"2\"]\nstrategy = \"round-robin\"\ntimeout = \"20s\"\n[group.a]\nmembers = \"3\"\n";
    warns(
        &(groups.to_string() + &step(r#"{ dial = ["group:rr", "ext:9"] }, { dial = "group:a" }"#)),
        "strategy `round-robin` and its timeout",
    );
    quiet(
        &(groups.to_string()
            + &step(
                r#"{ dial = ["group:rr", "ext:9"], timeout = "20s", order = "sequence" }, { dial = "group:a" }"#,
            )),
    );
    quiet(&(groups.to_string() + &step(r#"{ dial = "group:rr" }, { dial = ["group:a", "ext:9"] }"#)));
}

#[test]
fn members_that_cannot_be() {
    let group = |lines: &str| format!("[group.a]\n{lines}\n{}", step(r#"{ dial = "group:a" }"#));
    refused(&group("members = [\"1\", \"trunk:\"]"), "`trunk:` is no member");
    refused(&group("members = \"ext:e164:nl:0612345678\""), "a member is fixed");
    warns(&group("members = [\"1\", \"2\", \"ext:1\"]"), "is a member already");
    warns(
        &group("members = [\"1\", { member = \"2\", weight = 3 }]"),
        "`weight` counts where the strategy is `weighted`",
    );
    quiet(&group("members = [\"1\", { member = \"2\", weight = 3 }]\nstrategy = \"weighted\""));
    let dialled = step(r#"{ dial = "group:a", strategy = "weighted" }"#);
    quiet(&format!("[group.a]\nmembers = [\"1\", {{ member = \"2\", weight = 3 }}]\n{dialled}"));
}

#[test]
fn options_that_do_nothing() {
    warns(&step(r#"{ dial = "ext:201", to = "999" }"#), "`to` is for trunks");
    warns(&step(r#"{ dial = "ext:201", failover = ["5xx"] }"#), "`failover` is for trunks");
    quiet(&step(r#"{ dial = ["ext:201", "trunk:a"], to = "999", failover = ["5xx"] }"#));
    warns(&step(r#"{ collect = "x", digits = 4, match = "12345" }"#), "no answer can fit");
    warns(&step(r#"{ collect = "x", max = 2, match = ["_XXX", "_[12]XXX."] }"#), "no answer can fit");
    quiet(&step(r#"{ collect = "x", digits = 4, match = ["12345", "_X!"] }"#));
    quiet(&step(r#"{ collect = "x", digits = 4, match = "!1234" }"#));
    warns(&rule("name = \"a\"\nmatch = \"1\"\ndo = [{ goto = \"rule:a\" }]"), "leads only to itself");
}

#[test]
fn names_of_rules() {
    refused(&rule("name = \"a/b\"\nmatch = \"1\"\ndo = [{ echo = true }]"), "`a/b` is no name of a rule");
    let ivr = "[ivr.m]\nprompt = \"welkom\"\nkeys = { 1 = \"rule:nacht\" }\n";
    let rule = rule("name = \"nacht\"\nmatch = \"1\"\ndo = [{ echo = true }]");
    refused(&(ivr.to_string() + &rule), "write `rule:intern/nacht`");
    quiet(&(ivr.replace("rule:nacht", "rule:intern/nacht") + &rule));
}

#[test]
fn what_nobody_uses() {
    warns(&format!("[group.a]\nmembers = \"1\"\n{RULE}"), "nothing names group `a`");
    warns(&format!("[set.a]\nnumbers = \"1\"\n{RULE}"), "nothing names set `a`");
    warns(
        &format!("[closure.kerst]\ndates = \"12-25\"\n[hours.k]\nopen = \"ma-vr\"\n{RULE}"),
        "nothing names closure `kerst`",
    );
    warns(
        &format!("{RULE}[[context.los]]\nmatch = \"1\"\ndo = [{{ echo = true }}]\n"),
        "nothing includes context `los` or goes to it",
    );
    quiet(&format!("{RULE}[[context.inkomend]]\nmatch = \"1\"\ndo = [{{ echo = true }}]\n"));
    // A service may name these in its answer.
    quiet(&format!(
        "[webhook.w]\nurl = \"http://x\"\n[group.a]\nmembers = \"1\"\n{}[[context.los]]\nmatch = \"1\"\ndo = [{{ echo = true }}]\n",
        step(r#"{ webhook = "w" }"#)
    ));
}

#[test]
fn what_one_organisation_uses_is_used() {
    let shared = "version = 1\n[group.a]\nmembers = \"1\"\n[group.b]\nmembers = \"2\"\n";
    let own = "version = 1\norganisation = \"x\"\n[[context.intern]]\nmatch = \"1\"\ndo = [{ dial = \"group:a\" }]\n";
    let (_, warnings) =
        kiestoon_dialplan::Plans::load(&[file("a.toml", shared), file("b.toml", own)]).expect("plans");
    let [warning] = warnings.as_slice() else { panic!("{warnings:#?}") };
    assert!(warning.message.contains("group `b`"), "{warning}");
}

#[test]
fn more_variables_than_a_call_has() {
    let values = |count: usize| (0..count).map(|n| format!("v{n} = \"1\"")).collect::<Vec<_>>().join(", ");
    quiet(&step(&format!("{{ set = {{ {} }} }}, {{ echo = true }}", values(64))));
    refused(&step(&format!("{{ set = {{ {} }} }}, {{ echo = true }}", values(65))), "at most 64 variables");
    // Over several rules a call only meets it on its way.
    let text = format!(
        "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{{ set = {{ {} }} }}, {{ goto = \"context:intern\", number = \"2\" }}]\n\
         [[context.intern]]\nmatch = \"2\"\ndo = [{{ set = {{ nog_een = \"1\" }} }}, {{ hangup = true }}]\n",
        values(64)
    );
    let plan: Plan = load(&text).expect("a plan").plan;
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.trail(), ["rule:intern/#2", "no room for variable:nog_een", "hangup"]);
}

#[test]
fn the_way_names_the_rule_that_it_went_to() {
    let text = "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ goto = \"rule:nacht\" }]\n\
                [[context.intern]]\nname = \"nacht\"\nmatch = \"2\"\ndo = [{ hangup = true }]\n";
    let plan = load(text).expect("a plan").plan;
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.trail(), ["rule:intern/nacht", "hangup"]);
}

#[test]
fn a_long_way_keeps_its_beginning_and_its_end() {
    let text = "version = 1\n[[context.intern]]\nname = \"a\"\nmatch = \"1\"\ndo = [{ play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { play = \"welkom\" }, { goto = \"rule:a\" }]\n";
    let plan = load(text).expect("a plan").plan;
    let mut run = decide(&plan, "1").run;
    let mut result = None;
    while run.next(result) != kiestoon_dialplan::Action::Done {
        result = Some(kiestoon_dialplan::StepResult::Played);
    }
    let trail = run.trail();
    assert_eq!(trail.len(), 50);
    assert_eq!(trail.last().map(String::as_str), Some("too many steps"));
    assert_eq!(trail[48], "play:welkom = played");
    assert_eq!(run.run.trail().left_out() as usize + 50, 200 + 1);
}

#[test]
fn names_reach_no_terminal_raw() {
    let rule = "[[context.intern]]\nname = \"a\\u001b[2J\"\nmatch = \"_!\"\ndo = [{ echo = true }]\n";
    warns(&format!("{rule}{RULE}"), r"shadowed by a\u{1b}[2J");
}
