//! The switch: everything that comes in enters here and finds its call, its registration or its refusal; everything
//! that goes out is queued here. After each [`Switch::handle`], drain [`Switch::poll`] before the next one.

mod authenticate;
mod bans;
mod begin;
mod by_hand;
mod frozen;
mod holds;
mod in_dialog;
mod input;
mod invite;
mod keep_alive;
mod known;
mod lost_connection;
mod message;
mod options;
mod output;
mod police;
mod refer;
mod register;
mod removals;
mod responses;
mod screening;
mod strangers;
mod test_calls;
mod trunk_health;
mod trunk_views;
mod trunks;
mod views;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use kiestoon_media::CallKey;
use kiestoon_sip::registrar::{Gruus, Registrar};
use kiestoon_sip::transaction::{EndedReason, ServerId, TransactionLayer, TransactionOutput};
use kiestoon_sip::{Flow, Malformed, Method, Request};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};

use crate::call::Call;
use crate::distribution::Distribution;
use crate::exchange::Exchange;
use crate::flows::Flows;
use crate::id;
use crate::losers::Losers;
use crate::parties::Parties;
use crate::reason::EndReason;
use crate::rights::Ledger;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::trunk::logins::Logins;
use crate::trunk::standing::Standings;
use crate::wall_clock::WallClock;
use authenticate::Authenticator;
pub use frozen::ThawError;
pub use input::Input;
use keep_alive::KeepAlive;
use message::Relays;
pub use output::{Output, Search};
use strangers::{Strange, Strangers};
use test_calls::TestCalls;
pub use test_calls::{NoTestCall, TestCall};
use trunks::Trunks;

/// The pure core of the PBX: registrar, dialogs and all calls. It performs nothing itself.
pub struct Switch {
    x: Exchange,
    authenticator: Authenticator,
    calls: HashMap<CallKey, Call>,
    /// When which call has something to do.
    schedule: BTreeSet<(Instant, CallKey)>,
    relays: Relays,
    keep_alive: KeepAlive,
    trunks: Trunks,
    test_calls: TestCalls,
    strangers: Strangers,
    last_call: u64,
    draining: bool,
}

impl Switch {
    /// A switch without calls or registrations. `seed` is the entropy of all its tags, branches and nonces.
    pub fn new(settings: Settings, snapshot: Arc<Snapshot>, seed: [u8; 32], wall: WallClock) -> Self {
        let mut rng = ChaCha12Rng::from_seed(seed);
        let mut seed = || {
            let mut seed = [0; 32];
            rng.fill_bytes(&mut seed);
            seed
        };
        let authenticator = Authenticator::new(seed(), seed(), &settings);
        let transactions =
            TransactionLayer::new(settings.timers, ChaCha12Rng::from_seed(seed()), settings.transactions);
        let registrar = Registrar::new(settings.expiry.registrar());
        let mut own = ChaCha12Rng::from_seed(seed());
        let x = Exchange {
            now: wall.at,
            settings,
            snapshot,
            clock: wall,
            transactions,
            registrar,
            routes: Routes::default(),
            losers: Losers::default(),
            logins: Logins::default(),
            parties: Parties::default(),
            distribution: Distribution::default(),
            standings: Standings::default(),
            ledger: Ledger::default(),
            gruus: Gruus::new(seed()),
            flows: Flows::default(),
            crossings: VecDeque::new(),
            tag_secret: own.next_u64(),
            rng: own,
            overrides: HashMap::new(),
            outputs: VecDeque::new(),
        };
        let mut switch = Self {
            x,
            authenticator,
            calls: HashMap::new(),
            schedule: BTreeSet::new(),
            relays: Relays::default(),
            keep_alive: KeepAlive::default(),
            trunks: Trunks::default(),
            test_calls: TestCalls::default(),
            strangers: Strangers::default(),
            last_call: 0,
            draining: false,
        };
        switch.take_trunks(None);
        switch
    }

    /// Makes temporary GRUUs with a key that outlives this switch: those of an earlier run with it are good still, as the
    /// bindings behind them are (RFC 5627 section 3.2).
    pub fn keep_gruus(&mut self, key: [u8; 32]) {
        self.x.gruus = Gruus::new(key);
    }

