//! What a browser says of its transport, written and read as plain text, and what it does not put up with in a description of the PBX
//! (RFC 8829, RFC 8839, RFC 8843). On the virtual network its name in ICE says where it is, as its checks would.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::Phone;
use super::line::{Line, Offer};
use super::session::Session;

/// The transport of a browser's description, or of the PBX's for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Its name in ICE.
    pub ufrag: String,
    /// Its password in ICE.
    pub password: String,
    /// Of its certificate.
    pub fingerprint: String,
    /// Who begins the handshake.
    pub setup: String,
    /// Its sections in their order.
    pub sections: Vec<Section>,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Such as `audio`.
    pub kind: String,
    /// What it is called in the bundle.
    pub mid: String,
    /// Whether its port is 0.
    pub refused: bool,
}

/// What a browser remembers of a call besides.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The next offer begins ICE anew.
    pub(crate) restarts: bool,
    /// The payload types of offers to come, where not all.
    pub(crate) speaks: Option<Vec<u8>>,
    /// What it had before the offer that is out.
    before: Option<Browser>,
    /// Both names in ICE, by the last exchange.
    ice: Option<(String, String)>,
    /// The certificate that the last handshake was with, and where.
    handshake: Option<(String, SocketAddr)>,
}

/// What it offers: Opus, G.722, G.711 and telephone events.
pub(super) const PAYLOADS: [u8; 6] = [111, 9, 0, 8, 110, 126];
const PROTO: &str = "UDP/TLS/RTP/SAVPF";

impl Browser {
    /// A browser at this address; with video and a data channel, if it `shows`.
    pub(super) fn at(address: SocketAddr, shows: bool) -> Self {
        let section = |kind: &str, mid: &str| Section { kind: kind.into(), mid: mid.into(), refused: false };
        let mut sections = vec![section("audio", "0")];
        if shows {
            sections.extend([section("video", "1"), section("application", "2")]);
        }
        let host = match address.ip() {
            IpAddr::V4(ip) => format!("{:08x}", u32::from(ip)),
            IpAddr::V6(ip) => format!("{:032x}", u128::from(ip)),
        };
        let port = address.port();
        let byte = format!("{:02X}", address.ip().to_string().bytes().fold(0_u8, u8::wrapping_add));
        Self {
            ufrag: format!("{host}/{port}/0"),
            password: format!("wachtwoordvan{host}{port:05}"),
            fingerprint: format!("sha-256 {}", vec![byte; 32].join(":")),
            setup: "actpass".into(),
            sections,
        }
    }

    /// Begins ICE anew.
    fn restart(&mut self) {
        if let Some((rest, times)) = self.ufrag.rsplit_once('/') {
            let times = times.parse::<u32>().map_or(1, |times| times + 1);
            self.ufrag = format!("{rest}/{times}");
        }
    }

    /// The attributes of a section in use.
    fn attributes(&self, mid: &str) -> String {
        format!(
            "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\na=fingerprint:{}\r\na=setup:{}\r\na=mid:{mid}\r\na=rtcp-mux\r\n",
            self.ufrag, self.password, self.fingerprint, self.setup
        )
    }

    /// The description of a session with this transport.
    pub(super) fn text(&self, session: &Session) -> String {
        let is_offer = self.setup == "actpass";
        let is_used = |section: &&Section| is_offer || section.kind == "audio";
        let mids: Vec<&str> =
            self.sections.iter().filter(is_used).map(|section| section.mid.as_str()).collect();
        let mut text = format!(
            "v=0\r\no=- {} {} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=msid-semantic: WMS *\r\n",
            session.id,
            session.version,
            mids.join(" ")
        );
        for section in &self.sections {
            let (kind, mid) = (&section.kind, &section.mid);
            let (proto, formats) = match kind.as_str() {
                "audio" => (PROTO, list(&session.payloads)),
                "application" => ("UDP/DTLS/SCTP", "webrtc-datachannel".to_owned()),
                _ => (PROTO, "96".to_owned()),
            };
            let port = if is_used(&section) { 9 } else { 0 };
            let _ = write!(text, "m={kind} {port} {proto} {formats}\r\nc=IN IP4 0.0.0.0\r\n");
            if port == 0 {
                let _ = write!(text, "a=mid:{mid}\r\n");
                continue;
            }
            text += &self.attributes(mid);
            match kind.as_str() {
                "audio" => {
                    text += "a=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2113937151 3f1c0a5e-0c4e-4b0f.local 51234 typ host generation 0\r\n";
                    text += &session.payloads.iter().map(|payload| rtpmap(*payload)).collect::<String>();
                    let _ = write!(text, "a={}\r\na=msid:- spraak\r\n", session.flowing.attribute());
                }
                "video" => text += "a=rtpmap:96 VP8/90000\r\na=sendrecv\r\n",
                _ => text += "a=sctp-port:5000\r\n",
            }
        }
        text
    }

