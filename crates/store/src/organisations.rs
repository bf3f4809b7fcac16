//! Organisations: the tenants, each with its SIP domain, and the directory that a snapshot is built from.

use sqlx::{AnyConnection, FromRow};
use uuid::Uuid;

use crate::callers::{self, BlockDetails};
use crate::error::Fault;
use crate::extensions::{self, Extension};
use crate::open::now_micros;
use crate::rights::{self, Profile};
use crate::trunks::{self, Trunk};
use crate::{Store, StoreError, settings};

/// One tenant.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct Organisation {
    /// UUIDv7.
    pub id: String,
    /// The short name used on the command line and in imports; unique.
    pub slug: String,
    /// The SIP domain of its addresses; unique. Without one, the PBX's own addresses count as the domain of the
    /// only organisation.
    pub domain: Option<String>,
    /// The name for people.
    pub name: String,
    /// The profile that holds for all of it.
    #[serde(skip)]
    pub profile_id: Option<String>,
}

/// The whole desired state in one consistent view, secrets opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// The revision that this is.
    pub revision: i64,
    /// By slug.
    pub organisations: Vec<Organisation>,
    /// By organisation, then number; disabled ones included.
    pub extensions: Vec<Extension>,
    /// By organisation, then name; disabled ones included.
    pub trunks: Vec<Trunk>,
    /// By organisation, then name.
    pub profiles: Vec<Profile>,
    /// Organisation, number in E.164 and name of each contact.
    pub contacts: Vec<(String, String, String)>,
    /// Whom organisations keep out.
    pub blocks: Vec<(String, BlockDetails)>,
}

impl Store {
    /// Everything that a snapshot needs, as of one moment.
    ///
    /// # Errors
    /// When the database cannot be read, or a secret does not open.
    pub async fn directory(&self) -> Result<Directory, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let revision = settings::revision(&mut reading).await?;
            let organisations = all(&mut reading).await?;
            let rows = extensions::all(&mut reading).await?;
            let trunks = trunks::all(&mut reading).await?;
            let profiles = rights::all(&mut reading).await?;
            let contacts = callers::all_contacts(&mut reading).await?;
            let blocks = callers::all_blocks(&mut reading).await?;
            let seal = self.seal(&mut reading).await?;
            reading.commit().await?;
            let extensions = rows.into_iter().map(|row| row.open(&seal)).collect::<Result<_, _>>()?;
            let trunks = trunks.into_iter().map(|row| row.open(&seal)).collect::<Result<_, _>>()?;
            Ok(Directory { revision, organisations, extensions, trunks, profiles, contacts, blocks })
        })
        .await
    }

    /// The organisation of a slug; without one, the only one that there is.
    ///
    /// # Errors
    /// When there is none of that slug, there are several and none is named, or the database cannot be read.
    pub async fn organisation(&self, slug: Option<&str>) -> Result<Organisation, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            chosen(&mut reading, slug).await
        })
        .await
    }

    /// All organisations, by slug.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        self.explain(async {
            let mut connection = self.readers().acquire().await?;
            all(&mut connection).await
        })
        .await
    }
}

pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Organisation>, Fault> {
    let sql = "SELECT id, slug, domain, name, profile_id FROM organisations ORDER BY slug";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

/// The organisation meant by `slug`; without one, the only one there is, or `default`.
pub(crate) fn choose<'a>(
    all: &'a [Organisation],
    slug: Option<&str>,
) -> Result<&'a Organisation, StoreError> {
    let named = |slug: &str| all.iter().find(|organisation| organisation.slug == slug);
    match (slug, all) {
        (Some(slug), _) => named(slug).ok_or_else(|| StoreError::UnknownOrganisation { slug: slug.into() }),
        (None, [only]) => Ok(only),
        (None, _) => named(DEFAULT).ok_or(StoreError::OrganisationNeeded),
    }
}

