//! A binding at a trunk that we want no more is removed (RFC 3261 section 10.2.2): else its provider rings us until it is over.

use kiestoon_call::{Account, Event, Input, Trunk};
use kiestoon_sip::digest::Algorithm;
use kiestoon_sip::{HeaderName, Host, Method, Request, SipUri};
use kiestoon_testkit::{PhoneId, Profile, Story, carrier, secs};

fn known_as(username: &'static str, password: &'static str) -> impl FnOnce(&mut Trunk) {
    move |trunk| {
        let account =
            Account { username: username.into(), login: "100001".into(), password: password.into() };
        trunk.account = Some(account);
        trunk.registers = Some(3600);
    }
}

fn voys(trunk: &mut Trunk) {
    known_as("100001", "geheim")(trunk);
}

fn office(seed: u64, far: Profile) -> (Story, PhoneId) {
    let mut t = Story::office(seed).trunk("voys", voys);
    // What is on its way is not handed over.
    t.pbx().hands_over = false;
    let far = t.add_carrier(far);
    t.run(secs(5));
    (t, far)
}

fn registers(t: &Story, far: PhoneId) -> Vec<&Request> {
    t.phone(far).requests().filter(|request| request.method == Method::Register).collect()
}

/// The user and the Expires of each REGISTER.
fn asked(t: &Story, far: PhoneId) -> Vec<(String, u32)> {
    let of = |request: &&Request| {
        let user = request.to.uri.as_sip().and_then(|uri| uri.user.clone()).unwrap_or_default();
        (user.into(), request.headers.expires().expect("an Expires"))
    };
    registers(t, far).iter().map(of).collect()
}

fn refusals(t: &mut Story) -> usize {
    t.pbx().events.iter().filter(|event| matches!(event, Event::TrunkRefused { .. })).count()
}

fn of(user: &str, expires: u32) -> (String, u32) {
    (user.to_owned(), expires)
}

#[test]
fn when_it_is_disabled() {
    let far = carrier("voys").asks_for("100001", "geheim", Algorithm::Sha256).each_time();
    let (mut t, far) = office(1, far);
    t.remove_trunk("voys");
    t.run(secs(5));
    let said = [3600, 3600, 0, 0].map(|expires| of("100001", expires));
    assert_eq!(asked(&t, far), said, "and the challenge of the last one is answered");
    let contacts = registers(&t, far).into_iter().map(|request| request.headers.get(&HeaderName::Contact));
    assert_eq!(contacts.collect::<std::collections::BTreeSet<_>>().len(), 1, "the binding that it granted");
    let numbers = registers(&t, far).into_iter().map(|request| request.cseq.number).collect::<Vec<_>>();
    assert!(numbers.is_sorted_by(|before, after| before < after), "{numbers:?}");
    t.run(secs(4000));
    assert_eq!(registers(&t, far).len(), 4);
    t.expect_nothing_left();
}

#[test]
fn a_registrar_that_never_knew_us_is_told_nothing() {
    let (mut t, far) = office(2, carrier("voys").asks_for("100001", "anders", Algorithm::Md5));
    let before = registers(&t, far).len();
    t.remove_trunk("voys");
    t.run(secs(60));
    assert_eq!(registers(&t, far).len(), before);
}

#[test]
fn one_that_challenges_for_ever_is_left_in_peace() {
    let (mut t, far) = office(3, carrier("voys").asks_for("100001", "geheim", Algorithm::Md5));
    let before = registers(&t, far).len();
    // What is known of its challenge is forgotten with the password.
    t.trunk_anew("voys", known_as("100001", "anders"));
    t.remove_trunk("voys");
    t.run(secs(60));
    let said = registers(&t, far).len() - before;
    assert!((2..=4).contains(&said), "{said} REGISTERs");
    t.expect_nothing_left();
}

#[test]
fn when_it_is_another_account() {
    let (mut t, far) = office(4, carrier("voys"));
    t.trunk_anew("voys", known_as("100002", "geheim"));
    t.run(secs(5));
    let mut said = asked(&t, far);
    said.sort();
    assert_eq!(said, [of("100001", 0), of("100001", 3600), of("100002", 3600)]);
    t.trunk_anew("voys", known_as("100002", "anders"));
    t.run(secs(5));
    assert_eq!(asked(&t, far).last(), Some(&of("100002", 3600)), "the same address, and a new binding of it");
    assert_eq!(asked(&t, far).len(), 4);
}

#[test]
fn a_trunk_with_another_name_keeps_its_binding() {
    let (mut t, far) = office(5, carrier("voys"));
    t.trunk_anew("voys", |trunk| {
        voys(trunk);
        trunk.name = "kantoor".into();
    });
    t.run(secs(5));
    assert_eq!(asked(&t, far), [of("100001", 3600), of("100001", 3600)]);
}

#[test]
fn who_registers_again_waits_for_the_removal() {
    let (mut t, far) = office(6, carrier("voys"));
    t.kill(far);
    t.remove_trunk("voys");
    t.run(secs(2));
    t.trunk_anew("voys", voys);
    // The removal is given up after half a minute, the new REGISTER half a minute later.
    t.run(secs(50));
    assert_eq!(refusals(&mut t), 0, "nothing was asked meanwhile: what comes late would end the new binding");
    t.run(secs(20));
    assert_eq!(refusals(&mut t), 1);
}

#[test]
fn who_registers_at_another_host_waits_for_nothing() {
    let (mut t, far) = office(8, carrier("voys"));
    t.kill(far);
    t.remove_trunk("voys");
    t.run(secs(2));
    let second = t.add_carrier(carrier("second"));
    t.trunk_anew("voys", |trunk| {
        voys(trunk);
        trunk.domain = Some(Host::parse("voys.example").expect("a host"));
        trunk.hosts = vec![SipUri::new(Host::parse("second.example").expect("a host"))];
    });
    t.run(secs(2));
    assert_eq!(asked(&t, second), [of("100001", 3600)]);
}

#[test]
fn when_the_pbx_stops() {
    let (mut t, far) = office(7, carrier("voys"));
    t.tell_pbx(Input::Drain);
    assert!(!t.pbx().switch.is_idle(), "the stop waits for it");
    t.run(secs(1));
    assert!(t.pbx().switch.is_idle());
    t.tell_pbx(Input::Drain);
    t.trunk_anew("voys", known_as("100001", "anders"));
    t.run(secs(600));
    assert_eq!(asked(&t, far), [of("100001", 3600), of("100001", 0)], "once, and nothing after it");
}

#[test]
fn a_stop_does_not_wait_long_for_a_registrar_that_is_gone() {
    let (mut t, far) = office(8, carrier("voys"));
    t.kill(far);
    t.tell_pbx(Input::Drain);
    t.run(secs(2));
    assert!(!t.pbx().switch.is_idle());
    t.run(secs(2));
    assert!(t.pbx().switch.is_idle());
}
