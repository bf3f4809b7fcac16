//! Path (RFC 3327): the proxies that a REGISTER came through are kept with the binding, and requests to it go through them.

use std::net::SocketAddr;

use kiestoon_sip::{HeaderName, Method, Request};
use kiestoon_testkit::{Ended, PhoneId, Story, phone, secs};

/// The phone registers as through a proxy at its own address.
fn register_through(t: &mut Story, phone: PhoneId, path: &str, supported: &str) {
    let at = t.address(phone);
    let contact = format!("<sip:202@{at}>");
    t.send(phone, Method::Register, "", |request: &mut Request| {
        request.headers.set(HeaderName::Contact, contact.as_str());
        request.headers.set(HeaderName::Supported, supported);
        request.headers.set(HeaderName::Path, path);
    });
    t.run(secs(1));
}

fn routes(t: &Story, phone: PhoneId) -> Vec<String> {
    let invites = t.phone(phone).requests().filter(|request| request.method == Method::Invite);
    invites
        .flat_map(|invite| invite.headers.get_all(&HeaderName::Route).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// A call to 202 is one with this phone.
fn reaches(t: &mut Story, a: PhoneId, b: PhoneId) {
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_call_takes_the_path_as_its_route_also_after_a_restart() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let path = format!("<sip:{};lr>, <sip:192.0.2.77;lr>", t.address(b));
    t.register(a);
    register_through(&mut t, b, &path, "path");
    t.expect(b).got_header(200, &HeaderName::Path, ";lr>");
    reaches(&mut t, a, b);
    assert_eq!(routes(&t, b).join(", "), path);
    t.restart_pbx();
    t.register(a);
    t.run(secs(1));
    assert_eq!(t.the_pbx().switch.status().registrations, 2);
    reaches(&mut t, a, b);
    assert_eq!(routes(&t, b).join(", "), format!("{path}, {path}"));
}

#[test]
fn a_phone_that_does_not_know_path_is_reached_all_the_same() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register(a);
    let path = format!("<sip:{};lr>", t.address(b));
    register_through(&mut t, b, &path, "gruu");
    let told = t.phone(b).responses().any(|response| response.headers.get(&HeaderName::Path).is_some());
    assert!(!told, "a header that the phone does not know");
    reaches(&mut t, a, b);
    assert_eq!(routes(&t, b), [path]);
}

#[test]
fn a_path_of_strict_routers_is_refused() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register(a);
    register_through(&mut t, b, "<sip:192.0.2.77>", "path");
    t.expect(b).got(400, &Method::Register);
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect_nothing_left();
}

#[test]
fn nothing_is_sent_to_an_address_that_only_the_path_names() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register(a);
    register_through(&mut t, b, "<sip:198.51.100.66:9;lr>", "path");
    reaches(&mut t, a, b);
}

#[test]
fn a_proxy_that_has_a_name_is_looked_up() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let edge = t.add(phone("203"));
    t.register(a);
    let path = "<sip:edge.example;lr>";
    register_through(&mut t, b, path, "path");
    assert!(t.pbx().looked_up.is_empty(), "who only registers is not looked up");
    let addresses =
        vec!["127.0.0.1:5060".parse().expect("an address"), SocketAddr::new(t.address(edge), 5060)];
    t.pbx().names.insert("edge.example".into(), addresses);
    t.call(a, "202");
    t.run(secs(2));
    assert_eq!(t.pbx().looked_up, ["edge.example"]);
    assert_eq!(routes(&t, edge), [path]);
    t.expect(a).talking_with("202").talks_both_ways_with(edge);
    t.expect(b).never_called();
    t.close(a);
}
