//! Timers A, B, C, D and M, and the ACK of a non-2xx.

use super::*;

#[test]
fn timer_a_doubles_until_timer_b_gives_up() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), udp());
    world.until_quiet().saw(&[
        "0 > INVITE",
        "500 > INVITE",
        "1500 > INVITE",
        "3500 > INVITE",
        "7500 > INVITE",
        "15500 > INVITE",
        "31500 > INVITE",
        "32000 failed Timeout",
    ]);
}

#[test]
fn over_tcp_nothing_is_repeated() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    world.until_quiet().saw(&["0 > INVITE", "32000 failed Timeout"]);
}

#[test]
fn a_provisional_response_stops_timer_a_and_starts_timer_c() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), udp());
    world.at(400).answered(180, udp()).at(180_399).saw(&["0 > INVITE", "400 response 180"]);
    // Timer C: the INVITE is cancelled; the peer answers neither.
    world.at(180_400).saw(&["180400 > CANCEL"]);
    world.at(212_399);
    assert!(world.log.iter().all(|line| line.ends_with("> CANCEL")), "{:?}", world.log);
    world.log.clear();
    world.at(212_400).saw(&["212400 failed TimerC"]);
    world.until_quiet();
}

#[test]
fn timer_c_is_restarted_by_all_provisional_responses_but_100() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    let invite = world.sent.clone().unwrap();
    world.at(1000).answer_to(&invite, 183, tcp());
    world.at(170_000).answer_to(&invite, 100, tcp()).at(180_999).saw(&[
        "0 > INVITE",
        "1000 response 183",
        "170000 response 100",
    ]);
    world.answer_to(&invite, 180, tcp()).at(300_000).saw(&["180999 response 180"]);
    world.at(360_999).saw(&["360999 > CANCEL"]);
    world.answered(200, tcp()).answer_to(&invite, 487, tcp());
    world.saw(&["360999 > ACK", "360999 response 487"]).until_quiet();
}

#[test]
fn timer_c_may_be_shorter_than_timer_b() {
    let timers = Timers { timer_c: Duration::from_secs(3), ..Timers::default() };
    let mut world = World::with(timers, TransactionLimits::default());
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    world.until_quiet().saw(&["0 > INVITE", "3000 failed TimerC"]);
}

#[test]
fn a_non_2xx_is_acknowledged_each_time_until_timer_d() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), udp());
    let invite = world.sent.clone().unwrap();
    world.at(100).answer_to(&invite, 486, udp()).saw(&["0 > INVITE", "100 > ACK", "100 response 486"]);
    world.at(600).answer_to(&invite, 486, udp()).saw(&["600 > ACK"]);
    // A late provisional and a final one that changed its mind are not for the user.
    world.answer_to(&invite, 180, udp()).answer_to(&invite, 200, udp()).saw(&[]);
    world.at(32_099);
    assert_eq!(world.layer.len(), 1);
    world.at(32_100);
    assert!(world.layer.is_empty());
    world.answer_to(&invite, 486, udp()).saw(&[]);
}

#[test]
fn over_tcp_a_non_2xx_ends_it_at_once() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    world.answered(486, tcp()).saw(&["0 > INVITE", "0 > ACK", "0 response 486"]);
    assert!(world.layer.is_empty());
    assert_eq!(world.layer.deadline(), None);
}

#[test]
fn the_ack_of_a_non_2xx_repeats_the_invite() {
    let mut world = World::new();
    let routed = request("INVITE", "z9hG4bKx")
        .replace("Contact:", "Route: <sip:a.example;lr>\nRoute: <sip:b.example;lr>\nContact:");
    world.send(&routed, udp());
    let invite = world.sent_request();
    world.answered(404, udp());
    let ack = world.sent_request();
    assert_eq!((ack.uri, ack.via, ack.from), (invite.uri, invite.via, invite.from));
    assert_eq!((ack.call_id, ack.cseq.number), (invite.call_id, 7));
    assert_eq!(ack.to.tag(), Some("peer"));
    let routes = |headers: &crate::header::Headers| headers.route().unwrap();
    assert_eq!(routes(&ack.headers), routes(&invite.headers));
    assert!(!ack.headers.contains(&crate::header::HeaderName::Contact));
}

#[test]
fn further_2xx_of_forks_are_reported_until_timer_m() {
    for flow in [udp(), tcp()] {
        let mut world = World::new();
        world.send(&request("INVITE", "z9hG4bKx"), flow);
        let invite = world.sent.clone().unwrap();
        world.answer_to(&invite, 200, flow).at(500).answer_to(&invite, 200, flow);
        world.at(31_999).answer_to(&invite, 200, flow);
        world.answer_to(&invite, 180, flow).answer_to(&invite, 486, flow);
        world.at(32_000).answer_to(&invite, 200, flow);
        world.saw(&["0 > INVITE", "0 response 200", "500 response 200", "31999 response 200"]);
        assert!(world.layer.is_empty());
    }
}

#[test]
fn the_via_asks_for_rport_and_names_us() {
    let mut world = World::new();
    world.send(&request("OPTIONS", "z9hG4bKx"), udp());
    let sent = world.sent_request();
    let [via] = sent.via.as_slice() else { panic!("{:?}", sent.via) };
    assert!(via.branch().unwrap().starts_with("z9hG4bK"));
    assert_eq!((via.host.to_string(), via.port, via.rport()), ("192.0.2.9".into(), Some(5060), Some(None)));
}

#[test]
fn the_ack_of_a_2xx_has_a_branch_of_its_own_and_no_transaction() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), tcp());
    let branch = world.sent_request().via[0].branch().unwrap().to_owned();
    world.answered(200, tcp());
    let Message::Request(mut ack) = message(&request("ACK", "z9hG4bKy")) else { panic!() };
    ack.via.clear();
    world.layer.ack(world.now, ack, tcp(), tcp().local);
    world.drain();
    assert_ne!(world.sent_request().via[0].branch(), Some(&*branch));
    assert_eq!(world.layer.len(), 1);
    world.saw(&["0 > INVITE", "0 response 200", "0 > ACK"]);
}
