//! One offer at a time in a dialog (RFC 3264 section 4, RFC 6337): the PBX makes none while one of its own is open, and none
//! in an early dialog before its first is answered.

use std::collections::{HashMap, HashSet};

use kiestoon_sip::Method;

use super::look::{Dialog, Look};

#[derive(Debug, Default)]
pub(super) struct Offers {
    branches: HashSet<String>,
    /// The offer of the PBX that is open: the CSeq that carries its answer.
    open: HashMap<Dialog, (u32, Method)>,
    /// Calls that the PBX began with an offer: host, Call-ID.
    begun: HashSet<(std::net::IpAddr, String)>,
    /// Dialogs in which the peer has described itself.
    answered: HashSet<Dialog>,
    /// INVITEs of phones without an offer.
    offerless: HashSet<(std::net::IpAddr, String, u32)>,
}

impl Offers {
    pub(super) fn see(&mut self, look: &Look<'_>) -> Option<String> {
        let (host, ref call_id, ..) = look.dialog;
        match (look.request(), look.response(), look.from_pbx) {
            (Some(request), _, true) if look.described() => {
                let offers = matches!(request.method, Method::Invite | Method::Update);
                if !offers || !self.branches.insert(look.branch.to_owned()) {
                    return None;
                }
                if request.to.tag().is_none() {
                    self.begun.insert((host, call_id.clone()));
                    return None;
                }
                if self.open.contains_key(&look.dialog) {
                    return Some(look.fault("makes an offer while another is open"));
                }
                if self.begun.contains(&(host, call_id.clone())) && !self.answered.contains(&look.dialog) {
                    return Some(look.fault("makes an offer before the first is answered"));
                }
                self.open.insert(look.dialog.clone(), (request.cseq.number, request.method.clone()));
            }
            (_, Some(response), true) => {
                let late = (host, call_id.clone(), response.cseq.number);
                let offers = response.status.is_success() && response.cseq.method == Method::Invite;
                if offers && look.described() && self.offerless.contains(&late) {
                    self.open.insert(look.dialog.clone(), (response.cseq.number, Method::Ack));
                }
            }
            (Some(request), _, false) => {
                if request.method == Method::Invite && request.body.is_empty() {
                    self.offerless.insert((host, call_id.clone(), request.cseq.number));
                }
                self.close(&look.dialog, request.cseq.number, &request.method);
            }
            (_, Some(response), false) => {
                if look.described() {
                    self.answered.insert(look.dialog.clone());
                }
                if response.status.code() >= 200 || look.described() {
                    self.close(&look.dialog, response.cseq.number, &response.cseq.method);
                }
            }
            _ => {}
        }
        None
    }

    fn close(&mut self, dialog: &Dialog, number: u32, method: &Method) {
        if self.open.get(dialog).is_some_and(|open| open.0 == number && open.1 == *method) {
            self.open.remove(dialog);
        }
    }
}
