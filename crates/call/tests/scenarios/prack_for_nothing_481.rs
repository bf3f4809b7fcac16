//! A PRACK that fits no response of ours gets 481 (RFC 3262 section 3), and changes nothing.

use kiestoon_sip::{HeaderName, Message, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn and_the_call_goes_on() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").requires_100rel());
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run_until(secs(3), |t| t.phone(a).responses().any(|r| r.cseq.method == Method::Prack));
    let sent =
        t.net.ladder.rungs().filter(|rung| rung.from == t.address(a)).find_map(|rung| match &rung.message {
            Some(Message::Request(request)) if request.method == Method::Prack => Some(request.clone()),
            _ => None,
        });
    let mut strange = sent.expect("a PRACK");
    strange.headers.set(HeaderName::RAck, "4711 2 INVITE");
    for via in &mut strange.via {
        via.params.set("branch", "z9hG4bKstrange");
    }
    t.send_bytes(a, &strange.to_bytes());
    let answered = |t: &Story| {
        t.net.ladder.rungs().any(|rung| {
            matches!(&rung.message, Some(Message::Response(r))
                if r.cseq.method == Method::Prack && r.status.code() == 481)
        })
    };
    t.run_until(secs(1), answered);
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    assert_eq!(t.faults(), ["201: a response that fits no request of mine"]);
    t.expect(a).is_free();
    t.expect(b).is_free();
}
