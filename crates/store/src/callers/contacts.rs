//! Contacts: numbers outside and whose they are.

use sqlx::AnyConnection;

use super::contact_rows::{self, NewRow};
use super::{Countries, MOST_CONTACTS};
use crate::error::Fault;
use crate::import::{Counts, ImportProblem};
use crate::organisations::{self, Organisation};
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
    /// Where it came from: `cli`, `import`, `csv` or `api`.
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
            let rows = read(&mut writing, &home, presets, entries, file).await?;
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

    /// Adds a contact to an organisation, which has none of its number.
    ///
    /// # Errors
    /// When the number or the name cannot be one, there is such a contact, or there would be more than 100,000.
    pub async fn add_contact(
        &self,
        organisation: &str,
        presets: &Presets,
        entry: &ContactEntry,
        source: &str,
    ) -> Result<Contact, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, Some(organisation)).await?;
            let rows = read(&mut writing, &home, presets, std::slice::from_ref(entry), "").await?;
            let number = rows.into_iter().next().map(|row| row.number).unwrap_or_default();
            if contact_rows::find(&mut writing, &home.id, "number", &number).await?.is_some() {
                return Err(StoreError::ContactExists { number, organisation: home.slug }.into());
            }
            let row = NewRow { number: number.clone(), name: entry.name.trim().to_owned() };
            contact_rows::apply(&mut writing, &home.id, &[row], source).await?;
            check(&mut writing, &home.id, &home.slug).await?;
            let added = existing(&mut writing, &home, "number", &number).await?;
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok(added)
        })
        .await
    }

    /// Gives the contact of an id another name.
    ///
    /// # Errors
    /// When the name cannot be one, or the organisation has no such contact.
    pub async fn rename_contact(
        &self,
        organisation: &str,
        id: &str,
        name: &str,
        source: &str,
    ) -> Result<Contact, StoreError> {
        self.explain(async {
            super::name(name)?;
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, Some(organisation)).await?;
            let number = existing(&mut writing, &home, "id", id).await?.number;
            let row = NewRow { number, name: name.trim().to_owned() };
            let counts = contact_rows::apply(&mut writing, &home.id, &[row], source).await?;
            let renamed = existing(&mut writing, &home, "id", id).await?;
            if counts.updated > 0 {
                settings::raise_revision(&mut writing).await?;
                writing.commit().await?;
            }
            Ok(renamed)
        })
        .await
    }

    /// Removes the contact of an id.
    ///
    /// # Errors
    /// When the organisation has no such contact.
    pub async fn remove_contact_of_id(&self, organisation: &str, id: &str) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, Some(organisation)).await?;
            existing(&mut writing, &home, "id", id).await?;
            sqlx::query("DELETE FROM contacts WHERE id = $1").bind(id).execute(&mut *writing).await?;
            settings::raise_revision(&mut writing).await?;
            Ok(writing.commit().await?)
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

/// Contacts as they are kept.
async fn read(
    connection: &mut AnyConnection,
    home: &Organisation,
    presets: &Presets,
    entries: &[ContactEntry],
    file: &str,
) -> Result<Vec<NewRow>, Fault> {
    let countries = Countries::read(connection, presets).await?;
    let (mut rows, mut problems) = (Vec::with_capacity(entries.len()), Vec::new());
    for entry in entries {
        let number = countries.number(&home.id, &entry.number);
        match number.and_then(|number| super::name(&entry.name).map(|()| number)) {
            Ok(number) => rows.push(NewRow { number, name: entry.name.trim().to_owned() }),
            // A single one stands in no file.
            Err(refusal) if entry.line == 0 => return Err(refusal.into()),
            Err(refusal) => problems.push(ImportProblem::of_line(file, entry.line, refusal.to_string())),
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(StoreError::Import(problems).into()) }
}

async fn existing(
    connection: &mut AnyConnection,
    home: &Organisation,
    column: &'static str,
    value: &str,
) -> Result<Contact, Fault> {
    let found = contact_rows::find(connection, &home.id, column, value).await?;
    let unknown =
        || StoreError::UnknownContact { number: crate::rules::shown(value), organisation: home.slug.clone() };
    Ok(found.ok_or_else(unknown)?.shown(&home.slug))
}

/// Refuses more contacts of an organisation than it may have.
pub(crate) async fn check(connection: &mut AnyConnection, id: &str, slug: &str) -> Result<(), Fault> {
    if contact_rows::count(connection, id).await? <= MOST_CONTACTS {
        return Ok(());
    }
    Err(StoreError::TooManyContacts { organisation: slug.to_owned(), most: MOST_CONTACTS }.into())
}
