//! Where the frames of a WebSocket begin and end (RFC 6455 section 5.2) in bytes that pass: so that a word of our own can go
//! between two, and nowhere else.

/// The state after the bytes so far.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The head of a frame, as far as it has come.
    head: [u8; LONGEST_HEAD],
    has: usize,
    /// Bytes that the payload still has.
    left: u64,
    has_closed: bool,
}

impl Frames {
    /// Takes note of bytes.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                self.left = self.left.saturating_sub(here as u64);
                bytes = bytes.get(here..).unwrap_or_default();
                continue;
            }
            if let Some(place) = self.head.get_mut(self.has) {
                *place = *first;
            }
            self.has = self.has.saturating_add(1);
            bytes = rest;
            if let Some(length) = self.payload() {
                self.has_closed |= self.head.first().is_some_and(|first| first & 0x0f == CLOSE);
                (self.has, self.left) = (0, length);
            }
        }
    }

    /// Whether the last frame is whole.
    pub(super) const fn is_between(&self) -> bool {
        self.left == 0 && self.has == 0
    }

    /// Whether a close frame has passed: nothing may follow it.
    pub(super) const fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// The length of the payload, once the head is whole.
    fn payload(&self) -> Option<u64> {
        let head = self.head.get(..self.has)?;
        let second = head.get(1)?;
        let extended: usize = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if head.len() < 2 + extended + mask {
            return None;
        }
        if extended == 0 {
            return Some(u64::from(second & 0x7f));
        }
        let bytes = head.get(2..2 + extended)?;
        Some(bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)))
    }
}

/// Two bytes, eight of length and four of mask.
const LONGEST_HEAD: usize = 14;
const CLOSE: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn after(parts: &[&[u8]]) -> (bool, bool) {
        let mut frames = Frames::default();
        parts.iter().for_each(|part| frames.pass(part));
        (frames.is_between(), frames.has_closed())
    }

    #[test]
    fn frames_of_every_length_and_cut_anywhere_are_followed() {
        let lengths: [(&[u8], usize); 5] = [
            (&[0x81, 0], 0),
            (&[0x81, 5], 5),
            (&[0x81, 126, 1, 0], 256),
            (&[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
            (&[0x81, 0x85, 1, 2, 3, 4], 5),
        ];
        let mut all = Vec::new();
        let mut ends = vec![0];
        for (head, payload) in lengths {
            all.extend_from_slice(head);
            all.extend(std::iter::repeat_n(0x88, payload));
            ends.push(all.len());
        }
        for at in 0..700 {
            let (one, two) = all.split_at(at);
            assert_eq!(after(&[one]), (ends.contains(&at), false), "{at}");
            assert_eq!(after(&[one, two]), (true, false), "{at}");
        }
        assert_eq!(after(&[&all, &[0x88, 0]]), (true, true));
        assert_eq!(after(&[&[0x81, 0xff], &[0xff; 8]]), (false, false));
    }

    mod random {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            /// However the bytes are cut, the state is the same.
            #[test]
            fn cuts_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
                let (one, two) = bytes.split_at(at.min(bytes.len()));
                prop_assert_eq!(after(&[one, two]), after(&[&bytes]));
            }
        }
    }
}
