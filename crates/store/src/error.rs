//! What can go wrong with the store, said so that an operator knows what to do. The database library's own
//! errors are translated in `fault` and never shown as they are.

mod fault;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use self::fault::{Fault, reason};
use crate::import::ImportProblem;
use crate::trunks::{TrunkDoubt, WordFault};

/// Why the store refused or failed. Each displays as one sentence, except [`StoreError::Import`], which has one
/// line per problem.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database URL is neither `sqlite:PATH` nor `postgres://USER@HOST/DATABASE`.
    #[error(
        "the database url `{url}` is not understood: write sqlite:PATH, for example sqlite:data/kiestoon.db, or postgres://USER@HOST/DATABASE; one with a password belongs in a file of its own, named in `store.url_file`"
    )]
    Url {
        /// The URL as configured, with anything like a password left out.
        url: String,
    },
    /// The database file or its folder cannot be opened or created.
    #[error("the database {} cannot be opened ({reason}): check the path in [store] url and the rights on the file and its folder", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// The server does not answer.
    #[error(
        "the database {database} cannot be reached ({reason}): check that the server runs and that [store] url names it"
    )]
    Unreachable {
        /// Its name and its server.
        database: String,
        /// The library's words.
        reason: String,
    },
    /// The server answers and does not let us in, or has no such database.
    #[error(
        "the database {database} lets us not in ({reason}): check user, password and database in [store] url, and the server's pg_hba.conf"
    )]
    Denied {
        /// Its name and its server.
        database: String,
        /// The server's words.
        reason: String,
    },
    /// There is no database file, and none was to be made.
    #[error("there is no database {}: start Kiestoon or import something first, or check [store] url", path.display())]
    Missing {
        /// The file named in the URL.
        path: PathBuf,
    },
    /// The file was moved, removed or replaced while it was open. What would be written to it now would be lost, so
    /// nothing is; it goes on when the same file is back, and otherwise after a restart.
    #[error("the database {} was moved or replaced while in use: put it back, or restart Kiestoon", path.display())]
    Gone {
        /// The file named in the URL.
        path: PathBuf,
    },
    /// The file is something else than an SQLite database.
    #[error("{} is not an SQLite database: name another file in [store] url, or move this one away to start empty", path.display())]
    NotADatabase {
        /// The file named in the URL.
        path: PathBuf,
    },
    /// The database has tables of another program.
    #[error("{database} is the database of another program: name another one in [store] url")]
    Foreign {
        /// The path of its file, or its name and its server.
        database: String,
    },
    /// The database has broken pages.
    #[error("the database {} is damaged: stop Kiestoon, move the file away and put back a copy", path.display())]
    Corrupt {
        /// The database file.
        path: PathBuf,
    },
    /// The database may be read but not written.
    #[error(
        "the database {database} cannot be written: check the rights on the file and its folder, or of the user on the server"
    )]
    ReadOnly {
        /// The path of its file, or its name and its server.
        database: String,
    },
    /// No room is left to write.
    #[error("the disk that holds the database {database} is full: free some space")]
    Full {
        /// The path of its file, or its name and its server.
        database: String,
    },
    /// Another program kept the database locked for longer than the busy timeout. Trying again later is safe.
    #[error("the database {database} is still locked by another program after {} ms: try again, or end that program", waited.as_millis())]
    Busy {
        /// The path of its file, or its name and its server.
        database: String,
        /// The busy timeout that passed.
        waited: Duration,
    },
    /// The database was written by a newer release.
    #[error(
        "the database {database} has schema {found} and this release knows up to {known}: install the newer release"
    )]
    NewerSchema {
        /// The path of its file, or its name and its server.
        database: String,
        /// The schema version found.
        found: i64,
        /// The newest version that this binary knows.
        known: i64,
    },
    /// Any other failure of the database, in one line.
    #[error("the database {database} failed: {reason}")]
    Database {
        /// The path of its file, or its name and its server.
        database: String,
        /// The database's message, on one line.
        reason: String,
    },
    /// The key file cannot be read or written.
    #[error("the key file {} cannot be used ({reason}): put back the one that was made with the database, or mend its rights", path.display())]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// Others than the owner may read or write the key file.
    #[error("the key file {} may be used by others (mode {mode:03o}): run `chmod 600 {}`", path.display(), path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file does not hold 32 bytes in base64.
    #[error("the key file {} does not hold a key (32 bytes in base64): put back the file that was made with the database", path.display())]
    KeyFormat {
        /// The key file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Entropy,
    /// The key is not the one the database was made with.
    #[error(
        "the key {key} does not fit the database {database}: put back the key file that was made with it"
    )]
    WrongKey {
        /// The key file, or a word for a key that came from no file.
        key: String,
        /// The path of its file, or its name and its server.
        database: String,
    },
    /// The key is given by the configuration, not by a file of ours.
    #[error(
        "the key was given in `store.key`, which only you can change: write it to a file, name that in `store.key_file`, and rotate then"
    )]
    KeyGiven,
    /// The file of a fresh key cannot be given to whom the old one belongs, who could not read it then. Nothing was changed.
    #[error(
        "the new key file {} cannot be given to user {user}, who has the old one ({reason}): run this as that user, or as root; nothing was changed", path.display()
    )]
    KeyOwner {
        /// The file of the fresh key.
        path: PathBuf,
        /// The number of the user.
        user: u32,
        /// The operating system's words.
        reason: String,
    },
    /// Every secret is sealed under the fresh key, which did not get to its place. Nothing is lost: whoever opens the
    /// database finds it, and brings it there.
    #[error(
        "every secret is encrypted under the new key now, but that cannot be put in its place {} ({reason}): leave {} where it is, mend the folder, and start Kiestoon again, which brings it there",
        file.display(), fresh.display()
    )]
    KeyNotPlaced {
        /// Where the fresh key is.
        fresh: PathBuf,
        /// Where it should be.
        file: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// The database did not say whether it took the fresh key, so both keys stay.
    #[error(
        "the database did not say whether it took the new key ({reason}): leave {} where it is and start Kiestoon, which finds the key that fits; then run this again", fresh.display()
    )]
    KeyUndecided {
        /// Where the fresh key is.
        fresh: PathBuf,
        /// Why the transaction did not end.
        reason: String,
    },
    /// A stored secret does not open: the row was changed by other hands.
    #[error("the stored secret {place} cannot be opened: set that password again")]
    Sealed {
        /// Table, column and row.
        place: String,
    },
    /// A stored value is none of those this release knows.
    #[error("the stored {what} `{value}` is not known to this release")]
    Value {
        /// The column.
        what: &'static str,
        /// The value found.
        value: String,
    },
    /// No organisation has that slug.
    #[error("there is no organisation `{slug}`")]
    UnknownOrganisation {
        /// The slug asked for.
        slug: String,
    },
    /// Several organisations exist, none is named `default`, and none was chosen.
    #[error("there are several organisations: name one")]
    OrganisationNeeded,
    /// That organisation has no such extension.
    #[error("there is no extension {number} in organisation `{organisation}`")]
    UnknownExtension {
        /// The number asked for.
        number: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// That number is taken.
    #[error("extension {number} exists already in organisation `{organisation}`")]
    ExtensionExists {
        /// The number.
        number: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// That organisation has no such trunk.
    #[error("there is no trunk `{name}` in organisation `{organisation}`{}", meant(.near.as_deref()))]
    UnknownTrunk {
        /// The name asked for.
        name: String,
        /// The organisation's slug.
        organisation: String,
        /// The trunk that was probably meant.
        near: Option<String>,
    },
    /// That name is taken.
    #[error("trunk `{name}` exists already in organisation `{organisation}`")]
    TrunkExists {
        /// The name.
        name: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// That number comes in over another trunk.
    #[error("number {number} comes in over trunk `{trunk}`: take it from there first")]
    NumberTaken {
        /// The number.
        number: String,
        /// The trunk that has it.
        trunk: String,
    },
    /// That number does not come in over this trunk.
    #[error("number {number} does not come in over trunk `{trunk}`")]
    NumberNotThere {
        /// The number.
        number: String,
        /// The trunk.
        trunk: String,
    },
    /// The trunk is not whole.
    #[error("{}", joined(.0))]
    Trunk(Vec<TrunkDoubt>),
    /// What was said of a trunk cannot be; one sentence each.
    #[error("{}", joined(.0))]
    TrunkWords(Vec<WordFault>),
    /// That organisation has no such profile.
    #[error("there is no profile `{name}` in organisation `{organisation}`{}", meant(.near.as_deref()))]
    UnknownProfile {
        /// The name asked for.
        name: String,
        /// The organisation's slug.
        organisation: String,
        /// The profile that was probably meant.
        near: Option<String>,
    },
    /// Somebody has that profile.
    #[error("profile `{name}` is that of {}: give them another one first", .users.join(", "))]
    ProfileInUse {
        /// Its name.
        name: String,
        /// Numbers of extensions, and the slug of the organisation.
        users: Vec<String>,
    },
    /// What was said of a profile cannot be; one sentence each.
    #[error("{}", joined(.0))]
    ProfileWords(Vec<WordFault>),
    /// That organisation has no such contact.
    #[error("there is no contact {number} in organisation `{organisation}`")]
    UnknownContact {
        /// The number asked for, in E.164.
        number: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// That number is a contact's.
    #[error("number {number} is a contact's already in organisation `{organisation}`")]
    ContactExists {
        /// The number, in E.164.
        number: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// An organisation would have more contacts than it may.
    #[error("organisation `{organisation}` would have more than {most} contacts: remove some first")]
    TooManyContacts {
        /// The organisation's slug.
        organisation: String,
        /// How many it may have.
        most: usize,
    },
    /// That organisation has no such block.
    #[error("there is no block for {what} in organisation `{organisation}`")]
    UnknownBlock {
        /// Whom it would be for.
        what: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// There is a block for these callers.
    #[error("there is a block for {what} already in organisation `{organisation}`")]
    BlockExists {
        /// Whom it is for.
        what: String,
        /// The organisation's slug.
        organisation: String,
    },
    /// An organisation would have more blocks than it may.
    #[error(
        "organisation `{organisation}` would have more than {most} blocks: name numbers in the file of [trunks] blocklist"
    )]
    TooManyBlocks {
        /// The organisation's slug.
        organisation: String,
        /// How many it may have.
        most: usize,
    },
    /// No user has that login.
    #[error("there is no user `{login}`")]
    UnknownUser {
        /// The login asked for.
        login: String,
    },
    /// That login is taken.
    #[error("user `{login}` exists already")]
    UserExists {
        /// The login.
        login: String,
    },
    /// The number cannot be the user part of a SIP URI, or the password cannot be used.
    #[error("{0}")]
    Refused(#[from] crate::rules::Refusal),
    /// The import was refused as a whole; nothing was changed.
    #[error("{}", joined(.0))]
    Import(Vec<ImportProblem>),
}

impl StoreError {
    /// Whether nothing gets better by trying again: the operator must name, mend or put back something first. A server
    /// that cannot be reached counts: at a start it is more often misnamed than away.
    #[must_use]
    pub const fn must_be_mended(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::Trunk(_)
                | Self::TrunkWords(_)
                | Self::ProfileWords(_)
                | Self::TooManyContacts { .. }
                | Self::TooManyBlocks { .. }
                | Self::Url { .. }
                | Self::Missing { .. }
                | Self::Unreachable { .. }
                | Self::Denied { .. }
                | Self::Open { .. }
                | Self::NotADatabase { .. }
                | Self::Foreign { .. }
                | Self::Corrupt { .. }
                | Self::NewerSchema { .. }
                | Self::KeyFile { .. }
                | Self::KeyExposed { .. }
                | Self::KeyFormat { .. }
                | Self::WrongKey { .. }
                | Self::KeyGiven
                | Self::KeyOwner { .. }
                | Self::KeyNotPlaced { .. }
                | Self::Sealed { .. }
                | Self::Value { .. }
                | Self::Import(_)
        )
    }
}

fn joined<T: ToString>(faults: &[T]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn meant(near: Option<&str>) -> String {
    near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default()
}
