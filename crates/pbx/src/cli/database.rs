//! Opening the database for a verb, and telling a running PBX that it has changed.

use kiestoon_config::Config;
use kiestoon_control::{Client, ClientError, Reloaded};
use kiestoon_store::Store;

use super::failure::Failure;
use super::language::{Language, say};

/// The database of the configuration, made and migrated where needed.
pub(super) async fn open(config: &Config) -> Result<Store, Failure> {
    Ok(crate::database::open(config).await?)
}

/// The database of the configuration, which must be there.
pub(super) async fn open_existing(config: &Config) -> Result<Store, Failure> {
    Ok(crate::database::open_existing(config).await?)
}

/// What a running PBX made of a change.
pub(super) enum Announced {
    /// It counts from now on.
    Taken(Reloaded),
    /// None runs: it counts from the next start.
    NotRunning,
    /// It was refused, and why was said.
    Refused,
}

/// Asks a running PBX to take the change now. One that does not run takes it at its start, and one that refuses says why.
pub(super) async fn announce(config: &Config, language: Language) -> Announced {
    let client = Client::new(&config.control.socket).speaking(language.tag());
    match client.reload().await {
        Ok(reloaded) => Announced::Taken(reloaded),
        Err(ClientError::NoSocket { .. } | ClientError::NotListening { .. }) => Announced::NotRunning,
        Err(error) => {
            let error = Failure::from(error).text(language);
            eprintln!(
                "{}",
                say!(
                    language,
                    "saved, but the running PBX does not use it yet: {error}",
                    "opgeslagen, maar de draaiende centrale gebruikt het nog niet: {error}"
                )
            );
            Announced::Refused
        }
    }
}

/// What of the configuration does not count yet, in a line where there is something.
pub(super) fn waiting(reloaded: &Reloaded, language: Language) -> Option<String> {
    let keys = reloaded.waiting.join(", ");
    (!keys.is_empty()).then(|| {
        say!(
            language,
            "these changes wait for a restart: {keys}",
            "deze wijzigingen wachten op een herstart: {keys}"
        )
    })
}
