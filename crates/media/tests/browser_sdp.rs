//! Offer and answer with browsers: what Chromium and Firefox write, what they are answered, and what the phone on the other side sees of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::sync::Arc;

use kiestoon_media::webrtc::Fingerprint;
use kiestoon_media::{
    Codec, Direction, LocalMedia, LocalPeer, Origin, Policy, Sdp, SdpError, SrtpPolicy, local_answer,
    local_offer, relay_answer, relay_offer,
};

/// As Chromium writes it, some lines left out that are alike.
const CHROMIUM: &str = "v=0\r\no=- 6729291447651054566 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
a=extmap-allow-mixed\r\na=msid-semantic: WMS stream\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\n\
a=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2113937151 6c1fe7d8-05cd-4a3e-9d9f-0b6a3d6ff3a2.local 51234 typ host generation 0\r\n\
a=ice-ufrag:Ry3d\r\na=ice-pwd:xkzI4wEnG1kd0sYfPq3Xo9Kv\r\na=ice-options:trickle\r\n\
a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:stream track\r\n\
a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:13 CN/8000\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=ssrc:3735928559 cname:x\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Ry3d\r\na=ice-pwd:xkzI4wEnG1kd0sYfPq3Xo9Kv\r\na=mid:1\r\n\
a=setup:actpass\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n";

const PHONE: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\n\
a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn for_browser() -> LocalMedia {
    let candidates = vec![address("198.51.100.1:19999"), address("[2001:db8::1]:19999")];
    let peer = LocalPeer {
        secret: [5; 32],
        generation: 0,
        fingerprint: Fingerprint([0xab; 32]),
        candidates,
        heard: None,
    };
    let door = address("198.51.100.1:19999");
    LocalMedia { browser: Some(Box::new(peer)), ..LocalMedia::new(door, door) }
}

fn for_phone() -> LocalMedia {
    LocalMedia::new(address("198.51.100.1:20000"), address("198.51.100.1:20001"))
}

fn origin() -> Origin {
    Origin::with_policy(2, Arc::new(Policy::usual()))
}

fn parse(text: &str) -> Sdp {
    Sdp::parse(text.as_bytes()).unwrap()
}

fn text(sdp: &Sdp) -> String {
    String::from_utf8(sdp.to_bytes().to_vec()).unwrap()
}

fn has(sdp: &str, lines: &[&str]) {
    for line in lines {
        assert!(sdp.contains(&format!("{line}\r\n")), "{line} is missing in\n{sdp}");
    }
}

#[test]
fn a_browsers_offer_is_a_plain_one_to_the_phone_and_its_answer_that_of_a_lite_agent() {
    let offer = parse(CHROMIUM);
    let audio = offer.audio().unwrap();
    assert_eq!(
        (audio.direction, audio.on_hold, audio.mux),
        (Direction::SendRecv, false, true),
        "0.0.0.0 is no hold here"
    );
    let browser = audio.browser.unwrap();
    assert_eq!((&*browser.credentials.ufrag, browser.is_passive), ("Ry3d", false));
    let names: Vec<_> =
        audio.codecs.iter().filter(|codec| codec.is_audio()).map(|codec| &*codec.name).collect();
    assert_eq!(names, ["opus", "G722", "PCMU", "PCMA"], "red names other formats by number");

    let offered = text(&relay_offer(&offer, &for_phone(), &mut origin()).unwrap());
    has(&offered, &["m=audio 20000 RTP/AVP 111 9 0 8 13 110 126", "c=IN IP4 198.51.100.1"]);
    for leak in ["ice-", "fingerprint", "setup", "mid:", "BUNDLE", "SAVPF", "candidate", "rtcp-mux"] {
        assert!(!offered.contains(leak), "{leak} in\n{offered}");
    }

    let answer = text(&relay_answer(&offer, &parse(PHONE), &for_browser(), &mut origin()).unwrap());
    has(
        &answer,
        &[
            "a=ice-lite",
            "a=group:BUNDLE 0",
            "m=audio 19999 UDP/TLS/RTP/SAVPF 8 126",
            "a=mid:0",
            "a=setup:passive",
            "a=rtcp-mux",
            "a=candidate:1 1 udp 2130706175 198.51.100.1 19999 typ host",
            "a=candidate:2 1 udp 2130705919 2001:db8::1 19999 typ host",
            "a=end-of-candidates",
            "m=video 0 UDP/TLS/RTP/SAVPF 0",
            "a=mid:1",
            "a=sendrecv",
        ],
    );
    let ours = for_browser().browser.unwrap().credentials();
    has(&answer, &[&format!("a=ice-ufrag:{}", ours.ufrag), &format!("a=ice-pwd:{}", ours.password)]);
    assert!(!answer.contains("a=rtcp:") && answer.matches("a=fingerprint:sha-256 AB:AB").count() == 1);
}

#[test]
fn a_phones_offer_becomes_a_browsers_and_the_answer_comes_back_plain() {
    let mut session = origin();
    let offered = relay_offer(&parse(PHONE), &for_browser(), &mut session).unwrap();
    let offer = text(&offered);
    has(
        &offer,
        &[
            "a=ice-lite",
            "a=group:BUNDLE 0",
            "a=mid:0",
            "a=setup:actpass",
            "a=rtcp-mux",
            "a=msid:kiestoon speech",
        ],
    );
    assert!(offer.contains("m=audio 19999 UDP/TLS/RTP/SAVPF 8 101"), "{offer}");
    // What a browser answers: among ours, with its transport.
    let answer = CHROMIUM
        .replace("a=setup:actpass", "a=setup:active")
        .replace("SAVPF 111 63 9 0 8 13 110 126", "SAVPF 8 101");
    let answer = answer.split("m=video").next().unwrap();
    let back = relay_answer(&parse(PHONE), &parse(answer), &for_phone(), &mut origin()).unwrap();
    let back = text(&back);
    has(&back, &["m=audio 20000 RTP/AVP 8 101"]);
    assert!(!back.contains("ice-") && !back.contains("fingerprint"));
}

