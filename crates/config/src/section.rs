//! The `section!` macro: one declaration gives a section's struct, its defaults, its reader and its printout.

use std::ops::RangeInclusive;

use crate::node::{Kind, Node, Place, Reading};
use crate::render::Rendered;
use crate::sentence::{Sentence, both};
use crate::value::{Fault, Value};

/// A section or a value: what stands behind a key.
pub(crate) trait Part: Sized {
    /// Reads the node of a key; every problem goes to `reading` and the default stands in for what was wrong.
    fn read(
        node: &Node,
        bounds: Option<RangeInclusive<i64>>,
        default: Self,
        path: &str,
        reading: &mut Reading,
    ) -> Self;

    /// The part as it is printed, secrets masked.
    fn render(&self) -> Rendered;
}

impl<T: Value> Part for T {
    fn read(
        node: &Node,
        bounds: Option<RangeInclusive<i64>>,
        default: Self,
        path: &str,
        reading: &mut Reading,
    ) -> Self {
        let read = match &node.kind {
            Kind::Value(value) => T::from_toml(value),
            Kind::Text(text) => T::from_text(text),
            Kind::Table(_) => Err(vec![Fault::wanted(T::EXPECTED, both!("a table", "een tabel"))]),
            Kind::Tables(_) => {
                Err(vec![Fault::wanted(T::EXPECTED, both!("a list of tables", "een lijst van tabellen"))])
            }
        };
        match read.and_then(|value| within(value, bounds)) {
            Ok(value) => value,
            Err(faults) => {
                for fault in faults {
                    reading.error(
                        &node.at.inside(fault.span),
                        Sentence {
                            en: format!("`{path}` {}", fault.message.en),
                            nl: format!("`{path}` {}", fault.message.nl),
                        },
                        fault.hint,
                    );
                }
                default
            }
        }
    }

    fn render(&self) -> Rendered {
        self.shown()
    }
}

fn within<T: Value>(value: T, bounds: Option<RangeInclusive<i64>>) -> Result<T, Vec<Fault>> {
    let (Some(bounds), Some(number)) = (bounds, value.number()) else { return Ok(value) };
    if bounds.contains(&number) {
        return Ok(value);
    }
    let (low, high) = (bounds.start(), bounds.end());
    Err(vec![Fault::new(both!(
        "is {number}, but must be from {low} to {high}",
        "is {number}, maar moet van {low} tot {high} zijn"
    ))])
}

/// The children of a section's node; a section that is not a table is a problem and counts as empty.
pub(crate) fn take_table<'a>(
    node: &'a Node,
    path: &str,
    reading: &mut Reading,
) -> Vec<(&'a String, &'a Node)> {
    match &node.kind {
        Kind::Table(table) => table.iter().collect(),
        _ => {
            let hint =
                both!("write `[{path}]` and the keys below it", "schrijf `[{path}]` en de sleutels eronder");
            let message = both!("`{path}` is a section, not a value", "`{path}` is een sectie, geen waarde");
            reading.error(&node.at, message, Some(hint));
            Vec::new()
        }
    }
}

/// Reports a key that the section does not have, with the one that was probably meant.
pub(crate) fn unknown_key(key: &str, place: &Place, path: &str, known: &[&str], reading: &mut Reading) {
    let hint = match nearest(key, known) {
        Some(near) => Sentence::meant(near),
        None => both!("known here: {}", "hier bekend: {}", known.join(", ")),
    };
    let key = join(path, key);
    reading.error(place, both!("unknown key `{key}`", "onbekende sleutel `{key}`"), Some(hint));
}

/// `path.key`, or `key` at the root.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The known word within a third of the length in edits, if any.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (edits(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().max(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance in which swapping two neighbours counts as one edit.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ pub $key:ident: $type:ty = $default:expr $(, in $bounds:expr)?; )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $key: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )+ }
            }
        }

        impl crate::section::Part for $name {
            fn read(
                node: &crate::node::Node,
                _bounds: Option<std::ops::RangeInclusive<i64>>,
                default: Self,
                path: &str,
                reading: &mut crate::node::Reading,
            ) -> Self {
                const KNOWN: &[&str] = &[$( stringify!($key) ),+];
                let mut section = default;
                for (key, node) in crate::section::take_table(node, path, reading) {
                    match key.as_str() {
                        $( stringify!($key) => {
                            let path = crate::section::join(path, key);
                            let bounds = section!(@bounds $($bounds)?);
                            section.$key = <$type as crate::section::Part>::read(
                                node, bounds, section.$key, &path, reading,
                            );
                        } )+
                        _ => crate::section::unknown_key(key, &node.key, path, KNOWN, reading),
                    }
                }
                section
            }

            fn render(&self) -> crate::render::Rendered {
                crate::render::Rendered::Table(vec![
                    $( (stringify!($key), crate::section::Part::render(&self.$key)) ),+
                ])
            }
        }
    };
    (@bounds) => { None };
    (@bounds $bounds:expr) => { Some($bounds) };
}
pub(crate) use section;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_survives_a_slip_of_the_finger() {
        let known = ["udp", "tcp", "auth_algorithms", "expires_min_secs"];
        assert_eq!(nearest("upd", &known), Some("udp"));
        assert_eq!(nearest("auth_algoritms", &known), Some("auth_algorithms"));
        assert_eq!(nearest("expires_min", &known), Some("expires_min_secs"));
        assert_eq!(nearest("colour", &known), None);
    }
}