    /// Reads the transport of a description; None where it has none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name));
            line.map(|value| value.trim_end().to_owned())
        };
        Some(Self {
            ufrag: value("ice-ufrag:")?,
            password: value("ice-pwd:")?,
            fingerprint: value("fingerprint:")?,
            setup: value("setup:")?,
            sections: sections(text),
        })
    }

    /// Where the other side of a description is: its first candidate, or what its name says.
    pub(super) fn place(&self, text: &str) -> Option<SocketAddr> {
        let candidates = text.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
        let mut known = candidates.filter_map(|candidate| {
            let mut words = candidate.split_whitespace().skip(4);
            Some(SocketAddr::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        });
        known.next().or_else(|| place_of(&self.ufrag))
    }
}

/// Where a browser of the virtual network is, by its name in ICE.
pub(crate) fn place_of(ufrag: &str) -> Option<SocketAddr> {
    let mut words = ufrag.split('/');
    let (host, port) = (words.next()?, words.next()?.parse().ok()?);
    let ip: IpAddr = match host.len() {
        8 => std::net::Ipv4Addr::from(u32::from_str_radix(host, 16).ok()?).into(),
        _ => std::net::Ipv6Addr::from(u128::from_str_radix(host, 16).ok()?).into(),
    };
    Some(SocketAddr::new(ip, port))
}

fn sections(text: &str) -> Vec<Section> {
    let parts = text.split("\r\nm=").skip(1);
    parts
        .map(|part| {
            let mut words = part.split_whitespace();
            let mid = part.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap_or_default();
            Section {
                kind: words.next().unwrap_or_default().to_owned(),
                mid: mid.to_owned(),
                refused: words.next() == Some("0"),
            }
        })
        .collect()
}

fn list(payloads: &[u8]) -> String {
    payloads.iter().map(u8::to_string).collect::<Vec<_>>().join(" ")
}

fn rtpmap(payload: u8) -> &'static str {
    match payload {
        111 => "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n",
        9 => "a=rtpmap:9 G722/8000\r\n",
        0 => "a=rtpmap:0 PCMU/8000\r\n",
        8 => "a=rtpmap:8 PCMA/8000\r\n",
        101 => "a=rtpmap:101 telephone-event/8000\r\n",
        110 => "a=rtpmap:110 telephone-event/48000\r\n",
        126 => "a=rtpmap:126 telephone-event/8000\r\n",
        _ => "",
    }
}

impl Line {
    /// Our own description before an answer to `theirs`, which may have begun ICE anew; and what that answer agrees to.
    pub(crate) fn answering(&mut self, theirs: &Session) -> Session {
        let mut own = Session { flowing: self.wants, ..self.session.clone() };
        if let (Some(mine), Some(offered)) = (&mut own.browser, &theirs.browser) {
            if self.memory.ice.as_ref().is_some_and(|(_, known)| *known != offered.ufrag) {
                mine.restart();
            }
            // It only checks: it may be behind a router, the PBX is not.
            mine.setup = "active".into();
            mine.sections.clone_from(&offered.sections);
            self.memory.ice = Some((mine.ufrag.clone(), offered.ufrag.clone()));
            self.memory.shake_hands(theirs);
        }
        own.answering(theirs)
    }

