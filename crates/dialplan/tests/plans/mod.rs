//! Plans and calls for the scenarios.
#![allow(dead_code, reason = "every scenario file compiles this module and uses a part of it")]

use kiestoon_dialplan::{CallFacts, Decision, Loaded, Plan, Problem, SourceFile, Timestamp};

/// Loads one file, `plan.toml`.
pub(crate) fn load(text: &str) -> Result<Loaded, Vec<Problem>> {
    Plan::load(&[file("plan.toml", text)])
}

/// A plan whose only rule, for every number, has these steps.
pub(crate) fn steps(steps: &str) -> Plan {
    let text = format!("version = 1\n[[context.intern]]\nmatch = \"_!\"\ndo = [{steps}]\n");
    load(&text).unwrap_or_else(|problems| panic!("{problems:#?}")).plan
}

pub(crate) fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

/// A Friday morning, 10:00 in Amsterdam, when no moment is given.
pub(crate) fn call<'a>(context: &'a str, dialled: &'a str) -> CallFacts<'a> {
    CallFacts { context, from: "206", dialled, at: at("2026-11-20T10:00+01") }
}

pub(crate) fn at(moment: &str) -> Timestamp {
    moment.parse().expect("a moment")
}

pub(crate) fn decide(plan: &Plan, dialled: &str) -> Decision {
    plan.decide(&call("intern", dialled)).expect("a rule matches")
}

/// The name of the rule that a call of an extension gets, or "-".
pub(crate) fn rule_of(plan: &Plan, dialled: &str) -> String {
    plan.decide(&call("intern", dialled))
        .map_or_else(|| "-".to_string(), |decision| decision.rule.name.to_string())
}
