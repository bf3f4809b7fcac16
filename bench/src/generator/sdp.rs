//! The session descriptions of the load: one stream of 20 ms packets in one codec.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::voice::Sound;

/// An offer or answer for sound at this address.
pub(crate) fn describe(rtp: SocketAddrV4, session: u32, sound: Sound) -> String {
    let (ip, port) = (rtp.ip(), rtp.port());
    let (formats, attributes) = formats(sound);
    format!(
        "v=0\r\no=- {session} {session} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\n\
         {attributes}a=ptime:20\r\na=sendrecv\r\n"
    )
}

/// The formats of an audio line, and the attribute lines that say what they are.
pub(crate) fn formats(sound: Sound) -> (String, String) {
    let (number, attributes) = (sound.payload_type(), sound.describe());
    // Without events, who transcodes would have to look for tones. What is only relayed is described as it always was.
    let (event, events) = match sound {
        Sound::Pcmu => ("", ""),
        _ => (" 101", "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"),
    };
    (format!("{number}{event}"), attributes + events)
}

/// Where the other side wants its sound: the audio line's port with its own connection line or the session's.
/// `fallback` stands in for the unspecified address. None without an IPv4 audio line, or a refused one.
pub(crate) fn destination(body: &str, fallback: Ipv4Addr) -> Option<SocketAddrV4> {
    let (session, audio) = body.split_once("m=audio ")?;
    let port = audio.split(' ').next()?.parse().ok().filter(|port| *port != 0)?;
    let audio = audio.split("\nm=").next()?;
    let connection = |part: &str| {
        let (_, after) = part.split_once("c=IN IP4 ")?;
        after.split(['\r', '\n', '/', ' ']).next()?.parse::<Ipv4Addr>().ok()
    };
    let ip = connection(audio).or_else(|| connection(session))?;
    Some(SocketAddrV4::new(if ip.is_unspecified() { fallback } else { ip }, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

    #[test]
    fn what_we_describe_is_found() {
        let rtp = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 42_000);
        assert_eq!(destination(&describe(rtp, 7, Sound::Opus), HERE), Some(rtp));
    }

    #[test]
    fn a_connection_of_the_media_line_wins() {
        let body = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\nm=video 1 RTP/AVP 96\r\n";
        assert_eq!(destination(body, HERE), Some(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 4000)));
    }

    #[test]
    fn unspecified_refused_and_missing() {
        let body = "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n";
        assert_eq!(destination(body, HERE), Some(SocketAddrV4::new(HERE, 4000)));
        assert_eq!(destination("c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n", HERE), None);
        assert_eq!(destination("v=0\r\n", HERE), None);
    }
}
