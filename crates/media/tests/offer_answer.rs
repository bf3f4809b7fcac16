//! Offer and answer through the PBX: directions, payload types, refusals, versions.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kiestoon_media::{
    Direction, LocalMedia, Origin, Sdp, SdpError, local_offer, relay_answer, relay_offer, with_direction,
};
use proptest::prelude::*;

fn us(port: u16) -> LocalMedia {
    let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    LocalMedia::new(SocketAddr::new(address, port), SocketAddr::new(address, port + 1))
}

fn sdp(lines: &str) -> Sdp {
    let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{lines}");
    Sdp::parse(text.as_bytes()).unwrap()
}

fn text(sdp: &Sdp) -> String {
    String::from_utf8(sdp.to_bytes().to_vec()).unwrap()
}

fn relayed(offer: &Sdp, answer: &Sdp) -> Result<Sdp, SdpError> {
    relay_answer(offer, answer, &us(20_000), &mut Origin::new(2))
}

fn version(sdp: &Sdp) -> u64 {
    text(sdp).lines().nth(1).unwrap().split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn parameters_of_nothing_but_control_characters_are_none() {
    let offer = sdp("m=audio 4000 RTP/AVP 0 101\na=rtpmap:101 x/8000\na=fmtp:101 \u{1}\u{0}\n");
    let ours = relay_offer(&offer, &us(20_000), &mut Origin::new(1)).unwrap();
    assert_eq!(ours.audio(), Sdp::parse(&ours.to_bytes()).unwrap().audio(), "what we write is what we mean");
    assert!(!text(&ours).contains("fmtp"));
}

#[test]
fn the_answer_holds_only_what_was_offered() {
    let offer = sdp("m=audio 4000 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\n");
    let answer = sdp("m=audio 5000 RTP/AVP 9 0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-11\n");
    let relayed = text(&relayed(&offer, &answer).unwrap());
    assert!(relayed.contains("m=audio 20000 RTP/AVP 0 101\r\n"), "{relayed}");
    assert!(relayed.contains("a=fmtp:101 0-11\r\n"), "the answerer's parameters pass: {relayed}");
}

#[test]
fn an_answer_without_a_common_codec_is_refused() {
    let offer = sdp("m=audio 4000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n");
    let none = sdp("m=audio 5000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n");
    let refused = sdp("m=audio 0 RTP/AVP 8\n");
    assert_eq!(relayed(&offer, &none), Err(SdpError::NoCommonCodec));
    assert_eq!(relayed(&offer, &refused), Err(SdpError::NoCommonCodec));
    assert_eq!(SdpError::NoCommonCodec.status(), 488);
}

#[test]
fn an_answerer_may_number_a_format_its_own_way() {
    let offer = sdp("m=audio 4000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n");
    let answer = sdp("m=audio 5000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n");
    let audio = relayed(&offer, &answer).unwrap().audio().unwrap();
    assert_eq!(audio.telephone_event, Some(101), "the offerer's number");
}

#[test]
fn names_of_codecs_compare_without_case() {
    let offer = sdp("m=audio 4000 RTP/AVP 96\na=rtpmap:96 Opus/48000/2\n");
    let answer = sdp("m=audio 5000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\n");
    assert!(relayed(&offer, &answer).is_ok());
    let mono = sdp("m=audio 5000 RTP/AVP 96\na=rtpmap:96 opus/48000\n");
    assert_eq!(relayed(&offer, &mono), Err(SdpError::NoCommonCodec));
}

#[test]
fn hold_passes_and_is_answered_within_what_was_offered() {
    for (offered, answered, expected) in [
        ("sendonly", "recvonly", Direction::RecvOnly),
        ("sendonly", "sendrecv", Direction::RecvOnly),
        ("inactive", "sendrecv", Direction::Inactive),
        ("sendrecv", "sendonly", Direction::SendOnly),
        ("recvonly", "recvonly", Direction::Inactive),
    ] {
        let offer = sdp(&format!("m=audio 4000 RTP/AVP 8\na={offered}\n"));
        let answer = sdp(&format!("m=audio 5000 RTP/AVP 8\na={answered}\n"));
        let relayed = relayed(&offer, &answer).unwrap();
        assert_eq!(relayed.audio().unwrap().direction, expected, "{offered} answered {answered}");
        let passed = relay_offer(&offer, &us(1000), &mut Origin::new(2)).unwrap();
        assert_eq!(passed.audio().unwrap().direction, offer.audio().unwrap().direction);
    }
}

#[test]
fn hold_by_a_zero_address_is_passed_as_sendonly() {
    let offer = sdp("m=audio 4000 RTP/AVP 8\nc=IN IP4 0.0.0.0\n");
    assert!(offer.audio().unwrap().on_hold);
    let passed = relay_offer(&offer, &us(1000), &mut Origin::new(2)).unwrap();
    assert!(text(&passed).contains("a=sendonly"), "{}", text(&passed));
    assert!(!text(&passed).contains("0.0.0.0"));
}

#[test]
fn the_line_of_the_media_goes_before_that_of_the_session() {
    let body = "a=inactive\nm=audio 4000 RTP/AVP 8\nc=IN IP4 192.0.2.99\na=sendrecv\n";
    let audio = sdp(body).audio().unwrap();
    assert_eq!((audio.rtp.to_string().as_str(), audio.direction), ("192.0.2.99:4000", Direction::SendRecv));
    assert_eq!(sdp("a=inactive\nm=audio 4000 RTP/AVP 8\n").audio().unwrap().direction, Direction::Inactive);
}

#[test]
fn addresses_that_cannot_be_sent_to_are_no_audio() {
    for connection in ["IN IP4 phone.example", "IN IP4 239.1.2.3/127", "IN IP4", "IN IP4 255.255.255.255"] {
        assert_eq!(sdp(&format!("m=audio 4000 RTP/AVP 8\nc={connection}\n")).audio(), None, "{connection}");
    }
    let nowhere = Sdp::parse(b"v=0\nm=audio 4000 RTP/AVP 8\n").unwrap();
    assert_eq!(relay_offer(&nowhere, &us(1000), &mut Origin::new(2)), Err(SdpError::NoUsableAudio));
}

#[test]
fn rtcp_goes_where_its_attribute_says() {
    let audio = sdp("m=audio 4000 RTP/AVP 8\na=rtcp:4567 IN IP6 2001:db8::7\n").audio().unwrap();
    assert_eq!(audio.rtcp.to_string(), "[2001:db8::7]:4567");
    let mut ours = us(20_000);
    ours.rtcp.set_port(30_000);
    let offer = local_offer(&ours, &mut Origin::new(2));
    assert!(text(&offer).contains("a=rtcp:30000\r\n"));
    assert_eq!(Sdp::parse(&offer.to_bytes()).unwrap().audio().unwrap().rtcp, ours.rtcp);
}

#[test]
fn ipv6_is_written_and_read() {
    let address: IpAddr = "2001:db8::1".parse().unwrap();
    let ours = LocalMedia::new(SocketAddr::new(address, 20_000), SocketAddr::new(address, 20_001));
    let offer = local_offer(&ours, &mut Origin::new(2));
    assert!(text(&offer).contains("c=IN IP6 2001:db8::1\r\n"));
    assert_eq!(Sdp::parse(&offer.to_bytes()).unwrap().audio().unwrap().rtp, ours.rtp);
}

#[test]
fn the_version_rises_only_when_something_changed() {
    let offer = sdp("m=audio 4000 RTP/AVP 8\n");
    let hold = sdp("m=audio 4000 RTP/AVP 8\na=sendonly\n");
    let mut origin = Origin::new(9);
    let versions: Vec<u64> = [&offer, &offer, &hold, &hold, &offer]
        .into_iter()
        .map(|sdp| version(&relay_offer(sdp, &us(20_000), &mut origin).unwrap()))
        .collect();
    assert_eq!(versions, [1, 1, 2, 2, 3]);
}

#[test]
fn lines_once_agreed_never_disappear() {
    // The phone offered SRTP, audio and video; we took the audio in the second place.
    let theirs = sdp("m=audio 4000 RTP/SAVP 8\nm=audio 4002 RTP/AVP 8\nm=video 4004 RTP/AVP 99\n");
    let callee = sdp("m=audio 5000 RTP/AVP 8\n");
    let mut origin = Origin::new(2);
    relay_answer(&theirs, &callee, &us(20_000), &mut origin).unwrap();
    // Now the other phone holds: the offer has the same lines in the same order (RFC 3264 section 8).
    let hold = sdp("m=audio 5000 RTP/AVP 8\na=sendonly\n");
    let offer = text(&relay_offer(&hold, &us(20_000), &mut origin).unwrap());
    let lines: Vec<&str> = offer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=audio 0 RTP/SAVP 8", "m=audio 20000 RTP/AVP 8", "m=video 0 RTP/AVP 99"]);
}

#[test]
fn our_own_hold_changes_the_direction_and_the_version() {
    let mut origin = Origin::new(2);
    let offer = local_offer(&us(20_000), &mut origin);
    let hold = with_direction(&offer, Direction::SendOnly, &mut origin);
    assert_eq!((version(&offer), version(&hold)), (1, 2));
    assert_eq!(hold.audio().unwrap().direction, Direction::SendOnly);
    assert_eq!(hold.audio().unwrap().codecs, offer.audio().unwrap().codecs);
}

#[test]
fn the_feedback_profile_is_answered_but_not_offered_on() {
    let offer = sdp("m=audio 4000 RTP/AVPF 8\n");
    assert!(text(&relay_offer(&offer, &us(1000), &mut Origin::new(2)).unwrap()).contains("RTP/AVP 8"));
    let answer = sdp("m=audio 5000 RTP/AVP 8\n");
    assert!(text(&relayed(&offer, &answer).unwrap()).contains("m=audio 20000 RTP/AVPF 8"));
}

#[test]
fn the_profile_that_was_agreed_stays() {
    let offer = sdp("m=audio 4000 RTP/AVPF 8\n");
    let other = sdp("m=audio 5000 RTP/AVP 8\n");
    let mut origin = Origin::new(2);
    relay_answer(&offer, &other, &us(20_000), &mut origin).unwrap();
    assert!(
        text(&relay_offer(&other, &us(20_000), &mut origin).unwrap()).contains("m=audio 20000 RTP/AVPF 8")
    );
}

#[test]
fn bounds_and_broken_lines_are_said() {
    assert!(matches!(Sdp::parse(&[b'v'; 20_000]), Err(SdpError::TooLarge { bytes: 20_000, .. })));
    let many = format!("v=0\n{}", "m=audio 1 RTP/AVP 0\n".repeat(17));
    assert!(matches!(Sdp::parse(many.as_bytes()), Err(SdpError::TooManyMedia { limit: 16 })));
    for (body, at) in [
        ("", 1),
        ("o=- 1 1 IN IP4 1.2.3.4\n", 1),
        ("v=1\n", 1),
        ("v=0\nm=audio\n", 2),
        ("v=0\ns=-\nm=audio 70000 RTP/AVP 0\n", 3),
        ("v=0\nm=audio x RTP/AVP 0\n", 2),
    ] {
        let found = Sdp::parse(body.as_bytes());
        assert!(matches!(found, Err(SdpError::Malformed { line, .. }) if line == at), "{body:?}: {found:?}");
        assert_eq!(found.unwrap_err().status(), 400);
    }
}

#[test]
fn parameters_cannot_smuggle_lines() {
    let offer = sdp("m=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\ra=crypto:x\na=fmtp:96 a\0b\n");
    let passed = text(&relay_offer(&offer, &us(1000), &mut Origin::new(2)).unwrap());
    assert!(passed.lines().all(|line| !line.contains("crypto")), "{passed}");
    assert!(!passed.contains('\0'));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Sdp::parse(&bytes);
    }

    /// Lines of the real alphabet reach deeper than noise. What passes is read again, and is the same.
    #[test]
    fn what_is_written_is_read_again(lines in proptest::collection::vec(line(), 0..24)) {
        let body = format!("v=0\r\n{}", lines.concat());
        let Ok(offer) = Sdp::parse(body.as_bytes()) else { return Ok(()) };
        if let Ok(passed) = relay_offer(&offer, &us(20_000), &mut Origin::new(2)) {
            let read = Sdp::parse(&passed.to_bytes()).unwrap();
            prop_assert_eq!(read.audio(), passed.audio());
            let answer = relay_answer(&offer, &read, &us(20_000), &mut Origin::new(2));
            prop_assert!(answer.is_ok(), "{:?}", answer);
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    let value = "[ -~]{0,30}";
    prop_oneof![
        "[a-z]=[ -~]{0,30}\r\n",
        Just("c=IN IP4 192.0.2.7\r\n".to_string()),
        Just("c=IN IP6 2001:db8::1\r\n".to_string()),
        (any::<u16>(), "( [0-9]{1,3}){0,6}")
            .prop_map(|(port, formats)| format!("m=audio {port} RTP/AVP{formats}\r\n")),
        (0..130_u16, value).prop_map(|(number, value)| format!("a=rtpmap:{number} {value}/8000\r\n")),
        (0..130_u16, value).prop_map(|(number, value)| format!("a=fmtp:{number} {value}\r\n")),
        value.prop_map(|value| format!("a=rtcp:{value}\r\n")),
        Just("a=sendonly\r\n".to_string()),
    ]
}
