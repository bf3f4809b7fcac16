//! A proxy behind a contact forks our INVITE: every phone behind it has an early dialog and a session of its own; the caller hears
//! one at a time, and the session of the phone that answers stands (RFC 3261 section 13.2.2.4).

use kiestoon_sip::{Message, Method};
use kiestoon_testkit::{Flowing, PhoneId, Reply, Story, millis, phone, secs};

const MEDIA: Reply = Reply::Reliable { status: 183, described: true };

/// The RTP port of the n-th call of a phone.
fn port(t: &Story, id: PhoneId, said: u16) -> bool {
    t.phone(id).sessions().is_some_and(|(ours, _)| ours.rtp.port() == said)
}

#[test]
fn each_fork_is_answered_in_its_own_dialog_and_the_winner_stands() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(
        phone("202")
            .follows(vec![(millis(100), MEDIA), (secs(30), Reply::Answer)])
            .forks_to(vec![(millis(300), MEDIA), (secs(2), Reply::Answer)]),
    );
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.expect(b).was_asked(&Method::Prack, 2);
    let tags: std::collections::HashSet<String> = t
        .phone(b)
        .requests()
        .filter(|request| request.method == Method::Prack)
        .map(|request| request.to.tag().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(tags.len(), 2, "one PRACK in each early dialog");
    t.run(secs(3));
    assert!(port(&t, b, 40_002), "the second fork has the call");
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn to_a_caller_who_has_its_answer_the_winner_is_the_same_session() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").knows_100rel());
    let b = t.add(
        phone("202")
            .follows(vec![(millis(100), MEDIA)])
            .forks_to(vec![(millis(300), MEDIA), (secs(2), Reply::Answer)]),
    );
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.expect(a)
        .talking_with("202")
        .talks_both_ways_with(b)
        .got_exactly(&[407, 100, 183, 200], &Method::Invite);
    t.close(b);
}

#[test]
fn a_fork_that_ends_hands_over_to_the_next() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(
        phone("202")
            .follows(vec![(millis(100), MEDIA), (secs(2), Reply::Gone)])
            .forks_to(vec![(millis(300), MEDIA), (secs(6), Reply::Answer)]),
    );
    t.register_all();
    t.call(a, "202");
    t.run(secs(4));
    t.expect(b).is_heard_by(a);
    t.expect(a).never_got(199, &Method::Invite);
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn without_reliable_responses_the_sound_of_the_first_is_heard_until_the_second_answers() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let b = t.add(
        phone("202")
            .follows(vec![(millis(100), Reply::EarlyMedia)])
            .forks_to(vec![(millis(300), Reply::EarlyMedia), (secs(2), Reply::Answer)]),
    );
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    let local = t.phone(a).sessions().and_then(|(_, theirs)| theirs.map(|theirs| theirs.rtp));
    let heard = local.and_then(|local| t.the_pbx().engine.route(local));
    assert_eq!(heard.map(|rtp| rtp.port()), Some(40_000), "the first fork is heard");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_branch_that_fails_hands_over_to_another_that_sounds() {
    let rules = "[[context.intern]]\nmatch = \"100\"\ndo = [{ dial = [\"ext:202\", \"ext:203\"], timeout = \"20s\" }]\n";
    let mut t = Story::office(5).rules(rules);
    let a = t.add(phone("201").knows_100rel());
    t.add(phone("202").follows(vec![(millis(100), Reply::EarlyMedia), (secs(2), Reply::Refuse(486))]));
    let c = t.add(phone("203").follows(vec![(millis(300), Reply::EarlyMedia), (secs(5), Reply::Answer)]));
    t.register_all();
    t.call(a, "100");
    t.run(secs(1));
    t.expect(c).is_not_heard_by(a);
    t.run(secs(2));
    t.expect(c).is_heard_by(a);
    t.run(secs(3));
    t.expect(a).talking_with("100").talks_both_ways_with(c);
    let described = |rung: &kiestoon_testkit::ladder::Rung| {
        rung.to == t.address(a)
            && matches!(&rung.message, Some(Message::Response(r)) if !r.body.is_empty() && r.cseq.method == Method::Invite)
    };
    assert_eq!(t.net.ladder.rungs().filter(|rung| described(rung)).count(), 1, "one answer to one offer");
    t.close(a);
}

#[test]
fn a_fork_that_was_not_told_of_a_change_is_told_after_its_answer() {
    let mut t = Story::office(6);
    let a = t.add(phone("201").knows_100rel().takes_update());
    let b = t.add(
        phone("202")
            .takes_update()
            .follows(vec![(millis(100), MEDIA)])
            .forks_to(vec![(millis(300), MEDIA), (secs(3), Reply::Answer)]),
    );
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(1));
    t.expect(b).was_asked(&Method::Update, 1);
    t.run(secs(3));
    t.expect(a).talking_with("202").is_heard_by(b);
    t.expect(b).was_asked(&Method::Update, 2).flows(Flowing::RecvOnly);
    t.close(a);
}
