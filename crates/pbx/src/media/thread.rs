//! One media thread: waits for packets, commands and the next tick, and owns its legs. A panic in the handling of a
//! leg ends that leg.

use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use kiestoon_media::dtmf::Digit;
use kiestoon_media::prompt::{Player, Prompts};
use kiestoon_media::srtp::{MasterKey, PeerKey};
use kiestoon_media::webrtc::Ended;
use kiestoon_media::{DigitSource, LegId, MediaCommand, MediaEvent};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use tokio::sync::oneshot;

use super::drain::{Moment, Reader};
use super::engine::{EngineConfig, LegReport};
use super::leg::{Activity, Leg, Legs};
use super::outbox::Outbox;
use super::priority;
use super::relay::{Counters, DATAGRAM, Traffic};
use super::voice::{Noted, Source, Tick};
use super::watch::Watch;
use super::webrtc::DoorEnd;

/// What the engine's handle asks of a thread.
#[derive(Debug)]
pub(super) enum Order {
    Attach(Box<Leg>),
    Media(MediaCommand),
    /// The leg goes over to another thread.
    Release {
        leg: LegId,
        reply: SyncSender<Box<Leg>>,
    },
    Report(oneshot::Sender<Vec<LegReport>>),
    Prompts(Arc<Prompts>),
    /// A browser has chosen its path: the socket that hears it alone.
    Reach {
        leg: LegId,
        socket: UdpSocket,
        remote: SocketAddr,
    },
    /// Its handshake is over: our key, and the browser's.
    Secure {
        leg: LegId,
        keys: Box<(MasterKey, PeerKey)>,
    },
    TransportEnded {
        leg: LegId,
        reason: Ended,
    },
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
/// Orders obeyed before the packets and the frame that have come due meanwhile: all calls may end at once.
const MOST_ORDERS: usize = 64;
/// Packets taken from one leg's socket in a tick, more than its buffer holds: what strangers send must not leave the phone's own
/// packets waiting until the kernel drops them.
const MOST_WAITING: usize = 256;
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

