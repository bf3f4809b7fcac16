//! A TOML text as a plain tree whose every key and value knows its place. The only module that sees `toml_edit`.

use std::ops::Range;
use toml_edit::{Document, Item, Key, TableLike, Value};

use crate::fault::Found;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// A kind of value that the language has no use for, by its name.
    Other(Found),
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

/// Why a text is no TOML, and where.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// Reads a text. `toml_edit` bounds the depth of nesting, so lowering may recurse.
pub(crate) fn parse(text: &str) -> Result<Table, SyntaxError> {
    let document = Document::parse(text).map_err(|error| SyntaxError {
        span: error.span().unwrap_or(0..0),
        message: error.message().to_string(),
    })?;
    Ok(table(document.as_table(), &(0..0)))
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// The kind of value in words, for messages.
    pub(crate) fn described(&self) -> Found {
        match &self.kind {
            Kind::Text(_) => Found::Text,
            Kind::Integer(_) => Found::Number,
            Kind::Boolean(_) => Found::Flag,
            Kind::List(_) => Found::List,
            Kind::Table(_) => Found::Table,
            Kind::Other(found) => *found,
        }
    }
}

fn table(table: &dyn TableLike, fallback: &Range<usize>) -> Table {
    let entries = table.iter().map(|(name, item)| {
        let key_span = table.key(name).and_then(Key::span).unwrap_or_else(|| fallback.clone());
        Entry { key: name.to_string(), node: item_node(item, &key_span), key_span }
    });
    Table { entries: entries.collect() }
}

fn item_node(item: &Item, fallback: &Range<usize>) -> Node {
    let span = item.span().unwrap_or_else(|| fallback.clone());
    let kind = match item {
        Item::None => Kind::Other(Found::Nothing),
        Item::Value(value) => return value_node(value, fallback),
        Item::Table(inner) => Kind::Table(table(inner, fallback)),
        Item::ArrayOfTables(tables) => {
            let node = |inner: &toml_edit::Table| {
                let span = inner.span().unwrap_or_else(|| fallback.clone());
                Node { kind: Kind::Table(table(inner, &span)), span }
            };
            Kind::List(tables.iter().map(node).collect())
        }
    };
    Node { span, kind }
}

fn value_node(value: &Value, fallback: &Range<usize>) -> Node {
    let span = value.span().unwrap_or_else(|| fallback.clone());
    let kind = match value {
        Value::String(text) => Kind::Text(text.value().clone()),
        Value::Integer(number) => Kind::Integer(*number.value()),
        Value::Boolean(boolean) => Kind::Boolean(*boolean.value()),
        Value::Float(_) => Kind::Other(Found::Fraction),
        Value::Datetime(_) => Kind::Other(Found::Date),
        Value::Array(values) => Kind::List(values.iter().map(|value| value_node(value, &span)).collect()),
        Value::InlineTable(inner) => Kind::Table(table(inner, &span)),
    };
    Node { span, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_knows_its_place() {
        let text = "a = 1\n[[b.c]]\nd = [{ e = \"f\" }]\n[[b.c]]\n";
        let root = parse(text).unwrap();
        let Kind::Table(b) = &root.get("b").unwrap().kind else { panic!("b is a table") };
        let c = b.entry("c").unwrap();
        assert_eq!(&text[c.key_span.clone()], "c");
        let Kind::List(rules) = &c.node.kind else { panic!("c is a list") };
        assert_eq!(rules.len(), 2);
        assert_eq!(&text[rules[1].span.clone()], "[[b.c]]");
        assert_eq!(rules[1].span.start, 32);
        let Kind::Table(first) = &rules[0].kind else { panic!("a rule is a table") };
        let Kind::List(d) = &first.get("d").unwrap().kind else { panic!("d is a list") };
        let Kind::Table(step) = &d[0].kind else { panic!("a step is a table") };
        assert_eq!(&text[step.entries[0].key_span.clone()], "e");
        assert_eq!(&text[step.entries[0].node.span.clone()], "\"f\"");
    }

    #[test]
    fn deep_nesting_is_refused_not_recursed() {
        assert!(parse(&format!("a = {}", "[".repeat(100_000))).is_err());
        assert!(parse(&format!("{}a = 1", "a.".repeat(100_000))).is_err());
    }
}
