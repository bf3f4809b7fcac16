//! Hours that somebody opens or closes by hand, whatever the clock says: by a feature code or by an operator.

use kiestoon_call::{Event, Input};
use kiestoon_dialplan::{Forced, OverrideTo};
use kiestoon_testkit::{PhoneId, Story, phone, secs};

/// The story begins on a Friday at ten.
const OFFICE: &str = r#"
[hours.kantoor]
open = ["ma-vr 08:30-17:30"]

[[context.intern]]
match = "*28"
do = [{ override = "kantoor", to = "toggle" }, { play = "welkom" }]

[[context.intern]]
match = "100"
when = "kantoor"
do = [{ dial = "ext:202" }]

[[context.intern]]
match = "100"
do = [{ dial = "ext:203" }]

[[context.intern]]
match = "200"
do = [{ play = "welkom" }, { if = { when = "kantoor" }, then = [{ dial = "ext:202" }], else = [{ dial = "ext:203" }] }]
"#;

fn office(seed: u64) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(OFFICE);
    let phones = ["201", "202", "203"].map(|number| t.add(phone(number)));
    t.register_all();
    (t, phones)
}

/// Calls 100: who is reached.
fn reached(t: &mut Story, caller: PhoneId) -> String {
    t.call(caller, "100");
    t.run(secs(3));
    t.close(caller);
    let record = t.the_pbx().ended().last().expect("a finished call");
    record.to_number.as_deref().expect("somebody was reached").to_owned()
}

fn set(t: &mut Story, to: OverrideTo) {
    let (organisation, hours, by) = ("kantoor".into(), "kantoor".into(), "ctl".into());
    t.tell_pbx(Input::SetHours { organisation, hours, to, by });
}

#[test]
fn a_feature_code_closes_and_opens() {
    let (mut t, [a, ..]) = office(1);
    assert_eq!(reached(&mut t, a), "202");
    t.call(a, "*28");
    t.run(secs(1));
    t.expect(a).hears_prompt("welkom");
    t.close(a);
    assert_eq!(reached(&mut t, a), "203");
    let told = t.the_pbx().events.iter().filter_map(|event| match event {
        Event::HoursChanged { organisation, hours, forced, by } => {
            Some((&**organisation, &**hours, *forced, &**by))
        }
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [("kantoor", "kantoor", Some(Forced::Closed), "201")]);
    t.call(a, "*28");
    t.run(secs(1));
    t.close(a);
    assert_eq!(reached(&mut t, a), "202");
}

#[test]
fn an_operator_sets_what_the_next_decision_sees_and_leaves_it_to_the_clock_again() {
    let (mut t, [a, ..]) = office(2);
    set(&mut t, OverrideTo::Closed);
    assert_eq!(reached(&mut t, a), "203");
    set(&mut t, OverrideTo::Auto);
    assert_eq!(reached(&mut t, a), "202");
    let kept: Vec<_> = t.the_pbx().hours.iter().map(|set| (set.forced, &*set.by)).collect();
    assert_eq!(kept, [(Some(Forced::Closed), "ctl"), (None, "ctl")]);
}

#[test]
fn a_call_that_has_begun_is_judged_by_what_is_set_now() {
    let (mut t, [a, b, c]) = office(3);
    t.call(a, "200");
    t.run(secs(1));
    set(&mut t, OverrideTo::Closed);
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(c);
    t.expect(b).never_called();
    t.close(a);
}

#[test]
fn it_stays_so_over_a_restart_and_a_reload() {
    let (mut t, [a, ..]) = office(4);
    set(&mut t, OverrideTo::Closed);
    t.reload(OFFICE);
    assert_eq!(reached(&mut t, a), "203");
    t.restart_pbx();
    t.register_all();
    assert_eq!(reached(&mut t, a), "203");
}

#[test]
fn hours_and_organisations_that_are_not_there_are_left_alone() {
    let (mut t, [a, ..]) = office(5);
    for (organisation, hours) in [("kantoor", "winkel"), ("elders", "kantoor")] {
        let (organisation, hours, by) = (organisation.into(), hours.into(), "ctl".into());
        t.tell_pbx(Input::SetHours { organisation, hours, to: OverrideTo::Closed, by });
    }
    assert!(t.the_pbx().hours.is_empty());
    assert!(t.the_pbx().switch.overrides("organisation-1").is_empty());
    assert_eq!(reached(&mut t, a), "202");
}
