//! Which transactions share the fate of a connection or a peer, so that a lost one costs no search through all of
//! them: whoever opens and closes connections could otherwise make us do nothing else.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::flow::{ConnectionId, Flow, Transport};

use super::agenda::Wake;

/// The index. A transaction stands in it under the path of its flow.
#[derive(Debug, Default)]
pub(super) struct Paths {
    entries: BTreeSet<(Path, Wake)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Path {
    Connection(ConnectionId),
    /// For datagrams, and for requests that wait for a connection to be opened.
    Peer(Transport, SocketAddr),
}

impl Paths {
    pub(super) fn insert(&mut self, flow: &Flow, transaction: Wake) {
        self.entries.insert((Path::of(flow), transaction));
    }

    pub(super) fn remove(&mut self, flow: &Flow, transaction: Wake) {
        self.entries.remove(&(Path::of(flow), transaction));
    }

    /// The transactions that a failed flow takes along, in a fixed order.
    pub(super) fn on(&self, failed: &Flow) -> Vec<Wake> {
        let peer = Path::Peer(failed.transport, failed.remote);
        let connection = failed.connection.map(Path::Connection);
        connection.into_iter().chain([peer]).flat_map(|path| self.under(path)).collect()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn under(&self, path: Path) -> impl Iterator<Item = Wake> {
        let first = (path, Wake::Client(0));
        self.entries
            .range(first..)
            .take_while(move |(of, _)| *of == path)
            .map(|(_, transaction)| *transaction)
    }
}

impl Path {
    fn of(flow: &Flow) -> Self {
        flow.connection.map_or(Self::Peer(flow.transport, flow.remote), Self::Connection)
    }
}
