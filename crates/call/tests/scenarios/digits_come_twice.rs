//! Some phones send a key both as telephone event and as INFO: it is one key, whichever comes first.

use kiestoon_call::{Event, Input};
use kiestoon_media::{DigitSource, MediaEvent};
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Story, millis, phone, secs};

const BODY: &str = "Signal=5\r\nDuration=100\r\n";

/// The caller's key came as telephone event, and went on in the media path.
fn event(t: &mut Story) {
    let leg = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
    let source = DigitSource::Event4733;
    t.tell_pbx(Input::Media(MediaEvent::Digit { leg, digit: '5', duration_ms: 100, source, passed: true }));
}

fn info(t: &mut Story, phone: PhoneId) {
    t.send_in_call(phone, Method::Info, "application/dtmf-relay", BODY);
}

fn told(t: &Story) -> usize {
    t.the_pbx().events.iter().filter(|event| matches!(event, Event::CallDigit { .. })).count()
}

#[test]
fn info_behind_the_event() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    for _ in 0..3 {
        event(&mut t);
        t.run(millis(50));
        info(&mut t, a);
        t.run(millis(150));
    }
    t.run(secs(1));
    t.expect(b).was_sent_keys("").was_asked(&Method::Info, 0);
    t.expect(a).got(200, &Method::Info);
    assert_eq!(told(&t), 3, "the same key three times");
    t.close(a);
}

#[test]
fn info_before_the_event() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202")]);
    for _ in 0..3 {
        info(&mut t, a);
        t.run(millis(120));
        event(&mut t);
        t.run(millis(150));
    }
    t.run(secs(1));
    t.expect(b).was_sent_keys("").was_asked(&Method::Info, 0);
    assert_eq!(told(&t), 3);
    t.close(a);
}

#[test]
fn info_alone_though_events_were_agreed() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201"), phone("202")]);
    info(&mut t, a);
    t.run(millis(200));
    t.expect(b).was_sent_keys("");
    t.run(secs(1));
    t.expect(b).was_sent_keys("5");
    info(&mut t, a);
    t.run(millis(100));
    t.expect(b).was_sent_keys("55");
    assert_eq!(told(&t), 2);
    t.close(a);
}
