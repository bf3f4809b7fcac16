//! A trunk is at fault: its next host is tried, then the next trunk of the step; where the person who was called is at fault,
//! nobody else is.

use kiestoon_sip::Method;
use kiestoon_testkit::{Profile, Reply, Story, carrier, millis, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"], timeout = "20s" }]
"#;

fn two_trunks(seed: u64) -> Story {
    Story::office(seed).rules(OUT).trunk("voys", |_| {}).trunk("backup", |_| {})
}

fn refuses(name: &str, status: u16) -> Profile {
    carrier(name).follows(vec![(millis(50), Reply::Refuse(status))])
}

#[test]
fn a_trunk_at_fault_is_followed_by_the_next() {
    for status in [503, 500, 480, 408] {
        let mut t = two_trunks(1);
        let a = t.add(phone("201"));
        t.add_carrier(refuses("voys", status));
        let backup = t.add_carrier(carrier("backup"));
        t.register_all();
        t.call(a, "0201112222");
        t.run(secs(2));
        t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
        t.hang_up(a);
        t.settle();
        t.expect_cdr().answered();
        t.expect_nothing_left();
    }
}

#[test]
fn a_busy_number_is_busy_over_any_trunk() {
    for (status, reason) in [(486, "busy"), (404, "rejected"), (603, "declined")] {
        let mut t = two_trunks(2);
        let a = t.add(phone("201"));
        t.add_carrier(refuses("voys", status));
        let backup = t.add_carrier(carrier("backup"));
        t.register_all();
        t.call(a, "0201112222");
        t.run(secs(2));
        t.expect(a).got(status, &Method::Invite);
        t.expect(backup).never_called();
        t.settle();
        t.expect_cdr().reason(reason);
        t.expect_nothing_left();
    }
}

#[test]
fn a_silent_trunk_is_left_within_two_seconds() {
    let mut t = two_trunks(3);
    let a = t.add(phone("201"));
    t.add_carrier(carrier("voys").hears_nothing());
    let backup = t.add_carrier(carrier("backup").answers_at_once());
    t.register_all();
    t.call(a, "0201112222");
    t.run(millis(2_200));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn the_hosts_of_a_trunk_are_tried_in_their_order() {
    let mut t = Story::office(4).rules(OUT).trunk("voys", |trunk| {
        let second = "second.example";
        trunk.hosts.push(kiestoon_sip::SipUri::new(kiestoon_sip::Host::parse(second).expect("a host")));
    });
    let a = t.add(phone("201"));
    t.add_carrier(refuses("voys", 503));
    let second = t.add_carrier(carrier("second"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(2));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(second);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_name_that_leads_nowhere_is_a_trunk_at_fault() {
    let mut t = two_trunks(5);
    let a = t.add(phone("201"));
    let backup = t.add_carrier(carrier("backup"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(2));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn nobody_answers_over_another_trunk_either() {
    let mut t = two_trunks(6);
    let a = t.add(phone("201"));
    t.add_carrier(carrier("voys").never_answers());
    let backup = t.add_carrier(carrier("backup"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(25));
    t.expect(backup).never_called();
    t.settle();
    t.expect_cdr().reason("no_answer");
    t.expect_nothing_left();
}
