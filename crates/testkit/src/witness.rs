//! What a test may say of a phone or of a call record. Every statement that is not true panics and says what is.

use kiestoon_call::{CdrEnd, CdrRecord};
use kiestoon_sip::{HeaderName, Method};

use crate::phone::{Ended, LineState, Phone};
use crate::story::{PhoneId, Story};

/// Statements about a phone.
#[derive(Debug, Clone, Copy)]
pub struct Witness<'a> {
    story: &'a Story,
    phone: &'a Phone,
}

impl<'a> Witness<'a> {
    pub(crate) fn new(story: &'a Story, phone: &'a Phone) -> Self {
        Self { story, phone }
    }

    /// Its latest call is answered, and with this number.
    pub fn talking_with(self, number: &str) -> Self {
        self.call(number, LineState::Talking)
    }

    /// Its display shows that it talks to this number, whoever it once called.
    pub fn is_shown(self, number: &str) -> Self {
        match self.phone.shown() {
            Some(found) if found == number => self,
            found => self.not(&format!("shown {number}"), &format!("{found:?}")),
        }
    }

    /// It was told of its transfer in just these steps.
    pub fn was_told(self, statuses: &[u16]) -> Self {
        match self.phone.notified() {
            found if found == statuses => self,
            found => self.not(&format!("told {statuses:?}"), &format!("{found:?}")),
        }
    }

    /// All of its calls are over.
    pub fn is_free(self) -> Self {
        let open: Vec<_> =
            self.phone.calls().filter(|(_, state)| !matches!(state, LineState::Ended(_))).collect();
        if open.is_empty() { self } else { self.not("without a call", &format!("{open:?}")) }
    }

    /// Its latest call rings, here or there.
    pub fn ringing_with(self, number: &str) -> Self {
        self.call(number, LineState::Ringing)
    }

    /// Its latest call is over, in this way.
    pub fn ended(self, how: Ended) -> Self {
        match self.phone.last_call() {
            Some((_, LineState::Ended(ended))) if ended == how => self,
            other => self.not(&format!("ended {how:?}"), &format!("{other:?}")),
        }
    }

    /// It never had a call.
    pub fn never_called(self) -> Self {
        match self.phone.last_call() {
            None => self,
            other => self.not("without a call", &format!("{other:?}")),
        }
    }

    /// It had this many calls in all.
    pub fn had_calls(self, count: usize) -> Self {
        match self.phone.calls().count() {
            found if found == count => self,
            found => self.not(&format!("a phone with {count} calls"), &format!("{found}")),
        }
    }

    /// It got a response of this status to a method.
    pub fn got(self, status: u16, method: &Method) -> Self {
        match self.statuses(method).contains(&status) {
            true => self,
            false => {
                self.not(&format!("answered {status} to {method}"), &format!("{:?}", self.statuses(method)))
            }
        }
    }

    /// It never got a response of this status to a method.
    pub fn never_got(self, status: u16, method: &Method) -> Self {
        match self.statuses(method).contains(&status) {
            false => self,
            true => self.not(&format!("spared {status} to {method}"), "it got one"),
        }
    }

    /// The responses to a method were these, in order, retransmissions left out.
    pub fn got_exactly(self, statuses: &[u16], method: &Method) -> Self {
        match self.statuses(method) {
            found if found == statuses => self,
            found => self.not(&format!("answered {statuses:?} to {method}"), &format!("{found:?}")),
        }
    }

    /// It got a response of this status with this header, whose value has this text in it.
    pub fn got_header(self, status: u16, name: &HeaderName, text: &str) -> Self {
        let mut fitting = self.phone.responses().filter(|response| response.status.code() == status);
        match fitting.any(|response| response.headers.get_all(name).any(|value| value.contains(text))) {
            true => self,
            false => self.not(&format!("answered {status} with {name:?}: {text}"), "it was not"),
        }
    }

    /// This many requests of a method came to it, retransmissions left out.
    pub fn was_asked(self, method: &Method, times: usize) -> Self {
        match self.phone.requests().filter(|request| request.method == *method).count() {
            found if found == times => self,
            found => self.not(&format!("asked {method} {times} times"), &format!("{found}")),
        }
    }

