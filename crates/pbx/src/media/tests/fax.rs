//! Fax: datagrams pass as they come, whatever they look like, and nothing else does.

use kiestoon_media::RemoteFax;

use super::*;

/// The same two phones, on the same ports, after both have agreed on a fax.
fn faxing(bench: &mut Bench) -> (Phone, Phone) {
    let (a, b) = bench.bridge();
    for sequence in 1..6 {
        a.send(sequence);
        b.hear();
        b.send(sequence);
        a.hear();
    }
    fax(bench, 1, &a);
    fax(bench, 2, &b);
    (a, b)
}

fn fax(bench: &mut Bench, leg: u64, phone: &Phone) {
    let remote = RemoteFax { udptl: phone.rtp.local_addr().unwrap(), direction: Direction::SendRecv };
    bench.perform(MediaCommand::SetFax { leg: LegId(leg), remote });
}

/// A UDPTL datagram of this number: an empty primary packet, then as many bytes.
fn udptl(number: u16, length: usize) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    let mut datagram = vec![high, low, 1, 0, 0, 0];
    datagram.resize(length.max(6), 0x5a);
    datagram
}

#[test]
fn datagrams_pass_whatever_they_look_like() {
    let mut bench = Bench::new();
    let (a, b) = faxing(&mut bench);
    let as_rtp = udptl(0x8008, 40);
    let as_rtcp = udptl(0x80c8, 40);
    let as_stun = [&[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42][..], &[0; 20]].concat();
    for datagram in [udptl(0, 6), udptl(0, 6), udptl(7, 320), as_rtp, as_rtcp, as_stun, udptl(8, 2000)] {
        a.rtp.send_to(&datagram, a.local.rtp).unwrap();
        assert_eq!(b.hear(), (datagram.clone(), b.local.rtp));
        b.rtp.send_to(&datagram, b.local.rtp).unwrap();
        assert_eq!(a.hear(), (datagram, a.local.rtp));
    }
    let figures = quality(&bench, 1);
    assert_eq!(figures.codec.as_deref(), Some("t38"));
    assert_eq!((figures.inbound.packets, figures.outbound.packets), (5 + 7, 5 + 7));
    assert_eq!((figures.malformed, figures.strangers), (0, 0));
}

#[test]
fn nothing_else_passes() {
    let mut bench = Bench::new();
    let (a, b) = faxing(&mut bench);
    a.send(6);
    b.hears_nothing();
    a.rtp.send_to(&[0], a.local.rtp).unwrap();
    a.rtp.send_to(&udptl(1, DATAGRAM), a.local.rtp).unwrap();
    b.hears_nothing();
    let stranger = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    stranger.send_to(&udptl(1, 20), a.local.rtp).unwrap();
    b.hears_nothing();
    let figures = quality(&bench, 1);
    assert_eq!((figures.malformed, figures.strangers), (2, 1), "late audio is no fault");
    assert_eq!(figures.inbound.packets, 5);
    a.rtp.send_to(&udptl(1, 20), a.local.rtp).unwrap();
    assert_eq!(b.hear().0, udptl(1, 20), "the phone itself is heard");
}

#[test]
fn one_side_alone_hears_nothing_and_audio_comes_back() {
    let mut bench = Bench::new();
    let (a, b) = faxing(&mut bench);
    bench.describe(2, &b, Direction::SendRecv);
    a.rtp.send_to(&udptl(1, 20), a.local.rtp).unwrap();
    b.send(6);
    b.hears_nothing();
    a.hears_nothing();
    bench.describe(1, &a, Direction::SendRecv);
    let packet = a.send(7);
    assert_eq!(b.hear().0, packet);
    let packet = b.send(8);
    assert_eq!(a.hear().0, packet);
    assert_eq!(quality(&bench, 1).codec.as_deref(), Some("PCMA"));
}

#[test]
fn a_fax_is_no_lost_call_and_no_silence() {
    let mut bench = Bench::with(EngineConfig {
        threads: 1,
        ports: free_range(),
        silent_after: Some(Duration::from_secs(2)),
        lost_after: Some(Duration::from_secs(2)),
        ..EngineConfig::default()
    });
    let (a, b) = faxing(&mut bench);
    let end = Instant::now() + Duration::from_secs(5);
    let mut number = 0;
    while Instant::now() < end {
        for phone in [&a, &b] {
            phone.rtp.send_to(&udptl(number, 20), phone.local.rtp).unwrap();
        }
        a.hear();
        b.hear();
        number += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(bench.events.try_recv().is_err(), "nothing is said of a fax that goes well");
    loop {
        match bench.event() {
            MediaEvent::Lost { .. } => break,
            MediaEvent::Silent { .. } => {}
            other => panic!("a fax that ends is lost, and has no other cause: {other:?}"),
        }
    }
}

fn quality(bench: &Bench, leg: u64) -> kiestoon_media::LegQuality {
    let asked = bench.engine.request_quality();
    let mut reports = asked.into_iter().flat_map(|answer| answer.blocking_recv().unwrap());
    reports.find(|report| report.leg == LegId(leg)).unwrap().quality
}
