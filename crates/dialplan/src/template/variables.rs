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
    named: Vec<Named>,
    /// Whether the number was made of a secret.
    number_is_secret: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: Box<str>,
    value: String,
    /// It holds what was asked for as a secret, or was made of that: it is never shown.
    is_secret: bool,
}

impl Variables {
    /// Those that every call has. What is longer than any number or name counts as empty.
    pub(crate) fn of(number: &str, from: &str, from_name: &str) -> Self {
        let bounded = |text: &str| if text.len() <= 2 * LONGEST { text.into() } else { Box::default() };
        Self { number: bounded(number), from: bounded(from), from_name: bounded(from_name), rare: None }
    }

    /// The number is another one from here on.
    pub(crate) fn dial(&mut self, number: &str, is_secret: bool) {
        self.number = number.into();
        if is_secret || self.rare.is_some() {
            self.rare().number_is_secret = is_secret;
        }
    }

    /// The groups of the expression that the number matched, from `${1}` on.
    pub(crate) fn set_groups(&mut self, groups: Vec<String>) {
        if !groups.is_empty() || self.rare.is_some() {
            self.rare().groups = groups;
        }
    }

    /// Sets a variable; false where there are too many. A secret is never shown.
    pub(crate) fn set(&mut self, name: &str, mut value: String, is_secret: bool) -> bool {
        if value.len() > LONGEST {
            let mut end = LONGEST;
            while !value.is_char_boundary(end) {
                end -= 1;
            }
            value.truncate(end);
        }
        let named = &mut self.rare().named;
        if let Some(old) = named.iter_mut().find(|known| *known.name == *name) {
            (old.value, old.is_secret) = (value, is_secret);
            return true;
        }
        let fits = named.len() < MOST_NAMED;
        if fits {
            named.push(Named { name: name.into(), value, is_secret });
        }
        fits
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rare.iter().flat_map(|rare| &rare.named).map(|named| (&*named.name, named.value.as_str()))
    }

    /// Those that may be told to others: secrets only where `told` names them.
    pub(crate) fn told<'a>(&'a self, told: &'a [Box<str>]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.rare
            .iter()
            .flat_map(|rare| &rare.named)
            .filter(|named| !named.is_secret || told.contains(&named.name))
            .map(|named| (&*named.name, named.value.as_str()))
    }

    /// Whether it holds a secret.
    pub(super) fn is_secret(&self, variable: &Variable) -> bool {
        let Some(rare) = self.rare.as_deref() else { return false };
        match variable {
            Variable::Number | Variable::Group(_) => rare.number_is_secret,
            Variable::Named(name) => self.holds_secret(name),
            Variable::From | Variable::FromName => false,
        }
    }

    /// Whether the variable of this name does.
    pub(crate) fn holds_secret(&self, name: &str) -> bool {
        self.rare.iter().flat_map(|rare| &rare.named).any(|named| *named.name == *name && named.is_secret)
    }

    pub(crate) fn number_is_secret(&self) -> bool {
        self.is_secret(&Variable::Number)
    }

    /// The same with a star for each character of a secret; None where there is no secret.
    pub(crate) fn masked(&self) -> Option<Self> {
        let rare = self.rare.as_deref()?;
        if !rare.number_is_secret && !rare.named.iter().any(|named| named.is_secret) {
            return None;
        }
        let stars = |text: &str| "*".repeat(text.chars().count());
        let mut masked = self.clone();
        if rare.number_is_secret {
            masked.number = stars(&self.number).into();
        }
        let shown = masked.rare();
        if rare.number_is_secret {
            shown.groups.iter_mut().for_each(|group| *group = stars(group));
        }
        shown
            .named
            .iter_mut()
            .filter(|named| named.is_secret)
            .for_each(|named| named.value = stars(&named.value));
        Some(masked)
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
pub(crate) const MOST_NAMED: usize = 64;