    /// It finally answered an INVITE with this status.
    pub fn answered_invite_with(self, status: u16) -> Self {
        match self.phone.answers().contains(&(Method::Invite, status)) {
            true => self,
            false => {
                self.not(&format!("a phone that answered {status}"), &format!("{:?}", self.phone.answers()))
            }
        }
    }

    /// The body of the last request of a method that came to it.
    pub fn read(self, method: &Method, body: &str) -> Self {
        let last = self.phone.requests().filter(|request| request.method == *method).last();
        match last.map(|request| String::from_utf8_lossy(&request.body).into_owned()) {
            Some(found) if found == body => self,
            found => self.not(&format!("a phone that read {body:?}"), &format!("{found:?}")),
        }
    }

    /// The registrar listed this many contacts in its last 200.
    pub fn registered(self, contacts: usize) -> Self {
        match self.phone.registered().len() {
            found if found == contacts => self,
            found => self.not(&format!("registered with {contacts} contacts"), &format!("{found}")),
        }
    }

    /// Its last REGISTER was finally refused.
    pub fn register_refused(self, status: u16) -> Self {
        match self.phone.register_refused() {
            Some(found) if found == status => self,
            found => self.not(&format!("refused with {status}"), &format!("{found:?}")),
        }
    }

    /// What it says reaches another phone: by both session descriptions and the media engine between them.
    pub fn is_heard_by(self, other: PhoneId) -> Self {
        let path = self.path_to(self.story.phone(other));
        match path {
            Ok(()) => self,
            Err(why) => self.not(&format!("heard by {}", self.story.phone(other).name), &why),
        }
    }

    /// What it says reaches this address.
    pub fn is_heard_at(self, address: &str) -> Self {
        let local = self.phone.sessions().and_then(|(_, theirs)| theirs).map(|theirs| theirs.rtp);
        match local.and_then(|local| self.story.the_pbx().engine.route(local)) {
            Some(found) if found.to_string() == address => self,
            found => self.not(&format!("heard at {address}"), &format!("{found:?}")),
        }
    }

    /// What it says does not reach another phone.
    pub fn is_not_heard_by(self, other: PhoneId) -> Self {
        match self.path_to(self.story.phone(other)) {
            Err(_) => self,
            Ok(()) => self.not(&format!("unheard by {}", self.story.phone(other).name), "it is heard"),
        }
    }

    /// Each hears the other.
    pub fn talks_both_ways_with(self, other: PhoneId) -> Self {
        Witness::new(self.story, self.story.phone(other)).path_to(self.phone).unwrap_or_else(|why| {
            panic!("{} does not hear {}: {why}", self.phone.name, self.story.phone(other).name)
        });
        self.is_heard_by(other)
    }

    /// What it says comes back to it.
    pub fn hears_itself(self) -> Self {
        match self.path_to(self.phone) {
            Ok(()) => self,
            Err(why) => self.not("hearing itself", &why),
        }
    }

    /// A prompt is played to it.
    pub fn hears_prompt(self, name: &str) -> Self {
        let local = self.phone.sessions().and_then(|(_, theirs)| theirs).map(|theirs| theirs.rtp);
        match local.and_then(|local| self.story.the_pbx().engine.prompt(local)) {
            Some(found) if found == name => self,
            found => self.not(&format!("hearing {name}"), &format!("{found:?}")),
        }
    }

    /// It hears this music, or none, where the other side is silent.
    pub fn hears_music(self, name: Option<&str>) -> Self {
        let local = self.phone.sessions().and_then(|(_, theirs)| theirs).map(|theirs| theirs.rtp);
        match local.and_then(|local| self.story.the_pbx().engine.music(local)) {
            found if found == name => self,
            found => self.not(&format!("hearing music {name:?}"), &format!("{found:?}")),
        }
    }

    /// It was sent these keys in its media, as events or tones.
    pub fn was_sent_keys(self, keys: &str) -> Self {
        let local = self.phone.sessions().and_then(|(_, theirs)| theirs).map(|theirs| theirs.rtp);
        match local.map(|local| self.story.the_pbx().engine.keys(local)) {
            Some(found) if found == keys => self,
            found => self.not(&format!("sent the keys {keys:?}"), &format!("{found:?}")),
        }
    }

