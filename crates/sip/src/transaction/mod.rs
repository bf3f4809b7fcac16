//! Transactions (RFC 3261 section 17, with RFC 6026, RFC 4320 and RFC 3581): retransmission, matching, and the end of
//! what nobody answers. One [`TransactionLayer`] serves all transports; it sends nothing itself but says
//! what to transmit.

mod agenda;
mod client_invite;
mod client_non_invite;
mod clients;
mod frozen;
mod inbound;
mod key;
mod layer;
mod paths;
mod retained;
mod server_invite;
mod server_non_invite;
mod servers;
mod step;
mod streams;
#[cfg(test)]
mod tests;
mod timers;
mod upkeep;

pub use frozen::FrozenTransactions;
pub use layer::TransactionLayer;
pub use timers::Timers;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::message::{Request, Response};

/// A client transaction; never reused while the layer lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClientId(pub u64);

/// A server transaction; never reused while the layer lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerId(pub u64);

/// How much a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionLimits {
    /// Transactions that wait for something, clients and servers together. Over it, new requests are
    /// answered 503 without a transaction, and our own fail at once.
    pub transactions: usize,
    /// Bytes for the final responses that are only kept to be repeated (Timer J), their bookkeeping included.
    /// Over it, the oldest are forgotten early.
    pub retained_bytes: usize,
}

impl Default for TransactionLimits {
    fn default() -> Self {
        Self { transactions: 100_000, retained_bytes: 128 * 1024 * 1024 }
    }
}

/// What the layer wants done or known, in order.
#[derive(Debug)]
pub enum TransactionOutput {
    /// Send these bytes.
    Transmit {
        /// Where.
        flow: Flow,
        /// A whole message.
        bytes: Bytes,
    },
    /// A new request, never ACK or CANCEL. Exactly one final response is owed.
    Request {
        /// For [`TransactionLayer::respond`].
        id: ServerId,
        /// As received, with `received` and `rport` filled in.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// The ACK of a 2xx, or a stray one: find its dialog, else ignore it.
    Ack {
        /// As received.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// The caller gave up; the CANCEL has been answered. Answer the INVITE with 487 unless a final response
    /// has gone out already.
    Cancelled {
        /// The INVITE's transaction.
        id: ServerId,
        /// The value of the CANCEL's Reason header (RFC 3326).
        reason: Option<Box<str>>,
    },
    /// A response to a request of ours: every provisional one; a final one once, and for an INVITE
    /// any further 2xx (of another fork, or retransmitted because our ACK was lost).
    Response {
        /// Which request of ours.
        id: ClientId,
        /// As received.
        response: Response,
        /// Where it came from.
        flow: Flow,
    },
    /// No final response will come; the transaction is gone.
    Failed {
        /// Which request of ours.
        id: ClientId,
        /// Why.
        reason: FailReason,
    },
    /// A server transaction ended in a way that its user has to know of.
    Ended {
        /// Which one.
        id: ServerId,
        /// Why.
        reason: EndedReason,
    },
}

/// Why a client transaction has no final response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum FailReason {
    /// Nothing came within 64*T1 (Timers B and F), or nothing after a CANCEL; treat it as 408.
    #[error("no response in time")]
    Timeout,
    /// An INVITE was answered provisionally and then by nothing for as long as Timer C allows; treat it as 408.
    #[error("no final response within Timer C")]
    TimerC,
    /// The connection was lost, or the peer's host refused the datagram; treat it as 503.
    #[error("transport failure")]
    Transport,
    /// We hold as many transactions as we may; treat it as 503.
    #[error("too many transactions")]
    Overload,
}

/// Why a server transaction ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndedReason {
    /// The non-2xx final response to an INVITE was never acknowledged (Timer H).
    #[error("no ACK for the final response")]
    NoAck,
    /// The connection that the response would have to take was lost.
    #[error("connection lost")]
    Transport,
    /// No final response was given before the client must have stopped waiting for one.
    #[error("never answered")]
    Unanswered,
}
