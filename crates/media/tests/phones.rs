//! What well-known phones, exchanges and browsers write is understood, and nothing of it leaks to the other side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kiestoon_media::srtp::LocalKeys;
use kiestoon_media::webrtc::Fingerprint;
use kiestoon_media::{
    Direction, LocalMedia, LocalPeer, Origin, Sdp, SdpError, local_answer, relay_answer, relay_offer,
};
use proptest::prelude::*;

struct Body {
    name: &'static str,
    text: &'static str,
    /// None: no audio that can be relayed.
    audio: Option<Audio>,
}

/// RTP address, RTCP port, direction, codecs, telephone-event, ptime.
type Audio = (&'static str, u16, Direction, &'static str, Option<u8>, Option<u32>);

macro_rules! bodies {
    ($($name:literal: $audio:expr,)*) => {
        [$(Body { name: $name, text: include_str!(concat!("phones/", $name, ".sdp")), audio: $audio },)*]
    };
}

use Direction::{RecvOnly, SendOnly, SendRecv};

const BODIES: [Body; 29] = bodies![
    "yealink_t46": Some(("192.0.2.46:11786", 11787, SendRecv, "G722 PCMU PCMA G729", Some(101), Some(20))),
    "yealink_video_srtp_optional":
        Some(("192.0.2.58:11790", 11791, SendRecv, "opus G722 PCMA", Some(101), Some(20))),
    "snom_d385":
        Some(("192.0.2.85:58264", 58265, SendRecv, "G722 PCMU PCMA GSM G726-32 AAL2-G726-32 G729", Some(101), Some(20))),
    "snom_srtp_first": Some(("192.0.2.86:50008", 50009, SendRecv, "PCMA PCMU", Some(101), Some(20))),
    "grandstream_gxp2170":
        Some(("192.0.2.70:5004", 5005, SendRecv, "PCMU PCMA G723 G729 G722 iLBC G726-32 opus", Some(101), Some(20))),
    "grandstream_ht801_t38": Some(("192.0.2.81:5010", 5011, SendRecv, "PCMA PCMU", Some(101), Some(20))),
    "polycom_vvx": Some(("192.0.2.41:2228", 2229, SendRecv, "G722 G7221 PCMU PCMA G729", Some(127), None)),
    "polycom_hold_old_style": Some(("0.0.0.0:2228", 2229, SendOnly, "PCMU", Some(127), None)),
    "cisco_spa504":
        Some(("192.0.2.50:16436", 16437, SendRecv, "PCMU G726-32 PCMA G722 G729a G726-40 G726-24 G726-16", Some(101), Some(30))),
    "cisco_8841":
        Some(("192.0.2.88:24588", 24589, SendRecv, "opus G722 ISAC PCMU PCMA iLBC G729", Some(101), None)),
    "fritzbox_7590":
        Some(("192.0.2.1:7078", 7079, SendRecv, "G722 PCMA PCMU G726-32 G726-32 G726-40 G726-24 iLBC PCMA PCMU", Some(101), None)),
    "linphone_desktop":
        Some(("192.0.2.30:7078", 54123, SendRecv, "opus speex speex PCMU PCMA G729", Some(101), None)),
    "baresip": Some(("192.0.2.22:20040", 20041, SendRecv, "opus PCMU PCMA", Some(101), Some(20))),
    "zoiper": Some(("192.0.2.14:49370", 49371, SendRecv, "PCMU PCMA GSM speex iLBC", Some(101), None)),
    "asterisk_pjsip": Some(("203.0.113.5:17420", 17421, SendRecv, "PCMA PCMU G722", Some(101), Some(20))),
    "freeswitch": Some(("203.0.113.9:28832", 28833, SendRecv, "opus G722 PCMU PCMA", Some(103), Some(20))),
    "kamailio_rtpengine": Some(("203.0.113.77:30044", 30045, SendRecv, "PCMA", Some(101), Some(20))),
    "jssip_chromium": Some(("0.0.0.0:50216", 50216, SendRecv, "opus G722 PCMU PCMA CN", Some(110), None)),
    "mitel_6869":
        Some(("192.0.2.69:3000", 3001, SendRecv, "G722 PCMU PCMA G729 PCMU PCMA", Some(101), Some(30))),
    "gigaset_n510": Some(("192.0.2.51:5020", 5021, SendRecv, "G722 PCMA PCMU G729", Some(101), Some(20))),
    "panasonic_kx": Some(("192.0.2.61:16000", 16001, SendRecv, "G722 PCMA PCMU G726-32 G729", Some(101), Some(20))),
    "microsip": Some(("192.0.2.33:4014", 4015, SendRecv, "PCMA PCMU", Some(101), None)),
    "bria_hold": Some(("192.0.2.35:56902", 56903, SendOnly, "opus G722 PCMA PCMU speex", Some(101), None)),
    "avaya_j179": Some(("192.0.2.79:5008", 5009, SendRecv, "G722 PCMU PCMA G729 opus", Some(120), Some(20))),
    "aastra_no_rtpmap": Some(("192.0.2.57:3002", 3003, SendRecv, "PCMU PCMA G729", None, None)),
    "huge_origin_numbers": Some(("192.0.2.18:40000", 40001, SendRecv, "PCMA", None, None)),
    "odd_lines": Some(("192.0.2.19:40002", 40003, SendRecv, "PCMA", Some(101), Some(20))),
    "ipv6_only": Some(("[2001:db8::30]:41000", 41001, RecvOnly, "PCMA", Some(101), None)),
    "teams_sbc": Some(("203.0.113.40:52014", 52015, SendRecv, "SILK G722 G729 PCMU PCMA CN", Some(101), None)),
];

