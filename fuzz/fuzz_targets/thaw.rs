//! Any bytes as the frozen state of a switch: they are refused or taken up, and what was taken up goes on, and can be frozen and
//! taken up once more.
#![no_main]

use std::sync::LazyLock;
use std::time::Instant;

use kiestoon_call::{Input, Settings, Switch, WallClock};
use kiestoon_testkit::Story;
use libfuzzer_sys::fuzz_target;

/// An office whose calls the seeds hold, and whose snapshot they are taken up under.
struct Office {
    switch: Switch,
    now: Instant,
}

static OFFICE: LazyLock<Office> = LazyLock::new(|| {
    let mut story = Story::office(1);
    let now = story.now();
    let whole = &story.pbx().switch;
    let switch = thaw(&whole.freeze(now).expect("it can be written"), whole, now);
    Office { switch: switch.expect("what is written can be read"), now }
});

fn thaw(frozen: &[u8], of: &Switch, now: Instant) -> Option<Switch> {
    let wall = WallClock { at: now, unix_micros: 1_795_165_200_000_000 };
    Switch::thaw(frozen, Settings::default(), of.snapshot().clone(), [1; 32], wall).ok()
}

fuzz_target!(|data: &[u8]| {
    let Office { switch: office, now } = &*OFFICE;
    let Some(mut switch) = thaw(data, office, *now) else { return };
    let mut now = *now;
    for _ in 0..TIMERS {
        switch.handle(now, Input::Tick);
        while switch.poll().is_some() {}
        let Some(next) = switch.deadline() else { break };
        now = now.max(next);
    }
    let frozen = switch.freeze(now).expect("it was read, so it can be written");
    assert!(thaw(&frozen, office, now).is_some(), "what is written can be read");
});

const TIMERS: usize = 20;
