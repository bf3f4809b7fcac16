//! What is done once a second: reports of our own, and the doctor's rounds.

use kiestoon_media::Cause;
use kiestoon_media::rtp::rtcp::{Rtcp, parse};

use super::*;

/// The first compound packet that comes.
fn report(socket: &UdpSocket) -> Vec<u8> {
    socket.set_read_timeout(Some(2 * PATIENCE)).unwrap();
    receive(socket).expect("a report of our own").0
}

#[test]
fn a_phone_whose_other_side_sends_no_rtcp_is_reported_to() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    for sequence in [1, 2, 4, 5] {
        a.send(sequence);
        b.hear();
        b.send(sequence);
        a.hear();
    }
    let report = report(&a.rtcp);
    let mut packets = parse(&report).unwrap();
    let Some(Rtcp::SenderReport { ssrc, packets: sent, ntp, reports }) = packets.next() else {
        panic!("no sender report first: {report:?}")
    };
    assert_eq!((ssrc, sent), (0x1234_5678, 4));
    // The first of January 2020 and 2036: the wall clock of this machine.
    assert!((3_786_825_600..u64::from(u32::MAX)).contains(&(ntp >> 32)), "{ntp:x}");
    let blocks: Vec<_> = reports.collect();
    assert_eq!((blocks[0].ssrc, blocks[0].lost, blocks[0].highest_sequence), (0x1234_5678, 1, 5));
    assert_eq!(packets.next(), Some(Rtcp::Other { kind: 202 }));
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    let (last, _) = receive(&a.rtcp).expect("a farewell");
    assert!(parse(&last).unwrap().any(|packet| packet == Rtcp::Bye { ssrc: Some(0x1234_5678) }));
}

#[test]
fn rtcp_may_share_the_port_of_rtp() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    let remote = RemoteAudio { mux: true, ..a.described(Direction::SendRecv) };
    bench.perform(MediaCommand::SetRemote { leg: LegId(1), remote });
    a.send(1);
    b.hear();
    let mut from_phone = vec![0x80, 201, 0, 1];
    from_phone.extend_from_slice(&0x1234_5678_u32.to_be_bytes());
    a.rtp.send_to(&from_phone, a.local.rtp).unwrap();
    assert_eq!(receive(&b.rtcp).unwrap().0, from_phone, "passed on to a port of its own");
    b.rtcp.send_to(&from_phone, b.local.rtcp).unwrap();
    assert_eq!(a.hear(), (from_phone, a.local.rtp), "and back to the shared one");
}

#[test]
fn a_phone_that_is_never_heard_has_a_cause_and_one_that_speaks_has_none() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    let mut sequence = 0;
    let mut speak = |phone: &Phone| {
        sequence += 1;
        phone.send(sequence);
    };
    let end = Instant::now() + 2 * PATIENCE;
    let event = loop {
        speak(&b);
        a.hear();
        if let Ok(event) = bench.events.try_recv() {
            break event;
        }
        assert!(Instant::now() < end, "nothing was said");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(event, MediaEvent::Diagnosis { leg: LegId(1), cause: Some(Cause::PortBlocked) });
    a.send(1);
    b.hear();
    assert_eq!(bench.event(), MediaEvent::Diagnosis { leg: LegId(1), cause: None });
}

#[test]
fn lost_rtp_is_said_but_not_of_a_phone_on_hold() {
    let lost_after = Some(Duration::from_secs(1));
    let config = EngineConfig { threads: 1, ports: free_range(), lost_after, ..EngineConfig::default() };
    let mut bench = Bench::with(config);
    let (_a, b) = bench.bridge();
    bench.describe(2, &b, Direction::Inactive);
    let event = loop {
        let event = bench.event();
        if !matches!(event, MediaEvent::Diagnosis { .. }) {
            break event;
        }
    };
    assert_eq!(event, MediaEvent::Lost { leg: LegId(1), after: Duration::from_secs(1) });
    let again = bench.event();
    assert!(!matches!(again, MediaEvent::Lost { leg: LegId(2), .. }), "{again:?}");
}
