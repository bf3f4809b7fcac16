//! A phone that does not send in pauses of speech has not stopped sending.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kiestoon_media::doctor::{Cause, Finding};
use kiestoon_media::rtp::{LatchSettings, RtpLeg};
use kiestoon_media::{Codec, Direction, RemoteAudio};

const PHONE: &str = "192.0.2.20:4000";

struct Scene {
    leg: RtpLeg,
    start: Instant,
    ms: u64,
    sequence: u16,
    found: Vec<Finding>,
}

impl Scene {
    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn new() -> Self {
        let phone: SocketAddr = PHONE.parse().unwrap();
        let leg = RtpLeg::new(phone.ip(), LatchSettings::default());
        let mut scene = Self { leg, start: Instant::now(), ms: 0, sequence: 0, found: Vec::new() };
        scene.describe();
        scene
    }

    /// The phone describes its session, for the first time or again.
    fn describe(&mut self) {
        let rtp: SocketAddr = PHONE.parse().unwrap();
        let codec = |payload_type, name: &str, clock_rate, channels| Codec {
            payload_type,
            name: name.into(),
            clock_rate,
            channels,
            fmtp: (name == "opus").then(|| "usedtx=1".into()),
        };
        let remote = RemoteAudio {
            rtp,
            rtcp: SocketAddr::new(rtp.ip(), rtp.port() + 1),
            direction: Direction::SendRecv,
            codecs: vec![
                codec(8, "PCMA", 8000, 1),
                codec(13, "CN", 8000, 1),
                codec(18, "G729", 8000, 1),
                codec(111, "opus", 48000, 2),
            ],
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

    /// Time goes by in which nothing comes; the doctor looks once a second.
    fn silence(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.ms += 20;
            if self.ms.is_multiple_of(1000) {
                let found = self.leg.examine(self.now(), true);
                self.found.extend(found);
            }
        }
    }

    /// Packets of so many payload bytes, each followed by 20 ms.
    fn speaks(&mut self, packets: u16, payload_type: u8, bytes: usize) {
        for _ in 0..packets {
            self.sequence += 1;
            let mut packet = vec![0x80, payload_type];
            packet.extend(self.sequence.to_be_bytes());
            packet.extend((u32::from(self.sequence) * 160).to_be_bytes());
            packet.extend(*b"abcd");
            packet.resize(12 + bytes, 0x55);
            self.leg.receive(self.now(), PHONE.parse().unwrap(), &mut packet).unwrap();
            self.silence(20);
        }
    }
}

#[test]
fn comfort_noise_announces_a_pause_of_any_length() {
    let mut scene = Scene::new();
    scene.speaks(100, 8, 160);
    scene.speaks(1, 13, 1);
    scene.silence(60_000);
    assert_eq!(scene.found, []);
}

#[test]
fn a_session_that_is_refreshed_in_a_pause_is_still_in_it() {
    let mut scene = Scene::new();
    scene.speaks(100, 8, 160);
    scene.speaks(1, 13, 1);
    scene.silence(10_000);
    scene.describe();
    scene.silence(10_000);
    assert_eq!(scene.found, []);
}

#[test]
fn g729_describes_silence_in_two_bytes() {
    let mut scene = Scene::new();
    scene.speaks(100, 18, 20);
    scene.speaks(1, 18, 12);
    scene.silence(10_000);
    scene.speaks(50, 18, 20);
    scene.speaks(1, 18, 2);
    scene.silence(10_000);
    assert_eq!(scene.found, []);
}

#[test]
fn opus_speaks_up_every_400_ms() {
    let mut scene = Scene::new();
    scene.speaks(100, 111, 60);
    for _ in 0..50 {
        scene.speaks(1, 111, 1);
        scene.silence(380);
    }
    assert_eq!(scene.found, []);
}

#[test]
fn whoever_announces_no_pause_has_stopped() {
    for (payload_type, bytes) in [(8, 160), (18, 20), (111, 1)] {
        let mut scene = Scene::new();
        scene.speaks(1, 13, 1);
        scene.speaks(100, payload_type, bytes);
        scene.silence(4_000);
        assert_eq!(scene.found, [Finding::Ill(Cause::StoppedSending)], "payload type {payload_type}");
        scene.speaks(100, payload_type, bytes);
        assert_eq!(scene.found.last(), Some(&Finding::Well));
    }
}
