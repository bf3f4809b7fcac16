//! What the signalling task is made of, and how it is put together: the switch with its hands, and the mailboxes that it
//! waits at.
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use kiestoon_call::{BlockAction, Input, PoliceSettings, Settings, Snapshot, Switch};
use kiestoon_media::{Cause, MediaEvent};
use tokio::{
    runtime::Handle,
    sync::{broadcast, mpsc, watch},
};

use super::{Signalling, Stop, ladders::Ladders, metrics::Metrics, records};
use crate::{
    clock,
    control::Command,
    ladder::{Surroundings, call::Word},
    media::Engine,
    persist::Journals,
    reload,
    snapshot::Source,
    stir::{FETCHES, Fetched, Fetcher, Reach},
    transport::{BindError, Inbound, Listen, Police, Resolved, Resolver, SEARCHES, StreamBounds, Transports},
    webhook::{Answered, QUESTIONS, Webhooks},
};

/// What the signalling thread is made of.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) seed: [u8; 32],
    /// For temporary GRUUs.
    pub(crate) gruu_key: [u8; 32],
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) bindings: Vec<kiestoon_store::StoredBinding>,
    /// Hours that were set by hand before.
    pub(crate) hours: Vec<kiestoon_store::HoursChange>,
    /// What was spent before, and who was on hold.
    pub(crate) accounts: Vec<kiestoon_store::AccountChange>,
    pub(crate) listen: Listen,
    pub(crate) bounds: StreamBounds,
    pub(crate) police: PoliceSettings,
    pub(crate) dns: Vec<SocketAddr>,
    /// Where the accounts of trunks are.
    pub(crate) source: Source,
    /// How services outside are asked, and where; and where certificates of callers may be.
    pub(crate) reach: Reach,
    pub(crate) outside_runtime: Handle,
    pub(crate) engine: Engine,
    pub(crate) media_events: mpsc::Receiver<MediaEvent>,
    pub(crate) journals: Journals,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) events: broadcast::Sender<kiestoon_control::Event>,
    pub(crate) stop: watch::Receiver<Stop>,
    pub(crate) reloads: mpsc::Sender<reload::Request>,
    /// Whether the last reload was refused.
    pub(crate) reload_refused: Arc<AtomicBool>,
    pub(crate) drains: mpsc::Sender<Duration>,
    pub(crate) drain_limit: Duration,
}

/// Where the task is told things.
pub(super) struct Mailboxes {
    pub(super) received: mpsc::Receiver<Inbound>,
    pub(super) media_events: mpsc::Receiver<MediaEvent>,
    pub(super) resolutions: mpsc::Receiver<Resolved>,
    pub(super) webhook_answers: mpsc::Receiver<Answered>,
    pub(super) certificates: mpsc::Receiver<Fetched>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) ladders: mpsc::Receiver<Word>,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) stop: watch::Receiver<Stop>,
}

impl Parts {
    /// Binds the listeners and hands the switch what is registered; or every listener that could not be bound.
    pub(super) fn assemble(mut self) -> Result<(Signalling, Mailboxes), Vec<BindError>> {
        let (inbound, received) = mpsc::channel(INBOUND_QUEUE);
        let police = Police::new(self.police);
        let transports = Transports::bind(&self.listen, &self.bounds, &police, &inbound)?;
        let started = clock::wall_clock();
        let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
        let (resolved, resolutions) = mpsc::channel(SEARCHES);
        // Another seed than the switch's: these numbers may be guessed, its own may not.
        let seed = self.seed.map(|byte| !byte);
        let resolver = Resolver::new(&self.dns, self.settings.listen.clone(), resolved, seed);
        let (answered, webhook_answers) = mpsc::channel(QUESTIONS);
        let webhooks = Webhooks::new(self.reach.outside.clone(), self.outside_runtime.clone(), answered);
        let (fetched, certificates) = mpsc::channel(FETCHES);
        let outside = self.reach.outside.clone();
        let fetcher = Fetcher::new(self.reach, self.outside_runtime.clone(), fetched);
        let around = Surroundings {
            settings: Settings { credentials_key: None, ..self.settings.clone() },
            dns: crate::transport::resolver(&self.dns),
            certificates: self.listen.certificates.clone(),
            outside,
        };
        let spare_ports = self.engine.spare_ports();
        let (ladders, said) = Ladders::new(around, self.source, self.outside_runtime, spare_ports);
        let bindings = records::restored(self.bindings, &snapshot, started.unix_micros);
        let mut switch = Switch::new(self.settings, snapshot, self.seed, started);
        switch.keep_gruus(self.gruu_key);
        switch.restore_hours(self.hours.into_iter().map(records::hours_set));
        switch.restore_accounts(self.accounts.into_iter().filter_map(records::account_kept));
        let mut signalling = Signalling {
            switch,
            transports,
            police,
            resolver,
            webhooks,
            fetcher,
            ladders,
            engine: self.engine,
            journals: self.journals,
            events: self.events,
            reloads: self.reloads,
            drains: self.drains,
            drain_limit: self.drain_limit,
            drain: None,
            started,
            totals: kiestoon_control::Totals::default(),
            metrics: Metrics::new(),
            reload_refused: self.reload_refused,
            certificates: self.listen.certificates,
            answered: VecDeque::new(),
            blocked: BlockAction::KEPT_OUT.map(|action| (action, 0)).into(),
            diagnoses: Cause::ALL.map(|cause| (cause.as_str(), 0)).into(),
            answers: Vec::new(),
        };
        signalling.handle(started.at, Input::Restore(bindings));
        let mailboxes = Mailboxes {
            received,
            media_events: self.media_events,
            resolutions,
            webhook_answers,
            certificates,
            commands: self.commands,
            ladders: said,
            snapshots: self.snapshots,
            stop: self.stop,
        };
        Ok((signalling, mailboxes))
    }
}

const INBOUND_QUEUE: usize = 4_096;