    /// It offers or accepts sound only this way in its present call.
    pub fn flows(self, flowing: crate::phone::Flowing) -> Self {
        match self.phone.sessions() {
            Some((ours, _)) if ours.flowing == flowing => self,
            found => self.not(&format!("flowing {flowing:?}"), &format!("{found:?}")),
        }
    }

    fn call(self, number: &str, state: LineState) -> Self {
        match self.phone.last_call() {
            Some((peer, found)) if peer == number && found == state => self,
            found => self.not(&format!("{state:?} with {number}"), &format!("{found:?}")),
        }
    }

    fn path_to(&self, other: &Phone) -> Result<(), String> {
        let (ours, theirs) = self.phone.sessions().ok_or("it has no call")?;
        let theirs = theirs.ok_or("it has no description from the PBX")?;
        let (others, _) = other.sessions().ok_or("the other has no call")?;
        if !ours.flowing.sends() || !theirs.flowing.receives() {
            return Err(format!("it sends {:?}, the PBX takes {:?}", ours.flowing, theirs.flowing));
        }
        if let Some(phone) = [self.phone, other].into_iter().find(|phone| !phone.is_protected()) {
            return Err(format!("the handshake of {} was with another leg", phone.name));
        }
        let out = self.story.the_pbx().engine.route(theirs.rtp);
        if out != Some(others.rtp) {
            return Err(format!(
                "what comes to {} goes to {out:?}, the other is at {}",
                theirs.rtp, others.rtp
            ));
        }
        match others.flowing.receives() {
            true => Ok(()),
            false => Err(format!("the other does not listen: {:?}", others.flowing)),
        }
    }

    fn statuses(&self, method: &Method) -> Vec<u16> {
        let fitting = self.phone.responses().filter(|response| response.cseq.method == *method);
        fitting.map(|response| response.status.code()).collect()
    }

    fn not(self, wanted: &str, found: &str) -> Self {
        panic!("{} should be {wanted}, but: {found}", self.phone.name)
    }
}

/// Statements about a finished call record.
#[derive(Debug, Clone, Copy)]
pub struct CdrWitness<'a> {
    cdr: &'a CdrRecord,
    end: &'a CdrEnd,
}

impl<'a> CdrWitness<'a> {
    pub(crate) fn new(cdr: &'a CdrRecord) -> Self {
        let end = cdr.end.as_ref().expect("only finished records are looked at");
        Self { cdr, end }
    }

    /// The record itself.
    pub fn record(self) -> &'a CdrRecord {
        self.cdr
    }

    /// The call was answered.
    pub fn answered(self) -> Self {
        self.same("answered", self.cdr.answered_at.is_some(), true).disposition("answered")
    }

    /// The call counts as this.
    pub fn disposition(self, word: &str) -> Self {
        self.same("disposition", self.end.disposition.as_str(), word)
    }

    /// The call ended for this reason.
    pub fn reason(self, word: &str) -> Self {
        self.same("reason", self.end.reason.as_str(), word)
    }

    /// The caller's final status.
    pub fn status(self, status: u16) -> Self {
        self.same("status", self.end.sip_code, status)
    }

    /// Who called what.
    pub fn from_to(self, from: &str, dialled: &str) -> Self {
        self.same("from", &*self.cdr.from_number, from).same("dialled", &*self.cdr.dialled, dialled)
    }

    /// Who answered, or was rung last.
    pub fn reached(self, number: &str) -> Self {
        self.same("to", self.cdr.to_number.as_deref(), Some(number))
    }

    /// It was talked for this long, a quarter of a second more or less.
    pub fn talked_for(self, duration: std::time::Duration) -> Self {
        let wanted = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        match self.end.talk_ms.abs_diff(wanted) {
            ..=250 => self,
            _ => panic!("talk_ms should be about {wanted}, but is {}: {:#?}", self.end.talk_ms, self.cdr),
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(self, name: &str, found: T, wanted: T) -> Self {
        assert!(found == wanted, "{name} should be {wanted:?}, but is {found:?}: {:#?}", self.cdr);
        self
    }
}
