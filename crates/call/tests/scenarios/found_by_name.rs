//! A phone whose contact is a name is looked up when it is called; where its first address is silent, the next one rings.

use std::net::SocketAddr;

use kiestoon_testkit::{PhoneId, Reply, Story, phone, secs};

fn office(seed: u64, first: Option<&str>) -> (Story, PhoneId, PhoneId) {
    let mut t = Story::office(seed);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").named("phones.example"));
    t.register_all();
    assert!(t.pbx().looked_up.is_empty(), "who only registers is not looked up");
    let own = SocketAddr::new(t.address(b), 5060);
    let addresses = first.map(|first| first.parse().expect("an address")).into_iter().chain([own]).collect();
    t.pbx().names.insert("phones.example".into(), addresses);
    (t, a, b)
}

#[test]
fn it_rings_where_the_name_leads() {
    let (mut t, a, b) = office(1, None);
    t.call(a, "202");
    t.run(secs(3));
    assert_eq!(t.pbx().looked_up, ["phones.example"]);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn a_silent_address_is_followed_by_the_next() {
    let (mut t, a, b) = office(2, Some("10.0.0.250:5060"));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(b).never_called();
    t.run(secs(5));
    t.expect(a).talking_with("202");
    t.expect(b).talking_with("201");
    t.close(b);
    t.expect_cdr().answered();
}

#[test]
fn an_address_of_another_kind_has_ports_of_its_own() {
    let (mut t, a, b) = office(7, Some("[2001:db8::250]:5060"));
    t.call(a, "202");
    t.run(secs(8));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let told = t.phone(b).sessions().and_then(|(_, theirs)| theirs.map(|theirs| theirs.rtp));
    assert!(told.is_some_and(|told| told.is_ipv4()), "{told:?}");
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered().reached("202");
    let ports = t.expect_cdr().record().legs.iter().map(|leg| (leg.remote, leg.status)).collect::<Vec<_>>();
    assert!(ports.iter().any(|(remote, status)| remote.is_ipv6() && *status == Some(408)), "{ports:?}");
    t.expect_nothing_left();
}

#[test]
fn an_address_that_is_overloaded_is_followed_by_the_next() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let full = t.add(phone("203").follows(vec![(secs(0), Reply::Refuse(503))]));
    let b = t.add(phone("202").named("phones.example"));
    t.register_all();
    let addresses = [full, b].map(|phone| SocketAddr::new(t.address(phone), 5060)).to_vec();
    t.pbx().names.insert("phones.example".into(), addresses);
    t.call(a, "202");
    t.run(secs(2));
    t.expect(b).talking_with("201");
    t.close(a);
}

#[test]
fn a_name_that_does_not_exist_is_rung_where_it_registered_from() {
    let (mut t, [a, b]) = Story::office(4).talking([phone("201"), phone("202").named("nowhere.example")]);
    t.expect(b).talking_with("201");
    t.close(a);
}

#[test]
fn who_gives_up_between_two_addresses_leaves_nothing() {
    let (mut t, a, b) = office(5, Some("10.0.0.250:5060"));
    t.call(a, "202");
    t.run(secs(1));
    t.cancel(a);
    t.settle();
    t.expect(b).never_called();
    t.expect_nothing_left();
}

#[test]
fn a_name_leads_nobody_to_this_machine_or_its_links() {
    let mut t = Story::office(6);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").named("phones.example"));
    t.register_all();
    let inner = [
        "127.0.0.1:5060",
        "0.0.0.0:5060",
        "169.254.169.254:80",
        "[::1]:5060",
        "[fe80::1]:5060",
        "224.0.1.75:5060",
        "10.0.0.1:5060",
        "[2001:db8::1]:5060",
    ];
    let addresses = inner.map(|inner| inner.parse().expect("an address")).to_vec();
    t.pbx().names.insert("phones.example".into(), addresses);
    t.call(a, "202");
    t.run(secs(2));
    assert_eq!(t.pbx().looked_up, ["phones.example"]);
    t.expect(b).talking_with("201");
    t.close(a);
}
