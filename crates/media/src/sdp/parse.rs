//! Reading what phones write. The body is first reduced to the lines that matter, mended where phones are known to
//! break the grammar, and only then parsed: an odd line must not cost a call.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::attributes::{codecs, number, rtcp};
use super::crypto::cryptos;
use super::{Direction, Host, MediaLine, Sdp, SdpError};
use super::{browser, fax};

/// Bodies of desk phones are 300 to 1,500 bytes, of browsers up to 8,000.
const LIMIT_BYTES: usize = 16_384;
/// Browsers offer two or three lines, video phones up to five.
const LIMIT_MEDIA: usize = 16;

impl Sdp {
    /// Reads a session description. Lines may end in LF; unknown and broken lines that do not matter are passed over,
    /// so are lines after the end; sizes are bounded. Fails with 400 where a line that matters cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        let reduced = reduce(bytes)?;
        let session = sdp_types::Session::parse(reduced.as_bytes()).map_err(|_| SdpError::Malformed {
            line: 1,
            what: "the lines do not make a session description",
        })?;
        Ok(Self {
            origin: None,
            connection: session.connection.as_ref().map(host),
            direction: direction(&session.attributes),
            media: session.medias.iter().map(|media| media_line(media, &session.attributes)).collect(),
        })
    }
}

/// Writes the lines that matter in a form that parses: `v=`, `c=`, `m=` and the attributes that we know. Our own
/// reading of the rest (`o=` numbers above 64 bits, `t=` with words, BFCP) would only find reasons to fail.
fn reduce(bytes: &[u8]) -> Result<String, SdpError> {
    if bytes.len() > LIMIT_BYTES {
        return Err(SdpError::TooLarge { bytes: bytes.len(), limit: LIMIT_BYTES });
    }
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text
        .split(['\n', '\r'])
        .enumerate()
        .map(|(number, line)| {
            (number.saturating_add(1), line.trim_matches(|c: char| c.is_whitespace() || c == '\0'))
        })
        .filter(|(_, line)| !line.is_empty());
    match lines.next() {
        Some((_, line)) if line.strip_prefix("v=").is_some_and(|version| version.trim() == "0") => {}
        Some((line, _)) => return Err(SdpError::Malformed { line, what: "expected v=0" }),
        None => return Err(SdpError::Malformed { line: 1, what: "the body is empty" }),
    }
    let mut section = Section { out: String::with_capacity(bytes.len()), media: 0, has_connection: false };
    section.out.push_str("v=0\r\n");
    for (number, line) in lines {
        section.line(number, line)?;
    }
    Ok(section.out)
}

struct Section {
    out: String,
    media: usize,
    has_connection: bool,
}

impl Section {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        match line.split_once('=') {
            Some(("m", value)) => self.media(number, value),
            Some(("c", value)) => {
                self.connection(value);
                Ok(())
            }
            Some(("a", value)) => {
                self.attribute(value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn media(&mut self, line: usize, value: &str) -> Result<(), SdpError> {
        self.media = self.media.saturating_add(1);
        if self.media > LIMIT_MEDIA {
            return Err(SdpError::TooManyMedia { limit: LIMIT_MEDIA });
        }
        self.has_connection = false;
        let mut fields = value.split_ascii_whitespace();
        let (Some(kind), Some(port), Some(proto)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(SdpError::Malformed { line, what: "m= needs a kind, a port and a protocol" });
        };
        let port = port.split_once('/').map_or(port, |(port, _)| port);
        let port: u16 =
            port.parse().map_err(|_| SdpError::Malformed { line, what: "m= has no port number" })?;
        if !is_token(kind) || !is_token(proto) {
            return Err(SdpError::Malformed { line, what: "m= has a character that is not allowed" });
        }
        let _ = write!(self.out, "m={kind} {port} {proto}");
        let before = self.out.len();
        for format in fields.filter(|format| is_token(format)) {
            let _ = write!(self.out, " {format}");
        }
        // Refused lines of some video phones carry no format at all.
        if self.out.len() == before {
            self.out.push_str(" 0");
        }
        self.out.push_str("\r\n");
        Ok(())
    }

    /// Only the first `c=` of a section counts. One that cannot be read must not fall back to the session's address:
    /// it becomes a name, which is never sent to.
    fn connection(&mut self, value: &str) {
        if self.has_connection {
            return;
        }
        self.has_connection = true;
        let mut fields = value.split_ascii_whitespace();
        let address = fields.nth(2).filter(|address| is_token(address)).unwrap_or("unreadable.invalid");
        let family = if address.contains(':') { "IP6" } else { "IP4" };
        let _ = write!(self.out, "c=IN {family} {address}\r\n");
    }

    fn attribute(&mut self, value: &str) {
        let (name, value) = match value.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (value, None),
        };
        let name = name.to_ascii_lowercase();
        match value {
            Some(value) if is_known(&name) => {
                let value: String = value.chars().filter(|character| !character.is_control()).collect();
                let _ = write!(self.out, "a={name}:{value}\r\n");
            }
            None if Direction::parse(&name).is_some() || name == MUX || fax::is_fax_attribute(&name) => {
                let _ = write!(self.out, "a={name}\r\n");
            }
            _ => {}
        }
    }
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || browser::KNOWN.contains(&name) || fax::is_fax_attribute(name)
}

const KNOWN: [&str; 7] = ["rtpmap", "fmtp", "ptime", "maxptime", "rtcp", "crypto", SILENCE];

/// `silenceSupp`, in lower case.
const SILENCE: &str = "silencesupp";

const MUX: &str = "rtcp-mux";

/// Visible ASCII, so that a refused line can be written back.
fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn media_line(media: &sdp_types::Media, session: &[sdp_types::Attribute]) -> MediaLine {
    let mut line = MediaLine {
        kind: media.media.as_str().into(),
        port: media.port,
        proto: media.proto.as_str().into(),
        formats: media.fmt.as_str().into(),
        connection: media.connections.first().map(host),
        rtcp: media.get_first_attribute_value("rtcp").flatten().and_then(rtcp),
        direction: direction(&media.attributes),
        codecs: codecs(media),
        ptime: number(media, "ptime"),
        maxptime: number(media, "maxptime"),
        crypto: cryptos(media),
        mux: media.get_first_attribute_value(MUX).is_some(),
        voiceband: media.get_first_attribute_value(SILENCE).flatten().is_some_and(is_off),
        fax: fax::attributes(media),
        transport: None,
    };
    line.read_transport(&media.attributes, session);
    line
}

/// Whether the first field of `silenceSupp` is `off`.
fn is_off(value: &str) -> bool {
    value.split_ascii_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("off"))
}

fn direction(attributes: &[sdp_types::Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| Direction::parse(&attribute.attribute))
}

/// A multicast address counts as a name: a phone must not make us send to a group.
fn host(connection: &sdp_types::Connection) -> Host {
    let text = connection.connection_address.as_str();
    let text = text.split_once('/').map_or(text, |(address, _)| address);
    let text = text.trim_start_matches('[').trim_end_matches(']');
    match text.parse::<IpAddr>() {
        Ok(address) if !is_group(address) => Host::Ip(address.to_canonical()),
        _ => Host::Name,
    }
}

fn is_group(address: IpAddr) -> bool {
    address.is_multicast() || matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}
