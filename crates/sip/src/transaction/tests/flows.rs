//! Lost connections and refused datagrams.

use super::*;

#[test]
fn a_lost_connection_fails_what_waits_on_it() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    world.answered(180, tcp());
    world.send(&request("OPTIONS", "z9hG4bKx"), tcp());
    let other = Flow { connection: Some(ConnectionId(4)), ..tcp() };
    world.send(&request("BYE", "z9hG4bKx"), other);
    world.receive(&request("INVITE", "z9hG4bKa"), tcp());
    world.log.clear();
    world.layer.flow_failed(world.now, &tcp());
    world.drain();
    world.saw(&["0 failed Transport", "0 failed Transport", "0 ended Transport"]);
    assert_eq!(world.layer.len(), 1);
    world.until_quiet().saw(&["32000 failed Timeout"]);
}

#[test]
fn what_is_answered_ends_quietly_with_its_connection() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    world.answered(200, tcp()).receive(&request("INVITE", "z9hG4bKa"), tcp()).respond(200);
    world.receive(&request("INVITE", "z9hG4bKb").replace("call-1", "call-2"), tcp()).respond(486);
    world.log.clear();
    world.layer.flow_failed(world.now, &tcp());
    world.drain();
    world.saw(&[]);
    assert!(world.layer.is_empty());
    assert_eq!(world.layer.deadline(), None);
}

#[test]
fn a_refused_datagram_fails_our_requests_to_that_peer_only() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), udp());
    let other = Flow { remote: "192.0.2.2:5070".parse().unwrap(), ..udp() };
    world.send(&request("OPTIONS", "z9hG4bKx"), other);
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).log.clear();
    world.layer.flow_failed(world.now, &udp());
    world.drain();
    world.saw(&["0 failed Transport"]);
    assert_eq!(world.layer.len(), 2);
}

#[test]
fn a_lost_connection_ends_a_cancel_too() {
    let mut world = World::new();
    let id = world.send(&request("INVITE", "z9hG4bKx"), tcp());
    world.answered(180, tcp());
    world.layer.cancel(world.now, id);
    world.layer.flow_failed(world.now, &tcp());
    world.drain();
    world.saw(&["0 > INVITE", "0 response 180", "0 > CANCEL", "0 failed Transport"]);
    assert!(world.layer.is_empty());
}

#[test]
fn a_request_that_waits_for_its_connection_fails_with_it() {
    let mut world = World::new();
    let unopened = Flow { connection: None, ..tcp() };
    world.send(&request("OPTIONS", "z9hG4bKx"), unopened);
    world.layer.flow_failed(world.now, &unopened);
    world.drain();
    world.send(&request("OPTIONS", "z9hG4bKx"), unopened);
    world.layer.flow_failed(world.now, &tcp());
    world.drain();
    world.saw(&["0 > OPTIONS", "0 failed Transport", "0 > OPTIONS", "0 failed Transport"]);
}
