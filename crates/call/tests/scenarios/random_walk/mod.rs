//! Calls that nobody planned: random phones, behaviours, links and deeds from a seed. Whatever happens, every call
//! ends, writes one record, and leaves nothing behind.
//!
//! A seed that fails is told with the command that replays it alone; its ladder follows. `KIESTOON_WALK` is the first seed,
//! `KIESTOON_WALKS` how many follow: one, where only the first is named.

mod deeds;
mod phones;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use kiestoon_testkit::{Chance, Story, millis, secs};

/// So many stories of some three calls each.
const STORIES: u64 = 3200;

#[test]
fn ten_thousand_calls_end_and_leave_nothing() {
    let asked = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, count) = (asked("KIESTOON_WALK"), asked("KIESTOON_WALKS"));
    let count = count.unwrap_or_else(|| if first.is_some() { 1 } else { STORIES });
    let first = first.unwrap_or(0);
    if count == 1 {
        tell(first, true);
        return;
    }
    let (calls, failed) = walk(first, count);
    println!("{calls} calls in {count} stories");
    if let Some(seed) = failed.keys().next() {
        let found: Vec<String> = failed.iter().map(|(seed, why)| format!("seed {seed}: {why}")).collect();
        eprintln!("{} of {count} stories failed:\n{}\n", failed.len(), found.join("\n"));
        eprintln!(
            "the first alone: KIESTOON_WALK={seed} cargo test -p kiestoon-call --test scenarios random_walk\n"
        );
        tell(*seed, true);
        panic!("seed {seed} failed among others but not alone");
    }
    assert!(calls >= 10_000 || count < STORIES, "only {calls} calls were made");
}

/// Tells the stories of `count` seeds on all processors: how many calls were made, and which seeds failed and why.
fn walk(first: u64, count: u64) -> (usize, BTreeMap<u64, String>) {
    let next = AtomicU64::new(first);
    let calls = AtomicUsize::new(0);
    let failed = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| tell(seed, false))) {
                        Ok(made) => _ = calls.fetch_add(made, Ordering::Relaxed),
                        Err(why) => _ = failed.lock().expect("no panic holds it").insert(seed, reason(&*why)),
                    }
                }
            });
        }
    });
    (calls.into_inner(), failed.into_inner().expect("no panic held it"))
}

fn reason(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// One story; its ladder is printed if it fails `aloud`.
fn tell(seed: u64, aloud: bool) -> usize {
    let mut dice = Chance::new(seed ^ 0x5eed);
    let mut t = Story::office(seed).rules(phones::RULES).link(phones::link(&mut dice));
    t = t.settings(|settings| phones::settings(settings, &mut dice));
    t = phones::trunks(t, &mut dice);
    if !aloud {
        t = t.without_ladder();
    }
    let t = &mut t;
    let phones = phones::office(t, &mut dice);
    for id in phones.iter().filter(|id| !phones::is_beyond(t, **id)).copied().collect::<Vec<_>>() {
        t.register(id);
    }
    t.run(secs(20));
    for _ in 0..dice.below(4) {
        t.drop_next(1, phones::fault(&mut dice));
    }
    for _ in 0..20 {
        let id = *dice.pick(&phones).expect("five phones");
        deeds::deed(t, id, &mut dice);
        let pause = deeds::pause(&mut dice);
        t.run(pause);
    }
    t.run(secs(150));
    // A refresh that fails may end a call just now.
    if !t.agrees() {
        t.run(secs(40));
    }
    t.expect_agreement();
    for id in &phones {
        t.hang_up_all(*id);
        t.run(dice.duration(millis(20)));
    }
    t.run(secs(150));
    t.settle();
    t.expect_nothing_left();
    t.the_pbx().ended().count()
}
