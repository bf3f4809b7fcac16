//! Profiles in the database, one at a time, and who has which.

use sqlx::AnyConnection;
use uuid::Uuid;

use super::{CallClass, Profile, ProfileSettings, effective, rows};
use crate::error::Fault;
use crate::extensions;
use crate::organisations::{self, Organisation};
use crate::trunks::word::nearest;
use crate::{Store, StoreError, rules, settings};

/// The rights of an extension or of an organisation, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsOf {
    /// The organisation.
    pub organisation: Organisation,
    /// The number; None for the organisation itself.
    pub number: Option<String>,
    /// What is written at the extension itself.
    pub own: Option<Vec<CallClass>>,
    /// Its profile.
    pub profile: Option<Profile>,
    /// The profile of its organisation.
    pub of_all: Option<Profile>,
}

impl RightsOf {
    /// What holds.
    #[must_use]
    pub fn effective(&self) -> ProfileSettings {
        let settings =
            |profile: &'_ Option<Profile>| profile.as_ref().map(|profile| profile.settings.clone());
        effective(self.own.as_deref(), settings(&self.profile).as_ref(), settings(&self.of_all).as_ref())
    }
}

/// What is to become of somebody's rights. The outer None: it stays as it is; the inner one: it is taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightsChange {
    /// The classes at the extension itself.
    pub rights: Option<Option<Vec<CallClass>>>,
    /// The name of the profile.
    pub profile: Option<Option<String>>,
}

/// What became of a profile that was to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileSaved {
    /// There was none of that name.
    New,
    /// It was otherwise.
    Changed,
    /// It was so already.
    Same,
}

impl Store {
    /// The profiles of one organisation, or of all, by organisation and name, each with the slug of its organisation.
    ///
    /// # Errors
    /// When no organisation has that slug, or the database cannot be read.
    pub async fn profiles(&self, organisation: Option<&str>) -> Result<Vec<(String, Profile)>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let organisations = organisations::all(&mut reading).await?;
            let home =
                organisation.map(|slug| organisations::choose(&organisations, Some(slug))).transpose()?;
            let mut found = Vec::new();
            for profile in rows::all(&mut reading).await? {
                let own = organisations.iter().find(|own| own.id == profile.organisation_id);
                if let Some(own) = own.filter(|own| home.is_none_or(|home| home.id == own.id)) {
                    found.push((own.slug.clone(), profile));
                }
            }
            found.sort_by(|(a, one), (b, other)| (a, &one.name).cmp(&(b, &other.name)));
            Ok(found)
        })
        .await
    }

    /// Makes a profile, or changes the one of that name, as `change` says.
    ///
    /// # Errors
    /// What `change` refuses, or that the name or the organisation cannot be. Nothing was changed then.
    pub async fn set_profile(
        &self,
        organisation: Option<&str>,
        name: &str,
        change: impl FnOnce(&mut ProfileSettings) -> Result<(), StoreError> + Send,
    ) -> Result<(Profile, ProfileSaved), StoreError> {
        self.explain(async {
            rules::profile_name(name)?;
            let mut writing = self.begin_change().await?;
            let home = home(&mut writing, organisation).await?;
            let found = of_name(&rows::all(&mut writing).await?, &home.id, name).cloned();
            let is_new = found.is_none();
            let before = found.unwrap_or_else(|| Profile {
                id: Uuid::now_v7().to_string(),
                organisation_id: home.id,
                name: name.to_owned(),
                settings: ProfileSettings::default(),
            });
            let mut after = before.clone();
            change(&mut after.settings)?;
            let saved = match (is_new, after != before) {
                (true, _) => ProfileSaved::New,
                (false, true) => ProfileSaved::Changed,
                (false, false) => return Ok((after, ProfileSaved::Same)),
            };
            match saved {
                ProfileSaved::New => rows::insert(&mut writing, &after).await?,
                _ => rows::update(&mut writing, &after).await?,
            }
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok((after, saved))
        })
        .await
    }

    /// Removes a profile that nobody has.
    ///
    /// # Errors
    /// When there is no such profile, somebody has it, or the organisation is not clear.
    pub async fn remove_profile(&self, organisation: Option<&str>, name: &str) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = home(&mut writing, organisation).await?;
            let all = rows::all(&mut writing).await?;
            let profile = existing(&all, &home, name)?;
            let is_theirs = |id: &Option<String>| id.as_deref() == Some(&*profile.id);
            let extensions = extensions::all(&mut writing).await?;
            let extensions = extensions.iter().filter(|row| is_theirs(&row.profile_id));
            let mut users: Vec<String> = extensions.map(|row| row.number.clone()).collect();
            users.extend(is_theirs(&home.profile_id).then(|| home.slug.clone()));
            if !users.is_empty() {
                return Err(StoreError::ProfileInUse { name: name.to_owned(), users }.into());
            }
            rows::remove(&mut writing, &profile.id).await?;
            settings::raise_revision(&mut writing).await?;
            Ok(writing.commit().await?)
        })
        .await
    }

    /// The rights of an extension, or of the organisation itself.
    ///
    /// # Errors
    /// When there is no such extension, or the organisation is not clear.
    pub async fn rights(
        &self,
        organisation: Option<&str>,
        number: Option<&str>,
    ) -> Result<RightsOf, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            of(&mut reading, organisation, number).await
        })
        .await
    }

    /// Changes the rights of an extension, or the profile of the organisation itself, which has no other.
    ///
    /// # Errors
    /// When there is no such extension or profile, or the organisation is not clear. Nothing was changed then.
    pub async fn set_rights(
        &self,
        organisation: Option<&str>,
        number: Option<&str>,
        change: RightsChange,
    ) -> Result<RightsOf, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let before = of(&mut writing, organisation, number).await?;
            let mut after = before.clone();
            if let Some(rights) = change.rights {
                after.own = rights;
            }
            if let Some(name) = change.profile {
                let all = rows::all(&mut writing).await?;
                let find = |name: String| existing(&all, &before.organisation, &name).cloned();
                let found = name.map(find).transpose()?;
                match number {
                    Some(_) => after.profile = found,
                    None => after.of_all = found,
                }
            }
            if after == before {
                return Ok(after);
            }
            match number {
                Some(number) => write(&mut writing, &after, number).await?,
                None => {
                    let profile = after.of_all.as_ref().map(|profile| &*profile.id);
                    rows::set_organisation_profile(&mut writing, &after.organisation.id, profile).await?;
                }
            }
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok(after)
        })
        .await
    }
}

