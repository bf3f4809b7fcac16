//! Laws that every message of the PBX obeys, whatever the story: checked over the whole ladder at its end.

mod look;
mod offers;
mod reliable;
mod sessions;
mod subscriptions;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use kiestoon_sip::{Message, Method, Request, Response};

use crate::ladder::{Ladder, Rung, summary};
use look::Look;
use offers::Offers;
use reliable::Reliable;
use sessions::Sessions;
use subscriptions::Subscriptions;

/// Breaches, in words.
/// `excused` hosts have died: nobody can finish with them.
pub(crate) fn faults(
    ladder: &Ladder,
    end: Duration,
    pbx: &[IpAddr],
    excused: &[IpAddr],
    lossy: bool,
) -> Vec<String> {
    let mut audit = Audit { lossy, ..Audit::default() };
    for rung in ladder.by_hosts() {
        let rung = rung.as_ref();
        let from_pbx = pbx.contains(&rung.from);
        match &rung.message {
            None if from_pbx => {
                audit.faults.push(format!("pbx: sent what is no SIP message at {:?}", rung.at))
            }
            None => {}
            Some(message) => {
                match from_pbx {
                    true => audit.sent(rung, message),
                    false => audit.received(rung, message),
                }
                let faults = audit.dialogs.see(&Look::new(rung, message, from_pbx));
                audit.faults.extend(faults);
            }
        }
    }
    audit.finish(excused);
    let Audit { mut faults, dialogs, .. } = audit;
    faults.extend(dialogs.finish(end));
    faults
}

#[derive(Debug, Default)]
struct Audit {
    lossy: bool,
    faults: Vec<String>,
    /// The final response of each server transaction of the PBX.
    finals: HashMap<(IpAddr, String, String), Response>,
    /// Branches of BYE by dialog.
    byes: HashMap<(IpAddr, String, String, String), HashSet<String>>,
    /// The last CSeq of each dialog side.
    sequences: HashMap<(IpAddr, String, String, String), u32>,
    /// Branches of the PBX: what comes under one of them again is a retransmission.
    branches: HashSet<String>,
    /// INVITEs of phones that reached the PBX, with the phone.
    invites: HashSet<(IpAddr, String, String)>,
    /// 2xx of INVITE that reached the PBX, by dialog, and whether an ACK went out.
    accepted: HashMap<(IpAddr, String, u32, String), bool>,
    dialogs: Dialogs,
}

/// The laws about dialogs.
#[derive(Debug, Default)]
struct Dialogs {
    offers: Offers,
    reliable: Reliable,
    sessions: Sessions,
    subscriptions: Subscriptions,
}

impl Dialogs {
    fn see(&mut self, look: &Look<'_>) -> impl Iterator<Item = String> + use<> {
        let found = [
            self.offers.see(look),
            self.reliable.see(look),
            self.sessions.see(look),
            self.subscriptions.see(look),
        ];
        found.into_iter().flatten()
    }

    fn finish(self, end: Duration) -> impl Iterator<Item = String> {
        self.sessions.finish(end).into_iter().chain(self.subscriptions.finish())
    }
}

impl Audit {
    fn sent(&mut self, rung: &Rung, message: &Message) {
        if Message::parse(&message.to_bytes()).as_ref().ok() != Some(message) {
            self.fault(rung, message, "does not survive being written and read again");
        }
        match message {
            Message::Response(response) => self.answered(rung, message, response),
            Message::Request(request) => self.asked(rung, message, request),
        }
    }

