//! A phone dies after it has answered a re-INVITE with 100: the other side is not kept waiting for as long as Timer C.

use kiestoon_sip::{Message, Method, StatusCode};
use kiestoon_testkit::{Ended, LineState, PhoneId, Story, What, phone, secs};

fn stuck(t: &mut Story, b: PhoneId, act: impl Fn(&mut Story)) {
    let is_trying = |message: &Message| matches!(message, Message::Response(response) if response.status == StatusCode::TRYING);
    t.drop_next(1000, What::matching("all but 100", move |message| !is_trying(message)).from(t.address(b)));
    act(t);
    t.run(secs(1));
    let asked =
        t.net.ladder.rungs().filter(|rung| rung.to == t.address(b)).filter_map(|rung| match &rung.message {
            Some(Message::Request(request)) if request.method == Method::Invite => Some(request.clone()),
            _ => None,
        });
    let trying = asked.last().expect("a re-INVITE").response(StatusCode::TRYING);
    t.send_bytes(b, &trying.to_bytes());
}

#[test]
fn the_call_ends_within_a_minute() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    stuck(&mut t, b, |t| t.hold(a));
    t.run(secs(62));
    assert!(matches!(t.phone(a).last_call(), Some((_, LineState::Ended(_)))));
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
}

#[test]
fn an_update_is_answered_before_its_transaction_ends() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").takes_update());
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    stuck(&mut t, b, |t| t.update_to(a, kiestoon_testkit::Flowing::SendOnly));
    t.run(secs(30));
    t.expect(a).got_exactly(&[504], &Method::Update);
    t.run(secs(32));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().reason("callee_gone");
}
