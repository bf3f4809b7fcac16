//! The tables `trunks` and `numbers`.

use std::collections::{BTreeMap, HashMap};

use sqlx::{AnyConnection, FromRow};

use super::{Trunk, TrunkDetails, TrunkPassword, TrunkSettings, webhook};
use crate::StoreError;
use crate::error::Fault;
use crate::open::now_micros;
use crate::seal::{Place, Seal};

/// A trunk as its row holds it, the password sealed.
#[derive(Debug, FromRow)]
pub(crate) struct TrunkRow {
    pub(crate) id: String,
    pub(crate) organisation_id: String,
    pub(crate) name: String,
    preset: String,
    enabled: i64,
    settings: String,
    pub(crate) password: Option<String>,
    webhook_secret: Option<String>,
    api_secret: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    #[sqlx(skip)]
    numbers: BTreeMap<String, Option<String>>,
}

/// A number and whose it is.
#[derive(Debug, FromRow)]
pub(crate) struct NumberRow {
    pub(crate) organisation_id: String,
    pub(crate) number: String,
    pub(crate) trunk_id: String,
    context: Option<String>,
}

impl TrunkRow {
    pub(crate) fn open(self, seal: &Seal) -> Result<Trunk, StoreError> {
        let open = |column, sealed: Option<&String>| {
            let place = Place { column, row: &self.id };
            let broken = || StoreError::Sealed { place: place.to_string() };
            let open = |sealed: &String| {
                let clear = String::from_utf8(seal.open(place, sealed)?).map_err(|_| broken())?;
                TrunkPassword::new(&clear).map_err(|_| broken())
            };
            sealed.map(open).transpose()
        };
        let password = open(PASSWORD, self.password.as_ref())?;
        let api_secret = open(API_SECRET, self.api_secret.as_ref())?;
        let secrets = self.webhook_secret.as_ref().map(|sealed| webhook::open(seal, &self.id, sealed));
        let webhook_secrets = secrets.transpose()?.unwrap_or_default();
        let mut trunk = self.without_secrets()?;
        trunk.details.password = password;
        trunk.details.api_secret = api_secret;
        trunk.details.webhook_secrets = webhook_secrets;
        Ok(trunk)
    }

    pub(crate) fn has_webhook_secret(&self) -> bool {
        self.webhook_secret.is_some()
    }

    pub(crate) fn without_secrets(self) -> Result<Trunk, StoreError> {
        let settings: TrunkSettings = serde_json::from_str(&self.settings)
            .map_err(|_| StoreError::Value { what: "settings of a trunk", value: self.settings.clone() })?;
        let Self { id, organisation_id, name, preset, enabled, numbers, .. } = self;
        let enabled = enabled != 0;
        let details = TrunkDetails { preset, enabled, settings, numbers, ..TrunkDetails::new(&name) };
        Ok(Trunk { id, organisation_id, details })
    }
}

/// All trunks with their numbers, by organisation and name.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<TrunkRow>, Fault> {
    let sql = "SELECT id, organisation_id, name, preset, enabled, settings, password, webhook_secret, api_secret, \
             created_at, updated_at FROM trunks ORDER BY organisation_id, name";
    let mut rows: Vec<TrunkRow> = sqlx::query_as(sql).fetch_all(&mut *connection).await?;
    let mut numbers: HashMap<String, BTreeMap<String, Option<String>>> = HashMap::new();
    for row in number_rows(connection).await? {
        numbers.entry(row.trunk_id).or_default().insert(row.number, row.context);
    }
    for row in &mut rows {
        row.numbers = numbers.remove(&row.id).unwrap_or_default();
    }
    Ok(rows)
}

pub(crate) async fn number_rows(connection: &mut AnyConnection) -> Result<Vec<NumberRow>, Fault> {
    let sql =
        "SELECT organisation_id, number, trunk_id, context FROM numbers ORDER BY organisation_id, number";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

pub(crate) async fn insert(connection: &mut AnyConnection, seal: &Seal, trunk: &Trunk) -> Result<(), Fault> {
    let Trunk { id, organisation_id, details } = trunk;
    let sql = "INSERT INTO trunks \
         (id, organisation_id, name, preset, enabled, settings, password, webhook_secret, api_secret, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
    let insert = sqlx::query(sql)
        .bind(id)
        .bind(organisation_id)
        .bind(&details.name)
        .bind(&details.preset)
        .bind(i64::from(details.enabled))
        .bind(json(&details.settings)?)
        .bind(sealed(seal, PASSWORD, id, details.password.as_ref())?)
        .bind(webhook::sealed(seal, id, &details.webhook_secrets)?)
        .bind(sealed(seal, API_SECRET, id, details.api_secret.as_ref())?)
        .bind(now_micros());
    insert.execute(&mut *connection).await?;
    write_numbers(connection, trunk).await
}

/// Writes all but the id and the organisation of an existing trunk, and its numbers.
pub(crate) async fn update(connection: &mut AnyConnection, seal: &Seal, trunk: &Trunk) -> Result<(), Fault> {
    let details = &trunk.details;
    let sql = "UPDATE trunks SET name = $2, preset = $3, enabled = $4, settings = $5, password = $6, \
             webhook_secret = $7, api_secret = $8, updated_at = $9 WHERE id = $1";
    let update = sqlx::query(sql)
        .bind(&trunk.id)
        .bind(&details.name)
        .bind(&details.preset)
        .bind(i64::from(details.enabled))
        .bind(json(&details.settings)?)
        .bind(sealed(seal, PASSWORD, &trunk.id, details.password.as_ref())?)
        .bind(webhook::sealed(seal, &trunk.id, &details.webhook_secrets)?)
        .bind(sealed(seal, API_SECRET, &trunk.id, details.api_secret.as_ref())?)
        .bind(now_micros());
    update.execute(&mut *connection).await?;
    sqlx::query("DELETE FROM numbers WHERE trunk_id = $1").bind(&trunk.id).execute(&mut *connection).await?;
    write_numbers(connection, trunk).await
}

async fn write_numbers(connection: &mut AnyConnection, trunk: &Trunk) -> Result<(), Fault> {
    let sql = "INSERT INTO numbers (organisation_id, number, trunk_id, context) VALUES ($1, $2, $3, $4)";
    for (number, context) in &trunk.details.numbers {
        let insert = sqlx::query(sql).bind(&trunk.organisation_id).bind(number).bind(&trunk.id).bind(context);
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Takes a number from whichever trunk has it.
pub(crate) async fn take_number(
    connection: &mut AnyConnection,
    organisation_id: &str,
    number: &str,
) -> Result<(), Fault> {
    let sql = "DELETE FROM numbers WHERE organisation_id = $1 AND number = $2";
    sqlx::query(sql).bind(organisation_id).bind(number).execute(connection).await?;
    Ok(())
}

fn json(settings: &TrunkSettings) -> Result<String, StoreError> {
    let refused = |error: serde_json::Error| StoreError::Value {
        what: "settings of a trunk",
        value: error.to_string(),
    };
    serde_json::to_string(settings).map_err(refused)
}

fn sealed(
    seal: &Seal,
    column: &'static str,
    row: &str,
    clear: Option<&TrunkPassword>,
) -> Result<Option<String>, StoreError> {
    clear.map(|clear| seal.seal(Place { column, row }, clear.expose().as_bytes())).transpose()
}

const PASSWORD: &str = "trunks.password";
const API_SECRET: &str = "trunks.api_secret";
