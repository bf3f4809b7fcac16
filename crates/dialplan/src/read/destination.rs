//! Where a call may go, in one text, with every name in it looked for; and `goto`.

use std::sync::Arc;

use super::definitions::Definitions;
use super::step::{self, named};
use crate::destination;
use crate::fault::{Definition, Fault};
use crate::plan::ReferenceKind;
use crate::reader::{Named, Reader};
use crate::step::{Does, Goto, Step, Steps};
use crate::tree::{Entry, Node, Table};
use crate::words;

/// The steps that lead to a destination, such as `group:balie`.
pub(super) fn steps(reader: &mut Reader<'_>, node: &Node, text: &str, names: &Definitions) -> Option<Steps> {
    let errors = reader.notes.errors();
    check(reader, node, text, names)?;
    if reader.notes.errors() > errors {
        return None;
    }
    let group = |name: &str| names.groups.get(name).map(|(_, group)| Arc::clone(group));
    let full = in_context(text, &names.context);
    match destination::steps(&full, &group) {
        Ok(steps) => {
            let place = reader.source.step_place(&node.span);
            Some(steps.iter().map(|step| Step { place: place.clone(), does: step.does.clone() }).collect())
        }
        Err(_) if !names.complete => None,
        Err(message) => {
            reader.error(&node.span, message);
            None
        }
    }
}

/// A text such as one under the keys of a menu: its kind and its names.
pub(super) fn check(reader: &mut Reader<'_>, node: &Node, text: &str, names: &Definitions) -> Option<()> {
    let (kind, name) = text.split_once(':').unwrap_or((text, ""));
    if !KINDS.contains(&kind) {
        let message =
            format!("{} is no destination, expected one such as \"group:balie\"", words::quote(text));
        reader.error_hint(&node.span, message, words::did_you_mean(kind, KINDS));
        return None;
    }
    match kind {
        "group" if names.groups.contains_key(name) => reader.uses(Named::Group, name),
        "group" => {
            named(reader, node, Definition::Group, name, &names.groups, names.complete);
            return None;
        }
        "ivr" => named(reader, node, Definition::Ivr, name, &names.ivrs, names.complete),
        "queue" => named(reader, node, Definition::Queue, name, &names.queues, names.complete),
        "ext" => reader.refer(ReferenceKind::Extension, name, &node.span),
        "trunk" => reader.refer(ReferenceKind::Trunk, name, &node.span),
        "play" => {
            let span = reader.inside(node, kind.len() + 1, name.len());
            step::named_prompt(reader, &span, name)?;
        }
        "say" => {
            let kind = name.split(':').next().unwrap_or_default();
            reader.refer(ReferenceKind::Saying, kind, &node.span);
        }
        "rule" if name.is_empty() || name.ends_with('/') => {
            let message = format!("{} is no destination: it names no rule", words::quote(text));
            reader.error_hint(
                &node.span,
                message,
                Some("write `rule:NAME` or `rule:CONTEXT/NAME`".to_string()),
            );
            return None;
        }
        "rule" => {
            let (context, rule) = name.split_once('/').unwrap_or((&names.context, name));
            known_rule(reader, node, context, rule, names);
        }
        "context" => known_context(reader, node, name.split('/').next().unwrap_or_default(), names),
        _ => {}
    }
    Some(())
}

pub(super) fn goto(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    names: &Definitions,
) -> Option<Does> {
    let text = reader.text(&entry.node, "goto", "rule:nacht")?;
    let number = table.get("number");
    let goto = match text.split_once(':') {
        Some(("rule", name)) if !name.is_empty() => {
            let (context, rule) = name.split_once('/').unwrap_or((&names.context, name));
            known_rule(reader, &entry.node, context, rule, names);
            if let Some(entry) = table.entry("number") {
                reader.error(&entry.key_span, "only a context decides by number: goto = \"context:NAME\"");
            }
            Goto::Rule { context: context.into(), name: rule.into() }
        }
        Some(("context", written))
            if written.split_once('/').is_some_and(|(context, _)| names.rules.contains_key(context)) =>
        {
            let (context, number) = written.split_once('/').unwrap_or_default();
            let message = format!("{} is no context: the number is written apart", words::quote(written));
            let hint = format!("write goto = \"context:{context}\", number = \"{number}\"");
            reader.error_hint(&entry.node.span, message, Some(hint).filter(|hint| hint.len() < 120));
            return None;
        }
        Some(("context", context)) if !context.is_empty() => {
            known_context(reader, &entry.node, context, names);
            let number = match number {
                Some(node) => Some(reader.template(node, "number", "${keuze}")?),
                None => None,
            };
            Goto::Context { context: context.into(), number }
        }
        _ => {
            let message = format!(
                "{} is nowhere to go, expected `rule:NAME`, `rule:CONTEXT/NAME` or `context:NAME`",
                words::quote(text)
            );
            let kind = text.split(':').next().unwrap_or_default();
            let hint = match kind {
                "group" | "ext" | "trunk" => Some(format!("write {{ dial = \"{text}\" }}")),
                _ => words::did_you_mean(kind, ["rule", "context"]),
            };
            reader.error_hint(&entry.node.span, message, hint.filter(|hint| hint.len() < 80));
            return None;
        }
    };
    Some(Does::Goto(Box::new(goto)))
}

fn known_context(reader: &mut Reader<'_>, node: &Node, context: &str, names: &Definitions) {
    if *context != *names.context {
        reader.uses(Named::Context, context);
    }
    if names.complete && !names.rules.contains_key(context) {
        let near = reader.near(context, names.rules.keys());
        reader.fault(&node.span, Fault::undefined(Definition::Context, context), near);
    }
}

fn known_rule(reader: &mut Reader<'_>, node: &Node, context: &str, rule: &str, names: &Definitions) {
    let Some(rules) = names.rules.get(context) else {
        return known_context(reader, node, context, names);
    };
    if *context != *names.context {
        reader.uses(Named::Context, context);
    }
    if names.complete && !rules.contains_key(rule) {
        let near = reader.near(rule, rules.keys());
        let fault = Fault::NoRule { context: words::quote(context), rule: words::quote(rule) };
        reader.fault(&node.span, fault, near);
    }
}

/// `rule:nacht` as it is written from elsewhere.
fn in_context(text: &str, context: &str) -> String {
    match text.strip_prefix("rule:") {
        Some(name) if !name.contains('/') => format!("rule:{context}/{name}"),
        _ => text.to_string(),
    }
}

const KINDS: [&str; 15] = [
    "group",
    "queue",
    "voicemail",
    "ivr",
    "ext",
    "trunk",
    "play",
    "say",
    "conference",
    "park",
    "rule",
    "context",
    "hangup",
    "echo",
    "repeat",
];