    fn answered(&mut self, rung: &Rung, message: &Message, response: &Response) {
        let status = response.status.code();
        let method = response.cseq.method.to_string();
        if status > 100 && response.to.tag().is_none() {
            self.fault(rung, message, "has no To tag");
        }
        // CANCEL has no transaction of its own: it gets 200 while its INVITE lives and 481 afterwards.
        if status < 200 || response.cseq.method == Method::Cancel {
            return;
        }
        let branch = response.via.first().and_then(|via| via.branch()).unwrap_or_default().to_owned();
        let before = self.finals.insert((rung.to, branch, method), response.clone());
        // Nothing is kept of strangers and of OPTIONS: each copy of their request is judged, and challenged, anew.
        let forgotten = |response: &Response| {
            let status = response.status.code();
            response.cseq.method == Method::Options || matches!(status, 401 | 403 | 407 | 420 | 503)
        };
        let same = |before: &Response| before == response || forgotten(before);
        if before.is_some_and(|before| !same(&before)) {
            self.fault(rung, message, "is a second final response to one request");
        }
    }

    fn asked(&mut self, rung: &Rung, message: &Message, request: &Request) {
        let branch = request.via.first().and_then(|via| via.branch()).unwrap_or_default().to_owned();
        if request.via.len() != 1 {
            self.fault(rung, message, "carries the Via of another hop: a B2BUA begins its own");
        }
        if request.max_forwards.is_none() {
            self.fault(rung, message, "has no Max-Forwards");
        }
        let tag = |address: &kiestoon_sip::NameAddr| address.tag().unwrap_or_default().to_owned();
        let side = (rung.to, request.call_id.to_string(), tag(&request.from), tag(&request.to));
        match request.method {
            Method::Ack => {
                let tag = request.to.tag().unwrap_or_default().to_owned();
                let key = (rung.to, request.call_id.to_string(), request.cseq.number, tag);
                if let Some(acknowledged) = self.accepted.get_mut(&key) {
                    *acknowledged = true;
                }
                return;
            }
            Method::Cancel => return,
            Method::Bye => {
                let byes = self.byes.entry(side.clone()).or_default();
                byes.insert(branch.clone());
                if byes.len() > 1 {
                    self.fault(rung, message, "is a second BYE of one dialog");
                }
            }
            _ => {}
        }
        if !self.branches.insert(branch) {
            return;
        }
        if self.sequences.insert(side, request.cseq.number).is_some_and(|last| request.cseq.number <= last) {
            self.fault(rung, message, "has a CSeq that does not rise");
        }
    }

    fn received(&mut self, rung: &Rung, message: &Message) {
        let arrived = matches!(rung.fate, crate::ladder::Fate::Sent | crate::ladder::Fate::Twice);
        if !arrived {
            return;
        }
        match message {
            Message::Request(request) if request.method == Method::Invite => {
                let branch = request.via.first().and_then(|via| via.branch()).unwrap_or_default().to_owned();
                self.invites.insert((rung.from, branch, "INVITE".to_owned()));
            }
            Message::Response(response)
                if response.cseq.method == Method::Invite && response.status.is_success() =>
            {
                let tag = response.to.tag().unwrap_or_default().to_owned();
                let key = (rung.from, response.call_id.to_string(), response.cseq.number, tag);
                self.accepted.entry(key).or_insert(false);
            }
            // It is sent once more, with credentials.
            Message::Response(response) if matches!(response.status.code(), 401 | 407) => {
                let branch = response.via.first().and_then(|via| via.branch()).unwrap_or_default();
                self.byes.values_mut().for_each(|byes| {
                    byes.remove(branch);
                });
            }
            _ => {}
        }
    }

    fn finish(&mut self, excused: &[IpAddr]) {
        if self.lossy {
            return;
        }
        let owed =
            self.accepted.iter().filter(|(key, acknowledged)| !**acknowledged && !excused.contains(&key.0));
        for ((host, call_id, number, _), _) in owed {
            self.faults.push(format!("pbx: the 2xx of INVITE {number} of {call_id} from {host} got no ACK"));
        }
        let open =
            self.invites.iter().filter(|key| !self.finals.contains_key(*key) && !excused.contains(&key.0));
        for (host, branch, method) in open {
            self.faults.push(format!("pbx: {method} {branch} of {host} never got a final response"));
        }
    }

    fn fault(&mut self, rung: &Rung, message: &Message, what: &str) {
        self.faults.push(format!("pbx: {:.4}: {} {what}", rung.at.as_secs_f64(), summary(message)));
    }
}
