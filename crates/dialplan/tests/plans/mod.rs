//! Plans and calls for the scenarios.
#![allow(dead_code, reason = "every scenario file compiles this module and uses a part of it")]

use std::sync::LazyLock;

use kiestoon_dialplan::{
    Action, CallFacts, Circumstances, Decision, Loaded, Overrides, Plan, Problem, Run, SourceFile,
    StepResult, Timestamp,
};

/// Nothing is set by hand.
pub(crate) static NONE: LazyLock<Overrides> = LazyLock::new(Overrides::default);

/// A rule, and its walk together with the plan that it needs.
pub(crate) struct Decided<'a> {
    pub(crate) decision: Decision,
    pub(crate) run: Walk<'a>,
}

#[derive(Clone)]
pub(crate) struct Walk<'a> {
    pub(crate) run: Run,
    pub(crate) plan: &'a Plan,
    pub(crate) at: Timestamp,
}

impl Walk<'_> {
    pub(crate) fn next(&mut self, previous: Option<StepResult>) -> Action {
        self.run.next(previous, &Circumstances { plan: self.plan, at: self.at, overrides: &NONE })
    }

    pub(crate) fn collected(&mut self, digits: &str) -> Action {
        let result = self.run.collected(digits, self.plan);
        self.next(Some(result))
    }

    /// What was done, each step with its result where it has one.
    pub(crate) fn trail(&self) -> Vec<String> {
        let steps = self.run.trail().steps().iter();
        steps
            .map(|step| match step.result {
                Some(result) => format!("{} = {result}", step.text),
                None => step.text.to_string(),
            })
            .collect()
    }
}

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
    CallFacts {
        context,
        from: "206",
        from_name: "Werkplaats",
        dialled,
        at: at("2026-11-20T10:00+01"),
        overrides: &NONE,
    }
}

pub(crate) fn at(moment: &str) -> Timestamp {
    moment.parse().expect("a moment")
}

pub(crate) fn decide<'a>(plan: &'a Plan, dialled: &str) -> Decided<'a> {
    decide_for(plan, &call("intern", dialled))
}

pub(crate) fn decide_for<'a>(plan: &'a Plan, call: &CallFacts<'_>) -> Decided<'a> {
    let decision = plan.decide(call).expect("a rule matches");
    let run = Walk { run: decision.run.clone(), plan, at: call.at };
    Decided { decision, run }
}

/// The name of the rule that a call of an extension gets, or "-".
pub(crate) fn rule_of(plan: &Plan, dialled: &str) -> String {
    plan.decide(&call("intern", dialled))
        .map_or_else(|| "-".to_string(), |decision| decision.rule.name.to_string())
}
