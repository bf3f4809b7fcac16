//! Ordinary calls: either side may offer, and either may begin the handshake.
use webrtc::{
    dtls_transport::dtls_role::DTLSRole, peer_connection::peer_connection_state::RTCPeerConnectionState,
};

use super::office::{self, TONES, body};
use super::peer::Peer;

#[test]
fn an_echo_comes_back_to_who_begins_the_handshake_and_to_who_waits_for_it() {
    let pbx = office::start();
    let mut page = office::page(&pbx, "201");
    for (setup, answered) in [("actpass", "passive"), ("active", "passive"), ("passive", "active")] {
        let peer = Peer::new(TONES[0], None);
        let offer = peer.offer();
        assert!(offer.contains("a=setup:actpass\r\n"), "{offer}");
        let call = page.invite("*43", &offer.replace("a=setup:actpass", &format!("a=setup:{setup}")));
        assert!(call.contains(&format!("a=setup:{answered}\r\n")), "{call}");
        peer.take(body(&call));
        peer.expect(TONES[0]);
        assert_eq!(peer.state(), RTCPeerConnectionState::Connected);
        page.hang_up(&call);
    }
    assert!(pbx.history(3).iter().all(|call| call["end_reason"] == "hangup_caller"));
}

#[test]
fn two_peers_hear_each_other_and_who_is_called_controls_too() {
    let pbx = office::start();
    let (mut caller, mut callee) = (office::page(&pbx, "201"), office::page(&pbx, "202"));
    for (role, setup) in [(DTLSRole::Client, "active"), (DTLSRole::Server, "passive")] {
        let peers = [Peer::new(TONES[0], None), Peer::new(TONES[1], Some(role))];
        let answer = |offer: &str| {
            assert!(offer.contains("a=ice-lite\r\n") && offer.contains("a=setup:actpass\r\n"), "{offer}");
            let answer = peers[1].answer(offer);
            assert!(answer.contains(&format!("a=setup:{setup}\r\n")), "{answer}");
            answer
        };
        let call = office::call([&mut caller, &mut callee], &peers[0].offer(), answer);
        peers[0].take(body(&call));
        peers[0].expect(TONES[1]);
        peers[1].expect(TONES[0]);
        caller.hang_up(&call);
        let bye = callee.expect("BYE ");
        callee.accept(&bye, "");
    }
}
