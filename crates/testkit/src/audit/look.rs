//! One message of the ladder as the laws about dialogs look at it.

use std::net::IpAddr;
use std::time::Duration;

use kiestoon_sip::{Headers, Message, Method, NameAddr, Request, Response};

use crate::ladder::{Fate, Rung, summary};

/// A dialog of the PBX: the peer's host, Call-ID, the PBX's tag, the peer's tag (empty while it has none).
pub(super) type Dialog = (IpAddr, String, String, String);

/// A message with its place in a dialog.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) at: Duration,
    pub(super) message: &'a Message,
    pub(super) from_pbx: bool,
    /// Not lost on the way, as far as one knows when it is sent.
    pub(super) arrives: bool,
    pub(super) dialog: Dialog,
    pub(super) branch: &'a str,
}

impl<'a> Look<'a> {
    pub(super) fn new(rung: &Rung, message: &'a Message, from_pbx: bool) -> Self {
        let (from, to, via) = match message {
            Message::Request(request) => (&request.from, &request.to, &request.via),
            Message::Response(response) => (&response.from, &response.to, &response.via),
        };
        let asked_by_pbx = from_pbx == matches!(message, Message::Request(_));
        let (ours, theirs) = if asked_by_pbx { (from, to) } else { (to, from) };
        let host = if from_pbx { rung.to } else { rung.from };
        Self {
            at: rung.at,
            message,
            from_pbx,
            arrives: matches!(rung.fate, Fate::Sent | Fate::Twice),
            dialog: (host, message.call_id().to_owned(), tag(ours), tag(theirs)),
            branch: via.first().and_then(|via| via.branch()).unwrap_or_default(),
        }
    }

    /// The request, if it is one.
    pub(super) fn request(&self) -> Option<&'a Request> {
        match self.message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        }
    }

    /// The response, if it is one.
    pub(super) fn response(&self) -> Option<&'a Response> {
        match self.message {
            Message::Request(_) => None,
            Message::Response(response) => Some(response),
        }
    }

    /// A 2xx to INVITE or UPDATE: what makes or refreshes a session.
    pub(super) fn settles(&self) -> Option<&'a Headers> {
        let response = self.response().filter(|response| response.status.is_success())?;
        matches!(response.cseq.method, Method::Invite | Method::Update).then_some(&response.headers)
    }

    pub(super) fn described(&self) -> bool {
        let body = match self.message {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        };
        body.starts_with(b"v=0")
    }

    /// A breach, in words.
    pub(super) fn fault(&self, what: &str) -> String {
        format!("pbx: {:.4}: {} {what}", self.at.as_secs_f64(), summary(self.message))
    }
}

fn tag(address: &NameAddr) -> String {
    address.tag().unwrap_or_default().to_owned()
}
