//! `when` and `from`: at which hours, and for whom.

use std::sync::Arc;

use super::definitions::Definitions;
use super::hours;
use crate::condition::{Condition, When};
use crate::fault::{Definition, Fault};
use crate::matcher::{ANONYMOUS, Matcher, Term};
use crate::reader::{Named, Reader};
use crate::tree::{Node, Table};
use crate::words;

/// The condition of a rule, an include or an `if`; None where nothing is asked.
pub(super) fn read(reader: &mut Reader<'_>, table: &Table, names: &Definitions) -> Option<Condition> {
    let condition = Condition {
        when: table.get("when").map(|node| when(reader, node, names)).unwrap_or_default(),
        from: table.get("from").map(|node| matcher(reader, node, "from", names)).unwrap_or_default(),
    };
    (!condition.is_always()).then_some(condition)
}

/// Hours or a closure by name (`kantoor`), their opposite (`!kantoor`), or days and times written out
/// (`za 10:00-12:00`, `holidays:nl`).
fn when(reader: &mut Reader<'_>, node: &Node, names: &Definitions) -> Vec<When> {
    let mut list = Vec::new();
    let texts = reader.texts(node, "when", "kantoor");
    if texts.len() > MOST_WHEN {
        reader.error(&node.span, format!("`when` has at most {MOST_WHEN} entries"));
        return list;
    }
    for (text, node) in texts {
        let name = text.strip_prefix('!').unwrap_or(text).trim_start();
        if name.starts_with('!') {
            let message = format!("{} has more than one `!`, which means not", words::quote(text));
            let plain = name.trim_start_matches(['!', ' ']);
            let hint = format!("write `{plain}` or `!{plain}`");
            reader.error_hint(&node.span, message, Some(hint).filter(|hint| hint.len() < 80));
            continue;
        }
        if let Some(hours) = hours::of_when(reader, node, text, name, names) {
            reader.notes.spans.insert(name.into(), Arc::clone(&hours));
            list.push(When::new(text, hours));
        }
    }
    list
}

/// Numbers by pattern or set, some of them with `!`.
pub(super) fn matcher(reader: &mut Reader<'_>, node: &Node, key: &str, names: &Definitions) -> Matcher {
    let texts = reader.texts(node, key, "_2XX");
    let mut terms = Vec::new();
    for (text, node) in texts {
        let Some(term) = term(reader, text, node, names) else { continue };
        if key == "from" {
            no_caller(reader, node, &term);
        }
        terms.push(term);
    }
    Matcher::new(terms)
}

/// A caller has a number, or hides it.
fn no_caller(reader: &mut Reader<'_>, node: &Node, term: &Term) {
    let Some(text) = term.pattern().and_then(|pattern| pattern.plain()) else { return };
    // One without its underscore has its warning already.
    let is_number =
        text.contains(|c: char| c.is_ascii_digit()) || term.pattern().is_some_and(|p| p.doubt().is_some());
    let hint = words::did_you_mean(text, [ANONYMOUS]);
    if hint.is_some() || !is_number {
        let message = format!("{} has no digit: no caller's number is like this", words::quote(text));
        let hint = hint.or_else(|| Some("callers who hide their number are `anonymous`".to_string()));
        reader.warn(&node.span, message, hint);
    }
}

/// One of them.
pub(super) fn term(reader: &mut Reader<'_>, text: &str, node: &Node, names: &Definitions) -> Option<Term> {
    if !reader.count_pattern(text, node) {
        return None;
    }
    match Term::parse(text) {
        Ok(term) => {
            if let Some(name) = term.set() {
                known_set(reader, node, name, names)?;
            }
            if let Some((message, hint)) = term.pattern().and_then(crate::pattern::Pattern::doubt) {
                reader.warn(&node.span, message, hint);
            }
            Some(term)
        }
        Err((offset, width, message)) => {
            let span = reader.inside(node, offset, width);
            reader.error(&span, format!("pattern {}: {message}", words::quote(text)));
            None
        }
    }
}

/// Complains when there is no such set.
pub(super) fn known_set(reader: &mut Reader<'_>, node: &Node, name: &str, names: &Definitions) -> Option<()> {
    if names.sets.contains_key(name) {
        reader.uses(Named::Set, name);
        return Some(());
    }
    if names.complete {
        let near = reader.near(name, names.sets.keys());
        reader.fault(&node.span, Fault::undefined(Definition::Set, name), near);
    }
    None
}

/// Each is asked anew at every call.
const MOST_WHEN: usize = 50;
