//! One step of a rule: which it is, and everything but `dial`.

use crate::plan::ReferenceKind;
use crate::read::definitions::Definitions;
use crate::read::dial;
use crate::reader::Reader;
use crate::source::Place;
use crate::step::{Step, Steps};
use crate::template::Template;
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;
use std::collections::BTreeMap;

/// Reads a list of steps: `do`, or a branch `depth` levels down.
pub(crate) fn steps(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    depth: usize,
    names: &Definitions,
) -> Option<Steps> {
    let Kind::List(list) = &node.kind else {
        let message = format!(
            "`{key}` must be a list of steps such as [{{ dial = \"ext:201\" }}], not {}",
            node.described()
        );
        reader.error(&node.span, message);
        return None;
    };
    if depth > DEEPEST {
        reader.error(&node.span, format!("branches go at most {DEEPEST} deep"));
        return None;
    }
    if list.is_empty() || list.len() > MOST_STEPS {
        reader.error(&node.span, format!("`{key}` needs at least one step and at most {MOST_STEPS}"));
        return None;
    }
    let mut steps: Vec<Step> = Vec::with_capacity(list.len());
    let mut ended = false;
    for node in list {
        if std::mem::take(&mut ended) {
            reader.warn(&node.span, "this step is never reached: the call has ended before", None);
        }
        if let Some(step) = step(reader, node, depth, names) {
            ended = matches!(step, Step::Reject { .. } | Step::Hangup { .. });
            steps.push(step);
        }
    }
    Some(steps.into())
}

fn step(reader: &mut Reader<'_>, node: &Node, depth: usize, names: &Definitions) -> Option<Step> {
    let table = reader.table(node, "a step")?;
    let mut verbs = table.entries.iter().filter(|entry| verb(&entry.key).is_some());
    let Some(entry) = verbs.next() else {
        no_verb(reader, node, table);
        return None;
    };
    if let Some(second) = verbs.next() {
        let message = format!("two steps in one: `{}` and `{}`", entry.key, second.key);
        let hint = format!("write {{ {} = ... }}, {{ {} = ... }}", entry.key, second.key);
        reader.error_hint(&second.key_span, message, Some(hint));
        return None;
    }
    let verb = verb(&entry.key)?;
    if verb != "dial" {
        reader.only(table, &[verb], &format!("step `{verb}`"));
    }
    match verb {
        "dial" => dial::read(reader, table, entry, depth, names).map(|dial| Step::Dial(Box::new(dial))),
        "play" => prompt(reader, &entry.node, "play").map(|prompt| Step::Play { prompt }),
        "echo" => yes(reader, entry).then_some(Step::Echo),
        "reject" => reject(reader, &entry.node).map(|status| Step::Reject { status }),
        "hangup" => hangup(reader, &entry.node).map(|cause| Step::Hangup { cause }),
        later => Some(Step::NotBuilt { step: later, argument: not_built(reader, entry, later, names) }),
    }
}

fn no_verb(reader: &mut Reader<'_>, node: &Node, table: &Table) {
    let unknown = table.entries.iter().find(|entry| !dial::OPTIONS.contains(&entry.key.as_str()));
    let Some(entry) = unknown else {
        let message = format!("a step without a word for what to do, expected {}", words::one_of(VERBS));
        return reader.error(&node.span, message);
    };
    let message = format!("unknown step {}, expected {}", words::quote(&entry.key), words::one_of(VERBS));
    reader.error_hint(&entry.key_span, message, words::did_you_mean(&entry.key, VERBS));
}

/// The name of a prompt: a path below the sounds folder without its ending, never one that leads out of it.
pub(crate) fn prompt(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    let name = reader.text(node, key, "welkom")?;
    let clean = |part: &str| {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(valid)
    };
    // A tone that the PBX makes itself.
    let path = name.strip_prefix("tone:").unwrap_or(name);
    if name.len() > 128 || !path.split('/').all(clean) {
        let message = format!("{} is no prompt, expected a name such as \"welkom\"", words::quote(name));
        reader.error_hint(
            &node.span,
            message,
            Some("letters, digits, `-`, `_` and `.`, folders with `/`".to_string()),
        );
        return None;
    }
    reader.refer(ReferenceKind::Prompt, name, &node.span);
    reader.notes.prompts.insert(name.to_string());
    Some(name.to_string())
}

fn yes(reader: &mut Reader<'_>, entry: &Entry) -> bool {
    let yes = matches!(entry.node.kind, Kind::Boolean(true));
    if !yes {
        reader.error(&entry.node.span, format!("expected `{} = true`", entry.key));
    }
    yes
}

