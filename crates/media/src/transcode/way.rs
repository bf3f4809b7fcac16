//! What becomes of a packet between two bridged phones.

use crate::codec::Encoding;
use crate::rtp::Format;

/// The way of the packets of one payload type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Relayed untouched.
    AsIs,
    /// Relayed under the other phone's number.
    Renumbered(u8),
    /// Decoded and encoded again.
    Transcoded,
    /// A telephone event that is taken in and said anew.
    Event,
    /// Comfort noise that is rendered.
    Noise,
    /// The other phone has no use for it.
    Nowhere,
}

/// Decides about a payload type of one phone towards another. `speaks` are the encodings that may be transcoded;
/// `fits` is false where the packets are longer than the other phone takes.
///
/// What nobody described is relayed untouched: we may know less than the phones do.
pub fn way(payload_type: u8, from: &[Format], to: &[Format], speaks: &[Encoding], fits: bool) -> Way {
    let Some(format) = Format::find(from, payload_type) else { return Way::AsIs };
    if to.is_empty() {
        return Way::AsIs;
    }
    let alike = to.iter().find(|theirs| theirs.same_encoding(&format));
    if format.is_audio() {
        let spoken = |format: &Format| format.encoding().is_some_and(|encoding| speaks.contains(&encoding));
        let possible = spoken(&format) && to.iter().any(spoken);
        return match alike {
            Some(theirs) if fits || !possible => relayed(payload_type, theirs),
            _ if possible => Way::Transcoded,
            _ => Way::AsIs,
        };
    }
    // Events and noise go with the speech: in its stream where that is relayed, else in ours.
    let mut speech = from.iter().filter(|format| format.is_audio());
    let relays = speech.any(|format| to.iter().any(|theirs| theirs.same_encoding(format)));
    match alike {
        Some(theirs) if relays => relayed(payload_type, theirs),
        _ if format.is_telephone_event() => Way::Event,
        _ if relays => Way::Nowhere,
        _ => Way::Noise,
    }
}

fn relayed(payload_type: u8, theirs: &Format) -> Way {
    if theirs.payload_type == payload_type { Way::AsIs } else { Way::Renumbered(theirs.payload_type) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(list: &[(u8, &str, u32)]) -> Vec<Format> {
        let format = |(payload_type, name, clock_rate): &(u8, &str, u32)| Format {
            payload_type: *payload_type,
            channels: if name.eq_ignore_ascii_case("opus") { 2 } else { 1 },
            clock_rate: *clock_rate,
            name: (*name).into(),
        };
        list.iter().map(format).collect()
    }

    const ALL: [Encoding; 4] = [Encoding::Opus, Encoding::G722, Encoding::Pcma, Encoding::Pcmu];

    #[test]
    fn what_both_speak_is_relayed_under_the_others_number() {
        let from = formats(&[(8, "PCMA", 8000), (96, "opus", 48_000), (101, "telephone-event", 8000)]);
        let to = formats(&[(111, "OPUS", 48_000), (8, "pcma", 8000), (110, "telephone-event", 8000)]);
        let decided = [8, 96, 101, 77].map(|number| way(number, &from, &to, &ALL, true));
        assert_eq!(decided, [Way::AsIs, Way::Renumbered(111), Way::Renumbered(110), Way::AsIs]);
    }

    #[test]
    fn what_only_one_speaks_is_transcoded_with_its_events_and_noise() {
        let from = formats(&[(8, "PCMA", 8000), (101, "telephone-event", 8000), (13, "CN", 8000)]);
        let to = formats(&[(9, "G722", 8000), (101, "telephone-event", 8000)]);
        let decided = [8, 101, 13].map(|number| way(number, &from, &to, &ALL, true));
        assert_eq!(decided, [Way::Transcoded, Way::Event, Way::Noise]);
    }

    #[test]
    fn what_nobody_here_speaks_passes() {
        let from = formats(&[(18, "G729", 8000)]);
        let to = formats(&[(8, "PCMA", 8000)]);
        assert_eq!(way(18, &from, &to, &ALL, true), Way::AsIs);
        assert_eq!(way(18, &from, &[], &ALL, true), Way::AsIs);
    }

    #[test]
    fn long_packets_are_cut_for_a_phone_that_takes_short_ones() {
        let both = formats(&[(8, "PCMA", 8000)]);
        assert_eq!(way(8, &both, &both, &ALL, false), Way::Transcoded);
        assert_eq!(way(8, &both, &both, &[], false), Way::AsIs);
    }

    #[test]
    fn events_are_taken_in_for_a_phone_without_them_and_noise_is_not_sent_to_it() {
        let from = formats(&[(8, "PCMA", 8000), (101, "telephone-event", 8000), (13, "CN", 8000)]);
        let to = formats(&[(8, "PCMA", 8000)]);
        let decided = [8, 101, 13].map(|number| way(number, &from, &to, &ALL, true));
        assert_eq!(decided, [Way::AsIs, Way::Event, Way::Nowhere]);
    }
}
