//! T.38 in session descriptions: which fax is taken, and what goes across.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kiestoon_media::{
    Direction, LocalMedia, Origin, Sdp, SdpError, SrtpPolicy, relay_answer, relay_offer, with_direction,
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

/// The sections of ours: what follows `t=`.
fn sections(sdp: &Sdp) -> String {
    text(sdp).split_once("t=0 0\r\n").unwrap().1.replace("\r\n", "\n")
}

const ATTRIBUTES: &str = "a=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxFillBitRemoval\na=T38FaxRateManagement:transferredTCF\n\
                          a=T38FaxMaxBuffer:2000\na=T38FaxMaxDatagram:320\na=T38FaxUdpEC:t38UDPFEC\na=T38FaxUdpECDepth:1 3\n\
                          a=T38VendorInfo:0 0 37\n";

#[test]
fn attributes_pass_as_they_are_and_nothing_else_does() {
    let offer = sdp(&format!("m=image 5012 udptl t38\n{ATTRIBUTES}a=T38Secret:1\na=sendrecv\na=label:x\n"));
    assert_eq!(offer.fax().unwrap().udptl.to_string(), "192.0.2.1:5012");
    let ours = relay_offer(&offer, &us(20_000), &mut Origin::new(1)).unwrap();
    assert_eq!(sections(&ours), format!("m=image 20000 udptl t38\n{ATTRIBUTES}"));
}

#[test]
fn names_and_values_that_phones_write_oddly() {
    let offer = sdp(
        "m=image 5012 UDPTL T38\na=T38maxBitRate: 9600 \na=t38faxudpec:t38UDPRedundancy\na=T38FaxMaxBuffer:\na=T38MaxBitRate:1\n",
    );
    let ours = relay_offer(&offer, &us(20_000), &mut Origin::new(1)).unwrap();
    let expected = "m=image 20000 udptl t38\na=T38MaxBitRate:9600\na=T38FaxUdpEC:t38UDPRedundancy\n";
    assert_eq!(sections(&ours), expected);
}

#[test]
fn a_fax_in_another_line_is_held() {
    let offer = sdp("m=audio 0 RTP/AVP 8\nm=image 5012 udptl t38\n");
    let mut origin = Origin::new(1);
    let ours = relay_answer(&offer, &sdp("m=image 6000 udptl t38\n"), &us(20_000), &mut origin).unwrap();
    let held = with_direction(&ours, Direction::SendOnly, &mut origin);
    assert_eq!(held.fax().unwrap().direction, Direction::SendOnly);
}

#[test]
fn every_shape_is_answered_line_by_line() {
    let answer = sdp("m=image 6000 udptl t38\na=T38FaxVersion:0\n");
    for (offer, expected) in [
        ("m=image 1 udptl t38\n", "m=image 20000 udptl t38\na=T38FaxVersion:0\n"),
        (
            "m=audio 0 RTP/AVP 8\nm=image 1 UDPTL t38\n",
            "m=audio 0 RTP/AVP 8\nm=image 20000 UDPTL t38\na=T38FaxVersion:0\n",
        ),
        (
            "m=image 1 udptl t38\nm=audio 0 RTP/AVP 8\n",
            "m=image 20000 udptl t38\na=T38FaxVersion:0\nm=audio 0 RTP/AVP 8\n",
        ),
        (
            "m=video 9 RTP/AVP 96\nm=image 1 udptl t38\n",
            "m=video 0 RTP/AVP 96\nm=image 20000 udptl t38\na=T38FaxVersion:0\n",
        ),
    ] {
        let ours = relay_answer(&sdp(offer), &answer, &us(20_000), &mut Origin::new(2)).unwrap();
        assert_eq!(sections(&ours), expected, "{offer}");
    }
}

#[test]
fn a_refused_line_is_a_refusal() {
    let offer = sdp("m=image 1 udptl t38\n");
    for answer in ["m=image 0 udptl t38\n", "m=audio 4000 RTP/AVP 8\n", ""] {
        let refused = relay_answer(&offer, &sdp(answer), &us(20_000), &mut Origin::new(2));
        assert_eq!(refused, Err(SdpError::NoFax), "{answer}");
    }
    assert_eq!(SdpError::NoFax.status(), 488);
}

