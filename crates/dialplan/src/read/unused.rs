//! Names that nothing refers to: most often one that was forgotten where it belongs.

use std::collections::BTreeMap;

use super::definitions::Definitions;
use crate::live::{ENTERED, INBOUND};
use crate::plan::Context;
use crate::problem::Problem;
use crate::reader::{Named, Notes};
use crate::words;

/// A warning for each group, set, closure and context that is only defined.
pub(super) fn names(
    names: &Definitions,
    contexts: &BTreeMap<String, Context>,
    notes: &Notes,
) -> Vec<Problem> {
    // A service may name groups and contexts in its answer.
    let is_asked = !names.webhooks.is_empty();
    let known = names.defined.iter().filter(|((kind, name), _)| match kind {
        Named::Set | Named::Closure => true,
        Named::Group => !is_asked,
        // One with nearly the name of an entrance has its warning already, and so have emergency rules that no call comes to.
        Named::Context => {
            let has_emergency =
                contexts.get(name).is_some_and(|context| context.rules.iter().any(|rule| rule.emergency));
            !is_asked && !has_emergency && words::nearest(name, [ENTERED, INBOUND]).is_none()
        }
    });
    let unused = known.filter(|(named, _)| !notes.used.contains(*named));
    unused.take(MOST).map(|(_, problem)| problem.clone()).collect()
}

/// What the warning for one says, and its hint.
pub(super) fn message(kind: Named, name: &str) -> (String, String) {
    let quoted = words::quote(name);
    match kind {
        Named::Group => {
            (format!("nothing names group {quoted}"), "ring it with `dial = \"group:NAME\"`".to_string())
        }
        Named::Set => (
            format!("nothing names set {quoted}"),
            "name it in a `match` or `from`, as `set:NAME`".to_string(),
        ),
        Named::Closure => (
            format!("nothing names closure {quoted}"),
            "name it in `closed` of the hours that it is for, or in a `when`".to_string(),
        ),
        Named::Context => (
            format!("nothing includes context {quoted} or goes to it"),
            format!("calls enter `{ENTERED}`, `{INBOUND}`, and the contexts that numbers of trunks name"),
        ),
    }
}

const MOST: usize = 100;
