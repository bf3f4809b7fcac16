//! Packet indices: the rollover counter of a source, guessed from its sequence numbers, and the window that lets each
//! packet pass once (RFC 3711 sections 3.3.1 and 3.3.2).

/// One source under one key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) ssrc: u32,
    /// The highest index that passed.
    highest: u64,
    /// Bit n: the packet `highest - n` passed.
    window: u128,
}

/// How far a packet may be late: 128 packets are two seconds and a half of speech.
const WINDOW: u64 = 128;
const HALF: u16 = 1 << 15;

impl Source {
    /// A source with nothing passed yet; its counter starts at zero (RFC 3711 section 3.3.1).
    pub(super) fn new(ssrc: u32, first: u64) -> Self {
        Self { ssrc, highest: first, window: 0 }
    }

    /// The index that a sequence number most likely means; None for one from before the first.
    pub(super) fn guess(&self, sequence: u16) -> Option<u64> {
        let [.., h0, h1] = self.highest.to_be_bytes();
        let last = u16::from_be_bytes([h0, h1]);
        let rollovers = self.highest >> 16;
        let rollovers = if last < HALF {
            if sequence.checked_sub(last).is_some_and(|ahead| ahead > HALF) {
                rollovers.checked_sub(1)?
            } else {
                rollovers
            }
        } else if last - HALF > sequence {
            rollovers.checked_add(1)?
        } else {
            rollovers
        };
        Some((rollovers << 16) | u64::from(sequence))
    }

    /// Whether a packet has not passed before and is not too late to be sure of that.
    pub(super) fn is_fresh(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(behind) if behind < WINDOW => {
                u32::try_from(behind).is_ok_and(|behind| self.window & (1_u128 << behind) == 0)
            }
            Some(_) => false,
        }
    }

    /// Lets a packet pass.
    pub(super) fn pass(&mut self, index: u64) {
        match index.checked_sub(self.highest) {
            Some(ahead) => {
                let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.window = self.window.checked_shl(ahead).unwrap_or(0) | 1;
                self.highest = index;
            }
            None => {
                let behind = u32::try_from(self.highest.saturating_sub(index)).unwrap_or(u32::MAX);
                self.window |= 1_u128.checked_shl(behind).unwrap_or(0);
            }
        }
    }
}

/// The sources of one direction. Bounded: the one that began first makes room.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    known: Vec<Source>,
}

/// A phone has one source, and a new one after some transfers.
const MOST: usize = 16;

impl Sources {
    /// The state of a source; a copy, to be given back by [`Self::keep`] once a packet has authenticated.
    pub(super) fn find(&self, ssrc: u32, first: u64) -> Source {
        self.known
            .iter()
            .find(|source| source.ssrc == ssrc)
            .copied()
            .unwrap_or_else(|| Source::new(ssrc, first))
    }

    /// Notes the state of a source.
    pub(super) fn keep(&mut self, source: Source) {
        if let Some(known) = self.known.iter_mut().find(|known| known.ssrc == source.ssrc) {
            *known = source;
            return;
        }
        if self.known.len() >= MOST {
            self.known.remove(0);
        }
        self.known.push(source);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_counter_turns_with_the_sequence_number() {
        let mut source = Source::new(1, 65_534);
        for (sequence, index) in
            [(65_534, 65_534), (65_535, 65_535), (0, 65_536), (65_533, 65_533), (1, 65_537)]
        {
            let guess = source.guess(sequence).unwrap();
            assert_eq!(guess, index);
            assert!(source.is_fresh(guess));
            source.pass(guess);
        }
    }

    #[test]
    fn a_packet_passes_once() {
        let mut source = Source::new(1, 10);
        for index in [10, 11, 15, 13] {
            assert!(source.is_fresh(index), "{index}");
            source.pass(index);
            assert!(!source.is_fresh(index), "{index}");
        }
        assert!(source.is_fresh(12));
        source.pass(500);
        assert!(!source.is_fresh(372), "too late to be sure");
        assert!(source.is_fresh(373));
    }

    #[test]
    fn a_packet_from_before_the_first_has_no_index() {
        assert_eq!(Source::new(1, 3).guess(65_000), None);
    }

    #[test]
    fn sources_are_bounded() {
        let mut sources = Sources::default();
        for ssrc in 0..100 {
            sources.keep(Source::new(ssrc, 0));
        }
        assert_eq!(sources.known.len(), MOST);
        assert_eq!(sources.known.last().map(|source| source.ssrc), Some(99));
    }

    proptest! {
        #[test]
        fn a_stream_in_any_near_order_is_guessed(start in 0_u64..200_000, steps in proptest::collection::vec(0_u64..60, 1..300)) {
            let mut source = Source::new(1, start);
            let mut at = start;
            source.pass(at);
            for step in steps {
                // Now ahead, now late by less than the window.
                let index = if step % 3 == 0 { at.saturating_sub(step).max(start) } else { at + step };
                at = at.max(index);
                let [.., s0, s1] = index.to_be_bytes();
                prop_assert_eq!(source.guess(u16::from_be_bytes([s0, s1])), Some(index));
                if source.is_fresh(index) {
                    source.pass(index);
                }
                prop_assert!(!source.is_fresh(index));
            }
        }
    }
}
