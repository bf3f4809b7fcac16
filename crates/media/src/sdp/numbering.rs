//! The payload types of one session: a number that once meant a format means no other one until the session ends
//! (RFC 3264 section 8.3.2), whichever side gave it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

use super::{Codec, RemoteAudio, static_format};

/// What the dynamic payload types of a session mean, and which formats we named last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Numbering {
    meanings: Vec<(u8, u32)>,
    /// The payload types of our description sent last, a bit each.
    sent: u128,
}

/// Where dynamic payload types begin (RFC 3551 section 6).
const DYNAMIC: std::ops::Range<u8> = 96..128;

impl Numbering {
    /// Takes over the numbers of the phone.
    pub(super) fn learn(&mut self, theirs: &[Codec]) {
        for codec in theirs {
            self.note(codec.payload_type, codec);
        }
    }

    /// Numbers the formats of a new offer: each keeps its number, or gets the one that it has in this session.
    pub(super) fn number(&mut self, codecs: &mut [Codec]) {
        let mut used = 0_u128;
        for codec in codecs {
            codec.payload_type = self.choose(codec, used);
            used |= bit(codec.payload_type);
            self.note(codec.payload_type, codec);
        }
    }

    /// Remembers what we named last.
    pub(super) fn sent(&mut self, codecs: &[Codec]) {
        self.sent = codecs.iter().fold(0, |bits, codec| bits | bit(codec.payload_type));
    }

    /// Leaves out what the phone named but we did not: neither side may send that.
    pub(super) fn narrow(&self, remote: &mut RemoteAudio) {
        let agreed = |codec: &Codec| {
            let named = |number: u8| self.sent & bit(number) != 0;
            let meaning = meaning(codec);
            named(codec.payload_type) && self.fits(codec.payload_type, codec)
                || self.meanings.iter().any(|(number, known)| *known == meaning && named(*number))
        };
        if self.sent != 0 && remote.codecs.iter().any(|codec| codec.is_audio() && agreed(codec)) {
            remote.codecs.retain(agreed);
        }
    }

    fn choose(&self, codec: &Codec, used: u128) -> u8 {
        let free = |number: &u8| used & bit(*number) == 0 && self.fits(*number, codec);
        if free(&codec.payload_type) {
            return codec.payload_type;
        }
        let meaning = meaning(codec);
        let known = self.meanings.iter().filter(|(_, known)| *known == meaning).map(|(number, _)| *number);
        let unknown = DYNAMIC.filter(|number| self.meanings.iter().all(|(known, _)| known != number));
        known.chain(unknown).find(free).unwrap_or(codec.payload_type)
    }

    /// Whether the number means this format, or nothing yet. Phones give even static numbers other names (`G729a`).
    fn fits(&self, number: u8, codec: &Codec) -> bool {
        let known = self.meanings.iter().find(|(known, _)| *known == number);
        known.is_none_or(|(_, known)| *known == meaning(codec))
    }

    fn note(&mut self, number: u8, codec: &Codec) {
        if is_static(number, codec) {
            return;
        }
        match self.meanings.iter_mut().find(|(known, _)| *known == number) {
            Some((_, known)) => *known = meaning(codec),
            None => self.meanings.push((number, meaning(codec))),
        }
    }
}

/// Whether the static table gives the number this meaning.
fn is_static(number: u8, codec: &Codec) -> bool {
    static_format(number).is_some_and(|(name, clock_rate, channels)| {
        name.eq_ignore_ascii_case(&codec.name) && clock_rate == codec.clock_rate && channels == codec.channels
    })
}

/// Short for the name, the clock and the channels.
fn meaning(codec: &Codec) -> u32 {
    let mut hasher = DefaultHasher::new();
    for byte in codec.name.bytes() {
        byte.to_ascii_lowercase().hash(&mut hasher);
    }
    (codec.clock_rate, codec.channels).hash(&mut hasher);
    let [_, _, _, _, b4, b5, b6, b7] = hasher.finish().to_be_bytes();
    u32::from_be_bytes([b4, b5, b6, b7])
}

fn bit(number: u8) -> u128 {
    1_u128.checked_shl(number.into()).unwrap_or(0)
}
