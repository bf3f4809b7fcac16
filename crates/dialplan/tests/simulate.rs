//! A simulated call goes the way of a live one with the same results.

mod plans;

use kiestoon_dialplan::{
    CallFacts, Forced, Given, GivenValue, Overrides, Plan, Simulated, StepResult, WebhookAnswer,
};
use plans::{call, load, steps};

fn given(results: &[(&str, &str)]) -> Given {
    let mut given = Given::default();
    for (about, result) in results {
        given.set(about, GivenValue::Text((*result).to_string())).expect("a result");
    }
    given
}

fn simulate(plan: &Plan, results: &[(&str, &str)]) -> Simulated {
    plan.simulate(&call("intern", "201"), &given(results))
}

/// What is done, and how it ends.
fn way(plan: &Plan, results: &[(&str, &str)]) -> String {
    let simulated = simulate(plan, results);
    format!("{} = {}", simulated.attempts.join(" "), simulated.end)
}

#[test]
fn trunks_fail_over_where_they_are_at_fault() {
    let plan = steps(r#"{ dial = ["trunk:a", "trunk:b"], to = "+31201" }, { play = "geen" }"#);
    let both = "dial:trunk:a:+31201 dial:trunk:b:+31201";
    for (result, expected) in [
        ("answered", "dial:trunk:a:+31201 = answered".to_string()),
        ("503", format!("{both} = answered")),
        ("408", format!("{both} = answered")),
        ("unavailable", format!("{both} = answered")),
        ("busy", "dial:trunk:a:+31201 play:geen = busy".to_string()),
        ("declined", "dial:trunk:a:+31201 play:geen = 603".to_string()),
        ("no-answer", "dial:trunk:a:+31201 play:geen = no-answer".to_string()),
        ("404", "dial:trunk:a:+31201 play:geen = 404".to_string()),
        ("no-media", "dial:trunk:a:+31201 = answered".to_string()),
    ] {
        assert_eq!(way(&plan, &[("trunk:a", result)]), expected, "{result}");
    }
    assert_eq!(way(&plan, &[("trunk:a", "503"), ("trunk:b", "486")]), format!("{both} play:geen = busy"));
    let listed = steps(r#"{ dial = ["trunk:a", "trunk:b"], failover = ["486", "4xx", "no-media"] }"#);
    for (result, expected) in [
        ("busy", "dial:trunk:a dial:trunk:b = answered"),
        ("404", "dial:trunk:a dial:trunk:b = answered"),
        ("no-media", "dial:trunk:a dial:trunk:b = answered"),
        ("503", "dial:trunk:a = 500"),
    ] {
        assert_eq!(way(&listed, &[("trunk:a", result)]), expected, "{result}");
    }
}

const GROUPS: &str = r#"version = 1
[group.balie]
members = ["201", "202"]
[group.rij]
members = ["201", "202", "203"]
strategy = "sequential"
[[context.intern]]
match = "201"
do = [
  { dial = "group:balie", on_busy = [{ reject = "busy" }] },
  { dial = "group:rij" },
  { dial = ["ext:204", "ext:205"] },
]
"#;

#[test]
fn together_is_one_attempt_and_in_turn_is_one_each() {
    let plan = load(GROUPS).unwrap().plan;
    assert_eq!(way(&plan, &[]), "dial:group:balie = answered");
    assert_eq!(way(&plan, &[("ext:201", "busy")]), "dial:group:balie = answered");
    assert_eq!(way(&plan, &[("group:balie", "busy")]), "dial:group:balie reject:486 = reject:486");
    let nobody = [("group:balie", "no-answer"), ("group:rij", "no-answer")];
    assert_eq!(
        way(&plan, &nobody),
        "dial:group:balie dial:ext:201 dial:ext:202 dial:ext:203 dial:ext:204+ext:205 = answered"
    );
    let second = [("group:balie", "no-answer"), ("group:rij", "no-answer"), ("ext:202", "answered")];
    assert_eq!(
        way(&plan, &second),
        "dial:group:balie = answered",
        "who is named alone counts above the group"
    );
}

#[test]
fn the_best_result_is_that_of_the_step() {
    let plan = load(GROUPS).unwrap().plan;
    for (one, other, expected) in [
        ("busy", "no-answer", StepResult::NoAnswer),
        ("unavailable", "busy", StepResult::Busy),
        ("unavailable", "unavailable", StepResult::Unavailable),
        ("declined", "no-answer", StepResult::Rejected { status: 603 }),
        ("503", "unavailable", StepResult::Rejected { status: 503 }),
    ] {
        let simulated = simulate(&plan, &[("ext:201", one), ("ext:202", other)]);
        assert_eq!(simulated.trail.steps()[0].result, Some(expected), "{one} {other}");
    }
}

#[test]
fn digits_are_pressed_where_they_are_asked_for() {
    let plan = steps(
        r#"{ collect = "keuze", prompt = "welkom", digits = 1, match = "_[12]", retries = 1, on_timeout = [{ hangup = true }], on_invalid = [{ reject = "busy" }] },
           { choose = "${keuze}", cases = { 1 = "ext:1", 2 = "ext:2" } }"#,
    );
    let asked = "collect:welkom collect:welkom";
    assert_eq!(way(&plan, &[]), format!("{asked} hangup = hangup"));
    assert_eq!(way(&plan, &[("keuze", "")]), format!("{asked} hangup = hangup"));
    assert_eq!(way(&plan, &[("keuze", "2")]), "collect:welkom dial:ext:2 = answered");
    assert_eq!(way(&plan, &[("digits:keuze", "9")]), format!("{asked} reject:486 = reject:486"));
    let mut twice = Given::default();
    twice.set("keuze", GivenValue::Texts(vec!["9".into(), "1".into()])).unwrap();
    let simulated = plan.simulate(&call("intern", "1"), &twice);
    assert_eq!(simulated.attempts, ["collect:welkom", "collect:welkom", "dial:ext:1"]);
}

#[test]
fn services_answer() {
    let plan = load(
        r#"version = 1
        [webhook.crm]
        url = "https://crm.example/route"
        variables = ["klant"]
        [group.balie]
        members = ["201"]
        [[context.intern]]
        match = "201"
        do = [{ webhook = "crm", on_failure = [{ hangup = true }] }, { if = { value = "${klant}", match = "12" }, then = [{ dial = "ext:212" }], else = [{ echo = true }] }]
        "#,
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    assert_eq!(way(&plan, &[]), "webhook:crm echo = echo");
    assert_eq!(way(&plan, &[("webhook:crm", "failed")]), "webhook:crm hangup = hangup");
    assert_eq!(way(&plan, &[("webhook:crm", "group:balie")]), "webhook:crm dial:group:balie = answered");
    let mut given = Given::default();
    let variables = vec![("klant".to_string(), "12".to_string())];
    given.set("webhook:crm", GivenValue::Answer(WebhookAnswer { destination: None, variables })).unwrap();
    let simulated = plan.simulate(&call("intern", "201"), &given);
    assert_eq!(simulated.attempts, ["webhook:crm", "dial:ext:212"]);
}

#[test]
fn permissions_are_granted_unless_denied() {
    let plan = load(
        "version = 1\n[[context.intern]]\nmatch = \"201\"\nrequire = \"call.premium\"\ndo = [{ goto = \"rule:verder\" }]\n\
         [[context.intern]]\nname = \"verder\"\nmatch = \"2\"\nrequire = \"call.mobile\"\ndo = [{ echo = true }]\n",
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    assert_eq!(way(&plan, &[]), "echo = echo");
    assert_eq!(way(&plan, &[("require:call.premium", "denied")]), " = forbidden:call.premium");
    assert_eq!(way(&plan, &[("require:call.mobile", "denied")]), " = forbidden:call.mobile");
    let mut listed = Given::default();
    listed.permit(["call.premium".to_string()]);
    assert_eq!(plan.simulate(&call("intern", "201"), &listed).end.to_string(), "forbidden:call.mobile");
}

#[test]
fn a_call_changes_the_hours_that_it_goes_by() {
    let plan = load(
        r#"version = 1
        [hours.dag]
        open = "00:00-24:00"
        [[context.intern]]
        match = "201"
        do = [{ override = "dag", to = "toggle" }, { if = { when = "dag" }, then = [{ play = "open" }], else = [{ play = "dicht" }] }]
        "#,
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    assert_eq!(way(&plan, &[]), "override:dag:toggle play:dicht = no-step-left");
    let mut closed = Overrides::default();
    closed.set("dag", Some(Forced::Closed));
    let facts = CallFacts { overrides: &closed, ..call("intern", "201") };
    let simulated = plan.simulate(&facts, &Given::default());
    assert_eq!(simulated.attempts, ["override:dag:toggle", "play:open"]);
}

#[test]
fn no_rule_is_an_end_too() {
    let plan = load(GROUPS).unwrap().plan;
    let simulated = plan.simulate(&call("intern", "9"), &Given::default());
    assert_eq!((simulated.rule, simulated.end.to_string()), (None, "no-rule".to_string()));
}

#[test]
fn nobody_is_rung_for_more_than_five_minutes() {
    let plan = load(
        r#"version = 1
        [[context.intern]]
        match = "201"
        do = [
          { dial = ["ext:1", "ext:2", "ext:3"], order = "sequence", timeout = "3m" },
          { play = "geen-antwoord" },
        ]
        "#,
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    let given = [("ext:1", "no-answer"), ("ext:2", "no-answer"), ("ext:3", "no-answer")];
    assert_eq!(way(&plan, &given), "dial:ext:1 dial:ext:2 play:geen-antwoord = no-answer");
    assert_eq!(
        way(&plan, &[("ext:1", "busy"), ("ext:2", "no-answer")]),
        "dial:ext:1 dial:ext:2 dial:ext:3 = answered"
    );
}

#[test]
fn an_emergency_call_rings_on() {
    let plan = load(
        r#"version = 1
        [[context.intern]]
        match = "112"
        emergency = true
        do = [{ dial = ["trunk:a", "ext:2", "ext:3"], order = "sequence", timeout = "5m" }]
        [[context.intern]]
        match = "201"
        do = [{ goto = "context:intern", number = "112" }]
        "#,
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    let given = [("trunk:a", "503"), ("ext:2", "no-answer"), ("ext:3", "answered")];
    assert_eq!(
        way(&plan, &given).split(' ').filter(|word| word.starts_with("dial:")).collect::<Vec<_>>(),
        ["dial:trunk:a", "dial:ext:2", "dial:ext:3"]
    );
}
