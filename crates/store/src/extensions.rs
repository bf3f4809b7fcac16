//! Extensions: numbers with their secrets, added, shown, changed and removed one at a time.

use std::fmt;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};
use uuid::Uuid;

use crate::error::Fault;
use crate::open::now_micros;
use crate::organisations::{self, Organisation};
use crate::rights::{self, CallClass};
use crate::seal::{Place, Seal};
use crate::{Store, StoreError, password, rules, settings};

/// One extension with its secret in clear. For the snapshot; never to be logged or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// UUIDv7.
    pub id: String,
    /// The organisation it belongs to.
    pub organisation_id: String,
    /// The user part of its address of record; unique in its organisation.
    pub number: String,
    /// The name for displays; empty when there is none.
    pub name: String,
    /// A disabled extension may not register or call.
    pub enabled: bool,
    /// What digest authentication checks against.
    pub secret: Secret,
    /// The classes that it may call, where that is written at the extension itself.
    pub rights: Option<Vec<CallClass>>,
    /// Its profile.
    pub profile_id: Option<String>,
}

/// The forms of a secret, RFC 7616 section 3.4.2. At least one is there; its debug output shows none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// The password; every HA1 follows from it.
    pub password: Option<String>,
    /// MD5 of `user:realm:password`, where an import gave that instead of a password.
    pub ha1_md5: Option<[u8; 16]>,
    /// SHA-256 of `user:realm:password`, likewise.
    pub ha1_sha256: Option<[u8; 32]>,
    /// SHA-512-256 of `user:realm:password`, likewise.
    pub ha1_sha512_256: Option<[u8; 32]>,
}

/// An extension to add.
#[derive(Clone, Default)]
pub struct NewExtension {
    /// The organisation's slug; without one, the only organisation there is, or `default`.
    pub organisation: Option<String>,
    /// The number.
    pub number: String,
    /// The name for displays; may be empty.
    pub name: String,
    /// The password; generated when absent.
    pub password: Option<String>,
}

/// What was added. The password is shown to the operator once.
#[derive(Clone, PartialEq, Eq)]
pub struct AddedExtension {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// The number.
    pub number: String,
    /// The password, given or generated.
    pub password: String,
    /// True when the store chose the password.
    pub generated: bool,
}

/// An extension as lists show it: without secrets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExtensionSummary {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// The number.
    pub number: String,
    /// The name for displays.
    pub name: String,
    /// Whether it may register and call.
    pub enabled: bool,
    /// Microseconds UTC inside, RFC 3339 outside.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub created_at: i64,
    /// When it or its secret last changed, likewise.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub updated_at: i64,
}

impl Store {
    /// Adds an extension, with a generated password where none is given.
    ///
    /// # Errors
    /// When the number, name or password is refused, the number is taken, or the organisation is not clear.
    pub async fn add_extension(&self, new: &NewExtension) -> Result<AddedExtension, StoreError> {
        self.explain(async {
            rules::number(&new.number)?;
            rules::name(&new.name)?;
            let password = chosen(new.password.as_deref())?;
            let mut writing = self.begin_change().await?;
            let all = organisations::all(&mut writing).await?;
            let organisation = organisations::choose(&all, new.organisation.as_deref())?;
            if find(&mut writing, &organisation.id, &new.number).await?.is_some() {
                let (number, organisation) = (new.number.clone(), organisation.slug.clone());
                return Err(StoreError::ExtensionExists { number, organisation }.into());
            }
            let secret = Secret { password: Some(password.clone()), ..Secret::default() };
            let extension = Extension {
                id: Uuid::now_v7().to_string(),
                organisation_id: organisation.id.clone(),
                number: new.number.clone(),
                name: new.name.clone(),
                enabled: true,
                secret,
                rights: None,
                profile_id: None,
            };
            let seal = self.seal(&mut writing).await?;
            insert(&mut writing, &seal, &extension).await?;
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok(AddedExtension {
                id: extension.id,
                organisation: organisation.slug.clone(),
                number: extension.number,
                password,
                generated: new.password.is_none(),
            })
        })
        .await
    }

