//! A caller who was answered by a prompt hears the tone of the country while a phone rings after it: no 180 reaches it any
//! more.

use kiestoon_testkit::{PROMPT_THEN_PHONE, Story, phone, secs};

#[test]
fn until_somebody_answers() {
    let mut t = Story::office(1).rules(PROMPT_THEN_PHONE);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(5)));
    t.register_all();
    t.call(a, "602");
    t.run(secs(1));
    t.expect(a).hears_prompt("welkom");
    t.run(secs(3));
    t.expect(a).hears_prompt("tone:ringback");
    t.run(secs(6));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}
