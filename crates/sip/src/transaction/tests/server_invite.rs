//! Timers G, H, I and L.

use super::*;

#[test]
fn a_retransmitted_invite_gets_the_last_response_again() {
    let mut world = World::new();
    let invite = request("INVITE", "z9hG4bKa");
    world.receive(&invite, udp()).receive(&invite, udp()).saw(&["0 request INVITE"]);
    world.respond(100).receive(&invite, udp()).saw(&["0 > 100", "0 > 100"]);
    world.at(700).respond(180).receive(&invite, udp()).saw(&["700 > 180", "700 > 180"]);
}

#[test]
fn timer_g_repeats_a_non_2xx_until_timer_h_gives_the_ack_up() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).respond(486).until_quiet().saw(&[
        "0 request INVITE",
        "0 > 486",
        "500 > 486",
        "1500 > 486",
        "3500 > 486",
        "7500 > 486",
        "11500 > 486",
        "15500 > 486",
        "19500 > 486",
        "23500 > 486",
        "27500 > 486",
        "31500 > 486",
        "32000 ended NoAck",
    ]);
}

#[test]
fn over_tcp_a_non_2xx_goes_out_once() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), tcp()).respond(486);
    world.until_quiet().saw(&["0 request INVITE", "0 > 486", "32000 ended NoAck"]);
}

#[test]
fn the_ack_ends_timer_g_and_timer_i_absorbs_the_rest() {
    let mut world = World::new();
    let (invite, ack) = (request("INVITE", "z9hG4bKa"), request("ACK", "z9hG4bKa"));
    world.receive(&invite, udp()).respond(486).at(100).receive(&ack, udp());
    world.at(600).receive(&ack, udp()).receive(&invite, udp());
    world.saw(&["0 request INVITE", "0 > 486"]);
    world.at(5_099);
    assert_eq!(world.layer.len(), 1);
    world.at(5_100);
    assert!(world.layer.is_empty());
    assert_eq!(world.layer.deadline(), None);
}

#[test]
fn over_tcp_the_ack_ends_it_at_once() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), tcp()).respond(603);
    world.receive(&request("ACK", "z9hG4bKa"), tcp()).saw(&["0 request INVITE", "0 > 603"]);
    assert!(world.layer.is_empty());
}

#[test]
fn after_a_2xx_invites_are_absorbed_and_the_user_repeats_it_until_timer_l() {
    let mut world = World::new();
    let invite = request("INVITE", "z9hG4bKa");
    world.receive(&invite, udp()).respond(180).respond(200).receive(&invite, udp());
    world.saw(&["0 request INVITE", "0 > 180", "0 > 200"]);
    let id = world.server.unwrap();
    world.at(500);
    world.layer.retransmit(world.now, id);
    world.drain();
    world.saw(&["500 > 200"]);
    // The ACK of a 2xx has a branch of its own, and belongs to the dialog.
    world.receive(&request("ACK", "z9hG4bKother"), udp()).saw(&["500 ack"]);
    world.at(31_999).receive(&invite, udp()).saw(&[]);
    world.at(32_000).receive(&invite, udp()).saw(&["32000 request INVITE"]);
}

#[test]
fn an_ack_with_the_branch_of_its_accepted_invite_still_reaches_the_dialog() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).respond(200);
    world.receive(&request("ACK", "z9hG4bKa"), udp()).saw(&["0 request INVITE", "0 > 200", "0 ack"]);
}

#[test]
fn a_second_final_response_is_not_sent() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), tcp()).respond(486).respond(200).respond(180);
    world.saw(&["0 request INVITE", "0 > 486"]);
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), tcp()).respond(200).respond(486).respond(180);
    world.saw(&["0 request INVITE", "0 > 200"]);
}

#[test]
fn an_ack_before_any_final_response_changes_nothing() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).receive(&request("ACK", "z9hG4bKa"), udp());
    world.respond(200).saw(&["0 request INVITE", "0 > 200"]);
}

#[test]
fn an_invite_whose_user_never_answers_ends() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).at(60_000).respond(180);
    world.until_quiet().saw(&["0 request INVITE", "60000 > 180", "272000 ended Unanswered"]);
}
