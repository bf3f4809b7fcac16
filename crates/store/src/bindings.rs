//! The bindings of the registrar (RFC 3261 section 10), kept so that phones stay reachable over a restart. The
//! PBX owns them: changing them does not raise the revision.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::error::Fault;
use crate::{Store, StoreError};

/// One contact of one extension.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Binding {
    /// The extension whose address of record this is.
    pub extension_id: String,
    /// The Contact URI; with the extension it identifies the binding.
    pub contact: String,
    /// `+sip.instance`, RFC 5626 section 4.1.
    pub instance: Option<String>,
    /// `reg-id`, RFC 5626 section 4.2.
    pub reg_id: Option<u32>,
    /// The Call-ID of the REGISTER that made it, RFC 3261 section 10.3 step 7.
    pub call_id: String,
    /// The CSeq number of that REGISTER.
    pub cseq: u32,
    /// The q-value in thousandths, 0 to 1000.
    pub q: u16,
    /// When it was first made, in microseconds UTC; refreshes leave it as it is.
    pub registered_at: i64,
    /// When it ends, in microseconds UTC.
    pub expires_at: i64,
    /// `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: String,
    /// The address and port that the REGISTER came from: requests go there.
    pub remote: String,
    /// Our address and port that it came to: requests leave from there.
    pub local: String,
    /// What the transport needs to find the connection again, if it still exists.
    pub connection: Option<String>,
    /// The User-Agent header.
    pub user_agent: Option<String>,
    /// The Path header's URIs, RFC 3327, nearest proxy first.
    pub path: Vec<String>,
}

/// A change of one binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly every change is a Put: a box each would cost more")]
pub enum BindingChange {
    /// Made or refreshed.
    Put(Binding),
    /// Removed or expired.
    Remove {
        /// The extension.
        extension_id: String,
        /// The Contact URI.
        contact: String,
    },
}

/// A binding as read back, with the names of its address of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBinding {
    /// The organisation of the extension.
    pub organisation_id: String,
    /// The extension's number.
    pub number: String,
    /// The binding.
    pub binding: Binding,
}

impl Store {
    /// Saves changes, given in their order, in one transaction: of each binding the last change counts. A binding of an
    /// extension that is gone is left out.
    ///
    /// # Errors
    /// When the database cannot be written now; the caller keeps the changes and tries again.
    pub async fn save_bindings(&self, changes: &[BindingChange]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.explain(async {
            let mut writing = self.begin().await?;
            let mut puts = Vec::new();
            for change in last_of_each(changes) {
                match change {
                    BindingChange::Put(binding) => puts.push(binding),
                    BindingChange::Remove { extension_id, contact } => {
                        let sql = "DELETE FROM registrations WHERE extension_id = $1 AND contact = $2";
                        sqlx::query(sql).bind(extension_id).bind(contact).execute(&mut *writing).await?;
                    }
                }
            }
            for rows in puts.chunks(ROWS) {
                put(&mut writing, rows).await?;
            }
            Ok(writing.commit().await?)
        })
        .await
    }

    /// The bindings that live at `now` (microseconds UTC), by extension and contact. Those that have ended are
    /// removed from the database first.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn bindings(&self, now: i64) -> Result<Vec<StoredBinding>, StoreError> {
        self.prune_bindings(now).await?;
        self.explain(async {
            let sql = "SELECT registrations.*, organisation_id, number FROM registrations \
                 JOIN extensions ON extensions.id = registrations.extension_id \
                 WHERE expires_at > $1 ORDER BY extension_id, contact";
            let rows = sqlx::query(sql).bind(now).fetch_all(self.readers()).await?;
            rows.iter().map(read).collect()
        })
        .await
    }

    /// Removes the bindings that have ended at `now` (microseconds UTC) and returns how many. Takes no lock when
    /// there are none.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn prune_bindings(&self, now: i64) -> Result<u64, StoreError> {
        self.explain(async {
            let sql = "SELECT COUNT(*) FROM registrations WHERE expires_at <= $1";
            let ended: i64 = sqlx::query_scalar(sql).bind(now).fetch_one(self.readers()).await?;
            if ended == 0 {
                return Ok(0);
            }
            let mut writing = self.begin().await?;
            let sql = "DELETE FROM registrations WHERE expires_at <= $1";
            let removed = sqlx::query(sql).bind(now).execute(&mut *writing).await?;
            writing.commit().await?;
            Ok(removed.rows_affected())
        })
        .await
    }
}

