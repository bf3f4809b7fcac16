//! A browser's leg through a real engine and real sockets: the browser is a full ICE agent and a DTLS client of others.

use std::net::ToSocketAddrs;
use std::sync::Arc;

use is::stun::{StunMessage, TransId};
use is::{DefaultSha1HmacProvider, Sha1HmacProvider as _};
use kiestoon_media::LocalPeer;
use kiestoon_media::webrtc::{Credentials, Ended, Failure, Fingerprint, Kind, RemotePeer};
use kiestoon_testkit::webrtc::{self, Certificate, Door, Heard};

use super::*;

mod moved;

/// A page on a socket of its own.
pub(super) struct Browser {
    socket: UdpSocket,
    pub(super) transport: webrtc::Browser,
    /// The last packet of speech that it heard.
    last: Option<Header>,
    /// What we are to it.
    local: LocalPeer,
    /// What signalling says of it.
    remote: RemotePeer,
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn with_door() -> Bench {
    with_patience(EngineConfig::default().browser_patience)
}

/// The same, where browsers are waited for so long only.
pub(super) fn with_patience(browser_patience: Duration) -> Bench {
    Bench::with(EngineConfig {
        threads: 1,
        ports: free_range(),
        webrtc_port: Some(0),
        browser_patience,
        ..EngineConfig::default()
    })
}

impl Browser {
    /// A browser whose leg is open and described.
    pub(super) fn new(bench: &mut Bench, leg: u64) -> Self {
        let command = MediaCommand::Open { call: CALL, leg: LegId(leg), peer: LOOPBACK, browser: true };
        let Some(MediaEvent::Opened { local, .. }) = bench.engine.perform(command) else { panic!("no leg") };
        let local = *local.browser.expect("a browser's leg");
        let (socket, here) = (socket(), Instant::now());
        let address = socket.local_addr().unwrap();
        let mut transport = webrtc::Browser::new(here, &Certificate::new(), address, &format!("page{leg}"));
        let ours = local.credentials();
        transport.meet(&Door {
            address: local.candidates[0],
            ufrag: ours.ufrag.to_string(),
            password: ours.password.to_string(),
        });
        let (ufrag, password) = transport.credentials();
        let credentials = Credentials { ufrag: ufrag.into(), password: password.into() };
        let fingerprint = Fingerprint(transport.fingerprint());
        let remote = RemotePeer { credentials, fingerprint, is_passive: false, generation: 0 };
        let browser = Self { socket, transport, last: None, local, remote };
        browser.describe(bench, leg);
        browser
    }

    fn describe(&self, bench: &mut Bench, leg: u64) {
        let nowhere = "0.0.0.0:9".parse().unwrap();
        let remote = RemoteAudio {
            mux: true,
            browser: Some(Box::new(self.remote.clone())),
            ..described(nowhere, nowhere, Direction::SendRecv)
        };
        bench.perform(MediaCommand::SetRemote { leg: LegId(leg), remote });
    }

    /// Another certificate than its own is signalled.
    pub(super) fn lie(&mut self, bench: &mut Bench, leg: u64) {
        self.remote.fingerprint = Fingerprint([1; 32]);
        self.describe(bench, leg);
    }

    pub(super) fn door(&self) -> SocketAddr {
        self.local.candidates[0]
    }

