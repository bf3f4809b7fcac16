//! `[set.NAME] numbers = [...]`: numbers and patterns under one name.

use std::sync::Arc;

use crate::matcher::NumberSet;
use crate::pattern::Pattern;
use crate::reader::Reader;
use crate::tree::{Entry, Node};
use crate::words;

pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry) -> Arc<NumberSet> {
    let Some(table) = reader.table(&entry.node, "a set") else { return Arc::default() };
    reader.only(table, &["numbers"], "a set");
    let Some(node) = table.get("numbers") else {
        reader.error(&entry.node.span, "a set needs `numbers`, such as numbers = [\"+31612345678\"]");
        return Arc::default();
    };
    let texts = reader.texts(node, "numbers", "+31612345678");
    Arc::new(NumberSet::new(
        texts.into_iter().filter_map(|(text, node)| pattern(reader, text, node, 0)).collect(),
    ))
}

/// A pattern that starts `skip` bytes into the text of `node`.
pub(super) fn pattern(reader: &mut Reader<'_>, text: &str, node: &Node, skip: usize) -> Option<Pattern> {
    if !reader.count_pattern(text, node) {
        return None;
    }
    match Pattern::parse(text) {
        Ok(pattern) => {
            if let Some((message, hint)) = pattern.doubt() {
                reader.warn(&node.span, message, hint);
            }
            Some(pattern)
        }
        Err(error) => {
            let span = reader.inside(node, skip + error.offset, error.width);
            reader.error(&span, format!("pattern {}: {}", words::quote(text), error.message));
            None
        }
    }
}
