//! An operator sees what phones call themselves, by their registration or their calls, and since when they are registered.

use kiestoon_testkit::{Named, Story, phone, secs};

fn agents(t: &Story) -> Vec<Option<String>> {
    let calls = t.the_pbx().switch.calls(t.now());
    let talking = calls.iter().filter(|call| call.state.as_str() != "ending");
    let legs = talking.flat_map(|call| &call.legs);
    legs.map(|leg| leg.user_agent.as_deref().map(str::to_owned)).collect()
}

fn named(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn by_what_each_says_in_the_call() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").calls_itself("Alfa 1", Named::Calling));
    t.add(phone("202").calls_itself("Bravo 2", Named::Calling).answers_after(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    assert_eq!(agents(&t), [named("Alfa 1"), named("Bravo 2")], "it rings");
    t.run(secs(3));
    assert_eq!(agents(&t), [named("Alfa 1"), named("Bravo 2")]);
    t.close(a);
    let record = t.expect_cdr().answered().record().clone();
    let kept: Vec<_> = record.legs.iter().map(|leg| leg.user_agent.as_deref()).collect();
    assert_eq!(kept, [Some("Alfa 1"), Some("Bravo 2")]);
}

#[test]
fn by_its_registration_where_it_says_nothing_in_the_call() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.add(phone("202").calls_itself("Bravo 2", Named::Registering));
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    assert_eq!(agents(&t), [None, named("Bravo 2")]);
    t.close(a);
}

#[test]
fn one_that_goes_on_in_another_call_keeps_its_name() {
    let of = |number, name| phone(number).calls_itself(name, Named::Calling);
    let phones = [of("201", "Alfa 1"), of("202", "Bravo 2"), of("203", "Charlie 3")];
    let (mut t, [a, b, c]) = Story::office(3).consulting(phones);
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(c);
    let mut seen = agents(&t);
    seen.sort();
    assert_eq!(seen, [named("Alfa 1"), named("Charlie 3")]);
    t.close(c);
}

#[test]
fn a_registration_is_as_old_as_its_first_register_even_after_a_restart() {
    let mut t = Story::office(4);
    let a = t.add(phone("201").registers_for(600));
    t.register_all();
    let since = |t: &Story| t.the_pbx().switch.registrations(t.now()).first().map(|view| view.since);
    let first = since(&t).expect("it is registered");
    t.run(secs(500));
    t.register(a);
    t.run(secs(200));
    let later = since(&t).expect("it is registered");
    assert!((later - first).abs() < 1_000, "{first} {later}");
    t.restart_pbx();
    let restored = since(&t).expect("it is registered");
    // The wall clock of a PBX that starts in a story shows what it showed to the first one.
    let age = (first - restored) / 1_000_000;
    assert!((700..705).contains(&age), "{age}");
}
