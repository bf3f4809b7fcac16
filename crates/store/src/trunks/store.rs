//! Trunks in the database, one at a time.

use std::collections::BTreeMap;

use sqlx::AnyConnection;
use uuid::Uuid;

use super::rows::{self, TrunkRow};
use super::{Trunk, TrunkDetails, TrunkDoubt, TrunkSettings, doubt, settle};
use crate::error::Fault;
use crate::organisations::{self, Organisation};
use crate::presets::Presets;
use crate::seal::Seal;
use crate::{Store, StoreError, callers, provider_events, rules, settings};

/// A trunk as lists show it: without its password.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TrunkSummary {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// What the dialplan calls it.
    pub name: String,
    /// The preset that says what the operator does not.
    pub preset: String,
    /// Whether it carries calls.
    pub enabled: bool,
    /// The operator's own words.
    pub settings: TrunkSettings,
    /// Whether a password is kept.
    pub has_password: bool,
    /// Whether a secret of its provider's webhooks is kept.
    pub has_webhook_secret: bool,
    /// Its numbers, each with its context where that is not the usual one.
    pub numbers: BTreeMap<String, Option<String>>,
    /// Microseconds UTC inside, RFC 3339 outside.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub created_at: i64,
    /// When it last changed, likewise.
    #[serde(serialize_with = "crate::cdr::time::serialize")]
    pub updated_at: i64,
}

impl TrunkSummary {
    /// Everything that is wrong with it, its preset and its own words together.
    #[must_use]
    pub fn doubts(&self, presets: &Presets) -> Vec<TrunkDoubt> {
        doubt::of_settings(&self.preset, &self.settings, self.has_password, presets)
    }
}

/// A trunk that was added or changed, and what somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkChange {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// Everything as it is now.
    pub details: TrunkDetails,
    /// Doubts that do not keep it from being taken.
    pub doubts: Vec<TrunkDoubt>,
    /// The blocks for it that follow its new name; None: it has the name that it had.
    pub followed: Option<u64>,
}

/// What became of a trunk of [`Store::put_trunks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkPut {
    /// As it is now.
    pub now: TrunkChange,
    /// Whether it was not there before.
    pub is_new: bool,
    /// Whether anything of it is another now.
    pub is_changed: bool,
}

