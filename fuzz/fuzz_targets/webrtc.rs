//! Any datagrams to a browser's transport: before and after a check has proved where they come from, nothing panics, nobody else gets an answer,
//! and no keys come of what is no handshake.
#![no_main]

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use is::stun::{StunMessage, TransId};
use is::{DefaultSha1HmacProvider, Sha1HmacProvider as _};
use kiestoon_media::webrtc::{Credentials, Fingerprint, Identity, Peer, PeerEvent, RemotePeer, checked_ufrag};
use libfuzzer_sys::fuzz_target;

static IDENTITY: OnceLock<Identity> = OnceLock::new();

fn identity() -> Identity {
    let made = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["pbx".to_owned()]).unwrap().self_signed(&key).unwrap();
        Identity::new(certificate.der().to_vec(), key.serialize_der()).unwrap()
    };
    IDENTITY.get_or_init(made).clone()
}

fn check(ours: &Credentials) -> Vec<u8> {
    let name = format!("{}:page", ours.ufrag);
    let message = StunMessage::binding_request(&name, TransId::new(), true, 1, 1, true);
    let mut bytes = vec![0; 256];
    let hmac = |key: &[u8], parts: &[&[u8]]| DefaultSha1HmacProvider.sha1_hmac(key, parts);
    let length = message.to_bytes(Some(ours.password.as_bytes()), &mut bytes, hmac).unwrap();
    bytes.truncate(length);
    bytes
}

// Datagrams behind a length of two bytes each; the first byte of all says how many come before the check.
fuzz_target!(|data: &[u8]| {
    let Some((before, mut rest)) = data.split_first() else { return };
    let (here, elsewhere): (SocketAddr, SocketAddr) = (([192, 0, 2, 7], 5000).into(), ([192, 0, 2, 8], 5000).into());
    let mut now = Instant::now();
    let mut peer = Peer::new(now, identity(), [7; 32]);
    let credentials = Credentials { ufrag: "page".into(), password: "0123456789abcdefghijkl".into() };
    peer.describe(now, RemotePeer { credentials, fingerprint: Fingerprint([1; 32]), is_passive: before & 1 == 1, generation: 0 });
    let mut count = 0_u32;
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len()).min(1500);
        let (datagram, after) = after.split_at(length);
        rest = after;
        if count == u32::from(before % 4) {
            let check = check(peer.credentials());
            peer.receive(now, here, &check);
            assert!(peer.is_proved(here));
        }
        count += 1;
        let _ = checked_ufrag(datagram);
        while peer.poll().is_some() {}
        peer.receive(now, elsewhere, datagram);
        assert!(peer.poll().is_none() && !peer.is_proved(elsewhere), "a stranger is answered");
        peer.receive(now, here, datagram);
        now += Duration::from_millis(100);
        peer.tick(now);
        while let Some(event) = peer.poll() {
            assert!(!matches!(event, PeerEvent::Keys { .. }), "keys of nothing");
        }
    }
});
