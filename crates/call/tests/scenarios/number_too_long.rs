//! A number is kept in call records and shown in lists, so one that is longer than any leads nowhere, however it is given.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Reply, Story, phone, secs};

#[test]
fn one_that_is_dialled_makes_no_call() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, &"9".repeat(129));
    t.settle();
    t.expect(a).ended(Ended::Refused(414));
    t.expect_nothing_left();
}

#[test]
fn one_that_is_transferred_to_leaves_the_call_as_it_is() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202")]);
    let refer_to = format!("<sip:{}@kantoor.example>", "9".repeat(129));
    t.transfer_with(b, "201", "203", |refer| refer.headers.set(HeaderName::ReferTo, refer_to.as_str()));
    t.run(secs(1));
    t.expect(b).got(404, &Method::Refer);
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn one_that_a_phone_forwards_to_is_not_followed() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    t.add(phone("202").follows(vec![(secs(0), Reply::Redirect("9".repeat(129)))]));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect_nothing_left();
}
