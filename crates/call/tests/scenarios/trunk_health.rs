//! Whether a trunk is there: its hosts are asked by OPTIONS, a few failures in a row are down and a few answers in a row are up, and
//! whoever watches is told.

use std::time::Duration;

use kiestoon_call::{Account, Event, HostFault, HostState, Trunk, TrunkView};
use kiestoon_sip::digest::Algorithm;
use kiestoon_sip::{Host, Method, NameAddr, SipUri, Uri};
use kiestoon_testkit::{PhoneId, Profile, Story, What, carrier, millis, secs};

fn asked(trunk: &mut Trunk) {
    trunk.options = Some(secs(30));
}

/// A PBX with one trunk, whose host does as the profile says.
fn office(seed: u64, far: Profile) -> (Story, PhoneId) {
    let mut t = Story::office(seed).trunk("voys", asked);
    let far = t.add_carrier(far);
    t.run(millis(1));
    (t, far)
}

fn questions(t: &Story, far: PhoneId) -> usize {
    t.phone(far).requests().filter(|request| request.method == Method::Options).count()
}

/// What was told of trunks.
fn told(t: &Story) -> Vec<String> {
    let told = t.the_pbx().events.iter().filter_map(|event| match event {
        Event::TrunkUp { trunk, .. } => Some(format!("{trunk} up")),
        Event::TrunkDown { trunk, reason, .. } => Some(format!("{trunk} down: {reason}")),
        Event::TrunkHostUp { host, .. } => Some(format!("{host} up")),
        Event::TrunkHostDown { host, reason, .. } => Some(format!("{host} down: {reason}")),
        _ => None,
    });
    told.collect()
}

fn view(t: &Story, name: &str) -> TrunkView {
    let trunks = t.the_pbx().switch.trunks(t.now());
    trunks.into_iter().find(|trunk| *trunk.name == *name).expect("the trunk")
}

#[test]
fn its_host_is_asked_again_and_again() {
    let (mut t, far) = office(1, carrier("voys"));
    t.run(secs(6));
    assert_eq!((questions(&t, far), told(&t)), (1, vec!["voys up".to_owned()]));
    let question = t.phone(far).requests().next().expect("an OPTIONS").clone();
    assert_eq!(question.uri.to_string(), "sip:voys.example");
    assert!(question.body.is_empty());
    t.run(secs(300));
    assert!((9..=11).contains(&questions(&t, far)), "{} in five minutes", questions(&t, far));
    assert_eq!(told(&t).len(), 1);
    let host = &view(&t, "voys").hosts[0];
    assert_eq!((host.state, host.last_status, host.fault), (HostState::Up, Some(200), None));
    assert!(host.round_trip.is_some_and(|trip| trip > Duration::ZERO && trip < secs(1)), "{host:?}");
}

#[test]
fn whatever_it_answers_it_is_there_but_for_its_own_faults() {
    for status in [401, 403, 404, 405, 483, 501] {
        let (mut t, far) = office(2, carrier("voys").says_to_options(status));
        t.run(secs(60));
        assert_eq!(told(&t), ["voys up"], "{status}");
        assert!(questions(&t, far) <= 3, "no challenge is answered, and nothing is in doubt");
    }
    for status in [503, 500, 408] {
        let (mut t, _) = office(2, carrier("voys").says_to_options(status));
        t.run(secs(60));
        assert_eq!(told(&t), [format!("voys down: it answers {status}")]);
        let host = view(&t, "voys").hosts.remove(0);
        assert_eq!((host.state, host.last_status), (HostState::Down, Some(status)));
        assert_eq!(host.fault, Some(HostFault::Status(status)));
    }
}

#[test]
fn it_is_down_after_three_silences_and_up_after_two_answers() {
    let (mut t, far) = office(3, carrier("voys"));
    t.run(secs(6));
    t.kill(far);
    // It is asked within half a minute, then every five seconds.
    t.run(secs(33));
    assert_eq!(told(&t), ["voys up"], "one silence is nothing");
    t.run(secs(18));
    assert_eq!(told(&t), ["voys up", "voys down: it says nothing"]);
    assert_eq!(view(&t, "voys").state, HostState::Down);
    t.reboot(far, false);
    t.run_until(secs(40), |t| view(t, "voys").hosts[0].last_status == Some(200));
    assert_eq!(told(&t).len(), 2, "one answer is nothing either");
    t.run(secs(7));
    assert_eq!(told(&t)[2..], ["voys up"]);
}

#[test]
fn a_lost_datagram_is_no_failure() {
    let (mut t, far) = office(4, carrier("voys"));
    t.run(secs(6));
    for _ in 0..10 {
        t.drop_next(2, What::request("OPTIONS"));
        t.run(secs(33));
    }
    assert_eq!(told(&t), ["voys up"]);
    assert_eq!(view(&t, "voys").hosts[0].failures, 0);
    assert!(questions(&t, far) > 9);
}

