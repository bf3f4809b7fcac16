//! What is agreed on with one peer alone, of all that could be: the codecs that an operator has chosen for a trunk, in order, and
//! whether keys go as telephone events.

use serde::{Deserialize, Serialize};

use super::{Codec, Sdp};

/// The formats that a peer is offered, and that are heard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The names of codecs, in any case, the best first; empty: all.
    pub codecs: Vec<Box<str>>,
    /// Whether `telephone-event` (RFC 4733) is one of them.
    pub events: bool,
}

impl Default for Selection {
    /// Everything.
    fn default() -> Self {
        Self { codecs: Vec::new(), events: true }
    }
}

impl Selection {
    /// Leaves out of an offer of ours what is not chosen, and puts the rest into its order.
    pub(super) fn order(&self, codecs: &mut Vec<Codec>) {
        self.keep(codecs);
        codecs.sort_by_key(|codec| self.place(codec).unwrap_or(usize::MAX));
    }

    fn keep(&self, codecs: &mut Vec<Codec>) {
        codecs.retain(|codec| match codec.is_telephone_event() {
            true => self.events,
            false => !codec.is_audio() || self.codecs.is_empty() || self.place(codec).is_some(),
        });
    }

    fn place(&self, codec: &Codec) -> Option<usize> {
        self.codecs.iter().position(|name| name.eq_ignore_ascii_case(&codec.name))
    }
}

impl Sdp {
    /// The description without the formats that are not chosen.
    #[must_use]
    pub fn selected(mut self, selection: &Selection) -> Self {
        self.media.iter_mut().for_each(|line| selection.keep(&mut line.codecs));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{LocalMedia, Origin, Policy, SdpError, local_offer, relay_offer};
    use super::*;

    fn chosen(codecs: &[&str], events: bool) -> Selection {
        Selection { codecs: codecs.iter().map(|name| (*name).into()).collect(), events }
    }

    fn described(formats: &str) -> Sdp {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
             m=audio 4000 RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\n"
        );
        Sdp::parse(text.as_bytes()).expect("a description")
    }

    fn us() -> LocalMedia {
        let address = "192.0.2.9:20000".parse().expect("an address");
        LocalMedia::new(address, address)
    }

    fn names(sdp: &Sdp) -> Vec<Box<str>> {
        sdp.audio()
            .map(|audio| audio.codecs.into_iter().map(|codec| codec.name).collect())
            .unwrap_or_default()
    }

    fn offered(theirs: &Sdp, selection: Selection) -> Result<Vec<Box<str>>, SdpError> {
        let us = us();
        let mut origin = Origin::new(1).selecting(Arc::new(selection));
        relay_offer(theirs, &us, &mut origin).map(|offer| names(&offer))
    }

    #[test]
    fn an_offer_holds_what_is_chosen_in_its_order() {
        let theirs = described("0 8 9 13 101");
        let all = offered(&theirs, Selection::default()).expect("an offer");
        assert_eq!(all.len(), 5);
        let two = offered(&theirs, chosen(&["g722", "PCMA"], true)).expect("an offer");
        assert_eq!(two, ["G722", "PCMA", "CN", "telephone-event"].map(Box::from));
        let quiet = offered(&theirs, chosen(&["PCMA"], false)).expect("an offer");
        assert_eq!(quiet, ["PCMA", "CN"].map(Box::from));
    }

    #[test]
    fn without_a_codec_that_is_chosen_there_is_no_offer() {
        let refused = offered(&described("0 101"), chosen(&["PCMA"], true)).expect_err("no codec");
        assert_eq!(refused.status(), 488);
    }

    #[test]
    fn an_offer_of_our_own_is_chosen_from_too() {
        let us = us();
        let mut origin = Origin::new(1).selecting(Arc::new(chosen(&["PCMU"], false)));
        assert_eq!(names(&local_offer(&us, &mut origin)), ["PCMU"].map(Box::from));
        let policy = Arc::new(Policy::usual());
        let mut origin = Origin::with_policy(1, policy).selecting(Arc::new(chosen(&["G729"], true)));
        assert!(
            names(&local_offer(&us, &mut origin)).len() > 1,
            "what we do not speak is not all that we offer"
        );
    }

    #[test]
    fn what_is_not_chosen_is_not_heard() {
        let theirs = described("0 8 101").selected(&chosen(&["PCMA"], false));
        assert_eq!(names(&theirs), ["PCMA"].map(Box::from));
        assert!(described("0 101").selected(&chosen(&["PCMA"], true)).audio().is_none());
    }
}
