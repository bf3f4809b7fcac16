//! The legs of one media thread: a slab, so that an epoll event finds its leg by number, and one that comes late for
//! a leg that is gone finds nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use kiestoon_media::codec::Encoding;
use kiestoon_media::prompt::Player;
use kiestoon_media::rtp::RtpLeg;
use kiestoon_media::transcode::Stream;
use kiestoon_media::{CallKey, LegId};

use super::open::Sockets;
use super::voice::{Route, Voice};
use super::webrtc::DoorEnd;

/// One phone's media.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) id: LegId,
    pub(super) call: CallKey,
    pub(super) sockets: Sockets,
    pub(super) media: RtpLeg,
    pub(super) activity: Activity,
    /// What becomes of the payload type that was heard last.
    pub(super) route: Option<Route>,
    pub(super) voice: Option<Box<Voice>>,
    /// How far our own stream to it had come when we spoke last.
    pub(super) said: Option<Box<Stream>>,
    /// Whether it is in the list of those that get a tick.
    pub(super) ticks: bool,
    /// Its RTP is taken from the socket by that tick, and epoll watches it for errors only: so many packets by the last tick.
    pub(super) by_tick: Option<usize>,
    /// A test makes the next packet panic.
    #[cfg(test)]
    pub(super) poisoned: bool,
}

/// What happens to the phone's audio, and what it hears.
#[derive(Debug)]
pub(super) enum Activity {
    Idle,
    /// Relayed to the leg in that slot, and from it.
    Bridged(usize),
    Playing(Box<Playing>),
    /// Sent back under a source of our own: a phone may take its own for a loop (RFC 3550 section 8.2).
    Echo {
        ssrc: u32,
    },
}

/// What is played to a phone.
#[derive(Debug)]
pub(super) struct Playing {
    pub(super) player: Player,
    /// Its name, told with its end.
    pub(super) play: u64,
}

/// Which socket of which leg an epoll event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) index: usize,
    pub(super) rtcp: bool,
    generation: u32,
}

#[derive(Debug, Default)]
pub(super) struct Legs {
    slots: Vec<Slot>,
    free: Vec<usize>,
    by_id: HashMap<LegId, usize>,
    /// The encodings that may be transcoded.
    pub(super) speaks: Box<[Encoding]>,
    /// 20 ms of sound on their way.
    pub(super) scratch: Vec<i16>,
    /// Where the checks and handshakes of browsers go.
    pub(super) door: Option<DoorEnd>,
    /// Numbers for our own streams (RFC 3550 section 5.1).
    streams: RandomState,
    streams_begun: u64,
}

#[derive(Debug, Default)]
struct Slot {
    /// Counts the legs that this slot has held.
    generation: u32,
    leg: Option<Box<Leg>>,
}

impl Legs {
    /// No legs yet, and the encodings that may be transcoded between them.
    pub(super) fn new(speaks: &[Encoding], door: Option<DoorEnd>) -> Self {
        Self { speaks: speaks.into(), door, ..Self::default() }
    }

    /// A random source and a random first sequence number.
    pub(super) fn stream(&mut self) -> (u32, u16) {
        self.streams_begun = self.streams_begun.wrapping_add(1);
        let [s0, s1, s2, s3, n0, n1, ..] = self.streams.hash_one(self.streams_begun).to_be_bytes();
        (u32::from_be_bytes([s0, s1, s2, s3]), u16::from_be_bytes([n0, n1]))
    }

    /// Puts a leg into a slot.
    pub(super) fn insert(&mut self, leg: Leg) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len().saturating_sub(1)
        });
        self.by_id.insert(leg.id, index);
        if let Some(slot) = self.slots.get_mut(index) {
            slot.leg = Some(Box::new(leg));
        }
        index
    }

    /// Takes a leg out; its sockets close when it is dropped.
    pub(super) fn remove(&mut self, index: usize) -> Option<Box<Leg>> {
        let slot = self.slots.get_mut(index)?;
        let leg = slot.leg.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
        self.by_id.remove(&leg.id);
        Some(leg)
    }

    pub(super) fn index(&self, id: LegId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn leg(&self, index: usize) -> Option<&Leg> {
        self.slots.get(index)?.leg.as_deref()
    }

    pub(super) fn leg_mut(&mut self, index: usize) -> Option<&mut Leg> {
        self.slots.get_mut(index)?.leg.as_deref_mut()
    }

    pub(super) fn indices(&self) -> std::ops::Range<usize> {
        0..self.slots.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Leg> {
        self.slots.iter().filter_map(|slot| slot.leg.as_deref())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The number under which a socket is registered with epoll.
    pub(super) fn token(&self, index: usize, rtcp: bool) -> u64 {
        let generation = self.slots.get(index).map_or(0, |slot| slot.generation);
        let place = u64::try_from(index).unwrap_or(u64::MAX) << 1 | u64::from(rtcp);
        (u64::from(generation) << 32) | (place & u64::from(u32::MAX))
    }

    /// The leg that an event is about, unless it is gone.
    pub(super) fn find(&self, data: u64) -> Option<Token> {
        let [g0, g1, g2, g3, p0, p1, p2, p3] = data.to_be_bytes();
        let place = u32::from_be_bytes([p0, p1, p2, p3]);
        let token = Token {
            index: usize::try_from(place >> 1).ok()?,
            rtcp: place & 1 != 0,
            generation: u32::from_be_bytes([g0, g1, g2, g3]),
        };
        let slot = self.slots.get(token.index)?;
        (slot.generation == token.generation && slot.leg.is_some()).then_some(token)
    }

    /// Ends what is played to a leg, or its bridge. A key that is being pressed meanwhile is not heard twice: what listens for keys stays,
    /// unless it listened to a bridge.
    pub(super) fn hush(&mut self, index: usize) {
        let Some(leg) = self.leg_mut(index) else { return };
        match leg.activity {
            Activity::Bridged(_) => self.unbridge(index),
            _ => {
                leg.activity = Activity::Idle;
                leg.keep_stream();
                leg.voice = leg.voice.take().and_then(|voice| voice.deafened());
            }
        }
    }

    /// Ends a bridge from either side.
    pub(super) fn unbridge(&mut self, index: usize) {
        let Some(leg) = self.leg_mut(index) else { return };
        let before = std::mem::replace(&mut leg.activity, Activity::Idle);
        leg.route = None;
        leg.keep_stream();
        leg.voice = None;
        let Activity::Bridged(peer) = before else { return };
        if let Some(peer) = self
            .leg_mut(peer)
            .filter(|peer| matches!(peer.activity, Activity::Bridged(back) if back == index))
        {
            peer.activity = Activity::Idle;
            peer.route = None;
            peer.keep_stream();
            peer.voice = None;
        }
    }
}
