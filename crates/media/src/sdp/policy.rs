//! Which encodings we speak ourselves: what is offered beside a caller's own formats, and between what is transcoded.

use serde::{Deserialize, Serialize};

use super::{Codec, MediaLine};
use crate::codec::Encoding;

/// The encodings of `[media] codecs`, in the order that they are offered in. An empty one transcodes nothing: formats
/// only pass through, and prompts are G.711.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Those that are decoded and encoded here.
    pub codecs: Vec<Encoding>,
}

/// What we say of our Opus (RFC 7587 section 6.1): we hear no more than G.722 passes on, and take redundancy and pauses.
pub(super) const OPUS: &str = "maxplaybackrate=16000;stereo=0;useinbandfec=1;usedtx=1";
/// The digits, the star, the hash and A to D (RFC 4733 section 3.2).
pub(super) const EVENTS: &str = "0-15";
/// The usual payload type of `telephone-event`.
const EVENTS_TYPE: u8 = 101;

impl Policy {
    /// What ships: everything but G.729.
    pub fn usual() -> Self {
        Self { codecs: vec![Encoding::Opus, Encoding::G722, Encoding::Pcma, Encoding::Pcmu] }
    }

    /// The encoding of a format, where we speak it.
    pub fn speaks(&self, codec: &Codec) -> Option<Encoding> {
        Encoding::of(codec).filter(|encoding| self.codecs.contains(encoding))
    }

    /// Whether a stream in one of these formats can be transcoded.
    pub(super) fn speaks_one_of(&self, codecs: &[Codec]) -> bool {
        codecs.iter().any(|codec| self.speaks(codec).is_some())
    }

    /// What is offered after the formats of the other side, so that a phone without any of those still answers.
    pub(super) fn additions(&self, theirs: &[Codec]) -> Vec<Codec> {
        if !self.speaks_one_of(theirs) {
            return Vec::new();
        }
        let new = self.codecs.iter().map(|encoding| ours(*encoding));
        let mut added: Vec<Codec> =
            new.filter(|new| !theirs.iter().any(|codec| codec.same_encoding(new))).collect();
        if !theirs.iter().any(Codec::is_telephone_event) {
            added.push(events());
        }
        added
    }

    /// What the offerer is answered where the other side took none of its formats: those of the offer that we speak. None
    /// where there is no way between the two.
    pub(super) fn bridged(&self, offered: &[Codec], answered: &[Codec]) -> Option<Vec<Codec>> {
        if !self.speaks_one_of(answered) {
            return None;
        }
        let spoken = offered.iter().filter_map(|codec| {
            let encoding = self.speaks(codec)?;
            Some(Codec { fmtp: ours(encoding).fmtp, ..codec.clone() })
        });
        let codecs: Vec<Codec> = spoken.collect();
        (!codecs.is_empty()).then_some(codecs)
    }

    /// The format that we answer an offer with ourselves: the first that we speak; G.711 always.
    pub(super) fn local(&self, line: &MediaLine) -> Option<Codec> {
        let codec = line.codecs.iter().find(|codec| codec.is_g711() || self.speaks(codec).is_some())?;
        let fmtp = Encoding::of(codec).and_then(|encoding| ours(encoding).fmtp);
        Some(Codec { fmtp, ..codec.clone() })
    }

    /// The formats of an offer of our own: what we speak, or G.711, and events.
    pub(super) fn offer(&self) -> Vec<Codec> {
        let g711 = [Encoding::Pcma, Encoding::Pcmu];
        let encodings = if self.codecs.is_empty() { &g711[..] } else { &self.codecs };
        encodings.iter().map(|encoding| ours(*encoding)).chain(std::iter::once(events())).collect()
    }
}

/// The `telephone-event` and comfort noise of an offer that fit the formats that were chosen from it: those with the
/// clock of one of them.
pub(super) fn companions(offered: &[Codec], chosen: &[Codec]) -> impl Iterator<Item = Codec> {
    let fits = |codec: &&Codec| {
        !codec.is_audio()
            && chosen.iter().any(|audio| audio.clock_rate == codec.clock_rate || codec.clock_rate == 8000)
    };
    offered.iter().filter(fits).cloned()
}

fn ours(encoding: Encoding) -> Codec {
    let fmtp = match encoding {
        Encoding::Opus => Some(OPUS),
        // The noise of a room is not made from descriptions of it.
        Encoding::G729 => Some("annexb=no"),
        Encoding::Pcmu | Encoding::Pcma | Encoding::G722 => None,
    };
    Codec {
        payload_type: encoding.payload_type(),
        name: encoding.name().into(),
        clock_rate: encoding.clock_rate(),
        channels: encoding.channels(),
        fmtp: fmtp.map(Into::into),
    }
}

fn events() -> Codec {
    Codec {
        payload_type: EVENTS_TYPE,
        name: "telephone-event".into(),
        clock_rate: 8000,
        channels: 1,
        fmtp: Some(EVENTS.into()),
    }
}
