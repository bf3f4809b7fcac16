//! Hours with closures, holidays and dated openings, as files write them and calls meet them.

mod plans;

use kiestoon_dialplan::{CallFacts, OverrideTo, Overrides, Plan};
use plans::{at, file, load};

const FIRM: &str = r#"
version = 1
timezone = "Europe/Amsterdam"

[hours.kantoor]
open = ["ma-vr 08:30-17:30", "2026-12-19 10:00-16:00", "2026-12-28 09:00-12:00"]
closed = ["kerst", "holidays:nl", "05-05"]

[hours.winkel]
open = "ma-za 09:00-18:00"
closed = "vrij"

[[context.inkomend]]
name = "kerstwens"
match = "1"
when = "kerst"
do = [{ play = "kerst" }]

[[context.inkomend]]
name = "feestdag"
match = "1"
when = ["holidays:nl", "2026-12-05"]
do = [{ play = "feestdag" }]

[[context.inkomend]]
name = "open"
match = "1"
when = "kantoor"
do = [{ dial = "ext:201" }]

[[context.inkomend]]
name = "dicht"
match = "1"
do = [{ play = "gesloten" }]

[[context.intern]]
name = "werkdag"
match = "1"
when = "!holidays:de-by"
do = [{ dial = "ext:201" }]
"#;

/// In a file that comes after the one that uses it.
const CLOSURES: &str = r#"
version = 1
[closure.kerst]
dates = ["2026-12-24..2027-01-02"]
[closure.vrij]
dates = ["holidays:nl", "07-20..08-02"]
"#;

fn plan() -> Plan {
    let loaded = Plan::load(&[file("a.toml", FIRM), file("z.toml", CLOSURES)]);
    loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).plan
}

fn rule(plan: &Plan, context: &str, moment: &str) -> String {
    let call = CallFacts { at: at(moment), ..plans::call(context, "1") };
    plan.decide(&call).map_or_else(|| "-".into(), |decision| decision.rule.name.to_string())
}

#[test]
fn closures_and_holidays_close_hours_and_open_rules() {
    let plan = plan();
    for (moment, expected) in [
        ("2026-11-20T10:00+01", "open"),
        ("2026-11-20T18:00+01", "dicht"),
        ("2026-12-05T10:00+01", "feestdag"),
        ("2026-12-19T10:00+01", "open"),
        ("2026-12-19T09:59+01", "dicht"),
        ("2026-12-23T10:00+01", "open"),
        ("2026-12-24T10:00+01", "kerstwens"),
        ("2027-01-01T10:00+01", "kerstwens"),
        ("2027-01-04T10:00+01", "open"),
        ("2027-03-29T10:00+02", "feestdag"),
        ("2027-05-05T10:00+02", "dicht"),
        ("2027-05-06T10:00+02", "feestdag"),
    ] {
        assert_eq!(rule(&plan, "inkomend", moment), expected, "{moment}");
    }
    assert_eq!(rule(&plan, "intern", "2026-11-01T10:00+01"), "-", "All Saints in Bavaria");
    assert_eq!(rule(&plan, "intern", "2026-11-02T10:00+01"), "werkdag");
}

#[test]
fn hours_say_why_and_until_when() {
    let plan = plan();
    let mut overrides = Overrides::default();
    let state = |name: &str, moment: &str, overrides: &Overrides| {
        let state = plan.hours_at(name, at(moment), overrides).expect("hours of that name");
        let next = state.next_change.map(|at| at.to_string()).unwrap_or_default();
        (state.open, state.by_the_clock.to_string(), next)
    };
    let is = |open: bool, why: &str, next: &str| (open, why.to_string(), next.to_string());
    assert_eq!(
        state("kantoor", "2026-12-24T10:00+01", &overrides),
        is(false, "closed: kerst", "2026-12-28T08:00:00Z")
    );
    assert_eq!(
        state("kantoor", "2026-12-28T09:00+01", &overrides),
        is(true, "open: 2026-12-28 09:00-12:00", "2026-12-28T11:00:00Z")
    );
    assert_eq!(
        state("kantoor", "2026-04-27T10:00+02", &overrides),
        is(false, "closed: Koningsdag (holidays:nl)", "2026-04-28T06:30:00Z")
    );
    assert_eq!(
        state("winkel", "2026-04-27T10:00+02", &overrides),
        is(false, "closed: Koningsdag (vrij)", "2026-04-28T07:00:00Z")
    );
    assert_eq!(
        state("winkel", "2026-07-20T10:00+02", &overrides),
        is(false, "closed: vrij", "2026-08-03T07:00:00Z")
    );
    let by_the_clock = state("kantoor", "2026-11-20T10:00+01", &overrides);
    assert_eq!(by_the_clock, is(true, "open: ma-vr 08:30-17:30", "2026-11-20T16:30:00Z"));
    OverrideTo::Toggle.apply(&mut overrides, "kantoor", by_the_clock.0);
    assert_eq!(
        state("kantoor", "2026-11-20T10:00+01", &overrides),
        is(false, "open: ma-vr 08:30-17:30", "2026-11-20T16:30:00Z")
    );
    assert_eq!(plan.hours_at("werkplaats", at("2026-11-20T10:00Z"), &overrides), None);
    assert_eq!(plan.hours_names().collect::<Vec<_>>(), ["kantoor", "winkel"]);
}

