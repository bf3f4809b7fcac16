//! A key is one event, however it comes, and reaches the other phone as that one wants it.

use std::sync::Arc;

use kiestoon_call::{DigitOrigin, Event, Input};
use kiestoon_media::{DigitSource, LegId, MediaEvent, Policy};
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Profile, Story, phone, secs};

const RELAY: &str = "application/dtmf-relay";

fn talking(seed: u64, caller: Profile, callee: Profile) -> (Story, [PhoneId; 2]) {
    let story = Story::office(seed).settings(|settings| settings.codecs = Arc::new(Policy::usual()));
    let (t, [a, b]) = story.talking([caller, callee]);
    t.expect(a).talks_both_ways_with(b);
    (t, [a, b])
}

/// The media engine heard a key on the caller's phone.
fn heard(t: &mut Story, digit: char, source: DigitSource, passed: bool) {
    let leg: LegId = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
    t.tell_pbx(Input::Media(MediaEvent::Digit { leg, digit, duration_ms: 100, source, passed }));
}

fn told(t: &Story) -> Vec<(char, DigitOrigin)> {
    let digit = |event: &Event| match event {
        Event::CallDigit { digit, origin, .. } => Some(((*digit)?, *origin)),
        _ => None,
    };
    t.the_pbx().events.iter().filter_map(digit).collect()
}

#[test]
fn info_becomes_an_event_where_the_other_takes_those() {
    let (mut t, [a, b]) = talking(1, phone("201").without_events(), phone("202"));
    t.send_in_call(a, Method::Info, RELAY, "Signal=5\r\nDuration=160\r\n");
    t.run(secs(1));
    t.expect(a).got(200, &Method::Info);
    t.expect(b).was_sent_keys("5").was_asked(&Method::Info, 0);
    assert_eq!(told(&t), [('5', DigitOrigin::Info)]);
    t.close(a);
}

#[test]
fn an_event_becomes_info_where_the_other_sends_those_alone() {
    let (mut t, [a, b]) = talking(2, phone("201"), phone("202").without_events());
    heard(&mut t, '1', DigitSource::Event4733, false);
    t.run(secs(1));
    t.expect(b).was_sent_keys("1").was_asked(&Method::Info, 0);
    t.send_in_call(b, Method::Info, "application/dtmf", "9");
    t.run(secs(1));
    t.expect(a).was_sent_keys("9");
    heard(&mut t, '2', DigitSource::Event4733, false);
    t.run(secs(1));
    t.expect(b).was_sent_keys("1").read(&Method::Info, "Signal=2\r\nDuration=100\r\n");
    assert_eq!(
        told(&t),
        [('1', DigitOrigin::TelephoneEvent), ('9', DigitOrigin::Info), ('2', DigitOrigin::TelephoneEvent)]
    );
    t.close(a);
}

#[test]
fn what_the_media_path_has_passed_is_not_sent_again() {
    let (mut t, [a, b]) = talking(3, phone("201"), phone("202"));
    heard(&mut t, '7', DigitSource::Event4733, true);
    t.run(secs(1));
    t.expect(b).was_sent_keys("").was_asked(&Method::Info, 0);
    assert_eq!(told(&t), [('7', DigitOrigin::TelephoneEvent)]);
    t.close(a);
}

#[test]
fn info_reaches_a_phone_with_neither_as_tones() {
    let (mut t, [a, b]) = talking(4, phone("201").without_events(), phone("202").without_events());
    t.send_in_call(a, Method::Info, RELAY, "Signal=*\r\n");
    t.run(secs(1));
    t.expect(b).was_sent_keys("*").was_asked(&Method::Info, 0);
    t.close(a);
}

#[test]
fn tones_that_were_heard_become_events_and_are_not_said_as_tones_again() {
    let (mut t, [a, b]) = talking(5, phone("201").without_events(), phone("202"));
    heard(&mut t, '3', DigitSource::Inband, false);
    t.run(secs(1));
    t.expect(b).was_sent_keys("3");
    assert_eq!(told(&t), [('3', DigitOrigin::Tones)]);
    t.close(a);
    let (mut t, [a, b]) = talking(6, phone("201").without_events(), phone("202").without_events());
    heard(&mut t, '3', DigitSource::Inband, false);
    t.run(secs(1));
    t.expect(b).was_sent_keys("");
    t.close(a);
}
