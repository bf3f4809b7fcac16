//! Credentials that are good for a while only: a phone registers, calls and writes with them until then, and no longer. What
//! is refused is refused as any wrong password is.

use kiestoon_call::{CredentialsKey, Event};
use kiestoon_sip::{Method, Response};
use kiestoon_testkit::pbx::STORY_BEGINS;
use kiestoon_testkit::{Ended, Profile, Story, millis, phone, secs};

const KEY: [u8; 32] = [3; 32];

fn office(seed: u64) -> Story {
    Story::office(seed).settings(|settings| settings.credentials_key = Some(CredentialsKey::new(KEY)))
}

/// The phone of 201 with credentials for a number that end so many seconds after the story begins.
fn with_credentials(number: &str, ends: i64) -> Profile {
    let username = format!("{}:{number}", STORY_BEGINS / 1_000_000 + ends);
    let password = CredentialsKey::new(KEY).password_of("organisation-1", &username);
    phone("201").with_login(&username, &password)
}

fn failures(t: &Story) -> usize {
    t.the_pbx().events.iter().filter(|event| matches!(event, Event::AuthenticationFailed { .. })).count()
}

/// The seconds that the phone's only contact was granted.
fn granted(t: &Story, phone: kiestoon_testkit::PhoneId) -> Option<u32> {
    t.phone(phone).registered().first().and_then(|contact| contact.expires())
}

