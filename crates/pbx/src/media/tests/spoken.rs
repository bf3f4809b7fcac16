//! What a phone hears of us alone, several prompts as one, and the keys that it presses meanwhile.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::dtmf::{Digit, EventSender};
use kiestoon_media::prompt::{Prompt, Prompts};
use kiestoon_media::{DigitSource, LegId, MediaCommand, MediaEvent};

use super::transcoding::{EVENTS, Talker, events, g722, opus, pcma};
use super::{Bench, wav_tone};

/// Prompts that are whole periods of 440 Hz, so that one after the other they are one tone.
fn give_prompts(bench: &Bench) {
    let mut prompts = Prompts::default();
    prompts.insert("een", Prompt::from_wav(&wav_tone(16_000, 440.0, 9600)).unwrap());
    prompts.insert("lang", Prompt::from_wav(&wav_tone(8000, 440.0, 80_000)).unwrap());
    bench.engine.set_prompts(&Arc::new(prompts));
}

fn play(bench: &mut Bench, names: &[&str]) {
    let prompts = names.iter().map(|name| (*name).to_owned()).collect();
    bench.perform(MediaCommand::Play { leg: LegId(1), play: 7, prompts, repeat: false });
}

#[test]
fn several_prompts_are_one_sound_in_every_codec_and_end_once() {
    for codec in [pcma(), g722(), opus()] {
        let mut bench = Bench::new();
        give_prompts(&bench);
        let mut phone = Talker::new(&mut bench, 1, std::slice::from_ref(&codec), 20, None);
        play(&mut bench, &["een", "een", "geen", "een"]);
        phone.listen(Instant::now() + Duration::from_millis(2000));
        let (level, click) = phone.judge(440.0);
        let level = level - 20.0 * 1.25_f64.log10();
        assert!(level.abs() < 1.0 && click < 0.25, "{}: {level:.2} dB, click {click:.3}", codec.name);
        let packets = &phone.packets;
        assert!((89..=91).contains(&packets.len()), "{}: {} packets", codec.name, packets.len());
        assert!(packets.windows(2).all(|two| {
            let (one, next) = (&two[0].0, &two[1].0);
            next.sequence == one.sequence.wrapping_add(1) && next.ssrc == one.ssrc && !next.marker
        }));
        assert_eq!(bench.event(), MediaEvent::PlayFinished { leg: LegId(1), play: 7 });
        bench.perform(MediaCommand::Close { leg: LegId(1) });
        assert!(matches!(bench.event(), MediaEvent::Closed { .. }), "its end is told once");
    }
}

#[test]
fn all_that_is_said_to_a_phone_is_one_stream() {
    for codec in [pcma(), g722(), opus()] {
        let mut bench = Bench::new();
        give_prompts(&bench);
        let mut phone = Talker::new(&mut bench, 1, std::slice::from_ref(&codec), 20, None);
        // Of another rate than the one before, after a pause, and one that ends another.
        play(&mut bench, &["een"]);
        phone.listen(Instant::now() + Duration::from_millis(900));
        play(&mut bench, &["lang"]);
        phone.listen(Instant::now() + Duration::from_millis(300));
        play(&mut bench, &["een"]);
        phone.listen(Instant::now() + Duration::from_millis(300));
        let packets = &phone.packets;
        let begins = packets.iter().filter(|(header, _)| header.marker).count();
        assert_eq!(begins, 3, "{}", codec.name);
        let clock = if &*codec.name == "opus" { 48 } else { 8 };
        for two in packets.windows(2) {
            let (one, next) = (&two[0].0, &two[1].0);
            assert_eq!(
                (next.ssrc, next.sequence),
                (one.ssrc, one.sequence.wrapping_add(1)),
                "{}",
                codec.name
            );
            let passed = next.timestamp.wrapping_sub(one.timestamp);
            match next.marker {
                false => assert_eq!(passed, 20 * clock),
                true => assert!((15 * clock..1200 * clock).contains(&passed), "{}: {passed}", codec.name),
            }
        }
        let pause = packets.windows(2).find(|two| two[1].0.marker).unwrap();
        let passed = pause[1].0.timestamp.wrapping_sub(pause[0].0.timestamp);
        assert!(passed > 200 * clock, "{}: the pause is part of it, {passed}", codec.name);
    }
}

#[test]
fn a_key_that_ends_a_prompt_is_heard_once() {
    let mut bench = Bench::new();
    give_prompts(&bench);
    let mut phone = Talker::new(&mut bench, 1, &[pcma(), events()], 20, None);
    play(&mut bench, &["lang"]);
    phone.say(0.0);
    let packets: Vec<_> = EventSender::new(EVENTS, Digit::of_char('5').unwrap(), 100, 8000).collect();
    let (before, after) = packets.split_at(packets.len() - 2);
    for packet in before {
        phone.send(EVENTS, &packet.payload, packet.first);
    }
    let source = DigitSource::Event4733;
    let pressed = MediaEvent::Digit { leg: LegId(1), digit: '5', duration_ms: 100, source, passed: false };
    assert_eq!(bench.event(), pressed);
    // Its end comes three times, and another prompt begins meanwhile.
    bench.perform(MediaCommand::StopPlay { leg: LegId(1) });
    phone.send(EVENTS, &after[0].payload, false);
    play(&mut bench, &["lang"]);
    phone.send(EVENTS, &after[1].payload, false);
    phone.listen(Instant::now() + Duration::from_millis(60));
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    assert!(matches!(bench.event(), MediaEvent::Closed { .. }), "the key was heard again");
}

#[test]
fn a_phone_without_telephone_events_is_heard_by_its_tones() {
    let five = |seconds: f64| ((seconds * 770.0 * TAU).sin() + (seconds * 1336.0 * TAU).sin()) * 6000.0;
    for codec in [pcma(), g722(), opus()] {
        let mut bench = Bench::new();
        give_prompts(&bench);
        let mut phone = Talker::new(&mut bench, 1, std::slice::from_ref(&codec), 20, None);
        play(&mut bench, &["lang"]);
        for sound in [0.0, 1.0, 0.0] {
            for _ in 0..6 {
                phone.say_sound(|seconds| sound * five(seconds));
            }
        }
        let MediaEvent::Digit { digit: '5', source: DigitSource::Inband, passed: false, .. } = bench.event()
        else {
            panic!("{}: no key", codec.name)
        };
    }
}
