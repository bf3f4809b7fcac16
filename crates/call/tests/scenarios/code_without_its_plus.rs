//! A number whose country code stands there without its `+`, or behind the country's own, or behind a code of the exchange: the
//! provider dials abroad with it, so it is judged as that.

use kiestoon_call::{Class, NumberForm, Rights};
use kiestoon_dialplan::Country;
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = ["_X.", "_+.", "re:^[*#]"]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
"#;

fn office(seed: u64, country: &'static str, change: impl FnOnce(Story) -> Story) -> (Story, [PhoneId; 2]) {
    office_of(seed, country, NumberForm::E164Digits, change)
}

fn office_of(
    seed: u64,
    country: &'static str,
    form: NumberForm,
    change: impl FnOnce(Story) -> Story,
) -> (Story, [PhoneId; 2]) {
    let story = Story::office(seed).rules(OUT).trunk("voys", |trunk| {
        trunk.country = Country::find(country).expect("a country");
        trunk.number_form = form;
    });
    let mut t = change(story);
    let phones = [t.add(phone("201")), t.add_carrier(carrier("voys"))];
    t.register_all();
    (t, phones)
}

/// The number that reaches the provider; None where it is refused.
fn sent(t: &mut Story, [a, far]: [PhoneId; 2], number: &str) -> Option<String> {
    let before = t.phone(far).calls().count();
    t.call(a, number);
    t.run(secs(3));
    let invites = t.phone(far).requests().filter(|request| request.method == Method::Invite);
    let is_out = t.phone(far).calls().count() > before;
    let called = invites.last().filter(|_| is_out).and_then(|invite| Some(invite.uri.user()?.to_owned()));
    t.hang_up_all(a);
    t.settle();
    called
}

#[test]
fn it_is_no_mobile_at_home() {
    for (seed, country, at_home, abroad) in [
        (1, "dk", "25261234", ["252612345678", "319061234567"]),
        (2, "no", "91234567", ["449061234567", "961123456789"]),
        (3, "es", "612345678", ["675812345678", "68512345"]),
    ] {
        let (mut t, phones) = office(seed, country, |story| story);
        for number in abroad {
            assert_eq!(sent(&mut t, phones, number), None, "{number} in {country}");
        }
        let why: Vec<_> = t.refused_out().iter().map(|[.., why]| (*why).to_owned()).collect();
        assert_eq!(why, ["no_right"; 2]);
        assert!(sent(&mut t, phones, at_home).is_some_and(|number| number.ends_with(at_home)));
    }
}

#[test]
fn it_is_watched_as_a_call_abroad() {
    let (mut t, phones) = office(4, "dk", |story| {
        story.profile("201", |profile| {
            profile.rights = Rights::of(Class::ALL);
            profile.watch.calls = Some(1);
        })
    });
    assert!(sent(&mut t, phones, "252612345678").is_some());
    assert_eq!(sent(&mut t, phones, "252612345679"), None);
    assert_eq!(t.the_pbx().switch.held().len(), 1);
}

#[test]
fn a_list_that_blocks_a_country_is_not_passed_without_the_plus() {
    let (mut t, phones) = office(5, "nl", |story| {
        story.profile("201", |profile| {
            profile.rights = Rights::of(Class::ALL);
            profile.destinations.blocked = ["+44", "+675"].map(Into::into).into();
        })
    });
    for number in ["+442079460000", "00442079460000", "442079460000", "675712345", "+3100442079460000"] {
        assert_eq!(sent(&mut t, phones, number), None, "{number}");
    }
    let why: Vec<_> = t.refused_out().iter().map(|[.., why]| (*why).to_owned()).collect();
    assert_eq!(why, ["blocked"; 5]);
    assert_eq!(sent(&mut t, phones, "493012345678").as_deref(), Some("493012345678"));
}

#[test]
fn zeros_behind_the_own_code_are_no_way_abroad() {
    let (mut t, phones) = office(6, "nl", |story| story);
    for number in ["+310044906123456", "0031004490612345", "+3100252612345678"] {
        assert_eq!(sent(&mut t, phones, number), None, "{number}");
    }
    assert_eq!(sent(&mut t, phones, "+310201112222").as_deref(), Some("310201112222"));
    let (mut t, phones) = office(7, "us", |story| story);
    assert_eq!(sent(&mut t, phones, "+1011449061234567"), None);
    assert_eq!(sent(&mut t, phones, "+12125551234").as_deref(), Some("12125551234"));
}

