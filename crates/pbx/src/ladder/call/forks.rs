//! What the provider says before the answer. It may fork the call, so that each place that rings is an early dialog of its own (RFC 3261
//! section 13.2.2.4), and wants its responses acknowledged where they come reliably (RFC 3262), as in calls of the PBX.

use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::{Flow, HeaderName, Method, RAck, Request, Response};

/// All places that ring.
#[derive(Default)]
pub(super) struct Forks {
    all: Vec<Fork>,
    /// Acknowledgements so far.
    pracks: u32,
}

/// One of them.
struct Fork {
    tag: Box<str>,
    /// None where the response that would make it lacks what a dialog needs.
    dialog: Option<Dialog>,
    /// The number of its last reliable response.
    rseq: Option<u32>,
    /// What the last PRACK acknowledges, while it may be sent again.
    rack: Option<RAck>,
    /// The response that says what it speaks.
    session: Option<Box<Response>>,
    /// Whether that came reliably, so that it stands.
    is_settled: bool,
}

impl Forks {
    /// Takes a provisional response in. Gives the PRACK that it wants, and the way of that.
    pub(super) fn heard(
        &mut self,
        invite: &Request,
        response: &Response,
        flow: Flow,
    ) -> Option<(Request, Flow)> {
        let is_reliable = response.headers.require().any(|tag| tag.eq_ignore_ascii_case(RELIABLE));
        let may_prack = self.pracks < MOST_PRACKS;
        let fork = self.of(invite, response, flow)?;
        let rseq = response.headers.rseq().filter(|_| is_reliable && fork.dialog.is_some());
        if let (Some(last), Some(rseq)) = (fork.rseq, rseq)
            && last.checked_add(1) != Some(rseq)
        {
            // Again, or before its time: as if it had not come.
            return None;
        }
        if !response.body.is_empty() && response.headers.is_sdp() && !fork.is_settled {
            fork.session = Some(Box::new(response.clone()));
            fork.is_settled = rseq.is_some();
        }
        let dialog = fork.dialog.as_mut()?;
        // A Contact that cannot be read leaves the target as it was.
        let _ = dialog.update(response);
        let rseq = rseq.filter(|_| may_prack)?;
        fork.rseq = Some(rseq);
        let rack = RAck { rseq, cseq: response.cseq.clone() };
        let prack = prack(dialog, &rack);
        fork.rack = Some(rack);
        self.pracks = self.pracks.saturating_add(1);
        Some(prack)
    }

    /// The last PRACK again, once, where this response challenges it; and its way.
    pub(super) fn challenged(&mut self, response: &Response) -> Option<(Request, Flow)> {
        let tag = response.to.tag().unwrap_or_default();
        let fork = self.all.iter_mut().find(|fork| *fork.tag == *tag)?;
        let dialog = fork.dialog.as_mut()?;
        let is_of_last = response.cseq.method == Method::Prack && response.cseq.number == dialog.local_cseq();
        let rack = fork.rack.take_if(|_| is_of_last)?;
        Some(prack(dialog, &rack))
    }

    /// The place that a response is of. None where there are more than are kept.
    fn of(&mut self, invite: &Request, response: &Response, flow: Flow) -> Option<&mut Fork> {
        let tag = response.to.tag().unwrap_or_default();
        let known = self.all.iter().position(|fork| *fork.tag == *tag);
        if known.is_none() && self.all.len() < MOST_FORKS {
            let dialog = Dialog::uac(invite, response, flow).ok().map(|dialog| dialog.following(true));
            self.all.push(Fork {
                tag: tag.into(),
                dialog,
                rseq: None,
                rack: None,
                session: None,
                is_settled: false,
            });
            return self.all.last_mut();
        }
        self.all.get_mut(known?)
    }

    /// The call is made anew: nobody rings any more.
    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    /// The last CSeq number that was used in the dialog of this tag.
    pub(super) fn cseq(&self, tag: &str) -> Option<u32> {
        self.find(tag)?.dialog.as_ref().map(Dialog::local_cseq)
    }

    /// Which response says what an answer speaks: what was settled before stands, whatever the 200 says (RFC 6337 section 3.1.1), and
    /// where that says nothing, what was said before counts.
    pub(super) fn session<'a>(&'a self, answer: &'a Response) -> &'a Response {
        let fork = self.find(answer.to.tag().unwrap_or_default());
        let speaks = !answer.body.is_empty() && answer.headers.is_sdp();
        let before = fork.filter(|fork| fork.is_settled || !speaks);
        before.and_then(|fork| fork.session.as_deref()).unwrap_or(answer)
    }

    /// Whether somebody rings by this tag.
    pub(super) fn rings(&self, tag: &str) -> bool {
        self.find(tag).is_some()
    }

    fn find(&self, tag: &str) -> Option<&Fork> {
        self.all.iter().find(|fork| *fork.tag == *tag)
    }
}

fn prack(dialog: &mut Dialog, rack: &RAck) -> (Request, Flow) {
    let mut prack = dialog.request(Method::Prack);
    prack.headers.push(HeaderName::RAck, rack.to_string());
    (prack, dialog.flow())
}

const RELIABLE: &str = "100rel";
/// As many as calls keep.
const MOST_FORKS: usize = 8;
/// Of one test. Who rings so often does not want to be answered.
const MOST_PRACKS: u32 = 32;
