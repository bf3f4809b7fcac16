//! Loss, jitter, bursts and reordering: how it sounds, how long it waits, what it counts.

use std::time::Duration;

use kiestoon_media::Codec;
use kiestoon_media::codec::decoder;
use kiestoon_media::jitter::{JitterSettings, Playout};
use kiestoon_testkit::listener::{SpeechPacket, impair, speak};
use kiestoon_testkit::{Impairment, Listener, millis};

use crate::sound::{codec, opus, pcmu, spectral_distance, speech};

const TICK: Duration = Duration::from_millis(20);

fn listen(codec: &Codec, packets: &[SpeechPacket], from: Duration, seconds: u64) -> Listener {
    let mut listener = Listener::new(codec, JitterSettings::default()).unwrap();
    listener.hear(packets, from, Duration::from_secs(seconds), TICK);
    listener
}

fn decoded(codec: &Codec, packets: &[SpeechPacket]) -> Vec<i16> {
    let (mut decoder, mut sound) = (decoder(codec).unwrap(), Vec::new());
    packets.iter().for_each(|packet| decoder.decode(&packet.payload, &mut sound).unwrap());
    sound
}

#[test]
fn without_loss_every_sample_comes_through_unchanged() {
    for codec in [pcmu(), codec(8, "PCMA", 8000, 1, ""), codec(9, "G722", 8000, 1, ""), opus()] {
        let rate = decoder(&codec).unwrap().sample_rate();
        let packets = speak(&codec, &speech(rate, 10)).unwrap();
        let sent = decoded(&codec, &packets);
        for phase in [0, 3, 19] {
            let listener = listen(&codec, &packets, millis(phase), 10);
            let began = listener.made_of.iter().position(|made| *made == Playout::Speech).unwrap();
            assert!(began <= 3, "{}: silent for {began} ticks", codec.name);
            assert!(listener.made_of[began..].iter().all(|made| *made == Playout::Speech));
            let heard = &listener.heard[began * rate as usize / 50..];
            let figures = listener.figures();
            assert_eq!((figures.lost, figures.late, figures.lengthened_ms), (0, 0, 0));
            if figures.shortened_ms == 0 {
                assert!(heard == &sent[..heard.len()], "{} at phase {phase}", codec.name);
            }
            assert!(figures.delay_ms <= 40, "{figures:?}");
        }
    }
}

#[test]
fn loss_and_jitter_are_hardly_heard() {
    for (codec, loss, jitter, most) in [
        (pcmu(), 0, 0, 0.1),
        (pcmu(), 20, 0, 0.5),
        (pcmu(), 50, 30, 1.0),
        (pcmu(), 100, 80, 2.4),
        (opus(), 0, 0, 0.1),
        (opus(), 50, 30, 1.2),
        (opus(), 100, 80, 2.0),
    ] {
        let rate = decoder(&codec).unwrap().sample_rate();
        let packets = speak(&codec, &speech(rate, 20)).unwrap();
        let came = impair(&packets, Impairment::new(7, loss, millis(jitter)));
        let listener = listen(&codec, &came, millis(5), 21);
        let reference = decoded(&codec, &packets);
        let began = listener.made_of.iter().position(|made| *made == Playout::Speech).unwrap();
        let distance = spectral_distance(&reference, &listener.heard, rate, began * rate as usize / 50);
        let figures = listener.figures();
        println!("{} loss {loss} jitter {jitter}: {distance:.2} dB {figures:?}", codec.name);
        assert!(distance <= most, "{}: {distance} dB at {loss} permille, {jitter} ms", codec.name);
    }
}

#[test]
fn what_opus_repeats_is_heard_and_nothing_is_waited_for_that_it_does_not() {
    let plain = codec(111, "opus", 48_000, 2, "");
    for (loss, jitter) in [(50, 0), (50, 40), (100, 0)] {
        let hear = |codec: &Codec| {
            let packets = speak(codec, &speech(48_000, 20)).unwrap();
            let came = impair(&packets, Impairment::new(7, loss, millis(jitter)));
            let listener = listen(codec, &came, millis(5), 21);
            let began = listener.made_of.iter().position(|made| *made == Playout::Speech).unwrap();
            let reference = decoded(codec, &packets);
            let distance = spectral_distance(&reference, &listener.heard, 48_000, began * 960);
            (distance, listener.figures())
        };
        let (with, figures) = hear(&opus());
        let (without, plain) = hear(&plain);
        println!("{loss} permille, {jitter} ms: {with:.2} dB {figures:?}, {without:.2} dB {plain:?}");
        assert!(
            with < without * 0.8,
            "{loss} permille, {jitter} ms: {with} dB, {without} without redundancy"
        );
        assert!(figures.recovered_ms > figures.concealed_ms, "{figures:?}");
        assert_eq!(plain.recovered_ms, 0, "{plain:?}");
        assert!(plain.target_ms + 15 <= figures.target_ms, "{plain:?}, {figures:?}");
    }
}

#[test]
fn bursts_end_in_silence_and_speech_comes_back() {
    for codec in [pcmu(), opus()] {
        let rate = decoder(&codec).unwrap().sample_rate();
        let packets = speak(&codec, &speech(rate, 20)).unwrap();
        // 200 ms are lost every second.
        let came: Vec<_> =
            packets.iter().filter(|packet| packet.header.sequence % 50 < 40).cloned().collect();
        let listener = listen(&codec, &came, millis(5), 20);
        let figures = listener.figures();
        assert_eq!(
            (figures.lost, figures.late, figures.discarded),
            (190, 0, 0),
            "{}: {figures:?}",
            codec.name
        );
        assert!(figures.delay_ms <= 65, "{}: {figures:?}", codec.name);
        for second in 5..19 {
            let whole = &listener.made_of[second * 50 + 8..second * 50 + 38];
            let spoken = whole.iter().filter(|made| **made == Playout::Speech).count();
            assert!(spoken >= 26, "{} in second {second}: {whole:?}", codec.name);
        }
    }
}
