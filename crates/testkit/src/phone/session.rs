//! A phone's session description: written and read as plain text, apart from the PBX's own SDP code, so that
//! the two check each other (RFC 4566, RFC 3264).

use std::net::SocketAddr;

use super::browser::{self, Browser};

/// Which way sound flows, as its writer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flowing {
    /// Both ways.
    SendRecv,
    /// Only from the writer.
    SendOnly,
    /// Only to the writer.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Flowing {
    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer listens.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The answer that takes all that is offered (RFC 3264 section 6.1), short of what we ourselves hold back.
    pub fn answer(self, own: Self) -> Self {
        match (self.receives() && own.sends(), self.sends() && own.receives()) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// The parts of a description that a call of one audio stream needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where its writer wants RTP.
    pub rtp: SocketAddr,
    /// Which way sound flows.
    pub flowing: Flowing,
    /// Payload types in order of preference.
    pub payloads: Vec<u8>,
    /// The `o=` line's version; it must rise with every change.
    pub version: u64,
    /// The `o=` line's session id; it must not change within a dialog.
    pub id: u64,
    /// A fax in place of the audio.
    pub fax: Option<Fax>,
    /// The transport of a browser.
    pub browser: Option<Browser>,
}

/// How a fax (T.38) is written: alone, or beside the audio that it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fax {
    /// `m=image` and nothing else.
    Alone,
    /// After an `m=audio` that is refused.
    AfterAudio,
    /// Before an `m=audio` that is refused.
    BeforeAudio,
}

impl Session {
    /// What a phone offers: G.711 and telephone events.
    pub fn phone(rtp: SocketAddr, id: u64) -> Self {
        Self {
            rtp,
            flowing: Flowing::SendRecv,
            payloads: vec![0, 8, 101],
            version: 1,
            id,
            fax: None,
            browser: None,
        }
    }

    /// The same without telephone events.
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.payloads.retain(|payload| *payload != EVENTS);
        self
    }

    /// What a browser at the same address offers; video and a data channel beside it, if it `shows`.
    #[must_use]
    pub(super) fn in_browser(mut self, shows: bool) -> Self {
        self.browser = Some(Browser::at(self.rtp, shows));
        self.payloads = self.all_payloads();
        self
    }

    /// All that its writer speaks.
    pub(super) fn all_payloads(&self) -> Vec<u8> {
        if self.browser.is_some() { browser::PAYLOADS.to_vec() } else { vec![0, 8, EVENTS] }
    }

    /// The answer of a phone to an offer, from its own last description.
    pub fn answering(&self, offer: &Self) -> Self {
        let events = [EVENTS, 126];
        let has_events = self.payloads.iter().any(|payload| events.contains(payload));
        let takes = |offered: &u8| match &self.browser {
            Some(_) => browser::PAYLOADS.contains(offered) || *offered == EVENTS,
            None => KNOWN.contains(offered) && (has_events || !events.contains(offered)),
        };
        let payloads = offer.payloads.iter().copied().filter(takes).collect();
        Self { flowing: offer.flowing.answer(self.flowing), payloads, fax: offer.fax, ..self.clone() }
    }

    /// The description as a body.
    pub fn text(&self) -> String {
        if let (Some(browser), None) = (&self.browser, self.fax) {
            return browser.text(self);
        }
        let family = if self.rtp.is_ipv4() { "IP4" } else { "IP6" };
        let address = self.rtp.ip();
        let session = format!(
            "v=0\r\no=- {} {} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n",
            self.id, self.version,
        );
        let port = self.rtp.port();
        if let Some(fax) = self.fax {
            return session + &fax.text(port, self.flowing);
        }
        let list: Vec<String> = self.payloads.iter().map(u8::to_string).collect();
        let mut text = session + &format!("m=audio {port} RTP/AVP {}\r\n", list.join(" "));
        for payload in &self.payloads {
            text += match payload {
                0 => "a=rtpmap:0 PCMU/8000\r\n",
                8 => "a=rtpmap:8 PCMA/8000\r\n",
                101 => "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n",
                126 => "a=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-16\r\n",
                _ => "",
            };
        }
        text + "a=ptime:20\r\na=" + self.flowing.attribute() + "\r\n"
    }

    /// Reads a body. `None` where there is neither an audio stream nor a fax that is accepted, or a line that it needs is missing.
    pub fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        Self::read_audio(text).or_else(|| Self::read_fax(text))
    }

    fn read_fax(text: &str) -> Option<Self> {
        let (before, image) = text.split_once("m=image ")?;
        let mut words = image.lines().next()?.split_whitespace();
        let port: u16 = words.next()?.parse().ok().filter(|port| *port != 0)?;
        if words.next()? != "udptl" || words.next()? != "t38" || !image.contains("a=T38FaxVersion:0\r\n") {
            return None;
        }
        let fax = match (before.contains("m=audio"), image.contains("m=audio")) {
            (true, _) => Fax::AfterAudio,
            (_, true) => Fax::BeforeAudio,
            _ => Fax::Alone,
        };
        let address = line(text, "c=")?.split_whitespace().nth(2)?.parse().ok()?;
        let mut origin = line(text, "o=")?.split_whitespace().skip(1);
        let (id, version) = (origin.next()?.parse().ok()?, origin.next()?.parse().ok()?);
        let flowing = direction(image).unwrap_or(Flowing::SendRecv);
        let rtp = SocketAddr::new(address, port);
        Some(Self { rtp, flowing, payloads: Vec::new(), version, id, fax: Some(fax), browser: None })
    }

    fn read_audio(text: &str) -> Option<Self> {
        let (session, audio) = text.split_once("m=audio ")?;
        let audio = audio.split("m=").next()?;
        let mut words = audio.lines().next()?.split_whitespace();
        let port: u16 = words.next()?.parse().ok()?;
        let payloads = words.skip(1).filter_map(|word| word.parse().ok()).collect();
        let connection = line(audio, "c=").or_else(|| line(session, "c="))?;
        let address = connection.split_whitespace().nth(2)?.parse().ok()?;
        let mut origin = line(session, "o=")?.split_whitespace().skip(1);
        let id = origin.next()?.parse().ok()?;
        let version = origin.next()?.parse().ok()?;
        if port == 0 {
            return None;
        }
        let flowing = direction(audio).or_else(|| direction(session)).unwrap_or(Flowing::SendRecv);
        let browser = Browser::read(text);
        let place = browser.as_ref().and_then(|browser| browser.place(text));
        let rtp = place.unwrap_or_else(|| SocketAddr::new(address, port));
        Some(Self { rtp, flowing, payloads, version, id, fax: None, browser })
    }
}

