//! What comes into the switch.

use std::net::IpAddr;
use std::sync::Arc;

use kiestoon_dialplan::{OverrideTo, WebhookAnswer};
use kiestoon_media::MediaEvent;
use kiestoon_sip::registrar::StoredBinding;
use kiestoon_sip::stir::{Chain, Fault};
use kiestoon_sip::{Flow, Malformed, Message};

#[cfg(doc)]
use super::Output;
use super::Search;
use crate::id::CallId;
use crate::snapshot::Snapshot;
use crate::trunk::verification::CertificateId;
use crate::wall_clock::WallClock;
use crate::webhook::{WebhookFault, WebhookId};

/// What comes in.
#[derive(Debug)]
pub enum Input {
    /// A message from the network.
    Received {
        /// The message.
        message: Message,
        /// Where it came from.
        flow: Flow,
    },
    /// A message from the network that came at a time or from a source that leaves no room for new requests: one is
    /// answered 503. What belongs to a call goes on.
    Refused {
        /// The message.
        message: Message,
        /// Where it came from.
        flow: Flow,
    },
    /// Something from the network that is no message.
    Malformed {
        /// What is wrong with it.
        malformed: Malformed,
        /// Where it came from.
        flow: Flow,
    },
    /// A keep-alive came that is no message (RFC 5626 section 3.5).
    KeptAlive {
        /// Where it came from.
        flow: Flow,
    },
    /// A connection was lost, or nobody listens at the other end.
    FlowFailed {
        /// The connection, or the pair of addresses.
        flow: Flow,
    },
    /// The answer to [`Output::Resolve`]: ways to the target, in the order that they are tried; none where it has none.
    Resolved {
        /// As asked.
        id: Search,
        /// With the address of ours that each leaves from.
        flows: Vec<Flow>,
    },
    /// The answer to [`Output::Webhook`], or why there is none.
    WebhookAnswered {
        /// As asked.
        id: WebhookId,
        /// What came.
        answer: Result<WebhookAnswer, WebhookFault>,
    },
    /// The answer to [`Output::FetchCertificate`], or why there is none.
    CertificateFetched {
        /// As asked.
        id: CertificateId,
        /// What came.
        chain: Result<Arc<Chain>, Fault>,
    },
    /// An operator sets hours of an organisation by hand; what its dialplan does not have is left alone.
    SetHours {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// Their name in the dialplan.
        hours: Box<str>,
        /// What they are to be.
        to: OverrideTo,
        /// What the operator is called.
        by: Box<str>,
    },
    /// An operator puts somebody on hold, or takes them off it; who is not there is left alone.
    SetHold {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The number of the extension; None: the organisation itself.
        number: Option<Box<str>>,
        /// Whether it is on hold from now on.
        held: bool,
        /// What the operator is called.
        by: Box<str>,
    },
    /// The deadline has passed.
    Tick,
    /// Something happened to a call's media.
    Media(MediaEvent),
    /// The directory or the dialplan has changed: new calls use this. Bindings of extensions that are gone are removed.
    Snapshot(Arc<Snapshot>),
    /// Bindings from before a restart.
    Restore(Vec<StoredBinding>),
    /// An operator ends a call; one that is over already is ignored.
    Hangup {
        /// The call.
        call: CallId,
    },
    /// The PBX stops: every call ends now.
    HangupAll,
    /// The PBX will stop: no new calls.
    Drain,
    /// An operator lifts the ban of a source, or all bans.
    LiftBans {
        /// The source; None for all.
        source: Option<IpAddr>,
    },
    /// The wall clock was read again.
    WallClock(WallClock),
}
