//! What providers tell of calls by their webhooks. An event names calls by what the provider calls them or by the SIP Call-ID; the
//! legs of a record name themselves so too. They are put together when history is read: it does not matter which came first.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use uuid::Uuid;

use crate::cdr::Cdr;
use crate::error::Fault;
use crate::open::now_micros;
use crate::{Store, StoreError};

/// An event as the sidecar has read it.
#[derive(Debug, Clone)]
pub struct NewProviderEvent {
    /// The organisation's id.
    pub organisation_id: String,
    /// The name of the trunk.
    pub trunk: String,
    /// Whose form it had.
    pub provider: &'static str,
    /// The provider's id of the event: told again, it is the same.
    pub event_id: String,
    /// `status`, `recording`, `cost` or `other`.
    pub kind: &'static str,
    /// When it happened, in microseconds UTC, where it says so.
    pub occurred_at: Option<i64>,
    /// What it says, in the same words whoever says it.
    pub facts: Value,
    /// What came, cut off.
    pub payload: String,
    /// What it calls the call: SIP Call-IDs and ids of the provider.
    pub names: Vec<String>,
    /// A hash of its signature, and for how many microseconds the signature would be taken again.
    pub signature: Option<(String, i64)>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is new, and belongs to these calls so far: none while there is no record.
    New(Vec<EventCall>),
    /// The event is known already.
    Known,
    /// So much has been told of its call that no more is kept.
    Full,
    /// This signature has been taken before.
    Replayed,
}

/// A call that an event is about, as those who may see it are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCall {
    /// The id of its record.
    pub id: String,
    /// The numbers that it concerns.
    pub numbers: Vec<String>,
}

/// One event in a call's record. Times are microseconds UTC inside and RFC 3339 in JSON.
#[derive(Serialize)]
struct Told<'a> {
    trunk: String,
    provider: String,
    kind: String,
    event_id: String,
    occurred_at: Option<Time>,
    received_at: Time,
    #[serde(flatten)]
    facts: &'a Value,
}

#[derive(Serialize)]
struct Time(#[serde(serialize_with = "crate::cdr::time::serialize")] i64);

impl Store {
    /// Keeps an event once. Its signature is marked as taken in the same transaction: where this fails, the provider may try again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_provider_event(&self, event: &NewProviderEvent) -> Result<Kept, StoreError> {
        self.explain(async {
            let now = now_micros();
            let mut writing = self.begin().await?;
            if let Some((signature, lasts)) = &event.signature
                && !take_signature(&mut writing, signature, now, *lasts).await?
            {
                return Ok(Kept::Replayed);
            }
            let kept = keep(&mut writing, event, now).await?;
            writing.commit().await?;
            Ok(kept)
        })
        .await
    }

    /// Forgets events of more than 30 days ago that never found a call, some at a time. False once none is left to be looked at: an
    /// event is looked at once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_stray_events(&self) -> Result<bool, StoreError> {
        self.explain(async {
            let mut writing = self.begin().await?;
            let looked_at = forget(&mut writing, now_micros()).await?;
            writing.commit().await?;
            Ok(i64::try_from(looked_at).unwrap_or(i64::MAX) >= AT_ONCE)
        })
        .await
    }
}

/// Marks a signature as taken; false where it was. What has expired goes.
async fn take_signature(
    connection: &mut AnyConnection,
    signature: &str,
    now: i64,
    lasts: i64,
) -> Result<bool, Fault> {
    let sql = "DELETE FROM seen_signatures WHERE expires_at <= $1";
    sqlx::query(sql).bind(now).execute(&mut *connection).await?;
    let sql = "INSERT INTO seen_signatures (signature, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let insert = sqlx::query(sql).bind(signature).bind(now.saturating_add(lasts));
    Ok(insert.execute(connection).await?.rows_affected() > 0)
}

async fn keep(connection: &mut AnyConnection, event: &NewProviderEvent, now: i64) -> Result<Kept, Fault> {
    let home = &event.organisation_id;
    if is_full(connection, event).await? {
        return Ok(Kept::Full);
    }
    let id = Uuid::now_v7().to_string();
    let sql = "INSERT INTO provider_events \
         (id, organisation_id, trunk, provider, event_id, kind, occurred_at, received_at, facts, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let insert = sqlx::query(sql)
        .bind(&id)
        .bind(home)
        .bind(&event.trunk)
        .bind(event.provider)
        .bind(&event.event_id)
        .bind(event.kind)
        .bind(event.occurred_at)
        .bind(now)
        .bind(event.facts.to_string())
        .bind(&event.payload);
    if insert.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(Kept::Known);
    }
    let sql = "INSERT INTO provider_event_names (event_id, organisation_id, name) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING";
    for name in &event.names {
        sqlx::query(sql).bind(&id).bind(home).bind(name).execute(&mut *connection).await?;
    }
    calls_of(connection, &id).await.map(Kept::New)
}

