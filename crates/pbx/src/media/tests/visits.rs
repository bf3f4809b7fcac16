//! Fifty browsers at once that talk, fail or die: each ends for its reason by its deadline, and nothing of it is left at the door.

use std::collections::HashMap;

use kiestoon_media::webrtc::{Ended, Failure};
use kiestoon_testkit::webrtc::Conduct;

use super::browser::{Browser, with_patience};
use super::*;

/// What a browser does besides its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Goes(Conduct),
    Lies,
}

const KINDS: [Kind; 5] = [
    Kind::Goes(Conduct::Whole),
    Kind::Goes(Conduct::NoChecks),
    Kind::Goes(Conduct::NoHandshake),
    Kind::Goes(Conduct::HelloOnly),
    Kind::Lies,
];
const VISITS: u64 = 50;
/// Instead of half a minute.
const SHORT: Duration = Duration::from_secs(3);
/// All together: a second for a busy machine beyond two of those, the handshake's and that of a lost way.
const BOUND: Duration = Duration::from_secs(12);

impl Kind {
    fn of(leg: u64) -> Self {
        KINDS[usize::try_from(leg).unwrap() % KINDS.len()]
    }

    /// Why its transport ends.
    fn expected(self) -> Ended {
        match self {
            Self::Goes(Conduct::Whole) => Ended::Unreachable,
            Self::Goes(Conduct::NoChecks) => Ended::Unreached,
            Self::Goes(Conduct::NoHandshake | Conduct::HelloOnly) => Ended::Slow,
            Self::Lies => Ended::Failed(Failure::Fingerprint),
        }
    }
}

/// UDP sockets on a port, whosever.
fn sockets_on(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/self/net/udp").unwrap();
    let here = format!(":{port:04X}");
    table.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|at| at.ends_with(&here))).count()
}

#[test]
fn browsers_that_fail_or_die_are_forgotten_by_their_deadlines() {
    let mut bench = with_patience(SHORT);
    let mut living: HashMap<u64, Browser> = HashMap::new();
    for leg in 0..VISITS {
        let mut browser = Browser::new(&mut bench, leg);
        match Kind::of(leg) {
            Kind::Goes(conduct) => browser.transport.set_conduct(conduct),
            Kind::Lies => browser.lie(&mut bench, leg),
        }
        living.insert(leg, browser);
        // On a busy machine the first ones would be given up before the last one is there.
        living.values_mut().for_each(Browser::work);
    }
    let port = living[&0].door().port();
    let (mut ended, mut closed) = (HashMap::new(), 0);
    let begun = Instant::now();
    while closed < VISITS {
        assert!(begun.elapsed() < BOUND, "{closed} of {VISITS} are forgotten: {ended:?}");
        // Who is through has done what it came for, and dies.
        living.retain(|leg, browser| {
            browser.work();
            !(browser.transport.is_through() && Kind::of(*leg) == Kind::Goes(Conduct::Whole))
        });
        while let Ok(event) = bench.events.try_recv() {
            match event {
                MediaEvent::TransportEnded { leg, reason } => {
                    assert_eq!(ended.insert(leg.0, reason), None, "{leg:?} ends once");
                    bench.perform(MediaCommand::Close { leg });
                }
                MediaEvent::Closed { .. } => closed += 1,
                other => panic!("{other:?}"),
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    for (leg, reason) in ended {
        assert_eq!(reason, Kind::of(leg).expected(), "{leg}");
    }
    let left = || (bench.engine.browsers(), sockets_on(port));
    while left() != (0, 1) {
        assert!(begun.elapsed() < BOUND, "guests and sockets are left: {:?}", left());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(bench.engine.open_legs(), 0);
}
