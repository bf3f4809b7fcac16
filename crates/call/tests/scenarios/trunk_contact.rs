//! Where requests in a call over a trunk go: to the host that its Contact names, which need not be the one that was called (RFC
//! 3261 section 12.2.1.1); but over the flow to a trunk behind a router, whose Contact names an address of its own network.

use std::net::IpAddr;

use kiestoon_call::Trunk;
use kiestoon_sip::Method;
use kiestoon_sip::network::Network;
use kiestoon_testkit::{Ended, PhoneId, Profile, Story, What, carrier, millis, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys" }]
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:201" }]
"#;

/// Where the calls of the trunk are in truth.
const GATEWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

fn voys(trunk: &mut Trunk) {
    trunk.numbers.insert("+31201234567".into(), None);
    // The second one of a story stands there.
    trunk.addresses = vec![Network { address: [10, 0, 0, 21].into(), prefix: 32 }];
}

fn office(seed: u64, far: Profile) -> (Story, PhoneId, PhoneId) {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", voys);
    let a = t.add(phone("201"));
    let far = t.add_carrier(far);
    t.register_all();
    (t, a, far)
}

/// The host that was called, or that has called, takes nothing of these.
fn is_deaf_for(t: &mut Story, far: PhoneId, methods: &[&'static str]) {
    let called = t.address(far);
    for method in methods {
        t.drop_for_good(100, What::request(method).to(called));
    }
}

#[test]
fn all_that_follows_goes_to_the_contact() {
    let (mut t, a, far) = office(1, carrier("voys").reached_at(GATEWAY));
    is_deaf_for(&mut t, far, &["ACK", "INFO", "BYE"]);
    t.call(a, "0201112222");
    t.run(secs(3));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(far);
    t.send_in_call(a, Method::Info, "application/x-iets", "hallo");
    t.run(secs(1));
    t.expect(a).got(200, &Method::Info);
    let to_call = t.phone(far).requests().filter(|request| request.method == Method::Invite);
    assert_eq!(to_call.count(), 1, "the gateway is told in dialogs alone");
    t.hold(a);
    t.run(secs(1));
    t.expect(a).got(200, &Method::Invite);
    t.hang_up(a);
    t.run(secs(1));
    t.expect(far).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn a_call_that_came_in_is_hung_up_at_the_contact() {
    let (mut t, a, far) = office(2, carrier("voys").reached_at(GATEWAY));
    is_deaf_for(&mut t, far, &["BYE"]);
    t.call(far, "+31201234567");
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(a);
    t.hang_up(a);
    t.run(secs(1));
    t.expect(far).ended(Ended::ByThem);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_hung_up_there_too() {
    let far = carrier("voys").reached_at(GATEWAY).never_answers().answers_when_cancelled();
    let (mut t, a, far) = office(3, far);
    is_deaf_for(&mut t, far, &["ACK", "BYE"]);
    t.call(a, "0201112222");
    t.run(secs(1));
    t.cancel(a);
    t.run(secs(1));
    t.expect(far).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().disposition("cancelled");
    t.expect_nothing_left();
}

#[test]
fn a_prack_goes_there_too() {
    use kiestoon_testkit::Reply;
    let script =
        vec![(millis(0), Reply::Reliable { status: 183, described: true }), (secs(1), Reply::Answer)];
    let (mut t, a, far) = office(4, carrier("voys").reached_at(GATEWAY).follows(script));
    is_deaf_for(&mut t, far, &["PRACK", "ACK", "BYE"]);
    t.call(a, "0201112222");
    t.run(secs(4));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(far);
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn a_trunk_behind_a_router_is_reached_over_the_flow() {
    for (seed, calls) in [(5, false), (6, true)] {
        let (mut t, a, far) = office(seed, carrier("voys").behind_nat());
        match calls {
            true => t.call(far, "+31201234567"),
            false => t.call(a, "0201112222"),
        };
        t.run(secs(3));
        t.expect(far).talks_both_ways_with(a);
        t.hang_up(a);
        t.run(secs(1));
        t.expect(far).ended(Ended::ByThem);
        t.settle();
        t.expect_nothing_left();
    }
}