/// A phone that refreshed twice is written once.
fn last_of_each(changes: &[BindingChange]) -> Vec<&BindingChange> {
    let mut seen = HashSet::new();
    changes.iter().rev().filter(|change| seen.insert(change.key())).collect()
}

impl BindingChange {
    fn key(&self) -> (&str, &str) {
        match self {
            Self::Put(binding) => (&binding.extension_id, &binding.contact),
            Self::Remove { extension_id, contact } => (extension_id, contact),
        }
    }
}

/// Many rows are one statement: each statement costs a way to the database's thread and back, which is more than a row.
async fn put(connection: &mut AnyConnection, bindings: &[&Binding]) -> Result<(), Fault> {
    // Only the longest stays prepared: one of each length would fill the cache.
    let mut query = if bindings.len() == ROWS {
        sqlx::query(AssertSqlSafe(PUT_MOST.as_str()))
    } else {
        sqlx::query(AssertSqlSafe(put_statement(bindings.len()))).persistent(false)
    };
    for binding in bindings {
        let path = serde_json::to_string(&binding.path).unwrap_or_else(|_| "[]".into());
        query = query
            .bind(&binding.extension_id)
            .bind(&binding.contact)
            .bind(&binding.instance)
            .bind(binding.reg_id.map(i64::from))
            .bind(&binding.call_id)
            .bind(i64::from(binding.cseq))
            .bind(i64::from(binding.q))
            .bind(binding.registered_at)
            .bind(binding.expires_at)
            .bind(&binding.transport)
            .bind(&binding.remote)
            .bind(&binding.local)
            .bind(&binding.connection)
            .bind(&binding.user_agent)
            .bind(path);
    }
    query.execute(connection).await?;
    Ok(())
}

/// The statement that puts so many rows. It holds numbers of its own making only.
fn put_statement(rows: usize) -> String {
    let row = |row: usize| {
        let variables: Vec<_> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
        format!("({})", variables.join(", "))
    };
    let values: Vec<_> = (0..rows).map(row).collect();
    format!("{PUT}VALUES {}{OR_UPDATE}", values.join(", "))
}

fn read(row: &AnyRow) -> Result<StoredBinding, Fault> {
    let path: &str = row.try_get("path")?;
    let binding = Binding {
        extension_id: row.try_get("extension_id")?,
        contact: row.try_get("contact")?,
        instance: row.try_get("instance")?,
        reg_id: row.try_get::<Option<i64>, _>("reg_id")?.map(|n| number("reg_id", n)).transpose()?,
        call_id: row.try_get("call_id")?,
        cseq: number("cseq", row.try_get("cseq")?)?,
        q: number("q", row.try_get("q")?)?,
        registered_at: row.try_get("registered_at")?,
        expires_at: row.try_get("expires_at")?,
        transport: row.try_get("transport")?,
        remote: row.try_get("remote")?,
        local: row.try_get("local")?,
        connection: row.try_get("connection")?,
        user_agent: row.try_get("user_agent")?,
        path: serde_json::from_str(path)
            .map_err(|_| StoreError::Value { what: "path", value: path.into() })?,
    };
    let (organisation_id, number) = (row.try_get("organisation_id")?, row.try_get("number")?);
    Ok(StoredBinding { organisation_id, number, binding })
}

fn number<T: TryFrom<i64>>(what: &'static str, stored: i64) -> Result<T, StoreError> {
    T::try_from(stored).map_err(|_| StoreError::Value { what, value: stored.to_string() })
}

/// What [`put`] binds for each row.
const COLUMNS: usize = 15;
/// The library looks each variable up by going through those before it: about 250 in a statement are cheapest.
const ROWS: usize = 16;

static PUT_MOST: LazyLock<String> = LazyLock::new(|| put_statement(ROWS));

/// A select of the values instead of the values: one extension removed in the meantime must not undo the whole batch.
const PUT: &str = "INSERT INTO registrations (extension_id, contact, instance, reg_id, call_id, cseq, q, \
     registered_at, expires_at, transport, remote, local, connection, user_agent, path) SELECT * FROM (";

const OR_UPDATE: &str = ") AS incoming WHERE EXISTS (SELECT 1 FROM extensions WHERE id = incoming.column1) \
     ON CONFLICT (extension_id, contact) DO UPDATE SET instance = excluded.instance, \
     reg_id = excluded.reg_id, call_id = excluded.call_id, cseq = excluded.cseq, q = excluded.q, \
     registered_at = excluded.registered_at, expires_at = excluded.expires_at, \
     transport = excluded.transport, remote = excluded.remote, local = excluded.local, \
     connection = excluded.connection, user_agent = excluded.user_agent, path = excluded.path";
