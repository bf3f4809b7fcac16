//! An emergency rule: nothing may stand between its caller and the number, and whoever is to be told is told first.

use super::table_of;
use crate::reader::Reader;
use crate::step::{Does, Step, Steps};
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;

/// What an emergency rule may not have: conditions, and steps that its call could be held up or ended by.
pub(super) fn check(reader: &mut Reader<'_>, table: &Table) {
    for key in ["when", "from", "require"] {
        if let Some(entry) = table.entry(key) {
            reader.error(&entry.key_span, format!("an emergency rule always counts: it has no `{key}`"));
        }
    }
    let Some(Node { kind: Kind::List(steps), span }) = table.get("do") else { return };
    let steps: Vec<&Table> = steps.iter().filter_map(table_of).collect();
    let dials = steps.iter().position(|step| step.get("dial").is_some());
    for step in steps.iter().take(dials.unwrap_or(steps.len())) {
        let stands = |entry: &&Entry| {
            let key = entry.key.as_str();
            DECIDE.contains(&key) || (dials.is_some() && stops(key))
        };
        if let Some(entry) = step.entries.iter().find(stands) {
            let message = format!(
                "{} stands before the `dial` of an emergency rule and could keep its call from being dialled",
                words::quote(&entry.key)
            );
            reader.error_hint(&entry.key_span, message, Some("put the `dial` first".to_string()));
        }
    }
    if dials.is_none() {
        reader.warn(span, "this emergency rule dials nobody", None);
    }
}

/// The steps with every `notify` in front, also those of branches; who stands there twice is told once.
pub(super) fn notices_first(reader: &mut Reader<'_>, node: Option<&Node>, steps: &Steps) -> Steps {
    let mut told: Vec<Step> = Vec::new();
    let rest = without(steps, &mut told);
    for step in &told {
        if let (Does::Notify { whom }, Some(node)) = (&step.does, node)
            && let Some((name, ..)) = whom.named().next()
        {
            let message = format!(
                "an emergency rule tells this before its other steps: `${{{name}}}` has no value yet"
            );
            let hint = "name only what is known of every call, such as `${from}`".to_string();
            let span = reader.source.span_of(&step.place, "notify").unwrap_or_else(|| node.span.clone());
            reader.warn(&span, message, Some(hint));
        }
    }
    told.into_iter().chain(rest).collect()
}

fn without(steps: &Steps, told: &mut Vec<Step>) -> Vec<Step> {
    let mut rest = Vec::with_capacity(steps.len());
    for step in steps.iter() {
        if matches!(step.does, Does::Notify { .. }) {
            if !told.iter().any(|known| known.does == step.does) {
                told.push(step.clone());
            }
            continue;
        }
        let mut step = step.clone();
        for branch in step.branches_mut() {
            *branch = without(branch, told).into();
        }
        rest.push(step);
    }
    rest
}

/// Whether the call is over with this step, or in other hands.
fn stops(key: &str) -> bool {
    super::step::verb(key).is_some() && !["dial", "notify", "set", "play", "say", "override"].contains(&key)
}

/// Steps that send a call one way or another.
const DECIDE: [&str; 5] = ["if", "choose", "collect", "webhook", "goto"];
