//! What a new PBX is set up with, all of it in one transaction.

use crate::import::{Import, ImportReport, apply};
use crate::presets::Presets;
use crate::trunks::{self, TrunkChange, TrunkDetails};
use crate::users::{self, AddedUser, NewUser};
use crate::{Store, StoreError};

/// What it is.
pub struct SetUp<'a> {
    /// Its organisation and extensions.
    pub import: &'a Import,
    /// A trunk that is not there yet.
    pub trunk: Option<TrunkDetails>,
    /// Who administers it. Their extension may be one of the import.
    pub admin: Option<NewUser>,
}

/// What was made.
pub struct SetUpReport {
    /// Of the import.
    pub import: ImportReport,
    /// The trunk, and what somebody should look at.
    pub trunk: Option<TrunkChange>,
    /// Who was added, with the password.
    pub admin: Option<AddedUser>,
}

impl Store {
    /// Writes all of it, or nothing.
    ///
    /// # Errors
    /// As [`Store::import`], [`Store::add_trunk`] and [`Store::add_user`].
    pub async fn set_up(&self, presets: &Presets, all: SetUp<'_>) -> Result<SetUpReport, StoreError> {
        let SetUp { import, trunk, admin } = all;
        let admin = match admin {
            Some(new) => {
                let chosen = users::chosen(new.password.as_deref()).await?;
                Some((new, chosen))
            }
            None => None,
        };
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let seal = self.seal(&mut writing).await?;
            let import = apply(&mut writing, &seal, import, presets, &mut |_, _| {}).await?;
            let trunk = match trunk {
                Some(details) => Some(trunks::add(&mut writing, &seal, None, presets, details).await?),
                None => None,
            };
            let admin = match admin {
                Some((new, (password, hash))) => {
                    Some(users::insert(&mut writing, &new, password, &hash).await?)
                }
                None => None,
            };
            writing.commit().await?;
            Ok(SetUpReport { import, trunk, admin })
        })
        .await
    }
}
