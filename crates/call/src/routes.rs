//! Who owns what is on the wire: from a transaction or a dialog to its call, in constant time.

use std::collections::HashMap;

use kiestoon_media::{CallKey, LegId};
use kiestoon_sip::transaction::{ClientId, ServerId};
use serde::{Deserialize, Serialize};

/// The owner of a client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ClientOwner {
    /// A call.
    Call(CallKey),
    /// A branch that lost, or whose call is gone: see `losers.rs`.
    Loser,
    /// Nobody: it keeps a flow open, see `switch/keep_alive.rs`.
    KeepAlive,
    /// A registration of ours at a trunk, see `switch/trunks.rs`.
    Registration,
    /// A host of a trunk that is asked whether it is there, see `switch/trunk_health.rs`.
    Host(u32),
    /// A request outside any call, by the transaction of who sent it: see `switch/message.rs`.
    Relay(ServerId),
}

/// The tables. A call enters and removes its own lines.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Routes {
    clients: HashMap<ClientId, ClientOwner>,
    /// INVITEs that may still be cancelled.
    invites: HashMap<ServerId, CallKey>,
    /// By the tag that we gave to the dialog. It is random, so no two dialogs share one; the Call-ID is compared by
    /// whoever looks the leg up.
    dialogs: HashMap<Box<str>, LegId>,
}

impl Routes {
    pub(crate) fn add_client(&mut self, client: ClientId, owner: ClientOwner) {
        self.clients.insert(client, owner);
    }

    pub(crate) fn client(&self, client: ClientId) -> Option<ClientOwner> {
        self.clients.get(&client).copied()
    }

    pub(crate) fn remove_client(&mut self, client: ClientId) {
        self.clients.remove(&client);
    }

    pub(crate) fn add_invite(&mut self, server: ServerId, call: CallKey) {
        self.invites.insert(server, call);
    }

    pub(crate) fn invite(&self, server: ServerId) -> Option<CallKey> {
        self.invites.get(&server).copied()
    }

    pub(crate) fn remove_invite(&mut self, server: ServerId) {
        self.invites.remove(&server);
    }

    pub(crate) fn add_dialog(&mut self, local_tag: &str, leg: LegId) {
        self.dialogs.insert(local_tag.into(), leg);
    }

    /// The leg of a dialog by its local tag.
    pub(crate) fn dialog(&self, local_tag: &str) -> Option<LegId> {
        self.dialogs.get(local_tag).copied()
    }

    pub(crate) fn remove_dialog(&mut self, local_tag: &str) {
        self.dialogs.remove(local_tag);
    }

    /// How many dialogs there are.
    pub(crate) fn dialogs(&self) -> usize {
        self.dialogs.len()
    }

    /// Lines in each table: for tests that every call cleans up after itself.
    pub(crate) fn len(&self) -> [usize; 3] {
        [self.clients.len(), self.invites.len(), self.dialogs.len()]
    }
}
