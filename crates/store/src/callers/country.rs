//! The country whose people dial in an organisation, which is that of its trunks: numbers are read as they are dialled there.

use std::collections::HashMap;

use sqlx::AnyConnection;

use crate::error::Fault;
use crate::presets::Presets;
use crate::trunks::{self, DEFAULT_COUNTRY};
use crate::{Refusal, rules};

/// The countries of organisations, by their ids.
pub(crate) struct Countries<'a> {
    presets: &'a Presets,
    /// None: it has trunks of several.
    known: HashMap<String, Option<String>>,
}

impl<'a> Countries<'a> {
    pub(crate) async fn read(connection: &mut AnyConnection, presets: &'a Presets) -> Result<Self, Fault> {
        let mut known: HashMap<String, Option<String>> = HashMap::new();
        for row in trunks::all(connection).await? {
            let trunk = row.without_secrets()?;
            let country = trunk.details.country(presets);
            let of = known.entry(trunk.organisation_id).or_insert_with(|| Some(country.clone()));
            if of.as_ref() != Some(&country) {
                *of = None;
            }
        }
        Ok(Self { presets, known })
    }

    /// A number in E.164.
    pub(crate) fn number(&self, organisation_id: &str, written: &str) -> Result<String, Refusal> {
        let country = self.known.get(organisation_id).map_or(Some(DEFAULT_COUNTRY), Option::as_deref);
        let read = |country: &str| self.presets.e164(country, written.trim());
        // One that begins with `+` reads the same in every country.
        let is_international = written.trim().starts_with('+');
        let read = read(country.or_else(|| is_international.then_some(DEFAULT_COUNTRY)).unwrap_or_default());
        read.filter(|number| number.starts_with('+') && rules::called(number).is_ok())
            .ok_or_else(|| Refusal::PublicNumber(rules::shown(written)))
    }

    /// The same, or a short word: blocks of before numbers had to be whole have such.
    pub(crate) fn caller(&self, organisation_id: &str, written: &str) -> Result<String, Refusal> {
        let word = written.trim();
        self.number(organisation_id, written)
            .or_else(|refusal| rules::called(word).map(|()| word.to_owned()).map_err(|_| refusal))
    }
}
