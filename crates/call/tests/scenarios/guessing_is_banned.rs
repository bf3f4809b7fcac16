//! A source that guesses passwords is refused after twenty, without a check and whatever it asks; nobody else is.

use kiestoon_call::{Event, Input};
use kiestoon_sip::digest::Challenge;
use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{PhoneId, Story, millis, phone, secs};

#[test]
fn after_twenty_wrong_passwords_and_longer_each_time() {
    let mut t = Story::office(1);
    let thief = t.add(phone("202").with_password("welkom01"));
    let owner = t.add(phone("202"));
    for _ in 0..30 {
        t.forget_challenges(thief);
        t.register(thief);
        t.run(millis(500));
    }
    assert_eq!(t.the_pbx().switch.status().passwords_checked, 20);
    t.expect(thief).register_refused(403);
    t.send(thief, Method::Options, "", |_| {});
    t.call(thief, "203");
    t.run(secs(1));
    t.expect(thief).got(403, &Method::Options).got(403, &Method::Invite);

    t.register(owner);
    t.run(secs(1));
    t.expect(owner).registered(1).got_exactly(&[401, 200], &Method::Register);

    let ban = t.the_pbx().switch.bans(t.now())[0];
    assert_eq!((ban.source, ban.failures, ban.nth), (t.address(thief), 20, 1));
    assert_eq!(ban.until - ban.since, 300_000_000);
    t.run(secs(300));
    assert!(t.the_pbx().switch.bans(t.now()).is_empty());
    for _ in 0..25 {
        t.forget_challenges(thief);
        t.register(thief);
        t.run(millis(500));
    }
    let ban = t.the_pbx().switch.bans(t.now())[0];
    assert_eq!((ban.failures, ban.nth, ban.until - ban.since), (40, 2, 1_200_000_000));
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_registered_from_the_same_address_goes_on() {
    let mut t = Story::office(2);
    let office = t.add(phone("201"));
    t.register_all();
    let guesser = t.add(phone("202").with_password("welkom01").at_address_of(office));
    for _ in 0..30 {
        t.register(guesser);
        t.run(millis(500));
    }
    t.expect(guesser).register_refused(403);
    assert_eq!(t.the_pbx().switch.bans(t.now()).len(), 1);
    t.forget_challenges(office);
    t.register(office);
    t.run(secs(1));
    t.expect(office).registered(1).got_exactly(&[401, 200, 401, 200], &Method::Register);

    // It does not try the passwords of others, though.
    let before = t.the_pbx().switch.status().passwords_checked;
    let challenge = t.phone(office).responses().filter_map(|r| r.headers.get(&HeaderName::WwwAuthenticate));
    let nonce = Challenge::parse(challenge.last().unwrap()).unwrap().nonce.into_owned();
    let text = register_with(&t, office, "203", &nonce);
    t.send_bytes(office, text.as_bytes());
    t.run(secs(1));
    assert_eq!(t.the_pbx().switch.status().passwords_checked, before);
}

#[test]
fn foreign_addresses_written_into_datagrams_ban_nobody() {
    let mut t = Story::office(3);
    let victim = t.add(phone("201"));
    for _ in 0..100 {
        // Who does not receive at that address has no nonce that is good from there.
        let text = register_with(&t, victim, "201", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4");
        t.send_bytes(victim, text.as_bytes());
        t.run(millis(20));
    }
    assert_eq!(t.the_pbx().switch.status().passwords_checked, 0);
    assert!(t.the_pbx().switch.bans(t.now()).is_empty());
    t.register(victim);
    t.run(secs(1));
    t.expect(victim).registered(1);
}

#[test]
fn an_operator_lifts_a_ban() {
    let mut t = Story::office(4);
    let owner = t.add(phone("202"));
    let clumsy = t.add(phone("202").with_password("welkom01").at_address_of(owner));
    for _ in 0..21 {
        t.register(clumsy);
        t.run(millis(500));
    }
    t.register(owner);
    t.run(secs(1));
    t.expect(owner).register_refused(403);
    let source = t.address(owner);
    t.tell_pbx(Input::LiftBans { source: Some(source) });
    t.register(owner);
    t.run(secs(1));
    t.expect(owner).registered(1);
    assert!(t.the_pbx().events.contains(&Event::BanLifted { source }));
    t.settle();
    t.expect_nothing_left();
}

/// A REGISTER for the phone's extension with credentials of a user, over a nonce.
fn register_with(t: &Story, phone: PhoneId, user: &str, nonce: &str) -> String {
    let at = t.address(phone);
    let branch = t.net.ladder.rungs().count();
    format!(
        "REGISTER sip:kantoor.example SIP/2.0\r\nVia: SIP/2.0/UDP {at};rport;branch=z9hG4bK{branch}\r\n\
         From: <sip:201@kantoor.example>;tag=1\r\nTo: <sip:201@kantoor.example>\r\nCall-ID: {branch}\r\n\
         CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:201@{at}>\r\nAuthorization: Digest username=\"{user}\", \
         realm=\"kantoor.example\", nonce=\"{nonce}\", uri=\"sip:kantoor.example\", qop=auth, nc=00000077, cnonce=\"x\", \
         response=\"00000000000000000000000000000000\"\r\nContent-Length: 0\r\n\r\n"
    )
}
