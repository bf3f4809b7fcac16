//! A caller makes a new offer in its PRACK (RFC 3262 section 5): it goes on to a phone that takes UPDATE, and waits for the answer of
//! the call otherwise.

use kiestoon_sip::Method;
use kiestoon_testkit::{Flowing, Reply, Story, What, millis, phone, secs};

#[test]
fn it_goes_on_as_update() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").knows_100rel().takes_update().holds_in_prack());
    let b = t.add(phone("202").takes_update().follows(vec![
        (secs(0), Reply::Reliable { status: 183, described: true }),
        (secs(2), Reply::Answer),
    ]));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.expect(b).was_asked(&Method::Update, 1).was_asked(&Method::Invite, 1).flows(Flowing::RecvOnly);
    t.expect(a).talking_with("202").flows(Flowing::SendOnly).is_heard_by(b);
    t.close(a);
}

#[test]
fn it_is_answered_in_place_and_told_later() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").knows_100rel().takes_update().holds_in_prack());
    let b = t.add(phone("202").early_media_then_answers(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).got(200, &Method::Prack);
    t.expect(b).was_asked(&Method::Invite, 1);
    t.run(secs(4));
    t.expect(b).was_asked(&Method::Invite, 2).flows(Flowing::RecvOnly);
    t.expect(a).talking_with("202").is_heard_by(b);
    t.close(a);
}

#[test]
fn of_a_call_that_was_answered_meanwhile_it_goes_to_who_answered() {
    let mut t = Story::office(3);
    let a = t.add(phone("201").knows_100rel().takes_update().holds_in_prack());
    let b = t.add(phone("202").early_media_then_answers(millis(100)));
    t.register_all();
    t.drop_next(1, What::request("PRACK"));
    t.call(a, "202");
    t.run(secs(5));
    t.expect(a).talking_with("202").flows(Flowing::SendOnly).is_heard_by(b);
    t.expect(b).was_asked(&Method::Invite, 2).flows(Flowing::RecvOnly);
    t.close(a);
}
