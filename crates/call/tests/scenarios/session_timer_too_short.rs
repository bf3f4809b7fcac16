//! Intervals that are too short are refused with 422 and Min-SE, in both directions, and asked again longer (RFC 4028
//! sections 6 and 7.3).

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{SessionTimer, Story, phone, secs};

#[test]
fn of_a_caller() {
    let mut t = Story::office(1);
    let hasty = SessionTimer { secs: 30, min: 90, refresher: None, refreshes: true };
    let a = t.add(phone("201").with_timer(hasty).takes_update());
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(4));
    t.expect(a).got_header(422, &HeaderName::MinSe, "90").talking_with("202").talks_both_ways_with(b);
    t.expect(a).got_header(200, &HeaderName::SessionExpires, "90;");
    t.close(a);
}

#[test]
fn of_ours() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let slow = SessionTimer { secs: 7200, min: 3600, refresher: None, refreshes: true };
    let b = t.add(phone("202").with_timer(slow));
    t.register_all();
    t.call(a, "202");
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let asked: Vec<_> = t.phone(b).requests().filter(|r| r.method == Method::Invite).collect();
    let said = |name| asked.iter().map(|invite| invite.headers.get(name)).collect::<Vec<_>>();
    assert_eq!(said(&HeaderName::SessionExpires), [Some("1800"), Some("3600")]);
    assert_eq!(said(&HeaderName::MinSe), [None, Some("3600")]);
    assert_eq!(asked.first().map(|invite| &invite.call_id), asked.last().map(|invite| &invite.call_id));
    t.close(a);
}

#[test]
fn of_a_phone_that_takes_a_call_over() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let hasty = SessionTimer { secs: 30, min: 90, refresher: None, refreshes: true };
    let desk = t.add(phone("202").never_answers().with_timer(hasty).takes_update());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.take_over(desk, b, "201", "");
    t.run(secs(3));
    t.expect(desk).got_header(422, &HeaderName::MinSe, "90").talking_with("201").talks_both_ways_with(a);
    t.expect(desk).got_header(200, &HeaderName::SessionExpires, "90;");
    t.close(a);
}
