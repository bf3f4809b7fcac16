//! The transport of a browser, without a socket of its own: a full ICE agent that controls, a DTLS client and SRTP, all three of other
//! hands than the PBX's. Engine tests, the bench and the soak give it datagrams and time, and send what it wants sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};
use is::stun::{StunMessage, StunPacket};
use is::{Candidate, IceAgent, IceCreds, Protocol};
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use sha2::{Digest as _, Sha256};

/// A certificate as a browser makes it, which may serve many of its connections.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: DtlsCertificate,
    fingerprint: [u8; 32],
}

/// How far a browser goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conduct {
    /// All the way.
    #[default]
    Whole,
    /// It makes no check.
    NoChecks,
    /// It chooses a path, and begins no handshake.
    NoHandshake,
    /// It begins the handshake, and never answers what comes back.
    HelloOnly,
}

/// What a datagram was.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A check, a part of the handshake, or nothing of use.
    Transport,
    /// An RTP packet, opened.
    Rtp(Vec<u8>),
    /// RTCP, which is not opened.
    Rtcp,
    /// Media that could not be opened.
    Sealed,
}

/// What an answerer's session description says of its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Its first candidate.
    pub address: SocketAddr,
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: String,
}

/// A browser's end of one connection.
pub struct Browser {
    here: SocketAddr,
    made: Instant,
    door: Option<SocketAddr>,
    conduct: Conduct,
    credentials: IceCreds,
    fingerprint: [u8; 32],
    ice: IceAgent,
    dtls: Dtls,
    dtls_due: Option<Instant>,
    protection: Option<Protection>,
    outbox: VecDeque<Vec<u8>>,
    buffer: Vec<u8>,
}

struct Protection {
    ours: Context,
    theirs: Context,
}

const DATAGRAM: usize = 2048;

impl Certificate {
    /// A new one.
    ///
    /// # Panics
    /// Where the library makes none.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "no two are alike")]
    pub fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let parameters = rcgen::CertificateParams::new(["browser".to_owned()]).expect("parameters");
        let made = parameters.self_signed(&key).expect("a certificate");
        let fingerprint = Sha256::digest(made.der()).into();
        let der = DtlsCertificate { certificate: made.der().to_vec(), private_key: key.serialize_der() };
        Self { der, fingerprint }
    }

    /// The SHA-256 of it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}

impl Door {
    /// Reads a session description; None where a part is missing.
    #[must_use]
    pub fn read(sdp: &str) -> Option<Self> {
        let value = |name: &str| {
            let found = sdp.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name));
            found.map(str::trim_end)
        };
        let mut candidate = value("candidate:")?.split(' ').skip(4);
        let (ip, port) = (candidate.next()?.parse().ok()?, candidate.next()?.parse().ok()?);
        Some(Self {
            address: SocketAddr::new(ip, port),
            ufrag: value("ice-ufrag:")?.to_owned(),
            password: value("ice-pwd:")?.to_owned(),
        })
    }
}

impl Browser {
    /// A browser whose socket is at `here`, with a name in ICE of its own.
    ///
    /// # Panics
    /// Where `here` is no address to be reached at.
    #[must_use]
    pub fn new(now: Instant, certificate: &Certificate, here: SocketAddr, ufrag: &str) -> Self {
        let credentials = IceCreds { ufrag: ufrag.to_owned(), pass: "lkjihgfedcba9876543210".to_owned() };
        let mut ice = IceAgent::new(credentials.clone());
        ice.set_controlling(true);
        ice.add_local_candidate(Candidate::host(here, "udp").expect("an address of our own"));
        let mut dtls = Dtls::new_auto(Arc::new(Config::default()), certificate.der.clone(), now);
        dtls.set_active(true);
        Self {
            here,
            made: now,
            door: None,
            conduct: Conduct::Whole,
            credentials,
            fingerprint: certificate.fingerprint,
            ice,
            dtls,
            dtls_due: Some(now),
            protection: None,
            outbox: VecDeque::new(),
            buffer: vec![0; DATAGRAM],
        }
    }