    /// Takes an input. Drain [`poll`](Self::poll) afterwards.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.x.now = now;
        match input {
            Input::Received { message, flow } => {
                self.x.flows.heard(now, &flow);
                self.x.transactions.receive(now, message, flow);
            }
            Input::KeptAlive { flow } => self.x.flows.heard(now, &flow),
            Input::Refused { message, flow } => self.shed(message, flow),
            Input::Malformed { malformed, flow } => self.malformed(&malformed, flow),
            Input::FlowFailed { flow } => {
                self.leave_connection(&flow);
                self.x.transactions.flow_failed(now, &flow);
                let changes = self.x.registrar.flow_closed(now, &flow);
                self.bindings_lost(changes);
            }
            Input::Tick => self.tick(),
            Input::Media(event) => {
                self.with_call(id::call_of(event.leg()), |call, x| call.media(x, event));
            }
            Input::Resolved { id: Search::Leg(id), flows } => {
                self.with_call(id::call_of(id), |call, x| call.located(x, id, flows));
            }
            Input::Resolved { id: Search::Registration(id), flows } => self.registrar_located(id, flows),
            Input::Resolved { id: Search::Host(id), flows } => self.host_located(id, flows),
            Input::WebhookAnswered { id, answer } => {
                self.with_call(id.call, |call, x| call.webhook_answered(x, id, answer));
            }
            Input::CertificateFetched { id, chain } => {
                self.with_call(id.call, |call, x| call.certificate_fetched(x, id, chain));
            }
            Input::SetHours { organisation, hours, to, by } => {
                self.set_hours(&organisation, &hours, to, &by);
            }
            Input::SetHold { organisation, number, held, by } => {
                self.set_hold(&organisation, number, held, &by);
            }
            Input::Snapshot(snapshot) => self.take_snapshot(snapshot),
            Input::Restore(bindings) => {
                self.x.outputs.extend(bindings.iter().map(|binding| Output::Trust(binding.flow)));
                self.x.registrar.restore(now, bindings);
                self.keep_restored_open();
            }
            Input::Hangup { call } => {
                let key = self.calls.values().find(|live| live.id() == call).map(|live| live.key);
                if let Some(key) = key {
                    self.with_call(key, |call, x| call.end(x, EndReason::Operator.into()));
                }
            }
            Input::HangupAll => {
                let mut keys: Vec<CallKey> = self.calls.keys().copied().collect();
                keys.sort_unstable();
                for key in keys {
                    self.with_call(key, |call, x| call.end(x, EndReason::Shutdown.into()));
                }
            }
            Input::Drain => self.drain(),
            Input::LiftBans { source } => self.lift_bans(source),
            Input::WallClock(wall) => self.x.clock = wall,
        }
        self.settle();
        if self.end_without_help() {
            self.settle();
        }
        self.x.keep_accounts();
    }

    /// Takes the next output.
    pub fn poll(&mut self) -> Option<Output> {
        self.x.outputs.pop_front()
    }

    /// When [`Input::Tick`] is wanted; None while nothing waits.
    pub fn deadline(&self) -> Option<Instant> {
        let call = self.schedule.first().map(|(at, _)| *at);
        let others = [self.x.transactions.deadline(), self.x.registrar.deadline(), self.x.losers.deadline()];
        let own = [call, self.keep_alive.deadline(), self.x.logins.deadline(), self.x.ledger.deadline()];
        let trunks = [self.trunks.deadline(), self.x.standings.agenda.deadline(), self.test_calls.deadline()];
        let stop = self.trunks.removed_by(self.x.now);
        others.into_iter().chain(own).chain(trunks).flatten().chain(stop).min()
    }

    /// Whether no call is left, not even one that waits for its last figures or for an ACK; and no trunk that is still to hear
    /// that we are gone.
    pub fn is_idle(&self) -> bool {
        let is_heard = self.trunks.removed_by(self.x.now).is_none();
        is_heard && self.calls.is_empty() && self.test_calls.is_empty()
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.x.snapshot
    }

    /// Works off what the transaction layer has found, until it is quiet.
    fn settle(&mut self) {
        loop {
            if let Some(crossing) = self.x.crossings.pop_front() {
                self.cross(crossing);
                continue;
            }
            let Some(output) = self.x.transactions.poll() else { return };
            match output {
                TransactionOutput::Transmit { flow, bytes } => {
                    self.x.outputs.push_back(Output::Transmit { flow, bytes });
                }
                TransactionOutput::Request { id, request, flow } => self.request(id, request, flow),
                TransactionOutput::Ack { request, .. } => self.ack(&request),
                TransactionOutput::Cancelled { id, .. } => {
                    if let Some(key) = self.x.routes.invite(id) {
                        self.with_call(key, |call, x| call.cancelled(x, id));
                    }
                }
                TransactionOutput::Response { id, response, flow } => self.response(id, &response, flow),
                TransactionOutput::Failed { id, reason } => self.failed(id, reason),
                // A refusal that nobody acknowledged changes nothing.
                TransactionOutput::Ended { reason: EndedReason::NoAck, .. } => {}
                TransactionOutput::Ended { id, .. } => {
                    if let Some(key) = self.x.routes.invite(id) {
                        self.with_call(key, |call, x| call.caller_unreachable(x, id));
                    }
                }
            }
        }
    }

    /// A new request: screened, then to its dialog or to the one who takes its method.
    fn request(&mut self, server: ServerId, request: Request, flow: Flow) {
        if self.is_banned(&request, &flow) {
            return self.x.turn_away(server, &request, 403);
        }
        if let Err(refusal) = screening::screen(&self.x, &request, &flow) {
            self.stranger_refused(&request, &flow, refusal.status.code(), Strange::Screened);
            return self.x.transactions.respond_stateless(self.x.now, server, &refusal);
        }
        if request.to.tag().is_some() {
            return self.in_dialog(server, request, flow);
        }
        match request.method {
            Method::Register => self.register(server, &request, flow),
            Method::Invite => self.invite(server, request, flow),
            Method::Options => self.options(server, &request),
            Method::Message | Method::Info => self.relay(server, request, flow),
            // A transfer is asked for in a dialog of the call (RFC 3515 section 2.4.2 leaves others to us).
            Method::Refer => {
                self.stranger_refused(&request, &flow, 403, Strange::NoDialog);
                self.x.turn_away(server, &request, 403);
            }
            // Screening lets only the methods of a dialog through besides.
            _ => self.x.turn_away(server, &request, 481),
        }
    }

    fn malformed(&mut self, malformed: &Malformed, flow: Flow) {
        if let Some(response) = malformed.response() {
            self.x.outputs.push_back(Output::Transmit { flow, bytes: response.to_bytes() });
        }
    }

    fn tick(&mut self) {
        let now = self.x.now;
        self.x.transactions.tick(now);
        let expired = self.x.registrar.expire(now);
        self.bindings_lost(expired);
        self.x.forget_old_losers();
        self.x.forget_logins();
        self.ask_due();
        self.register_due();
        self.ask_trunks_due();
        self.end_unpaid();
        self.end_late_test_calls();
        while let Some((at, key)) = self.schedule.first().copied() {
            if at > now {
                break;
            }
            self.schedule.pop_first();
            if let Some(call) = self.calls.get_mut(&key) {
                call.scheduled = None;
            }
            self.with_call(key, Call::tick);
        }
    }

    fn take_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        let gone: BTreeSet<_> = self
            .x
            .registrar
            .iter()
            .map(|(aor, _)| aor)
            .filter(|aor| {
                let known = snapshot.of_aor(aor.as_str());
                known.is_none_or(|(organisation, number)| snapshot.extension(organisation, number).is_none())
            })
            .cloned()
            .collect();
        for aor in gone {
            let changes = self.x.registrar.remove(self.x.now, &aor);
            self.bindings_lost(changes);
        }
        self.x.ledger.keep_only(&snapshot, self.x.now);
        let former = std::mem::replace(&mut self.x.snapshot, snapshot);
        self.end_of_removed();
        self.take_trunks(Some(former.as_ref()));
    }

    /// Has a call do something, and notes what became of it.
    fn with_call(&mut self, key: CallKey, act: impl FnOnce(&mut Call, &mut Exchange)) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        act(call, &mut self.x);
        call.seat_arrival(&mut self.x);
        call.tell_untold(&mut self.x);
        call.hold_channels(&mut self.x);
        let wanted = if call.is_over() { None } else { call.deadline() };
        if wanted != call.scheduled {
            if let Some(before) = call.scheduled {
                self.schedule.remove(&(before, key));
            }
            if let Some(at) = wanted {
                self.schedule.insert((at, key));
            }
            call.scheduled = wanted;
        }
        if call.is_over() {
            self.calls.remove(&key);
        }
    }
}
