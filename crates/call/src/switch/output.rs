//! What the switch wants done.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use kiestoon_media::{LegId, MediaCommand};
use kiestoon_sip::Flow;
use kiestoon_sip::locate::Query;
use kiestoon_sip::registrar::BindingChange;

#[cfg(doc)]
use super::Input;
use crate::by_hand::HoursSet;
use crate::cdr::CdrRecord;
use crate::event::Event;
use crate::rights::AccountKept;
use crate::trunk::verification::CertificateId;
use crate::webhook::WebhookRequest;

/// What is to be done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// Where.
        flow: Flow,
        /// A whole message.
        bytes: Bytes,
    },
    /// Somebody has logged in over this flow: its source is no stranger's any more.
    Trust(Flow),
    /// Who is at the other end of a connection has been told to keep it alive: close it when nothing comes for longer.
    Expect {
        /// With its connection.
        flow: Flow,
        /// The longest silence.
        within: Duration,
    },
    /// A source is banned: it is a stranger's again, and nothing is begun with it.
    Ban {
        /// The IPv4 address, or the IPv6 network.
        source: IpAddr,
        /// For how long.
        lasts: Duration,
    },
    /// The ban of a source is over before its time.
    LiftBan(IpAddr),
    /// Ask where this leads; answer with [`Input::Resolved`], also where it leads nowhere.
    Resolve {
        /// For the answer.
        id: Search,
        /// What is known.
        query: Query,
    },
    /// Ask a service where a call is to go; answer with [`Input::WebhookAnswered`], also where it says nothing.
    Webhook(Box<WebhookRequest>),
    /// Fetch the certificate of who has signed a call; answer with [`Input::CertificateFetched`], within two seconds, also where
    /// there is none. The URL is a stranger's.
    FetchCertificate {
        /// For the answer.
        id: CertificateId,
        /// An `https` URL.
        url: Box<str>,
    },
    /// Tell the media engine.
    Media(MediaCommand),
    /// Write these down before the response that follows.
    Bindings(Vec<BindingChange>),
    /// Keep this record; it comes when the call starts, when it is answered, and once, with its end, when it is over.
    Cdr(Box<CdrRecord>),
    /// Keep what hours are set to.
    Hours(HoursSet),
    /// Keep what was spent, or who is on hold.
    Account(Box<AccountKept>),
    /// Tell who watches.
    Event(Event),
}

/// For whom the DNS is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// A leg of a call.
    Leg(LegId),
    /// A registration of ours at a trunk.
    Registration(u32),
    /// A host of a trunk.
    Host(u32),
}