    /// The transport of an offer to come.
    pub(super) fn transport(&mut self) -> Option<Browser> {
        self.memory.before.clone_from(&self.session.browser);
        let mut own = self.session.browser.clone()?;
        if std::mem::take(&mut self.memory.restarts) {
            own.restart();
        }
        own.setup = "actpass".into();
        Some(own)
    }

    /// The offer that is out was refused: its transport too.
    pub(super) fn transport_taken_back(&mut self) {
        if let Some(before) = self.memory.before.take() {
            self.session.browser = Some(before);
        }
    }

    /// Whether its handshake was with the leg that it was told of last; true of what is no browser.
    pub(crate) fn is_protected(&self) -> bool {
        let Some(theirs) = self.theirs.as_ref().filter(|_| self.session.browser.is_some()) else {
            return true;
        };
        self.memory.handshake.as_ref().is_some_and(|(_, with)| *with == theirs.rtp)
    }
}

impl Memory {
    /// Only another certificate is another handshake: a browser makes none because it is told of another address.
    fn shake_hands(&mut self, theirs: &Session) {
        let Some(certificate) = theirs.browser.as_ref().map(|browser| &browser.fingerprint) else { return };
        if self.handshake.as_ref().is_none_or(|(known, _)| known != certificate) {
            self.handshake = Some((certificate.clone(), theirs.rtp));
        }
    }
}

impl Phone {
    /// Reads a description of the PBX, on this line if it has one, and complains of what it would refuse. Whether it is an answer is
    /// known by whose offer is out.
    pub(super) fn read(&mut self, index: Option<usize>, body: &[u8]) -> Option<Session> {
        let session = Session::read(body);
        let text = std::str::from_utf8(body).unwrap_or_default();
        if text.is_empty() || session.as_ref().is_some_and(|session| session.fax.is_some()) {
            return session;
        }
        if !self.profile.browser {
            if text.contains("UDP/TLS/RTP") || text.contains("a=ice-") {
                self.complain("a description for a browser");
            }
            return session;
        }
        let line = index.and_then(|index| self.lines.get_mut(index));
        let answers = line.as_ref().is_some_and(|line| line.offer == Offer::Ours);
        let ours = line.as_ref().and_then(|line| line.session.browser.clone()).filter(|_| {
            // Before the first exchange nothing has its place.
            answers || line.as_ref().is_some_and(|line| line.theirs.is_some())
        });
        let mut faults = faults_of(text, answers, ours.as_ref());
        if let (Some(line), Some(theirs), true) = (line, &session, answers) {
            faults.extend(line.heard_answer(theirs));
        }
        for fault in faults {
            self.complain(fault);
        }
        session
    }

    /// Reads the description in an ACK: an answer, whoever's offer was out before.
    pub(super) fn read_ack(&mut self, index: usize, body: &[u8]) -> Option<Session> {
        let offer = |phone: &mut Self, offer| {
            phone.lines.get_mut(index).map(|line| std::mem::replace(&mut line.offer, offer))
        };
        let before = offer(self, Offer::Ours);
        let session = self.read(Some(index), body);
        if let Some(before) = before {
            offer(self, before);
        }
        session
    }

    /// Whether the handshake of the call that is not over was with the leg that it has now.
    pub fn is_protected(&self) -> bool {
        self.lines.iter().rev().find(|line| !line.is_over()).is_none_or(Line::is_protected)
    }

    /// It begins ICE anew with a re-INVITE, as after a change of its network.
    pub(crate) fn restart_ice(&mut self, now: std::time::Instant) {
        let index = self.talking_line();
        self.with_line(index, |line| line.memory.restarts = true);
        self.reinvite_line(now, index);
    }

    /// It offers only these payload types from now on.
    pub(crate) fn speak(&mut self, now: std::time::Instant, payloads: &[u8]) {
        let index = self.talking_line();
        self.with_line(index, |line| line.memory.speaks = Some(payloads.to_vec()));
        self.reinvite_line(now, index);
    }
}

