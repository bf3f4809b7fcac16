//! A trunk is at fault: its next host is tried, then the next trunk of the step; where the person who was called is at fault,
//! nobody else is.

use kiestoon_call::{Direction, Input};
use kiestoon_media::{Cause, MediaEvent};
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, PhoneId, Profile, Reply, Story, carrier, millis, phone, secs};

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
        let record = t.expect_cdr().answered().reached("+31201112222").from_to("201", "0201112222").record();
        assert_eq!(record.direction(), Direction::Outbound);
        assert_eq!(record.trunk_out().map(|name| &**name), Some("backup"));
        assert_eq!((record.trunk_in(), record.did()), (None, None));
        let legs = record.legs[1..].iter().map(|leg| {
            let over = leg.over.as_ref().expect("a trunk");
            (&*over.trunk, over.host.as_deref(), over.shown.as_deref(), leg.status)
        });
        let shown = Some("+31201234567");
        assert_eq!(
            legs.collect::<Vec<_>>(),
            [
                ("voys", Some("voys.example"), shown, Some(status)),
                ("backup", Some("backup.example"), shown, Some(200))
            ]
        );
        t.expect_nothing_left();
    }
}

#[test]
fn where_nobody_answers_the_record_names_the_trunk_that_was_tried_last() {
    let mut t = two_trunks(7);
    let a = t.add(phone("201"));
    t.add_carrier(refuses("voys", 503));
    t.add_carrier(refuses("backup", 486));
    t.register_all();
    t.call(a, "0201112222");
    t.settle();
    let record = t.expect_cdr().disposition("busy").record();
    assert_eq!(record.trunk_out().map(|name| &**name), Some("backup"));
    assert_eq!(record.direction(), Direction::Outbound);
    t.expect_nothing_left();
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
    t.run(millis(2_000));
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

/// The addresses of one host are one trunk: whoever answers there gets what a trunk gets.
#[test]
fn the_next_address_of_a_host_is_the_same_trunk() {
    let mut t = Story::office(8).rules(OUT).trunk("voys", |_| {});
    let a = t.add(phone("201"));
    let first = t.add_carrier(refuses("voys", 503));
    let second = t.add_carrier(carrier("elders"));
    let addresses = [first, second].map(|carrier| (t.address(carrier), 5060).into());
    t.pbx().names.insert("voys.example".into(), addresses.to_vec());
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(2));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(second);
    let invite = t.phone(second).requests().next().expect("an INVITE");
    assert_eq!(invite.from.uri.to_string(), "sip:+31201234567@voys.example");
    t.hang_up(a);
    t.settle();
    let record = t.expect_cdr().answered().record();
    assert_eq!(record.trunk_out().map(|name| &**name), Some("voys"));
    // Each has a Call-ID of its own, by which its provider's webhooks find the record.
    let due =
        [first, second].map(|carrier| t.phone(carrier).requests().next().map(|sent| sent.call_id.clone()));
    let told: Vec<_> =
        record.legs.iter().filter_map(|leg| Some(leg.over.as_ref()?.call_id.clone())).collect();
    assert!(told == due && due[0] != due[1], "{told:?}");
    t.expect_nothing_left();
}

/// 100 says only that somebody has read it.
#[test]
fn a_trunk_that_says_100_and_no_more_is_left() {
    let mut t = two_trunks(9);
    let a = t.add(phone("201"));
    let slow = carrier("voys").follows(vec![(millis(50), Reply::Trying)]).answers_when_cancelled();
    let slow = t.add_carrier(slow);
    let backup = t.add_carrier(carrier("backup").answers_at_once());
    t.register_all();
    t.call(a, "0201112222");
    t.run(millis(11_900));
    t.expect(backup).never_called();
    t.run(millis(500));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    // It had answered after all, and is hung up.
    t.expect(slow).ended(Ended::ByThem).was_asked(&Method::Ack, 1);
    t.hang_up(a);
    t.settle();
    let statuses = t.expect_cdr().answered().record().legs.iter().map(|leg| leg.status);
    assert_eq!(statuses.collect::<Vec<_>>(), [Some(200), Some(408), Some(200)]);
    t.expect_nothing_left();
}

