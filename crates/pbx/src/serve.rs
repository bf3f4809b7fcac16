//! `kiestoon serve`: start-up and shutdown as one list to read from top to bottom.
use std::{
    sync::{Arc, atomic::AtomicBool},
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, bail};
use kiestoon_call::CredentialsKey;
use kiestoon_config::Config;
use kiestoon_control::Event;
use kiestoon_media::MediaEvent;
use kiestoon_store::{Store, credentials};
use tokio::{
    runtime::Handle,
    sync::{broadcast, mpsc, watch},
};

use crate::{
    clock,
    configured::Configured,
    control::{self, Command, Doors},
    database, ending,
    media::Engine,
    persist::{self, Journals, Writers},
    reload::{self, Reloader},
    settings,
    signalling::{self, Parts, Stop},
    snapshot::Source,
    sounds,
    task::{self, Task},
    transport::Listen,
};

/// Runs the PBX until a signal or an operator ends it. A fault of configuration or dialplan is a [`ConfigurationError`].
pub(crate) async fn run(configured: Configured) -> anyhow::Result<()> {
    let config = &configured.started_with;
    // First of all: a second process on the same socket goes no further.
    let control = Control::open(config).await?;
    let listen = settings::listen(config).map_err(ConfigurationError::from_display)?;
    let kept = Kept::open(config).await?;
    let sound = Sound::start(config)?;
    let mut running = Running::start(configured, control, listen, kept, sound).await?;
    let served = running.serve().await;
    let finished = running.finish().await;
    served.and(finished)
}

/// The control socket, and what comes in and goes out there.
struct Control {
    server: control::Server,
    commands: mpsc::Receiver<Command>,
    events: broadcast::Sender<Event>,
}

impl Control {
    async fn open(config: &Config) -> Result<Self, ConfigurationError> {
        let (sender, commands) = mpsc::channel(COMMANDS);
        let (events, _) = broadcast::channel(EVENTS);
        let doors = Doors { commands: sender, events: events.clone() };
        let server = control::start(config.control.socket.clone(), doors).await;
        Ok(Self { server: server.map_err(ConfigurationError::from_display)?, commands, events })
    }
}

/// What outlives the process: the database, and the journals with those who carry them there.
struct Kept {
    store: Store,
    journals: Journals,
    writers: Writers,
}

impl Kept {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        let store = database::open(config).await?;
        let paths = persist::Paths::new(config.store.neighbour(), config.cdr.spool.as_deref());
        let (journals, writers) = persist::start(&paths, &store).await?;
        Ok(Self { store, journals, writers })
    }
}

/// The media engine, its words to signalling, and the names of the prompts that it plays.
struct Sound {
    engine: Engine,
    events: mpsc::Receiver<MediaEvent>,
    prompts: Vec<String>,
}

impl Sound {
    fn start(config: &Config) -> anyhow::Result<Self> {
        let (sender, events) = mpsc::channel(MEDIA_EVENTS);
        let engine = Engine::start(settings::media(config), &sender).context("media engine")?;
        let prompts = Arc::new(sounds::load(&config.media));
        engine.set_prompts(&prompts);
        Ok(Self { engine, events, prompts: prompts.names().map(str::to_owned).collect() })
    }
}

/// The PBX while it serves: the signalling thread, who keeps its snapshot current, and what reaches both.
struct Running {
    signalling: JoinHandle<()>,
    control: control::Server,
    reloader: Task<()>,
    stop: watch::Sender<Stop>,
    drains: mpsc::Receiver<Duration>,
    drain_limit: Duration,
    reloads: mpsc::Sender<reload::Request>,
    store: Store,
    writers: Writers,
}

impl Running {
    /// Returns when the ports are bound: phones are served from here on.
    async fn start(
        configured: Configured,
        control: Control,
        listen: Listen,
        kept: Kept,
        sound: Sound,
    ) -> anyhow::Result<Self> {
        let config = &configured.started_with;
        let Kept { store, journals, writers } = kept;
        let source = Source {
            store: store.clone(),
            dialplans: config.dialplan.path.clone(),
            presets: config.trunks.presets.clone(),
            rates: config.trunks.rates.clone(),
            authorities: config.stir.authorities.clone(),
            blocklist: config.trunks.blocklist.clone(),
            prompts: sound.prompts,
            own_hosts: settings::own_hosts(config),
        };
        let (snapshot, warnings) = source.build().await.map_err(ConfigurationError::from_snapshot)?;
        reload::warn(&warnings);
        let certificates = listen.certificates.clone();
        let (snapshot_sender, snapshots) = watch::channel(Arc::new(snapshot));
        let (stop_sender, stop) = watch::channel(Stop::Run);
        let (drain_sender, drains) = mpsc::channel(1);
        let (reloads, requests) = mpsc::channel(1);
        let refused = Arc::new(AtomicBool::new(false));
        let drain_limit = Duration::from_secs(config.limits.drain_secs);
        let parts = Parts {
            settings: kiestoon_call::Settings {
                credentials_key: Some(CredentialsKey::new(store.derived_key(credentials::PURPOSE))),
                ..settings::call(config)
            },
            seed: settings::seed().context("entropy of the system")?,
            gruu_key: store.derived_key("gruu"),
            snapshots,
            bindings: store.bindings(clock::unix_micros()).await?,
            hours: store.hours().await?,
            accounts: store.accounts().await?,
            listen,
            bounds: settings::bounds(config),
            police: settings::police(config),
            dns: config.sip.dns.clone(),
            source: source.clone(),
            reach: settings::reach(config),
            outside_runtime: Handle::current(),
            engine: sound.engine,
            media_events: sound.events,
            journals,
            commands: control.commands,
            events: control.events,
            stop,
            reloads: reloads.clone(),
            reload_refused: Arc::clone(&refused),
            drains: drain_sender,
            drain_limit,
        };
        let signalling = signalling::start(parts).await.map_err(ConfigurationError::from_all)?;
        let reloader =
            Reloader { configured, source, certificates, snapshots: snapshot_sender, requests, refused };
        let reloader = task::spawn("reload", reloader.run());
        let (stop, control) = (stop_sender, control.server);
        Ok(Self { signalling, control, reloader, stop, drains, drain_limit, reloads, store, writers })
    }

    /// Says that it is ready, and returns when signalling has ended. After an error it has not.
    async fn serve(&mut self) -> anyhow::Result<()> {
        // Only now is it sure that no other process serves this database: its ports were free.
        close_interrupted_records(&self.store).await?;
        println!("kiestoon ready");
        ending::wait(&self.stop, &mut self.drains, &self.reloads, self.drain_limit).await
    }

    /// Hangs up what still runs, and waits until all is stored.
    async fn finish(self) -> anyhow::Result<()> {
        ending::hang_up(&self.stop).await;
        // The journals end with the signalling thread, and so the writers can finish.
        let ended = tokio::task::spawn_blocking(move || self.signalling.join()).await;
        drop(self.control);
        drop(self.reloader);
        self.writers.finish(STORE_LIMIT).await;
        self.store.close().await;
        if !matches!(ended, Ok(Ok(()))) {
            // Half a signalling state is worse than none: the supervisor starts a clean process from the journals.
            bail!("signalling failed; see the log");
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Calls that ran when the last process was killed have no end in the history: gives them one.
async fn close_interrupted_records(store: &Store) -> anyhow::Result<()> {
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