impl Store {
    /// Adds a trunk.
    ///
    /// # Errors
    /// [`StoreError::Trunk`] with everything that is wrong with it; when the name or a number is taken, or the organisation is
    /// not clear.
    pub async fn add_trunk(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        details: TrunkDetails,
    ) -> Result<TrunkChange, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let seal = self.seal(&mut writing).await?;
            let added = add(&mut writing, &seal, organisation, presets, details).await?;
            writing.commit().await?;
            Ok(added)
        })
        .await
    }

    /// Changes a trunk as `change` says, which sees everything but the password. What names a trunk that is renamed, its blocks and what
    /// its provider told, follows; records of calls keep the name of then.
    ///
    /// # Errors
    /// What `change` refuses; otherwise as [`Store::add_trunk`], and when there is no such trunk. Nothing was changed then.
    pub async fn change_trunk(
        &self,
        organisation: Option<&str>,
        name: &str,
        presets: &Presets,
        change: impl FnOnce(&mut TrunkDetails) -> Result<(), StoreError> + Send,
    ) -> Result<TrunkChange, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let (now, is_changed) = self.change(&mut writing, organisation, name, presets, change).await?;
            if is_changed {
                writing.commit().await?;
            }
            Ok(now)
        })
        .await
    }

    /// Makes each trunk, or changes the one of its name, as `change` says: all of them, or none. A new one begins as the details
    /// beside it say.
    ///
    /// # Errors
    /// As [`Store::add_trunk`] and [`Store::change_trunk`]. Nothing was changed then.
    pub async fn put_trunks<F>(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        trunks: Vec<(TrunkDetails, F)>,
    ) -> Result<Vec<TrunkPut>, StoreError>
    where
        F: FnOnce(&mut TrunkDetails) -> Result<(), StoreError> + Send,
    {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let mut put = Vec::new();
            for (mut details, change) in trunks {
                let home = home(&mut writing, organisation).await?;
                if names(&rows::all(&mut writing).await?, &home).contains(&&*details.name) {
                    let (now, is_changed) =
                        self.change(&mut writing, organisation, &details.name, presets, change).await?;
                    put.push(TrunkPut { now, is_new: false, is_changed });
                } else {
                    change(&mut details)?;
                    let seal = self.seal(&mut writing).await?;
                    let now = add(&mut writing, &seal, organisation, presets, details).await?;
                    put.push(TrunkPut { now, is_new: true, is_changed: true });
                }
            }
            writing.commit().await?;
            Ok(put)
        })
        .await
    }

    /// [`Store::change_trunk`] within a transaction of the caller's, and whether anything is another now.
    async fn change(
        &self,
        writing: &mut AnyConnection,
        organisation: Option<&str>,
        name: &str,
        presets: &Presets,
        change: impl FnOnce(&mut TrunkDetails) -> Result<(), StoreError> + Send,
    ) -> Result<(TrunkChange, bool), Fault> {
        let (home, row) = existing(writing, organisation, name).await?;
        let seal = self.seal(writing).await?;
        let mut trunk = row.open(&seal)?;
        let before = trunk.details.clone();
        change(&mut trunk.details)?;
        let doubts = check(writing, &mut trunk, presets).await?;
        let (mut followed, is_changed) = (None, trunk.details != before);
        if is_changed {
            if trunk.details.name != before.name {
                followed = Some(rename(writing, &home, &before.name, &trunk.details.name).await?);
            }
            rows::update(writing, &seal, &trunk).await?;
            settings::raise_revision(writing).await?;
        }
        let (id, organisation, details) = (trunk.id, home.slug, trunk.details);
        Ok((TrunkChange { id, organisation, details, doubts, followed }, is_changed))
    }

    /// Removes a trunk, its numbers and the blocks that are for it. Returns how many blocks those were. Its calls stay in the history.
    ///
    /// # Errors
    /// When there is no such trunk, or the organisation is not clear.
    pub async fn remove_trunk(&self, organisation: Option<&str>, name: &str) -> Result<u64, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let (home, row) = existing(&mut writing, organisation, name).await?;
            sqlx::query("DELETE FROM trunks WHERE id = $1").bind(&row.id).execute(&mut *writing).await?;
            let blocks = callers::remove_blocks_of_trunk(&mut writing, &home.id, name).await?;
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok(blocks)
        })
        .await
    }

    /// The trunks of one organisation, or of all, by organisation and name.
    ///
    /// # Errors
    /// When no organisation has that slug, or the database cannot be read.
    pub async fn trunks(&self, organisation: Option<&str>) -> Result<Vec<TrunkSummary>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let organisations = organisations::all(&mut reading).await?;
            let home =
                organisation.map(|slug| organisations::choose(&organisations, Some(slug))).transpose()?;
            let mut found = Vec::new();
            for row in rows::all(&mut reading).await? {
                let own = organisations.iter().find(|own| own.id == row.organisation_id);
                if let Some(own) = own.filter(|own| home.is_none_or(|home| home.id == own.id)) {
                    found.push(summary(own, row)?);
                }
            }
            found.sort_by(|a, b| (&a.organisation, &a.name).cmp(&(&b.organisation, &b.name)));
            Ok(found)
        })
        .await
    }

    /// One trunk with its password in clear, as `trunk show` needs it, and its organisation.
    ///
    /// # Errors
    /// When there is no such trunk, or the organisation is not clear.
    pub async fn trunk(
        &self,
        organisation: Option<&str>,
        name: &str,
    ) -> Result<(Organisation, Trunk), StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let (home, row) = existing(&mut reading, organisation, name).await?;
            let seal = self.seal(&mut reading).await?;
            Ok((home, row.open(&seal)?))
        })
        .await
    }
}

/// [`Store::add_trunk`] within a transaction of the caller's.
pub(crate) async fn add(
    writing: &mut AnyConnection,
    seal: &Seal,
    organisation: Option<&str>,
    presets: &Presets,
    details: TrunkDetails,
) -> Result<TrunkChange, Fault> {
    let home = home(writing, organisation).await?;
    refuse_taken(writing, &home, &details.name).await?;
    let mut trunk = Trunk { id: Uuid::now_v7().to_string(), organisation_id: home.id.clone(), details };
    let doubts = check(writing, &mut trunk, presets).await?;
    rows::insert(writing, seal, &trunk).await?;
    settings::raise_revision(writing).await?;
    Ok(TrunkChange { id: trunk.id, organisation: home.slug, details: trunk.details, doubts, followed: None })
}

