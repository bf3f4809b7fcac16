//! Test files: what they say, what becomes of their cases, and what is wrong with them.

mod plans;

use kiestoon_dialplan::{CaseReport, Coverage, DiffLine, Plan, Plans, Problem, Report, SourceFile, Suite};
use plans::{file, load};

const EXAMPLE: &str = include_str!("fixtures/features.toml");

fn suite(plans: &Plans, text: &str) -> Result<Suite, Vec<Problem>> {
    Suite::load(plans, &[file("tests/kantoor.toml", text)])
}

fn run(plan: Plan, text: &str) -> Report {
    run_by(&Plans::shared_by_all(plan), &[file("tests/kantoor.toml", text)])
}

fn run_by(plans: &Plans, files: &[SourceFile]) -> Report {
    let suite = Suite::load(plans, files).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(Problem::render).collect::<String>());
    });
    suite.run(plans, "", None)
}

fn failed(report: &Report) -> Vec<&CaseReport> {
    report.cases.iter().filter(|case| !case.passed).collect()
}

#[test]
fn the_example_runs_as_it_stands() {
    let plan = load(EXAMPLE).unwrap().plan;
    let report = run(plan, include_str!("fixtures/features_tests.toml"));
    assert_eq!((report.passed, report.failed), (2, 0), "{:#?}", failed(&report));
}

#[test]
fn the_shipped_plan_passes_its_tests() {
    let plan = load(include_str!("../../../dialplans/kantoor.toml")).unwrap().plan;
    let report = run(plan, include_str!("../../../dialplans/tests/kantoor.toml"));
    assert_eq!((report.passed, report.failed), (14, 0), "{:#?}", failed(&report));
}

