//! The table `profiles`, and the columns that name them.

use sqlx::{AnyConnection, FromRow};

use super::{CallClass, Profile, ProfileSettings};
use crate::StoreError;
use crate::error::Fault;
use crate::open::now_micros;

#[derive(FromRow)]
struct ProfileRow {
    id: String,
    organisation_id: String,
    name: String,
    settings: String,
}

/// All profiles, by organisation and name.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Profile>, Fault> {
    let sql = "SELECT id, organisation_id, name, settings FROM profiles ORDER BY organisation_id, name";
    let rows: Vec<ProfileRow> = sqlx::query_as(sql).fetch_all(connection).await?;
    let open = |row: ProfileRow| {
        let settings: ProfileSettings = serde_json::from_str(&row.settings)
            .map_err(|_| StoreError::Value { what: "settings of a profile", value: row.settings.clone() })?;
        Ok(Profile { id: row.id, organisation_id: row.organisation_id, name: row.name, settings })
    };
    rows.into_iter().map(open).collect()
}

pub(crate) async fn insert(connection: &mut AnyConnection, profile: &Profile) -> Result<(), Fault> {
    let sql = "INSERT INTO profiles (id, organisation_id, name, settings, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $5)";
    let insert = sqlx::query(sql)
        .bind(&profile.id)
        .bind(&profile.organisation_id)
        .bind(&profile.name)
        .bind(json(&profile.settings)?)
        .bind(now_micros());
    insert.execute(connection).await?;
    Ok(())
}

/// Writes what is said of an existing profile.
pub(crate) async fn update(connection: &mut AnyConnection, profile: &Profile) -> Result<(), Fault> {
    let sql = "UPDATE profiles SET settings = $2, updated_at = $3 WHERE id = $1";
    let update = sqlx::query(sql).bind(&profile.id).bind(json(&profile.settings)?).bind(now_micros());
    update.execute(connection).await?;
    Ok(())
}

pub(super) async fn remove(connection: &mut AnyConnection, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM profiles WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Gives an organisation a profile, or takes it away.
pub(crate) async fn set_organisation_profile(
    connection: &mut AnyConnection,
    organisation_id: &str,
    profile_id: Option<&str>,
) -> Result<(), Fault> {
    let sql = "UPDATE organisations SET profile_id = $2 WHERE id = $1";
    sqlx::query(sql).bind(organisation_id).bind(profile_id).execute(connection).await?;
    Ok(())
}

/// Classes as they are kept.
pub(crate) fn classes_json(classes: Option<&Vec<CallClass>>) -> Result<Option<String>, StoreError> {
    classes.map(json).transpose()
}

/// Classes as they were kept.
pub(crate) fn classes(kept: Option<String>) -> Result<Option<Vec<CallClass>>, StoreError> {
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|_| StoreError::Value { what: "rights", value: text.clone() })
    };
    kept.map(read).transpose()
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Value { what: "settings of a profile", value: error.to_string() })
}
