//! What the language can say, each with a call that goes that way.

mod branches;
mod callers;
mod collect;
mod includes;
#[path = "../plans/mod.rs"]
mod plans;
mod steps;
mod variables;
mod webhook;

use kiestoon_dialplan::{CallFacts, Plan};
use plans::load;

fn plan(text: &str) -> Plan {
    let text = format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n{text}");
    let loaded = load(&text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(kiestoon_dialplan::Problem::render).collect::<String>())
    });
    assert_eq!(loaded.warnings, []);
    loaded.plan
}

/// The one problem of a plan.
fn fault(text: &str) -> String {
    let text = format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n{text}");
    let problems = load(&text).err().unwrap_or_else(|| panic!("{text} is taken"));
    let errors: Vec<String> =
        problems.iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect();
    errors.join("\n").replace("plan.toml:", "")
}

fn rule<'a>(plan: &Plan, facts: CallFacts<'a>) -> String {
    plan.decide(&facts).map_or_else(|| "-".to_string(), |decision| decision.rule.name.to_string())
}
