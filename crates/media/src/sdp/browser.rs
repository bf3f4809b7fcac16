//! What a browser says of its transport: DTLS-SRTP over ICE (RFC 8839, RFC 8842), its sections in one bundle (RFC 8843). Its candidates are
//! passed over: it finds us, and proves where it is by its checks.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{MediaLine, Sdp};
use crate::webrtc::{Credentials, Fingerprint, RemotePeer};

/// The attributes of one section, or of the session, which holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) struct Transport {
    /// `a=mid`: what the section is called in the bundle.
    mid: Option<Box<str>>,
    /// Whether it is part of the bundle, that is, shares its transport with the others.
    bundled: bool,
    credentials: Option<Credentials>,
    fingerprint: Option<Fingerprint>,
    setup: Option<Setup>,
    /// Our own: where checks reach us.
    candidates: Vec<SocketAddr>,
}

/// Who begins the handshake (RFC 4145 section 4, RFC 8842 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Setup {
    /// Whoever is asked may choose.
    ActPass,
    Active,
    Passive,
}

/// Our side of a browser's leg, as written into a session description.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LocalPeer {
    /// What our credentials of ICE are made from.
    pub secret: [u8; 32],
    /// How often ICE has begun anew.
    pub generation: u32,
    /// Of our certificate.
    pub fingerprint: Fingerprint,
    /// Where checks reach us, the best first.
    pub candidates: Vec<SocketAddr>,
    /// The name that the browser has in ICE, by its last description.
    pub heard: Option<Box<str>>,
}

/// What browsers write; the shorter one without feedback is allowed too.
const PROTO: &str = "UDP/TLS/RTP/SAVPF";
const WITHOUT_FEEDBACK: &str = "UDP/TLS/RTP/SAVP";
/// Attributes with a value that are read here.
pub(super) const KNOWN: [&str; 6] = ["mid", "group", "ice-ufrag", "ice-pwd", "fingerprint", "setup"];
/// What an offer of ours calls its first section.
const FIRST: &str = "0";

impl Setup {
    fn parse(value: &str) -> Option<Self> {
        let all = [Self::ActPass, Self::Active, Self::Passive];
        all.into_iter().find(|setup| value.trim().eq_ignore_ascii_case(setup.as_str()))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::ActPass => "actpass",
            Self::Active => "active",
            Self::Passive => "passive",
        }
    }
}

impl Transport {
    /// Reads the attributes of a section; what it leaves out is that of the session. None where there is nothing of the kind.
    fn of(section: &[sdp_types::Attribute], session: &[sdp_types::Attribute]) -> Option<Self> {
        let value = |name: &str| {
            let in_either = section.iter().chain(session);
            in_either.filter(|one| one.attribute == name).find_map(|one| one.value.as_deref())
        };
        let credentials = value("ice-ufrag").zip(value("ice-pwd"));
        let credentials = credentials.filter(|(ufrag, password)| {
            (4..=256).contains(&ufrag.len())
                && (22..=256).contains(&password.len())
                && is_of_ice(ufrag)
                && is_of_ice(password)
        });
        let fingerprints = section.iter().chain(session).filter(|one| one.attribute == "fingerprint");
        let mid = value("mid").filter(|mid| is_token(mid));
        let groups =
            session.iter().filter(|one| one.attribute == "group").filter_map(|one| one.value.as_deref());
        let is_bundle = |group: &str| {
            let mut words = group.split_ascii_whitespace();
            words.next() == Some("BUNDLE") && words.any(|word| Some(word) == mid)
        };
        let transport = Self {
            mid: mid.map(Into::into),
            bundled: groups.into_iter().any(is_bundle),
            credentials: credentials
                .map(|(ufrag, password)| Credentials { ufrag: ufrag.into(), password: password.into() }),
            // Of several hashes, the one that we compute.
            fingerprint: fingerprints.filter_map(|one| one.value.as_deref()).find_map(Fingerprint::parse),
            setup: value("setup").and_then(Setup::parse),
            candidates: Vec::new(),
        };
        (transport != Self::default()).then_some(transport)
    }

