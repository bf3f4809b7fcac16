//! Which of several trunks a call goes over: by weight, or the cheapest for its number first.

use kiestoon_call::{Class, Rights};
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

fn rules(order: &str) -> String {
    format!(
        r#"
        [group.uit]
        members = ["trunk:a", "trunk:b", "trunk:c"]
        strategy = "weighted"
        [group.goedkoop]
        members = ["trunk:a", "trunk:b", "trunk:c"]
        strategy = "least-cost"
        [[context.intern]]
        match = "8"
        do = [{{ dial = "group:uit", to = "+31201112222" }}]
        [[context.intern]]
        match = "9"
        do = [{{ dial = "group:goedkoop", to = "+32201112222" }}]
        [[context.intern]]
        match = "_0."
        do = [{{ dial = ["trunk:a", "trunk:b", "trunk:c"], order = "{order}" }}]
        "#
    )
}

fn office(seed: u64, order: &str, weights: [u16; 3]) -> (Story, PhoneId, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(&rules(order)).rates(&[
        ("a", "31", 20_000),
        ("a", "32", 20_000),
        ("b", "31", 10_000),
        ("b", "316", 90_000),
        ("c", "", 50_000),
        ("c", "32", 5_000),
    ]);
    t = t.profile("201", |profile| profile.rights = Rights::of(Class::ALL));
    for (name, weight) in ["a", "b", "c"].into_iter().zip(weights) {
        t = t.trunk(name, |trunk| trunk.weight = weight);
    }
    let caller = t.add(phone("201"));
    let far = ["a", "b", "c"].map(|name| t.add_carrier(carrier(name).answers_at_once()));
    t.register_all();
    (t, caller, far)
}

fn invites(t: &Story, far: [PhoneId; 3]) -> [usize; 3] {
    far.map(|far| t.phone(far).requests().filter(|request| request.method == Method::Invite).count())
}

fn call(t: &mut Story, caller: PhoneId, number: &str) {
    t.call(caller, number);
    t.run(secs(1));
    t.hang_up(caller);
    t.run(secs(1));
}

#[test]
fn weights_are_kept_over_many_calls() {
    for number in ["0201112222", "8"] {
        let (mut t, caller, far) = office(1, "weight", [8, 2, 0]);
        for _ in 0..100 {
            call(&mut t, caller, number);
        }
        let [a, b, c] = invites(&t, far);
        // 80 in the mean, with a deviation of 4.
        assert!((64..=96).contains(&a) && a + b == 100 && c == 0, "{number}: {a} {b} {c}");
    }
}

#[test]
fn one_without_weight_is_there_for_when_the_others_are_not() {
    let (mut t, caller, far) = office(2, "weight", [8, 2, 0]);
    t.pbx().names.remove("a.example");
    t.pbx().names.remove("b.example");
    call(&mut t, caller, "0201112222");
    assert_eq!(invites(&t, far), [0, 0, 1]);
}

#[test]
fn the_cheapest_for_the_number_is_first_and_the_next_follows() {
    let (mut t, caller, far) = office(3, "cost", [1; 3]);
    call(&mut t, caller, "0201112222");
    assert_eq!(invites(&t, far), [0, 1, 0]);
    call(&mut t, caller, "0612345678");
    assert_eq!(invites(&t, far), [1, 1, 0], "to mobile phones another one is");
    call(&mut t, caller, "0032201112222");
    assert_eq!(invites(&t, far), [1, 1, 1]);
    call(&mut t, caller, "9");
    assert_eq!(invites(&t, far), [1, 1, 2]);
    t.pbx().names.remove("b.example");
    call(&mut t, caller, "0201112222");
    assert_eq!(invites(&t, far), [2, 1, 2]);
    // Only one has a rate for it: who knows what it costs over the others.
    call(&mut t, caller, "00442012345678");
    assert_eq!(invites(&t, far), [2, 1, 3]);
}

#[test]
fn of_those_of_one_price_the_heaviest_is_first() {
    for (weights, first) in [([1, 3, 0], [0, 3, 0]), ([2, 2, 0], [3, 0, 0]), ([0, 1, 0], [0, 3, 0])] {
        let (mut t, caller, far) = office(4, "cost", weights);
        // Only this one has a rate for it; those of the others may be any, and so are one.
        t.pbx().names.remove("c.example");
        for _ in 0..3 {
            call(&mut t, caller, "00442012345678");
        }
        assert_eq!(invites(&t, far), first, "{weights:?}: the same each time");
    }
}