    /// Takes the orders that have come, or as many as packets can wait for; false to stop.
    fn obey(&mut self, now: Instant) -> bool {
        // Read before the orders: one that comes meanwhile wakes again.
        let _ = self.waker.read();
        for _ in 0..MOST_ORDERS {
            match self.orders.try_recv() {
                Ok(Order::Attach(leg)) => self.attach(now, *leg),
                Ok(Order::Media(command)) => self.command(now, command),
                Ok(Order::Release { leg, reply }) => {
                    if let Some(leg) = self.legs.index(leg).and_then(|index| self.release(index)) {
                        let _ = reply.send(leg);
                    }
                }
                Ok(Order::Report(reply)) => {
                    let _ = reply.send(self.legs.iter().map(LegReport::of).collect());
                }
                Ok(Order::Prompts(prompts)) => self.prompts = prompts,
                Ok(Order::Reach { leg, socket, remote }) => self.reach(leg, socket, remote),
                Ok(Order::Secure { leg, keys }) => {
                    if let Some(leg) = self.legs.index(leg).and_then(|index| self.legs.leg_mut(index)) {
                        leg.media.secure(&keys.0, &keys.1);
                    }
                }
                Ok(Order::TransportEnded { leg, reason }) => {
                    self.outbox.say(MediaEvent::TransportEnded { leg, reason });
                }
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
        // Only a counter at its maximum is refused, and then the thread is awake already.
        let _ = self.waker.write(1);
        true
    }

    fn attach(&mut self, now: Instant, leg: Leg) {
        if self.legs.is_empty() {
            self.next_look = now + LOOK;
        }
        let id = leg.id;
        let index = self.legs.insert(leg);
        let registered = self.legs.leg(index).map(|leg| {
            let readable = |rtcp| EpollEvent::new(EpollFlags::EPOLLIN, self.legs.token(index, rtcp));
            let sockets = [(&leg.sockets.rtp, false), (&leg.sockets.rtcp, true)];
            let mut there = sockets.into_iter().filter_map(|(socket, rtcp)| Some((socket.as_ref()?, rtcp)));
            there.try_for_each(|(socket, rtcp)| self.epoll.add(socket, readable(rtcp)))
        });
        if let Some(Err(error)) = registered {
            tracing::error!(leg = id.0, %error, "leg cannot be watched");
            self.fail(index);
        }
    }

    /// Lets a leg go, silent and counted anew: its former number is at its end.
    fn release(&mut self, index: usize) -> Option<Box<Leg>> {
        self.rest(index);
        let mut leg = self.remove(index)?;
        for socket in [&leg.sockets.rtp, &leg.sockets.rtcp].into_iter().flatten() {
            if let Err(error) = self.epoll.delete(socket) {
                tracing::error!(leg = leg.id.0, %error, "leg is still watched");
            }
        }
        (leg.ticks, leg.by_tick) = (false, None);
        let quality = leg.media.begin_another_call();
        self.outbox.say(MediaEvent::Closed { leg: leg.id, quality });
        Some(leg)
    }

    /// Gives the leg of a browser the socket of its path; the former one is closed.
    fn reach(&mut self, id: LegId, socket: UdpSocket, remote: SocketAddr) {
        let Some(index) = self.legs.index(id) else { return };
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, self.legs.token(index, false));
        if let Err(error) = self.epoll.add(&socket, readable) {
            tracing::error!(leg = id.0, %error, "leg cannot be watched");
            return self.fail(index);
        }
        if let Some(leg) = self.legs.leg_mut(index) {
            leg.sockets.rtp = Some(socket);
            leg.by_tick = None;
            leg.media.moved(remote);
        }
    }

    fn command(&mut self, now: Instant, command: MediaCommand) {
        let Some(index) = self.legs.index(command.leg()) else {
            if let MediaCommand::Move { to, .. } = command {
                self.outbox.say_failed(to);
            }
            return;
        };
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
                    self.legs.described(index);
                }
            }
            MediaCommand::SetFax { remote, .. } => {
                if let Some(leg) = self.legs.leg_mut(index) {
                    leg.media.set_fax(now, &remote);
                    self.legs.described(index);
                }
            }
            MediaCommand::SendDigit { digit, duration_ms, .. } => {
                if Digit::of_char(digit).is_some_and(|digit| self.legs.say(index, digit, duration_ms)) {
                    self.begin_ticks(now, index);
                }
            }
            MediaCommand::HoldMusic { prompt, .. } => {
                let prompt = prompt.and_then(|name| self.prompts.find(&name));
                let sings = prompt.is_some();
                self.legs.set_music(index, now, prompt);
                if sings {
                    self.begin_ticks(now, index);
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
                let ssrc = self.legs.stream().0;
                if let Some(leg) = self.legs.leg_mut(index) {
                    leg.activity = Activity::Echo { ssrc };
                }
            }
            MediaCommand::Move { to, call, .. } => {
                if let Some(leg) = self.release(index) {
                    self.attach(now, Leg { id: to, call, ..*leg });
                }
            }
            MediaCommand::Close { leg } => {
                self.legs.take_leave(index, now);
                self.rest(index);
                if let Some(gone) = self.remove(index) {
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
        if let Some(leg) = self.legs.leg_mut(index) {
            leg.activity = Activity::Playing(Box::new(Player::new(prompt, repeat)));
        }
        self.begin_ticks(now, index);
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

    /// Does what is due.
    fn tick(&mut self, now: Instant, reader: &mut Reader) {
        if self.outbox.is_waiting() {
            self.outbox.flush();
        }
        if !self.ticking.is_empty() && now >= self.next_frame {
            let (next, missed) = after(self.next_frame, now);
            self.next_frame = next;
            self.counters.ticks = self.counters.ticks.wrapping_add(1);
            self.counters.ticks_late = self.counters.ticks_late.wrapping_add(missed);
            self.frames(now, reader);
        }
        if !self.legs.is_empty() && now >= self.next_look {
            self.next_look = now + LOOK;
            self.look(now);
        }
    }

    /// Does 20 ms of everything that we say and hear ourselves.
    fn frames(&mut self, now: Instant, reader: &mut Reader) {
        let (moment, next) = (Moment::new(now), self.next_frame);
        let room = std::mem::take(&mut self.ticked);
        let mut due = std::mem::replace(&mut self.ticking, room);
        for index in due.drain(..) {
            if let Some(before) = self.legs.leg(index).and_then(|leg| leg.by_tick) {
                self.drain(now, index, before, moment, reader);
            }
            let (legs, counters) = (&mut self.legs, &mut self.counters);
            let outcome = catch_unwind(AssertUnwindSafe(|| legs.tick(index, now, counters)));
            let Ok((tick, noted)) = outcome else {
                self.fail(index);
                continue;
            };
            if noted != Noted::default() {
                self.noted(now, index, noted);
            }
            self.watch_socket(index, tick != Tick::Goes || !self.legs.is_heard(index));
            let Some(leg) = self.legs.leg_mut(index) else { continue };
            if tick == Tick::Goes {
                self.ticking.push(index);
                continue;
            }
            leg.ticks = false;
            if tick == Tick::Played {
                let id = leg.id;
                self.rest(index);
                self.outbox.say(MediaEvent::PlayFinished { leg: id });
            }
        }
        self.ticked = due;
        // A leg that begins meanwhile finds nobody ticking, which puts off no frame that is owed.
        self.next_frame = next;
    }

    /// Takes what has come to a leg since its last tick, which took `before` packets. Where one comes each tick and it is played, nobody
    /// looks for a second: it would be early, and is taken next time by its age.
    fn drain(&mut self, now: Instant, index: usize, before: usize, moment: Moment, reader: &mut Reader) {
        let mut taken = 0;
        while taken < MOST_WAITING {
            let (legs, counters) = (&mut self.legs, &mut self.counters);
            let outcome = catch_unwind(AssertUnwindSafe(|| legs.waiting(index, moment, reader, counters)));
            match outcome {
                Ok(None) => break,
                Ok(Some((noted, rest_can_wait))) => {
                    taken += 1;
                    if noted != Noted::default() {
                        self.noted(now, index, noted);
                    }
                    if rest_can_wait && before == 1 && taken == 1 {
                        break;
                    }
                }
                Err(_) => return self.fail(index),
            }
        }
        if let Some(leg) = self.legs.leg_mut(index) {
            leg.by_tick = Some(taken);
        }
    }

    /// Has epoll watch the RTP socket of a leg, or leave it to the leg's tick where the kernel stamps packets.
    fn watch_socket(&mut self, index: usize, watched: bool) {
        let Some(leg) = self.legs.leg(index).filter(|leg| leg.by_tick.is_some() == watched) else { return };
        if !self.legs.stamp(index, !watched) && !watched {
            return;
        }
        // Errors are told all the same.
        let events = if watched { EpollFlags::EPOLLIN } else { EpollFlags::empty() };
        let mut event = EpollEvent::new(events, self.legs.token(index, false));
        let Some(socket) = &leg.sockets.rtp else { return };
        let changed = self.epoll.modify(socket, &mut event);
        if let Err(error) = changed {
            tracing::error!(leg = leg.id.0, %error, "leg cannot be watched");
            self.fail(index);
        } else if let Some(leg) = self.legs.leg_mut(index) {
            leg.by_tick = (!watched).then_some(0);
        }
    }

    fn look(&mut self, now: Instant) {
        for index in self.legs.indices() {
            let (legs, outbox, watch) = (&mut self.legs, &mut self.outbox, &self.watch);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                legs.look(index, now, watch, outbox);
                legs.expired(index, now)
            }));
            match outcome {
                Ok(noted) if noted.pressed.is_some() => self.noted(now, index, noted),
                Ok(_) => {}
                Err(_) => self.fail(index),
            }
        }
    }
}

/// When the frame after the one that was due at `due` is due, and how many deadlines are missed: this one's where it begins
/// a frame late, since the phone then had nothing to play, and those of the frames that are left out.
fn after(due: Instant, now: Instant) -> (Instant, u64) {
    let late = now.saturating_duration_since(due);
    let missed = u64::from(late > FRAME);
    if late <= LATE + FRAME {
        return (due + FRAME, missed);
    }
    let frames = late.as_nanos() / FRAME.as_nanos();
    (now + FRAME, u64::try_from(frames).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_begins_a_frame_late_has_missed_its_deadline() {
        let due = Instant::now();
        let at = |ms| after(due, due + Duration::from_millis(ms));
        assert_eq!(at(0), (due + FRAME, 0));
        assert_eq!(at(20), (due + FRAME, 0));
        assert_eq!(at(21), (due + FRAME, 1));
        assert_eq!(at(220), (due + FRAME, 1), "each of those that are made up for is counted when it comes");
        assert_eq!(at(1000), (due + Duration::from_millis(1020), 50), "those that are left out are counted");
    }
}