fn us() -> LocalMedia {
    let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    let plain = LocalMedia::new(SocketAddr::new(address, 20_000), SocketAddr::new(address, 20_001));
    let keys = LocalKeys::generate(|bytes| bytes.fill(7));
    LocalMedia { keys: Some(keys.into()), ..plain }
}

/// Our side towards whoever wrote this: a browser has no leg like a phone's.
fn us_for(theirs: &Sdp) -> LocalMedia {
    let is_browser = theirs.audio().is_some_and(|audio| audio.browser.is_some());
    let peer = LocalPeer {
        secret: [1; 32],
        generation: 0,
        fingerprint: Fingerprint([2; 32]),
        candidates: vec![us().rtp],
        heard: None,
    };
    LocalMedia { browser: is_browser.then(|| Box::new(peer)), ..us() }
}

fn names(sdp: &Sdp) -> Vec<String> {
    let audio = sdp.audio().expect("audio");
    audio
        .codecs
        .iter()
        .filter(|codec| !codec.is_telephone_event())
        .map(|codec| codec.name.to_string())
        .collect()
}

fn media_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("m=")).collect()
}

#[test]
fn every_body_is_understood_with_either_line_ending() {
    for body in &BODIES {
        let crlf = body.text.replace('\n', "\r\n");
        let junk = format!("{}\0\0  \n\n", body.text);
        for text in [body.text, &crlf, &junk] {
            let sdp = Sdp::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", body.name));
            let found = sdp.audio();
            let Some((rtp, rtcp, direction, codecs, telephone_event, ptime)) = body.audio else {
                assert_eq!(found, None, "{}", body.name);
                continue;
            };
            let found = found.unwrap_or_else(|| panic!("{}: no audio", body.name));
            assert_eq!(found.rtp, rtp.parse().unwrap(), "{}", body.name);
            assert_eq!(found.rtcp.port(), rtcp, "{}", body.name);
            assert_eq!(found.direction, direction, "{}", body.name);
            assert_eq!(found.on_hold, direction == SendOnly, "{}", body.name);
            assert_eq!(names(&sdp).join(" "), codecs, "{}", body.name);
            assert_eq!((found.telephone_event, found.ptime), (telephone_event, ptime), "{}", body.name);
        }
    }
}

