//! How much a layer holds, and that it gives it back.

use super::*;

fn limited(transactions: usize, retained_bytes: usize) -> World {
    World::with(Timers::default(), TransactionLimits { transactions, retained_bytes })
}

#[test]
fn a_full_layer_answers_503_and_fails_our_own() {
    let mut world = limited(1, 1 << 20);
    world.receive(&request("BYE", "z9hG4bKa"), udp()).receive(&request("OPTIONS", "z9hG4bKb"), udp());
    world.saw(&["0 request BYE", "0 > 503"]);
    assert_eq!(world.sent_response().headers.retry_after(), Some(5));
    world.send(&request("OPTIONS", "z9hG4bKx"), udp());
    world.saw(&["0 failed Overload"]);
    // ACK and CANCEL need no room.
    world.receive(&request("ACK", "z9hG4bKc"), udp()).receive(&request("CANCEL", "z9hG4bKc"), udp());
    world.saw(&["0 ack", "0 > 481"]);
    // What only waits for Timer J does not count.
    world.respond(200).receive(&request("OPTIONS", "z9hG4bKb"), udp());
    world.saw(&["0 > 200", "0 request OPTIONS"]);
}

#[test]
fn the_oldest_retained_responses_make_room() {
    let mut world = limited(1000, 4 * 700);
    for number in 0..10 {
        world.receive(&request("OPTIONS", &format!("z9hG4bK{number}")), udp()).respond(200);
    }
    let kept = world.layer.len();
    assert!((2..10).contains(&kept), "{kept}");
    world.log.clear();
    world.receive(&request("OPTIONS", "z9hG4bK9"), udp()).receive(&request("OPTIONS", "z9hG4bK0"), udp());
    world.saw(&["0 > 200", "0 request OPTIONS"]);
}

#[test]
fn ten_thousand_transactions_leave_a_small_layer() {
    let mut world = World::new();
    for number in 0..10_000 {
        let invite =
            request("INVITE", &format!("z9hG4bK{number}")).replace("call-1", &format!("call-{number}"));
        world.receive(&invite, udp()).respond(486);
        world.receive(&request("OPTIONS", &format!("z9hG4bK-{number}")), udp()).respond(200);
        world.send(&request("INVITE", "z9hG4bKx"), udp());
        world.answered(180, udp());
    }
    assert_eq!(world.layer.len(), 30_000);
    world.until_quiet();
    assert!(world.layer.paths_are_empty());
    assert!(world.layer.servers.capacity() <= 8192);
    assert!(world.layer.clients.capacity() <= 8192);
    assert!(world.layer.by_key.capacity() <= 8192);
    assert!(world.layer.by_merge.is_empty() && world.layer.by_merge.capacity() <= 8192);
}

#[test]
fn outdated_wake_ups_do_not_pile_up() {
    let mut world = World::new();
    for _ in 0..10_000 {
        world.send(&request("INVITE", "z9hG4bKx"), tcp());
        let invite = world.sent.clone().unwrap();
        world.answer_to(&invite, 180, tcp()).answer_to(&invite, 486, tcp());
    }
    assert!(world.layer.is_empty());
    assert!(world.layer.agenda_len() <= 1024, "{}", world.layer.agenda_len());
    assert_eq!(world.layer.deadline(), None);
    assert!(world.layer.paths_are_empty());
}
