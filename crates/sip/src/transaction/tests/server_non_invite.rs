//! Timer J, and RFC 4320.

use super::*;

#[test]
fn the_final_response_is_repeated_until_timer_j() {
    let mut world = World::new();
    let bye = request("BYE", "z9hG4bKa");
    world.receive(&bye, udp()).receive(&bye, udp()).saw(&["0 request BYE"]);
    world.at(100).respond(200).at(500).receive(&bye, udp()).saw(&["100 > 200", "500 > 200"]);
    world.respond(500).saw(&[]);
    world.at(32_099).receive(&bye, udp()).saw(&["32099 > 200"]);
    world.at(32_100);
    assert!(world.layer.is_empty());
    world.receive(&bye, udp()).saw(&["32100 request BYE"]);
}

#[test]
fn a_provisional_response_is_repeated_too() {
    let mut world = World::new();
    let bye = request("BYE", "z9hG4bKa");
    world.receive(&bye, udp()).respond(100).receive(&bye, udp()).respond(200);
    world.saw(&["0 request BYE", "0 > 100", "0 > 100", "0 > 200"]);
}

#[test]
fn over_tcp_the_final_response_ends_it_at_once() {
    let mut world = World::new();
    world.receive(&request("BYE", "z9hG4bKa"), tcp()).respond(200);
    assert!(world.layer.is_empty());
    assert_eq!(world.layer.deadline(), None);
}

#[test]
fn no_408_is_sent_to_who_has_given_up() {
    let mut world = World::new();
    world.receive(&request("BYE", "z9hG4bKa"), udp()).until_quiet();
    world.saw(&["0 request BYE", "32000 ended Unanswered"]);
    world.respond(408).saw(&[]);
}

#[test]
fn a_stateless_answer_leaves_nothing() {
    let mut world = World::new();
    let register = request("REGISTER", "z9hG4bKa");
    world.receive(&register, udp());
    let response = world.request.clone().unwrap().response(StatusCode::UNAUTHORIZED);
    world.layer.respond_stateless(world.now, world.server.unwrap(), &response);
    world.drain();
    world.saw(&["0 request REGISTER", "0 > 401"]);
    assert!(world.layer.is_empty());
    assert_eq!(world.layer.deadline(), None);
    world.receive(&register, udp()).saw(&["0 request REGISTER"]);
}