async fn write(connection: &mut AnyConnection, rights: &RightsOf, number: &str) -> Result<(), Fault> {
    let sql = "UPDATE extensions SET rights = $3, profile_id = $4 WHERE organisation_id = $1 AND number = $2";
    let update = sqlx::query(sql)
        .bind(&rights.organisation.id)
        .bind(number)
        .bind(rows::classes_json(rights.own.as_ref())?)
        .bind(rights.profile.as_ref().map(|profile| &profile.id));
    update.execute(connection).await?;
    Ok(())
}

async fn of(
    connection: &mut AnyConnection,
    organisation: Option<&str>,
    number: Option<&str>,
) -> Result<RightsOf, Fault> {
    let profiles = rows::all(connection).await?;
    let by_id =
        |id: Option<&String>| id.and_then(|id| profiles.iter().find(|profile| profile.id == *id)).cloned();
    let (home, own, profile) = match number {
        None => (home(connection, organisation).await?, None, None),
        Some(number) => {
            let (home, row) = extensions::existing(connection, organisation, number).await?;
            (home, rows::classes(row.rights.clone())?, by_id(row.profile_id.as_ref()))
        }
    };
    let of_all = by_id(home.profile_id.as_ref());
    Ok(RightsOf { number: number.map(str::to_owned), own, profile, of_all, organisation: home })
}

fn of_name<'a>(all: &'a [Profile], organisation_id: &str, name: &str) -> Option<&'a Profile> {
    all.iter().find(|profile| profile.organisation_id == organisation_id && profile.name == name)
}

fn existing<'a>(all: &'a [Profile], home: &Organisation, name: &str) -> Result<&'a Profile, StoreError> {
    of_name(all, &home.id, name).ok_or_else(|| {
        let known: Vec<&str> = all
            .iter()
            .filter(|profile| profile.organisation_id == home.id)
            .map(|profile| profile.name.as_str())
            .collect();
        let near = nearest(name, &known).map(str::to_owned);
        StoreError::UnknownProfile { name: name.into(), organisation: home.slug.clone(), near }
    })
}

async fn home(connection: &mut AnyConnection, slug: Option<&str>) -> Result<Organisation, Fault> {
    let all = organisations::all(connection).await?;
    Ok(organisations::choose(&all, slug)?.clone())
}
