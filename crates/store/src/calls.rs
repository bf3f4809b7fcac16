//! The history of calls: records saved as they grow (started, answered, finished), read newest first, and settled after a run
//! that was cut off.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use crate::cdr::{Cdr, Direction, Disposition, HangupBy};
use crate::error::Fault;
use crate::{Store, StoreError, provider_events};

/// Which calls to read. The default is the newest 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryFilter {
    /// At most so many.
    pub limit: u32,
    /// Started at or after this time, in microseconds UTC.
    pub since: Option<i64>,
    /// Started before this time, in microseconds UTC.
    pub until: Option<i64>,
    /// With this number as caller, callee, dialled number or extension.
    pub number: Option<String>,
    /// Ended so.
    pub disposition: Option<Disposition>,
    /// Of the organisation with this id.
    pub tenant_id: Option<String>,
    /// The call with this id.
    pub id: Option<String>,
    /// Only those that a trunk had a part in.
    pub over_trunk: bool,
}

impl Default for HistoryFilter {
    fn default() -> Self {
        Self {
            limit: 100,
            since: None,
            until: None,
            number: None,
            disposition: None,
            tenant_id: None,
            id: None,
            over_trunk: false,
        }
    }
}

impl Store {
    /// Saves records in one transaction: all or none. A record may come any number of times and in any order: a
    /// finished one is never changed back, and only a real end replaces `interrupted`.
    ///
    /// # Errors
    /// When the database cannot be written now; the caller keeps the records and tries again.
    pub async fn save_cdrs(&self, cdrs: &[Cdr]) -> Result<(), StoreError> {
        if cdrs.is_empty() {
            return Ok(());
        }
        self.explain(async {
            let mut writing = self.begin().await?;
            for rows in furthest(cdrs).chunks(ROWS) {
                save(&mut writing, rows).await?;
            }
            provider_events::note_names(&mut writing, cdrs).await?;
            Ok(writing.commit().await?)
        })
        .await
    }

    /// Finished calls, newest start first, with what providers have told of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Vec<Cdr>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let rows = sqlx::query(HISTORY.as_str())
                .bind(filter.since)
                .bind(filter.until)
                .bind(filter.number.as_deref())
                .bind(filter.disposition.map(Disposition::as_str))
                .bind(filter.tenant_id.as_deref())
                .bind(filter.id.as_deref())
                .bind(i64::from(filter.over_trunk))
                .bind(i64::from(filter.limit))
                .fetch_all(&mut *reading)
                .await?;
            let mut calls = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            provider_events::fill(&mut reading, &mut calls).await?;
            reading.commit().await?;
            Ok(calls)
        })
        .await
    }

    /// Ends every call that has no end, as `interrupted` at `at` (microseconds UTC; the last moment at which the
    /// earlier run is known to have lived), and returns how many. To be called once at start, after this process
    /// has made sure that no other PBX runs on the database and after the spool was replayed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn interrupt_unfinished(&self, at: i64) -> Result<u64, StoreError> {
        self.explain(async {
            let mut writing = self.begin().await?;
            let ended = sqlx::query(INTERRUPT).bind(at).execute(&mut *writing).await?;
            writing.commit().await?;
            Ok(ended.rows_affected())
        })
        .await
    }
}

/// Of each call the record that knows most: a short call starts, is answered and ends in one batch.
fn furthest(cdrs: &[Cdr]) -> Vec<&Cdr> {
    let knows = |cdr: &Cdr| (cdr.ended_at.is_some(), cdr.answered_at.is_some());
    let mut best: Vec<&Cdr> = Vec::with_capacity(cdrs.len());
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(cdrs.len());
    for cdr in cdrs {
        match places.get(cdr.id.as_str()).and_then(|place| best.get_mut(*place)) {
            Some(before) if knows(cdr) > knows(before) => *before = cdr,
            Some(_) => {}
            None => {
                places.insert(&cdr.id, best.len());
                best.push(cdr);
            }
        }
    }
    best
}

/// A few rows are one statement: each statement costs a way to the database's thread and back.
async fn save(connection: &mut AnyConnection, cdrs: &[&Cdr]) -> Result<(), Fault> {
    // Only the longest stays prepared: one of each length would fill the cache.
    let mut insert = if cdrs.len() == ROWS {
        sqlx::query(AssertSqlSafe(SAVE_MOST.as_str()))
    } else {
        sqlx::query(AssertSqlSafe(save_statement(cdrs.len()))).persistent(false)
    };
    for cdr in cdrs {
        insert = bind(insert, cdr);
    }
    insert.execute(connection).await?;
    Ok(())
}

