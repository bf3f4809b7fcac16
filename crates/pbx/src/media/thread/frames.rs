//! What a media thread does by the clock: a frame each 20 ms, a look at every leg each second.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use kiestoon_media::MediaEvent;
use nix::sys::epoll::{EpollEvent, EpollFlags};

use super::MediaThread;
use crate::media::drain::{Moment, Reader};
use crate::media::voice::{Noted, Tick};

pub(super) const FRAME: Duration = Duration::from_millis(20);
/// How often legs are looked at for silence.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// A thread that was held up for longer does not send the missed frames in one burst.
const LATE: Duration = Duration::from_millis(200);
/// Packets taken from one leg's socket in a tick, more than its buffer holds: what strangers send must not leave the phone's own
/// packets waiting until the kernel drops them.
const MOST_WAITING: usize = 256;

impl MediaThread {
    /// Does what is due.
    pub(super) fn tick(&mut self, now: Instant, reader: &mut Reader) {
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
            if let Tick::Played(play) = tick {
                let id = leg.id;
                self.legs.hush(index);
                self.outbox.say(MediaEvent::PlayFinished { leg: id, play });
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
