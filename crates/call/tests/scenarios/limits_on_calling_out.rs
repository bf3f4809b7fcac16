//! How much may be called: calls at one time, calls a minute, and what a day and a month may cost.

use kiestoon_call::{AccountKept, Class, Event, Input, Profile, Rate, Rights};
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = ["_0.", "_+."]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
"#;

/// A euro, in millionths.
const EURO: u64 = 1_000_000;

fn office(story: Story) -> (Story, [PhoneId; 3]) {
    let mut t = story.rules(OUT).trunk("voys", |_| {});
    let phones = [t.add(phone("201")), t.add(phone("202"))];
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    let [a, b] = phones;
    (t, [a, b, far])
}

fn hold(number: &str) -> Input {
    let (organisation, number) = ("kantoor".into(), Some(number.into()));
    Input::SetHold { organisation, number, held: true, by: "anna".into() }
}

fn calls_out(t: &Story, far: PhoneId) -> usize {
    t.phone(far).calls().count()
}

#[test]
fn only_so_many_calls_are_out_at_one_time() {
    for of_office in [false, true] {
        let limit = |profile: &mut Profile| profile.limits.calls = Some(2);
        let story = Story::office(1);
        let story = if of_office { story.office_profile(limit) } else { story.profile("201", limit) };
        let (mut t, [a, b, far]) = office(story);
        t.call(a, "0201111111");
        t.run(secs(2));
        t.call(if of_office { b } else { a }, "0202222222");
        t.run(secs(2));
        t.call(a, "0203333333");
        t.run(secs(2));
        t.expect(a).ended(Ended::Refused(403));
        t.expect(far).had_calls(2);
        let [who, _, _, why] = t.refused_out()[0];
        assert_eq!([who, why], ["201", "calls"]);
        t.hang_up_all(a);
        t.hang_up_all(b);
        t.run(secs(2));
        t.call(a, "0204444444");
        t.run(secs(2));
        t.expect(far).had_calls(3);
        t.hang_up_all(a);
        t.settle();
        let reasons: Vec<_> = t.the_pbx().ended().filter_map(|cdr| Some(cdr.end?.reason.as_str())).collect();
        assert!(reasons.contains(&"limit_reached"), "{reasons:?}");
        t.expect_nothing_left();
    }
}

