//! What decoding and encoding alone cost: the same frames as a transcoded load, in one thread, with as many codecs as the load has
//! legs and at its pace, each at another place of the speech, so that both find the processor's caches, clock and branch
//! prediction alike. Nothing that transcodes can go below it.

use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::voice::{Pair, Sound, samples, voice};

/// Between which codecs, and how many of them.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    #[arg(value_enum)]
    caller: Sound,
    #[arg(value_enum)]
    callee: Sound,
    /// Calls; each has two legs
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2000))]
    calls: u32,
    /// For how long
    #[arg(long, default_value_t = 4)]
    seconds: u64,
}

/// Frames between the places of two legs. The load's legs lie as far apart: a hundred legs that said the same syllable at the same
/// moment would teach the processor its branches, and an Opus frame would seem a quarter cheaper than it is.
pub(crate) const APART: usize = 7;

/// Prints microseconds of CPU for one frame decoded and one encoded.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let Settings { caller, callee, calls, seconds } = settings;
    let said = [caller.payloads()?, callee.payloads()?];
    let mut legs = Vec::new();
    for _ in 0..*calls {
        legs.push((0, Pair::new(*caller, *callee)?));
        legs.push((1, Pair::new(*callee, *caller)?));
    }
    let sounds: Vec<Vec<i16>> = legs.iter().take(2).map(|(_, pair)| voice(pair.encoder_rate())).collect();
    let (begun, before, mut frames) = (Instant::now(), cpu_micros(), 0u64);
    for tick in 0usize.. {
        if begun.elapsed() > Duration::from_secs(*seconds) {
            break;
        }
        let due = Duration::from_millis(20) * u32::try_from(tick)?;
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        for (leg, (side, pair)) in legs.iter_mut().enumerate() {
            let (Some(said), Some(sound)) = (said.get(*side), sounds.get(*side)) else { continue };
            let length = samples(pair.encoder_rate());
            let place = tick.wrapping_add(leg * APART);
            let payload = said.get(place % said.len().max(1));
            let frame = sound.chunks_exact(length).nth(place % (sound.len() / length).max(1));
            if let (Some(payload), Some(frame)) = (payload, frame) {
                pair.work(payload, frame)?;
                frames += 1;
            }
        }
    }
    ensure!(frames > 0, "nothing was done");
    println!("{:.3}", (cpu_micros() - before) as f64 / frames as f64);
    Ok(())
}

fn cpu_micros() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    usage.map_or(0, |usage| (usage.user_time() + usage.system_time()).num_microseconds())
}
