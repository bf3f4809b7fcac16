//! Max-Breadth (RFC 5393 section 5): a call is forked into no more branches at once than its way has left for it.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone, secs};

const GROUP: &str = r#"
[[context.intern]]
match = "200"
do = [{ dial = ["ext:202", "ext:203"], timeout = "20s" }]
"#;

#[test]
fn a_call_that_may_not_be_forked_rings_one_after_the_other() {
    let mut t = Story::office(1).rules(GROUP);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203"));
    t.register_all();
    t.call_with(a, "200", |invite| invite.headers.push(HeaderName::MaxBreadth, "1"));
    t.run(secs(2));
    t.expect(b).ringing_with("201");
    t.expect(c).never_called();
    t.run(secs(25));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
}

#[test]
fn the_breadth_is_shared_by_the_branches() {
    let mut t = Story::office(2).rules(GROUP);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.add(phone("203"));
    t.register_all();
    t.call(a, "200");
    t.run(secs(1));
    let invite = t.phone(b).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
    assert_eq!(invite.headers.max_breadth(), Some(30));
    t.cancel(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_call_without_any_left_is_440() {
    let mut t = Story::office(3).rules(GROUP);
    let a = t.add(phone("201"));
    t.register_all();
    t.call_with(a, "200", |invite| invite.headers.push(HeaderName::MaxBreadth, "0"));
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(440));
    t.settle();
    t.expect_nothing_left();
}
