//! Every codec there and back: the level, the frequency, and payloads that are none.

use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;

const ALL: [Encoding; 5] = [Encoding::Pcmu, Encoding::Pcma, Encoding::G722, Encoding::Opus, Encoding::G729];

fn format(encoding: Encoding) -> Codec {
    Codec {
        payload_type: encoding.payload_type(),
        name: encoding.name().into(),
        clock_rate: encoding.clock_rate(),
        channels: encoding.channels(),
        fmtp: None,
    }
}

fn tone(rate: u32, hertz: f64, milliseconds: u32) -> Vec<i16> {
    let step = hertz / f64::from(rate) * TAU;
    (0..rate / 1000 * milliseconds).map(|n| (8000.0 * (f64::from(n) * step).sin()) as i16).collect()
}

/// The amplitude of one frequency.
fn amplitude(samples: &[i16], rate: u32, hertz: f64) -> f64 {
    let step = hertz / f64::from(rate) * TAU;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in (0_u32..).zip(samples) {
        let phase = f64::from(n) * step;
        real += f64::from(*sample) * phase.cos();
        imaginary += f64::from(*sample) * phase.sin();
    }
    2.0 * real.hypot(imaginary) / samples.len() as f64
}

fn decibels(samples: &[i16], rate: u32, hertz: f64) -> f64 {
    20.0 * (amplitude(samples, rate, hertz) / 8000.0).log10()
}

/// How alike two sounds are, 1 for the same.
fn likeness(a: &[i16], b: &[i16]) -> f64 {
    let product =
        |a: &[i16], b: &[i16]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1.0)
}

/// The root mean square of what is not the tone, against the tone.
fn noise(samples: &[i16], rate: u32, hertz: f64) -> f64 {
    let power = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
    let tone = amplitude(samples, rate, hertz).powi(2) / 2.0;
    10.0 * ((power - tone).max(1.0) / tone).log10()
}

/// Two seconds of a tone through an encoder and a decoder in packets of 20 ms, without the first half second.
fn there_and_back(encoding: Encoding, rate: u32, hertz: f64) -> (u32, Vec<i16>) {
    let format = format(encoding);
    let mut encoder = encoder_at(&format, 20, rate).unwrap();
    let mut decoder = decoder_at(&format, rate).unwrap();
    let rate = encoder.sample_rate();
    assert_eq!(decoder.sample_rate(), rate);
    let mut heard = Vec::new();
    for packet in tone(rate, hertz, 2000).chunks(usize::try_from(rate).unwrap() / 50) {
        let mut payload = Vec::new();
        encoder.encode(packet, &mut payload).unwrap();
        decoder.decode(&payload, &mut heard).unwrap();
    }
    assert_eq!(heard.len(), usize::try_from(rate).unwrap() * 2);
    (rate, heard.split_off(usize::try_from(rate).unwrap() / 2))
}

#[test]
fn waveform_codecs_keep_the_level_within_a_tenth_of_a_decibel() {
    // Not a fraction of the sample rate: a tone of eight samples a turn would meet two steps of a law only.
    for encoding in [Encoding::Pcmu, Encoding::Pcma, Encoding::G722] {
        for hertz in [304.0, 1004.0, 2996.0] {
            let (rate, heard) = there_and_back(encoding, 48_000, hertz);
            let level = decibels(&heard, rate, hertz);
            assert!(level.abs() < 0.1, "{encoding:?} at {hertz} Hz: {level:.3} dB");
            let noise = noise(&heard, rate, hertz);
            assert!(noise < -30.0, "{encoding:?} at {hertz} Hz: noise at {noise:.1} dB");
        }
    }
}

#[test]
fn g722_carries_what_lies_above_telephony() {
    let (rate, heard) = there_and_back(Encoding::G722, 48_000, 6000.0);
    let level = decibels(&heard, rate, 6000.0);
    assert!(level.abs() < 0.5, "{level:.3} dB");
}

#[test]
fn model_codecs_keep_the_tone() {
    for (encoding, rates) in [(Encoding::Opus, &[8000, 16_000, 48_000][..]), (Encoding::G729, &[8000])] {
        for rate in rates {
            let (rate, heard) = there_and_back(encoding, *rate, 1000.0);
            let level = decibels(&heard, rate, 1000.0);
            assert!(level.abs() < 1.0, "{encoding:?} at {rate} Hz: {level:.3} dB");
        }
    }
}

#[test]
fn resampling_is_flat_and_takes_out_what_would_fold_back() {
    for hertz in [200.0, 1000.0, 2000.0, 3000.0, 3400.0] {
        for (from, to) in [(8000, 16_000), (16_000, 8000)] {
            let mut resampler = Resampler::new(from, to).unwrap();
            let mut out = Vec::new();
            for packet in tone(from, hertz, 1000).chunks(usize::try_from(from).unwrap() / 50) {
                resampler.convert(packet, &mut out);
            }
            assert_eq!(out.len(), usize::try_from(to).unwrap());
            let out = &out[usize::try_from(to).unwrap() / 10..];
            let level = decibels(out, to, hertz);
            assert!(level.abs() < 0.1, "{from} to {to} at {hertz} Hz: {level:.3} dB");
            assert!(noise(out, to, hertz) < -50.0, "{from} to {to} at {hertz} Hz: {}", noise(out, to, hertz));
        }
    }
    let mut resampler = Resampler::new(16_000, 8000).unwrap();
    let mut out = Vec::new();
    resampler.convert(&tone(16_000, 5000.0, 1000), &mut out);
    assert!(decibels(&out[200..], 8000, 3000.0) < -60.0);
    assert!(Resampler::new(8000, 48_000).is_none());
}

