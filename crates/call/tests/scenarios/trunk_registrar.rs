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