fn reject(reader: &mut Reader<'_>, node: &Node) -> Option<u16> {
    let words_known = REASONS.map(|(word, _)| word);
    let (status, hint) = match &node.kind {
        Kind::Integer(status @ 400..=699) => (u16::try_from(*status).ok(), None),
        Kind::Text(text) => {
            let reason = REASONS.iter().find(|(word, _)| word == text);
            (reason.map(|(_, status)| *status), words::did_you_mean(text, words_known))
        }
        _ => (None, None),
    };
    if status.is_none() {
        let message =
            format!("`reject` takes a SIP status from 400 to 699, or {}", words::one_of(words_known));
        reader.error_hint(&node.span, message, hint);
    }
    status
}

fn hangup(reader: &mut Reader<'_>, node: &Node) -> Option<Option<u16>> {
    match node.kind {
        Kind::Boolean(true) => return Some(None),
        Kind::Integer(cause @ 1..=127) => return Some(u16::try_from(cause).ok()),
        _ => reader.error(&node.span, "`hangup` takes true, or a Q.850 cause from 1 to 127"),
    }
    None
}

/// Light checks of a step that this version only knows by name; its argument, for explanations.
fn not_built(
    reader: &mut Reader<'_>,
    entry: &Entry,
    verb: &'static str,
    names: &Definitions,
) -> Option<Template> {
    if reader.notes.not_built.insert(verb) {
        let message = format!("step `{verb}` is not built yet: this version cannot carry it out");
        reader.warn(&entry.key_span, message, None);
    }
    match &entry.node.kind {
        Kind::Text(text) => {
            match verb {
                "ivr" => named(reader, &entry.node, "ivr", text, &names.ivrs, names.complete),
                "queue" => named(reader, &entry.node, "queue", text, &names.queues, names.complete),
                _ => {}
            }
            reader.template_at(&entry.node, 0, text)
        }
        Kind::Boolean(true) | Kind::Integer(_) | Kind::Table(_) | Kind::List(_) => None,
        Kind::Boolean(false) | Kind::Other(_) => {
            reader
                .error(&entry.node.span, format!("`{verb}` takes a text, a number, true, a list or a table"));
            None
        }
    }
}

/// A destination written as `KIND:NAME`, as under the keys of an IVR.
pub(crate) fn destination(reader: &mut Reader<'_>, node: &Node, text: &str, names: &Definitions) {
    let (kind, name) = text.split_once(':').unwrap_or((text, ""));
    let bare = matches!(kind, "hangup" | "repeat");
    if !DESTINATIONS.contains(&kind) || bare != name.is_empty() {
        let message =
            format!("{} is no destination, expected one such as \"group:balie\"", words::quote(text));
        return reader.error_hint(&node.span, message, words::did_you_mean(kind, DESTINATIONS));
    }
    match kind {
        "group" => named(reader, node, "group", name, &names.groups, names.complete),
        "ivr" => named(reader, node, "ivr", name, &names.ivrs, names.complete),
        "queue" => named(reader, node, "queue", name, &names.queues, names.complete),
        "ext" => reader.refer(ReferenceKind::Extension, name, &node.span),
        "trunk" => reader.refer(ReferenceKind::Trunk, name, &node.span),
        _ => {}
    }
}

/// Complains when nothing of that name is defined.
pub(crate) fn named<T>(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    name: &str,
    defined: &BTreeMap<String, (Place, T)>,
    complete: bool,
) {
    if complete && !defined.contains_key(name) {
        let message = format!("unknown {what} {}, expected the name of a [{what}.*]", words::quote(name));
        let hint = reader.hint(name, defined.keys());
        reader.error_hint(&node.span, message, hint);
    }
}

pub(crate) fn verb(key: &str) -> Option<&'static str> {
    VERBS.into_iter().find(|verb| *verb == key)
}

const VERBS: [&str; 17] = [
    "dial",
    "play",
    "echo",
    "reject",
    "hangup",
    "voicemail",
    "ivr",
    "queue",
    "notify",
    "conference",
    "park",
    "webhook",
    "collect",
    "record",
    "say",
    "page",
    "goto",
];
const REASONS: [(&str, u16); 4] = [("busy", 486), ("decline", 603), ("not_found", 404), ("unavailable", 480)];
const DESTINATIONS: [&str; 10] =
    ["group", "queue", "voicemail", "ivr", "ext", "trunk", "play", "conference", "hangup", "repeat"];
const DEEPEST: usize = 8;
const MOST_STEPS: usize = 100;
