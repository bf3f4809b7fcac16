//! The steps that only decide or tell: `choose`, `if`, `set`, `say`, `webhook` and `override`.

use super::definitions::Definitions;
use super::{condition, destination, step};
use crate::fault::Definition;
use crate::matcher::Matcher;
use crate::overrides::OverrideTo;
use crate::plan::ReferenceKind;
use crate::reader::Reader;
use crate::say::SayKind;
use crate::step::{ChooseStep, Does, IfStep, Steps, WebhookStep};
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;

pub(super) fn say(reader: &mut Reader<'_>, node: &Node) -> Option<Does> {
    let text = reader.text(node, "say", "digits:${from}")?;
    let (word, argument) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
    let Some(kind) = SayKind::ALL.into_iter().find(|kind| kind.word() == word) else {
        return cannot_be_said(reader, node, text, word);
    };
    let is_now = matches!(kind, SayKind::Date | SayKind::Time);
    let said = match argument {
        None if is_now => None,
        None => return cannot_be_said(reader, node, text, word),
        Some("") => {
            let message = format!("nothing is said: {} ends with its `:`", words::quote(text));
            reader.error(&node.span, message);
            return None;
        }
        Some(argument) => Some(reader.template_at(node, word.len() + 1, argument)?),
    };
    reader.refer(ReferenceKind::Saying, kind.word(), &node.span);
    Some(Does::Say { kind, text: said })
}

fn cannot_be_said(reader: &mut Reader<'_>, node: &Node, text: &str, word: &str) -> Option<Does> {
    let message = format!(
        "{} cannot be said, expected `number:42`, `digits:201`, `spell:AB`, `date`, `date:2026-12-25`, `time` or `time:14:30`",
        words::quote(text)
    );
    let hint = words::did_you_mean(word, ["number", "digits", "spell", "date", "time"])
        .filter(|_| !SayKind::ALL.into_iter().any(|kind| kind.word() == word));
    reader.error_hint(&node.span, message, hint);
    None
}

pub(super) fn choose(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    depth: usize,
    names: &Definitions,
) -> Option<Does> {
    let text = reader.template(&entry.node, "choose", "${keuze}")?;
    let Some(node) = table.get("cases") else {
        reader.error(&entry.key_span, "`choose` needs `cases`, such as cases = { 1 = \"group:balie\" }");
        return None;
    };
    let list = reader.table(node, "`cases`")?;
    if list.entries.is_empty() || list.entries.len() > MOST_CASES {
        reader.error(&node.span, format!("`cases` needs at least one and at most {MOST_CASES}"));
    }
    let mut cases = Vec::new();
    for case in list.entries.iter().take(MOST_CASES) {
        let key = Node { span: case.key_span.clone(), kind: Kind::Text(case.key.clone()) };
        let term = condition::term(reader, &case.key, &key, names);
        let steps = branch(reader, &case.node, &case.key, depth, names);
        if let (Some(term), Some(steps)) = (term, steps) {
            cases.push((Matcher::new(vec![term]), steps));
        }
    }
    let otherwise = table.get("else").and_then(|node| branch(reader, node, "else", depth, names));
    Some(Does::Choose(Box::new(ChooseStep { text, cases, otherwise })))
}

pub(super) fn condition(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    depth: usize,
    names: &Definitions,
) -> Option<Does> {
    let asked = reader.table(&entry.node, "`if`")?;
    reader.only(asked, &["when", "from", "value", "match"], "`if`");
    let condition = condition::read(reader, asked, names);
    let value = match (asked.get("value"), asked.get("match")) {
        (Some(value), Some(matched)) => {
            let value = reader.template(value, "value", "${klant}");
            let matcher = condition::matcher(reader, matched, "match", names);
            value.map(|value| (value, matcher))
        }
        (None, None) => None,
        _ => {
            reader.error(
                &entry.node.span,
                "`value` and `match` stand together: value = \"${klant}\", match = \"_1X\"",
            );
            None
        }
    };
    if ["when", "from", "value", "match"].iter().all(|key| asked.get(key).is_none()) {
        reader.error(&entry.node.span, "`if` asks nothing, expected `when`, `from`, or `value` and `match`");
    }
    let Some(node) = table.get("then") else {
        reader.error(&entry.key_span, "`if` needs `then`, such as then = [{ play = \"welkom\" }]");
        return None;
    };
    let then = branch(reader, node, "then", depth, names)?;
    let otherwise = table.get("else").and_then(|node| branch(reader, node, "else", depth, names));
    Some(Does::If(Box::new(IfStep { condition: condition.unwrap_or_default(), value, then, otherwise })))
}

pub(super) fn set(reader: &mut Reader<'_>, entry: &Entry) -> Option<Does> {
    let table = reader.table(&entry.node, "`set`")?;
    let mut values = Vec::new();
    for entry in &table.entries {
        if !super::variables::valid_name(reader, &entry.key, &entry.key_span) {
            continue;
        }
        if reader.notes.variables.get(&entry.key).is_some_and(Option::is_some) {
            let message = format!("variable `{}` never changes: it is of `[variables]`", entry.key);
            reader.error(&entry.key_span, message);
        }
        if let Some(value) = reader.template(&entry.node, &entry.key, "${from}") {
            values.push((entry.key.as_str().into(), value));
        }
    }
    if values.is_empty() {
        if !table.entries.is_empty() {
            return None;
        }
        reader
            .error(&entry.node.span, "`set` needs a name and a text, such as set = { klant = \"${from}\" }");
        return None;
    }
    Some(Does::Set { values })
}

pub(super) fn webhook(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    depth: usize,
    names: &Definitions,
) -> Option<Does> {
    let name = reader.text(&entry.node, "webhook", "crm")?;
    let on_failure =
        table.get("on_failure").and_then(|node| branch(reader, node, "on_failure", depth, names));
    let Some((_, webhook)) = names.webhooks.get(name) else {
        step::named(reader, &entry.node, Definition::Webhook, name, &names.webhooks, names.complete);
        return None;
    };
    let webhook = webhook.clone()?;
    Some(Does::Webhook(Box::new(WebhookStep {
        name: name.into(),
        url: webhook.url,
        timeout: webhook.timeout,
        secret_file: webhook.secret_file,
        variables: webhook.variables,
        secrets: webhook.secrets,
        on_failure,
    })))
}

pub(super) fn hours(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    names: &Definitions,
) -> Option<Does> {
    let hours = reader.text(&entry.node, "override", "kantoor")?;
    step::named(reader, &entry.node, Definition::Hours, hours, &names.hours, names.complete);
    let to = match table.get("to") {
        None => OverrideTo::Toggle,
        Some(node) => {
            let text = reader.text(node, "to", "toggle")?;
            let Ok(to) = text.parse() else {
                let known = OverrideTo::WORDS;
                let message =
                    format!("hours are set to {}, not to {}", words::one_of(known), words::quote(text));
                reader.error_hint(&node.span, message, words::did_you_mean(text, known));
                return None;
            };
            to
        }
    };
    Some(Does::Override { hours: hours.into(), to })
}

/// Steps, or the destination that they lead to.
fn branch(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    depth: usize,
    names: &Definitions,
) -> Option<Steps> {
    match &node.kind {
        Kind::Text(text) => destination::steps(reader, node, text, names),
        _ => step::steps(reader, node, key, depth + 1, names),
    }
}

const MOST_CASES: usize = 100;
