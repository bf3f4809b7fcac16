//! Sessions of users: made by a login, found by their token, ended by a logout or their time. The token itself is kept
//! nowhere; its hash is.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sqlx::Row;

use crate::open::now_micros;
use crate::password::random;
use crate::users::{User, read};
use crate::{Store, StoreError};

/// What a login gives: the token for the cookie, and the word that requests which change something must repeat.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// 32 random bytes in base64url. Whoever has it is the user.
    pub token: String,
    /// 32 random bytes in base64url.
    pub csrf: String,
}

/// A session that is found by its token.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub user: User,
    /// What requests that change something must repeat.
    pub csrf: String,
}

impl Store {
    /// Makes a session that lasts for `idle` from its last use.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_session(&self, user_id: &str, idle: Duration) -> Result<NewSession, StoreError> {
        let session = NewSession { token: word()?, csrf: word()? };
        self.explain(async {
            let now = now_micros();
            let mut writing = self.begin().await?;
            sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now).execute(&mut *writing).await?;
            let sql = "INSERT INTO sessions (token_hash, user_id, csrf, created_at, seen_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $4, $5)";
            let insert = sqlx::query(sql)
                .bind(hash_of(&session.token))
                .bind(user_id)
                .bind(&session.csrf)
                .bind(now)
                .bind(now.saturating_add(micros(idle)));
            insert.execute(&mut *writing).await?;
            // Of one user only the newest are kept: a script that logs in for each request fills no table.
            let sql = "DELETE FROM sessions WHERE user_id = $1 AND token_hash NOT IN (SELECT token_hash FROM sessions \
                 WHERE user_id = $1 ORDER BY seen_at DESC, created_at DESC LIMIT 50)";
            sqlx::query(sql).bind(user_id).execute(&mut *writing).await?;
            writing.commit().await?;
            Ok(session)
        })
        .await
    }

    /// The session of a token, of an enabled user, that has not expired; it lasts for `idle` from now on. Its use is
    /// written at most every five minutes, and no session lasts longer than thirty days.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(&self, token: &str, idle: Duration) -> Result<Option<Session>, StoreError> {
        self.explain(async {
            let now = now_micros();
            let token_hash = hash_of(token);
            let sql = "SELECT users.id, users.organisation_id, organisations.slug AS organisation, users.login, users.name, \
                 users.role, extensions.number AS extension, users.enabled, users.created_at, users.updated_at, \
                 sessions.csrf, sessions.seen_at, sessions.created_at AS began_at FROM sessions \
                 JOIN users ON users.id = sessions.user_id \
                 JOIN organisations ON organisations.id = users.organisation_id \
                 LEFT JOIN extensions ON extensions.id = users.extension_id \
                 WHERE sessions.token_hash = $1 AND sessions.expires_at > $2 AND users.enabled = 1";
            let row = sqlx::query(sql).bind(&token_hash).bind(now).fetch_optional(self.readers()).await?;
            let Some(row) = row else { return Ok(None) };
            let session = Session { user: read(&row)?, csrf: row.try_get("csrf")? };
            let (seen, began): (i64, i64) = (row.try_get("seen_at")?, row.try_get("began_at")?);
            if now.saturating_sub(seen) > micros(SEEN_EVERY) {
                let until = now.saturating_add(micros(idle)).min(began.saturating_add(micros(LONGEST)));
                let mut writing = self.begin().await?;
                let sql = "UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE token_hash = $1";
                sqlx::query(sql).bind(&token_hash).bind(now).bind(until).execute(&mut *writing).await?;
                writing.commit().await?;
            }
            Ok(Some(session))
        })
        .await
    }

    /// Ends a session; one that is not there is no error.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end_session(&self, token: &str) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin().await?;
            let end = sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(hash_of(token));
            end.execute(&mut *writing).await?;
            Ok(writing.commit().await?)
        })
        .await
    }
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSession(..)")
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What is kept of a token. It has 256 random bits, so that a fast hash cannot be undone by guessing.
pub(crate) fn hash_of(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

fn word() -> Result<String, StoreError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

const SEEN_EVERY: Duration = Duration::from_secs(300);
const LONGEST: Duration = Duration::from_secs(30 * 86_400);
