//! Where a phone sends from is learnt narrowly and then locked.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use kiestoon_media::rtp::{Drop, Header, LatchSettings, RtpLeg};
use kiestoon_media::{Codec, Direction, RemoteAudio};

/// The phone's signalling comes from its NAT; what it writes is its own network.
const NAT: &str = "203.0.113.7";
const SIGNALLED: &str = "192.168.1.20:4000";
const TRANSLATED: &str = "203.0.113.7:61000";
const STRANGER: &str = "198.51.100.66:9999";

struct Scene {
    leg: RtpLeg,
    start: Instant,
    ms: u64,
    sequence: u16,
}

impl Scene {
    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn new() -> Self {
        let leg = RtpLeg::new(NAT.parse::<IpAddr>().unwrap(), LatchSettings::default());
        let mut scene = Self { leg, start: Instant::now(), ms: 0, sequence: 0 };
        scene.signal(SIGNALLED);
        scene
    }

    fn signal(&mut self, rtp: &str) {
        let rtp: SocketAddr = rtp.parse().unwrap();
        let codec = Codec { payload_type: 8, name: "PCMA".into(), clock_rate: 8000, channels: 1, fmtp: None };
        let remote = RemoteAudio {
            rtp,
            rtcp: SocketAddr::new(rtp.ip(), rtp.port() + 1),
            direction: Direction::SendRecv,
            codecs: vec![codec],
            telephone_event: None,
            ptime: None,
            maxptime: None,
            on_hold: false,
            key: None,
            mux: false,
            voiceband: false,
            rewritten: false,
            browser: None,
        };
        self.leg.set_remote(self.now(), &remote);
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.ms)
    }

    /// The next packet of one stream, 20 ms later.
    fn from(&mut self, source: &str) -> Result<(), Drop> {
        self.sequence += 1;
        self.ms += 20;
        self.packet(source, 8, 1, self.sequence)
    }

    fn packet(&mut self, source: &str, payload_type: u8, ssrc: u32, sequence: u16) -> Result<(), Drop> {
        let header = Header {
            marker: false,
            payload_type,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc,
            payload_at: 12,
            payload_end: 172,
        };
        let mut packet = [0; 172];
        header.write(packet.first_chunk_mut().unwrap());
        self.leg.receive(self.now(), source.parse().unwrap(), &mut packet).map(|_| ())
    }

    fn packets(&mut self, count: usize, source: &str) {
        for _ in 0..count {
            assert_eq!(self.from(source), Ok(()), "from {source}");
        }
    }

    fn goes_to(&self, address: &str) {
        assert_eq!(self.leg.destination(), Some(address.parse().unwrap()));
    }
}