impl Fax {
    fn text(self, port: u16, flowing: Flowing) -> String {
        let mut image = format!(
            "m=image {port} udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n\
             a=T38FaxRateManagement:transferredTCF\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
        );
        if flowing != Flowing::SendRecv {
            image += &format!("a={}\r\n", flowing.attribute());
        }
        match self {
            Self::Alone => image,
            Self::AfterAudio => format!("m=audio 0 RTP/AVP 0\r\n{image}"),
            Self::BeforeAudio => format!("{image}m=audio 0 RTP/AVP 0\r\n"),
        }
    }
}

fn line<'a>(part: &'a str, start: &str) -> Option<&'a str> {
    part.lines().find_map(|line| line.strip_prefix(start))
}

fn direction(part: &str) -> Option<Flowing> {
    let all = [Flowing::SendRecv, Flowing::SendOnly, Flowing::RecvOnly, Flowing::Inactive];
    part.lines().find_map(|line| {
        let name = line.strip_prefix("a=")?;
        all.into_iter().find(|flowing| flowing.attribute() == name.trim_end())
    })
}

const KNOWN: [u8; 4] = [0, 8, EVENTS, 126];
const EVENTS: u8 = 101;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mut session = Session::phone("10.0.0.21:40000".parse().expect("an address"), 77);
        session.flowing = Flowing::SendOnly;
        assert_eq!(Session::read(session.text().as_bytes()), Some(session));
    }

    #[test]
    fn a_hold_is_answered_with_recvonly() {
        let mine = Session::phone("10.0.0.22:40000".parse().expect("an address"), 1);
        let mut hold = Session::phone("10.0.0.21:40000".parse().expect("an address"), 2);
        hold.flowing = Flowing::SendOnly;
        hold.payloads = vec![8, 96, 101];
        let answer = mine.answering(&hold);
        assert_eq!(answer.flowing, Flowing::RecvOnly);
        assert_eq!(answer.payloads, [8, 101]);
        assert_eq!(answer.rtp, mine.rtp);
    }
}