/// The same, read from the database.
pub(crate) async fn chosen(
    connection: &mut AnyConnection,
    slug: Option<&str>,
) -> Result<Organisation, Fault> {
    Ok(choose(&all(connection).await?, slug)?.clone())
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    slug: &str,
    domain: Option<&str>,
    name: &str,
) -> Result<Organisation, Fault> {
    let id = Uuid::now_v7().to_string();
    let sql = "INSERT INTO organisations (id, slug, domain, name, created_at) VALUES ($1, $2, $3, $4, $5)";
    let insert = sqlx::query(sql).bind(&id).bind(slug).bind(domain).bind(name).bind(now_micros());
    insert.execute(connection).await?;
    let (slug, domain, name) = (slug.into(), domain.map(Into::into), name.into());
    Ok(Organisation { id, slug, domain, name, profile_id: None })
}

pub(crate) async fn update(connection: &mut AnyConnection, changed: &Organisation) -> Result<(), Fault> {
    let sql = "UPDATE organisations SET domain = $2, name = $3 WHERE id = $1";
    let update = sqlx::query(sql).bind(&changed.id).bind(&changed.domain).bind(&changed.name);
    update.execute(connection).await?;
    Ok(())
}

/// Makes the organisation of a database that nobody has given one yet.
pub(crate) async fn create_placeholder(connection: &mut AnyConnection) -> Result<(), Fault> {
    let made = insert(connection, DEFAULT, None, DEFAULT).await?;
    settings::write(connection, PLACEHOLDER, &made.id).await
}

/// Gives that organisation the name of the first that an operator brings, where people or profiles belong to it already: removing
/// it would remove them.
pub(crate) async fn rename_placeholder(connection: &mut AnyConnection, slug: &str) -> Result<(), Fault> {
    let Some(id) = settings::read(connection, PLACEHOLDER).await? else { return Ok(()) };
    let sql = "UPDATE organisations SET slug = $2, name = $2 WHERE id = $1 AND domain IS NULL \
         AND NOT EXISTS (SELECT 1 FROM extensions WHERE extensions.organisation_id = organisations.id) \
         AND NOT EXISTS (SELECT 1 FROM trunks WHERE trunks.organisation_id = organisations.id) \
         AND (EXISTS (SELECT 1 FROM users WHERE users.organisation_id = organisations.id) \
              OR EXISTS (SELECT 1 FROM profiles WHERE profiles.organisation_id = organisations.id) \
         OR EXISTS (SELECT 1 FROM contacts WHERE contacts.organisation_id = organisations.id) \
         OR EXISTS (SELECT 1 FROM blocks WHERE blocks.organisation_id = organisations.id)) \
         AND NOT EXISTS (SELECT 1 FROM organisations AS others WHERE others.slug = $2)";
    let renamed = sqlx::query(sql).bind(&id).bind(slug).execute(&mut *connection).await?;
    if renamed.rows_affected() > 0 { adopt_placeholder(connection).await } else { Ok(()) }
}

/// Removes that organisation again as long as it is empty: an operator who names an organisation of his own would
/// otherwise have two, and "the only one there is" would mean nothing.
pub(crate) async fn remove_placeholder(connection: &mut AnyConnection) -> Result<bool, Fault> {
    let Some(id) = settings::read(connection, PLACEHOLDER).await? else { return Ok(false) };
    let sql = "DELETE FROM organisations WHERE id = $1 AND domain IS NULL \
         AND NOT EXISTS (SELECT 1 FROM extensions WHERE extensions.organisation_id = organisations.id) \
         AND NOT EXISTS (SELECT 1 FROM trunks WHERE trunks.organisation_id = organisations.id) \
         AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.organisation_id = organisations.id) \
         AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.organisation_id = organisations.id) \
         AND NOT EXISTS (SELECT 1 FROM users WHERE users.organisation_id = organisations.id) \
         AND NOT EXISTS (SELECT 1 FROM profiles WHERE profiles.organisation_id = organisations.id)";
    let removed = sqlx::query(sql).bind(&id).execute(connection).await?;
    Ok(removed.rows_affected() > 0)
}

/// Keeps the placeholder for good, once an import names it.
pub(crate) async fn adopt_placeholder(connection: &mut AnyConnection) -> Result<(), Fault> {
    sqlx::query("DELETE FROM settings WHERE key = $1").bind(PLACEHOLDER).execute(connection).await?;
    Ok(())
}

/// The slug of the organisation that exists where none was given.
pub(crate) const DEFAULT: &str = "default";
const PLACEHOLDER: &str = "placeholder_organisation";
