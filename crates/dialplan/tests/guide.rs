//! Every example of docs/dialplan.md and docs/webhooks.md is a plan that loads without a doubt, and tests pass by the plan that stands
//! before them.

mod plans;

use kiestoon_dialplan::{Given, GivenValue, Plans, Problem, Suite, WebhookAnswer};
use plans::{call, file, load};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/dialplan.md");
const WEBHOOKS: &str = include_str!("../../../docs/webhooks.md");

/// The blocks of a page in a language, in their order.
fn blocks(page: &'static str, language: &str) -> Vec<&'static str> {
    page.split(&format!("```{language}\n")).skip(1).filter_map(|rest| rest.split("```\n").next()).collect()
}

#[test]
fn every_example_loads() {
    let mut plans = 0;
    let both = [blocks(PAGE, "toml"), blocks(WEBHOOKS, "toml")].concat();
    for block in both.into_iter().filter(|block| !block.starts_with("[[case]]")) {
        let header =
            if block.starts_with("version") { "" } else { "version = 1\ntimezone = \"Europe/Amsterdam\"\n" };
        let loaded = load(&format!("{header}{block}")).unwrap_or_else(|problems| {
            panic!("{block}\n{}", problems.iter().map(Problem::render).collect::<String>())
        });
        assert_eq!(loaded.warnings, [], "{block}");
        plans += 1;
    }
    assert!(plans >= 12, "only {plans} examples");
}

#[test]
fn the_tests_of_the_page_pass() {
    let blocks = blocks(PAGE, "toml");
    let (mut cases, mut files) = (0, 0);
    for pair in blocks.windows(2).filter(|pair| pair[1].starts_with("[[case]]")) {
        let plans = Plans::shared_by_all(load(pair[0]).expect("the plan before its tests").plan);
        let suite = Suite::load(&plans, &[file("tests/site.toml", pair[1])]).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(Problem::render).collect::<String>())
        });
        let report = suite.run(&plans, "", None);
        assert_eq!(report.failed, 0, "{report:#?}");
        cases += report.passed;
        files += 1;
    }
    assert!(files >= 1 && cases >= 3, "{cases} cases of {files} files");
}

#[test]
fn the_answer_of_the_page_of_webhooks_is_taken_by_its_plan() {
    let block = blocks(WEBHOOKS, "toml")[0];
    let plan = load(&format!("version = 1\n{block}")).expect("the plan of the page").plan;
    let asked: Value = serde_json::from_str(blocks(WEBHOOKS, "json")[0]).expect("JSON");
    let keys: Vec<&str> = asked.as_object().expect("a table").keys().map(String::as_str).collect();
    assert_eq!(keys, ["at", "call", "context", "dialled", "from", "from_name", "organisation", "variables"]);
    let text = WEBHOOKS.split("`application/json`, `").nth(1).and_then(|rest| rest.split('`').next());
    let answer: Value = serde_json::from_str(text.expect("an answer")).expect("JSON");
    let answer = WebhookAnswer {
        destination: answer["destination"].as_str().map(str::to_string),
        variables: vec![("klant".into(), answer["variables"]["klant"].as_str().expect("a text").into())],
    };
    let way = |answer: WebhookAnswer| {
        let mut given = Given::default();
        given.set("webhook:crm", GivenValue::Answer(answer)).expect("an answer");
        plan.simulate(&call("intern", asked["dialled"].as_str().expect("a number")), &given).attempts
    };
    assert_eq!(way(answer.clone()), ["webhook:crm", "dial:group:balie"]);
    assert_eq!(way(WebhookAnswer { destination: None, ..answer }), ["webhook:crm", "dial:ext:12"]);
}
