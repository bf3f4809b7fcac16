//! `[hours.*]` and `[closure.*]`, and the days and times that a `when` writes out.

use std::sync::Arc;

use super::definitions::{self, Definitions};
use crate::calendar::{self, Days};
use crate::fault::{Definition, Fault};
use crate::hours::{Closed, Hours, Opening};
use crate::reader::{Named, Reader};
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;

/// Before all else, of all files: hours name closures of any file.
pub(super) fn read_closures(reader: &mut Reader<'_>, root: &Table, names: &mut Definitions) {
    let Some(node) = root.get("closure") else { return };
    let Some(table) = reader.table(node, "`closure`") else { return };
    for entry in &table.entries {
        let days = closure(reader, entry);
        valid_name(reader, entry);
        if entry.key.starts_with(|c: char| c.is_ascii_digit()) || entry.key.contains(':') {
            let message = format!("{} is no name: it would be read as a date", words::quote(&entry.key));
            reader.error(&entry.key_span, message);
        } else if let Some((place, _)) = names.closures.get(&entry.key) {
            let message = format!("closure {} is already defined at {place}", words::quote(&entry.key));
            reader.error(&entry.key_span, message);
        } else {
            names.closures.insert(entry.key.clone(), (reader.source.place(&entry.key_span), days));
            definitions::to_be_named(reader, Named::Closure, entry, names);
        }
    }
}

fn closure(reader: &mut Reader<'_>, entry: &Entry) -> Arc<[Days]> {
    let nothing = || Arc::from([]);
    let Some(table) = reader.table(&entry.node, "a closure") else { return nothing() };
    reader.only(table, &["dates"], "a closure");
    let Some(node) = table.get("dates") else {
        reader
            .error(&entry.node.span, "a closure needs `dates`, such as dates = [\"2026-12-24..2027-01-02\"]");
        return nothing();
    };
    let texts = days(reader, node, "dates", "2026-12-24..2027-01-02");
    let days = texts.into_iter().filter_map(|(text, node)| match text.strip_prefix("holidays:") {
        Some(name) => holidays(reader, node, name),
        None => Days::parse_dates(text)
            .map_err(|reason| reader.error(&node.span, format!("{} {reason}", words::quote(text))))
            .ok(),
    });
    days.collect()
}

/// Complains about a name that no `when` could mean.
pub(super) fn valid_name(reader: &mut Reader<'_>, entry: &Entry) {
    let name = &entry.key;
    if name.is_empty() || name.starts_with('!') || name.trim() != name {
        let message = format!(
            "{} is no name of hours: it is empty, or begins with `!`, which means not, or with a space",
            words::quote(name)
        );
        let hint = format!("write `[hours.{}]`", name.trim_start_matches(['!', ' ']).trim());
        reader.error_hint(&entry.key_span, message, Some(hint).filter(|hint| (17..80).contains(&hint.len())));
    }
}

/// The entry of an `[hours.*]`.
pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry, names: &Definitions) -> Hours {
    let mut hours = Hours::default();
    if let Some((place, _)) = names.closures.get(&entry.key) {
        let message = format!("{} is already the name of the closure at {place}", words::quote(&entry.key));
        reader.error(&entry.key_span, message);
    }
    let Some(table) = reader.table(&entry.node, "hours") else { return hours };
    reader.only(table, &["open", "closed"], "hours");
    match table.get("open") {
        None => reader.error(&entry.node.span, "hours need `open`, such as open = [\"ma-vr 08:30-17:30\"]"),
        Some(node) => {
            for (text, node) in days(reader, node, "open", "ma-vr 08:30-17:30") {
                hours.open.extend(opening(reader, node, text));
            }
        }
    }
    let closed =
        table.get("closed").filter(|node| !matches!(&node.kind, Kind::List(list) if list.is_empty()));
    for (text, node) in closed.map(|node| days(reader, node, "closed", "2026-12-25")).unwrap_or_default() {
        if let Some(days) = closed_days(reader, node, text, names) {
            hours.closed.push(Closed { text: text.to_string(), days });
        }
    }
    if let Some(node) = closed
        && hours.closed.iter().map(|closed| closed.days.count()).sum::<usize>() > MOST_CLOSED
    {
        let message = format!("`closed` has at most {MOST_CLOSED} entries, with those of its closures");
        reader.error(&node.span, message);
    }
    hours
}

