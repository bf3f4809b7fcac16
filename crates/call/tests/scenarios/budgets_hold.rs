//! A budget is never overdrawn, and nobody's limits are lost: not by calls that ring at one time, not by who is removed or switched
//! off, not by legs that are joined, not by midnight, a new price or a hand that approves twice.

use kiestoon_call::{Event, Profile, Rate};
use kiestoon_dialplan::{Plan, SourceFile};
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    name = "nood"
    match = "112"
    emergency = true
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "0900"
    do = [{ dial = ["trunk:voys", "trunk:ander"], order = "parallel", to = "0201111111", timeout = "20s" }]
    [[context.intern]]
    match = ["_0.", "_+."]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
"#;

/// A euro, in millionths.
const EURO: u64 = 1_000_000;
/// What one call needs to begin: 1.10.
const DEAR: Rate = Rate { per_minute: EURO, setup: EURO };

fn office(story: Story) -> (Story, [PhoneId; 4]) {
    office_by(OUT, story)
}

fn office_by(rules: &str, story: Story) -> (Story, [PhoneId; 4]) {
    let mut t = story.rules(rules).trunk("voys", |_| {}).trunk("ander", |_| {});
    let phones = [t.add(phone("201")), t.add(phone("202"))];
    let far = carrier("voys").answers_after(secs(2));
    let fars = [t.add_carrier(far), t.add_carrier(carrier("ander").never_answers())];
    t.register_all();
    let ([a, b], [far, other]) = (phones, fars);
    (t, [a, b, far, other])
}

fn a_day(euros_times_ten: u64) -> impl Fn(&mut Profile) {
    move |profile| profile.limits.spend_per_day = Some(EURO * euros_times_ten / 10)
}

fn costs(t: &Story) -> u64 {
    t.the_pbx().ended().flat_map(|cdr| &cdr.legs).filter_map(|leg| leg.cost).sum()
}

fn spent(t: &Story, number: Option<&str>) -> u64 {
    let mut accounts = t.the_pbx().accounts.iter();
    accounts.rfind(|kept| kept.charged.number() == number).map_or(0, |kept| kept.today)
}

fn whys(t: &Story) -> Vec<&str> {
    t.refused_out().iter().map(|refused| refused[3]).collect()
}

#[test]
fn calls_that_ring_at_one_time_share_what_is_left() {
    for of_office in [false, true] {
        let story = Story::office(1).rate("voys", "", DEAR);
        let story = if of_office { story.office_profile(a_day(15)) } else { story.profile("201", a_day(15)) };
        let (mut t, [a, b, far, _]) = office(story);
        for nth in 0..5 {
            t.call(if of_office && nth % 2 == 1 { b } else { a }, &format!("020111111{nth}"));
        }
        t.run(secs(90));
        t.expect(far).is_free().had_calls(1);
        assert_eq!(whys(&t), ["spend"; 4]);
        t.settle();
        assert!((EURO..=EURO * 15 / 10).contains(&costs(&t)), "{}", costs(&t));
        assert_eq!(spent(&t, None), costs(&t));
        t.expect_nothing_left();
    }
}

#[test]
fn a_leg_that_is_not_answered_gives_back_what_was_kept_for_it() {
    let (mut t, [a, _, far, _]) = office(Story::office(2).rate("voys", "", DEAR).profile("201", a_day(15)));
    for _ in 0..3 {
        t.call(a, "0201111111");
        t.run(secs(1));
        t.cancel(a);
        t.run(secs(1));
    }
    t.expect(far).had_calls(3);
    assert_eq!((spent(&t, Some("201")), whys(&t).len()), (0, 0));
    t.call(a, "0201111111");
    t.run(secs(3));
    t.expect(a).talking_with("0201111111");
    t.close(a);
}