#[test]
fn what_nobody_here_knows_is_refused_under_its_name() {
    let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:data\r\n";
    let offer = parse(&format!("{CHROMIUM}{data}"));
    let answer = text(&relay_answer(&offer, &parse(PHONE), &for_browser(), &mut origin()).unwrap());
    assert!(
        answer.ends_with("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:data\r\n"),
        "{answer}"
    );
}

#[test]
fn a_leg_takes_only_what_it_has_a_way_for() {
    assert!(relay_answer(&parse(PHONE), &parse(PHONE), &for_browser(), &mut origin()).is_err());
    let both = || parse(&format!("{CHROMIUM}{}", &PHONE[PHONE.find("m=audio").unwrap()..]));
    assert!(both().written_by_browser(true).audio().unwrap().browser.is_some());
    assert!(parse(PHONE).written_by_browser(true).audio().is_none());
    assert!(parse(PHONE).written_by_browser(false).audio().is_some());
    assert!(parse(CHROMIUM).written_by_browser(false).audio().is_none());
}

#[test]
fn another_name_in_ice_begins_it_anew_whichever_is_done_first() {
    let mut us = for_browser();
    let first = us.browser.as_ref().unwrap().credentials();
    let mut remote = parse(CHROMIUM).audio().unwrap().browser.unwrap();
    us.browser.as_mut().unwrap().hear(&mut remote);
    assert_eq!((remote.generation, us.browser.as_ref().unwrap().credentials()), (0, first.clone()));
    let again = parse(&CHROMIUM.replace("Ry3d", "New1"));
    let written = text(&relay_answer(&again, &parse(PHONE), &us, &mut origin()).unwrap());
    let mut remote = again.audio().unwrap().browser.unwrap();
    us.browser.as_mut().unwrap().hear(&mut remote);
    let second = us.browser.as_ref().unwrap().credentials();
    assert!(remote.generation == 1 && second.ufrag != first.ufrag && second.password != first.password);
    has(&written, &[&format!("a=ice-ufrag:{}", second.ufrag)]);
    let written = text(&relay_answer(&again, &parse(PHONE), &us, &mut origin()).unwrap());
    has(&written, &[&format!("a=ice-ufrag:{}", second.ufrag)]);
}

#[test]
fn the_session_keeps_its_sections_and_their_names_in_later_offers() {
    let mut session = origin();
    let us = for_browser();
    relay_answer(&parse(CHROMIUM), &parse(PHONE), &us, &mut session).unwrap();
    let offer = text(&relay_offer(&parse(PHONE), &us, &mut session).unwrap());
    let sections: Vec<_> =
        offer.lines().filter(|line| line.starts_with("m=") || line.starts_with("a=mid")).collect();
    assert_eq!(
        sections,
        [
            "m=audio 19999 UDP/TLS/RTP/SAVPF 8 101 111 9 0",
            "a=mid:0",
            "m=video 0 UDP/TLS/RTP/SAVPF 0",
            "a=mid:1"
        ]
    );
}

#[test]
fn firefox_says_its_fingerprint_for_the_session_and_a_local_answer_is_a_browsers_too() {
    let (line, rest) = (
        "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n",
        CHROMIUM,
    );
    let firefox = rest.replace(line, "").replace("a=group", &format!("{line}a=group"));
    let offer = parse(&firefox);
    assert!(offer.audio().unwrap().browser.is_some());
    let (answer, codec) = local_answer(&offer, &for_browser(), &mut origin()).unwrap();
    assert_eq!(&*codec.name, "opus");
    has(&text(&answer), &["a=setup:passive", "a=mid:0", "a=ice-lite"]);
    has(&text(&local_offer(&for_browser(), &mut origin())), &["a=setup:actpass", "a=mid:0"]);
    let passive = parse(&CHROMIUM.replace("actpass", "passive"));
    assert!(passive.audio().unwrap().browser.unwrap().is_passive);
    has(&text(&local_answer(&passive, &for_browser(), &mut origin()).unwrap().0), &["a=setup:active"]);
}

#[test]
fn what_lacks_a_part_of_its_transport_is_refused_and_srtp_may_be_required() {
    for part in [
        "a=ice-ufrag:Ry3d\r\n",
        "a=ice-pwd:xkzI4wEnG1kd0sYfPq3Xo9Kv\r\n",
        "a=fingerprint:sha-256 ",
        "ice-pwd:xkzI4wEnG1kd0s",
    ] {
        let broken = parse(&CHROMIUM.replace(part, "a=x:"));
        assert!(broken.audio().is_none(), "{part}");
        let refused = relay_offer(&broken, &for_phone(), &mut origin());
        assert!(matches!(refused, Err(SdpError::NoUsableAudio)), "{part}");
    }
    // A leg that is not a browser's has nothing to answer one with.
    assert!(relay_answer(&parse(CHROMIUM), &parse(PHONE), &for_phone(), &mut origin()).is_err());
    assert!(parse(CHROMIUM).under(SrtpPolicy::Required).audio().is_some());
    assert!(parse(CHROMIUM).under(SrtpPolicy::Off).audio().is_some());
    let codecs = parse(CHROMIUM).audio().unwrap().codecs;
    assert_eq!(codecs.iter().filter(|codec| Codec::is_telephone_event(codec)).count(), 2);
}
