//! `kiestoon serve`: start-up and shutdown as one list to read from top to bottom.
use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use kiestoon_config::Config;
use tokio::sync::{broadcast, mpsc, watch};

use crate::{
    clock,
    control::{self, Doors},
    database, ending,
    media::Engine,
    persist,
    reload::{self, Reloader},
    settings,
    signalling::{self, Parts, Stop},
    snapshot::Source,
    sounds, task,
};

/// Runs the PBX until a signal or an operator ends it. A fault of configuration or dialplan is a [`ConfigurationError`].
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    // First of all: a second process on the same socket goes no further.
    let (command_sender, commands) = mpsc::channel(COMMANDS);
    let (event_sender, _) = broadcast::channel(EVENTS);
    let doors = Doors { commands: command_sender, events: event_sender.clone() };
    let control = control::start(config.control.socket.clone(), doors)
        .await
        .map_err(ConfigurationError::from_display)?;

    let listen = settings::listen(&config).map_err(ConfigurationError::from_display)?;
    let certificates = listen.certificates.clone();
    let store = database::open(&config).await?;
    let paths = persist::Paths::new(config.store.neighbour(), config.cdr.spool.as_deref());
    let (journals, writers) = persist::start(&paths, &store).await?;

    let (media_sender, media_events) = mpsc::channel(MEDIA_EVENTS);
    let engine = Engine::start(settings::media(&config), &media_sender).context("media engine")?;
    let prompts = Arc::new(sounds::load(&config.media));
    engine.set_prompts(&prompts);
    let source = Source {
        store: store.clone(),
        dialplans: config.dialplan.path.clone(),
        prompts: prompts.names().map(str::to_owned).collect(),
        own_hosts: settings::own_hosts(&config),
    };
    let (snapshot, warnings) = source.build().await.map_err(ConfigurationError::from_snapshot)?;
    reload::warn(&warnings);

    let (snapshot_sender, snapshots) = watch::channel(Arc::new(snapshot));
    let (stop_sender, stop) = watch::channel(Stop::Run);
    let (drain_sender, mut drains) = mpsc::channel(1);
    let (reload_sender, reload_requests) = mpsc::channel(1);
    let bindings = store.bindings(clock::unix_micros()).await?;
    let signalling = signalling::start(Parts {
        settings: settings::call(&config),
        seed: settings::seed().context("entropy of the system")?,
        gruu_key: store.derived_key("gruu"),
        snapshots,
        bindings,
        listen,
        bounds: settings::bounds(&config),
        police: settings::police(&config),
        dns: config.sip.dns.clone(),
        engine,
        media_events,
        journals,
        commands,
        events: event_sender,
        stop,
        reloads: reload_sender.clone(),
        drains: drain_sender,
        drain_limit: Duration::from_secs(config.limits.drain_secs),
    })
    .await
    .map_err(ConfigurationError::from_all)?;
    // Only now is it sure that no other process serves this database: its ports were free.
    close_interrupted_records(&store).await?;
    let reloader = task::spawn(
        "reload",
        Reloader { source, certificates, snapshots: snapshot_sender, requests: reload_requests }.run(),
    );
    println!("kiestoon ready");

    let drain_limit = Duration::from_secs(config.limits.drain_secs);
    ending::wait(&stop_sender, &mut drains, &reload_sender, drain_limit).await?;

    // The signalling thread ends when its last call has; its journals end with it, and so the writers can finish.
    let ended = tokio::task::spawn_blocking(move || signalling.join()).await;
    drop(control);
    drop(reloader);
    writers.finish(STORE_LIMIT).await;
    store.close().await;
    if !matches!(ended, Ok(Ok(()))) {
        // Half a signalling state is worse than none: the supervisor starts a clean process from the journals.
        bail!("signalling failed; see the log");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Calls that ran when the last process was killed have no end in the history: gives them one.
async fn close_interrupted_records(store: &kiestoon_store::Store) -> anyhow::Result<()> {
    let interrupted = store.interrupt_unfinished(clock::unix_micros()).await?;
    if interrupted > 0 {
        tracing::warn!(
            interrupted,
            "calls that were cut by the last stop stand in the history as interrupted"
        );
    }
    Ok(())
}

/// A fault that an operator must mend before a start can succeed: exit code 64.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConfigurationError(String);

impl ConfigurationError {
    fn from_snapshot(error: crate::snapshot::SnapshotError) -> anyhow::Error {
        match error {
            crate::snapshot::SnapshotError::Store(error) => error.into(),
            other => Self(other.to_string()).into(),
        }
    }

    fn from_display(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    fn from_all<E: std::fmt::Display>(errors: Vec<E>) -> Self {
        Self(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}

const MEDIA_EVENTS: usize = 4_096;
const COMMANDS: usize = 64;
const EVENTS: usize = 1_024;
const STORE_LIMIT: Duration = Duration::from_secs(5);
