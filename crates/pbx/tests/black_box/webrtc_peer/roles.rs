//! Role conflicts (RFC 8445 section 7.3.1.1): we are lite, thus always the controlled side.
use kiestoon_media::webrtc::Kind;
use webrtc::{
    dtls_transport::dtls_role::DTLSRole, peer_connection::peer_connection_state::RTCPeerConnectionState,
};

use super::check::{answered, attribute, check};
use super::office::{self, TONES, body};
use super::peer::Peer;
use super::wire::Wire;
use crate::pbx::wait_for;

#[test]
fn who_takes_our_role_is_told_so_until_it_controls_and_others_talk_on() {
    let pbx = office::start();
    let (mut caller, mut callee) = (office::page(&pbx, "201"), office::page(&pbx, "202"));
    let peers = [Peer::new(TONES[0], None), Peer::new(TONES[1], Some(DTLSRole::Client))];
    // Not knowing that we are lite, who answers is controlled (section 6.1.1), and says so in its checks.
    let mut told = None;
    let answer = |offer: &str| {
        let wire = Wire::to(offer);
        let answer = peers[1].answer(&wire.described(offer).replace("a=ice-lite\r\n", ""));
        told = Some((wire, offer.to_owned(), answer.clone()));
        answer
    };
    let call = office::call([&mut caller, &mut callee], &peers[0].offer(), answer);
    peers[0].take(body(&call));
    let (wire, offer, answer) = told.unwrap();
    let password = attribute(&offer, "ice-pwd");
    let answers =
        || wire.came(Kind::Stun).iter().filter_map(|one| answered(one, password)).collect::<Vec<_>>();
    wait_for("role conflicts", super::PATIENCE, || answers().len() >= 3);
    assert!(answers().iter().all(|code| *code == 487), "{:?}", answers());
    assert_ne!(peers[1].state(), RTCPeerConnectionState::Connected);
    assert!(wire.came(Kind::Dtls).is_empty() && peers[1].heard().is_empty(), "no path has been proved");

    // Having changed its role, it is let in.
    wire.send(&check(&answer, &offer, password, true));
    wait_for("an answer to who controls", super::PATIENCE, || answers().contains(&200));
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 1);
    caller.hang_up(&call);
}
