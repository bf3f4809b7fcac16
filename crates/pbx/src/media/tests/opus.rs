//! G.711 said in Opus through a real engine: the loss that the listener reports decides about redundancy.

use super::transcoding::Talker;
use super::*;

fn pcmu() -> Codec {
    Codec { payload_type: 0, name: "PCMU".into(), clock_rate: 8000, channels: 1, fmtp: None }
}

fn opus(fmtp: &str) -> Codec {
    let (name, fmtp) = ("opus".into(), Some(fmtp.into()));
    Codec { payload_type: 111, name, clock_rate: 48_000, channels: 2, fmtp }
}

/// A receiver report that `lost` in 256 packets of `ssrc` were lost.
fn report(ssrc: u32, lost: u8, highest: u16) -> Vec<u8> {
    let mut report = vec![0x81, 201, 0, 7];
    report.extend_from_slice(&Talker::SSRC.to_be_bytes());
    report.extend_from_slice(&ssrc.to_be_bytes());
    report.extend_from_slice(&[lost, 0, 0, 0]);
    report.extend_from_slice(&u32::from(highest).to_be_bytes());
    report.extend_from_slice(&[0; 12]);
    report
}

/// A speaks in PCMU until half of the last 25 packets that B heard in Opus have redundancy, or none has.
fn speak_until(a: &mut Talker, b: &mut Talker, redundant: bool) {
    let end = Instant::now() + 2 * PATIENCE;
    let mut due = Instant::now();
    loop {
        a.say_voice();
        due += Duration::from_millis(20);
        b.listen(due);
        let lately = &b.packets[b.packets.len().saturating_sub(25)..];
        let with = lately.iter().filter(|(_, payload)| b.has_redundancy(payload)).count();
        if lately.len() == 25 && if redundant { with > 12 } else { with == 0 } {
            return;
        }
        assert!(Instant::now() < end, "{with} of {} packets have redundancy", lately.len());
    }
}

#[test]
fn redundancy_follows_the_loss_that_is_reported() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcmu()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[opus("useinbandfec=1")], 20, None);
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    speak_until(&mut a, &mut b, true);
    for (lost, redundant) in [(0, false), (13, true), (0, false)] {
        let (last, _) = b.packets.last().unwrap();
        for _ in 0..12 {
            b.reports(&report(last.ssrc, lost, last.sequence));
        }
        speak_until(&mut a, &mut b, redundant);
    }
}

#[test]
fn nobody_gets_redundancy_who_does_not_take_it() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcmu()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[opus("stereo=0")], 20, None);
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
    speak_until(&mut a, &mut b, false);
    let (last, _) = b.packets.last().unwrap();
    b.reports(&report(last.ssrc, 50, last.sequence));
    let mut due = Instant::now();
    for _ in 0..75 {
        a.say_voice();
        due += Duration::from_millis(20);
        b.listen(due);
    }
    assert!(b.packets.iter().all(|(_, payload)| !b.has_redundancy(payload)));
}
