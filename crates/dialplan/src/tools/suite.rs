//! Test cases of a plan, and what became of them.

use serde::Serialize;

use super::cases::{self, Case};
use super::expect::{DiffLine, compare};
use super::simulate::{End, Simulated};
use crate::explain::Passed;
use crate::organisations::Plans;
use crate::plan::CallFacts;
use crate::problem::Problem;
use crate::source::SourceFile;

/// The cases of all test files of a dialplan folder.
#[derive(Debug)]
pub struct Suite {
    cases: Vec<Case>,
}

/// What became of the cases that were run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How many did as expected.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Each, in the order of files and lines.
    pub cases: Vec<CaseReport>,
}

/// What became of a case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// Its name, or `#12` for one without a name in line 12.
    pub name: String,
    /// The organisation by whose plan the call went; None: by that of those without files of their own.
    pub organisation: Option<String>,
    /// The test file.
    pub file: String,
    /// Where in it.
    pub line: u32,
    /// Whether the call did as expected.
    pub passed: bool,
    /// Expected and made attempts side by side.
    pub attempts: Vec<DiffLine>,
    /// The rule that was expected, where it got another one.
    pub expected_rule: Option<String>,
    /// What the call did, and by which rule.
    pub simulated: Simulated,
    /// The rules above that one that fit the number, and why they did not take it.
    pub passed_over: Vec<Passed>,
    /// The moment on the plan's clock.
    pub local_time: String,
}

impl Suite {
    /// Reads test files, each case against the plan of the organisation that it or its file names, else the shared one.
    ///
    /// # Errors
    /// Every problem of every file; a name that the plan does not have is one.
    pub fn load(plans: &Plans, files: &[SourceFile]) -> Result<Self, Vec<Problem>> {
        cases::read(plans, files).map(|cases| Self { cases })
    }

    /// How many cases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Runs the cases whose name has `filter` in it, by the plans that they were read against; those of one organisation
    /// where it is named.
    #[must_use]
    pub fn run(&self, plans: &Plans, filter: &str, organisation: Option<&str>) -> Report {
        let chosen = self.cases.iter().filter(|case| {
            case.name.contains(filter)
                && (organisation.is_none() || case.organisation.as_deref() == organisation)
        });
        let cases: Vec<CaseReport> = chosen.map(|case| case.run(plans)).collect();
        let passed = cases.iter().filter(|case| case.passed).count();
        Report { passed, failed: cases.len() - passed, cases }
    }
}

impl Case {
    fn run(&self, plans: &Plans) -> CaseReport {
        let plan = plans.named(self.organisation.as_deref()).unwrap_or_else(|_| plans.shared());
        let call = self.facts();
        let simulated = plan.simulate(&call, &self.given);
        let mut done = simulated.attempts.clone();
        if let End::Forbidden { .. } = simulated.end {
            done.push(simulated.end.to_string());
        }
        let attempts = match &self.expect {
            // A rule may come to nothing, and an empty list is that of a call that no rule takes.
            Some(expect) if expect.is_empty() && done.is_empty() && simulated.rule.is_some() => {
                vec![DiffLine::Missing(End::NoRule.to_string())]
            }
            Some(expect) => compare(expect, &done),
            None => done.into_iter().map(DiffLine::Same).collect(),
        };
        let rule = simulated.rule.as_ref().map(|rule| format!("{}/{}", rule.context, rule.name));
        let expected_rule = self.expect_rule.clone().filter(|expected| rule.as_ref() != Some(expected));
        let is_same = attempts.iter().all(|line| matches!(line, DiffLine::Same(_)));
        let passed = is_same && expected_rule.is_none();
        CaseReport {
            name: self.name.clone(),
            organisation: self.organisation.clone(),
            file: self.place.file.to_string(),
            line: self.place.line,
            passed,
            attempts,
            expected_rule,
            simulated,
            passed_over: if passed { Vec::new() } else { plan.passed_over(&call) },
            local_time: plan.local(self.at).to_string(),
        }
    }

    fn facts(&self) -> CallFacts<'_> {
        CallFacts {
            context: &self.context,
            from: &self.from,
            from_name: &self.from_name,
            dialled: &self.to,
            at: self.at,
            overrides: &self.overrides,
        }
    }
}
