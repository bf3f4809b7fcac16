//! DTLS-SRTP (RFC 5764): the handshake with a browser, the proof that it is the one that signalling spoke of (RFC 8122), and the keys
//! that come of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};
use sha2::{Digest as _, Sha256};

use crate::srtp::{MasterKey, PeerKey, Suite};

/// Our certificate, made at the start: browsers know it by its fingerprint alone.
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: DtlsCertificate,
    config: Arc<Config>,
    fingerprint: Fingerprint,
    patience: Duration,
}

/// The SHA-256 of a certificate, as `a=fingerprint` carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

/// One handshake, and what it guards.
#[derive(Debug)]
pub(super) struct Handshake {
    dtls: Dtls,
    /// What the browser's certificate must be, by signalling.
    expected: Fingerprint,
    is_proved: bool,
    due: Option<Instant>,
    buffer: Vec<u8>,
}

/// What a handshake wants done.
#[derive(Debug)]
pub(super) enum Event {
    /// To the browser.
    Transmit(Vec<u8>),
    /// It is over: our key, and the browser's.
    Keys(MasterKey, PeerKey),
    /// The browser has ended it.
    Closed,
}

/// Why there is no protection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The certificate is not the one whose fingerprint was signalled.
    #[error("the certificate has another fingerprint than the session description says")]
    Fingerprint,
    /// The handshake itself.
    #[error("the DTLS handshake failed: {0}")]
    Handshake(String),
}

impl Identity {
    /// Of a certificate and its key, both DER, ECDSA with P-256.
    ///
    /// # Errors
    /// Where the library does not take them.
    pub fn new(certificate: Vec<u8>, private_key: Vec<u8>) -> Result<Self, Failure> {
        let fingerprint = Fingerprint::of(&certificate);
        let config = Config::builder().handshake_timeout(TIMEOUT).require_client_certificate(true).build();
        let config = Arc::new(config.map_err(|error| Failure::Handshake(error.to_string()))?);
        let certificate = DtlsCertificate { certificate, private_key };
        Ok(Self { certificate, config, fingerprint, patience: PATIENCE })
    }

    /// The same with another patience: how long a browser is waited for to find a way, to shake hands, and to be heard of again.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// For `a=fingerprint`.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl Fingerprint {
    /// Of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// Reads the value of `a=fingerprint`; None for other hashes than SHA-256, which every browser has.
    pub fn parse(value: &str) -> Option<Self> {
        let (hash, digits) = value.trim().split_once(' ')?;
        let mut bytes = [0; 32];
        let mut digits = digits.trim().split(':');
        for byte in &mut bytes {
            *byte = u8::from_str_radix(digits.next().filter(|digits| digits.len() == 2)?, 16).ok()?;
        }
        (hash.eq_ignore_ascii_case("sha-256") && digits.next().is_none()).then_some(Self(bytes))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sha-256 ")?;
        for (at, byte) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl Handshake {
    /// Waits for the browser's ClientHello, or begins where we are the active side.
    pub(super) fn new(now: Instant, identity: &Identity, expected: Fingerprint, is_active: bool) -> Self {
        let mut dtls = Dtls::new_auto(Arc::clone(&identity.config), identity.certificate.clone(), now);
        dtls.set_active(is_active);
        Self { dtls, expected, is_proved: false, due: Some(now), buffer: vec![0; DATAGRAM] }
    }

    /// When [`Self::tick`] is wanted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Takes a datagram of the browser.
    ///
    /// # Errors
    /// When the connection is of no use any more.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        datagram: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Failure> {
        self.dtls.handle_timeout(now).map_err(failed)?;
        self.dtls.handle_packet(datagram).map_err(failed)?;
        self.drain(events)
    }

    /// Repeats what was lost.
    ///
    /// # Errors
    /// When the connection is of no use any more.
    pub(super) fn tick(&mut self, now: Instant, events: &mut Vec<Event>) -> Result<(), Failure> {
        self.dtls.handle_timeout(now).map_err(failed)?;
        self.drain(events)
    }

    fn drain(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        loop {
            match self.dtls.poll_output(&mut self.buffer) {
                Output::Packet(packet) => events.push(Event::Transmit(packet.to_vec())),
                Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                Output::Timeout(due) => {
                    self.due = Some(due);
                    return Ok(());
                }
                Output::PeerCert(certificate) => {
                    if Fingerprint::of(certificate) != self.expected {
                        return Err(Failure::Fingerprint);
                    }
                    self.is_proved = true;
                }
                Output::KeyingMaterial(material, profile) => {
                    let keys = keys(&material, profile, self.dtls.is_active());
                    let (ours, theirs) = keys.ok_or_else(|| Failure::Handshake("no SRTP keys".into()))?;
                    // Without a certificate there is nothing that says who this is.
                    if !self.is_proved {
                        return Err(Failure::Fingerprint);
                    }
                    events.push(Event::Keys(ours, PeerKey { key: theirs, mki: None }));
                }
                Output::CloseNotify => events.push(Event::Closed),
                // Nothing is said over DTLS itself.
                _ => {}
            }
        }
    }
}

fn failed(error: dimpl::Error) -> Failure {
    Failure::Handshake(error.to_string())
}

/// The client's key, the server's key, the client's salt, the server's salt (RFC 5764 section 4.2).
pub(super) fn keys(material: &[u8], profile: SrtpProfile, is_client: bool) -> Option<(MasterKey, MasterKey)> {
    let suite = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128Sha1_80,
        SrtpProfile::AEAD_AES_128_GCM => Suite::AesGcm128,
        SrtpProfile::AEAD_AES_256_GCM => Suite::AesGcm256,
        _ => return None,
    };
    let (client_key, rest) = material.split_at_checked(suite.key_bytes())?;
    let (server_key, rest) = rest.split_at_checked(suite.key_bytes())?;
    let (client_salt, server_salt) = rest.split_at_checked(suite.salt_bytes())?;
    let client = MasterKey::new(suite, &[client_key, client_salt].concat())?;
    let server = MasterKey::new(suite, &[server_key, server_salt].concat())?;
    Some(if is_client { (client, server) } else { (server, client) })
}

const DATAGRAM: usize = 1500;
/// For a way, with repeated checks; for the rest of a handshake over a bad line; for the consent of RFC 7675.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A handshake that never ends.
const TIMEOUT: Duration = Duration::from_secs(20);