#[test]
fn each_leg_that_rings_at_one_time_needs_its_own() {
    for (budget, rung) in [(15, 1), (25, 2)] {
        let story = Story::office(3).rate("voys", "", DEAR).rate("ander", "", DEAR);
        let (mut t, [a, _, far, other]) = office(story.profile("201", a_day(budget)));
        t.call(a, "0900");
        t.run(secs(1));
        assert_eq!(t.phone(far).calls().count() + t.phone(other).calls().count(), rung);
        t.run(secs(3));
        t.expect(a).talking_with("0900");
        t.close(a);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn a_call_that_runs_on_leaves_what_is_kept_for_one_that_rings() {
    let story = Story::office(4).rate("voys", "", Rate { per_minute: EURO, setup: EURO / 2 });
    let (mut t, [a, _, far, _]) = office(story.profile("201", a_day(13)));
    t.call(a, "0201111111");
    t.run(secs(13));
    t.call(a, "0202222222");
    t.run(secs(60));
    t.expect(far).is_free().had_calls(2);
    t.settle();
    let legs: Vec<u64> = t.the_pbx().ended().flat_map(|cdr| &cdr.legs).filter_map(|leg| leg.cost).collect();
    assert!(legs.len() == 2 && legs.iter().all(|cost| *cost >= EURO / 2), "{legs:?}");
    assert!(costs(&t) <= EURO * 13 / 10, "{legs:?}");
}

/// The provider asks for its beginning all the same.
#[test]
fn who_answers_costs_the_beginning_also_where_the_budget_was_lowered_meanwhile() {
    let (mut t, [a, _, far, _]) = office(Story::office(5).rate("voys", "", DEAR).profile("201", a_day(15)));
    t.call(a, "0201111111");
    t.run(secs(1));
    t.change_profile("201", a_day(1));
    t.run(secs(4));
    t.expect(far).is_free().was_asked(&Method::Bye, 1);
    t.settle();
    t.expect_cdr().answered().reason("budget_spent");
    assert_eq!((costs(&t), spent(&t, Some("201"))), (EURO, EURO));
}

#[test]
fn for_help_nothing_is_kept_and_nothing_is_refused() {
    let (mut t, [a, _, far, _]) = office(Story::office(6).rate("voys", "", DEAR).profile("201", a_day(15)));
    t.call(a, "0201111111");
    t.call(a, "112");
    t.call(a, "112");
    t.run(secs(1));
    t.expect(far).had_calls(3);
    t.hang_up_all(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_is_removed_has_no_call_out_any_more() {
    for (seed, priced) in [(7, true), (8, false)] {
        let story = Story::office(seed).profile("201", a_day(100));
        let story = if priced { story.rate("voys", "", Rate::per_minute(EURO)) } else { story };
        let (mut t, [a, b, far, _]) = office(story);
        for (from, number) in [(a, "0201111111"), (b, "0202222222"), (b, "112")] {
            t.call(from, number);
        }
        t.run(secs(5));
        t.expect(far).had_calls(3);
        t.remove_extension("201");
        t.run(secs(1));
        t.expect(a).ended(Ended::ByThem);
        t.expect(far).was_asked(&Method::Bye, 1);
        t.expect_nth_cdr(0).answered().reason("removed");
        t.remove_extension("202");
        t.run(secs(1));
        t.expect(far).was_asked(&Method::Bye, 2);
        t.expect(b).talking_with("112");
        t.expect_nth_cdr(1).answered().reason("removed");
        t.close(b);
    }
}

#[test]
fn of_who_is_removed_nothing_rings_any_more() {
    let (mut t, [a, _, far, _]) = office(Story::office(9).rate("voys", "", DEAR));
    t.call(a, "0201111111");
    t.run(secs(1));
    t.remove_extension("201");
    t.run(secs(3));
    t.expect(a).ended(Ended::Refused(403));
    t.expect(far).is_free();
    t.expect_cdr().reason("removed").status(403);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_is_switched_off_pays_on_from_their_budget() {
    let story = Story::office(10).rate("voys", "", Rate::per_minute(EURO));
    let (mut t, [a, _, _, _]) = office(story.profile("201", a_day(5)));
    t.call(a, "0201111111");
    t.run(secs(10));
    t.set_enabled("201", false);
    t.run(secs(10));
    t.expect(a).talking_with("0201111111");
    t.run(secs(30));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("budget_spent");
    assert!((EURO * 4 / 10..=EURO / 2).contains(&costs(&t)), "{}", costs(&t));
}

#[test]
fn two_calls_out_that_are_joined_are_two_still() {
    let (mut t, [a, _, far, _]) =
        office(Story::office(11).profile("201", |profile| profile.limits.calls = Some(2)));
    t.call(a, "0201111111");
    t.run(secs(4));
    t.hold(a);
    t.run(secs(1));
    t.call(a, "0202222222");
    t.run(secs(4));
    t.join(a, "0201111111", "0202222222");
    t.run(secs(4));
    t.expect(a).is_free();
    t.call(a, "0203333333");
    t.run(secs(4));
    t.expect(a).ended(Ended::Refused(403));
    t.expect(far).had_calls(2);
    assert_eq!(whys(&t), ["calls"]);
    t.hang_up_all(far);
    t.settle();
    t.call(a, "0203333333");
    t.run(secs(4));
    t.expect(a).talking_with("0203333333");
    t.close(a);
}

/// From ten in the morning to midnight in Amsterdam are fourteen hours.
const TO_MIDNIGHT: u64 = 14 * 3600;

#[test]
fn at_midnight_a_running_call_begins_a_new_budget() {
    let story = Story::office(12).rate("voys", "", Rate::per_minute(EURO));
    let (mut t, [a, _, _, _]) = office(story.profile("201", a_day(20)));
    t.run(secs(TO_MIDNIGHT - 90));
    t.call(a, "0201111111");
    t.run(secs(150));
    t.expect(a).talking_with("0201111111");
    let today = spent(&t, Some("201"));
    assert!((EURO * 8 / 10..=EURO * 13 / 10).contains(&today), "{today}");
    t.run(secs(80));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("budget_spent");
    assert!((EURO * 3..=EURO * 4).contains(&costs(&t)), "{}", costs(&t));
}

#[test]
fn who_is_approved_twice_is_off_hold_once() {
    let (mut t, [a, _, far, _]) = office(Story::office(13).rate("voys", "", DEAR).profile("201", a_day(15)));
    t.call(a, "0201111111");
    t.run(secs(5));
    t.hang_up_all(a);
    t.run(secs(1));
    let before = spent(&t, Some("201"));
    t.set_hold(Some("201"), true);
    t.set_hold(Some("201"), false);
    t.set_hold(Some("201"), false);
    let approved = |event: &&Event| matches!(event, Event::FraudApproved { .. });
    assert_eq!(t.the_pbx().events.iter().filter(approved).count(), 1);
    assert_eq!(spent(&t, Some("201")), before, "what was spent stays spent");
    t.call(a, "0202222222");
    t.run(secs(3));
    t.expect(far).had_calls(1);
    t.settle();
}

/// What was paid ahead of the kill stays spent: a few seconds at most.
#[test]
fn what_a_call_has_cost_outlives_a_process_that_is_killed_under_it() {
    let story = Story::office(14).rate("voys", "", Rate { per_minute: EURO, setup: EURO / 10 });
    let (mut t, [a, _, far, _]) = office(story.profile("201", a_day(10)));
    t.call(a, "0201111111");
    t.run(secs(50));
    t.restart_pbx();
    let (own, all) = (spent(&t, Some("201")), spent(&t, None));
    assert!(own == all && (EURO * 85 / 100..=EURO).contains(&own), "{own} of {all}");
    t.call(a, "0202222222");
    t.run(secs(1));
    assert_eq!(whys(&t), ["spend"]);
    t.expect(far).had_calls(1);
}

#[test]
fn days_are_those_of_the_calendar_also_where_the_clock_changes() {
    let text = "timezone = \"Europe/Amsterdam\"\n".to_owned();
    let plan = Plan::load(&[SourceFile { path: "klok.toml".into(), text }]).expect("a dialplan").plan;
    let day = |at: &str| plan.day(at.parse().expect("a time"));
    for (times, date) in [
        // 23 hours, and 25.
        (["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"], (2026, 3, 29)),
        (["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"], (2026, 10, 25)),
    ] {
        assert_eq!(times.map(day), [date, date, (date.0, date.1, date.2 + 1)]);
    }
}

#[test]
fn a_call_keeps_the_rates_that_it_was_made_with() {
    let (mut t, [a, b, _, _]) = office(Story::office(15).rate("voys", "", Rate::per_minute(60_000)));
    t.call(a, "0201111111");
    t.run(secs(12));
    t.change_rate("voys", "", Rate::per_minute(600_000));
    t.call(b, "0202222222");
    t.run(secs(20));
    t.hang_up_all(b);
    t.run(secs(1));
    t.close(a);
    let legs: Vec<u64> = t.the_pbx().ended().flat_map(|cdr| &cdr.legs).filter_map(|leg| leg.cost).collect();
    assert!(legs[0] >= 170_000 && (28_000..=34_000).contains(&legs[1]), "{legs:?}");
}

#[test]
fn who_is_transferred_to_the_number_where_they_are_is_one_more() {
    let (mut t, [a, _, far, _]) =
        office(Story::office(16).profile("201", |profile| profile.limits.calls = Some(1)));
    t.call(a, "0201111111");
    t.run(secs(4));
    t.transfer(a, "0201111111", "0201111111");
    t.run(secs(4));
    t.expect(far).had_calls(1);
    assert_eq!(whys(&t), ["calls"]);
    t.hang_up_all(far);
    t.hang_up_all(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_has_reached_help_is_not_cut_off_by_whoever_paid_the_way_there() {
    const NO_RULE: &str = "[[context.intern]]\nmatch = \"_X.\"\ndo = [{ dial = \"trunk:voys\" }]";
    for (is_removed, rules) in [(false, OUT), (true, OUT), (false, NO_RULE), (true, NO_RULE)] {
        let story = Story::office(17).rate("voys", "", Rate::per_minute(EURO)).profile("201", a_day(5));
        let (mut t, [a, _, far, _]) = office_by(rules, story);
        t.call(a, "0201111111");
        t.run(secs(4));
        t.transfer(a, "0201111111", "112");
        t.run(secs(4));
        if is_removed {
            t.remove_extension("201");
        }
        t.run(secs(120));
        assert_eq!(t.the_pbx().switch.status().talking, 1, "removed: {is_removed}, {rules}");
        t.hang_up_all(far);
        t.settle();
        let reasons = t.the_pbx().ended().filter_map(|record| Some(record.end?.reason.as_str()));
        assert!(reasons.into_iter().all(|reason| !["budget_spent", "removed"].contains(&reason)));
        t.expect_nothing_left();
    }
}

/// Nobody answers for help, and the two of before talk on: what they owe meanwhile counts, and what comes is to be paid.
#[test]
fn who_has_called_for_help_in_vain_pays_as_before() {
    let help = "[[context.intern]]\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"trunk:ander\", timeout = \"40s\" }]\n\
        [[context.intern]]\nmatch = \"_0.\"\ndo = [{ dial = \"trunk:voys\" }]";
    // Also where nothing is to be paid, and only its payer is gone.
    for (is_removed, has_price) in [(false, true), (true, true), (true, false)] {
        let story = Story::office(18).profile("201", a_day(5));
        let story = if has_price { story.rate("voys", "", Rate::per_minute(EURO)) } else { story };
        let (mut t, [a, ..]) = office_by(help, story);
        t.call(a, "0201111111");
        t.run(secs(4));
        t.transfer(a, "0201111111", "112");
        t.run(secs(4));
        if is_removed {
            t.remove_extension("201");
        }
        t.run(secs(32));
        assert_eq!(t.the_pbx().ended().count(), 0, "help is sought");
        // Not six seconds later: who tries again and again would never pay.
        t.run(secs(8));
        let reasons: Vec<_> =
            t.the_pbx().ended().filter_map(|record| Some(record.end?.reason.as_str())).collect();
        assert_eq!(reasons, [if is_removed { "removed" } else { "budget_spent" }]);
        t.settle();
        t.expect_nothing_left();
    }
}

/// Whoever transfers help is removed before the target answers.
#[test]
fn help_that_is_put_through_is_not_hung_up_on_by_who_cannot_be_paid() {
    for has_price in [true, false] {
        let story = Story::office(19);
        let story = if has_price { story.rate("voys", "", Rate::per_minute(EURO)) } else { story };
        let (mut t, [a, _, far, _]) = office(story);
        t.call(a, "112");
        t.run(secs(4));
        t.transfer(a, "112", "0201111111");
        t.run(secs(1));
        t.remove_extension("201");
        t.run(secs(30));
        assert_eq!(t.the_pbx().switch.status().talking, 1, "priced: {has_price}");
        t.hang_up_all(far);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn help_that_goes_on_at_its_other_phone_is_help() {
    let rules = "[[context.intern]]\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"ext:202\" }]\n\
        [[context.intern]]\nmatch = \"_0.\"\ndo = [{ dial = \"trunk:voys\" }]";
    let story = Story::office(20).rate("voys", "", Rate::per_minute(EURO)).profile("201", a_day(5));
    let (mut t, [a, b, far, _]) = office_by(rules, story);
    let desk = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "0201111111");
    t.run(secs(4));
    t.transfer(a, "0201111111", "112");
    t.run(secs(4));
    t.take_over(desk, b, "+31201111111", "");
    t.run(secs(60));
    assert_eq!(t.the_pbx().switch.status().talking, 1);
    t.hang_up_all(far);
    t.settle();
    t.expect_nothing_left();
}

/// A reception may have the number that help has in another country.
#[test]
fn an_extension_with_the_number_of_help_is_no_help() {
    let rules = "[[context.intern]]\nmatch = \"112\"\ndo = [{ dial = \"ext:112\", timeout = \"60s\" }]\n\
        [[context.intern]]\nmatch = \"_0.\"\ndo = [{ dial = \"trunk:voys\" }]";
    let story = Story::new(21).extensions(&["201", "202", "112"]);
    let story = story.rate("voys", "", Rate::per_minute(EURO)).profile("201", a_day(5));
    let (mut t, [a, ..]) = office_by(rules, story);
    t.add(phone("112").never_answers());
    t.register_all();
    t.call(a, "0201111111");
    t.run(secs(4));
    t.transfer(a, "0201111111", "112");
    t.run(secs(40));
    let reasons: Vec<_> =
        t.the_pbx().ended().filter_map(|record| Some(record.end?.reason.as_str())).collect();
    assert_eq!(reasons, ["budget_spent"]);
    t.settle();
    t.expect_nothing_left();
}
