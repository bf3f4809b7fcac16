//! Each REFER that was accepted gets its NOTIFYs, the last of which, and no other, ends the subscription (RFC 3515); no
//! request follows the BYE of its dialog.

use std::collections::{BTreeMap, HashMap, HashSet};

use kiestoon_sip::{HeaderName, Method};

use super::look::{Dialog, Look};

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    branches: HashSet<String>,
    /// CSeq numbers of REFERs that got 202.
    accepted: BTreeMap<Dialog, HashSet<u32>>,
    /// Events whose last NOTIFY was sent.
    ended: HashMap<Dialog, HashSet<String>>,
    /// Dialogs that we ended with BYE, and that the peer did.
    left: HashSet<Dialog>,
    lost: HashSet<Dialog>,
}

impl Subscriptions {
    pub(super) fn see(&mut self, look: &Look<'_>) -> Option<String> {
        if let Some(response) = look.response() {
            let accepts = look.from_pbx && response.cseq.method == Method::Refer;
            if accepts && response.status.is_success() {
                self.accepted.entry(look.dialog.clone()).or_default().insert(response.cseq.number);
            }
            return None;
        }
        let request = look.request()?;
        if request.method == Method::Bye {
            let left = if look.from_pbx { &mut self.left } else { &mut self.lost };
            left.insert(look.dialog.clone());
            return None;
        }
        let mut fresh = || self.branches.insert(look.branch.to_owned());
        if !look.from_pbx || matches!(request.method, Method::Ack | Method::Cancel) || !fresh() {
            return None;
        }
        if self.left.contains(&look.dialog) {
            return Some(look.fault("comes after our BYE"));
        }
        match request.method {
            Method::Notify => self.notified(look),
            _ => None,
        }
    }

    /// Subscriptions that nobody ended, though nobody hung up.
    pub(super) fn finish(self) -> Vec<String> {
        let open = self.accepted.iter().filter(|(dialog, accepted)| {
            let over = self.left.contains(*dialog) || self.lost.contains(*dialog);
            !over && accepted.len() != self.ended.get(*dialog).map_or(0, HashSet::len)
        });
        open.map(|(dialog, accepted)| {
            format!("pbx: no last NOTIFY for the REFERs {accepted:?} of {dialog:?}")
        })
        .collect()
    }

    fn notified(&mut self, look: &Look<'_>) -> Option<String> {
        let headers = &look.request()?.headers;
        let event = headers.get(&HeaderName::Event).unwrap_or_default().to_owned();
        let state = headers.get(&HeaderName::SubscriptionState).unwrap_or_default();
        let ended = self.ended.entry(look.dialog.clone()).or_default();
        if ended.contains(&event) {
            return Some(look.fault("comes after the last NOTIFY of its subscription"));
        }
        if state.starts_with("terminated") {
            ended.insert(event);
        }
        None
    }
}
