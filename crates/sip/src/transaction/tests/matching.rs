//! Which transaction a message belongs to, and where responses go.

use super::*;

#[test]
fn method_branch_sent_by_and_source_tell_transactions_apart() {
    let base = request("MESSAGE", "z9hG4bKa")
        .replace("To: <sip:202@pbx.example>", "To: <sip:202@pbx.example>;tag=t");
    let others = [
        base.replace("z9hG4bKa", "z9hG4bKb"),
        base.replace("192.0.2.1:5070;branch", "192.0.2.1:5071;branch"),
        base.replace("192.0.2.1:5070;branch", "phone.example:5070;branch"),
        base.replace("MESSAGE", "INFO"),
    ];
    for other in others {
        let mut world = World::new();
        world.receive(&base, udp()).receive(&other, udp());
        assert_eq!(world.log.len(), 2, "{other}");
    }
    let mut world = World::new();
    let elsewhere = Flow { remote: "203.0.113.5:5070".parse().unwrap(), ..udp() };
    world.receive(&base, udp()).receive(&base, elsewhere);
    assert_eq!(world.log.len(), 2);
    // Hosts and branches compare without case; another port of the same host is the same sender behind NAT.
    let mut world = World::new();
    let other_port = Flow { remote: "192.0.2.1:9999".parse().unwrap(), ..udp() };
    world.receive(&base, udp()).receive(&base.replace("z9hG4bKa", "Z9HG4BKA"), other_port);
    world.saw(&["0 request MESSAGE"]);
}

#[test]
fn elements_of_rfc_2543_are_matched_by_the_whole_request() {
    let mut world = World::new();
    let invite = request("INVITE", "1");
    world.receive(&invite, udp()).receive(&invite, udp()).respond(486);
    world.receive(&request("ACK", "1"), udp()).saw(&["0 request INVITE", "0 > 486"]);
    world.at(5_000);
    assert!(world.layer.is_empty());
    for other in [
        invite.replace("tag=a", "tag=b"),
        invite.replace("CSeq: 7", "CSeq: 8"),
        invite.replace("call-1", "call-2"),
        invite.replace("INVITE sip:202", "INVITE sip:203"),
        invite.replace("branch=1", "branch=2"),
    ] {
        let mut world = World::new();
        let refused_as_merged = other.contains("sip:203") || other.contains("branch=2");
        world.receive(&invite, udp()).receive(&other, udp());
        world.saw(&["0 request INVITE", if refused_as_merged { "0 > 482" } else { "0 request INVITE" }]);
    }
}

#[test]
fn no_branch_at_all_is_matched_too() {
    let mut world = World::new();
    let invite = request("INVITE", "1").replace(";branch=1;rport", "");
    world.receive(&invite, udp()).receive(&invite, udp()).respond(200);
    world.receive(&request("ACK", "1").replace(";branch=1;rport", ""), udp());
    world.saw(&["0 request INVITE", "0 > 200", "0 ack"]);
}

#[test]
fn responses_of_strangers_match_nothing() {
    let mut world = World::new();
    world.send(&request("INVITE", "z9hG4bKx"), udp());
    let Message::Request(sent) = Message::parse(&world.sent.clone().unwrap()).unwrap() else { panic!() };
    let branch = sent.via[0].branch().unwrap().to_owned();
    let mut wrong = Vec::new();
    for change in [branch.replace("z9hG4bK0", "z9hG4bK1"), format!("{branch}0"), "z9hG4bK".into(), "x".into()]
    {
        let mut response = sent.response(StatusCode::OK);
        response.via[0].params.set("branch", change.as_str());
        wrong.push(response);
    }
    let mut guessed = sent.response(StatusCode::OK);
    guessed.via[0].params.set("branch", format!("z9hG4bK{:016x}{:016x}", 1, 1).as_str());
    let mut method = sent.response(StatusCode::OK);
    method.cseq.method = crate::message::Method::Bye;
    let mut more_vias = sent.response(StatusCode::OK);
    more_vias.via.push(sent.via[0].clone());
    let mut cancel = sent.response(StatusCode::OK);
    cancel.cseq.method = crate::message::Method::Cancel;
    wrong.extend([guessed, method, more_vias, cancel]);
    for response in wrong {
        world.layer.receive(world.now, Message::Response(response), udp());
    }
    world.drain();
    world.saw(&["0 > INVITE"]);
}

#[test]
fn responses_go_where_the_request_came_from() {
    let natted = Flow { remote: "198.51.100.7:61000".parse().unwrap(), ..udp() };
    let mut world = World::new();
    world.receive(&request("BYE", "z9hG4bKa"), natted).respond(200);
    assert_eq!(world.sent_to, Some(natted));
    let via = &world.sent_response().via[0];
    assert_eq!((via.received(), via.rport()), (Some(natted.remote.ip()), Some(Some(61000))));

    // Without rport: the source's address at the port of the Via. Not at maddr.
    let mut world = World::new();
    let old = request("BYE", "z9hG4bKa").replace(";rport", ";maddr=203.0.113.200");
    world.receive(&old, natted).respond(200);
    assert_eq!(world.sent_to.unwrap().remote, "198.51.100.7:5070".parse().unwrap());
    let mut world = World::new();
    world.receive(&old.replace("192.0.2.1:5070;branch", "192.0.2.1;branch"), natted).respond(200);
    assert_eq!(world.sent_to.unwrap().remote, "198.51.100.7:5060".parse().unwrap());

    // Over a connection: back over it, whatever the Via says.
    let mut world = World::new();
    let connection = Flow { remote: natted.remote, ..tcp() };
    world.receive(&old, connection).respond(200);
    assert_eq!(world.sent_to, Some(connection));
}

#[test]
fn a_request_that_came_by_two_ways_is_refused_once() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).receive(&request("INVITE", "z9hG4bKb"), udp());
    world.saw(&["0 request INVITE", "0 > 482"]);
    // Within a dialog it is another matter.
    let inside =
        request("INFO", "z9hG4bKc").replace("To: <sip:202@pbx.example>", "To: <sip:202@pbx.example>;tag=t");
    world.receive(&inside, udp()).receive(&inside.replace("z9hG4bKc", "z9hG4bKd"), udp());
    world.saw(&["0 request INFO", "0 request INFO"]);
}

#[test]
fn who_was_refused_may_come_back_with_the_same_cseq() {
    let mut world = World::new();
    world.receive(&request("INVITE", "z9hG4bKa"), udp()).respond(407);
    world.receive(&request("INVITE", "z9hG4bKb"), udp());
    world.saw(&["0 request INVITE", "0 > 407", "0 request INVITE"]);
}