#[test]
fn opus_recovers_what_was_lost_and_conceals() {
    let mut wanted = format(Encoding::Opus);
    wanted.fmtp = Some("useinbandfec=1".into());
    let mut encoder = encoder_at(&wanted, 20, 16_000).unwrap();
    let [mut whole, mut holed] = [(); 2].map(|()| decoder_at(&wanted, 16_000).unwrap());
    let packets: Vec<Vec<u8>> = voice(16_000, 200)
        .chunks(320)
        .map(|pcm| {
            let mut payload = Vec::new();
            encoder.encode(pcm, &mut payload).unwrap();
            payload
        })
        .collect();
    let (mut expected, mut heard, mut alike) = (Vec::new(), Vec::new(), Vec::new());
    for two in packets.chunks(2) {
        let [lost, next] = two else { break };
        let at = expected.len();
        whole.decode(lost, &mut expected).unwrap();
        whole.decode(next, &mut expected).unwrap();
        if holed.recover(next, 320, &mut heard) {
            alike.push(likeness(&expected[at..at + 320], &heard[at..at + 320]));
        } else {
            holed.decode(lost, &mut heard).unwrap();
        }
        holed.decode(next, &mut heard).unwrap();
    }
    assert_eq!(heard.len(), expected.len());
    alike.sort_by(f64::total_cmp);
    assert!(alike.len() > 40 && alike[alike.len() / 2] > 0.8, "{alike:?}");
    let before = heard.len();
    assert!(holed.conceal(320, &mut heard));
    assert!(!holed.conceal(321, &mut heard) && !holed.recover(&[], 320, &mut heard));
    assert_eq!(heard.len(), before + 320);
}

/// A voice of 110 Hz for so many packets of 20 ms: what does not change is worth no redundancy.
pub(crate) fn voice(rate: u32, packets: u32) -> Vec<i16> {
    let period = rate / 110;
    let pulses = (0..rate / 50 * packets).map(|n| {
        let since = f64::from(n % period) / f64::from(rate);
        let ring = (-since * 300.0).exp() * (since * 700.0 * TAU).sin()
            + (-since * 500.0).exp() * (since * 1500.0 * TAU).sin();
        // Syllables of a fifth of a second.
        (ring * 7000.0 * (f64::from(n) / f64::from(rate) * 5.0 * TAU).sin().abs()) as i16
    });
    pulses.collect()
}

/// How many of the packets of a voice hold a copy of the one before, in percent, and their bits a second.
fn redundant(encoder: &mut dyn Encode) -> (usize, usize) {
    let (rate, mut with, mut bytes) = (encoder.sample_rate(), 0, 0);
    for pcm in voice(rate, 200).chunks(usize::try_from(rate).unwrap() / 50) {
        let mut payload = Vec::new();
        encoder.encode(pcm, &mut payload).unwrap();
        with += usize::from(redundancy::is_in(&payload));
        bytes += payload.len();
    }
    (with / 2, bytes * 8 / 4)
}

#[test]
fn opus_is_redundant_for_who_takes_it_and_loses_packets_in_every_band() {
    let mut wanted = format(Encoding::Opus);
    for (rate, most) in [(8000, 20_000), (16_000, 30_000), (48_000, 40_000)] {
        wanted.fmtp = Some("useinbandfec=1".into());
        let mut encoder = encoder_at(&wanted, 20, rate).unwrap();
        assert!(redundant(&mut *encoder).0 > 50, "at {rate} Hz, before anything is known");
        encoder.expect_loss(0);
        redundant(&mut *encoder);
        let (none, _) = redundant(&mut *encoder);
        assert_eq!(none, 0, "at {rate} Hz, nothing is lost");
        for percent in [1, 5, 20, 100] {
            encoder.expect_loss(percent);
            redundant(&mut *encoder);
            let (with, bits) = redundant(&mut *encoder);
            assert!(with > 50, "at {rate} Hz, {percent} % lost: {with} %");
            assert!(bits <= most, "at {rate} Hz, {percent} % lost: {bits} bits a second");
        }
        wanted.fmtp = Some("useinbandfec=0".into());
        let mut encoder = encoder_at(&wanted, 20, rate).unwrap();
        encoder.expect_loss(20);
        assert_eq!(redundant(&mut *encoder).0, 0, "at {rate} Hz, for who wants none");
    }
}

