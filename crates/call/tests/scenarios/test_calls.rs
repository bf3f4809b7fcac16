//! Test calls over trunks: they pass the gate like any other call out, count while they last, and leave nothing behind.

use std::sync::Arc;

use kiestoon_call::{
    CallId, Class, EndReason, Event, Input, Names, NoTestCall, NumberForm, Rate, TestCall, TestInvite,
    TrunkResult, Why,
};
use kiestoon_sip::{Flow, Request, Transport};
use kiestoon_testkit::{Ended, PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = "1850"
    emergency = true
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys", timeout = "20s" }]
"#;

const NUMBER: &str = "020-111 2222";

fn office(story: Story) -> (Story, [PhoneId; 2]) {
    let mut t = story.rules(OUT);
    // Who makes the call stays behind when another process takes over, and hangs up there.
    t.pbx().hands_over = false;
    let a = t.add(phone("201"));
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    (t, [a, far])
}

fn flow() -> Flow {
    let [local, remote] = ["192.0.2.1:5070", "192.0.2.9:5060"].map(|at| at.parse().expect("an address"));
    Flow { transport: Transport::Udp, local, remote, connection: None }
}

fn begin(t: &mut Story, number: &str) -> Result<CallId, NoTestCall> {
    let (now, flow) = (t.now(), flow());
    let snapshot = Arc::clone(t.pbx().switch.snapshot());
    let trunk = &snapshot.organisations()[0].trunks["voys"];
    let asked = TestCall { organisation: "kantoor", trunk, number, flow: &flow };
    let granted = t.pbx().switch.begin_test_call(now, &asked);
    t.tell_pbx(Input::Tick);
    granted
}

fn answered(t: &mut Story, call: CallId) -> bool {
    let now = t.now();
    let is_paid = t.pbx().switch.test_call_answered(now, call);
    t.tell_pbx(Input::Tick);
    is_paid
}

fn end(t: &mut Story, call: CallId, status: Option<u16>) {
    let now = t.now();
    t.pbx().switch.end_test_call(now, call, status);
    t.tell_pbx(Input::Tick);
}

fn calls_out(t: &mut Story) -> u32 {
    let now = t.now();
    t.pbx().switch.trunks(now)[0].calls_out
}

fn results(t: &mut Story) -> Vec<(TrunkResult, u64)> {
    let now = t.now();
    let all = t.pbx().switch.trunks(now).remove(0).results;
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[test]
fn it_counts_and_costs_while_it_lasts_and_is_recorded() {
    let rate = Rate { per_minute: 600_000, setup: 50_000 };
    let story = Story::office(1).trunk("voys", |trunk| trunk.channels = Some(1)).rate("voys", "+31", rate);
    let (mut t, [a, _]) = office(story);
    let call = begin(&mut t, NUMBER).expect("it is granted");
    assert_eq!(calls_out(&mut t), 1);
    assert_eq!(begin(&mut t, NUMBER), Err(NoTestCall::Limited(EndReason::TrunkFull)));
    t.call(a, "0201112222");
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(500));
    assert!(answered(&mut t, call));
    t.run(secs(3));
    end(&mut t, call, Some(200));
    // Once more is once too often, and nothing comes of it.
    end(&mut t, call, Some(486));
    assert_eq!(calls_out(&mut t), 0);
    let record = t.the_pbx().ended().find(|record| record.id == call).expect("a record").clone();
    assert_eq!((&*record.dialled, record.to_number.as_deref()), ("0201112222", Some("+31201112222")));
    assert_eq!(record.trunk_out().map(|name| &**name), Some("voys"));
    assert_eq!(record.legs[0].charged_to.as_deref(), Some("organisation"));
    assert_eq!(record.legs[0].cost, Some(50_000 + 30_000));
    let ended = record.end.expect("an end");
    assert_eq!((ended.reason, ended.sip_code, ended.talk_ms), (EndReason::HangupCaller, 200, 3_000));
    assert_eq!(results(&mut t), [(TrunkResult::Answered, 1), (TrunkResult::Limited, 2)]);
    let events: Vec<&Event> = t.the_pbx().events.iter().collect();
    assert!(events.iter().any(|event| matches!(event, Event::CallStarted { call: id, .. } if *id == call)));
    assert!(events.iter().any(|event| matches!(event, Event::CallEnded { call: id, .. } if *id == call)));
    let again = begin(&mut t, NUMBER).expect("there is room again");
    end(&mut t, again, Some(486));
    assert_eq!(t.the_pbx().ended().last().and_then(|record| record.end).expect("an end").sip_code, 486);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn one_that_nobody_ends_is_over_all_the_same() {
    for is_answered in [false, true] {
        let (mut t, _) = office(Story::office(2).trunk("voys", |_| {}));
        let call = begin(&mut t, NUMBER).expect("it is granted");
        if is_answered {
            answered(&mut t, call);
        }
        t.run(secs(179));
        assert_eq!(calls_out(&mut t), 1);
        t.run(secs(2));
        assert_eq!(calls_out(&mut t), 0);
        let record = t.the_pbx().ended().next().expect("a record");
        assert_eq!(record.end.expect("an end").reason, EndReason::RingTimeout);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn what_the_organisation_may_not_call_a_test_may_not() {
    let (mut t, [_, far]) = office(Story::office(3).trunk("voys", |_| {}));
    let refused = begin(&mut t, "0906-1234");
    assert_eq!(refused, Err(NoTestCall::Refused(Why::NoRight, Class::Premium)));
    assert_eq!(t.refused_out(), [["organisation", "09061234", "premium", "no_right"]]);
    assert_eq!(begin(&mut t, "+493012345678"), Err(NoTestCall::Refused(Why::NoRight, Class::International)));
    for number in ["", "+", "abc", "020;x=y", "sip:0201112222@example.com", "0201112222\r\nX: y"] {
        assert_eq!(begin(&mut t, number), Err(NoTestCall::NotANumber), "{number}");
    }
    assert_eq!((t.the_pbx().ended().count(), t.phone(far).requests().count()), (0, 0));
    assert_eq!(calls_out(&mut t), 0);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn what_is_refused_takes_no_turn_of_the_trunk_and_what_the_trunk_keeps_back_counts_for_nothing() {
    let story = Story::office(8).trunk("voys", |trunk| trunk.calls_per_second = Some(1));
    let (mut t, _) = office(story.office_profile(|own| own.limits.calls = Some(2)));
    for _ in 0..3 {
        let refused = begin(&mut t, "0906-1234");
        assert_eq!(refused, Err(NoTestCall::Refused(Why::NoRight, Class::Premium)));
    }
    let first = begin(&mut t, NUMBER).expect("the turn is still there");
    assert_eq!(begin(&mut t, NUMBER), Err(NoTestCall::Limited(EndReason::TrunkRate)));
    t.run(secs(2));
    let second = begin(&mut t, NUMBER).expect("the one kept back is not among those that are out");
    t.run(secs(2));
    assert_eq!(begin(&mut t, NUMBER), Err(NoTestCall::Refused(Why::Calls, Class::National)));
    assert_eq!(calls_out(&mut t), 2);
    for call in [first, second] {
        end(&mut t, call, None);
    }
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn its_limits_are_those_of_the_organisation() {
    let story = Story::office(4).trunk("voys", |_| {}).office_profile(|own| own.limits.calls = Some(1));
    let (mut t, [a, far]) = office(story);
    let call = begin(&mut t, NUMBER).expect("it is granted");
    assert_eq!(begin(&mut t, NUMBER), Err(NoTestCall::Refused(Why::Calls, Class::National)));
    t.call(a, "0201112222");
    t.run(secs(1));
    assert_eq!(t.phone(far).requests().count(), 0, "a call beside it is one too many");
    end(&mut t, call, None);
    t.call(a, "0201112222");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(far);
    t.hang_up(a);
    t.settle();
    t.set_hold(None, true);
    assert!(begin(&mut t, NUMBER).is_ok_and(|call| {
        end(&mut t, call, None);
        true
    }));
    t.expect_nothing_left();
}

#[test]
fn help_is_never_called_by_a_test_however_it_is_written() {
    for form in [NumberForm::E164, NumberForm::E164Digits, NumberForm::National, NumberForm::AsDialled] {
        let (mut t, _) = office(Story::office(5).trunk("voys", |trunk| trunk.number_form = form));
        let help = ["112", "1-1-2", "+112", "0112", "00112", "+31112", "0031112", "31112", "+310112", "112#"];
        for number in help.into_iter().chain(["*31*112", "+31*112", "1850", "18 50", "+311850", "01850"]) {
            assert_eq!(begin(&mut t, number), Err(NoTestCall::Emergency), "{number} {form:?}");
        }
        assert_eq!(calls_out(&mut t), 0);
        assert!(t.refused_out().is_empty() && t.the_pbx().ended().count() == 0);
    }
}

#[test]
fn a_pbx_that_stops_waits_for_its_end_and_begins_none() {
    let (mut t, _) = office(Story::office(6).trunk("voys", |_| {}));
    let call = begin(&mut t, NUMBER).expect("it is granted");
    t.tell_pbx(Input::Drain);
    assert!(!t.the_pbx().switch.is_idle());
    assert_eq!(begin(&mut t, NUMBER), Err(NoTestCall::Draining));
    end(&mut t, call, Some(603));
    assert!(t.the_pbx().switch.is_idle());
}

#[test]
fn a_pbx_that_stops_now_waits_only_shortly_for_who_tests() {
    let (mut t, _) = office(Story::office(9).trunk("voys", |_| {}));
    begin(&mut t, NUMBER).expect("it is granted");
    t.tell_pbx(Input::Drain);
    t.tell_pbx(Input::HangupAll);
    let now = t.now();
    t.pbx().switch.hurry_test_calls(now);
    t.tell_pbx(Input::Tick);
    assert!(!t.the_pbx().switch.is_idle(), "it may still be hung up in peace");
    t.run(secs(3));
    assert!(t.the_pbx().switch.is_idle());
    let record = t.the_pbx().ended().next().expect("a record");
    assert_eq!(record.end.expect("an end").reason, EndReason::Shutdown);
    assert_eq!(calls_out(&mut t), 0);
}

#[test]
fn its_invite_is_that_of_a_call_of_an_extension() {
    let (mut t, [a, far]) = office(Story::office(7).trunk("voys", |trunk| {
        trunk.number_form = NumberForm::E164Digits;
        trunk.session_timer = None;
    }));
    t.call(a, "0201112222");
    t.run(secs(3));
    let real = t.phone(far).requests().next().expect("an INVITE").clone();
    t.hang_up(a);
    t.settle();
    let call = begin(&mut t, NUMBER).expect("it is granted");
    let snapshot = Arc::clone(t.pbx().switch.snapshot());
    let trunk = &snapshot.organisations()[0].trunks["voys"];
    let names = Names { call_id: "c".into(), tag: "t".into() };
    let (host, flow) = (&trunk.hosts[0], flow());
    let number = "0201112222";
    let asked = TestInvite { call, number, host, flow: &flow, names, unix_secs: 0 };
    let test = trunk.test_invite(&kiestoon_call::Settings::default(), asked);
    let told = |of: &Request| {
        let names = ["P-Asserted-Identity", "Privacy", "Session-Expires", "Supported"];
        let headers = names.map(|name| {
            let name = kiestoon_sip::HeaderName::from_token(name).expect("a name");
            of.headers.get(&name).map(str::to_owned)
        });
        (of.uri.to_string(), of.from.uri.to_string(), of.to.uri.to_string(), headers)
    };
    assert_eq!(told(&test), told(&real));
    end(&mut t, call, None);
}

#[test]
fn another_process_takes_nothing_of_it_over() {
    let story = Story::office(10).trunk("voys", |trunk| trunk.channels = Some(1));
    let (mut t, _) = office(story.office_profile(|own| own.limits.calls = Some(1)));
    begin(&mut t, NUMBER).expect("it is granted");
    assert!(begin(&mut t, NUMBER).is_err(), "one at a time");
    t.pbx().hands_over = true;
    t.tell_pbx(Input::Tick);
    t.pbx().hands_over = false;
    assert_eq!(calls_out(&mut t), 0);
    assert!(t.pbx().switch.is_idle());
    let call = begin(&mut t, NUMBER).expect("neither channel nor limit is taken");
    end(&mut t, call, Some(486));
}
