//! One media thread: waits for packets, commands and the next tick, and owns its legs. A panic in the handling of a
//! leg ends that leg.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use kiestoon_media::prompt::{Player, Prompts};
use kiestoon_media::{LegId, MediaCommand, MediaEvent};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use tokio::sync::oneshot;

use super::engine::LegReport;
use super::leg::{Activity, Leg, Legs};
use super::outbox::Outbox;
use super::relay::{Counters, DATAGRAM, Traffic};

/// What the engine's handle asks of a thread.
#[derive(Debug)]
pub(super) enum Order {
    Attach(Box<Leg>),
    Media(MediaCommand),
    Report(oneshot::Sender<Vec<LegReport>>),
    Prompts(Arc<Prompts>),
    Stop,
    #[cfg(test)]
    Poison(LegId),
}

pub(super) struct MediaThread {
    epoll: Epoll,
    waker: Arc<EventFd>,
    orders: Receiver<Order>,
    outbox: Outbox,
    legs: Legs,
    prompts: Arc<Prompts>,
    counters: Counters,
    traffic: Arc<Traffic>,
    /// Silence of a leg until it is said.
    silent_after: Option<Duration>,
    /// The slots that play, in no order.
    players: Vec<usize>,
    next_frame: Instant,
    next_look: Instant,
    /// Numbers for our own streams (RFC 3550 section 5.1).
    streams: std::hash::RandomState,
    streams_begun: u64,
}

/// The epoll number of the waker; no leg has it: its slot would be the last of two thousand million.
pub(super) const WAKER: u64 = u64::MAX;
/// Packets handled between two looks at the clock and the orders.
const BATCH: usize = 256;
const FRAME: Duration = Duration::from_millis(20);
/// How often legs are looked at for silence.
const LOOK: Duration = Duration::from_secs(1);
/// A thread that was held up for longer does not send the missed frames in one burst.
const LATE: Duration = Duration::from_millis(200);

impl MediaThread {
    pub(super) fn new(
        epoll: Epoll,
        waker: Arc<EventFd>,
        orders: Receiver<Order>,
        outbox: Outbox,
        traffic: Arc<Traffic>,
        silent_after: Option<Duration>,
    ) -> Self {
        let now = Instant::now();
        Self {
            epoll,
            waker,
            orders,
            outbox,
            legs: Legs::default(),
            prompts: Arc::default(),
            counters: Counters::default(),
            traffic,
            silent_after,
            players: Vec::new(),
            next_frame: now,
            next_look: now,
            streams: std::hash::RandomState::new(),
            streams_begun: 0,
        }
    }