    /// How far it will go.
    pub fn set_conduct(&mut self, conduct: Conduct) {
        self.conduct = conduct;
    }

    /// Its name and password in ICE.
    #[must_use]
    pub fn credentials(&self) -> (&str, &str) {
        (&self.credentials.ufrag, &self.credentials.pass)
    }

    /// Of its certificate.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Has signalling tell another fingerprint than its own.
    pub fn lie(&mut self) {
        self.fingerprint = [0xab; 32];
    }

    /// What it says of a session, as an offer or, where `answers`, an answer: audio in these formats (`8 101`), with the attribute lines of them.
    #[must_use]
    pub fn describe(&self, answers: bool, session: u32, formats: &str, attributes: &str) -> String {
        let IceCreds { ufrag, pass } = &self.credentials;
        let fingerprint: Vec<String> = self.fingerprint.iter().map(|byte| format!("{byte:02X}")).collect();
        let (fingerprint, setup) = (fingerprint.join(":"), if answers { "active" } else { "actpass" });
        format!(
            "v=0\r\no=- {session} {session} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pass}\r\na=ice-options:trickle\r\na=fingerprint:sha-256 {fingerprint}\r\n\
             a=setup:{setup}\r\na=mid:0\r\na=rtcp-mux\r\na=sendrecv\r\n{attributes}"
        )
    }

    /// Where to go, by the other's session description.
    ///
    /// # Panics
    /// Where that is no address to be reached at.
    pub fn meet(&mut self, door: &Door) {
        self.door = Some(door.address);
        let Door { ufrag, password, .. } = door;
        self.ice.set_remote_credentials(IceCreds { ufrag: ufrag.clone(), pass: password.clone() });
        self.ice.add_remote_candidate(Candidate::host(door.address, "udp").expect("an address"));
    }

    /// Where its datagrams go, once it knows.
    #[must_use]
    pub fn door(&self) -> Option<SocketAddr> {
        self.door
    }

    /// Whether the handshake is over.
    #[must_use]
    pub fn is_through(&self) -> bool {
        self.protection.is_some()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        if self.door.is_none() || self.conduct == Conduct::NoChecks {
            return;
        }
        self.ice.handle_timeout(now);
        while let Some(sent) = self.ice.poll_transmit() {
            self.outbox.push_back(sent.contents.into());
        }
        while self.ice.poll_event().is_some() {}
        if self.ice.state().is_connected() && self.conduct != Conduct::NoHandshake {
            // What fails here is seen in that it never gets through.
            let _ = self.dtls.handle_timeout(now);
            self.drain();
        }
    }

    /// When [`Self::tick`] is wanted.
    #[must_use]
    pub fn deadline(&mut self) -> Option<Instant> {
        self.door?;
        let shakes = self.ice.state().is_connected() && self.conduct != Conduct::NoHandshake;
        let dtls = self.dtls_due.filter(|_| shakes);
        // The agent knows no time before the first tick.
        let ice = self.ice.poll_timeout().or(Some(self.made));
        [ice, dtls].into_iter().flatten().min()
    }

