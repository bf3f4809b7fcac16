//! Clocks that differ, networks that change.

use std::time::Duration;

use kiestoon_media::Codec;
use kiestoon_media::jitter::{JitterSettings, Playout};
use kiestoon_testkit::listener::{SpeechPacket, impair, speak};
use kiestoon_testkit::{Impairment, Listener, millis};

use crate::sound::{opus, pcmu, speech};

const TICK: Duration = Duration::from_millis(20);

/// The packets of `seconds`, the same speech again and again.
fn long_speech(seconds: u16) -> Vec<SpeechPacket> {
    long_speech_in(&pcmu(), seconds)
}

fn long_speech_in(codec: &Codec, seconds: u16) -> Vec<SpeechPacket> {
    let rate = if codec.clock_rate == 48_000 { 48_000 } else { 8000 };
    let spoken = speak(codec, &speech(rate, 10)).unwrap();
    let whole = (0..seconds * 50).zip(spoken.iter().cycle());
    whole
        .map(|(sequence, packet)| {
            let mut packet = packet.clone();
            packet.header.sequence = sequence;
            packet.header.timestamp = u32::from(sequence) * (codec.clock_rate / 50);
            packet.at = TICK * u32::from(sequence);
            packet
        })
        .collect()
}

#[test]
fn ten_minutes_of_another_clock_stay_bounded() {
    for (drift_ppm, jitter) in [(200_i32, 0), (-200, 0), (200, 30), (-200, 30)] {
        let mut packets = long_speech(600);
        for packet in &mut packets {
            packet.at = packet.at.mul_f64(1.0 / (1.0 + f64::from(drift_ppm) / 1e6));
        }
        let came = impair(&packets, Impairment::new(3, 0, millis(jitter)));
        let mut listener = Listener::new(&pcmu(), JitterSettings::default()).unwrap();
        listener.hear(&came, millis(5), Duration::from_secs(599), TICK);
        let figures = listener.figures();
        let (settled, longest) = (&listener.waits_ms[250..], 60 + u32::try_from(jitter).unwrap());
        assert!(settled.iter().all(|wait| (1..=longest).contains(wait)), "{drift_ppm}: {figures:?}");
        let found = figures.drift_ppm.unwrap();
        assert!((found - drift_ppm).abs() <= 20, "{found}, not {drift_ppm}");
        assert!(figures.concealed_ms <= 600, "{figures:?}");
        // 200 millionths of ten minutes are 120 ms: so much is left out or said twice, and not much more.
        let (more, less) = (figures.lengthened_ms, figures.shortened_ms);
        let (meant, other) = if drift_ppm > 0 { (less, more) } else { (more, less) };
        assert!((60..600).contains(&meant) && other < 500, "{drift_ppm}: {figures:?}");
    }
}

#[test]
fn a_browsers_clock_is_followed_in_opus() {
    for drift_ppm in [300_i32, -300] {
        let mut packets = long_speech_in(&opus(), 120);
        for packet in &mut packets {
            packet.at = packet.at.mul_f64(1.0 / (1.0 + f64::from(drift_ppm) / 1e6));
        }
        let came = impair(&packets, Impairment::new(3, 0, millis(30)));
        let mut listener = Listener::new(&opus(), JitterSettings::default()).unwrap();
        listener.hear(&came, millis(5), Duration::from_secs(119), TICK);
        let figures = listener.figures();
        let settled = &listener.waits_ms[250..];
        assert!(settled.iter().all(|wait| (1..=90).contains(wait)), "{drift_ppm}: {figures:?}");
        assert!((figures.drift_ppm.unwrap() - drift_ppm).abs() <= 40, "{figures:?}");
        assert!((figures.lost, figures.discarded) == (0, 0) && figures.concealed_ms <= 300, "{figures:?}");
    }
}

#[test]
fn a_network_that_becomes_bad_and_good_again_is_followed() {
    let packets = long_speech(120);
    let mut came = impair(&packets[..1500], Impairment::new(1, 0, Duration::ZERO));
    came.extend(impair(&packets[1500..3000], Impairment::new(2, 0, millis(100))));
    came.extend(impair(&packets[3000..], Impairment::new(3, 0, Duration::ZERO)));
    let mut listener = Listener::new(&pcmu(), JitterSettings::default()).unwrap();
    listener.hear(&came, millis(5), Duration::from_secs(119), TICK);
    let waits = |from: usize, to: usize| *listener.waits_ms[from * 50..to * 50].iter().max().unwrap();
    assert!(waits(10, 29) <= 40, "{}", waits(10, 29));
    assert!((80..=150).contains(&waits(40, 59)), "{}", waits(40, 59));
    assert!(waits(115, 118) <= 45, "{}", waits(115, 118));
    let concealed = |from: usize, to: usize| {
        listener.made_of[from * 50..to * 50].iter().filter(|made| **made == Playout::Concealed).count()
    };
    assert_eq!(concealed(5, 30), 0);
    assert!(concealed(33, 60) <= 40, "{}", concealed(33, 60));
    assert_eq!(concealed(62, 118), 0);
}

#[test]
fn a_stall_is_made_up_for_and_then_forgotten() {
    let mut packets = long_speech(60);
    for packet in &mut packets[1000..1010] {
        packet.at = packet.at.max(Duration::from_millis(20_210));
    }
    let mut listener = Listener::new(&pcmu(), JitterSettings::default()).unwrap();
    listener.hear(&packets, millis(5), Duration::from_secs(59), TICK);
    let figures = listener.figures();
    assert_eq!((figures.lost, figures.discarded), (0, 0), "{figures:?}");
    let longest = listener.waits_ms[1000..1030].iter().max();
    assert!(longest >= Some(&180), "what came late is heard: {longest:?}");
    assert!(*listener.waits_ms.last().unwrap() <= 45, "{figures:?}");
}