    /// What signalling says of the browser; None where a part is missing.
    fn remote(&self) -> Option<RemotePeer> {
        Some(RemotePeer {
            credentials: self.credentials.clone()?,
            fingerprint: self.fingerprint?,
            // Asked to choose, we wait: its first packets show that it can be reached.
            is_passive: self.setup == Some(Setup::Passive),
            generation: 0,
        })
    }

    pub(super) fn write(&self, media: &mut sdp_types::Media) {
        if let Some(mid) = &self.mid {
            media.add_attribute_with_value("mid", mid);
        }
        let (Some(Credentials { ufrag, password }), Some(fingerprint)) =
            (&self.credentials, self.fingerprint)
        else {
            return;
        };
        media.add_attribute_with_value("ice-ufrag", ufrag);
        media.add_attribute_with_value("ice-pwd", password);
        media.add_attribute_with_value("fingerprint", fingerprint);
        if let Some(setup) = self.setup {
            media.add_attribute_with_value("setup", setup.as_str());
        }
        for (number, address) in (1_u32..).zip(&self.candidates) {
            media.add_attribute_with_value("candidate", candidate(number, *address));
        }
        media.add_attribute_from_str("end-of-candidates");
        // A page finds the track in a stream.
        media.add_attribute_with_value("msid", "kiestoon speech");
    }
}

/// What a session with a browser says of all its sections: which share a transport, and that checks are only answered (RFC 8839
/// section 5.3).
pub(super) fn write_session(lines: &[MediaLine], session: &mut sdp_types::Session) {
    let browsers = lines.iter().filter(|line| line.port != 0).filter_map(|line| line.transport.as_deref());
    let mut group = String::from("BUNDLE");
    let mut is_any = false;
    for transport in browsers {
        is_any = true;
        if let Some(mid) = transport.mid.as_deref().filter(|_| transport.bundled) {
            group.push(' ');
            group.push_str(mid);
        }
    }
    if is_any {
        session.add_attribute_from_str("ice-lite");
        if group.len() > "BUNDLE".len() {
            session.add_attribute_with_value("group", group);
        }
    }
}

/// A host candidate (RFC 8839 section 5.1); RTCP shares its component. The first has the highest priority (RFC 8445 section 5.1.2).
fn candidate(number: u32, address: SocketAddr) -> String {
    let preference = 65_535_u32.saturating_sub(number);
    let priority = (126 << 24) | (preference << 8) | 255;
    format!("{number} 1 udp {priority} {} {} typ host", address.ip(), address.port())
}

/// Whether a section of this protocol is a browser's.
pub(super) fn is_browsers(proto: &str) -> bool {
    proto.eq_ignore_ascii_case(PROTO) || proto.eq_ignore_ascii_case(WITHOUT_FEEDBACK)
}

fn is_of_ice(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_part)
}

impl Sdp {
    /// The description as it is usable where a browser wrote it, or where none did: either has sections that the other's leg has no way for.
    #[must_use]
    pub fn written_by_browser(mut self, is_browser: bool) -> Self {
        for line in self.media.iter_mut().filter(|line| line.is_browsers() != is_browser) {
            // A section without a codec is refused.
            line.codecs.clear();
        }
        self
    }
}

impl MediaLine {
    /// Whether this goes over DTLS: then neither the address nor the port says anything.
    pub(crate) fn is_browsers(&self) -> bool {
        is_browsers(&self.proto)
    }