#[test]
fn a_phone_registers_calls_and_writes_with_them() {
    let mut t = office(1);
    let a = t.add(with_credentials("201", 3600));
    let b = t.add(phone("202"));
    t.register_all();
    t.expect(a).got_exactly(&[401, 200], &Method::Register).registered(1);
    t.send_text(a, "202", "hallo");
    t.run(secs(1));
    t.expect(b).read(&Method::Message, "hallo");
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect(b).is_shown("201");
    t.hang_up(a);
    t.run(secs(1));
    t.call(b, "201");
    t.run(secs(3));
    t.expect(b).talking_with("201");
    t.hang_up(b);
    t.run(secs(40));
    t.expect_nth_cdr(0).answered().from_to("201", "202");
    t.expect_nth_cdr(1).answered().from_to("202", "201");
    assert_eq!(failures(&t), 0);
    t.unregister(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn its_own_password_serves_beside_them() {
    let mut t = office(2);
    let browser = t.add(with_credentials("201", 3600));
    let desk = t.add(phone("201"));
    t.register_all();
    t.expect(browser).registered(1);
    t.expect(desk).registered(2);
}

#[test]
fn a_registration_ends_with_them() {
    let mut t = office(3);
    let a = t.add(with_credentials("201", 45));
    let b = t.add(phone("202"));
    t.register_all();
    t.expect(a).got_exactly(&[401, 200], &Method::Register);
    let granted = granted(&t, a).unwrap();
    assert!(
        (43..=45).contains(&granted),
        "less than the shortest that may be asked for, and no more: {granted}"
    );
    t.run(secs(45));
    t.call(b, "201");
    t.settle();
    t.expect(a).never_called();
    t.expect(b).ended(Ended::Refused(480));
}

#[test]
fn what_is_left_is_rounded_to_a_second_at_least() {
    let mut t = office(4);
    let a = t.add(with_credentials("201", 2));
    t.run(millis(1_300));
    t.register(a);
    t.run(millis(300));
    t.expect(a).registered(1);
    assert_eq!(granted(&t, a), Some(1));
    t.run(secs(2));
    t.register(a);
    t.run(secs(1));
    t.expect(a).register_refused(401);
}

#[test]
fn over_they_are_refused_without_being_held_against_anyone() {
    let mut t = office(5);
    let a = t.add(with_credentials("201", 0));
    for _ in 0..30 {
        t.forget_challenges(a);
        t.register(a);
        t.run(secs(1));
    }
    t.call(a, "202");
    t.run(secs(5));
    t.expect(a).register_refused(401).ended(Ended::Refused(407));
    let stale = |response: &Response| response.headers.iter().any(|header| header.value().contains("stale"));
    assert!(!t.phone(a).responses().any(stale), "who has no better ones is not told to try again");
    assert_eq!((failures(&t), t.the_pbx().switch.bans(t.now()).len()), (0, 0));
    assert!(t.the_pbx().engine.commands.is_empty() && t.the_pbx().cdrs.is_empty());
}

#[test]
fn for_longer_than_a_day_they_are_not_taken() {
    for (ends, statuses) in [(86_400, [401, 200]), (86_410, [401, 401])] {
        let mut t = office(6);
        let a = t.add(with_credentials("201", ends));
        t.register(a);
        t.run(secs(1));
        t.expect(a).got_exactly(&statuses, &Method::Register);
        assert_eq!(failures(&t), 0);
    }
}

#[test]
fn with_their_extension_they_are_gone() {
    let mut t = office(7);
    let a = t.add(with_credentials("201", 3600));
    t.register_all();
    t.remove_extension("201");
    t.forget_challenges(a);
    t.register(a);
    t.run(secs(1));
    t.expect(a).register_refused(401);
    assert_eq!(failures(&t), 0);
}

#[test]
fn made_up_they_count_as_wrong_passwords() {
    let mut t = office(8);
    let ends = STORY_BEGINS / 1_000_000 + 3600;
    let thief = t.add(phone("201").with_login(&format!("{ends}:201"), "welkom01"));
    for _ in 0..21 {
        t.forget_challenges(thief);
        t.register(thief);
        t.run(millis(500));
    }
    t.expect(thief).register_refused(403);
    assert_eq!((failures(&t), t.the_pbx().switch.bans(t.now()).len()), (20, 1));
}

#[test]
fn an_expiry_moved_by_its_holder_is_made_up_too() {
    let mut t = office(9);
    let ends = STORY_BEGINS / 1_000_000 + 60;
    let password = CredentialsKey::new(KEY).password_of("organisation-1", &format!("{ends}:201"));
    let a = t.add(phone("201").with_login(&format!("{}:201", ends + 3600), &password));
    t.register(a);
    t.run(secs(1));
    t.expect(a).register_refused(401);
    assert_eq!(failures(&t), 1);
}

#[test]
fn they_speak_for_their_own_extension_only() {
    let mut t = office(10);
    let a = t.add(with_credentials("203", 3600));
    t.register(a);
    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).register_refused(403).ended(Ended::Refused(403));
}

#[test]
fn without_a_key_nobody_has_such_a_name() {
    let mut t = Story::office(11);
    let a = t.add(with_credentials("201", 3600));
    t.register(a);
    t.run(secs(1));
    t.expect(a).register_refused(401);
    assert_eq!(failures(&t), 1);
}

/// What a stranger is told, and how many passwords were compared for it.
fn told(login: &Profile) -> (Vec<String>, u64) {
    let mut t = office(12);
    let stranger = t.add(login.clone());
    for _ in 0..3 {
        t.register(stranger);
        t.run(millis(100));
        t.call(stranger, "202");
        t.run(secs(1));
        t.forget_challenges(stranger);
    }
    t.settle();
    let masked = |response: &Response| {
        let lines = response.headers.iter().map(|header| {
            let value = header.value();
            let cut = value.find("nonce=").map_or(value.len(), |at| at + 40);
            format!(
                "{:?}: {}",
                header.name(),
                value.replace(&value[value.find("nonce=").unwrap_or(cut)..cut], "")
            )
        });
        format!("{} {:?}", response.status.code(), lines.collect::<Vec<_>>())
    };
    (t.phone(stranger).responses().map(masked).collect(), t.the_pbx().switch.status().passwords_checked)
}

#[test]
fn wrong_unknown_and_over_are_told_alike() {
    let ends = STORY_BEGINS / 1_000_000 + 3600;
    let made_up = |number: &str, ends: i64| phone("201").with_login(&format!("{ends}:{number}"), "welkom01");
    let wrong = told(&phone("201").with_password("welkom01"));
    assert!(wrong.1 == 6 && wrong.0.len() >= 12, "{wrong:?}");
    assert_eq!(told(&made_up("201", ends)), wrong);
    assert_eq!(told(&made_up("299", ends)), wrong, "a number that nobody has");
    assert_eq!(told(&made_up("201", ends - 7200)), wrong, "made up and over");
    assert_eq!(told(&made_up("201", ends + 864_000)), wrong, "made up and for too long");
    assert_eq!(told(&with_credentials("201", -1)), wrong, "over");
    assert_eq!(told(&with_credentials("201", 864_000)), wrong, "for too long");
    assert_eq!(told(&with_credentials("299", 3600)), wrong, "issued for a number that is gone");
}
