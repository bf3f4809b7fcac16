//! Sections that may be written any number of times, `[[name]]`.

use std::ops::{Deref, RangeInclusive};

use toml_edit::Value;

use crate::node::{Kind, Node, Place, Reading};
use crate::render::Rendered;
use crate::section::Part;
use crate::sentence::both;

/// A list of sections. The last source that has one replaces the whole list, an empty one (`name = []`) too; the environment
/// cannot set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sections<T>(Vec<T>);

impl<T> Default for Sections<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Sections<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Part + Default> Part for Sections<T> {
    fn read(
        node: &Node,
        _bounds: Option<RangeInclusive<i64>>,
        default: Self,
        path: &str,
        reading: &mut Reading,
    ) -> Self {
        match &node.kind {
            Kind::Tables(tables) => {
                let read = |(index, table): (usize, &Node)| {
                    T::read(table, None, T::default(), &format!("{path}[{index}]"), reading)
                };
                Self(tables.iter().enumerate().map(read).collect())
            }
            Kind::Value(Value::Array(none)) if none.is_empty() => Self::default(),
            _ => {
                let hint = match &node.at {
                    Place::Variable(_) => {
                        both!(
                            "the environment cannot set it: write it into a file of conf.d",
                            "met de omgeving is dit niet te zetten: schrijf het in een bestand van conf.d"
                        )
                    }
                    _ => both!(
                        "write `[[{path}]]` and the keys below it, once for each",
                        "schrijf `[[{path}]]` en de sleutels eronder, voor elk een keer"
                    ),
                };
                let message = both!("`{path}` is a list of sections", "`{path}` is een lijst van secties");
                reading.error(&node.at, message, Some(hint));
                default
            }
        }
    }

    fn render(&self) -> Rendered {
        Rendered::Tables(self.0.iter().map(Part::render).collect())
    }
}
