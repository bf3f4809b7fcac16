//! Which codecs two phones are brought together with: their own where they share one, ours where they do not.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kiestoon_media::codec::Encoding;
use kiestoon_media::{
    LocalMedia, Origin, Policy, Sdp, SdpError, local_answer, local_offer, relay_answer, relay_offer,
};
use proptest::prelude::*;

fn us() -> LocalMedia {
    let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    LocalMedia::new(SocketAddr::new(address, 20_000), SocketAddr::new(address, 20_001))
}

fn leg() -> Origin {
    Origin::with_policy(84, Arc::new(Policy::usual()))
}

/// `8 PCMA`, `96 opus/48000/2`: a format a word pair; parameters after a blank.
fn phone(formats: &[&str]) -> Sdp {
    let numbers: Vec<&str> = formats.iter().map(|format| format.split(' ').next().unwrap()).collect();
    let mut text = format!(
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP {}\n",
        numbers.join(" ")
    );
    for format in formats {
        let (number, map) = format.split_once(' ').unwrap();
        let map = if map.contains('/') { map.to_owned() } else { format!("{map}/8000") };
        text.push_str(&format!("a=rtpmap:{number} {map}\n"));
    }
    Sdp::parse(text.as_bytes()).unwrap()
}

fn formats(sdp: &Sdp) -> Vec<String> {
    let codecs = sdp.audio().unwrap().codecs;
    codecs.iter().map(|codec| format!("{} {}", codec.payload_type, codec.name)).collect()
}

#[test]
fn a_callee_is_offered_the_callers_codecs_and_then_ours() {
    let caller = phone(&["0 PCMU", "3 GSM", "101 telephone-event"]);
    let offered = relay_offer(&caller, &us(), &mut leg()).unwrap();
    assert_eq!(formats(&offered), ["0 PCMU", "3 GSM", "101 telephone-event", "111 opus", "9 G722", "8 PCMA"]);
    let text = String::from_utf8(offered.to_bytes().to_vec()).unwrap();
    assert!(text.contains("a=fmtp:111 maxplaybackrate=16000;stereo=0;useinbandfec=1;usedtx=1\r\n"), "{text}");
}

#[test]
fn nothing_is_added_to_what_cannot_be_transcoded() {
    let caller = phone(&["3 GSM", "18 G729"]);
    assert_eq!(formats(&relay_offer(&caller, &us(), &mut leg()).unwrap()), ["3 GSM", "18 G729"]);
}

#[test]
fn a_number_in_use_is_not_given_twice() {
    let caller = phone(&["8 PCMA", "111 AMR", "101 speex/16000"]);
    let offered = relay_offer(&caller, &us(), &mut leg()).unwrap();
    assert_eq!(
        formats(&offered),
        ["8 PCMA", "111 AMR", "101 speex", "96 opus", "9 G722", "0 PCMU", "97 telephone-event"]
    );
}

#[test]
fn a_codec_that_both_have_is_answered_alone() {
    let caller = phone(&["96 opus/48000/2", "9 G722", "8 PCMA", "101 telephone-event"]);
    let callee = phone(&["8 PCMA", "0 PCMU", "101 telephone-event"]);
    let answered = relay_answer(&caller, &callee, &us(), &mut leg()).unwrap();
    assert_eq!(formats(&answered), ["8 PCMA", "101 telephone-event"]);
}

#[test]
fn phones_without_a_common_codec_are_brought_together() {
    let caller = phone(&["3 GSM", "96 opus/48000/2", "8 PCMA", "101 telephone-event", "13 CN"]);
    let callee = phone(&["9 G722", "101 telephone-event"]);
    let answered = relay_answer(&caller, &callee, &us(), &mut leg()).unwrap();
    assert_eq!(formats(&answered), ["96 opus", "8 PCMA", "101 telephone-event", "13 CN"]);
    let strange = phone(&["3 GSM"]);
    assert_eq!(relay_answer(&strange, &callee, &us(), &mut leg()), Err(SdpError::NoCommonCodec));
    assert_eq!(relay_answer(&caller, &phone(&["18 G729"]), &us(), &mut leg()), Err(SdpError::NoCommonCodec));
    assert_eq!(relay_answer(&caller, &callee, &us(), &mut Origin::new(1)), Err(SdpError::NoCommonCodec));
}