    /// Whether this is audio of a browser that we can take.
    pub(crate) fn is_browser_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio") && self.browser().is_some()
    }

    /// Who the browser is.
    pub(super) fn browser(&self) -> Option<RemotePeer> {
        self.transport.as_ref().filter(|_| self.is_browsers())?.remote()
    }

    /// Takes what the section, or else the session, says of a browser's transport.
    pub(super) fn read_transport(
        &mut self,
        section: &[sdp_types::Attribute],
        session: &[sdp_types::Attribute],
    ) {
        if !self.is_browsers() {
            // A refusal of what nobody here knows is found by its name too (RFC 8843 section 7.3.1).
            let mid =
                section.iter().filter(|one| one.attribute == "mid").find_map(|one| one.value.as_deref());
            let mid = mid.filter(|mid| is_token(mid) && !self.is_rtp_audio());
            self.transport =
                mid.map(|mid| Box::new(Transport { mid: Some(mid.into()), ..Transport::default() }));
            return;
        }
        self.transport = Transport::of(section, session).map(Box::new);
        // Redundancy names other formats by their numbers, which mean something else on the other side (RFC 2198).
        self.codecs.retain(|codec| !codec.name.eq_ignore_ascii_case("red"));
    }

    /// What a browser calls it.
    pub(super) fn mid(&self) -> Option<&str> {
        self.transport.as_ref()?.mid.as_deref()
    }

    /// The section under the name that the browser knows it by.
    #[must_use]
    pub(super) fn called(mut self, mid: Option<&str>) -> Self {
        if let Some(mid) = mid {
            self.transport.get_or_insert_default().mid = Some(mid.into());
        }
        self
    }

    /// The refusal of an offered section, in its place.
    pub(super) fn refusal(&self) -> Self {
        Self::refused(&self.kind, &self.proto, &self.formats).called(self.mid())
    }

    /// Makes the section of an offer one for a browser.
    #[must_use]
    pub(super) fn offering_to_browser(mut self, own: &LocalPeer) -> Self {
        self.proto = PROTO.into();
        (self.mux, self.rtcp) = (true, None);
        let mut transport = own.transport(own.credentials(), Setup::ActPass);
        (transport.mid, transport.bundled) = (Some(FIRST.into()), true);
        self.transport = Some(Box::new(transport));
        self
    }

    /// Makes the section of an answer one for the browser that wrote `offered`.
    #[must_use]
    pub(super) fn answering_browser(mut self, offered: &Self, own: &LocalPeer) -> Self {
        let theirs = offered.transport.as_deref();
        (self.mux, self.rtcp) = (true, None);
        let is_passive = theirs.is_some_and(|theirs| theirs.setup == Some(Setup::Passive));
        let heard = theirs.and_then(|theirs| theirs.credentials.as_ref());
        let credentials = Credentials::of(&own.secret, own.generation_for(heard.map(|heard| &*heard.ufrag)));
        let mut transport =
            own.transport(credentials, if is_passive { Setup::Active } else { Setup::Passive });
        if let Some(theirs) = theirs {
            (transport.mid, transport.bundled) = (theirs.mid.clone(), theirs.bundled);
        }
        self.transport = Some(Box::new(transport));
        self
    }
}

impl LocalPeer {
    /// Our credentials now.
    pub fn credentials(&self) -> Credentials {
        Credentials::of(&self.secret, self.generation)
    }

    /// Takes note of a description of the browser, and says in it for which credentials of ours it is: another name in ICE than before
    /// begins ICE anew (RFC 8839 section 4.4.1.1).
    pub fn hear(&mut self, remote: &mut RemotePeer) {
        self.generation = self.generation_for(Some(&remote.credentials.ufrag));
        self.heard = Some(remote.credentials.ufrag.clone());
        remote.generation = self.generation;
    }

    /// Whether a description of the browser begins ICE anew.
    pub fn is_restarted_by(&self, remote: &RemotePeer) -> bool {
        self.generation_for(Some(&remote.credentials.ufrag)) != self.generation
    }

    fn generation_for(&self, heard: Option<&str>) -> u32 {
        let is_new = self.heard.is_some() && heard.is_some() && self.heard.as_deref() != heard;
        self.generation.saturating_add(u32::from(is_new))
    }

    fn transport(&self, credentials: Credentials, setup: Setup) -> Transport {
        Transport {
            mid: None,
            bundled: false,
            credentials: Some(credentials),
            fingerprint: Some(self.fingerprint),
            setup: Some(setup),
            candidates: self.candidates.clone(),
        }
    }
}

impl std::fmt::Debug for LocalPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalPeer")
            .field("generation", &self.generation)
            .field("candidates", &self.candidates)
            .finish_non_exhaustive()
    }
}
