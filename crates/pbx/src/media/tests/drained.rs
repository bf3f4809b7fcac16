//! Legs whose packets wait in their socket for the tick: when they came is known all the same, and a leg that is relayed again is
//! read at once again.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use kiestoon_media::{LegId, MediaCommand};

use super::Bench;
use super::transcoding::{Talker, g722, pcma};

const PACKET: Duration = Duration::from_millis(10);

/// Two legs without a common codec at first, joined.
fn pair(bench: &mut Bench) -> (Talker, Talker) {
    let a = Talker::new(bench, 1, &[pcma(), g722()], 10, None);
    let b = Talker::new(bench, 2, &[g722()], 20, None);
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    (a, b)
}

/// A sends packets and B listens; when each was sent.
fn talk(a: &mut Talker, b: &mut Talker, packets: u32) -> Vec<Instant> {
    let begun = Instant::now();
    (1..=packets)
        .map(|number| {
            let sent = Instant::now();
            a.say(440.0);
            b.listen(begun + PACKET * number);
            sent
        })
        .collect()
}

/// The interarrival jitter in milliseconds of packets that arrive as they are sent (RFC 3550 appendix A.8).
fn jitter(sent: &[Instant]) -> f64 {
    let late = |two: &[Instant]| {
        let apart = two[1].duration_since(two[0]);
        apart.as_secs_f64() - PACKET.as_secs_f64()
    };
    1000.0 * sent.windows(2).map(late).fold(0.0, |jitter, late| jitter + (late.abs() - jitter) / 16.0)
}

#[test]
fn packets_count_as_come_when_they_came_and_not_at_the_tick() {
    let mut bench = Bench::new();
    let (mut a, mut b) = pair(&mut bench);
    let sent = talk(&mut a, &mut b, 100);
    let reports = bench.reports();
    let inbound = &reports.iter().find(|report| report.leg == LegId(1)).unwrap().quality.inbound;
    assert!(inbound.packets >= 98 && b.packets.len() > 40, "{} {}", inbound.packets, b.packets.len());
    // Two packets a tick, at its moment, would be 10 ms apart from their time.
    let (ours, theirs) = (f64::from(inbound.jitter_ms), jitter(&sent));
    assert!((ours - theirs).abs() < 2.0, "{ours:.2} ms, sent with {theirs:.2} ms");
}

#[test]
fn what_strangers_send_leaves_the_phones_packets_their_place() {
    let mut bench = Bench::new();
    let (mut a, mut b) = pair(&mut bench);
    talk(&mut a, &mut b, 10);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..100 {
        for _ in 0..40 {
            stranger.send_to(&[0x80; 40], a.leg()).unwrap();
        }
        talk(&mut a, &mut b, 1);
    }
    let reports = bench.reports();
    let quality = &reports.iter().find(|report| report.leg == LegId(1)).unwrap().quality;
    assert!(quality.inbound.packets >= 105, "{} of 110 packets", quality.inbound.packets);
    assert!(quality.strangers > 3_000, "{} of strangers", quality.strangers);
}

#[test]
fn a_leg_that_is_relayed_again_is_read_at_once_again() {
    let mut bench = Bench::new();
    let (mut a, mut b) = pair(&mut bench);
    talk(&mut a, &mut b, 20);
    assert!(b.packets.iter().all(|(header, _)| header.ssrc != Talker::SSRC), "not yet transcoded");
    a.speaks(&g722());
    talk(&mut a, &mut b, 20);
    b.packets.clear();
    talk(&mut a, &mut b, 20);
    b.listen(Instant::now() + PACKET * 10);
    let relayed = b.packets.iter().filter(|(header, _)| header.ssrc == Talker::SSRC).count();
    assert_eq!(relayed, 20);
}

/// Whether a packet is taken in time where a later one lies before it in the socket: it is heard by the tick that it was sent for.
fn takes_the_overtaken() -> bool {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcma()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[g722()], 20, None);
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    let mut turn = |packets: &[u16]| {
        // What A hears tells where the ticks are.
        b.say(440.0);
        a.hear_one();
        // Young when the next tick comes: the last one cannot have left it there.
        std::thread::sleep(PACKET);
        for number in packets {
            a.say_number(*number);
        }
    };
    (0..5).for_each(|_| turn(&[]));
    (1..=20).for_each(|number| turn(&[number]));
    turn(&[22]);
    turn(&[23, 21]);
    turn(&[]);
    let reports = bench.reports();
    let inbound = &reports.iter().find(|report| report.leg == LegId(1)).unwrap().quality.inbound;
    inbound.packets == 23
}

#[test]
fn a_packet_whose_turn_has_come_is_taken_though_a_later_one_lies_before_it() {
    // A busy machine has other ticks and sleeps than are meant.
    assert!((0..5).any(|_| takes_the_overtaken()));
}
