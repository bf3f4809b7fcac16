//! Which variables a plan has: those of `[variables]`, and those that steps and webhooks set.

use std::ops::Range;

use crate::reader::Reader;
use crate::template::{FACTS, is_name};
use crate::tree::{Kind, Node, Table};
use crate::words;

/// `[variables]`: texts under a name, the same for every call.
pub(crate) fn fixed(reader: &mut Reader<'_>, root: &Table) {
    let Some(node) = root.get("variables") else { return };
    let Some(table) = reader.table(node, "`variables`") else { return };
    for entry in &table.entries {
        let Some(text) = reader.text(&entry.node, &entry.key, "100") else { continue };
        if text.contains(['$', '{', '}']) || text.len() > 256 {
            reader.error(&entry.node.span, "a text of `[variables]` is fixed: it has no variables itself");
            continue;
        }
        if !valid_name(reader, &entry.key, &entry.key_span) {
            continue;
        }
        if reader.notes.variables.contains_key(&entry.key) {
            let message = format!("variable {} is already defined", words::quote(&entry.key));
            reader.error(&entry.key_span, message);
            continue;
        }
        reader.notes.variables.insert(entry.key.clone(), Some(text.to_string()));
    }
}

/// The names that `set` and `collect` give anywhere in a file.
pub(crate) fn set_by_steps(reader: &mut Reader<'_>, root: &Table) {
    let mut left: Vec<&Node> = root.entries.iter().filter(|e| e.key == "context").map(|e| &e.node).collect();
    while let Some(node) = left.pop() {
        match &node.kind {
            Kind::List(list) => left.extend(list),
            Kind::Table(table) => {
                for entry in &table.entries {
                    match (entry.key.as_str(), &entry.node.kind) {
                        ("collect", Kind::Text(name)) => note(reader, name),
                        ("set", Kind::Table(values)) => {
                            values.entries.iter().for_each(|value| note(reader, &value.key));
                        }
                        _ => left.push(&entry.node),
                    }
                }
            }
            _ => {}
        }
    }
}

pub(crate) fn note(reader: &mut Reader<'_>, name: &str) {
    if is_name(name) {
        reader.notes.variables.entry(name.to_string()).or_insert(None);
    }
}

/// Complains about a name that cannot be one.
pub(crate) fn valid_name(reader: &mut Reader<'_>, name: &str, span: &Range<usize>) -> bool {
    let is_fact = FACTS.contains(&name);
    if is_fact {
        reader.error(span, format!("`{name}` is given with every call"));
    } else if !is_name(name) {
        let name = words::quote(name);
        reader
            .error(span, format!("{name} is no name of a variable, expected small letters, digits and `_`"));
    }
    !is_fact && is_name(name)
}