fn bind<'q>(insert: Query<'q, Any, AnyArguments>, cdr: &'q Cdr) -> Query<'q, Any, AnyArguments> {
    let list = |list| serde_json::to_string(list).unwrap_or_else(|_| "[]".into());
    insert
        .bind(&cdr.id)
        .bind(&cdr.linked_id)
        .bind(&cdr.tenant_id)
        .bind(cdr.direction.map(Direction::as_str))
        .bind(&cdr.from_number)
        .bind(&cdr.from_name)
        .bind(&cdr.dialed)
        .bind(&cdr.to_number)
        .bind(&cdr.did)
        .bind(&cdr.user_id)
        .bind(&cdr.extension)
        .bind(&cdr.trunk_in)
        .bind(&cdr.trunk_out)
        .bind(&cdr.context)
        .bind(&cdr.route)
        .bind(&cdr.dialplan_hash)
        .bind(cdr.started_at)
        .bind(cdr.ringing_at)
        .bind(cdr.answered_at)
        .bind(cdr.ended_at)
        .bind(cdr.setup_ms)
        .bind(cdr.ring_ms)
        .bind(cdr.talk_ms)
        .bind(cdr.disposition.map(Disposition::as_str))
        .bind(&cdr.end_reason)
        .bind(cdr.sip_code.map(i64::from))
        .bind(cdr.q850.map(i64::from))
        .bind(cdr.hangup_by.map(HangupBy::as_str))
        .bind(&cdr.error_code)
        .bind(&cdr.codec_a)
        .bind(&cdr.codec_b)
        .bind(&cdr.transport_a)
        .bind(&cdr.transport_b)
        .bind(cdr.srtp.map(i64::from))
        .bind(cdr.mos_min_a)
        .bind(cdr.mos_avg_a)
        .bind(cdr.mos_min_b)
        .bind(cdr.mos_avg_b)
        .bind(cdr.loss)
        .bind(cdr.jitter)
        .bind(cdr.rtt)
        .bind(&cdr.recording_id)
        .bind(&cdr.consent)
        .bind(&cdr.entity_type)
        .bind(&cdr.entity_id)
        .bind(&cdr.notes)
        .bind(&cdr.account_code)
        .bind(cdr.emergency.map(i64::from))
        .bind(&cdr.attestation)
        .bind(list(&cdr.legs))
        .bind(list(&cdr.way))
}

fn read(row: &AnyRow) -> Result<Cdr, Fault> {
    Ok(Cdr {
        id: row.try_get("id")?,
        linked_id: row.try_get("linked_id")?,
        tenant_id: row.try_get("tenant_id")?,
        direction: word(row, "direction", Direction::from_word)?,
        from_number: row.try_get("from_number")?,
        from_name: row.try_get("from_name")?,
        dialed: row.try_get("dialed")?,
        to_number: row.try_get("to_number")?,
        did: row.try_get("did")?,
        user_id: row.try_get("user_id")?,
        extension: row.try_get("extension")?,
        trunk_in: row.try_get("trunk_in")?,
        trunk_out: row.try_get("trunk_out")?,
        context: row.try_get("context")?,
        route: row.try_get("route")?,
        dialplan_hash: row.try_get("dialplan_hash")?,
        started_at: row.try_get("started_at")?,
        ringing_at: row.try_get("ringing_at")?,
        answered_at: row.try_get("answered_at")?,
        ended_at: row.try_get("ended_at")?,
        setup_ms: row.try_get("setup_ms")?,
        ring_ms: row.try_get("ring_ms")?,
        talk_ms: row.try_get("talk_ms")?,
        disposition: word(row, "disposition", Disposition::from_word)?,
        end_reason: row.try_get("end_reason")?,
        sip_code: code(row, "sip_code")?,
        q850: code(row, "q850")?,
        hangup_by: word(row, "hangup_by", HangupBy::from_word)?,
        error_code: row.try_get("error_code")?,
        codec_a: row.try_get("codec_a")?,
        codec_b: row.try_get("codec_b")?,
        transport_a: row.try_get("transport_a")?,
        transport_b: row.try_get("transport_b")?,
        srtp: flag(row, "srtp")?,
        mos_min_a: row.try_get("mos_min_a")?,
        mos_avg_a: row.try_get("mos_avg_a")?,
        mos_min_b: row.try_get("mos_min_b")?,
        mos_avg_b: row.try_get("mos_avg_b")?,
        loss: row.try_get("loss")?,
        jitter: row.try_get("jitter")?,
        rtt: row.try_get("rtt")?,
        recording_id: row.try_get("recording_id")?,
        consent: row.try_get("consent")?,
        entity_type: row.try_get("entity_type")?,
        entity_id: row.try_get("entity_id")?,
        notes: row.try_get("notes")?,
        account_code: row.try_get("account_code")?,
        emergency: flag(row, "emergency")?,
        attestation: row.try_get("attestation")?,
        legs: list(row, "legs")?,
        way: list(row, "way")?,
        provider_events: Vec::new(),
    })
}

/// A list of objects; none where the column has come later than the row.
fn list(row: &AnyRow, column: &'static str) -> Result<Vec<Value>, Fault> {
    let Some(text) = row.try_get::<Option<&str>, _>(column)? else { return Ok(Vec::new()) };
    Ok(serde_json::from_str(text).map_err(|_| StoreError::Value { what: column, value: text.into() })?)
}