    /// Removes an extension and its bindings. Its calls stay in the history.
    ///
    /// # Errors
    /// When there is no such extension, or the organisation is not clear.
    pub async fn remove_extension(&self, organisation: Option<&str>, number: &str) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let (_, row) = existing(&mut writing, organisation, number).await?;
            sqlx::query("DELETE FROM extensions WHERE id = $1").bind(&row.id).execute(&mut *writing).await?;
            settings::raise_revision(&mut writing).await?;
            Ok(writing.commit().await?)
        })
        .await
    }

    /// Sets an extension's password, generated where none is given, and returns it. HA1 forms that were imported
    /// are dropped: they no longer fit.
    ///
    /// # Errors
    /// When the password is refused, there is no such extension, or the organisation is not clear.
    pub async fn set_password(
        &self,
        organisation: Option<&str>,
        number: &str,
        password: Option<&str>,
    ) -> Result<String, StoreError> {
        self.explain(async {
            let password = chosen(password)?;
            let mut writing = self.begin_change().await?;
            let (_, row) = existing(&mut writing, organisation, number).await?;
            let mut extension = row.without_secret()?;
            extension.secret.password = Some(password.clone());
            let seal = self.seal(&mut writing).await?;
            update(&mut writing, &seal, &extension).await?;
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok(password)
        })
        .await
    }

    /// The extensions of one organisation, or of all, by organisation and number.
    ///
    /// # Errors
    /// When no organisation has that slug, or the database cannot be read.
    pub async fn extensions(&self, organisation: Option<&str>) -> Result<Vec<ExtensionSummary>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            if organisation.is_some() {
                let all = organisations::all(&mut reading).await?;
                organisations::choose(&all, organisation)?;
            }
            let sql = "SELECT extensions.id, organisations.slug AS organisation, number, extensions.name, \
                 enabled, extensions.created_at, updated_at \
                 FROM extensions JOIN organisations ON organisations.id = extensions.organisation_id \
                 WHERE $1 IS NULL OR organisations.slug = $1 ORDER BY organisations.slug, number";
            let rows = sqlx::query(sql).bind(organisation).fetch_all(&mut *reading).await?;
            Ok(rows.iter().map(summary).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// One extension with its secret in clear, as `extension show` needs it.
    ///
    /// # Errors
    /// When there is no such extension, or the organisation is not clear.
    pub async fn extension(&self, organisation: Option<&str>, number: &str) -> Result<Extension, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let (_, row) = existing(&mut reading, organisation, number).await?;
            let seal = self.seal(&mut reading).await?;
            Ok(row.open(&seal)?)
        })
        .await
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for NewExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NewExtension");
        shown.field("organisation", &self.organisation).field("number", &self.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for AddedExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AddedExtension");
        shown.field("organisation", &self.organisation).field("number", &self.number).finish_non_exhaustive()
    }
}

/// An extension as its row holds it, secrets sealed.
#[derive(FromRow)]
pub(crate) struct ExtensionRow {
    pub(crate) id: String,
    pub(crate) organisation_id: String,
    pub(crate) number: String,
    name: String,
    password: Option<String>,
    ha1_md5: Option<String>,
    ha1_sha256: Option<String>,
    ha1_sha512_256: Option<String>,
    enabled: i64,
    pub(crate) rights: Option<String>,
    pub(crate) profile_id: Option<String>,
}

impl ExtensionRow {
    pub(crate) fn open(self, seal: &Seal) -> Result<Extension, StoreError> {
        let open = |column: &'static str, sealed: Option<&String>| {
            sealed.map(|sealed| seal.open(Place { column, row: &self.id }, sealed)).transpose()
        };
        let broken = |column| StoreError::Sealed { place: Place { column, row: &self.id }.to_string() };
        let password = open(PASSWORD, self.password.as_ref())?
            .map(|bytes| String::from_utf8(bytes).map_err(|_| broken(PASSWORD)))
            .transpose()?;
        let ha1_md5 = open(HA1_MD5, self.ha1_md5.as_ref())?
            .map(|bytes| bytes.try_into().map_err(|_| broken(HA1_MD5)))
            .transpose()?;
        let ha1_sha256 = open(HA1_SHA256, self.ha1_sha256.as_ref())?
            .map(|bytes| bytes.try_into().map_err(|_| broken(HA1_SHA256)))
            .transpose()?;
        let ha1_sha512_256 = open(HA1_SHA512_256, self.ha1_sha512_256.as_ref())?
            .map(|bytes| bytes.try_into().map_err(|_| broken(HA1_SHA512_256)))
            .transpose()?;
        let secret = Secret { password, ha1_md5, ha1_sha256, ha1_sha512_256 };
        Ok(Extension { secret, ..self.without_secret()? })
    }

    fn without_secret(self) -> Result<Extension, StoreError> {
        let Self { id, organisation_id, number, name, enabled, rights, profile_id, .. } = self;
        let (enabled, secret, rights) = (enabled != 0, Secret::default(), rights::classes(rights)?);
        Ok(Extension { id, organisation_id, number, name, enabled, secret, rights, profile_id })
    }
}

