//! Pauses, telephone events, and streams that begin anew: none of them are losses.

use std::time::Duration;

use kiestoon_media::jitter::{JitterSettings, Playout};
use kiestoon_testkit::listener::{SpeechPacket, impair, speak};
use kiestoon_testkit::{Impairment, Listener, millis, secs};

use crate::sound::{codec, pcmu, speech};

const TICK: Duration = Duration::from_millis(20);

fn spoken(seconds: u32) -> Vec<SpeechPacket> {
    speak(&pcmu(), &speech(8000, seconds)).unwrap()
}

fn listener() -> Listener {
    Listener::new(&pcmu(), JitterSettings::default()).unwrap()
}

#[test]
fn a_sender_that_pauses_loses_nothing() {
    let mut packets = spoken(6);
    packets.drain(100..200);
    for packet in &mut packets[100..] {
        packet.header.sequence -= 100;
    }
    packets[100].header.marker = true;
    let mut listener = listener();
    listener.hear(&packets, millis(5), secs(6), TICK);
    let figures = listener.figures();
    assert_eq!((figures.lost, figures.late, figures.concealed_ms), (0, 0, 0), "{figures:?}");
    assert!(listener.heard[8000 * 5 / 2..8000 * 39 / 10].iter().all(|sample| *sample == 0));
    assert!(listener.made_of[205..].iter().all(|made| *made == Playout::Speech));
    assert!(figures.delay_ms <= 45, "{figures:?}");
}

#[test]
fn opus_that_pauses_gives_its_own_noise() {
    let opus = codec(111, "opus", 48_000, 2, "usedtx=1");
    let mut sound = speech(48_000, 2);
    sound.resize(48_000 * 6, 0);
    sound.extend(speech(48_000, 2));
    let mut packets = speak(&opus, &sound).unwrap();
    // The first of those that need not be sent begins the pause; the others stay unsent.
    let mut before = 0;
    packets
        .retain(|packet| packet.payload.len().max(std::mem::replace(&mut before, packet.payload.len())) > 2);
    for (sequence, packet) in (0..).zip(&mut packets) {
        packet.header.sequence = sequence;
    }
    assert!(packets.len() < 350, "{} packets: nothing was left out", packets.len());
    for (jitter, longest) in [(0, 45), (40, 85)] {
        let came = impair(&packets, Impairment::new(5, 0, millis(jitter)));
        let mut listener = Listener::new(&opus, JitterSettings::default()).unwrap();
        listener.hear(&came, millis(5), millis(7900), TICK);
        let figures = listener.figures();
        assert_eq!((figures.lost, figures.discarded, figures.restarts), (0, 0, 0), "{jitter}: {figures:?}");
        assert!(jitter > 0 || figures.late == 0, "{figures:?}");
        let pause = &listener.made_of[150..290];
        assert!(pause.iter().filter(|made| **made == Playout::Dtx).count() > 100, "{jitter}: {pause:?}");
        assert!(
            listener.heard[48_000 * 3..48_000 * 58 / 10].iter().all(|sample| sample.abs() < 50),
            "{jitter}"
        );
        assert!(figures.delay_ms <= longest, "{jitter}: {figures:?}");
    }
}

#[test]
fn telephone_events_are_neither_played_nor_lost() {
    let packets = spoken(3);
    let mut listener = listener();
    for (index, packet) in packets.iter().enumerate() {
        let (at, mut header) = (listener.epoch() + packet.at, packet.header);
        if (50..60).contains(&index) {
            header.timestamp = 50 * 160;
            header.payload_type = 101;
            listener.buffer().insert_silent(at, &header);
        } else {
            listener.buffer().insert(at, &header, &packet.payload);
        }
        listener.tick(packet.at + millis(5), TICK);
    }
    let figures = listener.figures();
    assert_eq!((figures.lost, figures.concealed_ms, figures.received), (0, 0, 140), "{figures:?}");
    assert!(listener.made_of[65..].iter().all(|made| *made == Playout::Speech));
    assert!(figures.delay_ms <= 45, "{figures:?}");
}

#[test]
fn another_source_a_restart_and_a_leap_begin_anew() {
    for change in [
        (|header| header.ssrc = 77) as fn(&mut kiestoon_media::rtp::Header),
        |header| header.sequence = header.sequence.wrapping_add(30_000),
        |header| header.timestamp = header.timestamp.wrapping_sub(1_000_000),
    ] {
        let mut packets = spoken(4);
        packets[100..].iter_mut().for_each(|packet| change(&mut packet.header));
        let mut listener = listener();
        listener.hear(&packets, millis(5), secs(4), TICK);
        let figures = listener.figures();
        assert_eq!((figures.restarts, figures.discarded, figures.late), (1, 1, 0), "{figures:?}");
        assert!(listener.made_of[110..].iter().all(|made| *made == Playout::Speech));
        assert!(listener.waits_ms.iter().all(|wait| *wait <= 45), "{:?}", listener.waits_ms);
    }
}

#[test]
fn packets_that_come_twice_or_too_late_are_counted_and_unheard() {
    let mut packets = spoken(4);
    let again: Vec<_> = packets.iter().step_by(10).cloned().collect();
    packets.extend(again);
    packets[57].at += secs(1);
    packets.sort_by_key(|packet| packet.at);
    let mut listener = listener();
    listener.hear(&packets, millis(5), secs(4), TICK);
    let figures = listener.figures();
    assert_eq!((figures.duplicated, figures.late, figures.lost), (20, 1, 0), "{figures:?}");
}