#[test]
fn nothing_is_accepted_before_an_address_is_signalled() {
    let mut leg = RtpLeg::new(NAT.parse::<IpAddr>().unwrap(), LatchSettings::default());
    let scene = Scene::new();
    let mut packet = [0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(leg.receive(scene.now(), TRANSLATED.parse().unwrap(), &mut packet), Err(Drop::Stranger));
    assert_eq!(leg.destination(), None);
}

#[test]
fn the_signalled_address_is_accepted_and_locked() {
    let mut scene = Scene::new();
    scene.packets(4, SIGNALLED);
    scene.goes_to(SIGNALLED);
    assert_eq!(scene.from(TRANSLATED), Err(Drop::Stranger), "even from the peer's own address");
}

#[test]
fn a_translated_phone_is_learnt_from_the_signalling_peers_address() {
    let mut scene = Scene::new();
    scene.packets(3, TRANSLATED);
    scene.goes_to(SIGNALLED);
    scene.packets(1, TRANSLATED);
    scene.goes_to(TRANSLATED);
}

#[test]
fn a_stranger_is_never_learnt_before_or_after_the_lock() {
    let mut scene = Scene::new();
    for _ in 0..20 {
        assert_eq!(scene.from(STRANGER), Err(Drop::Stranger));
    }
    scene.goes_to(SIGNALLED);
    scene.packets(4, TRANSLATED);
    for _ in 0..20 {
        assert_eq!(scene.from(STRANGER), Err(Drop::Stranger));
    }
    scene.goes_to(TRANSLATED);
    assert_eq!(scene.leg.quality().strangers, 40);
    assert_eq!(scene.leg.quality().inbound.packets, 4);
}

#[test]
fn a_payload_type_that_was_not_negotiated_is_not_learnt() {
    let mut scene = Scene::new();
    for sequence in 0..10 {
        assert_eq!(scene.packet(TRANSLATED, 96, 1, sequence), Err(Drop::Stranger));
    }
}

#[test]
fn packets_that_do_not_follow_each_other_do_not_lock() {
    let mut scene = Scene::new();
    for n in 0..10 {
        let _ = scene.packet(TRANSLATED, 8, 1, n * 1000);
        let _ = scene.packet(TRANSLATED, 8, u32::from(n), 1);
    }
    scene.goes_to(SIGNALLED);
}

#[test]
fn a_second_sender_cannot_hinder_the_first() {
    let mut scene = Scene::new();
    for n in 1..=4 {
        assert_eq!(scene.packet(TRANSLATED, 8, 1, n), Ok(()));
        assert_eq!(scene.packet("203.0.113.7:61001", 8, 2, n), Err(Drop::Stranger));
    }
    scene.goes_to(TRANSLATED);
}

#[test]
fn while_the_signalled_address_speaks_no_other_is_learnt() {
    let mut scene = Scene::new();
    scene.packets(1, SIGNALLED);
    for _ in 0..10 {
        assert_eq!(scene.from(TRANSLATED), Err(Drop::Stranger));
    }
    // One packet, perhaps a forged one, must not shut the phone out for good.
    scene.ms += 500;
    scene.packets(4, TRANSLATED);
    scene.goes_to(TRANSLATED);
}

#[test]
fn a_new_port_of_the_same_address_takes_over_only_after_silence() {
    let mut scene = Scene::new();
    scene.packets(4, TRANSLATED);
    let moved = "203.0.113.7:62000";
    assert_eq!(scene.from(moved), Err(Drop::Stranger));
    scene.ms += 5000;
    assert_eq!(scene.from(STRANGER), Err(Drop::Stranger), "silence opens nothing to others");
    scene.packets(4, moved);
    scene.goes_to(moved);
    assert_eq!(scene.from(TRANSLATED), Err(Drop::Stranger));
}

#[test]
fn the_phone_that_speaks_again_keeps_its_place() {
    let mut scene = Scene::new();
    scene.packets(4, TRANSLATED);
    scene.ms += 5000;
    scene.packets(3, "203.0.113.7:62000");
    scene.packets(1, TRANSLATED);
    assert_eq!(scene.from("203.0.113.7:62000"), Err(Drop::Stranger));
    scene.goes_to(TRANSLATED);
}

#[test]
fn the_same_description_again_keeps_what_was_learnt() {
    let mut scene = Scene::new();
    scene.packets(4, TRANSLATED);
    scene.signal(SIGNALLED);
    scene.goes_to(TRANSLATED);
    scene.signal("0.0.0.0:4000");
    scene.goes_to(TRANSLATED);
}

#[test]
fn a_new_description_moves_the_media_and_the_old_stream_ends_softly() {
    let mut scene = Scene::new();
    scene.packets(4, SIGNALLED);
    let moved = "192.0.2.80:7000";
    scene.signal(moved);
    scene.goes_to(moved);
    scene.packets(2, SIGNALLED);
    scene.packets(4, moved);
    assert_eq!(scene.from(SIGNALLED), Err(Drop::Stranger));
    scene.goes_to(moved);
}

#[test]
fn what_is_no_rtp_is_counted_and_changes_nothing() {
    let mut scene = Scene::new();
    let now = scene.now();
    assert_eq!(
        scene.leg.receive(now, SIGNALLED.parse().unwrap(), &mut b"\x00\x01stun".to_owned()),
        Err(Drop::Malformed)
    );
    assert_eq!(scene.leg.quality().malformed, 1);
    scene.packets(1, SIGNALLED);
}

#[test]
fn a_flood_from_the_phone_itself_is_cut() {
    let mut scene = Scene::new();
    let accepted = (0..3000).filter(|n| scene.packet(SIGNALLED, 8, 1, *n).is_ok()).count();
    assert_eq!(accepted, 1000);
    let mut report = [0x80, 201, 0, 1, 0, 0, 0, 1];
    let rtcp = "192.168.1.20:4001".parse().unwrap();
    assert_eq!(scene.leg.receive_rtcp(scene.now(), rtcp, &mut report), Err(Drop::Flood), "RTCP counts too");
    scene.ms += 1000;
    assert_eq!(scene.packet(SIGNALLED, 8, 1, 3000), Ok(()));
}

#[test]
fn rtcp_is_learnt_only_from_the_source_that_is_heard() {
    let mut scene = Scene::new();
    scene.packets(4, TRANSLATED);
    assert_eq!(scene.leg.rtcp_destination(), None, "the signalled address lies behind the NAT");
    let receiver_report = |ssrc: u32| {
        let mut report = vec![0x80, 201, 0, 1];
        report.extend_from_slice(&ssrc.to_be_bytes());
        report
    };
    let now = scene.now();
    let from = |port: u16| SocketAddr::new(NAT.parse().unwrap(), port);
    assert_eq!(
        scene.leg.receive_rtcp(now, STRANGER.parse().unwrap(), &mut receiver_report(1)),
        Err(Drop::Stranger)
    );
    assert!(scene.leg.receive_rtcp(now, from(61_005), &mut receiver_report(99)).is_ok());
    assert_eq!(scene.leg.rtcp_destination(), None);
    assert!(scene.leg.receive_rtcp(now, from(61_001), &mut receiver_report(1)).is_ok());
    assert_eq!(scene.leg.rtcp_destination(), Some(from(61_001)));
}

#[test]
fn silence_is_said_and_said_again_until_the_phone_speaks() {
    let mut scene = Scene::new();
    let after = Duration::from_secs(10);
    scene.packets(1, SIGNALLED);
    scene.ms += 9_999;
    assert_eq!(scene.leg.silence(scene.now(), after), None);
    scene.ms += 1;
    assert_eq!(scene.leg.silence(scene.now(), after), Some(after));
    assert_eq!(scene.leg.silence(scene.now(), after), None);
    scene.ms += 10_000;
    assert_eq!(scene.leg.silence(scene.now(), after), Some(after * 2));
    scene.packets(1, SIGNALLED);
    assert_eq!(scene.leg.silence(scene.now(), after), None);
}