    /// The next datagram for the door.
    pub fn poll(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// Takes a datagram that has come from the door.
    pub fn receive(&mut self, now: Instant, datagram: &[u8]) -> Heard {
        match datagram.first() {
            Some(0..=3) if self.conduct != Conduct::NoChecks => self.checked(now, datagram),
            Some(20..=63) if matches!(self.conduct, Conduct::Whole) => {
                let _ = self.dtls.handle_packet(datagram);
                self.drain();
            }
            Some(128..=191) => return self.open(datagram),
            _ => {}
        }
        Heard::Transport
    }

    /// An RTP packet as it goes out; None before the handshake is over.
    pub fn seal(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let protection = self.protection.as_mut()?;
        protection.ours.encrypt_rtp(packet).ok().map(|sealed| sealed.to_vec())
    }

    fn checked(&mut self, now: Instant, datagram: &[u8]) {
        let (Some(source), Ok(message)) = (self.door, StunMessage::parse(datagram)) else { return };
        let packet = StunPacket { proto: Protocol::Udp, source, destination: self.here, message };
        self.ice.handle_packet(now, packet);
        self.tick(now);
    }

    fn open(&mut self, datagram: &[u8]) -> Heard {
        // RTCP's packet types (RFC 5761 section 4).
        if datagram.get(1).is_some_and(|kind| (192..=223).contains(kind)) {
            return Heard::Rtcp;
        }
        let opened = self.protection.as_mut().and_then(|keys| keys.theirs.decrypt_rtp(datagram).ok());
        opened.map_or(Heard::Sealed, |packet| Heard::Rtp(packet.to_vec()))
    }

    fn drain(&mut self) {
        loop {
            match self.dtls.poll_output(&mut self.buffer) {
                Output::Packet(packet) => self.outbox.push_back(packet.to_vec()),
                Output::KeyingMaterial(material, profile) => self.protection = protection(&material, profile),
                Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                Output::Timeout(due) => {
                    self.dtls_due = Some(due);
                    return;
                }
                _ => {}
            }
        }
    }
}

/// The client's end: its key, the server's, its salt, the server's (RFC 5764 section 4.2).
fn protection(material: &[u8], profile: SrtpProfile) -> Option<Protection> {
    let profile = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        SrtpProfile::AEAD_AES_128_GCM => ProtectionProfile::AeadAes128Gcm,
        SrtpProfile::AEAD_AES_256_GCM => ProtectionProfile::AeadAes256Gcm,
        _ => return None,
    };
    let (keys, salts) = material.split_at_checked(2 * profile.key_len())?;
    let crypto = rtc_srtp::crypto::default_provider().ok()?;
    let context = |at: usize| {
        let key = keys.get(at * profile.key_len()..)?.get(..profile.key_len())?;
        let salt = salts.get(at * profile.salt_len()..)?.get(..profile.salt_len())?;
        Context::new(key, salt, profile, None, None, crypto.crypto()).ok()
    };
    Some(Protection { ours: context(0)?, theirs: context(1)? })
}

/// The first datagram of a handshake of somebody's.
///
/// # Panics
/// Where the library makes none.
#[must_use]
pub fn client_hello(now: Instant) -> Vec<u8> {
    let mut dtls = Dtls::new_auto(Arc::new(Config::default()), Certificate::new().der, now);
    dtls.set_active(true);
    dtls.handle_timeout(now).expect("a beginning");
    let mut buffer = vec![0; DATAGRAM];
    let Output::Packet(hello) = dtls.poll_output(&mut buffer) else { panic!("no ClientHello") };
    hello.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_read_and_a_description_is_whole() {
        let now = crate::clock::Clock::new().now();
        let certificate = Certificate::new();
        let mut browser = Browser::new(now, &certificate, ([127, 0, 0, 1], 5000).into(), "page1");
        let text = browser.describe(false, 1, "8", "a=rtpmap:8 PCMA/8000\r\n");
        assert!(text.contains("a=setup:actpass\r\n") && text.contains("a=ice-ufrag:page1\r\n"), "{text}");
        assert_eq!(Door::read(&text), None, "it is no door: it has no candidate");
        let answer = "v=0\r\na=ice-ufrag:pbx1\r\na=ice-pwd:secret\r\na=candidate:1 1 udp 1 127.0.0.1 19999 typ host\r\n";
        let door = Door::read(answer).unwrap();
        assert_eq!((door.address, &*door.ufrag), (([127, 0, 0, 1], 19_999).into(), "pbx1"));
        assert_eq!(browser.deadline(), None);
        browser.meet(&door);
        assert_eq!(browser.deadline(), Some(now), "the first check is due at once");
        browser.tick(now);
        assert!(browser.poll().is_some_and(|check| check[0] < 4), "a check");
        assert_eq!((browser.is_through(), browser.seal(&[0; 20])), (false, None));
        browser.set_conduct(Conduct::NoChecks);
        while browser.poll().is_some() {}
        browser.tick(now + crate::clock::secs(5));
        assert_eq!(browser.poll(), None);
    }
}