    /// Works until the handshake is over, or for so long.
    fn shake_hands(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        while !self.transport.is_through() && Instant::now() < end {
            self.transport.tick(Instant::now());
            self.send_what_is_due();
            let Some((datagram, _)) = receive(&self.socket) else { continue };
            assert_eq!(self.transport.receive(Instant::now(), &datagram), Heard::Transport);
        }
        // The last flight.
        self.send_what_is_due();
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// Takes what has come and sends what is due, without waiting.
    pub(super) fn work(&mut self) {
        self.socket.set_nonblocking(true).unwrap();
        while let Some((datagram, _)) = receive(&self.socket) {
            self.transport.receive(Instant::now(), &datagram);
        }
        self.transport.tick(Instant::now());
        self.send_what_is_due();
    }

    fn send_what_is_due(&mut self) {
        while let Some(datagram) = self.transport.poll() {
            self.socket.send_to(&datagram, self.door()).unwrap();
        }
    }

    fn sealed(&mut self, sequence: u16) -> Vec<u8> {
        self.transport.seal(&packet(sequence)).expect("keys")
    }

    fn say(&mut self, sequence: u16) {
        let sealed = self.sealed(sequence);
        self.socket.send_to(&sealed, self.door()).unwrap();
    }

    /// The payload of the next packet of speech, which must go on from the last: Chromium hears no other source than the newest.
    fn hear(&mut self) -> Vec<u8> {
        loop {
            let (heard, source) = receive(&self.socket).expect("a packet in time");
            assert_eq!(source, self.door());
            let heard = match self.transport.receive(Instant::now(), &heard) {
                Heard::Rtp(heard) => heard,
                Heard::Sealed => panic!("a packet under another key"),
                Heard::Transport | Heard::Rtcp => continue,
            };
            let header = Header::parse(&heard).unwrap();
            if let Some(last) = self.last.replace(header) {
                assert_eq!((header.ssrc, header.sequence), (last.ssrc, last.sequence.wrapping_add(1)));
                let passed = header.timestamp.wrapping_sub(last.timestamp);
                assert!((1..80_000).contains(&passed), "{passed}");
            }
            return header.payload(&heard).to_vec();
        }
    }

    /// Sends a check of its own making, and waits for the answer; None where there is none.
    fn check(&self, from: &UdpSocket, credentials: &Credentials, priority: u32) -> Option<u16> {
        self.check_at(from, self.door(), credentials, priority)
    }

    fn check_at(
        &self,
        from: &UdpSocket,
        door: impl ToSocketAddrs,
        credentials: &Credentials,
        priority: u32,
    ) -> Option<u16> {
        let name = format!("{}:{}", credentials.ufrag, self.remote.credentials.ufrag);
        let message = StunMessage::binding_request(&name, TransId::new(), true, 1, priority, true);
        let mut bytes = vec![0; 256];
        let hmac = |key: &[u8], parts: &[&[u8]]| DefaultSha1HmacProvider.sha1_hmac(key, parts);
        let length = message.to_bytes(Some(credentials.password.as_bytes()), &mut bytes, hmac).unwrap();
        from.send_to(&bytes[..length], door).unwrap();
        from.set_read_timeout(Some(MOMENT)).unwrap();
        let answer = receive(from)?.0;
        from.set_read_timeout(Some(PATIENCE)).unwrap();
        let answer = StunMessage::parse(&answer).unwrap();
        Some(answer.error_code().map_or(200, |(code, _)| code))
    }
}

/// A browser and a phone that hear each other.
fn pair(bench: &mut Bench) -> (Browser, Phone) {
    let (mut browser, phone) = (Browser::new(bench, 1), bench.phone(2));
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    browser.shake_hands(PATIENCE);
    assert!(browser.transport.is_through(), "no handshake");
    (browser, phone)
}

/// Both hear each other, from these numbers on; the first packets may come before the keys are where they are needed.
fn talk(browser: &mut Browser, phone: &Phone, first: u16) {
    let heard = (first..first + 50).find(|sequence| {
        browser.say(*sequence);
        phone.rtp.set_read_timeout(Some(MOMENT)).unwrap();
        receive(&phone.rtp).is_some_and(|(heard, _)| heard == packet(*sequence))
    });
    phone.rtp.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(heard.is_some(), "the phone hears nothing");
    // The phone's own numbers leap here.
    browser.last = None;
    for sequence in first..first + 5 {
        let sent = phone.send(sequence);
        assert_eq!(browser.hear(), sent[12..]);
    }
}

#[test]
fn a_browser_and_a_phone_hear_each_other_and_strangers_and_replays_are_nobody() {
    let mut bench = with_door();
    let (mut browser, phone) = pair(&mut bench);
    talk(&mut browser, &phone, 1);
    // What came before the keys could not be opened either.
    let reports = bench.reports();
    let early = reports.iter().find(|report| report.leg == LegId(1)).unwrap().quality.forged;
    let stranger = socket();
    let hello = webrtc::client_hello(Instant::now());
    for datagram in [&*hello, &packet(60), &browser.sealed(61), &[0, 1, 0, 0], &[255]] {
        stranger.send_to(datagram, browser.door()).unwrap();
    }
    let wrong = Credentials { password: "0000000000000000000000".into(), ..browser.local.credentials() };
    assert_eq!(browser.check(&stranger, &wrong, 1), None, "nor does a wrong password get an answer");
    // From the browser's own address: in the clear, and twice.
    browser.socket.send_to(&packet(62), browser.door()).unwrap();
    let sealed = browser.sealed(63);
    for _ in 0..2 {
        browser.socket.send_to(&sealed, browser.door()).unwrap();
    }
    browser.say(64);
    assert_eq!((phone.hear().0, phone.hear().0), (packet(63), packet(64)), "nothing else");
    talk(&mut browser, &phone, 100);
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    let MediaEvent::Closed { quality, .. } = bench.event() else { panic!("not closed") };
    assert_eq!((quality.forged - early, quality.replayed), (1, 1));
    assert!(quality.srtp.is_some());
    let ours = browser.local.credentials();
    assert_eq!(browser.check(&browser.socket, &ours, 1), None, "forgotten");
}

#[test]
fn a_browser_is_followed_to_another_address_and_begins_ice_anew() {
    let mut bench = with_door();
    let (mut browser, phone) = pair(&mut bench);
    talk(&mut browser, &phone, 1);
    // A better path: what was sent to the old address goes to the new one.
    let other = socket();
    assert_eq!(browser.check(&other, &browser.local.credentials(), u32::MAX), Some(200));
    let former = std::mem::replace(&mut browser.socket, other);
    talk(&mut browser, &phone, 200);
    former.set_read_timeout(Some(MOMENT)).unwrap();
    while let Some((datagram, _)) = receive(&former) {
        assert_ne!(Kind::of(&datagram), Some(Kind::Media), "still sent to the former address");
    }
    // ICE begins anew: other credentials, another network, the same keys.
    let before = browser.local.credentials();
    browser.local.hear(&mut browser.remote);
    browser.remote.credentials.ufrag = "anew".into();
    browser.local.hear(&mut browser.remote);
    browser.describe(&mut bench, 1);
    let third = socket();
    assert_eq!(browser.check(&third, &before, u32::MAX), None, "the old password is of no use");
    assert_eq!(browser.check(&third, &browser.local.credentials(), 1), Some(200));
    browser.socket = third;
    talk(&mut browser, &phone, 300);
}

#[test]
fn another_certificate_than_signalled_ends_the_transport_and_says_why() {
    let mut bench = with_door();
    let mut browser = Browser::new(&mut bench, 1);
    browser.lie(&mut bench, 1);
    browser.shake_hands(Duration::from_secs(1));
    let ended = MediaEvent::TransportEnded { leg: LegId(1), reason: Ended::Failed(Failure::Fingerprint) };
    assert_eq!(bench.event(), ended);
}

#[test]
fn without_a_door_there_are_no_browsers_and_a_port_has_one_door() {
    let mut bench = Bench::new();
    let open = MediaCommand::Open { call: CALL, leg: LegId(1), peer: LOOPBACK, browser: true };
    let refused = MediaEvent::OpenFailed { leg: LegId(1), reason: OpenError::NoBrowsers };
    assert_eq!(bench.engine.perform(open), Some(refused));
    let mut bench = with_door();
    let port = Browser::new(&mut bench, 1).door().port();
    let config = EngineConfig { webrtc_port: Some(port), ports: free_range(), ..EngineConfig::default() };
    let error = Engine::start(config, &channel(1).0).unwrap_err().to_string();
    assert!(error.contains(&format!("media.webrtc_port {port}")), "{error}");
}

#[test]
fn a_browser_on_hold_hears_music_and_then_the_phone_in_one_stream_and_its_own_hold_is_no_sound() {
    let mut bench = with_door();
    let mut prompts = Prompts::default();
    prompts.insert("muziek", Prompt::from_wav(&wav_tone(16_000, 440.0, 16_000)).unwrap());
    bench.engine.set_prompts(&Arc::new(prompts));
    let (mut browser, phone) = pair(&mut bench);
    talk(&mut browser, &phone, 1);
    let music = |leg: u64, prompt: Option<&str>| MediaCommand::HoldMusic {
        leg: LegId(leg),
        prompt: prompt.map(Into::into),
    };
    let is_tone = |heard: &[u8]| decode_a_law(heard).into_iter().any(|sample| sample.unsigned_abs() > 5000);
    // The phone holds, and is silent; then it is back.
    for first in [400, 500] {
        bench.perform(music(1, Some("muziek")));
        for _ in 0..20 {
            assert!(is_tone(&browser.hear()));
        }
        bench.perform(music(1, None));
        let quiet = (first..first + 50).find(|sequence| {
            let sent = phone.send(*sequence);
            browser.hear() == sent[12..]
        });
        assert!(quiet.is_some(), "the phone is not heard again");
    }
    // The browser holds, and goes on sending: the phone hears music all the same, and nothing else.
    bench.perform(music(2, Some("muziek")));
    let mut tones = 0;
    for sequence in 600..660 {
        browser.say(sequence);
        phone.rtp.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        if let Some((heard, _)) = receive(&phone.rtp) {
            assert!(is_tone(&heard[12..]) || tones == 0, "its silence between the music");
            tones += u32::from(is_tone(&heard[12..]));
        }
    }
    assert!(tones > 10, "{tones} packets of music");
}
