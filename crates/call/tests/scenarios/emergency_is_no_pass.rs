//! A call that was an emergency once opens no way to other numbers: whoever was rung for it, or made it, needs the right to whatever
//! is called next. The call for help itself passes whatever holds.

use kiestoon_call::{Class, Input, Rights};
use kiestoon_media::{DigitSource, MediaEvent};
use kiestoon_testkit::{Ended, PhoneId, Reply, Story, carrier, millis, phone, secs};

const PREMIUM: &str = "09061234567";

const RULES: &str = r#"
    [[context.intern]]
    name = "nood"
    match = "112"
    emergency = true
    do = [{ dial = "ext:202", timeout = "20s" }, { dial = "trunk:voys" }]
    [[context.intern]]
    name = "balie"
    match = "555"
    emergency = true
    do = [{ dial = "trunk:voys", to = "+31201234567" }]
    [[context.intern]]
    match = "9112"
    do = [{ goto = "rule:balie" }]
    [[context.intern]]
    name = "keuze"
    match = "113"
    emergency = true
    do = [{ dial = "ext:204" }, { collect = "nummer", prompt = "welkom", digits = 11 }, { goto = "context:intern", number = "${nummer}" }]
    [[context.intern]]
    name = "buitenlijn"
    match = "90112"
    emergency = true
    do = [{ dial = "ext:204" }, { goto = "context:uit", number = "${number|strip:90}" }]
    [[context.uit]]
    match = "_1XX"
    require = "call.premium"
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "305"
    require = "call.premium"
    do = [{ dial = "ext:203" }]
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}", timeout = "20s" }]
"#;

struct Office {
    t: Story,
    a: PhoneId,
    b: PhoneId,
    far: PhoneId,
}

/// 201 and 202 may call nothing but emergency numbers; 202, which rings for 112, sends its calls on to a number where there is one.
fn office(seed: u64, sends_on_to: Option<&str>) -> Office {
    let none = |story: Story, number| {
        story.profile(number, |profile| {
            profile.rights = Rights::NONE;
            profile.limits.spend_per_day = Some(0);
        })
    };
    let t = ["201", "202"].into_iter().fold(Story::office(seed), none);
    let mut t = t.rules(RULES).prompt("welkom").trunk("voys", |_| {});
    let a = t.add(phone("201"));
    let b = match sends_on_to {
        Some(to) => t.add(phone("202").follows(vec![(secs(0), Reply::Redirect(to.to_owned()))])),
        None => t.add(phone("202")),
    };
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    Office { t, a, b, far }
}

/// The user parts of the INVITEs that the provider got.
fn asked_for(t: &Story, far: PhoneId) -> Vec<String> {
    let users = t.phone(far).requests().filter_map(|request| match &request.uri {
        _ if request.method.as_str() != "INVITE" => None,
        uri => uri.as_sip().and_then(|uri| uri.user.as_deref()).map(str::to_owned),
    });
    users.collect()
}

#[test]
fn a_phone_that_rings_for_it_sends_nobody_on_to_a_dear_number() {
    let Office { mut t, a, far, .. } = office(1, Some(PREMIUM));
    t.call(a, "112");
    t.run(secs(5));
    assert_eq!(t.refused_out(), [["202", PREMIUM, "premium", "no_right"]]);
    // And then the rule goes on to where help is.
    assert_eq!(asked_for(&t, far), ["112"]);
    t.hang_up_all(a);
    t.settle();
    assert!(t.expect_cdr().record().emergency);
    t.expect_nothing_left();
}

#[test]
fn nor_to_a_rule_that_asks_for_a_permission() {
    let Office { mut t, a, far, .. } = office(2, Some("305"));
    t.call(a, "112");
    t.run(secs(5));
    assert_eq!(t.refused_out(), [["202", "305", "premium", "no_right"]]);
    assert_eq!(asked_for(&t, far), ["112"]);
}

#[test]
fn neither_side_of_it_transfers_the_other_to_a_dear_number() {
    for (seed, by_callee, to) in
        [(3, true, PREMIUM), (4, false, PREMIUM), (5, true, "305"), (6, false, "305")]
    {
        let Office { mut t, a, b, far } = office(seed, None);
        t.call(a, "112");
        t.run(secs(4));
        t.expect(a).talks_both_ways_with(b);
        let (by, peer, charged) = if by_callee { (b, "201", "202") } else { (a, "112", "201") };
        t.transfer(by, peer, to);
        t.run(secs(5));
        t.expect(far).never_called();
        assert_eq!(t.refused_out(), [[charged, to, "premium", "no_right"]], "{seed}");
        t.hang_up_all(a);
        t.hang_up_all(b);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn digits_that_the_caller_chooses_are_dialled_with_the_rights_of_the_caller() {
    let Office { mut t, a, far, .. } = office(7, None);
    t.call(a, "113");
    t.run(secs(1));
    for digit in PREMIUM.chars() {
        let leg = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
        let source = DigitSource::Event4733;
        t.tell_pbx(Input::Media(MediaEvent::Digit { leg, digit, duration_ms: 100, source, passed: false }));
        t.run(millis(200));
    }
    t.run(secs(5));
    t.expect(far).never_called();
    assert_eq!(t.refused_out(), [["201", PREMIUM, "premium", "no_right"]]);
}

#[test]
fn the_call_for_help_passes_whatever_number_its_rule_dials() {
    for (seed, dialled, asked) in [(8, "555", "+31201234567"), (9, "9112", "+31201234567")] {
        let Office { mut t, a, far, .. } = office(seed, None);
        t.set_hold(Some("201"), true);
        t.call(a, dialled);
        t.run(secs(3));
        assert_eq!(asked_for(&t, far), [asked], "{dialled}");
        t.close(a);
    }
}

#[test]
fn a_prefix_that_is_taken_off_is_no_choice_of_the_caller() {
    let Office { mut t, a, far, .. } = office(13, None);
    t.call(a, "90112");
    t.run(secs(4));
    assert_eq!(asked_for(&t, far), ["112"]);
    assert_eq!(t.refused_out(), Vec::<[&str; 4]>::new());
}

#[test]
fn a_call_that_is_sent_or_transferred_to_help_passes() {
    let Office { mut t, a, far, .. } = office(10, Some("555"));
    t.set_hold(Some("202"), true);
    t.call(a, "202");
    t.run(secs(4));
    assert_eq!(asked_for(&t, far), ["+31201234567"]);
    t.close(a);
    let Office { mut t, a, b, far } = office(11, None);
    t.call(a, "202");
    t.run(secs(3));
    t.transfer(b, "201", "555");
    t.run(secs(5));
    assert_eq!(asked_for(&t, far), ["+31201234567"]);
    assert_eq!(t.refused_out(), Vec::<[&str; 4]>::new());
}

#[test]
fn an_ordinary_call_still_needs_its_right() {
    let Office { mut t, a, far, .. } = office(12, None);
    t.change_profile("201", |profile| profile.rights = Rights::of([Class::Internal]));
    t.call(a, PREMIUM);
    t.run(secs(2));
    t.expect(a).ended(Ended::Refused(403));
    t.expect(far).never_called();
}