#[test]
fn a_name_that_leads_nowhere_is_down_at_once_and_asked_for_again_soon() {
    let mut t = Story::office(5).trunk("voys", asked);
    t.pbx();
    t.run(secs(6));
    assert_eq!(told(&t), ["voys down: its name has no address"]);
    t.add_carrier(carrier("voys"));
    t.run(secs(13));
    assert_eq!(told(&t)[1..], ["voys up"]);
}

#[test]
fn of_its_addresses_one_that_answers_is_enough() {
    let (mut t, _) = office(6, carrier("voys"));
    let dead = "10.0.0.99:5060".parse().expect("an address");
    t.pbx().names.get_mut("voys.example").expect("known").insert(0, dead);
    t.run(secs(100));
    assert_eq!(told(&t), ["voys up"]);
}

#[test]
fn a_trunk_is_up_while_one_of_its_hosts_is() {
    let mut t = Story::office(7).trunk("voys", |trunk| {
        asked(trunk);
        trunk.hosts.push(SipUri::new(Host::parse("b.example").expect("a host")));
    });
    let (first, second) = (t.add_carrier(carrier("voys")), t.add_carrier(carrier("b")));
    t.run(secs(6));
    let mut seen = told(&t);
    seen.sort();
    assert_eq!(seen, ["sip:b.example up", "sip:voys.example up", "voys up"]);
    t.kill(first);
    t.run(secs(60));
    assert_eq!(told(&t)[3..], ["sip:voys.example down: it says nothing"]);
    assert_eq!(view(&t, "voys").state, HostState::Up);
    t.kill(second);
    t.run(secs(60));
    assert_eq!(told(&t)[4..], ["sip:b.example down: it says nothing", "voys down: it says nothing"]);
    assert_eq!(view(&t, "voys").state, HostState::Down);
}

#[test]
fn it_is_asked_by_the_way_that_calls_take() {
    let mut t = Story::office(8).trunk("voys", |trunk| {
        asked(trunk);
        let account = Account { username: "100001".into(), login: "a".into(), password: "geheim".into() };
        trunk.account = Some(account);
        let proxy = Uri::parse("sip:proxy.example;lr").expect("a URI");
        trunk.route.push(NameAddr::new(proxy));
    });
    let proxy = t.add_carrier(carrier("proxy").asks_for("a", "geheim", Algorithm::Md5).says_to_options(407));
    t.run(secs(6));
    let question = t.phone(proxy).requests().next().expect("an OPTIONS").clone();
    assert_eq!(question.uri.to_string(), "sip:voys.example");
    assert_eq!(question.from.uri.to_string(), "sip:100001@voys.example");
    assert_eq!(question.headers.get(&kiestoon_sip::HeaderName::Route), Some("<sip:proxy.example;lr>"));
    assert_eq!((questions(&t, proxy), told(&t)), (1, vec!["voys up".to_owned()]));
}

#[test]
fn many_trunks_are_not_asked_in_one_moment() {
    let mut t = Story::office(9);
    for number in 0..50 {
        t = t.trunk(&format!("t{number}"), asked);
    }
    let far = t.add_carrier(carrier("t0"));
    let address = std::net::SocketAddr::new(t.address(far), 5060);
    for number in 1..50 {
        t.pbx().names.insert(format!("t{number}.example"), vec![address]);
    }
    let mut most = 0;
    let mut before = 0;
    for _ in 0..600 {
        t.run(millis(100));
        let now = questions(&t, far);
        (most, before) = (most.max(now - before), now);
    }
    assert!(before >= 100, "{before}");
    assert!(most <= 8, "{most} in a tenth of a second");
    assert_eq!(told(&t).len(), 50);
}

#[test]
fn one_that_is_not_to_be_asked_is_not() {
    let mut t = Story::office(10).trunk("voys", |_| {});
    let far = t.add_carrier(carrier("voys"));
    t.run(secs(120));
    assert_eq!(questions(&t, far), 0);
    assert_eq!(view(&t, "voys").state, HostState::Unknown);
    t.expect_nothing_left();
}

#[test]
fn a_registration_says_how_it_stands_too() {
    let mut t = Story::office(11).trunk("voys", |trunk| {
        let account =
            Account { username: "100001".into(), login: "100001".into(), password: "geheim".into() };
        trunk.account = Some(account);
        trunk.registers = Some(3600);
    });
    let far = t.add_carrier(carrier("voys"));
    t.run(secs(2));
    assert_eq!(told(&t), ["voys up"]);
    let until = view(&t, "voys").hosts[0].registered_until.expect("registered");
    t.run(secs(100));
    assert!(view(&t, "voys").hosts[0].registered_until.expect("still") > until);
    t.kill(far);
    t.run(secs(400));
    assert_eq!(told(&t)[1..], ["voys down: it says nothing"]);
    assert_eq!(view(&t, "voys").hosts[0].registered_until, None);
}

#[test]
fn a_reload_keeps_what_is_known() {
    let (mut t, far) = office(12, carrier("voys"));
    t.run(secs(6));
    t.reload("[[context.intern]]\nmatch = \"1\"\ndo = [{ echo = true }]\n");
    t.run(secs(10));
    assert_eq!((questions(&t, far), told(&t).len()), (1, 1));
    assert_eq!(view(&t, "voys").state, HostState::Up);
}
