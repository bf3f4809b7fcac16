//! An offer in UPDATE (RFC 3311) goes end to end: as UPDATE to a phone that allows it, as re-INVITE to another.

use kiestoon_sip::Method;
use kiestoon_testkit::{Flowing, Story, phone, secs};

#[test]
fn as_update() {
    let (mut t, [a, b]) =
        Story::office(1).talking([phone("201").takes_update(), phone("202").takes_update()]);
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(2));
    t.expect(a).got_exactly(&[200], &Method::Update).flows(Flowing::SendOnly);
    t.expect(b).was_asked(&Method::Update, 1).was_asked(&Method::Invite, 1).flows(Flowing::RecvOnly);
    t.update_to(a, Flowing::SendRecv);
    t.run(secs(2));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn as_reinvite() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201").takes_update(), phone("202")]);
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(2));
    t.expect(a).got_exactly(&[200], &Method::Update);
    t.expect(b).was_asked(&Method::Update, 0).was_asked(&Method::Invite, 2).flows(Flowing::RecvOnly);
    t.close(b);
}

#[test]
fn refused_by_the_other_side_the_session_stays() {
    let (mut t, [a, b]) =
        Story::office(3).talking([phone("201").takes_update(), phone("202").refuses_reinvites(488)]);
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(2));
    t.expect(a).got_exactly(&[488], &Method::Update).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn without_an_offer_it_goes_no_further() {
    let (mut t, [a, b]) =
        Story::office(4).talking([phone("201").takes_update(), phone("202").takes_update()]);
    t.update(a);
    t.run(secs(2));
    t.expect(a).got_exactly(&[200], &Method::Update).talks_both_ways_with(b);
    t.expect(b).was_asked(&Method::Update, 0);
    t.close(a);
}

#[test]
fn of_a_caller_who_hears_itself() {
    let rules = "[[context.intern]]\nmatch = \"600\"\ndo = [{ echo = true }]\n";
    let mut t = Story::office(5).rules(rules);
    let a = t.add(phone("201").takes_update());
    t.register_all();
    t.call(a, "600");
    t.run(secs(2));
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(1));
    t.expect(a).got_exactly(&[200], &Method::Update).flows(Flowing::SendOnly);
    t.close(a);
}
