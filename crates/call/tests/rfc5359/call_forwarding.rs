//! Call forwarding, sections 2.7 to 2.9: always, when busy, when nobody answers.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{PhoneId, Profile, Reply, Story, phone, secs};

const RULES: &str = r#"
[[context.intern]]
match = "202"
do = [{ dial = "ext:202", timeout = "5s", on_busy = [{ dial = "ext:203" }], on_no_answer = [{ dial = "ext:203" }] }]
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}" }]
"#;

fn forwarded(bob: Profile, reason: &str, seconds: u64) {
    let mut t = Story::office(1).rules(RULES);
    let alice = t.add(phone("201"));
    t.add(bob);
    let carol = t.add(phone("203"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(seconds));
    t.expect(alice).talks_both_ways_with(carol).is_shown("203");
    assert!(diversion(&t, carol).contains(&format!("reason={reason};")), "{}", diversion(&t, carol));
    t.close(alice);
    t.expect_cdr().answered().from_to("201", "202").reached("203");
}

fn diversion(t: &Story, phone: PhoneId) -> String {
    let invite = t.phone(phone).requests().find(|request| request.method == Method::Invite);
    invite.and_then(|invite| invite.headers.get(&HeaderName::Diversion)).unwrap_or_default().to_owned()
}

#[test]
fn always() {
    let redirect = vec![(secs(0), Reply::Redirect("203".to_owned()))];
    forwarded(phone("202").follows(redirect), "deflection", 3);
}

#[test]
fn when_busy() {
    forwarded(phone("202").is_busy(), "user-busy", 3);
}

#[test]
fn when_nobody_answers() {
    forwarded(phone("202").never_answers(), "no-answer", 8);
}
