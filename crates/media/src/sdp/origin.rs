//! The session that we hold with one leg: the numbers of our `o=` line, and the order of the `m=` lines.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::numbering::Numbering;
use super::{Codec, MediaLine, OriginLine, Policy, RemoteAudio, Sdp, Selection};

/// Our side of the SDP session with one leg; one for each leg, kept as long as the leg lives. It numbers the
/// versions and remembers the order of the `m=` lines, which may never shrink (RFC 3264 section 8).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Origin {
    session_id: u64,
    version: u64,
    /// Hash of the description sent last, without its version.
    sent: Option<u64>,
    /// The lines of the session so far, as refused ones.
    slots: Vec<Slot>,
    /// Which of them is what we relay.
    active: usize,
    numbering: Numbering,
    policy: Option<Arc<Policy>>,
    selection: Option<Arc<Selection>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Slot {
    kind: Box<str>,
    proto: Box<str>,
    formats: Box<str>,
    /// What a browser knows it by.
    mid: Option<Box<str>>,
}

impl Origin {
    /// A new session. The id should be random (RFC 8866 section 5.2); it is cut to 63 bits, because some
    /// phones read it as a signed number.
    pub fn new(session_id: u64) -> Self {
        Self {
            session_id: session_id >> 1,
            version: 0,
            sent: None,
            slots: Vec::new(),
            active: 0,
            numbering: Numbering::default(),
            policy: None,
            selection: None,
        }
    }

    /// A session in which we speak ourselves what the policy names, so that phones without a common codec can talk.
    /// Without one, formats only pass through.
    pub fn with_policy(session_id: u64, policy: Arc<Policy>) -> Self {
        Self { policy: Some(policy), ..Self::new(session_id) }
    }

    /// The same with a peer to which only so much is offered.
    #[must_use]
    pub fn selecting(self, selection: Arc<Selection>) -> Self {
        Self { selection: Some(selection), ..self }
    }

    /// Leaves out of an offer what the peer is not to be offered.
    pub(super) fn select(&self, codecs: &mut Vec<Codec>) {
        if let Some(selection) = &self.selection {
            selection.order(codecs);
        }
    }

    /// Leaves out of a phone's description the formats that ours did not name. To be called once both are known: before
    /// the media engine is told.
    pub fn narrow(&self, remote: &mut RemoteAudio) {
        self.numbering.narrow(remote);
    }

    pub(super) fn policy(&self) -> &Policy {
        const NONE: &Policy = &Policy { codecs: Vec::new() };
        self.policy.as_deref().unwrap_or(NONE)
    }

    /// Numbers the formats of an offer as this session does.
    pub(super) fn number(&mut self, codecs: &mut [Codec]) {
        self.numbering.number(codecs);
    }

    /// Takes over the numbers of the phone's offer.
    pub(super) fn learn(&mut self, theirs: &[Codec]) {
        self.numbering.learn(theirs);
    }

    /// Numbers a description: a new version if anything in it changed since the last one.
    pub(crate) fn stamp(&mut self, address: IpAddr, media: Vec<MediaLine>, active: usize) -> Sdp {
        let hash = {
            let mut hasher = DefaultHasher::new();
            (address, &media).hash(&mut hasher);
            hasher.finish()
        };
        if self.sent != Some(hash) {
            self.version = self.version.saturating_add(1);
            self.sent = Some(hash);
        }
        self.numbering.sent(media.get(active).map_or(&[], |line| &line.codecs));
        self.active = active;
        self.slots = media.iter().map(Slot::of).collect();
        let origin = OriginLine { session_id: self.session_id, version: self.version, address };
        Sdp { origin: Some(origin), connection: Some(super::Host::Ip(address)), direction: None, media }
    }

    /// The lines of a new offer: the one that is to be relayed in its place, every other line of the session refused. A fax
    /// and the audio share a place, unless the phone has made one for each.
    pub(crate) fn place(&self, line: MediaLine) -> (Vec<MediaLine>, usize) {
        if self.slots.is_empty() {
            return (vec![line], 0);
        }
        let mut lines: Vec<MediaLine> = self.slots.iter().map(Slot::refused).collect();
        let active = self.active.min(lines.len().saturating_sub(1));
        let is_alike = |slot: &MediaLine| slot.kind.eq_ignore_ascii_case(&line.kind);
        let index = match lines.get(active) {
            Some(slot) if !is_alike(slot) => lines.iter().position(is_alike).unwrap_or(active),
            _ => active,
        };
        if let Some(slot) = lines.get_mut(index) {
            // The profile that was agreed stays: some phones refuse another in mid-call.
            let keeps =
                (slot.is_plain_audio() || slot.is_secure_audio()) && line.is_protected_like(&slot.proto);
            let keeps = keeps && !line.is_fax();
            let proto = if keeps { slot.proto.clone() } else { line.proto.clone() };
            let mid: Option<Box<str>> = slot.mid().map(Into::into);
            *slot = MediaLine { proto, ..line }.called(mid.as_deref());
        }
        (lines, index)
    }
}

impl Slot {
    fn of(line: &MediaLine) -> Self {
        let mid = line.mid().map(Into::into);
        Self { kind: line.kind.clone(), proto: line.proto.clone(), formats: line.formats.clone(), mid }
    }

    fn refused(&self) -> MediaLine {
        MediaLine::refused(&self.kind, &self.proto, &self.formats).called(self.mid.as_deref())
    }
}
