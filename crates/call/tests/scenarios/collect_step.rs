//! `collect`: the caller is asked for digits, and where the call goes depends on them.

use kiestoon_call::Input;
use kiestoon_media::{DigitSource, MediaCommand, MediaEvent};
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, PhoneId, Story, millis, phone, secs};

const MENU: &str = r#"
[[context.intern]]
match = "601"
do = [
    { collect = "keuze", prompt = "welkom", digits = 1, match = ["1", "2"], on_timeout = [{ dial = "ext:203" }], on_invalid = [{ hangup = 16 }] },
    { choose = "${keuze}", cases = { 1 = "ext:202", 2 = [{ say = "digits:${keuze}" }, { hangup = true }] } },
]

[[context.intern]]
match = "602"
do = [
    { collect = "nummer", min = 2, max = 4, timeout = "4s", pause = "2s", retries = 0, on_timeout = [{ reject = 480 }] },
    { say = "digits:${nummer}" },
    { hangup = true },
]

[[context.intern]]
match = "603"
do = [
    { play = "welkom" },
    { collect = "nummer", prompt = "welkom", digits = 2 },
    { collect = "keuze", prompt = "welkom", digits = 1 },
    { say = "digits:${nummer}${keuze}" },
    { hangup = true },
]
"#;

/// A story in which the first phone has called, and hears the PBX.
fn asked(seed: u64, dialled: &str) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(MENU);
    let phones = ["201", "202", "203"].map(|number| t.add(phone(number)));
    t.register_all();
    t.call(phones[0], dialled);
    t.run(secs(1));
    t.expect(phones[0]).talking_with(dialled);
    (t, phones)
}

fn press_by(t: &mut Story, keys: &str, source: DigitSource) {
    for digit in keys.chars() {
        let leg = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
        t.tell_pbx(Input::Media(MediaEvent::Digit { leg, digit, duration_ms: 100, source, passed: false }));
        t.run(millis(200));
    }
}

fn press(t: &mut Story, keys: &str) {
    press_by(t, keys, DigitSource::Event4733);
}

#[test]
fn a_key_ends_the_prompt_and_chooses_the_way() {
    let (mut t, [a, b, _]) = asked(1, "601");
    t.expect(a).hears_prompt("welkom");
    press(&mut t, "1");
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn the_end_of_a_prompt_that_was_stopped_is_not_that_of_the_next() {
    let (mut t, [a, ..]) = asked(11, "601");
    let play = |command: &MediaCommand| match command {
        MediaCommand::Play { play, .. } => Some(*play),
        _ => None,
    };
    let ended = t.engine().commands.iter().rev().find_map(play).expect("a prompt");
    press(&mut t, "2");
    t.expect(a).hears_prompt("say/2");
    // It was over just when the key came.
    let leg = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
    t.tell_pbx(Input::Media(MediaEvent::PlayFinished { leg, play: ended }));
    t.run(millis(100));
    t.expect(a).hears_prompt("say/2");
    t.close(a);
}

#[test]
fn tones_and_info_are_keys_too() {
    let (mut t, [a, ..]) = asked(2, "601");
    press_by(&mut t, "2", DigitSource::Inband);
    t.expect(a).hears_prompt("say/2");
    t.close(a);
    let (mut t, [a, ..]) = asked(3, "601");
    t.send_in_call(a, Method::Info, "application/dtmf-relay", "Signal=2\r\nDuration=100\r\n");
    t.run(millis(500));
    t.expect(a).got(200, &Method::Info).hears_prompt("say/2");
    t.close(a);
}

#[test]
fn a_wrong_key_asks_again_and_then_goes_another_way() {
    let (mut t, [a, ..]) = asked(4, "601");
    for _ in 0..2 {
        press(&mut t, "7");
        t.expect(a).hears_prompt("welkom");
    }
    press(&mut t, "7");
    t.settle();
    t.expect(a).ended(Ended::ByThem);
    t.expect_cdr().answered().reason("dialplan");
    t.expect_nothing_left();
}

#[test]
fn who_presses_nothing_is_asked_three_times_and_then_goes_another_way() {
    let (mut t, [a, _, c]) = asked(5, "601");
    // Two seconds of prompt and five of silence, three times.
    for _ in 0..2 {
        t.run(secs(7));
        t.expect(a).hears_prompt("welkom");
    }
    t.expect(c).never_called();
    t.run(secs(10));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
}

#[test]
fn the_end_key_a_pause_or_the_last_digit_end_the_answer() {
    for (seed, keys, wait, heard) in [
        (6, "12#", 0, "say/1 say/2"),
        (7, "123", 2, "say/1 say/2 say/3"),
        (8, "1234", 0, "say/1 say/2 say/3 say/4"),
    ] {
        let (mut t, [a, ..]) = asked(seed, "602");
        press(&mut t, keys);
        t.run(secs(wait));
        t.expect(a).hears_prompt(heard);
        t.close(a);
    }
}

#[test]
fn too_few_digits_are_no_answer() {
    for (seed, keys, wait) in [(9, "1", 3), (10, "1#", 0), (11, "", 5)] {
        let (mut t, [a, ..]) = asked(seed, "602");
        press(&mut t, keys);
        t.run(secs(wait));
        t.settle();
        t.expect(a).ended(Ended::ByThem);
        t.expect_nothing_left();
    }
}

#[test]
fn keys_pressed_ahead_answer_the_questions_that_follow() {
    let (mut t, [a, ..]) = asked(12, "603");
    t.expect(a).hears_prompt("welkom");
    // The end key is not needed after the second digit, and is no answer to the next question.
    press(&mut t, "42#7");
    t.expect(a).hears_prompt("welkom");
    t.run(secs(2));
    t.expect(a).hears_prompt("say/4 say/2 say/7");
    t.close(a);
}

#[test]
fn a_caller_may_hang_up_while_asked() {
    let (mut t, [a, b, _]) = asked(13, "602");
    press(&mut t, "1");
    t.close(a);
    t.expect(b).never_called();
    t.expect_cdr().answered().reason("hangup_caller");
}
