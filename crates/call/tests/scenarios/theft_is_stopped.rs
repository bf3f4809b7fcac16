//! Who has stolen a password, or tries without one: what gets out, what is held, and what is told of it.

use kiestoon_call::{Class, Event, Rights};
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [hours.kantoor]
    open = ["ma-vr 09:00-17:00"]
    [[context.intern]]
    name = "nood"
    match = "112"
    emergency = true
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = ["_0.", "_+."]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
    [[context.inkomend]]
    match = "_!"
    do = [{ dial = "ext:202" }]
"#;

fn office(story: Story) -> (Story, [PhoneId; 3]) {
    let mut t = story.rules(OUT).trunk("voys", |trunk| {
        trunk.numbers = [("+31201234567".into(), None)].into();
    });
    let phones = [t.add(phone("201")), t.add(phone("202"))];
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    let [a, b] = phones;
    (t, [a, b, far])
}

fn may_all(story: Story) -> Story {
    story.profile("201", |profile| profile.rights = Rights::of(Class::ALL))
}

fn dial(t: &mut Story, from: PhoneId, number: &str) {
    t.call(from, number);
    t.run(secs(2));
    t.hang_up_all(from);
    t.run(secs(1));
}

#[test]
fn stolen_credentials_dial_a_hundred_premium_numbers_and_none_gets_out() {
    let (mut t, [a, _, far]) = office(Story::office(1));
    for nth in 0..100 {
        dial(&mut t, a, &format!("0906{nth:07}"));
    }
    t.expect(far).never_called();
    assert_eq!(t.refused_out().len(), 100, "each is told");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn of_who_may_call_them_a_thief_is_held_after_twenty_or_ten_numbers() {
    for (same, most, reason) in [(true, 20, "velocity"), (false, 10, "spread")] {
        let (mut t, [a, b, far]) = office(may_all(Story::office(2)));
        for nth in 0..100 {
            let number = if same { "09061234567".to_owned() } else { format!("+3222{nth:06}") };
            dial(&mut t, a, &number);
        }
        t.expect(far).had_calls(most);
        assert_eq!(t.put_on_hold(), [["201", reason]]);
        assert_eq!(t.refused_out().len(), 100 - most);
        assert!(t.refused_out().iter().all(|refused| refused[3] == "held"));
        let held = t.the_pbx().switch.held();
        assert_eq!(
            (held.len(), held[0].number.as_deref(), &*held[0].organisation),
            (1, Some("201"), "kantoor")
        );
        // Work goes on at home, and help can be called.
        dial(&mut t, a, "0201112222");
        dial(&mut t, a, "112");
        dial(&mut t, b, "0201112222");
        t.expect(far).had_calls(most + 3);
        t.set_hold(Some("201"), false);
        assert!(t.the_pbx().switch.held().is_empty());
        let approved = |event: &Event| matches!(event, Event::FraudApproved { by, .. } if &**by == "beheer");
        assert!(t.the_pbx().events.iter().any(approved));
        dial(&mut t, a, "09061234567");
        t.expect(far).had_calls(most + 4);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn a_held_call_says_so_in_its_record() {
    let (mut t, [a, _, far]) = office(may_all(Story::office(3)));
    t.set_hold(Some("201"), true);
    dial(&mut t, a, "+3221234567");
    t.expect(far).never_called();
    t.expect_cdr().reason("held").status(403);
    assert_eq!(t.put_on_hold(), [["201", "operator"]]);
}

#[test]
fn a_busy_desk_is_never_held() {
    let (mut t, [a, _, far]) = office(may_all(Story::office(4)));
    // Eight customers abroad an hour, all day, and as many calls at home as the day is long.
    for hour in 0..7 {
        for nth in 0..8 {
            dial(&mut t, a, &format!("+32212345{hour}{nth}"));
            dial(&mut t, a, "0201112222");
            t.run(secs(440));
        }
    }
    assert_eq!(t.put_on_hold(), Vec::<[&str; 2]>::new());
    t.expect(far).had_calls(7 * 8 * 2);
}

#[test]
fn at_night_three_are_enough() {
    let story = Story::office(5).profile("201", |profile| {
        profile.rights = Rights::of(Class::ALL);
        profile.hours = Some("kantoor".into());
    });
    let (mut t, [a, _, far]) = office(story);
    t.run(secs(14 * 3600));
    for _ in 0..10 {
        dial(&mut t, a, "+3221234567");
    }
    t.expect(far).had_calls(3);
    assert_eq!(t.put_on_hold(), [["201", "closed"]]);
}

#[test]
fn what_a_forwarding_or_a_transfer_makes_counts_for_who_made_it() {
    let (mut t, [a, b, far]) =
        office(Story::office(6).profile("202", |profile| profile.rights = Rights::of(Class::ALL)));
    for _ in 0..30 {
        t.call(a, "202");
        t.run(secs(3));
        t.transfer(b, "201", "09061234567");
        t.run(secs(3));
        t.hang_up_all(a);
        t.hang_up_all(b);
        t.run(secs(3));
    }
    t.expect(far).had_calls(20);
    assert_eq!(t.put_on_hold(), [["202", "velocity"]]);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn strangers_get_nothing_out_whoever_they_say_they_are() {
    let (mut t, [_, _, far]) =
        office(may_all(Story::office(7).settings(|settings| settings.bans.failures = 1000)));
    let stranger = t.add(phone("999").with_password("geraden"));
    let claim = |name: &HeaderName, value: &str| (name.clone(), value.to_owned());
    let claims = [
        vec![],
        vec![claim(&HeaderName::PAssertedIdentity, "<sip:201@kantoor.example>")],
        vec![claim(&HeaderName::PAssertedIdentity, "<sip:+31201234567@voys.example>")],
        vec![claim(&HeaderName::RemotePartyId, "<sip:201@kantoor.example>;party=calling;screen=yes")],
        vec![claim(&HeaderName::Diversion, "<sip:201@kantoor.example>;reason=unconditional")],
        vec![claim(&HeaderName::ReferredBy, "<sip:201@kantoor.example>")],
    ];
    let froms = ["sip:201@kantoor.example", "sip:+31201234567@voys.example", "sip:201@10.0.0.1"];
    let mut tried = 0;
    for claims in &claims {
        for from in froms {
            for number in ["09061234567", "+31201234567"] {
                t.call_with(stranger, number, |invite| pretend(invite, from, claims));
                t.run(secs(2));
                tried += 1;
            }
        }
    }
    t.expect(far).never_called();
    let told = |event: &&Event| matches!(event, Event::CallRefused { reason: "unauthenticated", .. });
    assert!(t.the_pbx().events.iter().filter(told).count() >= tried, "each is told");
    assert_eq!(t.the_pbx().switch.status().calls, 0);
}

#[test]
fn what_nobody_serves_is_told_too() {
    let (mut t, [_, _, far]) = office(may_all(Story::office(9)));
    let stranger = t.add(phone("999").with_password("geraden"));
    t.call_with(stranger, "09061234567", |invite| invite.max_forwards = Some(0));
    t.run(secs(2));
    t.call_with(stranger, "09061234567", |invite| invite.to = invite.to.clone().with_tag("gestolen"));
    t.run(secs(2));
    t.expect(far).never_called();
    let told = t.the_pbx().events.iter().filter_map(|event| match event {
        Event::CallRefused { status, reason, .. } => Some((*status, *reason)),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(483, "screened"), (481, "no_dialog")]);
}

fn pretend(invite: &mut Request, from: &str, claims: &[(HeaderName, String)]) {
    let tag = invite.from.tag().unwrap_or_default().to_owned();
    invite.from = NameAddr::new(Uri::parse(from).expect("a URI")).with_tag(&tag);
    for (name, value) in claims {
        invite.headers.push(name.clone(), value.clone());
    }
}

#[test]
fn a_trunk_that_redirects_leads_nowhere() {
    let (mut t, [a, ..]) = office(may_all(Story::office(8)));
    let thief = t.add_carrier(
        carrier("voys").follows(vec![(secs(0), kiestoon_testkit::Reply::Redirect("09061234567".to_owned()))]),
    );
    dial(&mut t, a, "0201112222");
    t.expect(thief).was_asked(&Method::Invite, 1);
    t.settle();
    t.expect_nothing_left();
}