#[test]
fn g729_is_transcoded_where_it_is_switched_on() {
    let mut policy = Policy::usual();
    policy.codecs.push(Encoding::G729);
    let mut origin = Origin::with_policy(1, Arc::new(policy));
    let answered = relay_answer(&phone(&["18 G729"]), &phone(&["0 PCMU"]), &us(), &mut origin).unwrap();
    assert_eq!(formats(&answered), ["18 G729"]);
    assert!(String::from_utf8_lossy(&answered.to_bytes()).contains("annexb=no"));
}

#[test]
fn events_stay_with_a_caller_whose_callee_takes_none() {
    let caller = phone(&["8 PCMA", "101 telephone-event"]);
    let answered = relay_answer(&caller, &phone(&["8 PCMA"]), &us(), &mut leg()).unwrap();
    assert_eq!(formats(&answered), ["8 PCMA", "101 telephone-event"]);
}

#[test]
fn prompts_are_answered_in_the_callers_first_choice() {
    let (answer, codec) = local_answer(&phone(&["3 GSM", "9 G722", "0 PCMU"]), &us(), &mut leg()).unwrap();
    assert_eq!((formats(&answer), &*codec.name), (vec!["9 G722".to_owned()], "G722"));
    let (_, codec) = local_answer(&phone(&["9 G722", "0 PCMU"]), &us(), &mut Origin::new(1)).unwrap();
    assert_eq!(&*codec.name, "PCMU");
    let ours = local_offer(&us(), &mut leg());
    assert_eq!(formats(&ours), ["111 opus", "9 G722", "8 PCMA", "0 PCMU", "101 telephone-event"]);
}

#[test]
fn a_number_keeps_its_meaning_for_the_whole_session() {
    let mut session = leg();
    let caller = phone(&["8 PCMA", "96 opus/48000/2", "97 telephone-event"]);
    relay_answer(&caller, &phone(&["8 PCMA"]), &us(), &mut session).unwrap();
    // The callee numbers its new offer the other way round.
    let callee = phone(&["97 opus/48000/2", "8 PCMA", "96 telephone-event"]);
    let offered = relay_offer(&callee, &us(), &mut session).unwrap();
    assert_eq!(formats(&offered)[..3], ["96 opus", "8 PCMA", "97 telephone-event"]);
}

#[test]
fn only_what_both_descriptions_name_is_spoken() {
    let mut session = leg();
    let caller = phone(&["96 opus/48000/2", "9 G722", "8 PCMA", "101 telephone-event"]);
    relay_answer(&caller, &phone(&["8 PCMA", "101 telephone-event"]), &us(), &mut session).unwrap();
    let mut remote = caller.audio().unwrap();
    session.narrow(&mut remote);
    let names: Vec<&str> = remote.codecs.iter().map(|codec| &*codec.name).collect();
    assert_eq!(names, ["PCMA", "telephone-event"]);
    // An answer under numbers of its own stays as it is.
    let mut session = leg();
    relay_offer(&caller, &us(), &mut session).unwrap();
    let mut remote = phone(&["100 opus/48000/2", "120 telephone-event"]).audio().unwrap();
    session.narrow(&mut remote);
    assert_eq!(remote.codecs.len(), 2);
}

proptest! {
    /// Whatever phones list: no number stands twice in what we write, and an answer holds only what was offered.
    #[test]
    fn numbers_are_never_ambiguous(
        lists in proptest::collection::vec(
            proptest::collection::vec((96_u8..128, "opus/48000/2|telephone-event/8000|speex/16000|AMR/8000"), 0..6),
            1..6,
        )
    ) {
        let mut session = leg();
        for list in lists {
            let mut lines = vec!["8 PCMA".to_owned()];
            for (number, map) in list {
                if lines.iter().all(|line| !line.starts_with(&number.to_string())) {
                    lines.push(format!("{number} {map}"));
                }
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let theirs = phone(&lines);
            let ours = relay_offer(&theirs, &us(), &mut session).unwrap();
            let mut numbers: Vec<u8> =
                ours.audio().unwrap().codecs.iter().map(|codec| codec.payload_type).collect();
            let before = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), before);
            let answered = relay_answer(&theirs, &ours, &us(), &mut leg()).unwrap();
            for codec in answered.audio().unwrap().codecs {
                prop_assert!(theirs.audio().unwrap().codecs.iter().any(
                    |theirs| theirs.payload_type == codec.payload_type && theirs.same_encoding(&codec)
                ));
            }
        }
    }
}
