//! Connected identity (RFC 4916): a phone that says `from-change` is told by the From of our requests who it talks to after a transfer, and
//! a trusted network may say so itself.

use kiestoon_call::Network;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request};
use kiestoon_testkit::{PhoneId, Story, What, millis, phone, secs};

/// The user and the name in the From of the last request of a method.
fn from_of(t: &Story, phone: PhoneId, method: &Method) -> (String, String) {
    let found = t.phone(phone).requests().filter(|request| request.method == *method).last();
    let from = &found.expect("such a request").from;
    (from.uri.user().unwrap_or_default().to_owned(), from.display.as_deref().unwrap_or_default().to_owned())
}

fn announces(request: &Request) -> bool {
    request.headers.supported().any(|tag| tag == "from-change")
}

#[test]
fn after_a_blind_transfer_by_reinvite_or_update() {
    for update in [false, true] {
        let mut t = Story::office(1);
        let base = phone("201").takes_from_change();
        let a = t.add(if update { base.takes_update() } else { base });
        let b = t.add(phone("202").takes_from_change());
        let c = t.add(phone("203"));
        t.register_all();
        t.call(a, "202");
        t.run(secs(3));
        t.transfer(b, "201", "203");
        t.run(secs(5));
        t.expect(a).talks_both_ways_with(c).is_shown("203");
        let method = if update { Method::Update } else { Method::Invite };
        assert_eq!(from_of(&t, a, &method), ("203".to_owned(), "Toestel 203".to_owned()));
        assert!(t.phone(b).requests().any(announces));
        t.hang_up(c);
        t.run(secs(1));
        assert_eq!(from_of(&t, a, &Method::Bye).0, "203");
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn after_an_attended_transfer_on_both_sides() {
    let (mut t, [a, b, c]) = Story::office(2).talking([
        phone("201").takes_from_change(),
        phone("202"),
        phone("203").takes_from_change(),
    ]);
    t.call(b, "203");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(c);
    assert_eq!(from_of(&t, a, &Method::Invite).0, "203");
    assert_eq!(from_of(&t, c, &Method::Invite).0, "201");
    t.close(a);
}

#[test]
fn a_phone_that_does_not_know_it_keeps_the_from_of_the_beginning() {
    let (mut t, [a, b, c]) = Story::office(3).talking([phone("201"), phone("202"), phone("203")]);
    t.transfer(b, "201", "203");
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(c).is_shown("203");
    assert_eq!(from_of(&t, a, &Method::Invite).0, "202");
    t.close(a);
}

/// Who wants to be unknown calls the second phone, which joins it with the third.
fn unknown_is_joined(t: &mut Story, [a, b, c]: [PhoneId; 3]) {
    t.call_with(a, "202", |invite| invite.headers.push(HeaderName::Privacy, "id"));
    t.run(secs(3));
    t.call(b, "203");
    t.run(secs(3));
    t.join(b, "anonymous", "203");
    t.run(secs(3));
    t.expect(c).talks_both_ways_with(a);
}

#[test]
fn who_wants_to_be_unknown_stays_so() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203").takes_from_change());
    t.register_all();
    unknown_is_joined(&mut t, [a, b, c]);
    assert_eq!(from_of(&t, c, &Method::Invite), ("anonymous".to_owned(), "Anonymous".to_owned()));
    let told = t.phone(c).requests().filter_map(|request| request.headers.asserted_identity());
    assert!(told.filter_map(|who| who.uri.user().map(str::to_owned)).all(|user| user == "202"));
    t.close(a);
}

fn another(request: &mut Request) {
    let from = NameAddr::parse("\"Bode\" <sip:+31201112222@carrier.example>").expect("an address");
    let tag = request.from.tag().unwrap_or_default().to_owned();
    request.from = from.with_tag(&tag);
}

#[test]
fn only_a_trusted_network_says_who_is_there_now() {
    for trusted in [true, false] {
        for with_offer in [true, false] {
            let network = Network { address: "10.0.0.20".parse().expect("an address"), prefix: 32 };
            let (mut t, [a, b]) = Story::office(5)
                .settings(|settings| {
                    settings.trusted_networks = if trusted { vec![network] } else { Vec::new() };
                })
                .talking([phone("201").takes_update(), phone("202").takes_update().takes_from_change()]);
            t.update_with(a, with_offer, another);
            t.run(secs(2));
            t.expect(a).got(200, &Method::Update).talks_both_ways_with(b);
            t.expect(b).is_shown(if trusted { "+31201112222" } else { "201" });
            if trusted {
                let told = t.phone(b).requests().filter(|request| request.method == Method::Update).last();
                let has_timer = told.is_some_and(|told| told.headers.supported().any(|tag| tag == "timer"));
                assert!(with_offer || !has_timer, "its answer could agree on a timer that we do not keep");
                assert_eq!(from_of(&t, b, &Method::Update), ("+31201112222".to_owned(), "Bode".to_owned()));
            }
            t.close(b);
            t.expect_cdr().from_to("201", "202");
        }
    }
}

/// Two who talk, and a third; the first is renamed by the trusted network that it is in.
fn renamed(seed: u64) -> (Story, [PhoneId; 3]) {
    let network = Network { address: "10.0.0.20".parse().expect("an address"), prefix: 32 };
    let mut t = Story::office(seed).settings(|settings| settings.trusted_networks = vec![network]);
    let a = t.add(phone("201").takes_update());
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.update_with(a, false, another);
    t.run(secs(2));
    (t, [a, b, c])
}

#[test]
fn who_was_renamed_is_so_to_the_target_of_a_blind_transfer() {
    let (mut t, [a, b, c]) = renamed(6);
    t.transfer(b, "201", "203");
    t.run(secs(5));
    t.expect(c).talks_both_ways_with(a).is_shown("+31201112222");
    assert_eq!(from_of(&t, c, &Method::Invite), ("+31201112222".to_owned(), "Bode".to_owned()));
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_was_renamed_is_so_to_who_meets_it_in_an_attended_transfer() {
    let (mut t, [a, b, c]) = renamed(7);
    t.call(b, "203");
    t.run(secs(3));
    t.join(b, "203", "201");
    t.run(secs(3));
    t.expect(c).talks_both_ways_with(a).is_shown("+31201112222");
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_came_to_be_unknown_stays_so_when_transferred_again() {
    let mut t = Story::office(8);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    let d = t.add(phone("204"));
    t.register_all();
    unknown_is_joined(&mut t, [a, b, c]);
    t.transfer(c, "202", "204");
    t.run(secs(5));
    t.expect(d).talks_both_ways_with(a);
    assert_eq!(from_of(&t, d, &Method::Invite).0, "anonymous");
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_glare_leaves_nobody_in_the_dark() {
    for (seed, refusals) in [(20, 1), (21, 8)] {
        let mut t = Story::office(seed);
        let a = t.add(phone("201"));
        let b = t.add(phone("202"));
        let c = t.add(phone("203").takes_from_change().takes_update().puts_off_offers(491, refusals));
        t.register_all();
        t.call(c, "202");
        t.run(secs(3));
        t.call(b, "201");
        t.run(secs(3));
        t.join(b, "201", "203");
        t.run(millis(60));
        // It is not told yet; its own offer makes ours needless, but for who is there.
        t.reinvite(c);
        t.run(secs(8));
        t.expect(c).talks_both_ways_with(a);
        assert_eq!(from_of(&t, c, &Method::Update).0, "201");
        assert_eq!(t.phone(c).requests().filter(|request| request.method == Method::Update).count(), 2);
        t.close(a);
    }
}

#[test]
fn a_phone_whose_own_offer_is_open_is_told_at_once() {
    let network = Network { address: "10.0.0.20".parse().expect("an address"), prefix: 32 };
    let (mut t, [a, b]) =
        Story::office(6).settings(|settings| settings.trusted_networks = vec![network]).talking([
            phone("201").takes_update(),
            phone("202").takes_update().takes_from_change().session_timer(120),
        ]);
    t.hold_back(5, What::response(200, "INVITE").from(t.address(a)), secs(3));
    t.reinvite(b);
    t.run(millis(100));
    t.update_with(a, false, another);
    t.run(secs(1));
    t.expect(b).is_shown("+31201112222");
    t.run(secs(5));
    t.expect_agreement();
    t.close(b);
}
