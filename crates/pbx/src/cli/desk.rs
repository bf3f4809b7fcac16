//! The desk of a command: the database, open while one of its verbs runs, and the running PBX, which is told what changed.

use kiestoon_config::Config;
use kiestoon_store::Store;

use super::failure::Failure;
use super::{Cli, database};

/// What the verbs of a command share. `Own` is what those of this one need beside that; each command has its own, which
/// is why their verbs may have the same names.
pub(super) struct Desk<'a, Own> {
    pub(super) cli: &'a Cli,
    pub(super) config: &'a Config,
    pub(super) store: Store,
    /// The slug of the organisation that was named.
    pub(super) organisation: Option<String>,
    pub(super) own: Own,
}

/// What becomes of a database that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is made: the verb puts the first thing into it.
    MakesOne,
    /// It is an error: there is nothing to show or to change.
    MustBeThere,
}

impl<'a, Own> Desk<'a, Own> {
    pub(super) async fn open(
        cli: &'a Cli,
        config: &'a Config,
        opening: Opening,
        organisation: Option<String>,
        own: Own,
    ) -> Result<Self, Failure> {
        let store = match opening {
            Opening::MakesOne => database::open(config).await?,
            Opening::MustBeThere => database::open_existing(config).await?,
        };
        Ok(Self { cli, config, store, organisation, own })
    }

    /// Asks a running PBX to take the change now.
    pub(super) async fn announce(&self) {
        database::announce(self.config, self.cli.language).await;
    }

    /// Ends what was opened, whatever the verb came to.
    pub(super) async fn close(self, done: Result<(), Failure>) -> Result<(), Failure> {
        self.store.close().await;
        done
    }
}
