//! Silence said in Opus: left out for who allows it, and for nobody else; speech comes back whole.

use super::*;
use crate::codec::tests::voice;

/// A packet as it is said, and in which tick.
type Said = (u32, Header, Vec<u8>);

const RATE: usize = 8000;
const FRAME: usize = RATE / 50;
/// Ticks of speech, then of silence; speech again until the end.
const SPEECH: usize = 50;
const SILENCE: usize = 150;
const ALL: usize = SPEECH + SILENCE + 50;

/// What somebody at 8 kHz says who then listens to a room that sounds so.
fn sound(room: impl Fn(usize) -> i16) -> Vec<i16> {
    let mut sound = voice(8000, u32::try_from(ALL).unwrap());
    let silence = &mut sound[SPEECH * FRAME..(SPEECH + SILENCE) * FRAME];
    silence.iter_mut().enumerate().for_each(|(n, sample)| *sample = room(n));
    sound
}

fn say(fmtp: &str, sound: &[i16]) -> Vec<Said> {
    let codec = Codec { fmtp: Some(fmtp.into()), ..format(Encoding::Opus) };
    let wanted = Wanted { codec, ..wanted(Encoding::Opus, 20) };
    let mut speaker = Speaker::new(&wanted, 8000, 9, 65_530).unwrap();
    let mut said = Vec::new();
    for (tick, frame) in (0..).zip(sound.chunks(FRAME)) {
        speaker.speak(frame);
        while let Some((header, packet)) = speaker.packet() {
            said.push((tick, header, packet[12..].to_vec()));
        }
    }
    said
}

/// What is heard of it: sound, what each tick was, and what was lacking.
fn hear(said: &[Said]) -> (Vec<i16>, Vec<Heard>, Lacks) {
    let mut listener = Listener::new(&format(Encoding::Opus), 8000, JitterSettings::default()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the one look at a clock that virtual time begins with")]
    let begun = Instant::now();
    let (mut sound, mut heard, mut said) = (Vec::new(), Vec::new(), said.iter().peekable());
    for tick in 0..u32::try_from(ALL).unwrap() {
        let now = begun + Duration::from_millis(20) * tick;
        while let Some((_, header, payload)) = said.next_if(|(at, ..)| *at == tick) {
            // Some are later than others.
            let late = Duration::from_millis(u64::from(header.sequence % 4) * 2);
            listener.insert(now + late, header, payload);
        }
        let (what, frame) = listener.frame(now + Duration::from_millis(10));
        sound.extend_from_slice(frame);
        heard.push(what);
    }
    (sound, heard, listener.take_lacks())
}

/// The power of what is heard from one tick to another, in dB.
fn power(sound: &[i16], from: usize, to: usize) -> f64 {
    let piece = &sound[from * FRAME..to * FRAME];
    let sum: f64 = piece.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (sum / piece.len() as f64).max(1.0).log10()
}

/// Noise of a quiet room.
fn room(n: usize) -> i16 {
    i16::try_from(n.wrapping_mul(2_654_435_761) >> 7 & 31).unwrap() - 16
}

#[test]
fn silence_is_left_out_for_who_allows_it_and_nobody_else() {
    for (name, room) in [("none", (|_| 0) as fn(usize) -> i16), ("of A-law", |_| 8), ("noise", room)] {
        let sound = sound(room);
        for fmtp in ["useinbandfec=1", "usedtx=0", "stereo=0;useinbandfec=1"] {
            let said = say(fmtp, &sound);
            assert_eq!(said.len(), ALL, "{name}, {fmtp}");
            assert!(said.iter().all(|(.., payload)| payload.len() > 2), "{name}, {fmtp}");
        }
        let said = say("useinbandfec=1;usedtx=1", &sound);
        let silent = said.iter().filter(|(tick, ..)| (70..200).contains(tick)).count();
        assert!(silent < 40, "{name}: {silent} packets of 130 ticks");
        for two in said.windows(2) {
            let [(at, before, payload), (next_at, next, next_payload)] = two else { panic!() };
            assert_eq!(next.sequence, before.sequence.wrapping_add(1), "{name}: nothing is missing");
            let passed = next.timestamp.wrapping_sub(before.timestamp);
            assert_eq!(passed, (next_at - at) * 960, "{name}: time goes on");
            assert!(payload.len() > 2 || next_payload.len() > 2, "{name}: a pause is told once");
            assert!(next_at - at == 1 || payload.len() <= 2, "{name}: a pause is told");
        }
    }
}

#[test]
fn a_pause_is_heard_as_one_and_speech_comes_back_whole() {
    for room in [(|_| 0) as fn(usize) -> i16, room] {
        let sound = sound(room);
        let (whole, ..) = hear(&say("usedtx=0", &sound));
        let (paused, heard, lacks) = hear(&say("usedtx=1", &sound));
        assert_eq!(lacks, Lacks::default());
        assert!(heard[5..].iter().all(|heard| *heard != Heard::Nothing));
        let pauses = heard[80..195].iter().filter(|heard| matches!(heard, Heard::Pause(_))).count();
        assert!(pauses > 80, "{pauses} of 115: {heard:?}");
        for (from, to) in [(200, 206), (206, 212), (212, 250)] {
            let (expected, found) = (power(&whole, from, to), power(&paused, from, to));
            assert!((expected - found).abs() < 1.5, "ticks {from} to {to}: {found:.1} dB, not {expected:.1}");
        }
        for from in (80..195).step_by(5) {
            let (expected, found) = (power(&whole, from, from + 5), power(&paused, from, from + 5));
            assert!(
                found < expected + 3.0 || found < 6.0,
                "pause at {from}: {found:.1} dB, not {expected:.1}"
            );
        }
    }
}

#[test]
fn what_the_phone_says_of_its_opus_counts_from_then_on() {
    let wanted = |fmtp: &str| Wanted {
        codec: Codec { fmtp: Some(fmtp.into()), ..format(Encoding::Opus) },
        ..wanted(Encoding::Opus, 20)
    };
    let speaker = Speaker::new(&wanted("usedtx=1"), 8000, 9, 1).unwrap();
    assert!(speaker.is_for(&wanted("usedtx=1")));
    assert!(!speaker.is_for(&wanted("usedtx=0")));
}
