//! The contacts of an organisation: a name for each number. A hundred thousand of them are looked up with each call and kept in
//! memory, so each takes 20 bytes and its name.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::looks;
use super::numbers::pack;

/// Names by number.
#[derive(Debug, Default)]
pub struct Contacts {
    /// In order.
    numbers: Box<[u64]>,
    /// Where in `names` the name of each number ends, and the next one begins.
    ends: Box<[u32]>,
    names: Box<str>,
    /// What the names sound like, in order.
    folded: Box<[u64]>,
}

impl Contacts {
    /// Of numbers in E.164 with their names. Of two with one number the first counts; what has another form is left out.
    pub fn new<'a>(contacts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut packed: Vec<(u64, &str)> =
            contacts.into_iter().filter_map(|(number, name)| Some((pack(number)?, name))).collect();
        packed.sort_by_key(|(number, _)| *number);
        packed.dedup_by_key(|(number, _)| *number);
        let mut names = String::with_capacity(packed.iter().map(|(_, name)| name.len()).sum());
        let mut contacts = Self::default();
        let mut ends = Vec::with_capacity(packed.len());
        for (_, name) in &packed {
            names.push_str(name);
            // Past 4 GiB the rest is without names; the store takes no such list.
            ends.push(u32::try_from(names.len()).unwrap_or(u32::MAX));
        }
        let mut folded: Vec<u64> = packed.iter().filter_map(|(_, name)| fold(name)).collect();
        folded.sort_unstable();
        folded.dedup();
        contacts.numbers = packed.into_iter().map(|(number, _)| number).collect();
        (contacts.ends, contacts.names, contacts.folded) = (ends.into(), names.into(), folded.into());
        contacts
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        self.len() * 12 + self.names.len() + self.folded.len() * 8
    }

    pub(crate) fn name(&self, number: &str) -> Option<&str> {
        let index = self.numbers.binary_search(&pack(number)?).ok()?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let range = usize::try_from(start).ok()?..usize::try_from(*self.ends.get(index)?).ok()?;
        self.names.get(range)
    }

    /// Whether a contact has this name, or one that reads the same.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        fold(name).is_some_and(|folded| self.folded.binary_search(&folded).is_ok())
    }
}

/// What somebody reads of a name, hashed. Who finds another name with the same hash has it left out, and gains nothing.
fn fold(name: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut is_empty = true;
    for c in looks::seen(name).filter(|c| c.is_alphanumeric()) {
        looks::alike(c).hash(&mut hasher);
        is_empty = false;
    }
    (!is_empty).then(|| hasher.finish())
}
