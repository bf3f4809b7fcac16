//! The state of a switch as plain data, for another process to take up: transactions, registrations, dialogs and calls, with
//! all that they wait for. It holds the keys of speech and of nonces: it is as secret as the passwords.

mod plans;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use kiestoon_dialplan::Overrides;
use kiestoon_media::CallKey;
use kiestoon_sip::plain;
use kiestoon_sip::registrar::{Gruus, Registrar, StoredBinding};
use kiestoon_sip::transaction::{FrozenTransactions, TransactionLayer};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::Switch;
use super::authenticate::{Authenticator, FrozenAuthenticator};
use super::keep_alive::{FrozenKeepAlive, KeepAlive};
use super::message::Relays;
use super::strangers::Strangers;
use super::test_calls::TestCalls;
use super::trunks::Trunks;
use crate::call::Call;
use crate::distribution::Distribution;
use crate::exchange::Exchange;
use crate::flows::Flows;
use crate::frozen::FrozenCall;
use crate::losers::Losers;
use crate::parties::Parties;
use crate::rights::Ledger;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::trunk::logins::Logins;
use crate::trunk::standing::Standings;
use crate::wall_clock::WallClock;

/// Why a frozen switch cannot be thawed.
#[derive(Debug, thiserror::Error)]
pub enum ThawError {
    /// It was frozen by another version of the PBX.
    #[error("the frozen calls have form {0}, this version reads form {VERSION}")]
    Version(u32),
    /// It is no frozen switch.
    #[error("these are no frozen calls: {0}")]
    Unreadable(serde_json::Error),
}

/// What is written. The field names are those of [`Frozen`].
#[derive(Serialize)]
struct Freezing<'a> {
    version: u32,
    transactions: &'a TransactionLayer,
    bindings: Vec<StoredBinding>,
    gruus: &'a Gruus,
    flows: &'a Flows,
    overrides: &'a HashMap<Arc<str>, Overrides>,
    tag_secret: u64,
    routes: &'a Routes,
    losers: &'a Losers,
    logins: &'a Logins,
    parties: &'a Parties,
    distribution: &'a Distribution,
    standings: &'a Standings,
    ledger: &'a Ledger,
    authenticator: FrozenAuthenticator<&'a kiestoon_sip::digest::DigestServer>,
    calls: Vec<&'a Call>,
    plans: plans::Written<'a>,
    relays: &'a Relays,
    keep_alive: FrozenKeepAlive,
    trunks: &'a Trunks,
    last_call: u64,
    draining: bool,
}

/// What is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    #[serde(rename = "version")]
    _version: u32,
    transactions: FrozenTransactions,
    bindings: Vec<StoredBinding>,
    gruus: Gruus,
    flows: Flows,
    overrides: HashMap<Arc<str>, Overrides>,
    tag_secret: u64,
    routes: Routes,
    losers: Losers,
    logins: Logins,
    parties: Parties,
    distribution: Distribution,
    standings: Standings,
    ledger: Ledger,
    authenticator: FrozenAuthenticator<kiestoon_sip::digest::FrozenDigestServer>,
    calls: Vec<FrozenCall>,
    plans: plans::Read,
    relays: Relays,
    keep_alive: FrozenKeepAlive,
    trunks: Trunks,
    last_call: u64,
    draining: bool,
}

/// Enough of any form to tell which one it is.
#[derive(Deserialize)]
struct Form {
    version: u32,
}

impl Switch {
    /// The whole state as plain data. The switch itself goes on; only one of the two may be handed further inputs. Drain
    /// [`poll`](Self::poll) before: what is still to be done is not part of it.
    ///
    /// # Errors
    /// Where an instant is centuries away.
    pub fn freeze(&self, now: Instant) -> Result<Vec<u8>, serde_json::Error> {
        let mut calls: Vec<&Call> = self.calls.values().collect();
        calls.sort_unstable_by_key(|call| call.key);
        let freezing = Freezing {
            version: VERSION,
            transactions: &self.x.transactions,
            bindings: self.x.registrar.freeze(now),
            gruus: &self.x.gruus,
            flows: &self.x.flows,
            overrides: &self.x.overrides,
            tag_secret: self.x.tag_secret,
            routes: &self.x.routes,
            losers: &self.x.losers,
            logins: &self.x.logins,
            parties: &self.x.parties,
            distribution: &self.x.distribution,
            standings: &self.x.standings,
            ledger: &self.x.ledger,
            authenticator: self.authenticator.freeze(),
            plans: plans::in_use(&calls),
            calls,
            relays: &self.relays,
            keep_alive: self.keep_alive.freeze(),
            trunks: &self.trunks,
            last_call: self.last_call,
            draining: self.draining,
        };
        plain::at(now, || serde_json::to_vec(&freezing))
    }

