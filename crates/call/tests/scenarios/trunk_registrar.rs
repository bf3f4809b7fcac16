//! Registrars that grant what they should not: nothing, almost nothing, more than was asked for, or only ever more.

use kiestoon_call::{Account, Event, Trunk};
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Profile, Story, carrier, secs};

fn voys(trunk: &mut Trunk) {
    let account = Account { username: "100001".into(), login: "100001".into(), password: "geheim".into() };
    trunk.account = Some(account);
    trunk.registers = Some(3600);
}

fn office(seed: u64, far: Profile) -> (Story, PhoneId) {
    let mut t = Story::office(seed).trunk("voys", voys);
    let far = t.add_carrier(far);
    (t, far)
}

fn registers(t: &Story, far: PhoneId) -> usize {
    t.phone(far).requests().filter(|request| request.method == Method::Register).count()
}

fn outcomes(t: &mut Story) -> Vec<Option<u16>> {
    let events = t.pbx().events.iter().filter_map(|event| match event {
        Event::TrunkRegistered { .. } => Some(None),
        Event::TrunkRefused { status, .. } => Some(Some(*status)),
        _ => None,
    });
    events.collect()
}

#[test]
fn one_that_wants_ever_longer_bindings_is_not_flooded() {
    let (mut t, far) = office(1, carrier("voys").wants_ever_longer_bindings());
    t.run(secs(5));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (3, vec![Some(423)]), "two of them are followed");
    t.run(secs(600));
    let tries = outcomes(&mut t).len();
    assert!((4..=8).contains(&tries), "{tries} tries in ten minutes");
    assert_eq!(registers(&t, far), 3 * tries);
}

#[test]
fn a_binding_of_no_time_is_a_refusal() {
    let (mut t, far) = office(2, carrier("voys").grants(0));
    t.run(secs(5));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (1, vec![Some(200)]), "not registered");
    t.run(secs(600));
    let tries = registers(&t, far);
    assert!((4..=8).contains(&tries), "{tries} tries in ten minutes");
}

#[test]
fn it_grants_no_more_than_it_was_asked_for() {
    let (mut t, far) = office(3, carrier("voys").grants(u32::MAX));
    t.run(secs(2870));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (1, vec![None]));
    t.run(secs(20));
    assert_eq!(registers(&t, far), 2, "refreshed within the hour that was asked for");
}

#[test]
fn a_binding_of_seconds_is_not_refreshed_all_the_time() {
    let (mut t, far) = office(4, carrier("voys").grants(1));
    t.run(secs(105));
    assert_eq!((registers(&t, far), outcomes(&mut t)), (11, vec![None]), "each ten seconds");
}
