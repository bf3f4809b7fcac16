//! A call that comes back to the PBX is not followed round and round.

use kiestoon_sip::network::{Network, PublicAddresses};
use kiestoon_sip::{Message, Method, Transport, Via};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn an_invite_that_has_passed_this_pbx_is_refused() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    let via: Via = t
        .net
        .ladder
        .rungs()
        .filter(|rung| rung.to == t.address(b))
        .find_map(|rung| match &rung.message {
            Some(Message::Request(request)) if request.method == Method::Invite => {
                request.via.first().cloned()
            }
            _ => None,
        })
        .expect("the INVITE that the callee got");
    t.hang_up(a);
    t.settle();
    t.call_with(b, "201", move |invite| invite.via.push(via.clone()));
    t.settle();
    t.expect(b).got(482, &Method::Invite);
    t.expect(a).had_calls(1);
    t.expect_nothing_left();
}

#[test]
fn every_address_that_phones_are_told_is_known() {
    let told = "203.0.113.77".parse().unwrap();
    let vpn = Network { address: "10.8.0.0".parse().unwrap(), prefix: 16 };
    let mut t = Story::office(2)
        .settings(|settings| settings.public = PublicAddresses::new(None, vec![(vpn, Some(told))]));
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    let passed = |port| Via::of_ours(Transport::Udp, (told, port).into(), "z9hG4bKearlier");
    t.call_with(a, "202", |invite| invite.via.push(passed(5060)));
    t.settle();
    t.expect(a).got(482, &Method::Invite);
    t.expect(b).had_calls(0);
    t.call_with(a, "202", |invite| invite.via.push(passed(5999)));
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.close(a);
}