#[test]
fn faults_name_their_place_and_the_nearest_word() {
    for (text, expected) in [
        (
            "[closure.kerst]\ndates = \"12-24\"\n[hours.k]\nopen = \"ma\"\nclosed = \"kerts\"",
            "6:10: error: unknown closure `kerts`, expected a date, `holidays:nl` or the name of a [closure.*]; did you mean `kerst`?",
        ),
        (
            "[hours.k]\nopen = \"ma\"\nclosed = [\"holidays:nll\"]",
            "4:21: error: the holidays of `nll` are not known, known are those of `be`, `br`, `de`, `fr`, `gb`, `nl` or `pt`; did you mean `holidays:nl`?",
        ),
        (
            "[hours.k]\nopen = \"ma\"\nclosed = [\"holidays:gb-sco\"]",
            "4:21: error: `sco` is no region of `gb`, expected `eng`, `wls`, `sct` or `nir`; did you mean `holidays:gb-sct`?",
        ),
        (
            "[hours.k]\nopen = \"ma\"\nclosed = [\"2026-12-32\"]",
            "4:11: error: `2026-12-32` is no date, expected `2026-12-25`, `2026-12-24..2027-01-02`, or `12-25` for every year",
        ),
        (
            "[hours.k]\nopen = \"2026-12-32 10:00-12:00\"",
            "3:8: error: `2026-12-32 10:00-12:00`: `2026-12-32` is no date, expected `2026-12-25`, `2026-12-24..2027-01-02`, or `12-25` for every year",
        ),
        (
            "[closure.k]\ndates = \"kerst\"",
            "3:9: error: `kerst` is no date, expected `2026-12-25`, `2026-12-24..2027-01-02`, or `12-25` for every year",
        ),
        (
            "[closure.k]\ndates = [\"12-24..13-02\"]",
            "3:10: error: `12-24..13-02` is no date, expected `2026-12-25`, `2026-12-24..2027-01-02`, or `12-25` for every year",
        ),
        (
            "[closure.k]\nday = \"12-24\"\ndates = \"12-24\"",
            "3:1: error: unknown key `day` in a closure, expected `dates`",
        ),
        (
            "[closure.k]\n",
            "2:1: error: a closure needs `dates`, such as dates = [\"2026-12-24..2027-01-02\"]",
        ),
        (
            "[closure.k]\ndates = []",
            "3:9: error: `dates` is empty, expected at least one text such as \"2026-12-24..2027-01-02\"",
        ),
        ("[closure]\nk = \"12-24\"", "3:5: error: a closure must be a table, not a text"),
        ("[closure.12]\ndates = \"12-24\"", "2:10: error: `12` is no name: it would be read as a date"),
        (
            "[closure.k]\ndates = \"12-24\"\n[hours.k]\nopen = \"ma\"",
            "4:8: error: `k` is already the name of the closure at plan.toml:2",
        ),
    ] {
        let problems = load(&format!("version = 1\n{text}\n"))
            .map_or_else(|problems| problems, |loaded| loaded.warnings);
        let errors: Vec<String> =
            problems.iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect();
        assert_eq!(errors, [format!("plan.toml:{expected}")], "{text}");
    }
    let twice = [
        file("a.toml", "version = 1\n[closure.k]\ndates = \"12-24\"\n"),
        file("b.toml", "version = 1\n[closure.k]\ndates = \"12-25\"\n"),
    ];
    let problems = Plan::load(&twice).unwrap_err();
    assert_eq!(problems[0].to_string(), "b.toml:2:10: error: closure `k` is already defined at a.toml:2");
}

#[test]
fn a_when_may_name_days() {
    for (when, expected) in [
        (
            "kersd",
            "unknown hours `kersd`, expected the name of an [hours.*] or a [closure.*]; did you mean `kerst`?",
        ),
        (
            "holidays:xx",
            "the holidays of `xx` are not known, known are those of `be`, `br`, `de`, `fr`, `gb`, `nl` or `pt`",
        ),
        (
            "2026-12-32",
            "`2026-12-32`: `2026-12-32` is no date, expected `2026-12-25`, `2026-12-24..2027-01-02`, or `12-25` for every year",
        ),
        ("za 10-12", "unknown hours `za 10-12`, expected the name of an [hours.*] or a [closure.*]"),
    ] {
        let rule = format!("[[context.intern]]\nmatch = \"1\"\nwhen = \"{when}\"\ndo = [{{ echo = true }}]");
        let problems =
            load(&format!("version = 1\n[closure.kerst]\ndates = \"12-24\"\n{rule}\n")).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert_eq!(problems[0].line, 6);
        assert_eq!(
            format!(
                "{}{}",
                problems[0].message,
                problems[0].hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default()
            ),
            expected
        );
    }
}

#[test]
fn a_list_of_days_has_an_end() {
    let days = vec!["\"12-24\""; 367].join(", ");
    let problems = load(&format!("version = 1\n[closure.k]\ndates = [{days}]\n")).unwrap_err();
    assert_eq!(problems[0].to_string(), "plan.toml:3:9: error: `dates` has at most 366 entries");
}
