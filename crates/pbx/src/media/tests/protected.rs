//! One phone with SRTP, the other without.

use std::sync::Arc;

use kiestoon_media::srtp::{LocalKeys, OVERHEAD, PeerKey, Protection, Suite};

use super::*;

const SUITE: Suite = Suite::AesCm128Sha1_80;

/// A phone with a key of its own, described to its leg, and its end of the protection.
fn protected_phone(bench: &mut Bench, leg: u64) -> (Phone, Protection) {
    let local = bench.open(CALL, leg).unwrap();
    let ours = Arc::clone(local.keys.as_ref().expect("keys for the leg"));
    let phone = Phone::new(local);
    let keys = LocalKeys::generate(|bytes| bytes.fill(0x42));
    let key = keys.of(SUITE).unwrap();
    let remote = RemoteAudio {
        key: Some(PeerKey { key: key.clone(), mki: None }),
        ..phone.described(Direction::SendRecv)
    };
    bench.perform(MediaCommand::SetRemote { leg: LegId(leg), remote });
    let theirs = PeerKey { key: ours.of(SUITE).unwrap().clone(), mki: None };
    (phone, Protection::new(key, &theirs).unwrap())
}

fn sealed(protection: &mut Protection, sequence: u16) -> Vec<u8> {
    let packet = packet(sequence);
    let mut out = vec![0; packet.len() + OVERHEAD];
    let length = protection.seal_rtp(&Header::parse(&packet).unwrap(), &packet, &mut out).unwrap();
    out.truncate(length);
    out
}

#[test]
fn each_side_gets_what_it_asked_for_and_replays_and_forgeries_get_nowhere() {
    let mut bench = Bench::new();
    let (a, mut protection) = protected_phone(&mut bench, 1);
    let b = bench.phone(2);
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    let mut last = Vec::new();
    for sequence in 0..10 {
        last = sealed(&mut protection, sequence);
        a.rtp.send_to(&last, a.local.rtp).unwrap();
        assert_eq!(b.hear().0, packet(sequence), "in the clear");
        b.send(sequence);
        let (mut heard, _) = a.hear();
        assert_ne!(heard[12..172], packet(sequence)[12..172], "encrypted");
        let header = Header::parse_protected(&heard).unwrap();
        let length = protection.open_rtp(&header, &mut heard).unwrap();
        assert_eq!(heard[..length], packet(sequence));
    }
    a.rtp.send_to(&last, a.local.rtp).unwrap();
    a.send(11);
    let stranger = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    stranger.send_to(&packet(12), a.local.rtp).unwrap();
    let next = sealed(&mut protection, 13);
    a.rtp.send_to(&next, a.local.rtp).unwrap();
    assert_eq!(b.hear().0, packet(13), "nothing in between");
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    let MediaEvent::Closed { quality, .. } = bench.event() else { panic!("not closed") };
    assert_eq!((quality.inbound.packets, quality.replayed, quality.forged), (11, 1, 2));
    assert_eq!(quality.srtp, Some(SUITE.name()));
}

#[test]
fn reports_are_protected_too() {
    let mut bench = Bench::new();
    let (a, mut protection) = protected_phone(&mut bench, 1);
    let b = bench.phone(2);
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    for sequence in 0..5 {
        a.rtp.send_to(&sealed(&mut protection, sequence), a.local.rtp).unwrap();
        b.hear();
        b.send(sequence);
        a.hear();
    }
    a.rtcp.set_read_timeout(Some(2 * PATIENCE)).unwrap();
    let (mut report, _) = receive(&a.rtcp).expect("a report of our own");
    assert!(protection.open_rtcp(&mut report.clone()).is_ok());
    let length = protection.open_rtcp(&mut report).unwrap_or_default();
    assert_eq!(length, 0, "the same a second time is a replay");
}
