//! SRTP in offers and answers: who is offered it, who is answered in it, and what no description ever tells.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kiestoon_media::srtp::{LocalKeys, Suite};
use kiestoon_media::{
    LocalMedia, Origin, Sdp, SdpError, SrtpPolicy, local_answer, local_offer, relay_answer, relay_offer,
};

const KEY: &str = "WbTBosdVUZqEb6Htqhn+m3z7wUh4RJVR8nE15GbN";

fn us(seed: u8, secure_offers: bool) -> LocalMedia {
    let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    let keys = LocalKeys::generate(|bytes| bytes.fill(seed));
    let plain = LocalMedia::new(SocketAddr::new(address, 20_000), SocketAddr::new(address, 20_001));
    LocalMedia { keys: Some(Arc::new(keys)), secure_offers, ..plain }
}

fn sdp(body: &str) -> Sdp {
    Sdp::parse(format!("v=0\nc=IN IP4 192.0.2.9\n{body}").as_bytes()).unwrap()
}

fn crypto(tag: u32, suite: &str) -> String {
    format!("a=crypto:{tag} {suite} inline:{KEY}\n")
}

fn secure() -> Sdp {
    let unknown = "a=crypto:1 F8_128_HMAC_SHA1_80 inline:xx\n".to_owned();
    sdp(&format!("m=audio 4000 RTP/SAVP 8\n{unknown}{}", crypto(2, "AES_CM_128_HMAC_SHA1_32")))
}

fn text(sdp: &Sdp) -> String {
    String::from_utf8(sdp.to_bytes().to_vec()).unwrap()
}

fn crypto_lines(sdp: &Sdp) -> Vec<String> {
    text(sdp).lines().filter(|line| line.starts_with("a=crypto")).map(str::to_owned).collect()
}

#[test]
fn a_protected_offer_is_answered_with_its_tag_and_a_key_of_our_own() {
    let plain = sdp("m=audio 5000 RTP/AVP 8\n");
    let us = us(1, false);
    let answer = relay_answer(&secure(), &plain, &us, &mut Origin::new(1)).unwrap();
    assert!(text(&answer).contains("m=audio 20000 RTP/SAVP 8"), "{}", text(&answer));
    let lines = crypto_lines(&answer);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:"), "{lines:?}");
    assert!(!lines[0].contains(KEY), "our key is not theirs");
    let read = Sdp::parse(&answer.to_bytes()).unwrap().audio().unwrap().key.unwrap();
    assert_eq!(Some(&read.key), us.keys.as_deref().unwrap().of(Suite::AesCm128Sha1_32));
}

#[test]
fn keys_stay_on_their_own_leg() {
    let passed = relay_offer(&secure(), &us(1, false), &mut Origin::new(1)).unwrap();
    assert!(text(&passed).contains("RTP/AVP 8") && crypto_lines(&passed).is_empty());
    let passed = relay_offer(&secure(), &us(2, true), &mut Origin::new(1)).unwrap();
    assert!(text(&passed).contains("RTP/SAVP 8"));
    assert_eq!(crypto_lines(&passed).len(), Suite::ALL.len());
    assert!(!text(&passed).contains(KEY));
}

#[test]
fn keys_beside_the_plain_profile_are_answered_there() {
    let offer = sdp(&format!("m=audio 4000 RTP/AVP 8\n{}", crypto(7, "AES_CM_128_HMAC_SHA1_80")));
    let (answer, _) = local_answer(&offer, &us(1, false), &mut Origin::new(1)).unwrap();
    assert!(text(&answer).contains("m=audio 20000 RTP/AVP 8"));
    assert!(crypto_lines(&answer)[0].starts_with("a=crypto:7 AES_CM_128_HMAC_SHA1_80"));
}

#[test]
fn a_phone_that_refused_protection_is_offered_the_plain_profile() {
    let (mut origin, mut us) = (Origin::new(1), us(1, true));
    assert!(text(&local_offer(&us, &mut origin)).contains("RTP/SAVP"));
    us.secure_offers = false;
    let again = local_offer(&us, &mut origin);
    assert!(text(&again).contains("RTP/AVP ") && crypto_lines(&again).is_empty(), "{}", text(&again));
}

#[test]
fn what_was_agreed_is_offered_again() {
    let (mut origin, mut us) = (Origin::new(1), us(1, false));
    let plain = sdp("m=audio 5000 RTP/AVP 8\n");
    let answer = relay_answer(&secure(), &plain, &us, &mut origin).unwrap();
    us.secure_offers = true;
    let hold = relay_offer(&sdp("m=audio 5000 RTP/AVP 8\na=sendonly\n"), &us, &mut origin).unwrap();
    assert!(text(&hold).contains("m=audio 20000 RTP/SAVP 8\r\n"));
    let suite = |line: &str| line.split(' ').nth(2).unwrap().to_owned();
    let before = suite(&crypto_lines(&answer)[0]);
    assert!(crypto_lines(&hold).iter().any(|line| suite(line) == before), "the same key goes on");
}

#[test]
fn a_policy_takes_keys_or_plain_speech_away() {
    let plain = || sdp("m=audio 4000 RTP/AVP 8\n");
    assert!(secure().under(SrtpPolicy::Off).audio().is_none());
    assert!(plain().under(SrtpPolicy::Off).audio().is_some());
    assert!(secure().under(SrtpPolicy::Optional).audio().unwrap().key.is_some());
    assert!(plain().under(SrtpPolicy::Optional).audio().is_some());
    assert!(secure().under(SrtpPolicy::Required).audio().is_some());
    assert!(plain().under(SrtpPolicy::Required).audio().is_none());
    let without_keys = LocalMedia { keys: None, ..us(1, false) };
    let refused = relay_answer(&secure(), &plain(), &without_keys, &mut Origin::new(1));
    assert_eq!(refused.unwrap_err(), SdpError::NoUsableAudio);
}

#[test]
fn a_section_without_a_usable_key_is_passed_over_and_refused() {
    let only = sdp("m=audio 4000 RTP/SAVP 8\na=crypto:1 F8_128_HMAC_SHA1_80 inline:xx\n");
    assert!(only.audio().is_none());
    let both = sdp("m=audio 4000 RTP/SAVP 8\na=crypto:1 X inline:x\nm=audio 4002 RTP/AVP 8\n");
    assert_eq!(both.audio().unwrap().rtp.port(), 4002);
}

#[test]
fn rtcp_on_the_port_of_rtp_is_answered_and_kept_but_never_begun() {
    let offer = sdp("m=audio 4000 RTP/AVP 8\na=rtcp:4001\na=rtcp-mux\n");
    let theirs = offer.audio().unwrap();
    assert_eq!((theirs.rtcp, theirs.mux), (theirs.rtp, true));
    let (mut origin, us) = (Origin::new(1), us(1, false));
    let (answer, _) = local_answer(&offer, &us, &mut origin).unwrap();
    assert!(text(&answer).contains("a=rtcp-mux\r\n"));
    assert!(!text(&local_offer(&us, &mut Origin::new(2))).contains("mux"));
    assert!(text(&local_offer(&LocalMedia { mux: true, ..us }, &mut origin)).contains("a=rtcp-mux\r\n"));
}