#[test]
fn a_case_that_fails_says_the_difference_and_the_rule() {
    let plan = load(EXAMPLE).unwrap().plan;
    let report = run(
        plan,
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
    let plans = Plans::shared_by_all(load(EXAMPLE).unwrap().plan);
    let suite = suite(&plans, include_str!("fixtures/features_tests.toml")).unwrap();
    assert_eq!(suite.run(&plans, "trunk", None).cases.len(), 1);
    assert_eq!(suite.run(&plans, "niets", None).cases.len(), 0);
}

/// The problems of one case with these lines.
fn faults(lines: &str) -> String {
    let plan = Plans::shared_by_all(load(EXAMPLE).expect("a plan").plan);
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
    let plans = Plans::shared_by_all(plan);
    let report = run_by(
        &plans,
        &[file(
            "tests/a.toml",
            r#"
        [[case]]
        call = { context = "intern", from = "206", to = "1" }
        given = { "ext:1" = "busy" }
        expect = ["...", "play:x"]
        "#,
        )],
    );
    assert_eq!(report.failed, 0, "{report:#?}");
    let mut coverage = Coverage::default();
    report.cases.iter().for_each(|case| coverage.add(&case.simulated));
    let reached = coverage.of(plans.all().map(|plan| &**plan));
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

const ECHO: &str = "[[case]]\ncall = { context = \"intern\", to = \"1\" }\nexpect = [\"echo\"]\n";

#[test]
fn cases_without_a_name_are_known_by_file_and_line() {
    let plan = load("version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ echo = true }]\n").unwrap().plan;
    let plans = Plans::shared_by_all(plan);
    let report = run_by(&plans, &[file("tests/a.toml", ECHO), file("tests/b.toml", ECHO)]);
    let names: Vec<String> = report.cases.iter().map(|case| format!("{}{}", case.file, case.name)).collect();
    assert_eq!((report.passed, names), (2, vec!["tests/a.toml#1".to_string(), "tests/b.toml#1".to_string()]));
    let named = ECHO.replace("]]", "]]\nname = \"x\"");
    let twice = Suite::load(&plans, &[file("tests/a.toml", &named), file("tests/b.toml", &named)]);
    assert!(twice.unwrap_err()[0].to_string().contains("case `x` has the name of the one at tests/a.toml:1"));
}

#[test]
fn an_empty_list_is_a_call_that_no_rule_takes() {
    let plan = "version = 1\n[[context.intern]]\nmatch = \"1\"\nrequire = \"call.premium\"\ndo = [{ echo = true }]\n\
                [[context.intern]]\nmatch = \"2\"\ndo = [{ set = { a = \"1\" } }]\n";
    for (to, given, expect, passes) in [
        ("3", "", "", true),
        ("2", "", "", false),
        ("2", "", "\"...\"", true),
        ("1", "\"require:call.premium\" = \"denied\"", "", false),
        ("1", "\"require:call.premium\" = \"denied\"", "\"forbidden:call.premium\"", true),
        ("1", "", "\"forbidden:call.premium\"", false),
    ] {
        let case = format!(
            "[[case]]\ncall = {{ context = \"intern\", to = \"{to}\" }}\ngiven = {{ {given} }}\nexpect = [{expect}]\n"
        );
        let report = run(load(plan).unwrap().plan, &case);
        assert_eq!(report.failed == 0, passes, "{case}\n{report:#?}");
    }
}

#[test]
fn a_case_names_so_many_steps() {
    let many = vec!["\"echo\""; 501].join(", ");
    let case =
        |many: &str| faults(&format!("call = {{ context = \"intern\", to = \"1\" }}\nexpect = [{many}]"));
    assert!(case(&many).contains("3:10: error: `expect` names at most 500 steps"), "{}", case(&many));
    assert_eq!(case(many.trim_end_matches(", \"echo\"")), "");
}

fn of(slug: &str, to: &str) -> SourceFile {
    let text = format!(
        "version = 1\norganisation = \"{slug}\"\n[hours.{slug}]\nopen = \"09:00-17:00\"\n\
         [[context.intern]]\nname = \"{slug}\"\nmatch = \"1\"\nwhen = \"{slug}\"\ndo = [{{ play = \"{to}\" }}]\n"
    );
    file(&format!("{slug}.toml"), &text)
}

#[test]
fn each_organisation_has_its_tests() {
    let shared = "version = 1\ntimezone = \"UTC\"\n[[context.intern]]\nname = \"alle\"\nmatch = \"1\"\ndo = [{ echo = true }]\n";
    let (plans, _) =
        Plans::load(&[of("bakker", "brood"), file("z.toml", shared), of("slager", "worst")]).unwrap();
    let case = |line: &str, expect: &str| {
        format!("{line}\n[[case]]\ncall = {{ context = \"intern\", to = \"1\" }}\nexpect = [\"{expect}\"]\n")
    };
    let bakker = case("organisation = \"bakker\"", "play:brood")
        + "[[case]]\norganisation = \"slager\"\ncall = { context = \"intern\", to = \"1\" }\n\
           overrides = { slager = \"open\" }\nexpect = [\"play:worst\"]\nexpect_rule = \"intern/slager\"\n";
    let files = [file("tests/a.toml", &case("", "echo")), file("tests/b.toml", &bakker)];
    let report = run_by(&plans, &files);
    let slugs: Vec<Option<&str>> = report.cases.iter().map(|case| case.organisation.as_deref()).collect();
    assert_eq!((report.failed, slugs), (0, vec![None, Some("bakker"), Some("slager")]), "{report:#?}");
    let suite = Suite::load(&plans, &files).unwrap();
    assert_eq!(suite.run(&plans, "", Some("slager")).cases.len(), 1);

    let mut coverage = Coverage::default();
    report.cases.iter().for_each(|case| coverage.add(&case.simulated));
    assert_eq!(coverage.of(plans.all().map(|plan| &**plan)).percent, 100);
    assert_eq!(coverage.of([&**plans.of("slager")]).rules, 2);

    for (line, part) in [
        (
            "organisation = \"baker\"",
            "tests/a.toml:1:16: error: no file is of organisation `baker`, expected `bakker` or `slager`",
        ),
        ("organisation = \"baker\"", "did you mean `bakker`?"),
        ("organisation = 5", "1:16: error: `organisation` must be a text"),
    ] {
        let problems = Suite::load(&plans, &[file("tests/a.toml", &case(line, "echo"))]).unwrap_err();
        assert!(problems[0].to_string().contains(part), "{}", problems[0]);
    }
}

#[test]
fn a_service_answers_only_what_a_live_one_may() {
    let plan = "version = 1\n[webhook.crm]\nurl = \"http://127.0.0.1/\"\nvariables = [\"klant\"]\n[group.balie]\nmembers = [\"201\"]\n\
                [[context.intern]]\nmatch = \"1\"\ndo = [{ webhook = \"crm\" }, { hangup = true }]\n";
    let file = |path: &str, text: String| SourceFile { path: path.into(), text };
    let (plans, _) = Plans::load(&[file("a.toml", plan.into())]).unwrap();
    let problems = |given: &str| {
        let case = "[[case]]\ncall = { context = \"intern\", to = \"1\" }\nexpect = [\"...\"]\n";
        match Suite::load(
            &plans,
            &[file("t.toml", format!("{case}given = {{ \"webhook:crm\" = {given} }}\n"))],
        ) {
            Ok(_) => String::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    };
    assert_eq!(problems("{ variables = { klant = \"9\" } }"), "");
    assert_eq!(problems("\"group:balie\""), "");
    assert!(problems("{ variables = { klnt = \"9\" } }").contains("`klnt`; did you mean `klant`?"));
    assert!(problems("\"groep:balie\"").contains("a service cannot send a call there"));
    assert!(problems("{ destination = \"group:balei\" }").contains("unknown group `balei`"));
}

/// Minutes, where each name is looked for among all others.
#[test]
fn wrong_names_and_many_cases_take_no_time() {
    use std::fmt::Write as _;
    let mut plan = "version = 1\n".to_string();
    for rule in 0..5_000 {
        let _ = write!(
            plan,
            "[[context.intern]]\nname = \"rule-of-the-house-{rule}\"\nmatch = \"{rule}\"\ndo = [{{ echo = true }}]\n"
        );
    }
    let file = |path: &str, text: String| SourceFile { path: path.into(), text };
    let (plans, _) = Plans::load(&[file("a.toml", plan)]).unwrap();
    let cases = |count: usize, rule: &str| {
        let mut text = String::new();
        for case in 0..count {
            let _ = write!(
                text,
                "[[case]]\nname = \"{case}\"\ncall = {{ context = \"intern\", to = \"4999\" }}\nexpect_rule = \"{rule}\"\n"
            );
        }
        file("t.toml", text)
    };
    let problems = Suite::load(&plans, &[cases(3_000, "intern/rule-of-the-hose-7")]).unwrap_err();
    assert_eq!(problems.len(), 201, "and that there are more");
    let suite = Suite::load(&plans, &[cases(20_000, "intern/rule-of-the-house-7")]).unwrap();
    assert_eq!(suite.run(&plans, "", None).failed, 20_000);
    let problems = Suite::load(&plans, &[cases(20_001, "intern/rule-of-the-house-7")]).unwrap_err();
    assert!(problems[0].to_string().contains("there are more than 20000 cases"), "{}", problems[0]);
}

#[test]
fn problems_come_as_a_reader_meets_them() {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let plan = "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ echo = true }]\n";
    let (plans, _) = Plans::load(&[file("a.toml", plan)]).unwrap();
    let case =
        "[[case]]\nexpct = []\ncall = { context = \"inter\", to = \"1\" }\nat = \"x\"\nexpect_rule = \"x\"\n";
    let problems = Suite::load(&plans, &[file("b.toml", case), file("a.toml", case)]).unwrap_err();
    let places: Vec<_> = problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
    let lines = |name: &'static str| [2, 3, 4, 5].map(|line| (name, line));
    assert_eq!(places, [lines("a.toml"), lines("b.toml")].concat());
}
