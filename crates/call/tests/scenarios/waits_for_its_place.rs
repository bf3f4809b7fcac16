//! A phone that takes a call over (Replaces) and has to wait until what is being negotiated there is over: meanwhile it may hang up,
//! and its 200 is repeated until its ACK comes, even where the call has ended and there is no place for it (RFC 3261 section 15).

use kiestoon_call::Input;
use kiestoon_sip::{Message, Method, StatusCode};
use kiestoon_testkit::{Ended, PhoneId, Story, What, millis, phone, secs};

/// The second phone of 202 takes over what the first one talks to 201, while that one offers something; it is answered now.
fn waiting(seed: u64, lost_acks: u32) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let desk = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.engine().open_after(millis(500));
    t.take_over(desk, b, "201", "");
    t.run(millis(100));
    t.drop_next(lost_acks, What::request("ACK").from(t.address(desk)));
    t.hold_back(5, What::response(200, "INVITE").from(t.address(a)), secs(5));
    t.reinvite(b);
    t.run(millis(600));
    t.expect(desk).talking_with("201");
    t.expect(b).talking_with("201");
    (t, [a, b, desk])
}

fn answers_to(t: &Story, phone: PhoneId) -> usize {
    let is_answer = |message: &Message| matches!(message, Message::Response(response) if response.status == StatusCode::OK && response.cseq.method == Method::Invite);
    let rungs = t.net.ladder.rungs().filter(|rung| rung.to == t.address(phone));
    rungs.filter(|rung| rung.message.as_ref().is_some_and(is_answer)).count()
}

fn operator_hangs_up(t: &mut Story) {
    let call = t.the_pbx().switch.calls(t.now()).first().expect("a call").id;
    t.tell_pbx(Input::Hangup { call });
}

#[test]
fn it_takes_its_place_and_its_ack_counts() {
    let (mut t, [a, b, desk]) = waiting(1, 0);
    t.run(secs(10));
    t.expect(b).ended(Ended::ByThem);
    t.expect(desk).talking_with("201").talks_both_ways_with(a);
    assert_eq!(answers_to(&t, desk), 1);
    t.expect_agreement();
    t.close(a);
}

#[test]
fn its_200_is_repeated_meanwhile() {
    let (mut t, [a, _, desk]) = waiting(2, 1);
    t.run(secs(2));
    assert_eq!(answers_to(&t, desk), 2);
    t.run(secs(8));
    t.expect(desk).talks_both_ways_with(a);
    assert_eq!(answers_to(&t, desk), 2);
    t.close(a);
}

#[test]
fn it_hangs_up_and_the_two_talk_on() {
    let (mut t, [a, b, desk]) = waiting(3, 0);
    t.hang_up(desk);
    t.run(secs(10));
    t.expect(desk).ended(Ended::ByUs).was_asked(&Method::Bye, 0);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect_agreement();
    t.close(a);
}

#[test]
fn the_call_ends_and_it_is_hung_up_once_its_ack_is_there() {
    let (mut t, [a, _, desk]) = waiting(4, 1);
    operator_hangs_up(&mut t);
    t.run(millis(100));
    t.expect(desk).was_asked(&Method::Bye, 0);
    t.run(secs(3));
    t.expect(desk).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.settle();
    t.expect(a).is_free();
    t.expect_nothing_left();
}

#[test]
fn one_whose_ack_never_comes_is_hung_up_too() {
    for (seed, ends) in [(5, true), (6, false)] {
        let (mut t, [_, _, desk]) = waiting(seed, 100);
        if ends {
            operator_hangs_up(&mut t);
        }
        t.run(secs(40));
        t.expect(desk).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
        t.settle();
        t.expect_nothing_left();
    }
}
