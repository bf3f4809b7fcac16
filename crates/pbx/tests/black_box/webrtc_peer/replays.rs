//! Packets that were recorded on the way and are sent again (RFC 3711 section 3.3.2): nobody hears them.
use std::net::UdpSocket;
use std::time::Duration;

use kiestoon_media::webrtc::Kind;

use super::office::{self, TONES, body};
use super::peer::Peer;
use super::wire::Wire;
use crate::pbx::wait_for;

#[test]
fn are_not_heard_twice_wherever_they_come_from() {
    let pbx = office::start();
    let mut page = office::page(&pbx, "201");
    let peer = Peer::new(TONES[0], None);
    let call = page.invite("*43", &peer.offer());
    let wire = Wire::to(body(&call));
    peer.take(&wire.described(body(&call)));
    peer.expect(TONES[0]);
    peer.is_to_speak(false);

    // Each of these says its own number, so that it is known again.
    let said = |from: u8| (from..from + 20).map(|number| vec![number; 160]).collect::<Vec<_>>();
    let heard = || peer.heard().into_iter().filter(|one| is_marked(one)).collect::<Vec<_>>();
    // The peer itself would not hear a number twice: what counts is what comes to it.
    let rtp = || wire.came(Kind::Media).iter().filter(|one| !(192..=223).contains(&one[1])).count();
    wait_for("the end of the tone's echo", super::PATIENCE, || {
        let so_far = rtp();
        std::thread::sleep(Duration::from_millis(200));
        rtp() == so_far
    });
    let came_before = rtp();
    let before = wire.sent(Kind::Media).len();
    peer.send(&said(0), 10_000);
    wait_for("the echo", super::PATIENCE, || heard().len() >= 20);
    let recorded = wire.sent(Kind::Media).split_off(before);
    let elsewhere = UdpSocket::bind("127.0.0.1:0").unwrap();
    for packet in &recorded {
        wire.send(packet);
        elsewhere.send_to(packet, wire.pbx()).unwrap();
    }
    // What is said afterwards is heard next.
    peer.send(&said(20), 10_020);
    wait_for("the echo of what came later", super::PATIENCE, || heard().len() >= 40);
    assert_eq!(heard(), [said(0), said(20)].concat());
    assert_eq!(rtp() - came_before, 40);
    let mut nothing = [0; 16];
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.recv(&mut nothing).is_err(), "nothing is sent elsewhere");
    peer.is_to_speak(true);
    page.hang_up(&call);
}

/// Of one byte all through: no tone is.
fn is_marked(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| payload.iter().all(|byte| byte == first))
}
