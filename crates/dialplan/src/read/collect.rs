//! The step `collect`: which digits are asked for.

use std::time::Duration;

use super::definitions::Definitions;
use super::{condition, step};
use crate::reader::Reader;
use crate::step::{CollectStep, Steps};
use crate::template::{FACTS, is_name};
use crate::tree::{Entry, Node, Table};
use crate::words;

pub(super) const OPTIONS: [&str; 12] = [
    "prompt",
    "digits",
    "min",
    "max",
    "timeout",
    "pause",
    "end",
    "match",
    "retries",
    "secret",
    "on_timeout",
    "on_invalid",
];

pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    depth: usize,
    names: &Definitions,
) -> Option<CollectStep> {
    let variable = reader.text(&entry.node, "collect", "keuze")?;
    if !is_name(variable) || FACTS.contains(&variable) {
        let message = format!(
            "{} is no name for what is pressed, expected small letters such as \"keuze\"",
            words::quote(variable)
        );
        reader.error(&entry.node.span, message);
        return None;
    }
    if reader.notes.variables.get(variable).is_some_and(Option::is_some) {
        reader
            .error(&entry.node.span, format!("variable `{variable}` never changes: it is of `[variables]`"));
    }
    let (min, max) = digits(reader, table);
    let time = |reader: &mut Reader<'_>, key: &str, usual: u64| {
        let time = table.get(key).and_then(|node| reader.time(node, key));
        time.unwrap_or_else(|| Duration::from_secs(usual))
    };
    let timeout = time(reader, "timeout", 5);
    let pause = time(reader, "pause", 3);
    let end = match table.get("end") {
        Some(node) => end(reader, node),
        None => Some('#'),
    };
    let prompt = table.get("prompt").and_then(|node| step::prompt(reader, node, "prompt"));
    let valid = table.get("match").map(|node| condition::matcher(reader, node, "match", names));
    let retries = table.get("retries").and_then(|node| reader.integer(node, "retries", 0..=10));
    let is_secret = table.get("secret").and_then(|node| reader.boolean(node, "secret"));
    reader.notes.asks_secrets |= is_secret == Some(true);
    if is_secret == Some(true) && valid.is_some() && table.get("on_invalid").is_none() {
        let span = table.entry("match").map_or(&entry.key_span, |entry| &entry.key_span);
        let message =
            "who does not know this secret would go on with the next step: `match` needs `on_invalid`";
        let hint = "write on_invalid = [{ hangup = true }]".to_string();
        reader.error_hint(span, message, Some(hint));
    }
    if let (Some(valid), Some(node)) = (&valid, table.get("match"))
        && valid.excludes_lengths(min.into(), max.into())
    {
        let digits = if min == max { format!("{min}") } else { format!("{min} to {max}") };
        let message =
            format!("no answer can fit: it has {digits} digits, and `match` asks for another number of them");
        reader.warn(&node.span, message, None);
    }
    let mut branch = |key: &str| -> Option<Steps> {
        table.get(key).and_then(|node| step::steps(reader, node, key, depth + 1, names))
    };
    Some(CollectStep {
        on_timeout: branch("on_timeout"),
        on_invalid: branch("on_invalid"),
        variable: variable.into(),
        prompt,
        min,
        max,
        timeout,
        pause,
        end,
        valid: valid.unwrap_or_default(),
        retries: retries.unwrap_or(2),
        is_secret: is_secret.unwrap_or(false),
    })
}

/// At least and at most so many: one key where nothing is written.
fn digits(reader: &mut Reader<'_>, table: &Table) -> (u8, u8) {
    let mut number = |key: &str| table.get(key).and_then(|node| reader.integer::<u8>(node, key, 1..=MOST));
    let (exactly, min, max) = (number("digits"), number("min"), number("max"));
    if let (Some(_), Some(entry)) = (exactly, table.entry("min").or_else(|| table.entry("max"))) {
        reader.error(&entry.key_span, "`digits` says how many: it stands without `min` and `max`");
    }
    match (exactly, min, max) {
        (Some(exactly), ..) => (exactly, exactly),
        (None, None, None) => (1, 1),
        (None, min, max) => {
            let (min, max) = (min.unwrap_or(1), max.unwrap_or(LONGEST));
            if let Some(node) = table.get("max").filter(|_| max < min) {
                reader.error(&node.span, "`max` is less than `min`");
            }
            (min, max.max(min))
        }
    }
}

/// The key that ends the answer; none where it is "".
fn end(reader: &mut Reader<'_>, node: &Node) -> Option<char> {
    let text = reader.text(node, "end", "#")?;
    if !matches!(text, "" | "#" | "*") {
        reader.error(&node.span, "`end` must be \"#\", \"*\" or \"\" for none");
    }
    text.chars().next()
}

/// Digits of one answer.
const LONGEST: u8 = 32;
const MOST: i64 = LONGEST as i64;
