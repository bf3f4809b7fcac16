//! Outbound (RFC 5626): a device registers several flows; one at a time is tried, and a dead one falls to the next.

use kiestoon_call::Input;
use kiestoon_media::SrtpPolicy;
use kiestoon_sip::registrar::{BindingChange, Extra, StoredBinding};
use kiestoon_sip::{ConnectionId, Flow, HeaderName, Message, Method, Request, Transport, Via};
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

#[test]
fn a_text_goes_to_a_device_once() {
    let mut t = Story::office(11);
    let a = t.add(phone("201"));
    let first = t.add(phone("202"));
    let second = t.add(phone("202"));
    let other = t.add(phone("202"));
    t.register(a);
    t.register(other);
    t.run(secs(1));
    register_flow(&mut t, first, 1, |_| {});
    register_flow(&mut t, second, 2, |_| {});
    t.send_text(a, "202", "Eén keer is genoeg");
    t.run(secs(2));
    t.expect(a).got_exactly(&[407, 200], &Method::Message);
    t.expect(first).was_asked(&Method::Message, 0);
    t.expect(second).was_asked(&Method::Message, 1);
    t.expect(other).was_asked(&Method::Message, 1);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_flow_that_is_not_kept_alive_is_not_used_until_it_is_heard_of() {
    let mut t = Story::office(7);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register(a);
    register_flow(&mut t, b, 1, |_| {});
    t.expect(b).got_header(200, &HeaderName::from_token("Flow-Timer").unwrap(), "30");
    for _ in 0..4 {
        t.run(secs(29));
        t.keep_alive(b);
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
    t.keep_alive(b);
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_silent_flow_falls_to_another_one_of_its_device() {
    let (mut t, a, first, second) = two_flows(8, phone("202"));
    t.run(secs(50));
    t.keep_alive(first);
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

#[test]
fn a_connection_that_was_never_promised_anything_is_not_spoken_of() {
    let mut t = Story::office(12);
    let b = t.add(phone("202").over_tcp());
    t.register(b);
    t.run(secs(1));
    assert!(t.the_pbx().expected.is_empty(), "{:?}", t.the_pbx().expected);
}

#[test]
fn the_spare_flows_of_a_device_take_no_other_phone_its_place() {
    let rules = "[[context.intern]]\nmatch = \"100\"\ndo = [{ dial = [\"ext:202\", \"ext:203\"], timeout = \"20s\" }]\n";
    let mut t = Story::office(13).rules(rules).settings(|settings| settings.limits.branches = 2);
    let a = t.add(phone("201"));
    let first = t.add(phone("202").never_answers());
    let second = t.add(phone("202").never_answers());
    let c = t.add(phone("203"));
    t.register(a);
    t.register(c);
    register_flow(&mut t, first, 1, |_| {});
    register_flow(&mut t, second, 2, |_| {});
    t.call(a, "100");
    t.run(secs(3));
    t.expect(second).had_calls(1);
    t.expect(a).talks_both_ways_with(c);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

/// The device of a phone has another flow, over TLS, where nobody is any more.
fn tls_flow(t: &Story, phone: PhoneId, reg_id: u32) -> StoredBinding {
    let known = t.the_pbx().bindings.iter().rev().find_map(|(_, change)| match change {
        BindingChange::Put(known) if known.flow.remote.ip() == t.address(phone) => Some(known.clone()),
        _ => None,
    });
    let flow = Flow {
        transport: Transport::Tls,
        local: (t.pbx_address(), 5061).into(),
        remote: (t.address(phone), 49_152).into(),
        connection: Some(ConnectionId(u64::MAX)),
    };
    StoredBinding { flow, extra: Extra::new(Vec::new(), Some(reg_id)), ..known.expect("it is registered") }
}

/// Whether each INVITE to a phone held a key.
fn keys_to(t: &Story, phone: PhoneId) -> Vec<bool> {
    let to = t.net.ladder.rungs().filter(|rung| rung.to == t.address(phone));
    to.filter_map(|rung| match &rung.message {
        Some(Message::Request(invite)) if invite.method == Method::Invite => {
            Some(String::from_utf8_lossy(&invite.body).contains("a=crypto"))
        }
        _ => None,
    })
    .collect()
}

#[test]
fn a_key_goes_over_a_flow_that_nobody_can_read() {
    for tls_first in [true, false] {
        let mut t = Story::office(14).settings(|settings| settings.srtp = SrtpPolicy::Optional);
        let a = t.add(phone("201"));
        let b = t.add(phone("202"));
        t.engine().protect();
        t.register(a);
        register_flow(&mut t, b, 1, |_| {});
        let tls = tls_flow(&t, b, 2);
        t.tell_pbx(Input::Restore(vec![tls]));
        if !tls_first {
            register_flow(&mut t, b, 3, |_| {});
            t.crash(b);
        }
        t.call(a, "202");
        t.run(secs(3));
        let expected = if tls_first { &[true, false][..] } else { &[false, true, false] };
        assert_eq!(keys_to(&t, b), expected);
        if tls_first {
            t.expect(a).talking_with("202").talks_both_ways_with(b);
            t.hang_up(a);
        }
        t.settle();
        t.expect_nothing_left();
    }
}
