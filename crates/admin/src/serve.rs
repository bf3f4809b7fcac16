//! `kiestoon-admin serve`: start-up and shutdown as one list to read from top to bottom.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kiestoon_config::Config;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::certificates::Certificates;
use crate::hall::Hall;
use crate::hub::Hub;
use crate::providers::strays;
use crate::relay::Relays;
use crate::server::{Listeners, Server};
use crate::{database, routes, task};

/// Runs the sidecar until a signal ends it. A fault of the configuration is a [`ConfigurationError`].
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    // Before anything is made: a second sidecar on the same ports goes no further.
    let listeners = Listeners::open(&config).map_err(ConfigurationError::from_all)?;
    let certificates =
        Certificates::open(&config, Timestamp::now()).map_err(ConfigurationError::from_display)?;
    let store = database::open(&config).await?;
    if let Some(first) = store.add_first_user().await? {
        eprintln!(
            "first start: log in as {} with the password {} (shown only now)",
            first.login, first.password
        );
    }
    let (hub, listening) = Hub::new(&config, store.clone());
    let listening = task::spawn("hub", listening.run());
    let (stop, stopped) = watch::channel(false);
    let (relays, relaying) = Relays::new(&config, stopped.clone());
    let relaying = task::spawn("relays", relaying.run());
    let renewing = task::spawn("certificates", certificates.clone().keep_current());
    let forgetting = task::spawn("strays", strays::forget(store.clone()));
    let hall = Arc::new(Hall::new(config, store.clone(), hub, relays, Some(certificates.clone()), stopped)?);
    let server = Server::start(listeners, &certificates, &hall, routes::router(Arc::clone(&hall)))?;

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut out = std::io::stdout();
    // A reader that has gone is no error of ours.
    let _ = writeln!(out, "kiestoon-admin ready").and_then(|()| out.flush());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    // Streams of events end, so that their connections can, and WebSockets are told so.
    stop.send_replace(true);
    drop(listening);
    drop(renewing);
    drop(forgetting);
    let relays = tokio::time::timeout(FINISH, relaying.join());
    let _ = tokio::join!(relays, server.finish());
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Browsers that do not answer are waited for no longer.
const FINISH: Duration = Duration::from_secs(4);

/// A fault that an operator must mend before a start can succeed: exit code 64.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConfigurationError(String);

impl ConfigurationError {
    pub(crate) fn from_display(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    pub(crate) fn from_all<E: std::fmt::Display>(errors: Vec<E>) -> Self {
        Self(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}