async fn refuse_taken(connection: &mut AnyConnection, home: &Organisation, name: &str) -> Result<(), Fault> {
    if names(&rows::all(connection).await?, home).contains(&name) {
        return Err(StoreError::TrunkExists { name: name.into(), organisation: home.slug.clone() }.into());
    }
    Ok(())
}

/// Has everything beside the trunk itself follow its new name. Returns how many blocks that were.
async fn rename(
    connection: &mut AnyConnection,
    home: &Organisation,
    before: &str,
    after: &str,
) -> Result<u64, Fault> {
    refuse_taken(connection, home, after).await?;
    provider_events::rename_trunk(connection, &home.id, before, after).await?;
    callers::rename_trunk_of_blocks(connection, &home.id, before, after).await
}

/// Refuses what cannot be, and returns what is doubtful.
async fn check(
    connection: &mut AnyConnection,
    trunk: &mut Trunk,
    presets: &Presets,
) -> Result<Vec<TrunkDoubt>, Fault> {
    rules::trunk_name(&trunk.details.name)?;
    trunk.details.numbers.values().flatten().try_for_each(|context| rules::context(context))?;
    let doubts = settle(&mut trunk.details, presets);
    let enabled = trunk.details.enabled;
    let (errors, doubts): (Vec<_>, Vec<_>) =
        doubts.into_iter().partition(|doubt| doubt.is_error_when_disabled() || (enabled && doubt.is_error()));
    if !errors.is_empty() {
        return Err(StoreError::Trunk(errors).into());
    }
    let others = rows::number_rows(connection).await?;
    let taken = others.iter().find(|row| {
        row.organisation_id == trunk.organisation_id
            && row.trunk_id != trunk.id
            && trunk.details.numbers.contains_key(&row.number)
    });
    match taken {
        Some(row) => {
            let all = rows::all(connection).await?;
            let owner = all.into_iter().find(|other| other.id == row.trunk_id).map(|other| other.name);
            let (number, trunk) = (row.number.clone(), owner.unwrap_or_default());
            Err(StoreError::NumberTaken { number, trunk }.into())
        }
        None => Ok(doubts),
    }
}

fn summary(home: &Organisation, row: TrunkRow) -> Result<TrunkSummary, StoreError> {
    let (created_at, updated_at, has_password) = (row.created_at, row.updated_at, row.password.is_some());
    let has_webhook_secret = row.has_webhook_secret();
    let Trunk { id, details, .. } = row.without_secrets()?;
    let TrunkDetails { name, preset, enabled, settings, numbers, .. } = details;
    let organisation = home.slug.clone();
    Ok(TrunkSummary {
        id,
        organisation,
        name,
        preset,
        enabled,
        settings,
        has_password,
        has_webhook_secret,
        numbers,
        created_at,
        updated_at,
    })
}

async fn home(connection: &mut AnyConnection, slug: Option<&str>) -> Result<Organisation, Fault> {
    let all = organisations::all(connection).await?;
    Ok(organisations::choose(&all, slug)?.clone())
}

async fn existing(
    connection: &mut AnyConnection,
    slug: Option<&str>,
    name: &str,
) -> Result<(Organisation, TrunkRow), Fault> {
    let home = home(connection, slug).await?;
    let mut all = rows::all(connection).await?;
    let Some(found) = all.iter().position(|row| row.organisation_id == home.id && row.name == name) else {
        return Err(unknown(&home, &names(&all, &home), name).into());
    };
    Ok((home, all.swap_remove(found)))
}

/// Refuses the name of a trunk that the organisation does not have.
pub(crate) async fn check_name(
    connection: &mut AnyConnection,
    home: &Organisation,
    name: &str,
) -> Result<(), Fault> {
    let all = rows::all(connection).await?;
    let known = names(&all, home);
    if known.contains(&name) { Ok(()) } else { Err(unknown(home, &known, name).into()) }
}

fn names<'a>(all: &'a [TrunkRow], home: &Organisation) -> Vec<&'a str> {
    all.iter().filter(|row| row.organisation_id == home.id).map(|row| row.name.as_str()).collect()
}

/// What is said where an organisation has the trunks of `known` alone.
pub(crate) fn unknown(home: &Organisation, known: &[&str], name: &str) -> StoreError {
    let near = super::word::nearest(name, known).map(str::to_owned);
    StoreError::UnknownTrunk { name: name.into(), organisation: home.slug.clone(), near }
}
