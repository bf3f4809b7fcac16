//! A trunk that wants to be registered at: asked for at the start, proved, refreshed in time, tried again after a refusal; calls
//! come from where it stands.

use kiestoon_call::{Account, Event, Trunk};
use kiestoon_sip::digest::Algorithm;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::{PhoneId, Profile, Story, carrier, phone, secs};

const IN: &str = r#"
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:202" }]
"#;

fn voys(trunk: &mut Trunk) {
    let account = Account { username: "100001".into(), login: "100001".into(), password: "geheim".into() };
    trunk.account = Some(account);
    trunk.registers = Some(3600);
    trunk.numbers.insert("+31201234567".into(), None);
}

fn office(seed: u64, far: Profile) -> (Story, PhoneId, PhoneId) {
    let mut t = Story::office(seed).rules(IN).trunk("voys", voys);
    let far = t.add_carrier(far);
    let b = t.add(phone("202"));
    t.register_all();
    (t, far, b)
}

fn registers(t: &Story, far: PhoneId) -> usize {
    t.phone(far).requests().filter(|request| request.method == Method::Register).count()
}

fn outcomes(t: &mut Story) -> Vec<Option<u16>> {
    let events = t.pbx().events.iter().filter_map(|event| match event {
        Event::TrunkRegistered { .. } => Some(None),
        Event::TrunkRefused { status, .. } => Some(Some(*status)),
        _ => None,
    });
    events.collect()
}

/// What the last REGISTER has failed by, as an operator sees it.
fn last_failure(t: &Story) -> Option<u16> {
    t.the_pbx().switch.trunks(t.now())[0].hosts[0].register_status
}

#[test]
fn it_is_registered_at_and_refreshed() {
    let (mut t, far, _) = office(1, carrier("voys").asks_for("100001", "geheim", Algorithm::Sha256));
    t.run(secs(5));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (2, vec![None]), "challenged once");
    let register = t.phone(far).requests().last().expect("a REGISTER").clone();
    assert_eq!(register.to.uri.to_string(), "sip:100001@voys.example");
    // It granted two minutes.
    t.run(secs(85));
    assert_eq!(registers(&t, far), 2);
    t.run(secs(20));
    assert_eq!(registers(&t, far), 3, "with the nonce that it knows");
    let register = t.phone(far).requests().last().expect("a REGISTER");
    let given = register.headers.get(&HeaderName::Authorization).expect("credentials");
    assert!(given.contains("nc=00000002"), "{given}");
    let ids = t.phone(far).requests().map(|request| request.call_id.clone());
    assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 1);
    assert_eq!(outcomes(&mut t), [None]);
    t.run(secs(35));
    t.expect_nothing_left();
}

#[test]
fn a_wrong_password_is_said_and_tried_ever_later() {
    let (mut t, far, _) = office(2, carrier("voys").asks_for("100001", "anders", Algorithm::Md5));
    t.run(secs(5));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (3, vec![Some(401)]));
    assert_eq!(last_failure(&t), Some(401));
    t.run(secs(600));
    let tries = outcomes(&mut t).len();
    assert!((4..=8).contains(&tries), "{tries} tries in ten minutes");
}

#[test]
fn a_password_that_is_changed_is_tried_at_once() {
    let (mut t, far, _) = office(21, carrier("voys").asks_for("100001", "geheim", Algorithm::Md5));
    t.run(secs(5));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (2, vec![None]));
    let with = |password: &'static str| {
        move |trunk: &mut Trunk| {
            voys(trunk);
            trunk.account.as_mut().expect("an account").password = password.into();
        }
    };
    t.trunk_anew("voys", with("geheim"));
    t.run(secs(5));
    assert_eq!(registers(&t, far), 2, "nothing has changed");
    t.trunk_anew("voys", with("anders"));
    t.run(secs(5));
    assert_eq!((outcomes(&mut t), last_failure(&t)), (vec![None, Some(401)], Some(401)));
    t.trunk_anew("voys", with("geheim"));
    t.run(secs(5));
    assert_eq!(last_failure(&t), None, "it is granted since");
    assert_eq!(outcomes(&mut t), [None, Some(401), None], "without waiting for the next try");
}

#[test]
fn silence_is_said_too_and_it_registers_once_it_is_back() {
    let (mut t, far, _) = office(3, carrier("voys"));
    t.run(secs(2));
    assert_eq!(outcomes(&mut t), [None]);
    t.kill(far);
    t.run(secs(140));
    assert_eq!(outcomes(&mut t), [None, Some(408)]);
}

#[test]
fn calls_come_from_where_it_is_registered() {
    let (mut t, far, b) = office(4, carrier("voys"));
    t.run(secs(2));
    t.call_with(far, "100001", |invite: &mut Request| {
        invite.to = NameAddr::new(Uri::parse("sip:0201234567@voys.example").expect("a URI"));
    });
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.settle();
    assert_eq!(&*t.expect_cdr().answered().record().dialled, "+31201234567");
    t.expect_nothing_left();
}

#[test]
fn a_dns_that_says_nothing_is_asked_again() {
    let mut t = Story::office(5).rules(IN).trunk("voys", voys);
    let far = t.add_carrier(carrier("voys"));
    t.pbx().dns_is_silent = true;
    t.run(secs(40));
    assert_eq!(outcomes(&mut t), [Some(503)], "and the operator is told");
    t.pbx().dns_is_silent = false;
    t.run(secs(30));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (1, vec![Some(503), None]));
}

/// Where we are registered over a connection, calls come over that one: without it they find nobody.
#[test]
fn a_connection_that_is_lost_is_registered_over_anew() {
    let mut t = Story::office(6).rules(IN).trunk("voys", |trunk| {
        voys(trunk);
        trunk.hosts = trunk.hosts.iter().map(|host| host.clone().with_param("transport", "tcp")).collect();
    });
    let far = t.add_carrier(carrier("voys"));
    t.run(secs(60));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (1, vec![None]));
    t.lose_connections_to(far);
    t.run(secs(3));
    assert_eq!(
        (registers(&t, far), outcomes(&mut t)),
        (2, vec![None]),
        "at once, and nobody was told otherwise"
    );
    for _ in 0..10 {
        t.lose_connections_to(far);
        t.run(secs(3));
    }
    assert_eq!(registers(&t, far), 3, "but not each time where it closes all the time");
    t.run(secs(60));
    assert!(registers(&t, far) <= 4);
}
