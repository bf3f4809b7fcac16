//! Two of our own peers cannot meet, since both are lite: the other side is the library's full agent and client.

use std::sync::Arc;
use std::time::Duration;

use dimpl::{Config, Dtls, DtlsCertificate, Output};
use is::stun::{StunMessage, StunPacket};
use is::{Candidate, IceAgent, IceCreds, Protocol};

use super::*;

#[test]
fn a_datagram_says_what_it_is() {
    for (first, kind) in [
        (0, Some(Kind::Stun)),
        (3, Some(Kind::Stun)),
        (4, None),
        (20, Some(Kind::Dtls)),
        (63, Some(Kind::Dtls)),
        (64, None),
        (128, Some(Kind::Media)),
        (191, Some(Kind::Media)),
        (192, None),
    ] {
        assert_eq!(Kind::of(&[first, 0, 0]), kind, "{first}");
    }
    assert_eq!(Kind::of(&[]), None);
}

const PBX: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1)), 19_999);
const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 50_000);
const STEP: Duration = Duration::from_millis(10);

/// The origin of a test's clock.
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
fn epoch() -> Instant {
    Instant::now()
}

fn certificate() -> DtlsCertificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(["browser".to_owned()]).unwrap().self_signed(&key).unwrap();
    DtlsCertificate { certificate: certificate.der().to_vec(), private_key: key.serialize_der() }
}

fn identity() -> Identity {
    let DtlsCertificate { certificate, private_key } = certificate();
    Identity::new(certificate, private_key).unwrap()
}

/// A full agent, which controls, and a DTLS client or server.
struct Browser {
    ice: IceAgent,
    dtls: Dtls,
    keys: Option<(MasterKey, MasterKey)>,
    is_active: bool,
}

/// What has come of a peer.
#[derive(Default)]
struct Seen {
    moved: Vec<SocketAddr>,
    keys: Option<(MasterKey, MasterKey)>,
    ended: Option<Ended>,
}

/// A peer of ours and a browser; the browser's certificate is the one that signalling speaks of.
fn office(now: Instant, is_active: bool) -> (Peer, Browser) {
    let own = certificate();
    let fingerprint = Fingerprint::of(&own.certificate);
    let secret = [7; 32];
    let ours = Credentials::of(&secret, 0);
    let theirs = Credentials { ufrag: "page".into(), password: "lkjihgfedcba9876543210".into() };
    let mut ice =
        IceAgent::new(IceCreds { ufrag: theirs.ufrag.to_string(), pass: theirs.password.to_string() });
    ice.set_controlling(true);
    ice.add_local_candidate(Candidate::host(PAGE, "udp").unwrap());
    ice.set_remote_credentials(IceCreds { ufrag: ours.ufrag.to_string(), pass: ours.password.to_string() });
    ice.add_remote_candidate(Candidate::host(PBX, "udp").unwrap());
    let mut dtls = Dtls::new_12(Arc::new(Config::default()), own, now);
    dtls.set_active(is_active);
    let mut peer = Peer::new(now, identity(), secret);
    peer.describe(
        now,
        RemotePeer { credentials: theirs, fingerprint, is_passive: !is_active, generation: 0 },
    );
    (peer, Browser { ice, dtls, keys: None, is_active })
}

impl Browser {
    fn receive(&mut self, now: Instant, datagram: &[u8]) {
        match Kind::of(datagram) {
            Some(Kind::Stun) => {
                let message = StunMessage::parse(datagram).unwrap();
                let packet = StunPacket { proto: Protocol::Udp, source: PBX, destination: PAGE, message };
                self.ice.handle_packet(now, packet);
            }
            Some(Kind::Dtls) => self.dtls.handle_packet(datagram).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn poll(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.ice.handle_timeout(now);
        let mut out: Vec<_> =
            std::iter::from_fn(|| self.ice.poll_transmit()).map(|sent| sent.contents.to_vec()).collect();
        while self.ice.poll_event().is_some() {}
        if !self.ice.state().is_connected() {
            return out;
        }
        // By chance it may give up before we do.
        if self.dtls.handle_timeout(now).is_err() {
            return out;
        }
        let mut buffer = vec![0; 2000];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => out.push(packet.to_vec()),
                Output::KeyingMaterial(material, profile) => {
                    self.keys = dtls::keys(&material, profile, self.is_active);
                }
                Output::Timeout(_) => return out,
                _ => {}
            }
        }
    }
}

