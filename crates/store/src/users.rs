//! Users: people who log in at the sidecar, each in one organisation, with at most one extension of their own.

use std::fmt;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use crate::error::Fault;
use crate::open::now_micros;
use crate::organisations;
use crate::{Store, StoreError, login, password, rules};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees all of the organisation.
    Admin,
    /// Sees the own extension and the own calls.
    User,
}

impl Role {
    /// The word in the database, on the command line and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }

    fn read(word: &str) -> Result<Self, StoreError> {
        match word {
            "admin" => Ok(Self::Admin),
            "user" => Ok(Self::User),
            other => Err(StoreError::Value { what: "users.role", value: other.into() }),
        }
    }
}

/// One user, without the hash of the password.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct User {
    /// UUIDv7.
    pub id: String,
    /// The organisation that it belongs to.
    pub organisation_id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// The word to log in with; unique.
    pub login: String,
    /// The name for displays.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The number of its extension.
    pub extension: Option<String>,
    /// A disabled user may not log in.
    pub enabled: bool,
    /// Microseconds UTC inside, RFC 3339 outside.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub created_at: i64,
    /// When it last changed, likewise.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub updated_at: i64,
}

/// A user to add.
#[derive(Clone)]
pub struct NewUser {
    /// The organisation's slug; without one, the only organisation there is, or `default`.
    pub organisation: Option<String>,
    /// The word to log in with.
    pub login: String,
    /// The name for displays; may be empty.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The number of its extension.
    pub extension: Option<String>,
    /// The password; generated when absent.
    pub password: Option<String>,
}

/// Who was added. The password is shown to the operator once.
#[derive(Clone, PartialEq, Eq)]
pub struct AddedUser {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// The word to log in with.
    pub login: String,
    /// The password, given or generated.
    pub password: String,
    /// True when the store chose the password.
    pub generated: bool,
}

/// What a login is checked against.
#[derive(Clone)]
pub struct LoginFacts {
    /// Who it is.
    pub user: User,
    /// For [`login::verify`].
    pub password_hash: String,
}

impl Store {
    /// Adds a user, with a generated password where none is given.
    ///
    /// # Errors
    /// When the login, name or password is refused, the login is taken, or there is no such organisation or extension.
    pub async fn add_user(&self, new: &NewUser) -> Result<AddedUser, StoreError> {
        let (password, hash) = chosen(new.password.as_deref()).await?;
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let added = insert(&mut writing, new, password, &hash).await?;
            writing.commit().await?;
            Ok(added)
        })
        .await
    }

    /// Makes the user `admin` where there is no user at all; `None` where there is one.
    ///
    /// # Errors
    /// As [`Store::add_user`].
    pub async fn add_first_user(&self) -> Result<Option<AddedUser>, StoreError> {
        if !self.users(None).await?.is_empty() {
            return Ok(None);
        }
        let new = NewUser {
            organisation: None,
            login: FIRST.into(),
            name: String::new(),
            role: Role::Admin,
            extension: None,
            password: None,
        };
        let (password, hash) = chosen(None).await?;
        self.explain(async {
            let mut writing = self.begin_change().await?;
            // Looked at again under the lock: two processes may start at once.
            let count: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&mut *writing).await?;
            if count > 0 {
                return Ok(None);
            }
            let all = organisations::all(&mut writing).await?;
            // Of several organisations none is meant, so the first one has the first user.
            let slug = organisations::choose(&all, None).ok().or_else(|| all.first());
            let organisation = slug.map(|organisation| organisation.slug.clone());
            let added = insert(&mut writing, &NewUser { organisation, ..new }, password, &hash).await?;
            writing.commit().await?;
            Ok(Some(added))
        })
        .await
    }

    /// The users of one organisation, or of all, by organisation and login.
    ///
    /// # Errors
    /// When no organisation has that slug, or the database cannot be read.
    pub async fn users(&self, organisation: Option<&str>) -> Result<Vec<User>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            if organisation.is_some() {
                let all = organisations::all(&mut reading).await?;
                organisations::choose(&all, organisation)?;
            }
            let sql = select!(
                "WHERE $1 IS NULL OR organisations.slug = $1 ORDER BY organisations.slug, users.login"
            );
            let rows = sqlx::query(sql).bind(organisation).fetch_all(&mut *reading).await?;
            rows.iter().map(read).collect()
        })
        .await
    }

    /// What a login is checked against; `None` where there is no such user, or it is disabled.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn login_facts(&self, login: &str) -> Result<Option<LoginFacts>, StoreError> {
        self.explain(async {
            let sql = select!("WHERE users.login = $1 AND users.enabled = 1");
            let row = sqlx::query(sql).bind(login.to_lowercase()).fetch_optional(self.readers()).await?;
            let Some(row) = row else { return Ok(None) };
            Ok(Some(LoginFacts { user: read(&row)?, password_hash: row.try_get("password_hash")? }))
        })
        .await
    }

    /// Sets a user's password, generated where none is given, and returns it. All sessions end but the one of
    /// `keep_token`.
    ///
    /// # Errors
    /// When the password is refused or there is no such user.
    pub async fn set_user_password(
        &self,
        login: &str,
        password: Option<&str>,
        keep_token: Option<&str>,
    ) -> Result<String, StoreError> {
        let (password, hash) = chosen(password).await?;
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let sql = "UPDATE users SET password_hash = $2, updated_at = $3 WHERE login = $1";
            let update = sqlx::query(sql).bind(login.to_lowercase()).bind(&hash).bind(now_micros());
            known(login, update.execute(&mut *writing).await?.rows_affected())?;
            let sql = "DELETE FROM sessions WHERE token_hash <> $2 \
                 AND user_id IN (SELECT id FROM users WHERE login = $1)";
            let kept = keep_token.map(crate::sessions::hash_of).unwrap_or_default();
            sqlx::query(sql).bind(login.to_lowercase()).bind(kept).execute(&mut *writing).await?;
            Ok(writing.commit().await?)
        })
        .await?;
        Ok(password)
    }

    /// Gives a user an extension of its organisation, or takes it away.
    ///
    /// # Errors
    /// When there is no such user or extension.
    pub async fn set_user_extension(&self, login: &str, number: Option<&str>) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let sql = select!("WHERE users.login = $1");
            let row = sqlx::query(sql).bind(login.to_lowercase()).fetch_optional(&mut *writing).await?;
            let user = read(&row.ok_or_else(|| StoreError::UnknownUser { login: login.into() })?)?;
            let extension =
                extension_id(&mut writing, &user.organisation_id, &user.organisation, number).await?;
            let sql = "UPDATE users SET extension_id = $2, updated_at = $3 WHERE id = $1";
            let update = sqlx::query(sql).bind(&user.id).bind(extension).bind(now_micros());
            update.execute(&mut *writing).await?;
            Ok(writing.commit().await?)
        })
        .await
    }

    /// Removes a user and ends its sessions.
    ///
    /// # Errors
    /// When there is no such user.
    pub async fn remove_user(&self, login: &str) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let remove = sqlx::query("DELETE FROM users WHERE login = $1").bind(login.to_lowercase());
            known(login, remove.execute(&mut *writing).await?.rows_affected())?;
            Ok(writing.commit().await?)
        })
        .await
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("login", &self.login)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AddedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddedUser").field("login", &self.login).finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginFacts").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The columns that [`read`] reads, with a condition.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT users.id, users.organisation_id, organisations.slug AS organisation, users.login, users.name, ",
            "users.password_hash, users.role, extensions.number AS extension, users.enabled, users.created_at, ",
            "users.updated_at FROM users JOIN organisations ON organisations.id = users.organisation_id ",
            "LEFT JOIN extensions ON extensions.id = users.extension_id ",
            $rest
        )
    };
}
use select;