#[test]
fn only_so_many_begin_in_a_minute_and_another_host_is_no_other_call() {
    let (mut t, [a, _, far]) =
        office(Story::office(2).profile("201", |profile| profile.limits.calls_per_minute = Some(3)));
    for _ in 0..5 {
        t.call(a, "0201111111");
        t.run(secs(1));
        t.hang_up_all(a);
        t.run(secs(1));
    }
    t.expect(far).had_calls(3);
    assert_eq!(t.refused_out().iter().map(|refused| refused[3]).collect::<Vec<_>>(), ["rate", "rate"]);
    t.run(secs(20));
    t.call(a, "0201111111");
    t.run(secs(1));
    t.expect(far).had_calls(4);
    t.hang_up_all(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_call_that_fails_over_counts_once() {
    let rules = r#"
        [[context.intern]]
        match = "_0."
        do = [{ dial = ["trunk:voys", "trunk:backup"], timeout = "20s" }]
    "#;
    let mut t = Story::office(3).rules(rules).trunk("voys", |_| {}).trunk("backup", |_| {}).profile(
        "201",
        |profile| {
            profile.limits.calls = Some(1);
            profile.limits.calls_per_minute = Some(1);
        },
    );
    let a = t.add(phone("201"));
    t.add_carrier(carrier("voys").refuses(503));
    let backup = t.add_carrier(carrier("backup"));
    t.register_all();
    t.call(a, "0201111111");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(backup);
    t.close(a);
}

#[test]
fn what_a_call_costs_is_in_its_record() {
    let rate = Rate { per_minute: 60_000, setup: 5_000 };
    let (mut t, [a, _, far]) = office(Story::office(4).rate("voys", "31", rate));
    t.call(a, "0201111111");
    t.run_until(secs(5), |t| t.phone(far).calls().count() == 1);
    t.run(secs(3));
    t.expect(a).talking_with("0201111111");
    t.run(secs(90));
    t.close(a);
    let record = t.expect_cdr().answered().record();
    let (talk, cost) = (record.end.expect("an end").talk_ms, record.legs[1].cost.expect("a cost"));
    assert!(cost.abs_diff(5_000 + talk) <= 50, "{cost} for {talk} ms");
    assert_eq!(record.legs[0].cost, None);
}

#[test]
fn a_budget_ends_the_call_before_it_is_overdrawn_and_is_warned_of() {
    for of_office in [false, true] {
        let budget = |profile: &mut Profile| profile.limits.spend_per_day = Some(EURO);
        let story = Story::office(5).rate("voys", "", Rate { per_minute: EURO / 4, setup: EURO / 10 });
        let story = if of_office { story.office_profile(budget) } else { story.profile("201", budget) };
        let (mut t, [a, b, far]) = office(story);
        t.call(a, "0201111111");
        t.run(secs(120));
        t.expect(a).talking_with("0201111111");
        assert!(!warned(&t));
        t.run(secs(60));
        assert!(warned(&t));
        t.expect(a).talking_with("0201111111");
        t.run(secs(60));
        t.expect(a).ended(Ended::ByThem);
        t.expect(far).is_free().was_asked(&Method::Bye, 1);
        let record = t.expect_cdr().answered().reason("budget_spent").record();
        let cost = record.legs[1].cost.expect("a cost");
        assert!((EURO * 9 / 10..=EURO).contains(&cost), "{cost}");
        t.call(a, "0202222222");
        t.run(secs(3));
        t.expect(a).ended(Ended::Refused(403));
        // Whose budget it is, theirs it is alone.
        t.call(b, "0202222222");
        t.run(secs(3));
        assert_eq!(calls_out(&t, far), if of_office { 1 } else { 2 });
        t.hang_up_all(b);
        t.run(secs(24 * 3600));
        t.call(a, "0202222222");
        t.run(secs(3));
        t.expect(a).talking_with("0202222222");
        t.close(a);
    }
}

fn warned(t: &Story) -> bool {
    t.the_pbx().events.iter().any(|event| matches!(event, Event::BudgetNearlySpent { .. }))
}

#[test]
fn two_calls_share_a_budget() {
    let story = Story::office(6).rate("voys", "", Rate::per_minute(EURO / 2));
    let (mut t, [a, _, far]) =
        office(story.profile("201", |profile| profile.limits.spend_per_day = Some(EURO)));
    t.call(a, "0201111111");
    t.run(secs(1));
    t.call(a, "0202222222");
    t.run(secs(90));
    t.expect(a).is_free();
    t.expect(far).is_free().had_calls(2);
    t.settle();
    let costs: u64 = t.the_pbx().ended().flat_map(|cdr| &cdr.legs).filter_map(|leg| leg.cost).sum();
    assert!((EURO * 8 / 10..=EURO).contains(&costs), "{costs}");
    t.expect_nothing_left();
}

#[test]
fn with_a_budget_nothing_dear_is_called_whose_price_nobody_knows() {
    let story = Story::office(7).rate("voys", "31", Rate::per_minute(1000));
    let (mut t, [a, _, far]) = office(story.profile("201", |profile| {
        profile.rights = Rights::of(Class::ALL);
        profile.limits.spend_per_month = Some(EURO);
    }));
    t.call(a, "+3221234567");
    t.run(secs(3));
    t.expect(a).ended(Ended::Refused(403));
    t.expect(far).never_called();
    assert_eq!(t.refused_out(), [["201", "+3221234567", "international", "no_rate"]]);
}

#[test]
fn what_was_spent_before_the_start_counts_in_its_month() {
    let story = Story::office(8).rate("voys", "", Rate::per_minute(EURO));
    let (mut t, [a, _, far]) =
        office(story.profile("201", |profile| profile.limits.spend_per_month = Some(10 * EURO)));
    let dial = |t: &mut Story| {
        t.call(a, "0201111111");
        t.run(secs(3));
        t.hang_up_all(a);
        t.run(secs(3));
    };
    dial(&mut t);
    t.expect(far).had_calls(1);
    let now = t.the_pbx().accounts.iter().rfind(|kept| kept.charged.number() == Some("201")).cloned();
    let now = now.expect("what it cost was kept");
    let spent = AccountKept { this_month: 10 * EURO, ..now };
    t.pbx().switch.restore_accounts([spent.clone()]);
    dial(&mut t);
    t.expect(far).had_calls(1);
    assert_eq!(t.refused_out()[0][3], "spend");
    t.pbx().switch.restore_accounts([AccountKept { day: (1999, 12, 31), ..spent }]);
    dial(&mut t);
    t.expect(far).had_calls(2);
}

#[test]
fn what_is_spent_and_who_is_on_hold_outlives_the_process() {
    let story = Story::office(8).rate("voys", "", Rate::per_minute(EURO));
    let story = story.profile("202", |profile| profile.rights = Rights::of(Class::ALL));
    let (mut t, [a, b, far]) =
        office(story.profile("201", |profile| profile.limits.spend_per_day = Some(2 * EURO)));
    t.call(a, "0201111111");
    t.run(secs(60));
    let kept = t.the_pbx().accounts.iter().rfind(|kept| kept.charged.number() == Some("201"));
    assert!(kept.is_some_and(|kept| kept.today >= EURO * 9 / 10), "also while the call runs: {kept:?}");
    t.run(secs(70));
    t.expect(far).had_calls(1);
    let now = t.now();
    t.pbx().handle(now, hold("202"));
    t.run(secs(1));
    t.restart_pbx();
    assert_eq!(t.the_pbx().switch.held().len(), 1);
    t.call(a, "0202222222");
    t.call(b, "+3221234567");
    t.run(secs(3));
    t.expect(far).had_calls(1);
    assert_eq!(
        t.refused_out(),
        [["201", "+31202222222", "national", "spend"], ["202", "+3221234567", "international", "held"]]
    );
}

#[test]
fn a_leg_goes_on_to_cost_after_a_transfer() {
    let story = Story::office(9).rate("voys", "", Rate::per_minute(60_000));
    let (mut t, [a, b, far]) = office(story);
    t.call(a, "0201111111");
    t.run(secs(10));
    t.transfer(a, "0201111111", "202");
    t.run(secs(10));
    t.expect(b).talks_both_ways_with(far);
    t.run(secs(40));
    t.hang_up_all(b);
    t.settle();
    let cost = t.expect_cdr().record().legs[1].cost.expect("a cost");
    assert!((55_000..=62_000).contains(&cost), "{cost}");
    t.expect_nothing_left();
}

#[test]
fn a_leg_that_goes_over_to_another_call_costs_in_both() {
    let story = Story::office(10).rate("voys", "", Rate::per_minute(60_000));
    let (mut t, [a, b, far]) = office(story);
    t.call(a, "0201111111");
    t.run(secs(10));
    t.hold(a);
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(10));
    t.join(a, "0201111111", "202");
    t.run(secs(5));
    t.expect(b).talks_both_ways_with(far);
    t.run(secs(35));
    t.hang_up_all(b);
    t.settle();
    let costs: Vec<u64> = t.the_pbx().ended().flat_map(|cdr| &cdr.legs).filter_map(|leg| leg.cost).collect();
    let all: u64 = costs.iter().sum();
    assert!(costs.len() == 2 && (55_000..=64_000).contains(&all), "{costs:?}");
    t.expect_nothing_left();
}

#[test]
fn who_is_switched_off_and_on_again_has_spent_what_they_had_spent_and_is_on_hold_still() {
    let budget = |profile: &mut Profile| profile.limits.spend_per_day = Some(EURO);
    let story =
        Story::office(31).rate("voys", "", Rate { per_minute: EURO, setup: 0 }).profile("201", budget);
    let (mut t, [a, _, far]) = office(story);
    t.call(a, "0201111111");
    t.run(secs(80));
    t.settle();
    t.tell_pbx(hold("201"));
    t.set_enabled("201", false);
    t.run(secs(2));
    t.set_enabled("201", true);
    assert_eq!(t.the_pbx().switch.held().len(), 1, "on hold");
    t.register(a);
    t.run(secs(1));
    t.call(a, "0201111111");
    t.run(secs(3));
    t.expect(far).had_calls(1);
    assert_eq!(t.refused_out(), [["201", "+31201111111", "national", "spend"]]);
}