    /// The switch that was frozen. For it no time has passed since. Calls go on under the snapshot given here, by the
    /// dialplan that they began with; one whose organisation is in it no more is left out. `seed` is fresh entropy. Drain [`poll`](Self::poll): what the other process has
    /// asked of services is asked again, under the same id.
    ///
    /// The connections of stream transports stay behind in the other process unless they were handed over too: for each one that is
    /// gone, hand in [`Input::FlowFailed`](super::Input::FlowFailed).
    ///
    /// # Errors
    /// [`ThawError`] for another version's form, and for anything else.
    pub fn thaw(
        frozen: &[u8],
        settings: Settings,
        snapshot: Arc<Snapshot>,
        seed: [u8; 32],
        wall: WallClock,
    ) -> Result<Self, ThawError> {
        let form: Form = serde_json::from_slice(frozen).map_err(ThawError::Unreadable)?;
        if form.version != VERSION {
            return Err(ThawError::Version(form.version));
        }
        let frozen: Frozen =
            plain::at(wall.at, || serde_json::from_slice(frozen)).map_err(ThawError::Unreadable)?;
        Ok(Self::of_frozen(frozen, settings, snapshot, seed, wall))
    }

    fn of_frozen(
        frozen: Frozen,
        settings: Settings,
        snapshot: Arc<Snapshot>,
        seed: [u8; 32],
        wall: WallClock,
    ) -> Self {
        let mut rng = ChaCha12Rng::from_seed(seed);
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let transactions = TransactionLayer::thaw(
            wall.at,
            frozen.transactions,
            settings.timers,
            ChaCha12Rng::from_seed(seed),
            settings.transactions,
        );
        let registrar = Registrar::thaw(wall.at, frozen.bindings, settings.expiry.registrar());
        let authenticator = Authenticator::thaw(frozen.authenticator, &settings);
        let plans = plans::read(&frozen.plans, &frozen.calls, &snapshot);
        let thawed =
            frozen.calls.into_iter().filter_map(|call| Some((call.key(), call.thaw(&snapshot, &plans)?)));
        let calls: HashMap<CallKey, Call> = thawed.collect();
        let schedule: BTreeSet<_> =
            calls.values().filter_map(|call| Some((call.scheduled?, call.key))).collect();
        let mut switch = Self {
            x: Exchange {
                now: wall.at,
                settings,
                snapshot,
                clock: wall,
                transactions,
                registrar,
                gruus: frozen.gruus,
                flows: frozen.flows,
                routes: frozen.routes,
                losers: frozen.losers,
                logins: frozen.logins,
                parties: frozen.parties,
                distribution: frozen.distribution,
                standings: frozen.standings,
                ledger: frozen.ledger,
                crossings: VecDeque::new(),
                tag_secret: frozen.tag_secret,
                rng,
                overrides: frozen.overrides,
                outputs: VecDeque::new(),
            },
            authenticator,
            calls,
            schedule,
            relays: frozen.relays,
            keep_alive: KeepAlive::thaw(frozen.keep_alive),
            trunks: frozen.trunks,
            // Who tests a trunk stays behind in the other process, and hangs up there.
            test_calls: TestCalls::default(),
            strangers: Strangers::default(),
            last_call: frozen.last_call,
            draining: frozen.draining,
        };
        switch.x.logins.thaw(&switch.x.snapshot);
        switch.x.ledger.thawed(|call| switch.calls.contains_key(&call));
        switch.take_trunks(None);
        for call in switch.calls.values_mut() {
            call.hold_channels(&mut switch.x);
        }
        let mut keys: Vec<CallKey> = switch.calls.keys().copied().collect();
        keys.sort_unstable();
        for call in keys.iter().filter_map(|key| switch.calls.get(key)) {
            call.ask_again(&mut switch.x);
            call.fetch_again(&mut switch.x);
        }
        // The snapshot may be another than the one that these calls began with.
        switch.end_of_removed();
        switch
    }
}

/// Of the form: raise it with every change of what is written.
const VERSION: u32 = 25;