/// Lets both go on for so long; `loses` says of each datagram whether it is lost.
fn run(
    peer: &mut Peer,
    browser: &mut Browser,
    now: &mut Instant,
    time: Duration,
    mut loses: impl FnMut(&[u8]) -> bool,
) -> Seen {
    let (end, mut seen) = (*now + time, Seen::default());
    while *now < end && seen.ended.is_none() {
        for datagram in browser.poll(*now) {
            if !loses(&datagram) {
                peer.receive(*now, PAGE, &datagram);
            }
        }
        if peer.deadline().is_some_and(|due| *now >= due) {
            peer.tick(*now);
        }
        while let Some(event) = peer.poll() {
            match event {
                PeerEvent::Transmit { to, datagram } => {
                    assert_eq!(to, PAGE);
                    if !loses(&datagram) {
                        browser.receive(*now, &datagram);
                    }
                }
                PeerEvent::Moved(to) => seen.moved.push(to),
                PeerEvent::Keys { ours, theirs } => seen.keys = Some((ours, theirs.key)),
                PeerEvent::Ended(ended) => seen.ended = Some(ended),
            }
        }
        *now += STEP;
    }
    seen
}

#[test]
fn a_browser_gets_through_and_both_have_the_same_keys() {
    for is_active in [true, false] {
        let mut now = epoch();
        let (mut peer, mut browser) = office(now, is_active);
        let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(5), |_| false);
        assert_eq!((seen.moved.as_slice(), seen.ended), (&[PAGE][..], None));
        let (ours, theirs) = seen.keys.expect("keys");
        let (browsers, pbxs) = browser.keys.take().expect("keys");
        assert!(ours == pbxs && theirs == browsers, "active {is_active}");
        // Nothing more is due but consent.
        let later = run(&mut peer, &mut browser, &mut now, Duration::from_secs(120), |_| false);
        assert_eq!((later.moved.len(), later.ended), (0, None));
    }
}

#[test]
fn a_line_that_loses_every_third_datagram_only_takes_longer() {
    let mut now = epoch();
    let (mut peer, mut browser) = office(now, true);
    let mut count = 0;
    let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(20), |_| {
        count += 1;
        count % 3 == 0
    });
    assert!(seen.keys.is_some() && seen.ended.is_none());
}

#[test]
fn another_certificate_than_was_signalled_is_refused() {
    let mut now = epoch();
    let (mut peer, mut browser) = office(now, true);
    browser.dtls = Dtls::new_12(Arc::new(Config::default()), certificate(), now);
    browser.dtls.set_active(true);
    let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(5), |_| false);
    assert!(seen.keys.is_none());
    assert_eq!(seen.ended, Some(Ended::Failed(Failure::Fingerprint)));
}

#[test]
fn strangers_get_no_answer_and_end_nothing() {
    let mut now = epoch();
    let (mut peer, mut browser) = office(now, true);
    let mut stranger = Dtls::new_12(Arc::new(Config::default()), certificate(), now);
    stranger.set_active(true);
    stranger.handle_timeout(now).unwrap();
    let mut buffer = vec![0; 2000];
    let Output::Packet(hello) = stranger.poll_output(&mut buffer) else { panic!("no ClientHello") };
    let elsewhere = SocketAddr::new(PAGE.ip(), 1);
    for datagram in [hello, &[0, 1, 0, 0], &[22; 60], &[128; 60], &[255], &[]] {
        peer.receive(now, elsewhere, datagram);
        assert!(peer.poll().is_none());
    }
    let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(5), |_| false);
    assert!(seen.keys.is_some());
    peer.receive(now, elsewhere, hello);
    assert!(peer.poll().is_none() && !peer.is_proved(elsewhere));
}

#[test]
fn what_never_comes_is_given_up() {
    let mut now = epoch();
    let (mut peer, mut browser) = office(now, true);
    let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(60), |_| true);
    assert_eq!(seen.ended, Some(Ended::Unreached));
    let mut now = epoch();
    let (mut peer, mut browser) = office(now, true);
    let handshakes = |datagram: &[u8]| Kind::of(datagram) == Some(Kind::Dtls);
    let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(60), handshakes);
    assert_eq!(seen.ended, Some(Ended::Slow));
}

#[test]
fn a_browser_that_rings_for_long_is_not_given_up_and_one_that_falls_silent_is() {
    let mut now = epoch();
    let (before, mut browser) = office(now, true);
    let mut peer = Peer::new(now, identity(), [7; 32]);
    assert_eq!(peer.deadline(), None, "not described yet");
    now += Duration::from_secs(600);
    peer.tick(now);
    assert!(peer.poll().is_none());
    peer.describe(now, before.remote.unwrap());
    let seen = run(&mut peer, &mut browser, &mut now, Duration::from_secs(5), |_| false);
    assert!(seen.keys.is_some());
    let silent = run(&mut peer, &mut browser, &mut now, Duration::from_secs(60), |_| true);
    assert_eq!(silent.ended, Some(Ended::Unreachable));
}
