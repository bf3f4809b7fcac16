//! Outbound (RFC 5626): a device registers several flows; one at a time is tried, and a dead one falls to the next.

use kiestoon_call::Input;
use kiestoon_sip::{Flow, HeaderName, Method, Request, Transport, Via};
use kiestoon_testkit::{Ended, PhoneId, Profile, Story, phone, secs};

const DEVICE: &str = "<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>";

fn register_flow(t: &mut Story, phone: PhoneId, reg_id: u32, tweak: impl Fn(&mut Request)) {
    let contact = format!("<sip:202@{};ob>;reg-id={reg_id};+sip.instance=\"{DEVICE}\"", t.address(phone));
    t.send(phone, Method::Register, "", |request: &mut Request| {
        request.headers.set(HeaderName::Contact, contact.as_str());
        request.headers.set(HeaderName::Supported, "path, outbound");
        tweak(request);
    });
    t.run(secs(1));
}

/// 201, and a device of 202 with two flows; the second is the later one.
fn two_flows(seed: u64, second: Profile) -> (Story, PhoneId, PhoneId, PhoneId) {
    let mut t = Story::office(seed);
    let a = t.add(phone("201"));
    let first = t.add(phone("202"));
    let second = t.add(second);
    t.register(a);
    register_flow(&mut t, first, 1, |_| {});
    register_flow(&mut t, second, 2, |_| {});
    (t, a, first, second)
}

#[test]
fn only_the_latest_flow_of_a_device_is_rung() {
    let (mut t, a, first, second) = two_flows(1, phone("202"));
    t.expect(first).got_header(200, &HeaderName::Require, "outbound").got_header(
        200,
        &HeaderName::Contact,
        "reg-id=1",
    );
    t.expect(second).got_header(200, &HeaderName::Contact, "reg-id=2");
    assert_eq!(t.the_pbx().switch.status().registrations, 3);
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(second);
    t.expect(first).never_called();
    t.close(a);
}

/// One that says nothing is left long before the ring time is over.
#[test]
fn a_dead_flow_falls_to_the_next() {
    for (die, within) in [(Story::crash as fn(&mut Story, PhoneId), 3), (Story::kill, 8)] {
        let (mut t, a, first, second) = two_flows(2, phone("202"));
        die(&mut t, second);
        t.call(a, "202");
        t.run(secs(within));
        t.expect(a).talking_with("202").talks_both_ways_with(first);
        t.close(a);
        t.expect_cdr().answered().reached("202");
    }
}

#[test]
fn a_430_of_a_proxy_falls_to_the_next_as_well() {
    let (mut t, a, first, _) = two_flows(3, phone("202").refuses(430));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(first);
    t.close(a);
}

#[test]
fn the_same_flow_registered_again_replaces_its_binding() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let old = t.add(phone("202"));
    let new = t.add(phone("202"));
    t.register(a);
    register_flow(&mut t, old, 1, |_| {});
    register_flow(&mut t, new, 1, |_| {});
    for restarted in [false, true] {
        if restarted {
            t.restart_pbx();
        }
        assert_eq!(t.the_pbx().switch.status().registrations, 2);
        t.call(a, "202");
        t.run(secs(3));
        t.expect(a).talking_with("202").talks_both_ways_with(new);
        t.close(a);
    }
    t.expect(old).never_called();
}

#[test]
fn behind_a_proxy_that_cannot_find_the_flow_again_it_is_refused() {
    let mut t = Story::office(5);
    let b = t.add(phone("202"));
    let proxied = |request: &mut Request| {
        let inner = "192.0.2.7:5060".parse().unwrap();
        request.via.push(Via::of_ours(Transport::Udp, inner, "z9hG4bKinner"));
    };
    register_flow(&mut t, b, 1, |_| {});
    register_flow(&mut t, b, 2, proxied);
    t.expect(b).got(439, &Method::Register);
    assert_eq!(t.the_pbx().switch.status().registrations, 1);
    register_flow(&mut t, b, 2, |request| {
        proxied(request);
        request.headers.set(HeaderName::Path, "<sip:192.0.2.1;lr>, <sip:192.0.2.7;lr;ob>");
    });
    assert_eq!(t.the_pbx().switch.status().registrations, 2);
    t.settle();
    t.expect_nothing_left();
}

fn flow_of(t: &Story, phone: PhoneId) -> Flow {
    let at = t.address(phone);
    let registrations = t.the_pbx().switch.registrations(t.now());
    let known = registrations.into_iter().find(|known| known.remote.ip() == at).expect("it is registered");
    Flow {
        transport: known.transport,
        local: (t.pbx_address(), 5060).into(),
        remote: known.remote,
        connection: None,
    }
}

#[test]
fn a_flow_that_is_not_kept_alive_is_not_used_until_it_is_heard_of() {
    let mut t = Story::office(7);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register(a);
    register_flow(&mut t, b, 1, |_| {});
    t.expect(b).got_header(200, &HeaderName::from_token("Flow-Timer").unwrap(), "30");
    let flow = flow_of(&t, b);
    for _ in 0..4 {
        t.run(secs(29));
        let now = t.now();
        t.pbx().handle(now, Input::KeptAlive { flow });
    }
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.hang_up(a);
    t.settle();

    t.run(secs(70));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).ended(Ended::Refused(480));
    let now = t.now();
    t.pbx().handle(now, Input::KeptAlive { flow });
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_silent_flow_falls_to_another_one_of_its_device() {
    let (mut t, a, first, second) = two_flows(8, phone("202"));
    let flow = flow_of(&t, first);
    t.run(secs(50));
    let now = t.now();
    t.pbx().handle(now, Input::KeptAlive { flow });
    t.run(secs(20));
    t.call(a, "202");
    t.run(secs(2));
    t.expect(a).talking_with("202").talks_both_ways_with(first);
    t.expect(second).never_called();
    t.close(a);
}

#[test]
fn a_connection_is_expected_to_be_kept_alive() {
    let mut t = Story::office(9);
    let b = t.add(phone("202").over_tcp());
    register_flow(&mut t, b, 1, |_| {});
    t.expect(b).got_header(200, &HeaderName::from_token("Flow-Timer").unwrap(), "120");
    let expected = t.the_pbx().expected.clone();
    assert!(
        matches!(expected[..], [(flow, within)] if flow.connection.is_some() && within == secs(150)),
        "{expected:?}"
    );
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_promises_nothing_any_more_is_not_held_to_it() {
    for over_tcp in [false, true] {
        let mut t = Story::office(10);
        let a = t.add(phone("201"));
        let b = t.add(if over_tcp { phone("202").over_tcp() } else { phone("202") });
        t.register(a);
        register_flow(&mut t, b, 1, |_| {});
        t.unregister(b);
        t.run(secs(1));
        t.register(b);
        t.run(secs(1));
        let expected = t.the_pbx().expected.clone();
        assert_eq!(expected.last().map(|(_, within)| *within), over_tcp.then_some(secs(0)), "{expected:?}");
        t.run(secs(200));
        t.call(a, "202");
        t.run(secs(3));
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.close(a);
    }
}
