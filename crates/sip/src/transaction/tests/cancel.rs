//! CANCEL in both directions.

use super::*;

#[test]
fn our_cancel_waits_for_a_provisional_response() {
    let mut world = World::new();
    let id = world.send(&request("INVITE", "z9hG4bKx"), udp());
    let invite = world.sent.clone().unwrap();
    world.layer.cancel_with_reason(world.now, id, "SIP;cause=200");
    world.drain();
    world.at(600).saw(&["0 > INVITE", "500 > INVITE"]);
    world.answer_to(&invite, 100, udp()).saw(&["600 > CANCEL", "600 response 100"]);
    let (cancel, sent) = (world.sent_request(), world.sent.clone().unwrap());
    let Message::Request(invited) = Message::parse(&invite).unwrap() else { panic!() };
    assert_eq!((cancel.uri, cancel.via, cancel.to), (invited.uri, invited.via, invited.to));
    assert_eq!(cancel.cseq.number, 7);
    assert_eq!(cancel.headers.get(&crate::header::HeaderName::Reason), Some("SIP;cause=200"));
    world.at(700).answer_to(&sent, 200, udp()).answer_to(&invite, 487, udp());
    world.saw(&["700 > ACK", "700 response 487"]);
    world.until_quiet().saw(&[]);
}

#[test]
fn a_cancel_that_is_not_answered_is_repeated() {
    let mut world = World::new();
    let id = world.send(&request("INVITE", "z9hG4bKx"), udp());
    world.answered(180, udp());
    world.layer.cancel(world.now, id);
    // A second one asks for nothing more.
    world.layer.cancel(world.now, id);
    world.drain();
    world.at(1600).saw(&["0 > INVITE", "0 response 180", "0 > CANCEL", "500 > CANCEL", "1500 > CANCEL"]);
    world.at(31_999).log.clear();
    world.until_quiet().saw(&["32000 failed Timeout"]);
}

#[test]
fn a_200_that_crosses_our_cancel_is_reported() {
    let mut world = World::new();
    let id = world.send(&request("INVITE", "z9hG4bKx"), udp());
    let invite = world.sent.clone().unwrap();
    world.answered(180, udp());
    world.layer.cancel(world.now, id);
    world.drain();
    let cancel = world.sent.clone().unwrap();
    world.answer_to(&invite, 200, udp()).answer_to(&cancel, 481, udp());
    world.saw(&["0 > INVITE", "0 response 180", "0 > CANCEL", "0 response 200"]);
    world.until_quiet().saw(&[]);
}

#[test]
fn a_cancel_after_the_final_response_is_not_sent() {
    let mut world = World::new();
    let id = world.send(&request("INVITE", "z9hG4bKx"), udp());
    world.answered(200, udp());
    world.layer.cancel(world.now, id);
    world.until_quiet().saw(&["0 > INVITE", "0 response 200"]);
    let other = world.send(&request("OPTIONS", "z9hG4bKx"), udp());
    world.layer.cancel(world.now, other);
    world.drain();
    assert_eq!(world.log.len(), 1);
}

#[test]
fn a_received_cancel_is_answered_and_reported_once() {
    let mut world = World::new();
    let cancel = request("CANCEL", "z9hG4bKa").replace("Contact:", "Reason: SIP;cause=200\nContact:");
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).respond(180);
    world.receive(&cancel, udp());
    assert_eq!(world.sent_response().to.tag(), Some("ours"));
    assert_eq!(world.sent_response().cseq.method, crate::message::Method::Cancel);
    world.receive(&cancel, udp()).respond(487);
    world.saw(&["0 request INVITE", "0 > 180", "0 > 200", "0 cancelled SIP;cause=200", "0 > 200", "0 > 487"]);
    world.receive(&cancel, udp()).saw(&["0 > 200"]);
}

#[test]
fn a_cancel_that_crosses_our_200_changes_nothing() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).respond(200);
    world.receive(&request("CANCEL", "z9hG4bKa"), udp()).saw(&["0 request INVITE", "0 > 200", "0 > 200"]);
}

#[test]
fn a_cancel_without_its_invite_gets_481() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp());
    world.receive(&request("CANCEL", "z9hG4bKb"), udp()).saw(&["0 request INVITE", "0 > 481"]);
    assert!(world.sent_response().to.tag().is_some());
    // Nor does one from another host match, though it knows the branch.
    let stranger = Flow { remote: "203.0.113.5:5070".parse().unwrap(), ..udp() };
    world.receive(&request("CANCEL", "z9hG4bKa"), stranger).saw(&["0 > 481"]);
    assert_eq!(world.sent_to.unwrap().remote, stranger.remote);
}
