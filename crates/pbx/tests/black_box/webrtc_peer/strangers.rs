//! In mid-call, others knock at the one port: who has proved nothing gets no answer, and what is sent in the peer's name but not with its
//! keys changes nothing (RFC 6347 section 4.1.2.7).
use std::net::UdpSocket;

use kiestoon_media::webrtc::Kind;
use webrtc::peer_connection::peer_connection_state::RTCPeerConnectionState;

use super::check::{attribute, check};
use super::office::{self, TONES, body};
use super::peer::Peer;
use super::wire::Wire;

#[test]
fn strangers_get_no_answer_and_the_call_lives() {
    in_mid_call(|wire, offer, call| {
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        let hello = hello(wire);
        let wrong = check(offer, call, "0123456789abcdefghijklmn", true);
        let unknown =
            check(offer, &call.replace("a=ice-ufrag:", "a=ice-ufrag:x"), attribute(call, "ice-pwd"), true);
        let speech = wire.sent(Kind::Media).pop().unwrap();
        for datagram in [&hello, &wrong, &unknown, &speech, &vec![22; 100], &vec![0; 20], &vec![128; 40]] {
            stranger.send_to(datagram, wire.pbx()).unwrap();
        }
        stranger
    });
}

#[test]
fn what_comes_in_the_peers_name_without_its_keys_changes_nothing() {
    in_mid_call(|wire, _, _| {
        let alert = |level, about| [&RECORD[..], &[0, 2, level, about]].concat();
        let close = [&[21][..], &alert(1, 0)].concat();
        let fatal = [&[21][..], &alert(2, 40)].concat();
        let garbage = [&[22][..], &RECORD[..], &[0, 40], &[0xff; 40]].concat();
        for datagram in
            [&hello(wire), &close, &fatal, &garbage, &vec![22; 100], &vec![20], &vec![128; 40], &vec![0; 20]]
        {
            wire.send(datagram);
        }
        UdpSocket::bind("127.0.0.1:0").unwrap()
    });
}

/// An echo that is heard before and after `disturb`, which returns a socket to which nothing may have come.
fn in_mid_call(disturb: impl FnOnce(&Wire, &str, &str) -> UdpSocket) {
    let pbx = office::start();
    let mut page = office::page(&pbx, "201");
    let (peer, mut nothing) = (Peer::new(TONES[0], None), [0; 16]);
    let offer = peer.offer();
    let call = page.invite("*43", &offer);
    let wire = Wire::to(body(&call));
    peer.take(&wire.described(body(&call)));
    peer.expect(TONES[0]);
    let stranger = disturb(&wire, &offer, body(&call));
    for _ in 0..2 {
        peer.expect(TONES[0]);
    }
    assert_eq!(peer.state(), RTCPeerConnectionState::Connected);
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut nothing).is_err(), "a stranger is answered");
    page.hang_up(&call);
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}

/// The ClientHello with which the peer began.
fn hello(wire: &Wire) -> Vec<u8> {
    let first = wire.sent(Kind::Dtls).swap_remove(0);
    assert_eq!((first[0], first[13]), (22, 1), "a handshake that begins with a ClientHello");
    first
}

/// What follows the content type in a record before any keys: DTLS 1.2, epoch 0, a number.
const RECORD: [u8; 10] = [254, 253, 0, 0, 0, 0, 0, 0, 0, 9];