#[test]
fn a_trunk_that_says_where_the_call_is_may_ring() {
    for reply in [Reply::Ringing, Reply::EarlyMedia] {
        let mut t = two_trunks(10);
        let a = t.add(phone("201"));
        let script = vec![(millis(50), Reply::Trying), (secs(10), reply), (secs(16), Reply::Answer)];
        let voys = t.add_carrier(carrier("voys").follows(script));
        let backup = t.add_carrier(carrier("backup"));
        t.register_all();
        t.call(a, "0201112222");
        t.run(secs(17));
        t.expect(a).talking_with("0201112222").talks_both_ways_with(voys);
        t.expect(backup).never_called();
        t.hang_up(a);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn the_last_trunk_may_take_its_time() {
    let mut t = Story::office(11).rules(OUT).trunk("voys", |_| {});
    let a = t.add(phone("201"));
    let script = vec![(millis(50), Reply::Trying), (secs(18), Reply::Answer)];
    let voys = t.add_carrier(carrier("voys").follows(script));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(19));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(voys);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

const UNTIL_HEARD: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"], timeout = "30s", failover = ["no-media"] }]
"#;

/// The first trunk says that it can be heard, and the doctor of the leg what comes of that.
fn hears(rules: &str, causes: &[Option<Cause>]) -> (Story, PhoneId, [PhoneId; 2]) {
    let mut t = Story::office(12).rules(rules).trunk("voys", |_| {}).trunk("backup", |_| {});
    let a = t.add(phone("201"));
    let script = vec![(millis(50), Reply::EarlyMedia), (secs(15), Reply::Answer)];
    let voys = t.add_carrier(carrier("voys").follows(script));
    let script = vec![(millis(50), Reply::EarlyMedia), (secs(3), Reply::Answer)];
    let backup = t.add_carrier(carrier("backup").follows(script));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(1));
    t.expect(voys).is_heard_by(a);
    let leg = t.engine().legs().map(|(id, _)| id).nth(1).expect("the leg of the trunk");
    for cause in causes {
        t.run(secs(1));
        t.tell_pbx(Input::Media(MediaEvent::Diagnosis { leg, cause: *cause }));
    }
    t.run(millis(5_100) - secs(1) * u32::try_from(causes.len()).expect("few"));
    (t, a, [voys, backup])
}

/// The caller has a 183 of the first and hears the second in the same dialog.
#[test]
fn a_trunk_that_lets_nothing_be_heard_is_left() {
    let (mut t, a, [voys, backup]) = hears(UNTIL_HEARD, &[None, Some(Cause::PortBlocked)]);
    t.expect(voys).ended(Ended::Cancelled);
    t.expect(backup).is_heard_by(a);
    t.run(secs(4));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    t.expect_agreement();
    let answered = t.phone(a).responses().filter(|response| response.cseq.method == Method::Invite);
    let tags: std::collections::HashSet<_> =
        answered.filter_map(|response| response.to.tag().filter(|_| response.status.code() != 407)).collect();
    assert_eq!(tags.len(), 1, "one dialog");
    t.hang_up(a);
    t.settle();
    let record = t.expect_cdr().answered().record();
    let ends = record.legs.iter().map(|leg| (leg.status, leg.reason.map(|reason| reason.as_str())));
    let over = Some("hangup_caller");
    assert_eq!(
        ends.collect::<Vec<_>>(),
        [(Some(200), over), (Some(487), Some("media_lost")), (Some(200), over)]
    );
    t.expect_nothing_left();
}

#[test]
fn a_trunk_that_is_heard_or_need_not_be_is_kept() {
    let heard: &[Option<Cause>] = &[Some(Cause::PortBlocked), None];
    let pauses: &[Option<Cause>] = &[Some(Cause::StoppedSending)];
    for (rules, causes) in [(UNTIL_HEARD, heard), (UNTIL_HEARD, pauses), (OUT, &[Some(Cause::PortBlocked)])] {
        let (mut t, a, [voys, backup]) = hears(rules, causes);
        t.run(secs(12));
        t.expect(a).talking_with("0201112222").talks_both_ways_with(voys);
        t.expect(backup).never_called();
        t.hang_up(a);
        t.settle();
        t.expect_nothing_left();
    }
}
