//! Who talks over a trunk is joined with a colleague by a phone that talks to both (attended transfer): the call over the trunk goes on
//! for who made it, and is over with the rest.

use kiestoon_call::Trunk;
use kiestoon_sip::network::Network;
use kiestoon_testkit::{Ended, PhoneId, Profile, Story, carrier, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:201" }]
"#;

fn voys(trunk: &mut Trunk) {
    trunk.numbers.insert("+31201234567".into(), None);
    // The third one of a story stands there.
    trunk.addresses = vec![Network { address: [10, 0, 0, 22].into(), prefix: 32 }];
    trunk.channels = Some(1);
}

fn office(seed: u64, far: Profile) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", voys);
    let (a, b) = (t.add(phone("201")), t.add(phone("202")));
    let far = t.add_carrier(far);
    t.register_all();
    (t, [a, b, far])
}

/// Who talks to one calls another one, and joins both.
fn join(t: &mut Story, a: PhoneId, one: &str, other: &str) {
    t.hold(a);
    t.run(secs(1));
    t.call(a, other);
    t.run(secs(3));
    t.join(a, one, other);
}

/// The colleague and the far end talk, and 201 is out of it; then one of them hangs up.
fn expect_joined(mut t: Story, [a, b, far]: [PhoneId; 3], ends: PhoneId) -> Story {
    t.run(secs(3));
    t.expect(a).was_told(&[100, 200]).is_free();
    t.expect(b).talks_both_ways_with(far);
    t.expect_agreement();
    t.hold(b);
    t.run(secs(1));
    t.resume(b);
    t.run(secs(1));
    t.expect(b).talks_both_ways_with(far);
    t.hang_up(ends);
    t.run(secs(1));
    t.expect(if ends == b { far } else { b }).ended(Ended::ByThem);
    t.settle();
    t.expect_nothing_left();
    t
}

#[test]
fn who_was_called_over_it_is_passed_on_to_a_colleague() {
    for (seed, b_ends) in [(1, true), (2, false)] {
        let (mut t, all @ [a, b, far]) = office(seed, carrier("voys"));
        t.call(a, "0201112222");
        t.run(secs(3));
        join(&mut t, a, "0201112222", "202");
        let t = expect_joined(t, all, if b_ends { b } else { far });
        let record = t.expect_nth_cdr(0).answered().reason("transferred").record();
        assert_eq!(record.trunk_out().map(|name| &**name), Some("voys"));
        assert_eq!(record.linked, Some(t.expect_nth_cdr(1).answered().record().id));
    }
}

#[test]
fn a_colleague_is_passed_on_to_who_was_called_over_it() {
    for (seed, b_ends) in [(3, true), (4, false)] {
        let (mut t, all @ [a, b, far]) = office(seed, carrier("voys"));
        t.call(b, "201");
        t.run(secs(3));
        join(&mut t, a, "202", "0201112222");
        let t = expect_joined(t, all, if b_ends { b } else { far });
        let record = t.expect_nth_cdr(1).answered().record();
        assert_eq!(record.trunk_out().map(|name| &**name), Some("voys"));
    }
}

#[test]
fn who_has_called_over_it_is_passed_on_to_a_colleague() {
    let (mut t, all @ [a, b, far]) = office(5, carrier("voys"));
    t.call(far, "+31201234567");
    t.run(secs(3));
    let caller = t.phone(a).last_call().expect("a call").0.to_owned();
    join(&mut t, a, &caller, "202");
    let t = expect_joined(t, all, b);
    let record = t.expect_nth_cdr(0).answered().reason("transferred").record();
    assert_eq!(record.trunk_in().map(|name| &**name), Some("voys"));
}

/// The hosts of the call are others than those that were called, before and after.
#[test]
fn it_goes_on_at_its_contact() {
    let far = carrier("voys").reached_at([203, 0, 113, 9].into());
    let (mut t, all @ [a, b, _]) = office(6, far);
    t.call(a, "0201112222");
    t.run(secs(3));
    join(&mut t, a, "0201112222", "202");
    expect_joined(t, all, b);
}
