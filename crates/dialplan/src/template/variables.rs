//! What is known of a call while its rule is followed.

use serde::{Deserialize, Serialize};

use super::LONGEST;
use super::Variable;

/// The facts of a call that a template may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Variables {
    pub(crate) number: Box<str>,
    pub(crate) from: Box<str>,
    from_name: Box<str>,
    /// What hardly any call has.
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rare {
    groups: Vec<String>,
    named: Vec<(Box<str>, String)>,
}

impl Variables {
    /// Those that every call has. What is longer than any number or name counts as empty.
    pub(crate) fn of(number: &str, from: &str, from_name: &str) -> Self {
        let bounded = |text: &str| if text.len() <= 2 * LONGEST { text.into() } else { Box::default() };
        Self { number: bounded(number), from: bounded(from), from_name: bounded(from_name), rare: None }
    }

    /// The number is another one from here on.
    pub(crate) fn dial(&mut self, number: &str) {
        self.number = number.into();
    }

    /// The groups of the expression that the number matched, from `${1}` on.
    pub(crate) fn set_groups(&mut self, groups: Vec<String>) {
        if !groups.is_empty() || self.rare.is_some() {
            self.rare().groups = groups;
        }
    }

    /// Sets a variable; false where there are too many.
    pub(crate) fn set(&mut self, name: &str, mut value: String) -> bool {
        if value.len() > LONGEST {
            let mut end = LONGEST;
            while !value.is_char_boundary(end) {
                end -= 1;
            }
            value.truncate(end);
        }
        let named = &mut self.rare().named;
        if let Some((_, old)) = named.iter_mut().find(|(known, _)| **known == *name) {
            *old = value;
            return true;
        }
        let fits = named.len() < MOST;
        if fits {
            named.push((name.into(), value));
        }
        fits
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rare.iter().flat_map(|rare| &rare.named).map(|(name, value)| (&**name, value.as_str()))
    }

    pub(super) fn value(&self, variable: &Variable) -> &str {
        let rare = self.rare.as_deref();
        match variable {
            Variable::Number => &self.number,
            Variable::From => &self.from,
            Variable::FromName => &self.from_name,
            Variable::Group(at) => {
                let group = rare.and_then(|rare| rare.groups.get(usize::from(*at).checked_sub(1)?));
                group.map_or("", String::as_str)
            }
            Variable::Named(name) => {
                self.named().find(|(known, _)| *known == &**name).map_or("", |(_, value)| value)
            }
        }
    }

    /// Whether it has a value, an empty one too.
    pub(super) fn is_known(&self, variable: &Variable) -> bool {
        match variable {
            Variable::Number | Variable::From | Variable::FromName => true,
            Variable::Group(at) => {
                let groups = self.rare.as_ref().map_or(0, |rare| rare.groups.len());
                (1..=groups).contains(&usize::from(*at))
            }
            Variable::Named(name) => self.named().any(|(known, _)| *known == **name),
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(Box::default)
    }
}

/// Named variables of one call.
const MOST: usize = 64;