impl Line {
    /// Notes what an answer agrees to; a name in ICE changes with ours, and only then.
    fn heard_answer(&mut self, theirs: &Session) -> Option<String> {
        let (ours, other) = (self.session.browser.as_ref()?, theirs.browser.as_ref()?);
        let agreed = (ours.ufrag.clone(), other.ufrag.clone());
        let before = self.memory.ice.replace(agreed.clone());
        self.memory.shake_hands(theirs);
        let (mine, known) = before?;
        let is_new = (mine != agreed.0, known != agreed.1);
        (is_new.0 != is_new.1).then(|| {
            format!("an answer to ICE that began anew: {}, in which it does: {}", is_new.0, is_new.1)
        })
    }
}

/// Why a browser would refuse this description.
fn faults_of(text: &str, answers: bool, ours: Option<&Browser>) -> Vec<String> {
    let mut faults = Vec::new();
    let found = sections(text);
    let bundle = text.lines().find_map(|line| line.strip_prefix("a=group:BUNDLE")).unwrap_or_default();
    for (section, part) in found.iter().zip(text.split("\r\nm=").skip(1)) {
        if section.mid.is_empty() {
            faults.push(format!("a section without its mid: {part}"));
        }
        if section.refused {
            continue;
        }
        if part.split_whitespace().nth(2) != Some(PROTO) {
            faults.push(format!("a section that is not of a browser: {part}"));
        }
        for needed in ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:sha-256 ", "a=setup:", "a=rtcp-mux"] {
            if !part.contains(needed) {
                faults.push(format!("a section without {needed}"));
            }
        }
        if !bundle.split_whitespace().any(|mid| mid == section.mid) {
            faults.push(format!("section {} outside the bundle", section.mid));
        }
        // Later offers may keep the role that was agreed on (RFC 8842 section 5.5): ours is always the active one.
        let is_open = part.contains("a=setup:actpass");
        let keeps_role = !answers && ours.is_some() && part.contains("a=setup:passive");
        if is_open == answers && !keeps_role {
            faults.push(format!("setup:actpass: {is_open}, in an answer: {answers}"));
        }
    }
    if !text.contains("a=ice-lite\r\n") && found.iter().any(|section| !section.refused) {
        faults.push("no ice-lite".to_owned());
    }
    let place = |section: &Section| (section.kind.clone(), section.mid.clone());
    let had: Vec<_> = ours.iter().flat_map(|ours| &ours.sections).map(place).collect();
    let has: Vec<_> = found.iter().map(place).collect();
    if !has.starts_with(&had) || (answers && has.len() != had.len()) {
        faults.push(format!("sections out of their places: {had:?}, now {has:?}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Session {
        let at = "10.0.0.21:40000".parse().expect("an address");
        Session::phone(at, 77).in_browser(true)
    }

    #[test]
    fn reads_what_it_writes() {
        let mut session = offer();
        assert_eq!(Session::read(session.text().as_bytes()), Some(session.clone()));
        let browser = session.browser.as_mut().expect("a browser");
        browser.restart();
        assert_eq!(place_of(&browser.ufrag), Some(session.rtp));
    }

    #[test]
    fn complains_of_each_part_that_is_missing() {
        // As the PBX writes it: speech alone, by a lite agent.
        let at = "10.0.0.1:20000".parse().expect("an address");
        let text = Session::phone(at, 1).in_browser(false).text().replace("a=group", "a=ice-lite\r\na=group");
        assert_eq!(faults_of(&text, false, None), Vec::<String>::new());
        for part in [
            "a=mid:0",
            "a=ice-ufrag",
            "a=fingerprint",
            "a=setup",
            "a=rtcp-mux",
            "a=ice-lite",
            "UDP/TLS/",
            "BUNDLE 0",
        ] {
            assert!(!faults_of(&text.replace(part, "a=x"), false, None).is_empty(), "{part}");
        }
        assert!(!faults_of(&text, true, None).is_empty(), "setup:actpass in an answer");
        let three = offer().browser;
        assert!(!faults_of(&text, false, three.as_ref()).is_empty(), "two sections have gone");
    }
}
