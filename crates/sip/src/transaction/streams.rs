//! Requests that are too long for a datagram and went over a stream instead (RFC 3261 section 18.1.1): what to send where no
//! connection can be had, and which peers have refused one.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::flow::Flow;
use crate::message::Request;

use super::key::OwnBranch;

/// The request as it would have gone first.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) request: Request,
    pub(super) flow: Flow,
    pub(super) branch: OwnBranch,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Streams {
    waiting: HashMap<u64, Box<Datagram>>,
    /// Peers that took no connection, and until when they are not asked again.
    refused: BTreeMap<SocketAddr, Instant>,
}

impl Streams {
    pub(super) fn add(&mut self, client: u64, datagram: Datagram) {
        self.waiting.insert(client, Box::new(datagram));
    }

    pub(super) fn take(&mut self, client: u64) -> Option<Datagram> {
        self.waiting.remove(&client).map(|datagram| *datagram)
    }

    pub(super) fn may(&mut self, now: Instant, stream: &Flow) -> bool {
        let refused = self.refused.get(&stream.remote).is_some_and(|until| *until > now);
        if !refused {
            self.refused.remove(&stream.remote);
        }
        !refused
    }

    /// Most phones take datagrams only: each would otherwise be asked with every call.
    pub(super) fn failed(&mut self, now: Instant, stream: &Flow) {
        if self.refused.len() >= MOST_REFUSED {
            self.refused.retain(|_, until| *until > now);
        }
        if self.refused.len() < MOST_REFUSED {
            self.refused.insert(stream.remote, now + REMEMBERED);
        }
    }
}

/// The longest request for a path whose MTU is not known.
pub(super) const LONGEST_DATAGRAM: usize = 1_300;
const MOST_REFUSED: usize = 4_096;
const REMEMBERED: Duration = Duration::from_secs(3_600);
