//! A trunk dies while 30 calls begin each second: no call is lost that had not reached it, and each is with the next one within
//! two seconds, by the clock of the story.

use kiestoon_call::{Disposition, EndReason};
use kiestoon_testkit::{PhoneId, Story, carrier, millis, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"] }]
"#;

const CALLS: usize = 120;
/// One after the other, 33 ms apart: 30 a second.
const BEFORE_IT_DIES: usize = 30;

fn expect_none_lost(seed: u64, dies: fn(&mut Story, PhoneId)) {
    let mut t = Story::office(seed).rules(OUT).trunk("voys", |_| {}).trunk("backup", |_| {});
    // A hand-over in each step of so many calls takes minutes, and shows what fewer calls show.
    t.pbx().hands_over = false;
    let callers: Vec<_> = ["201", "202", "203", "204", "205"].map(|number| t.add(phone(number))).into();
    let voys = t.add_carrier(carrier("voys").answers_at_once());
    t.add_carrier(carrier("backup").answers_at_once());
    t.register_all();
    for (n, caller) in callers.iter().cycle().take(CALLS).enumerate() {
        if n == BEFORE_IT_DIES {
            dies(&mut t, voys);
        }
        t.call(*caller, &format!("0201{n:06}"));
        t.run(millis(33));
    }
    t.run(secs(5));
    for caller in callers {
        t.hang_up_all(caller);
    }
    t.settle();
    let ended: Vec<_> = t.the_pbx().ended().collect();
    assert_eq!(ended.len(), CALLS);
    let (mut over_backup, mut retried) = (0, 0);
    for record in ended {
        let end = record.end.expect("the end");
        assert_eq!(
            (end.disposition, end.reason),
            (Disposition::Answered, EndReason::HangupCaller),
            "{record:?}"
        );
        assert!(end.setup_ms <= 2_000, "with the next trunk after {} ms: {record:?}", end.setup_ms);
        over_backup += usize::from(record.trunk_out().is_some_and(|name| &**name == "backup"));
        retried += usize::from(record.legs.len() > 2);
    }
    // Who has talked over it before it died, has talked.
    assert_eq!(over_backup, CALLS - BEFORE_IT_DIES);
    // Three failures in a row, and nobody asks it any more: what comes later does not wait.
    assert!((1..over_backup).contains(&retried), "{retried} of {over_backup} have asked the dead one first");
}

#[test]
fn a_host_that_falls_silent_loses_no_call() {
    expect_none_lost(1, |t, voys| t.kill(voys));
}

#[test]
fn a_program_that_ends_loses_no_call() {
    expect_none_lost(2, |t, voys| t.crash(voys));
}
