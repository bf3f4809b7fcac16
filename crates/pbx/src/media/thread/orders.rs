//! What the engine's handle asks of a media thread, and how it is done.

use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TryRecvError};
use std::time::Instant;

use kiestoon_media::dtmf::Digit;
use kiestoon_media::prompt::{Player, Prompts};
use kiestoon_media::srtp::{MasterKey, PeerKey};
use kiestoon_media::webrtc::Ended;
use kiestoon_media::{LegId, MediaCommand, MediaEvent};
use nix::sys::epoll::{EpollEvent, EpollFlags};
use tokio::sync::oneshot;

use super::MediaThread;
use super::frames::LOOK;
use crate::media::engine::LegReport;
use crate::media::leg::{Activity, Leg, Playing};

/// What the engine's handle asks of a thread.
#[derive(Debug)]
pub(in crate::media) enum Order {
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

/// Orders obeyed before the packets and the frame that have come due meanwhile: all calls may end at once.
const MOST_ORDERS: usize = 64;

impl MediaThread {
    /// Takes the orders that have come, or as many as packets can wait for; false to stop.
    pub(super) fn obey(&mut self, now: Instant) -> bool {
        // Read before the orders: one that comes meanwhile wakes again.
        let _ = self.waker.read();
        for _ in 0..MOST_ORDERS {
            match self.orders.try_recv() {
                Ok(Order::Attach(leg)) => self.attach(now, *leg),
                Ok(Order::Media(command)) => self.command(now, command),
                Ok(Order::Release { leg, reply }) => self.hand_over(leg, &reply),
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

    /// Lets a leg go to another thread; without an answer it is taken for gone.
    fn hand_over(&mut self, leg: LegId, reply: &SyncSender<Box<Leg>>) {
        let Some(index) = self.legs.index(leg) else { return };
        match catch_unwind(AssertUnwindSafe(|| self.release(index))) {
            Ok(Some(leg)) => drop(reply.send(leg)),
            Ok(None) => {}
            Err(_) => self.fail(index),
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
            MediaCommand::Play { leg, play, prompts, repeat } => {
                self.play(now, index, (leg, play), &prompts, repeat);
            }
            MediaCommand::StopPlay { .. } => {
                if self.legs.leg(index).is_some_and(|leg| matches!(leg.activity, Activity::Playing(_))) {
                    self.legs.hush(index);
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

    fn play(&mut self, now: Instant, index: usize, (id, play): (LegId, u64), names: &[String], repeat: bool) {
        self.legs.hush(index);
        let found = names.iter().filter_map(|name| {
            let prompt = self.prompts.find(name);
            if prompt.is_none() {
                tracing::warn!(leg = id.0, prompt = name, "prompt is not loaded");
            }
            prompt
        });
        let player = Player::of(found, repeat);
        if player.is_empty() {
            self.outbox.say(MediaEvent::PlayFinished { leg: id, play });
            return;
        }
        if let Some(leg) = self.legs.leg_mut(index) {
            leg.activity = Activity::Playing(Box::new(Playing { player, play }));
        }
        self.begin_ticks(now, index);
    }
}
