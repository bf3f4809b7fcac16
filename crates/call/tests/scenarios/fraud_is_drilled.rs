//! The fraud drill on a switch with calls: what it finds, and that it leaves nothing behind.

use std::collections::BTreeMap;

use kiestoon_call::{Charged, Class, DrillResult, DrillVerdict, Input, Profile, Rate, Rights, Why};
use kiestoon_dialplan::Country;
use kiestoon_testkit::{Story, phone, secs};

const OUT: &str = r#"
    [hours.kantoor]
    open = ["ma-vr 09:00-17:00"]
    [[context.intern]]
    match = ["_0.", "_+."]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
"#;

const EURO: u64 = 1_000_000;

fn office(change: impl FnOnce(&mut Profile)) -> Story {
    let story = Story::office(1).rate("voys", "", Rate::per_minute(EURO)).profile("201", change);
    let mut t = story.rules(OUT).trunk("voys", |_| {});
    t.add(phone("201"));
    t.register_all();
    t
}

fn drilled(t: &mut Story, charged: &Charged) -> BTreeMap<&'static str, DrillResult> {
    let now = t.now();
    let results = t.pbx().switch.drill(now, "kantoor", charged).expect("it is there");
    results.into_iter().map(|result| (result.case.as_str(), result)).collect()
}

fn of_201(t: &mut Story) -> BTreeMap<&'static str, DrillResult> {
    drilled(t, &Charged::Extension("201".into()))
}

fn findings(results: &BTreeMap<&'static str, DrillResult>) -> Vec<&'static str> {
    let is_finding = |result: &&DrillResult| result.verdict == DrillVerdict::Finding;
    results.values().filter(is_finding).map(|result| result.case.as_str()).collect()
}

#[test]
fn what_ships_lets_nothing_out_but_a_call_for_help() {
    let mut t = office(|_| {});
    for charged in [Charged::Extension("201".into()), Charged::Organisation] {
        let results = drilled(&mut t, &charged);
        assert!(findings(&results).is_empty(), "{results:?}");
        assert_eq!((results["premium_burst"].tried, results["premium_burst"].out), (100, 0));
        let way = if charged == Charged::Organisation { "from_outside" } else { "premium" };
        assert_eq!(results[way].why, Some(Why::NoRight));
        assert_eq!((results["emergency"].out, results["emergency"].class), (1, None));
        assert_eq!(results["international_night"].verdict, DrillVerdict::NotSet);
        assert_eq!(results["budget_spent"].verdict, DrillVerdict::NotSet);
    }
}

#[test]
fn rights_that_are_too_wide_are_findings() {
    let mut t = office(|profile| profile.rights = Rights::of(Class::ALL));
    let (organisation, number) = ("kantoor".into(), Some("201".into()));
    let held = Input::SetHold { organisation, number, held: true, by: "anna".into() };
    let now = t.now();
    t.pbx().handle(now, held);
    let results = of_201(&mut t);
    assert_eq!(
        findings(&results),
        ["forward", "premium", "premium_burst", "transfer", "world_premium"],
        "also while a hold stops them"
    );
    assert_eq!(t.the_pbx().switch.held().len(), 1);
    assert_eq!(results["premium_burst"].out, 10, "then it is held");
    assert_eq!(results["international_burst"].out, 10);
}

#[test]
fn who_may_call_abroad_is_stopped_by_what_is_watched() {
    let abroad = |profile: &mut Profile| {
        profile.rights = Rights::of([Class::Internal, Class::National, Class::Mobile, Class::International]);
        profile.hours = Some("kantoor".into());
        profile.limits.spend_per_day = Some(10 * EURO);
    };
    let mut t = office(abroad);
    let results = of_201(&mut t);
    assert!(findings(&results).is_empty(), "{results:?}");
    assert_eq!(
        (results["international_night"].out, results["international_night"].why),
        (3, Some(Why::Held))
    );
    assert_eq!(results["budget_spent"].why, Some(Why::Spend));
    let mut t = office(|profile| {
        abroad(profile);
        (profile.watch.calls, profile.watch.destinations, profile.watch.closed) = (None, None, None);
    });
    let results = of_201(&mut t);
    assert_eq!(findings(&results), ["international_burst", "international_night"]);
    assert_eq!(results["international_burst"].out, 100);
}

#[test]
fn a_drill_leaves_nothing_behind() {
    let mut t = office(|profile| profile.rights = Rights::of(Class::ALL));
    of_201(&mut t);
    let now = t.now();
    let charged = Charged::Extension("201".into());
    let judged = t.pbx().switch.judge_call_out(now, "kantoor", &charged, "+3221234567").expect("it is there");
    assert_eq!((judged.len(), judged[0].why, judged[0].class), (1, None, Some(Class::International)));
    assert_eq!(judged[0].rate, Some(Rate::per_minute(EURO)));
    t.pbx().handle(now, Input::Tick);
    t.run(secs(1));
    let pbx = t.the_pbx();
    assert!(pbx.switch.held().is_empty() && pbx.accounts.is_empty());
    assert!(t.refused_out().is_empty(), "nobody is told");
    t.settle();
    t.expect_nothing_left();
    assert!(t.pbx().switch.drill(now, "kantoor", &Charged::Extension("999".into())).is_none());
}

#[test]
fn a_number_is_judged_as_a_call_to_it_would_be() {
    let mut t = office(|_| {});
    let charged = Charged::Extension("201".into());
    for number in ["09(0)61234567", "0(0)685123456", "+31(0)9061234567", "+310044906123456"] {
        let now = t.now();
        let judged = t.pbx().switch.judge_call_out(now, "kantoor", &charged, number).expect("it is there");
        assert_eq!(judged[0].why, Some(Why::NoRight), "{number}");
        assert!(judged[0].class >= Some(Class::International), "{number}");
    }
    let now = t.now();
    let judged = t.pbx().switch.judge_call_out(now, "kantoor", &charged, "+31 (0)20 123 45 67");
    assert_eq!(judged.expect("it is there")[0].class, Some(Class::National));
}

#[test]
fn codes_without_their_plus_are_tried_in_every_country() {
    for country in Country::names() {
        let story = Story::office(2).rules(OUT).trunk("voys", |trunk| {
            trunk.country = Country::find(country).expect("a country");
        });
        let mut t = story;
        t.add(phone("201"));
        t.register_all();
        let results = of_201(&mut t);
        assert!(findings(&results).is_empty(), "{country}: {results:?}");
        assert!(results["world_premium"].tried > 6, "{country}");
    }
}
