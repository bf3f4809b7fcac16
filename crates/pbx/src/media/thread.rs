//! One media thread: waits for packets, orders and the next tick, and owns its legs. A panic in the handling of a
//! leg ends that leg.

mod frames;
mod orders;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use kiestoon_media::prompt::Prompts;
use kiestoon_media::{DigitSource, MediaEvent};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;

use super::drain::Reader;
use super::engine::EngineConfig;
use super::leg::{Activity, Leg, Legs};
use super::outbox::Outbox;
use super::priority;
use super::relay::{Counters, DATAGRAM, Traffic};
use super::voice::{Noted, Source};
use super::watch::Watch;
use super::webrtc::DoorEnd;
use frames::FRAME;
pub(super) use orders::Order;

pub(super) struct MediaThread {
    epoll: Epoll,
    waker: Arc<EventFd>,
    orders: Receiver<Order>,
    outbox: Outbox,
    legs: Legs,
    prompts: Arc<Prompts>,
    counters: Counters,
    traffic: Arc<Traffic>,
    watch: Watch,
    /// The slots that get a tick each 20 ms, in no order: those that play, transcode or say a digit.
    ticking: Vec<usize>,
    /// The room of that list of the frame before.
    ticked: Vec<usize>,
    next_frame: Instant,
    next_look: Instant,
}

/// The epoll number of the waker; no leg has it: its slot would be the last of two thousand million.
pub(super) const WAKER: u64 = u64::MAX;
/// Packets handled between two looks at the clock and the orders.
const BATCH: usize = 256;

impl MediaThread {
    pub(super) fn new(
        epoll: Epoll,
        waker: Arc<EventFd>,
        orders: Receiver<Order>,
        outbox: Outbox,
        traffic: Arc<Traffic>,
        (config, door): (&EngineConfig, Option<DoorEnd>),
    ) -> Self {
        let now = Instant::now();
        Self {
            epoll,
            waker,
            orders,
            outbox,
            legs: Legs::new(&config.speaks, door),
            prompts: Arc::default(),
            counters: Counters::default(),
            traffic,
            watch: Watch { silent_after: config.silent_after, lost_after: config.lost_after },
            ticking: Vec::new(),
            ticked: Vec::new(),
            next_frame: now,
            next_look: now,
        }
    }

    /// Runs until it is stopped.
    pub(super) fn run(mut self) {
        priority::claim();
        let mut events = [EpollEvent::empty(); BATCH];
        let mut reader = Reader::new();
        loop {
            let ready = match self.epoll.wait(&mut events, self.timeout(Instant::now())) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => 0,
                Err(error) => panic!("media thread cannot wait for packets: {error}"),
            };
            let now = Instant::now();
            let events = events.get(..ready).unwrap_or_default();
            // Orders first: a packet that was sent after one must find it obeyed.
            if events.iter().any(|event| event.data() == WAKER) && !self.obey(now) {
                return;
            }
            for event in events {
                self.packet(event, now, &mut reader.datagram);
            }
            self.tick(now, &mut reader);
            self.traffic.publish(&self.counters);
        }
    }

    fn timeout(&self, now: Instant) -> EpollTimeout {
        let mut next = (!self.legs.is_empty()).then_some(self.next_look);
        if !self.ticking.is_empty() {
            next = Some(next.map_or(self.next_frame, |look| look.min(self.next_frame)));
        }
        if self.outbox.is_waiting() {
            next = Some(next.map_or(now + FRAME, |due| due.min(now + FRAME)));
        }
        let Some(next) = next else { return EpollTimeout::NONE };
        // Rounded up: waking a moment too early would only wait again.
        let wait = next.saturating_duration_since(now) + Duration::from_micros(999);
        EpollTimeout::try_from(wait).unwrap_or(EpollTimeout::ZERO)
    }

    fn packet(&mut self, event: &EpollEvent, now: Instant, buffer: &mut [u8; DATAGRAM]) {
        let Some(token) = self.legs.find(event.data()) else { return };
        let (legs, counters) = (&mut self.legs, &mut self.counters);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if event.events().contains(EpollFlags::EPOLLERR) {
                legs.errors(token);
            }
            // What waits for its tick is taken then, with the kernel's stamp.
            if !event.events().contains(EpollFlags::EPOLLIN) {
                return Noted::default();
            }
            legs.readable(token, now, buffer, counters)
        }));
        match outcome {
            Ok(noted) if noted == Noted::default() => {}
            Ok(noted) => self.noted(now, token.index, noted),
            Err(_) => self.fail(token.index),
        }
    }

    /// Says what was noted, and sees to the ticks of both sides of a bridge.
    fn noted(&mut self, now: Instant, index: usize, noted: Noted) {
        if let (Some((pressed, source)), Some(leg)) = (noted.pressed, self.legs.leg(index)) {
            self.outbox.say(MediaEvent::Digit {
                leg: leg.id,
                digit: pressed.digit.as_char(),
                duration_ms: pressed.duration_ms,
                source: match source {
                    Source::Event => DigitSource::Event4733,
                    Source::Inband => DigitSource::Inband,
                },
                passed: noted.passed,
            });
        }
        if let (Some(tone), Some(leg)) = (noted.fax, self.legs.leg(index)) {
            self.outbox.say(MediaEvent::FaxTone { leg: leg.id, tone });
            self.legs.keep_sound_whole(index);
        }
        if noted.ticks {
            self.begin_ticks(now, index);
            if let Some(Activity::Bridged(peer)) = self.legs.leg(index).map(|leg| &leg.activity) {
                self.begin_ticks(now, *peer);
            }
        }
    }

    fn begin_ticks(&mut self, now: Instant, index: usize) {
        // Where a tick is under way, the next one is known.
        if self.ticking.is_empty() {
            self.next_frame = self.next_frame.max(now);
        }
        if let Some(leg) = self.legs.leg_mut(index)
            && !std::mem::replace(&mut leg.ticks, true)
        {
            self.ticking.push(index);
        }
    }

    /// Ends whatever the leg does.
    fn rest(&mut self, index: usize) {
        self.legs.unbridge(index);
    }

    fn remove(&mut self, index: usize) -> Option<Box<Leg>> {
        self.ticking.retain(|ticking| *ticking != index);
        self.legs.remove(index)
    }

    fn fail(&mut self, index: usize) {
        self.rest(index);
        if let Some(leg) = self.remove(index) {
            tracing::error!(leg = leg.id.0, call = leg.call.0, "media of a leg failed");
            self.outbox.say_failed(leg.id);
        }
    }
}