    /// Runs until it is stopped.
    pub(super) fn run(mut self) {
        let mut events = [EpollEvent::empty(); BATCH];
        let mut buffer = [0; DATAGRAM];
        loop {
            let ready = match self.epoll.wait(&mut events, self.timeout(Instant::now())) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => 0,
                Err(error) => {
                    tracing::error!(%error, "media thread cannot wait for packets");
                    return;
                }
            };
            let now = Instant::now();
            let events = events.get(..ready).unwrap_or_default();
            // Orders first: a packet that was sent after one must find it obeyed.
            if events.iter().any(|event| event.data() == WAKER) && !self.obey(now) {
                return;
            }
            for event in events {
                self.packet(event, now, &mut buffer);
            }
            self.tick(now);
            self.traffic.publish(&self.counters);
        }
    }

    fn timeout(&self, now: Instant) -> EpollTimeout {
        let mut next = (!self.legs.is_empty()).then_some(self.next_look);
        if !self.players.is_empty() {
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
        let outcome = catch_unwind(AssertUnwindSafe(|| legs.readable(token, now, buffer, counters)));
        if outcome.is_err() {
            self.fail(token.index);
        }
    }

    /// Takes the orders that have come; false to stop.
    fn obey(&mut self, now: Instant) -> bool {
        // Read before the orders: one that comes meanwhile wakes again.
        let _ = self.waker.read();
        loop {
            match self.orders.try_recv() {
                Ok(Order::Attach(leg)) => self.attach(now, *leg),
                Ok(Order::Media(command)) => self.command(now, command),
                Ok(Order::Report(reply)) => {
                    let _ = reply.send(self.legs.iter().map(LegReport::of).collect());
                }
                Ok(Order::Prompts(prompts)) => self.prompts = prompts,
                #[cfg(test)]
                Ok(Order::Poison(id)) => {
                    if let Some(leg) = self.legs.index(id).and_then(|index| self.legs.leg_mut(index)) {
                        leg.poisoned = true;
                    }
                }
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn attach(&mut self, now: Instant, leg: Leg) {
        if self.legs.is_empty() {
            self.next_look = now + LOOK;
        }
        let id = leg.id;
        let index = self.legs.insert(leg);
        let registered = self.legs.leg(index).map(|leg| {
            let readable = |rtcp| EpollEvent::new(EpollFlags::EPOLLIN, self.legs.token(index, rtcp));
            self.epoll
                .add(&leg.sockets.rtp, readable(false))
                .and_then(|()| self.epoll.add(&leg.sockets.rtcp, readable(true)))
        });
        if let Some(Err(error)) = registered {
            tracing::error!(leg = id.0, %error, "leg cannot be watched");
            self.fail(index);
        }
    }

    fn command(&mut self, now: Instant, command: MediaCommand) {
        let Some(index) = self.legs.index(command.leg()) else { return };
        let outcome = catch_unwind(AssertUnwindSafe(|| self.perform(now, index, command)));
        if outcome.is_err() {
            self.fail(index);
        }
    }

    fn perform(&mut self, now: Instant, index: usize, command: MediaCommand) {
        match command {
            MediaCommand::SetRemote { remote, .. } => {
                if let Some(leg) = self.legs.leg_mut(index) {
                    leg.media.set_remote(now, &remote);
                }
            }
            MediaCommand::Connect { b, .. } => {
                if let Some(other) = self.legs.index(b) {
                    self.connect(index, other);
                }
            }
            MediaCommand::Disconnect { .. } => {
                if self.legs.leg(index).is_some_and(|leg| matches!(leg.activity, Activity::Bridged(_))) {
                    self.rest(index);
                }
            }
            MediaCommand::Play { leg, prompt, repeat } => self.play(now, index, leg, &prompt, repeat),
            MediaCommand::StopPlay { .. } => {
                if self.legs.leg(index).is_some_and(|leg| matches!(leg.activity, Activity::Playing(_))) {
                    self.rest(index);
                }
            }
            MediaCommand::Echo { .. } => {
                self.rest(index);
                let ssrc = self.stream().0;
                if let Some(leg) = self.legs.leg_mut(index) {
                    leg.activity = Activity::Echo { ssrc };
                }
            }
            MediaCommand::Close { leg } => {
                self.rest(index);
                if let Some(gone) = self.legs.remove(index) {
                    self.outbox.say(MediaEvent::Closed { leg, quality: gone.media.quality() });
                }
            }
            // Opened by the handle: a thread never sees it.
            MediaCommand::Open { .. } => {}
        }
    }

    fn connect(&mut self, a: usize, b: usize) {
        if a == b {
            return;
        }
        let already =
            self.legs.leg(a).is_some_and(|leg| matches!(leg.activity, Activity::Bridged(peer) if peer == b));
        if already {
            return;
        }
        for (leg, peer) in [(a, b), (b, a)] {
            self.rest(leg);
            if let Some(leg) = self.legs.leg_mut(leg) {
                leg.activity = Activity::Bridged(peer);
            }
        }
    }

    fn play(&mut self, now: Instant, index: usize, id: LegId, name: &str, repeat: bool) {
        self.rest(index);
        let Some(prompt) = self.prompts.find(name) else {
            tracing::warn!(leg = id.0, prompt = name, "prompt is not loaded");
            self.outbox.say(MediaEvent::PlayFinished { leg: id });
            return;
        };
        let (ssrc, sequence) = self.stream();
        if self.players.is_empty() {
            self.next_frame = now;
        }
        if let Some(leg) = self.legs.leg_mut(index) {
            leg.activity = Activity::Playing(Box::new(Player::new(prompt, repeat, ssrc, sequence)));
            self.players.push(index);
        }
    }

    /// Ends whatever the leg does.
    fn rest(&mut self, index: usize) {
        self.players.retain(|player| *player != index);
        self.legs.unbridge(index);
    }

    fn fail(&mut self, index: usize) {
        self.rest(index);
        if let Some(leg) = self.legs.remove(index) {
            tracing::error!(leg = leg.id.0, call = leg.call.0, "media of a leg failed");
            self.outbox.say_failed(leg.id);
        }
    }

    /// Does what is due.
    fn tick(&mut self, now: Instant) {
        if self.outbox.is_waiting() {
            self.outbox.flush();
        }
        if !self.players.is_empty() && now >= self.next_frame {
            self.next_frame += FRAME;
            if now.saturating_duration_since(self.next_frame) > LATE {
                self.next_frame = now + FRAME;
            }
            self.frames();
        }
        if !self.legs.is_empty() && now >= self.next_look {
            self.next_look = now + LOOK;
            self.look(now);
        }
    }

    /// Sends one frame of every prompt that plays.
    fn frames(&mut self) {
        for index in std::mem::take(&mut self.players) {
            let (legs, counters) = (&mut self.legs, &mut self.counters);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                legs.leg_mut(index).map(|leg| if leg.frame(counters) { None } else { Some(leg.id) })
            }));
            match outcome {
                Ok(Some(None)) => self.players.push(index),
                Ok(Some(Some(id))) => {
                    self.rest(index);
                    self.outbox.say(MediaEvent::PlayFinished { leg: id });
                }
                Ok(None) => {}
                Err(_) => self.fail(index),
            }
        }
    }

    fn look(&mut self, now: Instant) {
        let Some(after) = self.silent_after else { return };
        for index in self.legs.indices() {
            let Some(leg) = self.legs.leg_mut(index) else { continue };
            if let Some(for_) = leg.media.silence(now, after) {
                self.outbox.say(MediaEvent::Silent { leg: leg.id, for_ });
            }
        }
    }

    /// A random source and a random first sequence number.
    fn stream(&mut self) -> (u32, u16) {
        use std::hash::BuildHasher as _;
        self.streams_begun = self.streams_begun.wrapping_add(1);
        let [s0, s1, s2, s3, n0, n1, ..] = self.streams.hash_one(self.streams_begun).to_be_bytes();
        (u32::from_be_bytes([s0, s1, s2, s3]), u16::from_be_bytes([n0, n1]))
    }
}

impl Leg {
    /// Plays 20 ms; false at the end of the prompt, or where the phone takes no G.711.
    fn frame(&mut self, counters: &mut Counters) -> bool {
        let Activity::Playing(player) = &mut self.activity else { return false };
        if self.media.destination().is_none() {
            return player.pass();
        }
        let Some((payload_type, a_law)) = self.media.g711() else { return false };
        let Some((header, packet)) = player.next(payload_type, a_law) else { return false };
        self.send(&header, &packet, counters);
        true
    }
}