/// What a `when` names or writes out: hours or a closure by name, `holidays:nl`, or an opening such as `za 10:00-12:00`.
/// `text` is the entry and `name` the part of it without `!`.
pub(super) fn of_when(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    name: &str,
    names: &Definitions,
) -> Option<Arc<Hours>> {
    if let Some((_, hours)) = names.hours.get(name) {
        return Some(Arc::clone(hours));
    }
    let whole = |days| Hours::only(Opening::whole(name, days));
    let hours = if let Some((_, days)) = names.closures.get(name) {
        reader.uses(Named::Closure, name);
        whole(Days::Closure(Arc::clone(days)))
    } else if let Some(country) = name.strip_prefix("holidays:") {
        whole(holidays(reader, node, country)?)
    } else if name.contains(':') || Days::looks_like_dates(name) {
        match Opening::parse(name) {
            Ok(opening) => Hours::only(opening),
            Err(reason) => {
                let hint = like_holidays(name);
                reader.error_hint(&node.span, format!("{}: {reason}", words::quote(text)), hint);
                return None;
            }
        }
    } else if Opening::is_days(name) {
        let message = format!("{} names days, and here the name of hours belongs", words::quote(text));
        let hint = format!("for all of these days write `{} 00:00-24:00`", text);
        reader.error_hint(&node.span, message, Some(hint).filter(|hint| hint.len() < 80));
        return None;
    } else {
        if names.complete {
            let near = reader.near(name, names.hours.keys().chain(names.closures.keys()));
            reader.fault(&node.span, Fault::undefined(Definition::Span, name), near);
        }
        return None;
    };
    Some(Arc::new(hours))
}

fn opening(reader: &mut Reader<'_>, node: &Node, text: &str) -> Option<Opening> {
    let opening = Opening::parse(text);
    opening.map_err(|reason| reader.error(&node.span, format!("{}: {reason}", words::quote(text)))).ok()
}

fn closed_days(reader: &mut Reader<'_>, node: &Node, text: &str, names: &Definitions) -> Option<Days> {
    if let Some(country) = text.strip_prefix("holidays:") {
        return holidays(reader, node, country);
    }
    if let Some((_, days)) = names.closures.get(text) {
        reader.uses(Named::Closure, text);
        return Some(Days::Closure(Arc::clone(days)));
    }
    if Days::looks_like_dates(text) {
        let hint = text
            .split_once(' ')
            .filter(|(date, times)| Days::parse_dates(date).is_ok() && times.contains(':'));
        let hint = hint.map(|_| {
            "closed days are whole days: write the hours of that day in `open`, such as \"2026-12-24 08:30-12:00\""
                .to_string()
        });
        let days = Days::parse_dates(text);
        return days
            .map_err(|reason| {
                reader.error_hint(&node.span, format!("{} {reason}", words::quote(text)), hint);
            })
            .ok();
    }
    if names.complete {
        let message = format!(
            "unknown closure {}, expected a date, `holidays:nl` or the name of a [closure.*]",
            words::quote(text)
        );
        let hint = like_holidays(text).or_else(|| reader.hint(text, names.closures.keys()));
        reader.error_hint(&node.span, message, hint);
    }
    None
}

/// Holidays under another word, such as `feestdagen:nl`.
fn like_holidays(text: &str) -> Option<String> {
    let (word, country) = text.split_once(':')?;
    words::nearest(word, ["holidays", "feestdagen", "feestdag"])?;
    calendar::parse_holidays(country).ok().map(|_| format!("did you mean `holidays:{country}`?"))
}

fn holidays(reader: &mut Reader<'_>, node: &Node, name: &str) -> Option<Days> {
    match calendar::parse_holidays(name) {
        Ok(days) => Some(days),
        Err((message, hint)) => {
            let span = reader.inside(node, "holidays:".len(), name.len());
            reader.error_hint(&span, message, hint);
            None
        }
    }
}

/// The texts of a list that a call may have to go through.
fn days<'n>(reader: &mut Reader<'_>, node: &'n Node, key: &str, example: &str) -> Vec<(&'n str, &'n Node)> {
    let mut texts = reader.texts(node, key, example);
    if texts.len() > MOST_DAYS {
        reader.error(&node.span, format!("`{key}` has at most {MOST_DAYS} entries"));
        texts.clear();
    }
    texts
}

const MOST_DAYS: usize = 366;
/// With those of closures, which are named again and again.
const MOST_CLOSED: usize = 1_000;
