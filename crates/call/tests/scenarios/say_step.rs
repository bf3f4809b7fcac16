//! `say`: numbers and dates are heard in words, in the language of the plan, as one sound.

use kiestoon_testkit::{Ended, Story, phone, secs};

fn says(seed: u64, rules: &str) -> Story {
    Story::office(seed).rules(rules)
}

#[test]
fn a_number_is_heard_in_words_and_the_walk_goes_on() {
    let mut t = says(
        1,
        r#"
[[context.intern]]
match = "601"
do = [{ say = "number:1985" }, { hangup = true }]
"#,
    );
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    t.expect(a).talking_with("601").hears_prompt("say/19 say/100 say/85");
    t.run(secs(3));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("dialplan").talked_for(secs(2));
    t.expect_nothing_left();
}

#[test]
fn the_callers_number_is_read_digit_by_digit() {
    let mut t = says(
        2,
        r#"
[[context.intern]]
match = "601"
do = [{ say = "digits:${from}" }, { echo = true }]
"#,
    );
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    t.expect(a).hears_prompt("say/2 say/0 say/1");
    t.run(secs(2));
    t.expect(a).hears_itself();
    t.close(a);
}

#[test]
fn another_language_is_spoken_from_its_own_recordings() {
    let mut t = says(
        3,
        r#"
language = "en"
[[context.intern]]
match = "601"
do = [{ play = "welkom" }, { say = "digits:12" }, { hangup = true }]
"#,
    );
    t = t.prompt("en/welkom").prompt("en/say/1").prompt("en/say/2");
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    t.expect(a).hears_prompt("en/welkom");
    t.run(secs(2));
    t.expect(a).hears_prompt("en/say/1 en/say/2");
    t.close(a);
}

#[test]
fn with_a_recording_missing_nothing_is_said_and_the_walk_goes_on() {
    let mut t = says(
        4,
        r#"
language = "en"
[[context.intern]]
match = "601"
do = [{ say = "number:101" }, { play = "welkom" }, { hangup = true }]
"#,
    );
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    // English has an "and", which is not loaded.
    t.expect(a).hears_prompt("welkom");
    t.close(a);
}