fn word<T>(row: &AnyRow, column: &'static str, from: fn(&str) -> Option<T>) -> Result<Option<T>, Fault> {
    let Some(text) = row.try_get::<Option<&str>, _>(column)? else { return Ok(None) };
    let known = from(text).ok_or_else(|| StoreError::Value { what: column, value: text.into() })?;
    Ok(Some(known))
}

fn code(row: &AnyRow, column: &'static str) -> Result<Option<u16>, Fault> {
    let Some(number) = row.try_get::<Option<i64>, _>(column)? else { return Ok(None) };
    let fits = u16::try_from(number);
    Ok(Some(fits.map_err(|_| StoreError::Value { what: column, value: number.to_string() })?))
}

fn flag(row: &AnyRow, column: &'static str) -> Result<Option<bool>, Fault> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(|number| number != 0))
}

/// In the order in which [`bind`] binds them.
const COLUMNS: &[&str] = &[
    "id",
    "linked_id",
    "tenant_id",
    "direction",
    "from_number",
    "from_name",
    "dialed",
    "to_number",
    "did",
    "user_id",
    "extension",
    "trunk_in",
    "trunk_out",
    "context",
    "route",
    "dialplan_hash",
    "started_at",
    "ringing_at",
    "answered_at",
    "ended_at",
    "setup_ms",
    "ring_ms",
    "talk_ms",
    "disposition",
    "end_reason",
    "sip_code",
    "q850",
    "hangup_by",
    "error_code",
    "codec_a",
    "codec_b",
    "transport_a",
    "transport_b",
    "srtp",
    "mos_min_a",
    "mos_avg_a",
    "mos_min_b",
    "mos_avg_b",
    "loss",
    "jitter",
    "rtt",
    "recording_id",
    "consent",
    "entity_type",
    "entity_id",
    "notes",
    "account_code",
    "emergency",
    "attestation",
    "legs",
    "way",
];

/// The row that is there gives way when it has no end (unless it knows of the answer and the new one does not:
/// then the new one is an older record that was replayed), or when its end was only assumed.
fn save_statement(rows: usize) -> String {
    let row = |row: usize| {
        let variables: Vec<_> =
            (1..=COLUMNS.len()).map(|column| format!("${}", row * COLUMNS.len() + column)).collect();
        format!("({})", variables.join(", "))
    };
    let values: Vec<_> = (0..rows).map(row).collect();
    let updates: Vec<_> =
        COLUMNS.iter().skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO calls ({}) VALUES {} ON CONFLICT (id) DO UPDATE SET {} \
         WHERE (excluded.ended_at IS NOT NULL \
                AND (calls.ended_at IS NULL OR calls.disposition = 'interrupted')) \
            OR (excluded.ended_at IS NULL AND calls.ended_at IS NULL \
                AND (calls.answered_at IS NULL OR excluded.answered_at IS NOT NULL))",
        COLUMNS.join(", "),
        values.join(", "),
        updates.join(", ")
    )
}

/// The library looks each variable up by going through those before it: 20 rows cost more than 20 statements, 5 little more than
/// half as much.
const ROWS: usize = 5;

static SAVE_MOST: LazyLock<String> = LazyLock::new(|| save_statement(ROWS));

static HISTORY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM calls WHERE ended_at IS NOT NULL \
         AND ($1 IS NULL OR started_at >= $1) AND ($2 IS NULL OR started_at < $2) \
         AND ($3 IS NULL OR from_number = $3 OR to_number = $3 OR dialed = $3 OR extension = $3) \
         AND ($4 IS NULL OR disposition = $4) AND ($5 IS NULL OR tenant_id = $5) AND ($6 IS NULL OR id = $6) \
         AND (CAST($7 AS BIGINT) = 0 OR trunk_in IS NOT NULL OR trunk_out IS NOT NULL) \
         ORDER BY started_at DESC, id DESC LIMIT $8",
        COLUMNS.join(", ")
    )
});

/// A clock that was set back must not give a call an end before its answer.
const INTERRUPT: &str = "UPDATE calls SET \
     disposition = 'interrupted', end_reason = 'interrupted', hangup_by = 'system', \
     ended_at = CASE WHEN $1 > COALESCE(answered_at, ringing_at, started_at) THEN $1 \
                ELSE COALESCE(answered_at, ringing_at, started_at) END, \
     ring_ms = CASE WHEN ringing_at IS NULL OR ring_ms IS NOT NULL THEN ring_ms \
               WHEN answered_at >= ringing_at THEN (answered_at - ringing_at) / 1000 \
               WHEN $1 > ringing_at THEN ($1 - ringing_at) / 1000 ELSE 0 END, \
     talk_ms = CASE WHEN answered_at IS NULL THEN talk_ms \
               WHEN $1 > answered_at THEN ($1 - answered_at) / 1000 ELSE 0 END \
     WHERE ended_at IS NULL";
