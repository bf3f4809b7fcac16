//! A phone behind NAT is asked often enough that its router keeps the way to it; one that falls silent is shown, not removed.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

fn office(seed: u64) -> Story {
    Story::office(seed).settings(|settings| settings.keep_alive = Some(secs(25)))
}

fn reachable(t: &mut Story) -> Vec<bool> {
    let now = t.now();
    t.pbx().switch.registrations(now).into_iter().map(|view| view.reachable).collect()
}

#[test]
fn only_a_phone_behind_nat_is_asked() {
    let mut t = office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").behind_nat());
    t.register_all();
    t.run(secs(101));
    t.expect(b).was_asked(&Method::Options, 4);
    t.expect(a).was_asked(&Method::Options, 0);
    assert_eq!(reachable(&mut t), [true, true]);
}

#[test]
fn a_silent_phone_is_shown_until_it_registers_again() {
    let mut t = office(2);
    let b = t.add(phone("202").behind_nat());
    t.register_all();
    t.kill(b);
    t.run(secs(200));
    assert_eq!(reachable(&mut t), [false], "it is shown, and still registered");
    t.reboot(b, true);
    t.register(b);
    t.run(secs(1));
    assert_eq!(reachable(&mut t), [true]);
}

#[test]
fn nobody_is_asked_whose_binding_has_ended() {
    let mut t = office(3);
    let b = t.add(phone("202").behind_nat().registers_for(60));
    t.register_all();
    t.kill(b);
    t.run(secs(300));
    assert!(reachable(&mut t).is_empty());
    assert_eq!(t.pbx().switch.deadline(), None, "something still waits");
}

#[test]
fn after_a_restart_they_are_asked_again() {
    let mut t = office(4);
    let b = t.add(phone("202").behind_nat());
    t.register_all();
    t.restart_pbx();
    t.run(secs(26));
    t.expect(b).was_asked(&Method::Options, 1);
}