/// Whether one of its names has all the events that a call may have. One that is known is not counted twice.
async fn is_full(connection: &mut AnyConnection, event: &NewProviderEvent) -> Result<bool, Fault> {
    let sql = "SELECT COUNT(*) FROM provider_event_names WHERE organisation_id = $1 AND name = $2";
    for name in &event.names {
        let counted = sqlx::query_scalar::<_, i64>(sql).bind(&event.organisation_id).bind(name);
        if counted.fetch_one(&mut *connection).await? >= EVENTS_PER_NAME {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The calls that an event belongs to, by its own names or by those of other events that share one.
async fn calls_of(connection: &mut AnyConnection, event: &str) -> Result<Vec<EventCall>, Fault> {
    let sql = "SELECT DISTINCT c.id, c.from_number, c.to_number, c.extension \
         FROM provider_event_names own \
         JOIN provider_event_names met ON met.organisation_id = own.organisation_id AND met.name = own.name \
         JOIN provider_event_names other ON other.event_id = met.event_id \
         JOIN call_names n ON n.organisation_id = other.organisation_id AND n.name = other.name \
         JOIN calls c ON c.id = n.call_id \
         WHERE own.event_id = $1 ORDER BY c.id LIMIT 8";
    let rows = sqlx::query(sql).bind(event).fetch_all(connection).await?;
    let read = |row: &AnyRow| -> Result<EventCall, Fault> {
        let numbers = ["from_number", "to_number", "extension"].map(|column| row.try_get(column));
        let numbers: Vec<Option<String>> = numbers.into_iter().collect::<Result<_, _>>()?;
        let mut numbers: Vec<String> = numbers.into_iter().flatten().filter(|n| !n.is_empty()).collect();
        numbers.sort();
        numbers.dedup();
        Ok(EventCall { id: row.try_get("id")?, numbers })
    };
    rows.iter().map(read).collect()
}

/// Looks at some of the old events, the oldest first: those with a call are settled, the others go. How many it were.
async fn forget(connection: &mut AnyConnection, now: i64) -> Result<usize, Fault> {
    let sql =
        "SELECT id FROM provider_events WHERE settled = 0 AND received_at < $1 ORDER BY received_at LIMIT $2";
    let old = sqlx::query_scalar::<_, String>(sql).bind(now.saturating_sub(STRAY_MICROS)).bind(AT_ONCE);
    let old = old.fetch_all(&mut *connection).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let these = (1..=old.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    for sql in [
        format!(
            "UPDATE provider_events SET settled = 1 WHERE id IN ({these}) AND EXISTS \
             (SELECT 1 FROM provider_event_names own \
              JOIN provider_event_names met ON met.organisation_id = own.organisation_id AND met.name = own.name \
              JOIN provider_event_names other ON other.event_id = met.event_id \
              JOIN call_names n ON n.organisation_id = other.organisation_id AND n.name = other.name \
              WHERE own.event_id = provider_events.id)"
        ),
        format!(
            "DELETE FROM provider_event_names WHERE event_id IN \
             (SELECT id FROM provider_events WHERE id IN ({these}) AND settled = 0)"
        ),
        format!("DELETE FROM provider_events WHERE id IN ({these}) AND settled = 0"),
    ] {
        let change = old.iter().fold(sqlx::query(AssertSqlSafe(sql)), |change, id| change.bind(id));
        change.persistent(false).execute(&mut *connection).await?;
    }
    Ok(old.len())
}

/// Has the events of a trunk follow its new name: one that comes again is known by it. What an earlier trunk of that name was told too
/// stays where it is.
pub(crate) async fn rename_trunk(
    connection: &mut AnyConnection,
    organisation_id: &str,
    before: &str,
    after: &str,
) -> Result<(), Fault> {
    let sql = "UPDATE provider_events SET trunk = $2 WHERE organisation_id = $1 AND trunk = $3 AND NOT EXISTS \
         (SELECT 1 FROM provider_events own WHERE own.organisation_id = $1 AND own.trunk = $2 \
             AND own.event_id = provider_events.event_id)";
    sqlx::query(sql).bind(organisation_id).bind(after).bind(before).execute(connection).await?;
    Ok(())
}

/// Notes what the legs of records are called, so that events find them.
pub(crate) async fn note_names(connection: &mut AnyConnection, cdrs: &[Cdr]) -> Result<(), Fault> {
    let of = |cdr: &'_ Cdr| cdr.legs.iter().flat_map(names).map(str::to_owned).collect::<BTreeSet<_>>();
    let of_cdr = |cdr: &'_ Cdr| {
        let (home, id) = (cdr.tenant_id.clone(), cdr.id.clone());
        of(cdr).into_iter().filter_map(move |name| Some([home.clone()?, name, id.clone()]))
    };
    // A call is saved as it grows: the same names come again.
    let rows: BTreeSet<[String; 3]> = cdrs.iter().flat_map(of_cdr).collect();
    let rows: Vec<_> = rows.into_iter().collect();
    for some in rows.chunks(NAMES) {
        let row = |row: usize| format!("(${}, ${}, ${})", row * 3 + 1, row * 3 + 2, row * 3 + 3);
        let values = (0..some.len()).map(row).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "INSERT INTO call_names (organisation_id, name, call_id) VALUES {values} ON CONFLICT DO NOTHING"
        );
        let insert = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        let insert = some.iter().flatten().fold(insert, |insert, value| insert.bind(value));
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The names of a leg in its record.
fn names(leg: &Value) -> impl Iterator<Item = &str> {
    let ids = leg["provider_ids"].as_array().into_iter().flatten();
    leg["sip_call_id"].as_str().into_iter().chain(ids.filter_map(Value::as_str))
}

/// Puts what was told of calls into their records, in the order in which it came.
pub(crate) async fn fill(connection: &mut AnyConnection, cdrs: &mut [Cdr]) -> Result<(), Fault> {
    let mut over: Vec<&mut Cdr> =
        cdrs.iter_mut().filter(|cdr| cdr.legs.iter().any(|leg| names(leg).next().is_some())).collect();
    for some in over.chunks_mut(CALLS) {
        let variables = (1..=some.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT DISTINCT n.call_id, e.id, e.trunk, e.provider, e.kind, e.event_id, e.occurred_at, \
                 e.received_at, e.facts \
             FROM call_names n \
             JOIN provider_event_names met ON met.organisation_id = n.organisation_id AND met.name = n.name \
             JOIN provider_event_names own ON own.event_id = met.event_id \
             JOIN provider_event_names other \
                 ON other.organisation_id = own.organisation_id AND other.name = own.name \
             JOIN provider_events e ON e.id = other.event_id \
             WHERE n.call_id IN ({variables}) ORDER BY e.received_at, e.id"
        );
        let mut select = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for cdr in some.iter() {
            select = select.bind(cdr.id.clone());
        }
        for row in select.fetch_all(&mut *connection).await? {
            let call: String = row.try_get("call_id")?;
            if let Some(cdr) = some.iter_mut().find(|cdr| cdr.id == call) {
                cdr.provider_events.push(told(&row)?);
            }
        }
    }
    Ok(())
}

fn told(row: &AnyRow) -> Result<Value, Fault> {
    let text: String = row.try_get("facts")?;
    let broken = || StoreError::Value { what: "facts of a provider's event", value: text.clone() };
    let facts: Value = serde_json::from_str(&text).map_err(|_| broken())?;
    let told = Told {
        trunk: row.try_get("trunk")?,
        provider: row.try_get("provider")?,
        kind: row.try_get("kind")?,
        event_id: row.try_get("event_id")?,
        occurred_at: row.try_get::<Option<i64>, _>("occurred_at")?.map(Time),
        received_at: Time(row.try_get("received_at")?),
        facts: &facts,
    };
    Ok(serde_json::to_value(told).map_err(|_| broken())?)
}

/// Events of one name of a call: a call of an hour with every event that a provider has comes to about twenty.
const EVENTS_PER_NAME: i64 = 64;
/// An event whose call has no record by then will not find one: 30 days.
const STRAY_MICROS: i64 = 30 * 86_400 * 1_000_000;
/// Old events that are looked at in one transaction: it holds up calls that are saved for some milliseconds.
const AT_ONCE: i64 = 256;
/// Names that are written at a time.
const NAMES: usize = 32;
/// Calls that are asked for at a time.
const CALLS: usize = 200;
