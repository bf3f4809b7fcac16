//! What a REFER must be: in a call, exactly one target, of the own organisation, and allowed.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn what_makes_no_sense_is_refused_and_the_call_goes_on() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    for (refer_to, status) in [
        ("<sip:203@kantoor.example>, <sip:204@kantoor.example>", 400),
        ("<http://kantoor.example/>", 400),
        ("<sip:203@kantoor.example;method=BYE>", 400),
        ("<sip:203@elsewhere.example>", 404),
        ("<sip:kantoor.example>", 404),
    ] {
        t.transfer_with(b, "201", "203", |refer| refer.headers.set(HeaderName::ReferTo, refer_to));
        t.run(secs(1));
        t.expect(b).got(status, &Method::Refer);
    }
    t.transfer_with(b, "201", "203", |refer| {
        refer.headers.remove(&HeaderName::ReferTo);
    });
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(b);
    t.expect(b).was_told(&[]);
    t.close(a);
    t.expect_cdr().reason("hangup_caller");
}

#[test]
fn outside_a_call_there_is_nothing_to_transfer() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.send(a, Method::Refer, "202", |refer| {
        refer.headers.set(HeaderName::ReferTo, "<sip:203@kantoor.example>");
        refer.headers.set(HeaderName::Contact, "<sip:201@10.0.0.20>");
    });
    t.settle();
    t.expect(a).got(403, &Method::Refer);
    t.expect_nothing_left();
}

#[test]
fn who_wants_no_news_gets_none() {
    let (mut t, [a, b, c]) = Story::office(3).talking([phone("201"), phone("202"), phone("203")]);
    t.transfer_with(b, "201", "203", |refer| {
        refer.headers.set(HeaderName::ReferSub, "false");
        refer.headers.set(HeaderName::Require, "norefersub");
    });
    t.run(secs(4));
    t.expect(b).was_told(&[]).got_header(202, &HeaderName::ReferSub, "false").is_free();
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
}

#[test]
fn a_rule_that_asks_for_a_permission_lets_no_transfer_pass() {
    let rules = format!(
        "[[context.intern]]\nmatch = \"0X.\"\nrequire = \"call.international\"\ndo = [{{ dial = \"ext:203\" }}]\n{}",
        kiestoon_testkit::DIAL_ALL
    )
    .replace("\"0X.\"", "\"_0X.\"");
    let (mut t, [a, b, c]) =
        Story::office(4).rules(&rules).talking([phone("201"), phone("202"), phone("203")]);
    t.transfer(b, "201", "0612345678");
    t.run(secs(2));
    t.expect(b).got(403, &Method::Refer).talks_both_ways_with(a);
    t.expect(c).never_called();
    t.close(a);
}