pub(crate) fn read(row: &AnyRow) -> Result<User, Fault> {
    Ok(User {
        id: row.try_get("id")?,
        organisation_id: row.try_get("organisation_id")?,
        organisation: row.try_get("organisation")?,
        login: row.try_get("login")?,
        name: row.try_get("name")?,
        role: Role::read(row.try_get("role")?)?,
        extension: row.try_get("extension")?,
        enabled: row.try_get::<i64, _>("enabled")? != 0,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// [`Store::add_user`] within a transaction of the caller's.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    new: &NewUser,
    password: String,
    hash: &str,
) -> Result<AddedUser, Fault> {
    let login = new.login.to_lowercase();
    rules::login(&login)?;
    rules::name(&new.name)?;
    let all = organisations::all(connection).await?;
    let organisation = organisations::choose(&all, new.organisation.as_deref())?;
    let taken: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE login = $1")
        .bind(&login)
        .fetch_one(&mut *connection)
        .await?;
    if taken > 0 {
        return Err(StoreError::UserExists { login }.into());
    }
    let number = new.extension.as_deref();
    let extension = extension_id(connection, &organisation.id, &organisation.slug, number).await?;
    let id = Uuid::now_v7().to_string();
    let sql = "INSERT INTO users (id, organisation_id, login, name, password_hash, role, extension_id, enabled, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)";
    let insert = sqlx::query(sql)
        .bind(&id)
        .bind(&organisation.id)
        .bind(&login)
        .bind(&new.name)
        .bind(hash)
        .bind(new.role.as_str())
        .bind(extension)
        .bind(now_micros());
    insert.execute(connection).await?;
    let generated = new.password.is_none();
    Ok(AddedUser { id, organisation: organisation.slug.clone(), login, password, generated })
}

async fn extension_id(
    connection: &mut AnyConnection,
    organisation_id: &str,
    slug: &str,
    number: Option<&str>,
) -> Result<Option<String>, Fault> {
    let Some(number) = number else { return Ok(None) };
    let sql = "SELECT id FROM extensions WHERE organisation_id = $1 AND number = $2";
    let found: Option<String> =
        sqlx::query_scalar(sql).bind(organisation_id).bind(number).fetch_optional(connection).await?;
    let missing = || StoreError::UnknownExtension { number: number.into(), organisation: slug.into() };
    Ok(Some(found.ok_or_else(missing)?))
}

/// The given password if it may be one, or a fresh one, with its hash.
pub(crate) async fn chosen(given: Option<&str>) -> Result<(String, String), StoreError> {
    let password = match given {
        Some(given) => {
            rules::login_password(given)?;
            given.to_owned()
        }
        None => password::generate()?,
    };
    let hashing = password.clone();
    // It takes its time, on a thread that nobody waits for.
    let hash = tokio::task::spawn_blocking(move || login::hash(&hashing))
        .await
        .map_err(|_| StoreError::Entropy)??;
    Ok((password, hash))
}

fn known(login: &str, rows: u64) -> Result<(), StoreError> {
    if rows > 0 { Ok(()) } else { Err(StoreError::UnknownUser { login: login.into() }) }
}

/// The login of the first user.
const FIRST: &str = "admin";
