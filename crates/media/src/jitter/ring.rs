//! The packets that wait for their turn: a fixed number of slots, whose buffers are used again.

/// Slots. At 20 ms a packet more than a second, far beyond any delay that one would talk through.
pub(super) const SLOTS: usize = 64;
/// The longest payload kept: what an Ethernet frame holds. A longer one is no speech.
pub(super) const LONGEST_PAYLOAD: usize = 1500;

/// Packets by extended sequence number.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Box<[Slot; SLOTS]>,
    /// One above the highest sequence number put in since the last clearing.
    end: i64,
}

#[derive(Debug, Default)]
struct Slot {
    held: Option<Place>,
    payload: Vec<u8>,
}

/// What is known of a waiting packet without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Extended sequence number.
    pub(super) sequence: i64,
    /// Extended timestamp, in units of the RTP clock.
    pub(super) timestamp: i64,
    /// False for a packet of the stream that carries no audio: comfort noise, a telephone event.
    pub(super) audio: bool,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self { slots: Box::new(std::array::from_fn(|_| Slot::default())), end: i64::MIN }
    }

    /// Takes a packet in; what lay in its slot, at least [`SLOTS`] packets older or newer, is replaced.
    pub(super) fn put(&mut self, place: Place, payload: &[u8]) {
        let Some(slot) = self.slots.get_mut(index(place.sequence)) else { return };
        slot.payload.clear();
        slot.payload.extend_from_slice(payload.get(..LONGEST_PAYLOAD).unwrap_or(payload));
        slot.held = Some(place);
        self.end = self.end.max(place.sequence + 1);
    }

    /// The first packet at or after `sequence`.
    pub(super) fn first_from(&self, sequence: i64) -> Option<Place> {
        let oldest = self.end.saturating_sub(SLOTS as i64).max(sequence);
        (oldest..self.end).find_map(|sequence| self.at(sequence))
    }

    /// The first packet of all.
    pub(super) fn first(&self) -> Option<Place> {
        self.first_from(i64::MIN)
    }

    /// The packet of this number.
    pub(super) fn at(&self, sequence: i64) -> Option<Place> {
        self.slots.get(index(sequence))?.held.filter(|place| place.sequence == sequence)
    }

    /// The payload of this number; empty where there is none.
    pub(super) fn payload(&self, sequence: i64) -> &[u8] {
        match self.slots.get(index(sequence)) {
            Some(Slot { held: Some(place), payload }) if place.sequence == sequence => payload,
            _ => &[],
        }
    }

    /// Lets go of a packet; its buffer stays.
    pub(super) fn remove(&mut self, sequence: i64) {
        if let Some(slot) = self.slots.get_mut(index(sequence))
            && slot.held.is_some_and(|place| place.sequence == sequence)
        {
            slot.held = None;
        }
    }

    /// Bytes held.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.slots.iter().map(|slot| slot.payload.capacity() + size_of::<Slot>()).sum()
    }

    /// Lets go of all packets.
    pub(super) fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.held = None);
        self.end = i64::MIN;
    }
}

fn index(sequence: i64) -> usize {
    usize::try_from(sequence.rem_euclid(SLOTS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sequence: i64) -> Place {
        Place { sequence, timestamp: sequence * 160, audio: true }
    }

    #[test]
    fn gives_packets_in_order_whatever_the_order_they_came_in() {
        let mut ring = Ring::new();
        for sequence in [5, 3, 4, -1] {
            ring.put(place(sequence), &[sequence as u8]);
        }
        assert_eq!(ring.first(), Some(place(-1)));
        assert_eq!(ring.first_from(0), Some(place(3)));
        assert_eq!(ring.payload(4), [4]);
        ring.remove(3);
        assert_eq!(ring.first_from(0), Some(place(4)));
        ring.clear();
        assert_eq!(ring.first(), None);
    }

    #[test]
    fn a_packet_a_round_later_takes_the_slot() {
        let mut ring = Ring::new();
        ring.put(place(1), &[1]);
        ring.put(place(1 + SLOTS as i64), &[2]);
        assert_eq!(ring.first(), Some(place(1 + SLOTS as i64)));
        assert_eq!(ring.payload(1), [0_u8; 0]);
    }

    #[test]
    fn a_payload_is_cut_at_the_longest() {
        let mut ring = Ring::new();
        ring.put(place(1), &[7; 4000]);
        assert_eq!(ring.payload(1).len(), LONGEST_PAYLOAD);
    }
}
