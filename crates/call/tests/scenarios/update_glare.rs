//! Offers that cross (RFC 3311 section 5.2, RFC 6337 section 4): both sides are told to try again, and both get through.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Flowing, Story, phone, secs};

#[test]
fn two_updates() {
    for seed in 0..10 {
        let (mut t, [a, b]) =
            Story::office(seed).talking([phone("201").takes_update(), phone("202").takes_update()]);
        t.update_to(a, Flowing::SendRecv);
        t.update_to(b, Flowing::SendRecv);
        t.run(secs(15));
        let refused = |id| t.phone(id).responses().any(|response| response.status.code() == 491);
        assert!(refused(a) || refused(b), "nobody was told of the glare");
        t.expect(a).talking_with("202").talks_both_ways_with(b).got(200, &Method::Update);
        t.expect(b).got(200, &Method::Update);
        t.close(a);
    }
}

#[test]
fn an_update_and_a_reinvite() {
    for seed in 0..10 {
        let (mut t, [a, b]) = Story::office(seed).talking([phone("201").takes_update(), phone("202")]);
        t.update_to(a, Flowing::SendRecv);
        t.reinvite(b);
        t.run(secs(15));
        t.expect(a).talking_with("202").talks_both_ways_with(b).got(200, &Method::Update);
        t.close(a);
    }
}

#[test]
fn before_the_first_offer_is_answered_it_is_too_early() {
    let mut t = Story::office(3);
    let a = t.add(phone("201").takes_update());
    let b = t.add(phone("202").answers_after(secs(4)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(1));
    t.expect(a).got_exactly(&[500], &Method::Update).got_header(500, &HeaderName::RetryAfter, "");
    t.run(secs(5));
    t.expect(a).talking_with("202");
    t.expect(b).was_asked(&Method::Update, 0);
    t.close(a);
    t.expect_cdr().answered();
}
