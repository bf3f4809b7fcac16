//! A caller leaves the offer to the callee, who makes it in a reliable 183: the answer travels in the PRACKs (RFC 6337 pattern 2
//! of table 1), and neither 200 nor ACK holds a session description.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Reply, Story, phone, secs};

fn early_offerer(number: &str) -> kiestoon_testkit::Profile {
    phone(number)
        .follows(vec![(secs(0), Reply::Reliable { status: 183, described: true }), (secs(2), Reply::Answer)])
}

#[test]
fn the_answer_travels_in_the_prack() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").knows_100rel());
    let b = t.add(early_offerer("202"));
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.run(secs(1));
    t.expect(b).is_heard_by(a);
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.settle();
    t.expect_flow(
        a,
        "> INVITE
        < 407 INVITE
        > ACK
        > INVITE
        < 100 INVITE
        < 183 INVITE +sdp
        > PRACK +sdp
        < 200 PRACK
        < 200 INVITE
        > ACK
        > BYE
        < 200 BYE",
    );
    t.expect_flow(
        b,
        "< INVITE
        > 183 INVITE +sdp
        < PRACK +sdp
        > 200 PRACK
        > 200 INVITE
        < ACK
        < BYE
        > 200 BYE",
    );
    t.expect_nothing_left();
}

#[test]
fn a_caller_who_does_not_know_reliable_responses_is_offered_in_the_200() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(early_offerer("202"));
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let invite = t.phone(b).requests().find(|request| request.method == Method::Invite);
    let supported = invite.and_then(|invite| invite.headers.get(&HeaderName::Supported)).unwrap_or_default();
    assert!(supported.contains("timer") && !supported.contains("100rel"), "{supported}");
    t.expect(b).was_asked(&Method::Prack, 0);
    t.close(b);
}

#[test]
fn of_two_phones_both_are_answered_and_the_one_that_answers_is_heard() {
    let rules = r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203"], timeout = "20s" }]
"#;
    let mut t = Story::office(3).rules(rules);
    let a = t.add(phone("201").knows_100rel());
    let b = t.add(phone("202").follows(vec![(secs(0), Reply::Reliable { status: 183, described: true })]));
    let c = t.add(early_offerer("203"));
    t.register_all();
    t.call_with_late_offer(a, "100");
    t.run(secs(4));
    t.expect(a).talking_with("100").talks_both_ways_with(c);
    t.expect(b).was_asked(&Method::Prack, 1).was_asked(&Method::Cancel, 1);
    t.close(a);
}
