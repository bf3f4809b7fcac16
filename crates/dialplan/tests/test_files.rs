//! Test files: what they say, what becomes of their cases, and what is wrong with them.

mod plans;

use kiestoon_dialplan::{CaseReport, Coverage, DiffLine, Plan, Problem, Report, Suite};
use plans::{file, load};

const EXAMPLE: &str = include_str!("fixtures/features.toml");

fn suite(plan: &Plan, text: &str) -> Result<Suite, Vec<Problem>> {
    Suite::load(plan, &[file("tests/kantoor.toml", text)])
}

fn run(plan: &Plan, text: &str) -> Report {
    let suite = suite(plan, text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(Problem::render).collect::<String>());
    });
    suite.run(plan, "")
}

fn failed(report: &Report) -> Vec<&CaseReport> {
    report.cases.iter().filter(|case| !case.passed).collect()
}

#[test]
fn the_example_runs_as_it_stands() {
    let plan = load(EXAMPLE).unwrap().plan;
    let report = run(&plan, include_str!("fixtures/features_tests.toml"));
    assert_eq!((report.passed, report.failed), (2, 0), "{:#?}", failed(&report));
}

#[test]
fn the_shipped_plan_passes_its_tests() {
    let plan = load(include_str!("../../../dialplans/kantoor.toml")).unwrap().plan;
    let report = run(&plan, include_str!("../../../dialplans/tests/kantoor.toml"));
    assert_eq!((report.passed, report.failed), (14, 0), "{:#?}", failed(&report));
}

#[test]
fn a_case_that_fails_says_the_difference_and_the_rule() {
    let plan = load(EXAMPLE).unwrap().plan;
    let report = run(
        &plan,
        r#"
        [[case]]
        at = "2026-11-21T15:00"
        call = { context = "inkomend", from = "+31612345678", to = "+31201234567" }
        expect = ["dial:group:balie"]
        expect_rule = "inkomend/#1"
        "#,
    );
    let case = &report.cases[0];
    assert_eq!((case.name.as_str(), case.line, case.passed), ("#2", 2, false));
    assert_eq!(
        case.attempts,
        [
            DiffLine::Missing("dial:group:balie".into()),
            DiffLine::Extra("play:gesloten".into()),
            DiffLine::Extra("voicemail:100".into()),
        ]
    );
    assert_eq!(case.expected_rule.as_deref(), Some("inkomend/#1"));
    assert_eq!(&*case.simulated.rule.as_ref().unwrap().name, "#2");
    assert_eq!(case.passed_over.len(), 1, "the hours that did not hold");
    assert_eq!(case.local_time, "2026-11-21T15:00:00");
}

#[test]
fn a_filter_chooses_by_name() {
    let plan = load(EXAMPLE).unwrap().plan;
    let suite = suite(&plan, include_str!("fixtures/features_tests.toml")).unwrap();
    assert_eq!(suite.run(&plan, "trunk").cases.len(), 1);
    assert_eq!(suite.run(&plan, "niets").cases.len(), 0);
}

/// The problems of one case with these lines.
fn faults(lines: &str) -> String {
    let plan = load(EXAMPLE).expect("a plan").plan;
    let call = "call = { context = \"intern\", from = \"206\", to = \"201\" }\nexpect = []\n";
    let text = format!("[[case]]\n{}{lines}\n", if lines.contains("call =") { "" } else { call });
    let problems = suite(&plan, &text).err().unwrap_or_default();
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n").replace("tests/kantoor.toml:", "")
}

#[test]
fn faults_have_a_place_and_a_remedy() {
    for (lines, expected) in [
        ("ad = \"10:00\"", "4:1: error: unknown key `ad` in a case"),
        ("at = \"morgen\"", "4:6: error: `morgen` is no moment"),
        ("at = 2026-11-21T15:00:00", "4:6: error: `at` must be a text"),
        ("given = { \"ext:201\" = \"bussy\" }", "4:23: error: `bussy` is no result, expected `answered`"),
        ("given = { \"ext:201\" = \"bussy\" }", "did you mean `busy`?"),
        ("given = { \"ext:201\" = 99 }", "4:23: error: `99` is no result"),
        ("given = { \"exten:201\" = \"busy\" }", "4:11: error: `exten:201` has no results"),
        ("given = { \"exte:201\" = \"busy\" }", "did you mean `ext`?"),
        ("given = { \"trunk:voyss\" = \"503\" }", "the plan has no trunk `voyss`; did you mean `voys`?"),
        ("given = { \"group:bali\" = \"busy\" }", "the plan has no group `bali`; did you mean `balie`?"),
        ("given = { keuze = \"1\" }", "the plan has no question for `keuze`"),
        ("given = { keuze = \"x\" }", "`x` is no result, expected keys of a phone"),
        ("given = { \"require:call.international\" = \"no\" }", "expected `granted` or `denied`"),
        ("permissions = [\"call.internationaal\"]", "did you mean `call.international`?"),
        ("overrides = { kantor = \"open\" }", "the plan has no hours `kantor`; did you mean `kantoor`?"),
        ("overrides = { kantoor = \"close\" }", "did you mean `closed`?"),
        ("expect_rule = \"intern/toestel\"", "the plan has no rule `intern/toestel`"),
        ("call = { context = \"extern\", to = \"1\" }\nexpect = []", "the plan has no context `extern`"),
        ("call = { context = \"intern\" }\nexpect = []", "2:8: error: `call` has no `to`"),
        ("call = { context = \"intern\", to = \"1\" }", "1:1: error: a case needs `expect"),
        ("call =", "2:7: error:"),
    ] {
        assert!(faults(lines).contains(expected), "{lines}\n{}", faults(lines));
    }
    assert_eq!(faults("given = { \"trunk:voys\" = 503, \"ext:9\" = \"declined\" }"), "");
}

#[test]
fn coverage_names_what_no_test_reaches() {
    let plan = load(
        r#"version = 1
[[context.intern]]
name = "een"
match = "1"
do = [
  { set = { x = "${from}" } },
  { dial = "ext:${number}", on_busy = [{ goto = "rule:drie" }], on_rejected = [{ reject = "busy" }] },
  { if = { from = "9" }, then = [{ echo = true }] },
]
[[context.intern]]
name = "twee"
match = "2"
do = [{ echo = true }]
[[context.intern]]
name = "drie"
match = "3"
do = [{ play = "x" }]
"#,
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    let report = run(
        &plan,
        r#"
        [[case]]
        call = { context = "intern", from = "206", to = "1" }
        given = { "ext:1" = "busy" }
        expect = ["...", "play:x"]
        "#,
    );
    assert_eq!(report.failed, 0, "{report:#?}");
    let mut coverage = Coverage::default();
    report.cases.iter().for_each(|case| coverage.add(&case.simulated));
    let reached = coverage.of(&plan);
    assert_eq!((reached.rules, reached.steps, reached.steps_reached, reached.percent), (3, 8, 4, 50));
    let rules: Vec<String> = reached.rules_missed.iter().map(ToString::to_string).collect();
    assert_eq!(rules, ["intern/twee (plan.toml:10)"]);
    let steps: Vec<String> = reached
        .steps_missed
        .iter()
        .map(|step| format!("{}:{} {}: {}", step.place.line, step.place.column, step.branch, step.text))
        .collect();
    assert_eq!(steps, ["7:80 on_rejected: reject with 486", "8:3 : if the caller is 9", "8:34 then: echo"]);
}
