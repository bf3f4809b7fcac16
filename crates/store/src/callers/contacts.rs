//! Contacts: numbers outside and whose they are.

use sqlx::AnyConnection;

use super::contact_rows::{self, NewRow};
use super::{Countries, MOST_CONTACTS};
use crate::error::Fault;
use crate::import::{Counts, ImportProblem};
use crate::organisations;
use crate::presets::Presets;
use crate::{Store, StoreError, settings};

/// A contact as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Contact {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// In E.164.
    pub number: String,
    /// What phones show.
    pub name: String,
    /// Where it came from: `cli`, `import` or `csv`.
    pub source: String,
    /// Microseconds UTC inside, RFC 3339 outside.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub updated_at: i64,
}

/// A contact to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactEntry {
    /// As somebody has written it: in E.164, or as it is dialled in the country of the organisation's trunks.
    pub number: String,
    /// What phones show: at most 128 characters.
    pub name: String,
    /// Its line in a file, from 1; 0: it came from none.
    pub line: u32,
}

impl ContactEntry {
    /// Reads a file of lines `number,name`.
    ///
    /// # Errors
    /// Every line that is none.
    pub fn list(file: &str, text: &str) -> Result<Vec<Self>, Vec<ImportProblem>> {
        super::csv::read(file, text)
    }
}

impl Store {
    /// Keeps contacts, in one transaction: new ones, and new names of those there are. `file` is what problems are said to be in.
    ///
    /// # Errors
    /// [`StoreError::Import`] with every number that is none and every name that cannot be one; when there would be more than 100,000,
    /// or the organisation is not clear. Nothing was changed then.
    pub async fn save_contacts(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        entries: &[ContactEntry],
        source: &str,
        file: &str,
    ) -> Result<Counts, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, organisation).await?;
            let countries = Countries::read(&mut writing, presets).await?;
            let mut problems = Vec::new();
            let mut rows = Vec::with_capacity(entries.len());
            for entry in entries {
                let number = countries.number(&home.id, &entry.number);
                match number.and_then(|number| super::name(&entry.name).map(|()| number)) {
                    Ok(number) => rows.push(NewRow { number, name: entry.name.trim().to_owned() }),
                    // A single one stands in no file.
                    Err(refusal) if entry.line == 0 => return Err(refusal.into()),
                    Err(refusal) => {
                        problems.push(ImportProblem::of_line(file, entry.line, refusal.to_string()))
                    }
                }
            }
            if !problems.is_empty() {
                return Err(StoreError::Import(problems).into());
            }
            let counts = contact_rows::apply(&mut writing, &home.id, &rows, source).await?;
            check(&mut writing, &home.id, &home.slug).await?;
            if counts.created + counts.updated > 0 {
                settings::raise_revision(&mut writing).await?;
                writing.commit().await?;
            }
            Ok(counts)
        })
        .await
    }

    /// Removes a contact, named by its number in any form.
    ///
    /// # Errors
    /// When there is no such contact, or the organisation is not clear.
    pub async fn remove_contact(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        number: &str,
    ) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, organisation).await?;
            let number = Countries::read(&mut writing, presets).await?.number(&home.id, number)?;
            let sql = "DELETE FROM contacts WHERE organisation_id = $1 AND number = $2";
            let removed = sqlx::query(sql).bind(&home.id).bind(&number).execute(&mut *writing).await?;
            if removed.rows_affected() == 0 {
                return Err(StoreError::UnknownContact { number, organisation: home.slug }.into());
            }
            settings::raise_revision(&mut writing).await?;
            Ok(writing.commit().await?)
        })
        .await
    }

    /// The contacts of one organisation, or of all, by organisation and number.
    ///
    /// # Errors
    /// When no organisation has that slug, or the database cannot be read.
    pub async fn contacts(&self, organisation: Option<&str>) -> Result<Vec<Contact>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let organisations = organisations::all(&mut reading).await?;
            let home =
                organisation.map(|slug| organisations::choose(&organisations, Some(slug))).transpose()?;
            let mut found = Vec::new();
            for own in organisations.iter().filter(|own| home.is_none_or(|home| home.id == own.id)) {
                let rows = contact_rows::of(&mut reading, &own.id).await?;
                found.extend(rows.into_iter().map(|row| row.shown(&own.slug)));
            }
            Ok(found)
        })
        .await
    }
}

/// Refuses more contacts of an organisation than it may have.
pub(crate) async fn check(connection: &mut AnyConnection, id: &str, slug: &str) -> Result<(), Fault> {
    if contact_rows::count(connection, id).await? <= MOST_CONTACTS {
        return Ok(());
    }
    Err(StoreError::TooManyContacts { organisation: slug.to_owned(), most: MOST_CONTACTS }.into())
}