#[test]
fn redundancy_keeps_to_what_the_receiver_takes() {
    let mut wanted = format(Encoding::Opus);
    wanted.fmtp = Some("useinbandfec=1;maxaveragebitrate=14000".into());
    let mut encoder = encoder_at(&wanted, 20, 8000).unwrap();
    encoder.expect_loss(20);
    let (_, bits) = redundant(&mut *encoder);
    assert!(bits < 15_000, "{bits}");
}

#[test]
fn nothing_is_recovered_from_a_packet_without_redundancy() {
    let mut wanted = format(Encoding::Opus);
    let mut encoder = encoder_at(&wanted, 20, 8000).unwrap();
    let mut decoder = decoder_at(&wanted, 8000).unwrap();
    let mut out = Vec::new();
    let next = |encoder: &mut dyn Encode, at: usize| {
        let mut payload = Vec::new();
        encoder.encode(&voice(8000, 20)[at * 160..][..160], &mut payload).unwrap();
        payload
    };
    for at in 0..10 {
        decoder.decode(&next(&mut *encoder, at), &mut Vec::new()).unwrap();
    }
    assert!(!decoder.recover(&next(&mut *encoder, 11), 160, &mut out));
    assert!(out.is_empty());
    wanted.fmtp = Some("useinbandfec=1".into());
    let mut encoder = encoder_at(&wanted, 20, 8000).unwrap();
    let mut packets = (0..20).map(|at| next(&mut *encoder, at));
    let with = packets.find(|packet| redundancy::is_in(packet)).unwrap();
    assert!(!decoder.recover(&with, 80, &mut out), "a part of a packet is made up");
    assert!(decoder.recover(&with, 160, &mut out));
    assert_eq!(out.len(), 160);
}

#[test]
fn opus_says_nothing_in_silence_where_the_receiver_allows() {
    let mut wanted = format(Encoding::Opus);
    let mut sizes = |fmtp: &str| {
        wanted.fmtp = Some(fmtp.into());
        let mut encoder = encoder_at(&wanted, 20, 8000).unwrap();
        let mut size = |pcm: &[i16]| {
            let mut payload = Vec::new();
            encoder.encode(pcm, &mut payload).unwrap();
            payload.len()
        };
        tone(8000, 440.0, 500).chunks(160).for_each(|pcm| {
            size(pcm);
        });
        (0..100).map(|_| size(&[0; 160])).filter(|size| *size <= 2).count()
    };
    assert!(sizes("usedtx=1") > 50);
    assert_eq!(sizes("usedtx=0"), 0);
}

#[test]
fn a_narrow_receiver_gets_a_narrow_band() {
    let mut wanted = format(Encoding::Opus);
    wanted.fmtp = Some("maxplaybackrate=8000".into());
    let mut encoder = encoder_at(&wanted, 20, 48_000).unwrap();
    let mut payload = Vec::new();
    for pcm in tone(48_000, 6000.0, 500).chunks(960) {
        payload.clear();
        encoder.encode(pcm, &mut payload).unwrap();
    }
    assert!(matches!(::opus::packet::get_bandwidth(&payload), Ok(::opus::Bandwidth::Narrowband)));
}

#[test]
fn what_is_no_payload_is_refused_and_costs_nothing() {
    for encoding in ALL {
        let mut decoder = decoder(&format(encoding)).unwrap();
        let mut out = vec![7];
        assert!(decoder.decode(&[], &mut out).is_err(), "{encoding:?}");
        assert!(decoder.decode(&[0xff; 2047], &mut out).is_err(), "{encoding:?}");
        assert_eq!(out, [7], "{encoding:?}");
    }
    let mut encoder = encoder(&format(Encoding::G729), 20).unwrap();
    assert!(encoder.encode(&[0; 81], &mut Vec::new()).is_err());
}

#[test]
fn formats_are_told_apart() {
    let unknown = Codec { payload_type: 3, name: "GSM".into(), clock_rate: 8000, channels: 1, fmtp: None };
    assert!(decoder(&unknown).is_none() && encoder(&unknown, 20).is_none());
    assert_eq!(Encoding::of(&Codec { name: "pcma".into(), ..unknown.clone() }), Some(Encoding::Pcma));
    assert_eq!(Encoding::of(&Codec { name: "PCMA".into(), clock_rate: 16_000, ..unknown }), None);
    assert_eq!((Encoding::Opus.packet_time(30), Encoding::Pcma.packet_time(35)), (20, 30));
    assert_eq!((Encoding::Pcma.packet_time(2), Encoding::Pcma.packet_time(500)), (10, 60));
}

proptest! {
    #[test]
    fn any_payload_leaves_the_decoder_usable(payloads in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..300), 1..8)) {
        for encoding in ALL {
            let mut decoder = decoder_at(&format(encoding), 8000).unwrap();
            let mut out = Vec::new();
            for payload in &payloads {
                let before = out.len();
                let decoded = decoder.decode(payload, &mut out);
                prop_assert!(decoded.is_ok() || out.len() == before);
                decoder.recover(payload, 160, &mut out);
                decoder.conceal(160, &mut out);
            }
            prop_assert!(out.len() <= payloads.len() * 6000);
        }
    }
}
