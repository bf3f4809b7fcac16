//! One step of a rule: which it is, and everything but `dial`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::definitions::Definitions;
use super::{branches, collect, destination, dial};
use crate::fault::{Definition, Fault};
use crate::live::NotLive;
use crate::plan::ReferenceKind;
use crate::reader::Reader;
use crate::source::Place;
use crate::step::{Does, Step, Steps};
use crate::template::Template;
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;

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
    let (mut ended, mut dialled) = (false, false);
    for node in list {
        if std::mem::take(&mut ended) {
            reader.warn(&node.span, "this step is never reached: the call has ended before", None);
        }
        if let Some(step) = step(reader, node, depth, names) {
            ended = matches!(step.does, Does::Reject { .. } | Does::Hangup { .. } | Does::Goto(_));
            if dialled && !names.is_emergency && matches!(step.does, Does::Notify { .. }) {
                late_notice(reader, node);
            }
            dialled |= matches!(step.does, Does::Dial(_));
            steps.push(step);
        }
    }
    Some(steps.into())
}

/// An answer ends the steps.
fn late_notice(reader: &mut Reader<'_>, node: &Node) {
    let Kind::Table(table) = &node.kind else { return };
    let span = table.entry("notify").map_or(&node.span, |entry| &entry.key_span);
    let hint = "to tell of every call put it before the `dial`".to_string();
    reader.warn(span, "this `notify` is reached only if nobody answers", Some(hint));
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
    let known: Vec<&str> = std::iter::once(verb).chain(options(verb).iter().copied()).collect();
    reader.only(table, &known, &format!("step `{verb}`"));
    let does = match verb {
        "dial" => Does::Dial(Box::new(dial::read(reader, table, entry, depth, names)?)),
        "play" => Does::Play { prompt: prompt(reader, &entry.node, "play")? },
        "say" => branches::say(reader, &entry.node)?,
        "collect" => Does::Collect(Box::new(collect::read(reader, table, entry, depth, names)?)),
        "choose" => branches::choose(reader, table, entry, depth, names)?,
        "if" => branches::condition(reader, table, entry, depth, names)?,
        "set" => branches::set(reader, entry)?,
        "goto" => destination::goto(reader, table, entry, names)?,
        "webhook" => branches::webhook(reader, table, entry, depth, names)?,
        "override" => branches::hours(reader, table, entry, names)?,
        "notify" => Does::Notify { whom: reader.template(&entry.node, "notify", "bhv")? },
        "echo" => yes(reader, entry).then_some(Does::Echo)?,
        "reject" => Does::Reject { status: reject(reader, &entry.node)? },
        "hangup" => Does::Hangup { cause: hangup(reader, &entry.node)? },
        later => Does::NotBuilt { step: later, argument: not_built(reader, entry, later, names) },
    };
    Some(Step { place: reader.source.step_place(&node.span), does })
}

/// What may stand beside the word of a step.
fn options(verb: &str) -> &'static [&'static str] {
    match verb {
        "dial" => &dial::OPTIONS,
        "collect" => &collect::OPTIONS,
        "choose" => &["cases", "else"],
        "if" => &["then", "else"],
        "goto" => &["number"],
        "webhook" => &["on_failure"],
        "override" => &["to"],
        _ => &[],
    }
}

fn no_verb(reader: &mut Reader<'_>, node: &Node, table: &Table) {
    let is_option = |key: &str| VERBS.iter().any(|verb| options(verb).contains(&key));
    let unknown = table.entries.iter().find(|entry| !is_option(&entry.key));
    let Some(entry) = unknown else {
        let message = format!("a step without a word for what to do, expected {}", words::one_of(VERBS));
        return reader.error(&node.span, message);
    };
    let known = VERBS.map(str::to_owned).to_vec();
    let fault = Fault::UnknownStep { word: words::quote(&entry.key), known };
    reader.fault(&entry.key_span, fault, words::nearest(&entry.key, VERBS));
}

/// The name of a prompt: a path below the sounds folder without its ending, never one that leads out of it.
pub(crate) fn prompt(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    let name = reader.text(node, key, "welkom")?;
    named_prompt(reader, &node.span, name).map(|()| name.to_string())
}

/// Every name of a prompt in a plan passes here.
pub(super) fn named_prompt(reader: &mut Reader<'_>, span: &Range<usize>, name: &str) -> Option<()> {
    if !is_prompt(name) {
        let message = format!("{} is no prompt, expected a name such as \"welkom\"", words::quote(name));
        let hint = "letters, digits, `-`, `_` and `.`, folders with `/`".to_string();
        reader.error_hint(span, message, Some(hint));
        return None;
    }
    reader.refer(ReferenceKind::Prompt, name, span);
    reader.notes.prompts.insert(name.to_string());
    Some(())
}

pub(crate) fn is_prompt(name: &str) -> bool {
    let clean = |part: &str| {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(valid)
    };
    // A tone that the PBX makes itself.
    let path = name.strip_prefix("tone:").unwrap_or(name);
    name.len() <= 128 && path.split('/').all(clean)
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
    if let Some(what) = NotLive::step(verb)
        && reader.not_live(what, &entry.key_span)
    {
        reader.warn(&entry.key_span, what.to_string(), None);
    }
    match &entry.node.kind {
        Kind::Text(text) => {
            match verb {
                "ivr" => named(reader, &entry.node, Definition::Ivr, text, &names.ivrs, names.complete),
                "queue" => named(reader, &entry.node, Definition::Queue, text, &names.queues, names.complete),
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

/// Complains when nothing of that name is defined.
pub(crate) fn named<T>(
    reader: &mut Reader<'_>,
    node: &Node,
    kind: Definition,
    name: &str,
    defined: &BTreeMap<String, (Place, T)>,
    complete: bool,
) {
    if complete && !defined.contains_key(name) {
        let near = reader.near(name, defined.keys());
        reader.fault(&node.span, Fault::undefined(kind, name), near);
    }
}

pub(crate) fn verb(key: &str) -> Option<&'static str> {
    VERBS.into_iter().find(|verb| *verb == key)
}

pub(crate) const VERBS: [&str; 25] = [
    "dial",
    "play",
    "say",
    "collect",
    "choose",
    "if",
    "set",
    "goto",
    "webhook",
    "override",
    "notify",
    "echo",
    "reject",
    "hangup",
    "voicemail",
    "ivr",
    "queue",
    "conference",
    "park",
    "pickup",
    "page",
    "record",
    "forward",
    "dnd",
    "intercom",
];
const REASONS: [(&str, u16); 4] = [("busy", 486), ("decline", 603), ("not_found", 404), ("unavailable", 480)];
pub(super) const DEEPEST: usize = 8;
const MOST_STEPS: usize = 100;
