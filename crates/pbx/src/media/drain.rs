//! Takes the packets of a transcoded leg from its socket when its tick comes: nothing is heard before, so they need not wake
//! the thread. The kernel says when each came, as the jitter buffer must know.

use std::io::IoSliceMut;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;

use super::leg::Legs;
use super::relay::{Counters, DATAGRAM};
use super::voice::{Noted, Voice};
use crate::socket_address;

/// Room for a datagram and what the kernel says about it.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) datagram: [u8; DATAGRAM],
    control: Vec<u8>,
}

/// One moment by both clocks, since the kernel stamps packets by the wall's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    now: Instant,
    wall: Duration,
}

/// A stamp further away than this was made before the wall clock was set.
const FARTHEST: Duration = Duration::from_millis(500);

/// Ticks are a little more or less than 20 ms apart.
const FRESH: Duration = Duration::from_millis(15);

impl Reader {
    pub(super) fn new() -> Self {
        Self { datagram: [0; DATAGRAM], control: nix::cmsg_space!(TimeSpec) }
    }
}

impl Moment {
    pub(super) fn new(now: Instant) -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { now, wall }
    }

    /// When a packet with this stamp came.
    fn arrival(self, stamp: Duration) -> Instant {
        let ago = self.wall.saturating_sub(stamp);
        let ahead = stamp.saturating_sub(self.wall);
        if ago > FARTHEST || ahead > FARTHEST {
            return self.now;
        }
        // Ahead is what came while the legs before this one had their tick.
        self.now.checked_sub(ago).unwrap_or(self.now) + ahead
    }
}

impl Legs {
    /// Takes one datagram that waits in a leg's RTP socket; None where none does. True where what lies behind it can wait for the next
    /// tick: this one came so lately that the last tick cannot have left it there, and what is played now is here.
    pub(super) fn waiting(
        &mut self,
        index: usize,
        moment: Moment,
        reader: &mut Reader,
        counters: &mut Counters,
    ) -> Option<(Noted, bool)> {
        let leg = self.leg(index)?;
        let mut room = [IoSliceMut::new(&mut reader.datagram)];
        let socket = leg.sockets.rtp.as_ref()?.as_raw_fd();
        let came =
            recvmsg::<SockaddrStorage>(socket, &mut room, Some(&mut reader.control), MsgFlags::MSG_DONTWAIT);
        let came = match came {
            Ok(came) => came,
            Err(Errno::EAGAIN) => return None,
            // Told of a packet that was sent before, in place of one that waits.
            Err(_) => return Some((Noted::default(), false)),
        };
        let (length, source) = (came.bytes, came.address.as_ref().and_then(socket_address::of));
        let stamp = came.cmsgs().ok().and_then(|mut messages| messages.find_map(stamp));
        let arrival = stamp.map_or(moment.now, |stamp| moment.arrival(stamp));
        let (Some(source), Some(packet)) = (source, reader.datagram.get_mut(..length)) else {
            return Some((Noted::default(), false));
        };
        let fresh = stamp.is_some() && moment.now.saturating_duration_since(arrival) < FRESH;
        let noted = self.came(index, arrival, source, packet, counters);
        let voice = self.leg(index).and_then(|leg| leg.voice.as_deref());
        Some((noted, fresh && voice.is_some_and(Voice::has_next)))
    }

    /// Whether a leg is heard by its tick alone.
    pub(super) fn is_heard(&self, index: usize) -> bool {
        self.leg(index).and_then(|leg| leg.voice.as_ref()).is_some_and(|voice| voice.is_fed())
    }

    /// Has the kernel stamp what comes to a leg, or no longer; false where it cannot.
    pub(super) fn stamp(&self, index: usize, stamps: bool) -> bool {
        let socket = self.leg(index).and_then(|leg| leg.sockets.rtp.as_ref());
        socket.is_some_and(|socket| setsockopt(socket, ReceiveTimestampns, &stamps).is_ok())
    }
}

fn stamp(message: ControlMessageOwned) -> Option<Duration> {
    match message {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_says_when_a_packet_came_unless_the_clock_was_set() {
        let now = Instant::now() + Duration::from_secs(3600);
        let moment = Moment { now, wall: Duration::from_secs(1000) };
        let ms = Duration::from_millis;
        assert_eq!(moment.arrival(ms(999_985)), now - ms(15));
        assert_eq!(moment.arrival(ms(1_000_004)), now + ms(4));
        assert_eq!(moment.arrival(ms(998_000)), now);
        assert_eq!(moment.arrival(ms(5_000_000)), now);
    }
}
