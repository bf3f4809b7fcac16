//! Whatever makes a call go out over a trunk, whoever caused it needs the right to, and is charged. No way leads around it.

use kiestoon_call::{Class, Rights};
use kiestoon_sip::network::Network;
use kiestoon_testkit::{PhoneId, Reply, Story, carrier, phone, secs};

const PREMIUM: &str = "09061234567";

const RULES: &str = r#"
    [group.buiten]
    members = ["trunk:voys"]
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}", timeout = "20s" }]
    [[context.intern]]
    match = "301"
    do = [{ dial = "ext:205", timeout = "5s" }, { dial = "trunk:voys", to = "09061234567" }]
    [[context.intern]]
    match = "302"
    do = [{ dial = "group:buiten", to = "09061234567" }]
    [[context.intern]]
    match = "303"
    do = [{ dial = ["ext:203", "trunk:voys"], to = "09061234567", timeout = "20s" }]
    [[context.intern]]
    match = "304"
    do = [{ goto = "rule:duur" }]
    [[context.intern]]
    name = "duur"
    match = "305"
    require = "call.premium"
    do = [{ dial = "trunk:voys", to = "09061234567" }]
    [[context.inkomend]]
    match = "_!"
    do = [{ dial = "trunk:voys", to = "09061234567" }]
"#;

struct Office {
    t: Story,
    a: PhoneId,
    b: PhoneId,
    far: PhoneId,
    caller: PhoneId,
}

/// An office whose dialplan leads out in every way. Nobody may call premium numbers but those of `may`. 202 redirects its calls
/// where `redirects` says so.
fn office(seed: u64, may: &[&str], redirects: bool) -> Office {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", |_| {}).trunk("binnen", |trunk| {
        // The third host of the story stands there.
        trunk.addresses = vec![Network { address: [10, 0, 0, 23].into(), prefix: 32 }];
        trunk.numbers = [("+31201234567".into(), None)].into();
    });
    for number in may {
        t = t.profile(number, |profile| profile.rights = Rights::of(Class::ALL));
    }
    if may.contains(&"organisation") {
        t = t.office_profile(|profile| profile.rights = Rights::of(Class::ALL));
    }
    let a = t.add(phone("201"));
    let b = match redirects {
        true => t.add(phone("202").follows(vec![(secs(0), Reply::Redirect(PREMIUM.to_owned()))])),
        false => t.add(phone("202")),
    };
    let far = t.add_carrier(carrier("voys"));
    let caller = t.add_carrier(carrier("binnen"));
    t.register_all();
    Office { t, a, b, far, caller }
}

/// A way to the premium number.
struct Way {
    charged: &'static str,
    redirects: bool,
    go: fn(&mut Office),
}

const fn way(charged: &'static str, go: fn(&mut Office)) -> Way {
    Way { charged, redirects: false, go }
}

/// Every way on which a leg over a trunk comes about.
const WAYS: [Way; 11] = [
    way("201", |o| o.t.call(o.a, PREMIUM)),
    way("201", |o| o.t.call(o.a, "301")),
    way("201", |o| o.t.call(o.a, "302")),
    way("201", |o| o.t.call(o.a, "303")),
    way("201", |o| o.t.call(o.a, "304")),
    way("201", |o| o.t.call(o.a, "305")),
    Way { charged: "202", redirects: true, go: |o| o.t.call(o.a, "202") },
    way("202", |o| {
        o.t.call(o.a, "202");
        o.t.run(secs(3));
        o.t.transfer(o.b, "201", PREMIUM);
    }),
    way("201", |o| {
        o.t.call(o.a, "202");
        o.t.run(secs(3));
        o.t.transfer(o.a, "202", PREMIUM);
    }),
    way("202", |o| {
        o.t.call(o.a, "202");
        o.t.run(secs(3));
        o.t.transfer(o.b, "201", "301");
    }),
    way("organisation", |o| o.t.call(o.caller, "+31201234567")),
];

#[test]
fn without_the_right_no_way_leads_out() {
    for (seed, way) in (0..).zip(&WAYS) {
        let mut office = office(seed, &[], way.redirects);
        (way.go)(&mut office);
        office.t.run(secs(30));
        office.t.expect(office.far).never_called();
        let [charged, _, class, why] = *office.t.refused_out().first().expect("a refusal that is told");
        assert_eq!([charged, class, why], [way.charged, "premium", "no_right"], "way {seed}");
        office.t.hang_up_all(office.a);
        office.t.settle();
        office.t.expect_nothing_left();
    }
}

#[test]
fn with_it_each_way_does_and_the_leg_says_who_is_charged() {
    for (seed, way) in (0..).zip(&WAYS) {
        let mut office = office(seed, &[way.charged], way.redirects);
        (way.go)(&mut office);
        office.t.run(secs(30));
        assert_eq!(office.t.refused_out(), Vec::<[&str; 4]>::new(), "way {seed}");
        assert_eq!(office.t.phone(office.far).calls().count(), 1, "way {seed}");
        office.t.hang_up_all(office.far);
        office.t.settle();
        let record = office.t.the_pbx().ended().last().expect("a record");
        let out = record.legs.iter().find(|leg| *leg.number == *PREMIUM).expect("a leg out");
        let caller = &*record.from_number;
        assert_eq!(out.charged_to.as_deref().unwrap_or(caller), way.charged, "way {seed}");
        office.t.expect_nothing_left();
    }
}

#[test]
fn somebody_elses_right_helps_nobody() {
    for (seed, way) in (0..).zip(&WAYS) {
        let others: Vec<&str> =
            ["201", "202", "organisation"].into_iter().filter(|who| *who != way.charged).collect();
        let mut office = office(seed, &others, way.redirects);
        (way.go)(&mut office);
        office.t.run(secs(30));
        office.t.expect(office.far).never_called();
    }
}
