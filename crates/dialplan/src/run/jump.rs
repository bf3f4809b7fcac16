//! `goto`: on with another rule.

use std::sync::Arc;

use super::{Action, Circumstances, Run};
use crate::plan::CallFacts;
use crate::step::Goto;
use crate::template::Template;

impl Run {
    /// Goes to the steps of another rule. An action where the caller needs a permission for it, or where it leads nowhere.
    pub(super) fn jump(&mut self, goto: &Goto, now: &Circumstances<'_>) -> Option<Action> {
        let Some(left) = self.jumps_left.checked_sub(1) else {
            self.trail.note("too many rules".to_string(), None);
            self.end();
            return None;
        };
        self.jumps_left = left;
        let rule = match goto {
            Goto::Rule { context, name } => {
                let Some(rule) = now.plan.rule(context, name) else {
                    return self.nowhere(format!("{context}/{name}"));
                };
                self.trail.rule(&rule.reference);
                rule
            }
            Goto::Context { context, number } => {
                let number_is_secret = self.number_is_secret(number.as_ref());
                let is_chosen = number.as_ref().is_some_and(|number| !number.is_of_the_call());
                let number = match number {
                    Some(number) => number.expand(&self.variables).into(),
                    None => self.variables.number.clone(),
                };
                let facts = CallFacts {
                    context,
                    from: &self.variables.from,
                    from_name: "",
                    dialled: &number,
                    at: now.at,
                    overrides: now.overrides,
                };
                let Some((rule, pattern)) = now.plan.find(&facts) else {
                    let shown = if number_is_secret { "*" } else { &*number };
                    return self.nowhere(format!("{context}/{shown}"));
                };
                self.trail.rule(&rule.reference);
                self.variables.dial(&number, number_is_secret);
                self.variables.set_groups(pattern.groups(&number));
                if is_chosen {
                    self.leave_emergency();
                }
                &**rule
            }
        };
        if rule.emergency {
            self.begin_emergency();
        }
        self.replace(Arc::clone(&rule.steps));
        let require = rule.require.clone().filter(|_| !self.is_for_help());
        require.map(|permission| Action::Require { permission })
    }

    fn number_is_secret(&self, number: Option<&Template>) -> bool {
        number.map_or_else(|| self.variables.number_is_secret(), |number| number.is_secret(&self.variables))
    }

    fn nowhere(&mut self, to: String) -> Option<Action> {
        self.trail.note(format!("no rule:{to}"), None);
        self.end();
        Some(Action::Reject { status: 404 })
    }
}
