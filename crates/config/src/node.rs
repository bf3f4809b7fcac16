//! The sources merged into one tree of nodes that remember where each key and value was written.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike, Value};

use crate::problem::{Problem, Severity};
use crate::sentence::{Sentence, both};

/// A table or a value, with the place of its key and of itself.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) key: Place,
    pub(crate) at: Place,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Table(BTreeMap<String, Node>),
    Value(Value),
    /// `[[name]]`.
    Tables(Vec<Node>),
    /// The raw text of an environment variable.
    Text(String),
}

/// A point in one of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A byte offset in the source with this index.
    Offset { source: usize, offset: usize },
    /// An environment variable.
    Variable(String),
    /// Not written anywhere: a default.
    Nowhere,
}

/// The texts that were read, and the problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    sources: Vec<(String, String)>,
    pub(crate) problems: Vec<Problem>,
}

impl Reading {
    /// Parses one file; `None` where its syntax is wrong, which is then among the problems.
    pub(crate) fn parse(&mut self, name: &str, text: &str) -> Option<Node> {
        let source = self.sources.len();
        self.sources.push((name.to_owned(), text.to_owned()));
        match Document::parse(text.to_owned()) {
            Ok(document) => Some(table_node(document.as_table(), source, None, None)),
            Err(error) => {
                let place = place(source, error.span());
                let message = error.message().trim().replace('\n', ", ");
                self.error(&place, both!("not valid TOML: {message}", "geen geldige TOML: {message}"), None);
                None
            }
        }
    }

    pub(crate) fn error(&mut self, place: &Place, message: Sentence, hint: Option<Sentence>) {
        self.add(place, message, hint, Severity::Error);
    }

    pub(crate) fn warn(&mut self, place: &Place, message: Sentence, hint: Option<Sentence>) {
        self.add(place, message, hint, Severity::Warning);
    }

    fn add(&mut self, place: &Place, message: Sentence, hint: Option<Sentence>, severity: Severity) {
        let (file, line, column) = self.resolve(place);
        self.problems.push(Problem { file, line, column, message, hint, severity });
    }

    fn resolve(&self, place: &Place) -> (String, u32, u32) {
        match place {
            Place::Variable(name) => (format!("environment variable {name}"), 0, 0),
            Place::Nowhere => ("configuration".into(), 0, 0),
            Place::Offset { source, offset } => {
                let (name, text) = &self.sources[*source];
                let before = text.get(..*offset).unwrap_or(text);
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                (name.clone(), u32::try_from(line).unwrap_or(0), u32::try_from(column).unwrap_or(0))
            }
        }
    }
}

impl Node {
    /// An empty root.
    pub(crate) fn empty() -> Self {
        Self { key: Place::Nowhere, at: Place::Nowhere, kind: Kind::Table(BTreeMap::new()) }
    }

    /// Lays `over` on top: tables merge, everything else is replaced.
    pub(crate) fn merge(&mut self, over: Self) {
        match (&mut self.kind, over.kind) {
            (Kind::Table(below), Kind::Table(above)) => {
                for (key, node) in above {
                    match below.get_mut(&key) {
                        Some(present) => present.merge(node),
                        None => drop(below.insert(key, node)),
                    }
                }
            }
            (kind, above) => {
                *kind = above;
                self.key = over.key;
                self.at = over.at;
            }
        }
    }

    /// The node at a dotted path, where it is written; `network[1]` is the second of a list of sections.
    pub(crate) fn find(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, key| match key.split_once('[') {
            None => node.child(key),
            Some((key, index)) => match &node.child(key)?.kind {
                Kind::Tables(tables) => tables.get(index.strip_suffix(']')?.parse::<usize>().ok()?),
                _ => None,
            },
        })
    }

    fn child(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Table(table) => table.get(key),
            _ => None,
        }
    }

    /// The override `KIESTOON__A__B=text` as a tree of its own.
    pub(crate) fn variable(name: &str, path: &[String], text: String) -> Self {
        let place = Place::Variable(name.to_owned());
        let leaf = Self { key: place.clone(), at: place.clone(), kind: Kind::Text(text) };
        path.iter().rev().fold(leaf, |node, key| Self {
            key: place.clone(),
            at: place.clone(),
            kind: Kind::Table(BTreeMap::from([(key.clone(), node)])),
        })
    }
}

impl Place {
    /// The place of an element inside a value, such as one address of a list.
    pub(crate) fn inside(&self, span: Option<Range<usize>>) -> Self {
        match (self, span) {
            (Self::Offset { source, .. }, Some(span)) => Self::Offset { source: *source, offset: span.start },
            _ => self.clone(),
        }
    }
}

fn table_node(table: &Table, source: usize, key: Option<Range<usize>>, at: Option<Range<usize>>) -> Node {
    Node { key: place(source, key), at: place(source, at), kind: Kind::Table(children(table, source)) }
}

fn children(table: &dyn TableLike, source: usize) -> BTreeMap<String, Node> {
    let mut nodes = BTreeMap::new();
    for (name, _) in table.iter() {
        let Some((key, item)) = table.get_key_value(name) else { continue };
        nodes.insert(name.to_owned(), item_node(item, source, key.span()));
    }
    nodes
}

fn item_node(item: &Item, source: usize, key: Option<Range<usize>>) -> Node {
    let at = item.span().or_else(|| key.clone());
    match item {
        Item::Table(table) => table_node(table, source, key, at),
        Item::Value(Value::InlineTable(table)) => Node {
            key: place(source, key),
            at: place(source, at),
            kind: Kind::Table(children(table, source)),
        },
        Item::Value(value) => {
            Node { key: place(source, key), at: place(source, at), kind: Kind::Value(value.clone()) }
        }
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().map(|table| table_node(table, source, None, table.span()));
            Node { key: place(source, key), at: place(source, at), kind: Kind::Tables(tables.collect()) }
        }
        Item::None => Node { key: place(source, key), at: place(source, at), kind: Kind::Tables(Vec::new()) },
    }
}

fn place(source: usize, span: Option<Range<usize>>) -> Place {
    Place::Offset { source, offset: span.map_or(0, |span| span.start) }
}