#[test]
fn an_offer_passes_with_its_formats_and_without_its_writer() {
    for body in &BODIES {
        let theirs = Sdp::parse(body.text.as_bytes()).unwrap();
        let offered = relay_offer(&theirs, &us(), &mut Origin::new(84));
        let Some((rtp, ..)) = body.audio else {
            assert_eq!(offered, Err(SdpError::NoUsableAudio), "{}", body.name);
            continue;
        };
        let offered = offered.unwrap();
        let text = String::from_utf8(offered.to_bytes().to_vec()).unwrap();
        let address = rtp.parse::<SocketAddr>().unwrap().ip().to_string();
        let their_lines = media_lines(body.text).len();
        assert!(!text.contains(&address), "{} leaks its address:\n{text}", body.name);
        for private in
            ["crypto", "cname", "ice-", "tool", "X-nat", "example.invalid", "root", "Zoiper", "s=call"]
        {
            assert!(!text.contains(private), "{} leaks {private}:\n{text}", body.name);
        }
        assert!(
            text.starts_with(
                "v=0\r\no=- 42 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
            )
        );
        assert_eq!(media_lines(&text).len(), 1, "{}: {their_lines} lines became", body.name);
        // What was read from theirs is read again from ours, but for the address.
        let read = Sdp::parse(text.as_bytes()).unwrap().audio().unwrap();
        let before = theirs.audio().unwrap();
        assert_eq!((read.rtp, read.rtcp), (us().rtp, us().rtcp));
        assert_eq!((&read.codecs, read.ptime), (&before.codecs, before.ptime), "{}", body.name);
        assert_eq!((read.direction, read.on_hold), (before.direction, before.on_hold), "{}", body.name);
    }
}

#[test]
fn an_answer_has_every_line_of_the_offer_in_its_place() {
    for body in &BODIES {
        let offer = Sdp::parse(body.text.as_bytes()).unwrap();
        if body.audio.is_none() {
            continue;
        }
        // The other phone takes all that it was offered.
        let answer = relay_offer(&offer, &us(), &mut Origin::new(2)).unwrap();
        let answered = relay_answer(&offer, &answer, &us_for(&offer), &mut Origin::new(4)).unwrap();
        let text = String::from_utf8(answered.to_bytes().to_vec()).unwrap();
        let (theirs, ours) = (media_lines(body.text), media_lines(&text));
        assert_eq!(theirs.len(), ours.len(), "{}", body.name);
        let mut accepted = 0;
        for (their, our) in theirs.iter().zip(ours) {
            let fields = |line: &'static str| line.split_whitespace().collect::<Vec<_>>();
            let their = fields(their);
            let our: Vec<&str> = our.split_whitespace().collect();
            assert_eq!((their[0], their[2]), (our[0], our[2]), "{}", body.name);
            if our[1] == "20000" {
                accepted += 1;
            } else {
                assert_eq!(our[1], "0", "{}", body.name);
            }
        }
        assert_eq!(accepted, 1, "{}", body.name);
    }
}

#[test]
fn prompts_find_a_g711_codec_in_every_phone() {
    for body in &BODIES {
        let offer = Sdp::parse(body.text.as_bytes()).unwrap();
        let answered = local_answer(&offer, &us_for(&offer), &mut Origin::new(2));
        assert_eq!(answered.is_ok(), body.audio.is_some(), "{}", body.name);
        if let Ok((sdp, codec)) = answered {
            let first = names(&offer).into_iter().find(|name| name.starts_with("PCM")).unwrap();
            assert_eq!(codec.name.as_ref(), first, "{}", body.name);
            assert_eq!(names(&sdp), [first], "{}", body.name);
        }
    }
}

proptest! {
    /// A body with a few bytes changed is read or refused, and what passes is still one clean body of ours.
    #[test]
    fn a_damaged_body_harms_nobody(
        which in 0..BODIES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = BODIES[which].text.as_bytes().to_vec();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let Ok(offer) = Sdp::parse(&bytes) else { return Ok(()) };
        let Ok(passed) = relay_offer(&offer, &us(), &mut Origin::new(84)) else { return Ok(()) };
        let written = passed.to_bytes();
        let read = Sdp::parse(&written).expect("our own body");
        prop_assert_eq!(read.audio(), passed.audio());
        prop_assert!(written.iter().all(|byte| !byte.is_ascii_control() || b"\r\n".contains(byte)));
        let answered = relay_answer(&offer, &read, &us_for(&offer), &mut Origin::new(4));
        prop_assert!(answered.is_ok(), "{answered:?}");
        prop_assert!(Sdp::parse(&answered.expect("checked").to_bytes()).is_ok());
    }
}