#[test]
fn audio_goes_first_and_other_images_are_none() {
    assert!(sdp("m=audio 4000 RTP/AVP 8\nm=image 1 udptl t38\n").fax().is_none());
    for line in [
        "m=image 1 UDP/TLS/UDPTL t38\n",
        "m=image 1 TCP t38\n",
        "m=image 1 udptl t39\n",
        "m=image 0 udptl t38\n",
        "m=video 1 udptl t38\n",
        "m=image 1 udptl t38\nc=IN IP4 fax.example\n",
    ] {
        assert!(!sdp(line).is_relayable(), "{line}");
    }
    let fax = || sdp("m=image 1 udptl t38\n");
    assert!(fax().under(SrtpPolicy::Optional).is_relayable());
    assert!(!fax().under(SrtpPolicy::Required).is_relayable(), "it would go in the clear");
    assert!(!fax().without_fax().is_relayable());
}

#[test]
fn a_session_keeps_its_lines_from_speech_to_fax_and_back() {
    let audio = sdp("m=audio 4000 RTP/AVP 8\n");
    let fax = sdp("m=image 5000 udptl t38\n");
    let mut origin = Origin::new(1);
    relay_offer(&audio, &us(20_000), &mut origin).unwrap();
    let ours = relay_offer(&fax, &us(20_000), &mut origin).unwrap();
    assert_eq!(sections(&ours), "m=image 20000 udptl t38\n", "in the place of the audio");
    let ours = relay_offer(&audio, &us(20_000), &mut origin).unwrap();
    assert!(sections(&ours).starts_with("m=audio 20000 RTP/AVP 8\n"), "{}", sections(&ours));
    // The phone makes a line of its own for the fax.
    let theirs = sdp("m=audio 0 RTP/AVP 8\nm=image 5000 udptl t38\n");
    relay_answer(&theirs, &fax, &us(20_000), &mut origin).unwrap();
    let ours = relay_offer(&audio, &us(20_000), &mut origin).unwrap();
    assert!(sections(&ours).ends_with("m=image 0 udptl t38\n"), "{}", sections(&ours));
    let ours = relay_offer(&fax, &us(20_000), &mut origin).unwrap();
    assert_eq!(sections(&ours), "m=audio 0 RTP/AVP 8\nm=image 20000 udptl t38\n");
}

#[test]
fn a_hold_during_a_fax_passes() {
    let offer = sdp("m=image 5000 udptl t38\na=inactive\n");
    let ours = relay_offer(&offer, &us(20_000), &mut Origin::new(1)).unwrap();
    assert_eq!(sections(&ours), "m=image 20000 udptl t38\na=inactive\n");
    assert_eq!(
        sdp("m=image 5000 udptl t38\nc=IN IP4 0.0.0.0\n").fax().unwrap().direction,
        Direction::SendOnly
    );
}

#[test]
fn the_sound_of_a_modem_is_offered_in_g711_alone() {
    let policy = std::sync::Arc::new(kiestoon_media::Policy::usual());
    let offer = sdp("m=audio 4000 RTP/AVP 8\na=silenceSupp:off - - - -\n");
    assert!(offer.audio().unwrap().voiceband);
    let ours = relay_offer(&offer, &us(20_000), &mut Origin::with_policy(1, policy)).unwrap();
    let lines = sections(&ours);
    assert!(lines.contains("a=silenceSupp:off - - - -\n"), "{lines}");
    assert!(lines.contains("PCMU/8000") && !lines.contains("opus") && !lines.contains("G722"), "{lines}");
    assert!(!sdp("m=audio 4000 RTP/AVP 8\na=silenceSupp:on - - - -\n").audio().unwrap().voiceband);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        names in proptest::collection::vec("T38[A-Za-z]{3,20}|T38FaxVersion|t38maxbitrate|T38VendorInfo", 0..40),
        value in "(:[ -~]{0,80})?",
        shape in 0..3_u8,
    ) {
        let attributes: String = names.iter().map(|name| format!("a={name}{value}\n")).collect();
        let image = format!("m=image 5000 udptl t38\n{attributes}");
        let offer = match shape {
            0 => sdp(&image),
            1 => sdp(&format!("m=audio 0 RTP/AVP 8\n{image}")),
            _ => sdp(&format!("{image}m=audio 0 RTP/AVP 8\n")),
        };
        let ours = relay_offer(&offer, &us(20_000), &mut Origin::new(1)).unwrap();
        let again = Sdp::parse(&ours.to_bytes()).unwrap();
        prop_assert_eq!(again.fax(), ours.fax());
        prop_assert_eq!(sections(&relay_offer(&again, &us(20_000), &mut Origin::new(1)).unwrap()), sections(&ours));
        prop_assert!(text(&ours).len() < 16 * 120);
    }
}
