//! Reliable provisional responses (RFC 3262): one PRACK for each, numbers without gaps.

use std::collections::HashMap;

use kiestoon_sip::{HeaderName, Method};

use super::look::{Dialog, Look};

#[derive(Debug, Default)]
pub(super) struct Reliable {
    /// The branch of the PRACK of a response of a phone, by dialog and RAck.
    pracks: HashMap<(Dialog, String), String>,
    /// The last RSeq that the PBX sent, by dialog and CSeq.
    numbers: HashMap<(Dialog, u32), u32>,
}

impl Reliable {
    pub(super) fn see(&mut self, look: &Look<'_>) -> Option<String> {
        if !look.from_pbx {
            // It is sent once more, with credentials.
            let status = look.response().map_or(0, |response| response.status.code());
            if matches!(status, 401 | 407) && look.arrives {
                self.pracks.retain(|_, branch| branch != look.branch);
            }
            return None;
        }
        if let Some(request) = look.request().filter(|request| request.method == Method::Prack) {
            let rack = request.headers.get(&HeaderName::RAck).unwrap_or_default().to_owned();
            let before = self.pracks.insert((look.dialog.clone(), rack), look.branch.to_owned());
            return before
                .filter(|before| before != look.branch)
                .map(|_| look.fault("is a second PRACK of one response"));
        }
        let response = look.response()?;
        let rseq: u32 = response.headers.get(&HeaderName::RSeq)?.parse().ok()?;
        let key = (look.dialog.clone(), response.cseq.number);
        let before = self.numbers.insert(key, rseq)?;
        match rseq.checked_sub(before) {
            Some(0 | 1) => None,
            _ => Some(look.fault("has an RSeq that does not rise by one")),
        }
    }
}