fn summary(row: &AnyRow) -> Result<ExtensionSummary, sqlx::Error> {
    Ok(ExtensionSummary {
        id: row.try_get("id")?,
        organisation: row.try_get("organisation")?,
        number: row.try_get("number")?,
        name: row.try_get("name")?,
        enabled: row.try_get::<i64, _>("enabled")? != 0,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// All extensions, by organisation and number.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<ExtensionRow>, Fault> {
    let sql = "SELECT id, organisation_id, number, name, password, ha1_md5, ha1_sha256, ha1_sha512_256, enabled, \
         rights, profile_id FROM extensions ORDER BY organisation_id, number";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    seal: &Seal,
    extension: &Extension,
) -> Result<(), Fault> {
    let [password, ha1_md5, ha1_sha256, ha1_sha512_256] = sealed(seal, extension)?;
    let sql = "INSERT INTO extensions (id, organisation_id, number, name, password, ha1_md5, ha1_sha256, \
         ha1_sha512_256, enabled, rights, profile_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)";
    let insert = sqlx::query(sql)
        .bind(&extension.id)
        .bind(&extension.organisation_id)
        .bind(&extension.number)
        .bind(&extension.name)
        .bind(password)
        .bind(ha1_md5)
        .bind(ha1_sha256)
        .bind(ha1_sha512_256)
        .bind(i64::from(extension.enabled))
        .bind(rights::classes_json(extension.rights.as_ref())?)
        .bind(&extension.profile_id)
        .bind(now_micros());
    insert.execute(connection).await?;
    Ok(())
}

/// Writes name, state, rights and secret of an existing extension.
pub(crate) async fn update(
    connection: &mut AnyConnection,
    seal: &Seal,
    extension: &Extension,
) -> Result<(), Fault> {
    let [password, ha1_md5, ha1_sha256, ha1_sha512_256] = sealed(seal, extension)?;
    let sql = "UPDATE extensions SET name = $2, password = $3, ha1_md5 = $4, ha1_sha256 = $5, \
         ha1_sha512_256 = $6, enabled = $7, rights = $8, profile_id = $9, updated_at = $10 WHERE id = $1";
    let update = sqlx::query(sql)
        .bind(&extension.id)
        .bind(&extension.name)
        .bind(password)
        .bind(ha1_md5)
        .bind(ha1_sha256)
        .bind(ha1_sha512_256)
        .bind(i64::from(extension.enabled))
        .bind(rights::classes_json(extension.rights.as_ref())?)
        .bind(&extension.profile_id)
        .bind(now_micros());
    update.execute(connection).await?;
    Ok(())
}

fn sealed(seal: &Seal, extension: &Extension) -> Result<[Option<String>; 4], StoreError> {
    let seal = |column: &'static str, clear: Option<&[u8]>| {
        clear.map(|clear| seal.seal(Place { column, row: &extension.id }, clear)).transpose()
    };
    let Secret { password, ha1_md5, ha1_sha256, ha1_sha512_256 } = &extension.secret;
    Ok([
        seal(PASSWORD, password.as_deref().map(str::as_bytes))?,
        seal(HA1_MD5, ha1_md5.as_ref().map(<[u8; 16]>::as_slice))?,
        seal(HA1_SHA256, ha1_sha256.as_ref().map(<[u8; 32]>::as_slice))?,
        seal(HA1_SHA512_256, ha1_sha512_256.as_ref().map(<[u8; 32]>::as_slice))?,
    ])
}

/// The given password if it may be one, or a fresh one.
fn chosen(given: Option<&str>) -> Result<String, StoreError> {
    let Some(given) = given else { return password::generate() };
    rules::password(given)?;
    Ok(given.to_owned())
}

pub(crate) async fn existing(
    connection: &mut AnyConnection,
    slug: Option<&str>,
    number: &str,
) -> Result<(Organisation, ExtensionRow), Fault> {
    let all = organisations::all(connection).await?;
    let organisation = organisations::choose(&all, slug)?.clone();
    let row = find(connection, &organisation.id, number).await?;
    let missing =
        || StoreError::UnknownExtension { number: number.into(), organisation: organisation.slug.clone() };
    let row = row.ok_or_else(missing)?;
    Ok((organisation, row))
}

async fn find(
    connection: &mut AnyConnection,
    organisation_id: &str,
    number: &str,
) -> Result<Option<ExtensionRow>, Fault> {
    let sql = "SELECT id, organisation_id, number, name, password, ha1_md5, ha1_sha256, ha1_sha512_256, enabled, \
         rights, profile_id FROM extensions WHERE organisation_id = $1 AND number = $2";
    Ok(sqlx::query_as(sql).bind(organisation_id).bind(number).fetch_optional(connection).await?)
}

const PASSWORD: &str = "extensions.password";
const HA1_MD5: &str = "extensions.ha1_md5";
const HA1_SHA256: &str = "extensions.ha1_sha256";
const HA1_SHA512_256: &str = "extensions.ha1_sha512_256";