#[test]
fn what_goes_out_without_a_code_is_judged_so() {
    for (seed, form) in [(8, NumberForm::National), (9, NumberForm::AsDialled)] {
        for (country, abroad, at_home) in
            [("it", "33899123456", "3331234567"), ("lu", "41900123456", "621123456")]
        {
            let (mut t, phones) = office_of(seed, country, form, |story| story);
            assert_eq!(sent(&mut t, phones, abroad), None, "{abroad} in {country}");
            assert_eq!(sent(&mut t, phones, at_home).as_deref(), Some(at_home));
        }
    }
}

/// Why each number was refused so far.
fn reasons(t: &Story) -> Vec<String> {
    t.refused_out().iter().map(|[.., why]| (*why).to_owned()).collect()
}

#[test]
fn a_code_with_keys_in_front_opens_no_list() {
    let (mut t, phones) = office(10, "be", |story| {
        story.profile("201", |profile| profile.destinations.allowed = ["+31"].map(Into::into).into())
    });
    for number in ["*31%2300449061234567", "*31%230031201234567"] {
        assert_eq!(sent(&mut t, phones, number), None, "{number}");
    }
    assert_eq!(reasons(&t), ["no_right"; 2]);
    assert_eq!(sent(&mut t, phones, "0031201234567").as_deref(), Some("31201234567"));
}

#[test]
fn a_code_with_keys_in_front_passes_no_list() {
    let (mut t, phones) = office(11, "de", |story| {
        story.profile("201", |profile| {
            profile.rights = Rights::of(Class::ALL);
            profile.destinations.blocked = ["+44"].map(Into::into).into();
        })
    });
    for number in ["*31%2300442079460000", "*21*00442079460000*11%23"] {
        assert_eq!(sent(&mut t, phones, number), None, "{number}");
    }
    assert_eq!(reasons(&t), ["blocked"; 2]);
    assert_eq!(sent(&mut t, phones, "*31%23030123456").as_deref(), Some("*31#030123456"));
}

#[test]
fn what_follows_a_number_behind_a_key_makes_it_no_cheaper() {
    let (mut t, phones) = office(12, "nl", |story| {
        let but_premium = Class::ALL.into_iter().filter(|class| *class != Class::Premium);
        story.profile("201", |profile| profile.rights = Rights::of(but_premium))
    });
    for number in ["*21*09061234567*11%23", "09061234567%231"] {
        assert_eq!(sent(&mut t, phones, number), None, "{number}");
    }
    assert_eq!(reasons(&t), ["no_right"; 2]);
    assert_eq!(sent(&mut t, phones, "*21*0612345678*11%23").as_deref(), Some("*21*0612345678*11#"));
}

/// To read each part of it takes longer than a call may.
#[test]
fn a_number_with_more_keys_than_any_code_is_not_called() {
    let (mut t, phones) = office(14, "nl", |story| {
        story.profile("201", |profile| {
            profile.rights = Rights::of(Class::ALL);
            profile.destinations.allowed = ["0", "+"].map(Into::into).into();
        })
    });
    assert_eq!(sent(&mut t, phones, &"0*".repeat(8)).as_deref(), Some(&*"0*".repeat(8)));
    assert_eq!(sent(&mut t, phones, &"0*".repeat(9)), None);
    assert_eq!(sent(&mut t, phones, &"0*".repeat(64)), None);
    assert_eq!(reasons(&t), ["blocked"; 2]);
}

#[test]
fn the_key_at_the_end_of_a_number_needs_no_right() {
    let (mut t, phones) = office(13, "nl", |story| story);
    let without = sent(&mut t, phones, "0612345678");
    assert!(without.as_deref().is_some_and(|sent| sent.ends_with("612345678")), "{without:?}");
    assert_eq!(sent(&mut t, phones, "0612345678%23"), without);
    for number in ["*31%230612345678", "09061234567%23"] {
        assert_eq!(sent(&mut t, phones, number), None, "{number}");
    }
    assert_eq!(reasons(&t), ["no_right"; 2]);
}
