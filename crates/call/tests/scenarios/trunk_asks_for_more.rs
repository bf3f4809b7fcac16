//! A trunk that wants our calls to go elsewhere does not decide that: transfers and redirections are refused unless the operator
//! allows them, and then the dialplan says what becomes of them.

use kiestoon_call::{Event, Trunk};
use kiestoon_sip::Method;
use kiestoon_sip::network::Network;
use kiestoon_testkit::{PhoneId, Reply, Story, carrier, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "0900123"
    do = [{ reject = 403 }]
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"] }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:202" }]
    [[context.inkomend]]
    match = "203"
    do = [{ dial = "ext:203" }]
"#;

fn talking(seed: u64, change: impl Fn(&mut Trunk)) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", |trunk| {
        trunk.addresses = vec![Network { address: [10, 0, 0, 20].into(), prefix: 32 }];
        trunk.numbers.insert("+31201234567".into(), None);
        change(trunk);
    });
    let far = t.add_carrier(carrier("voys"));
    let [b, c] = ["202", "203"].map(|number| t.add(phone(number)));
    t.register_all();
    t.call(far, "+31201234567");
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    (t, [far, b, c])
}

fn transfers(t: &Story) -> Vec<(&str, &str, u16)> {
    let told = t.the_pbx().events.iter().filter_map(|event| match event {
        Event::CallTransfer { by, target, status, .. } => Some((&**by, &**target, *status)),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_transfer_by_a_trunk_is_refused_and_told_of() {
    let (mut t, [far, b, c]) = talking(1, |_| {});
    t.transfer(far, "+31201234567", "203");
    t.run(secs(2));
    t.expect(far).got(403, &Method::Refer).talks_both_ways_with(b);
    t.expect(c).never_called();
    assert_eq!(transfers(&t), [("trunk:voys", "203", 403)]);
    t.hang_up(far);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}

/// It goes by the rules for calls that come in, whoever has called whom.
#[test]
fn a_transfer_that_is_allowed_goes_where_calls_come_in() {
    let (mut t, [far, b, c]) = talking(2, |trunk| trunk.transfers = true);
    t.transfer(far, "+31201234567", "203");
    t.run(secs(4));
    t.expect(far).got(202, &Method::Refer);
    t.expect(b).talks_both_ways_with(c);
    t.hang_up(c);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_transfer_out_of_a_call_that_went_out_goes_by_the_same_rules() {
    let mut t = Story::office(3).rules(RULES).trunk("voys", |trunk| trunk.transfers = true);
    let a = t.add(phone("201"));
    let far = t.add_carrier(carrier("voys"));
    let other = t.add(phone("204"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(far);
    // Of the context `intern`, where it came from, this has a rule.
    let shown = t.phone(far).last_call().expect("a call").0.to_owned();
    t.transfer(far, &shown, "204");
    t.run(secs(4));
    t.expect(other).never_called();
    t.expect(far).was_told(&[100, 404]);
    t.expect(a).talks_both_ways_with(far);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

fn redirected(seed: u64, to: &str, change: impl Fn(&mut Trunk)) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", change).trunk("backup", |_| {});
    let a = t.add(phone("201"));
    let voys = t.add_carrier(carrier("voys").follows(vec![(secs(0), Reply::Redirect(to.to_owned()))]));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(3));
    (t, [a, voys, b])
}

#[test]
fn a_redirection_is_not_followed() {
    for to in ["sip:202@voys.example", "sip:202@kantoor.example", "tel:202"] {
        let (mut t, [a, _, b]) = redirected(4, to, |_| {});
        t.expect(a).got(480, &Method::Invite);
        t.expect(b).never_called();
        t.settle();
        let record = t.expect_cdr().record();
        assert_eq!(record.legs[1].status, Some(302));
        t.expect_nothing_left();
    }
}

#[test]
fn a_redirection_that_is_allowed_is_the_callers_own_call() {
    let (mut t, [a, _, b]) = redirected(5, "sip:202@voys.example", |trunk| trunk.redirects = true);
    t.expect(a).talks_both_ways_with(b);
    t.hang_up(a);
    t.settle();
    let record = t.expect_cdr().answered().reached("202").record();
    assert!(record.legs.iter().all(|leg| leg.charged_to.is_none()), "the caller pays");
    t.expect_nothing_left();
}

#[test]
fn a_redirection_goes_nowhere_that_the_caller_may_not_call() {
    let (mut t, [a, ..]) = redirected(6, "tel:0900123", |trunk| trunk.redirects = true);
    t.expect(a).got(403, &Method::Invite);
    t.settle();
    t.expect_nothing_left();
    let (mut t, [a, _, b]) = redirected(7, "sip:202@elders.example", |trunk| trunk.redirects = true);
    t.expect(a).got(480, &Method::Invite);
    t.expect(b).never_called();
    t.settle();
    t.expect_nothing_left();
}
