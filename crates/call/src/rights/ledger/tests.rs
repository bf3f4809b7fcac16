use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::*;
use crate::rights::meter;

/// What is counted as lines change is what a look at all lines would find.
#[test]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
fn what_is_counted_is_what_the_lines_say() {
    let (mut random, now) = (ChaCha12Rng::seed_from_u64(1), Instant::now());
    let mut below = move |most: u64| random.next_u64() % most;
    let organisations = ["a", "b"].map(Arc::<str>::from);
    let payers = ["101", "102"].map(|number| Charged::Extension(number.into()));
    let payers = [Charged::Organisation, payers[0].clone(), payers[1].clone()];
    let (mut ledger, mut seen) = (Ledger::default(), (false, false));
    for _ in 0..5000 {
        let leg = id::leg(CallKey(below(12)), u16::try_from(below(3)).unwrap());
        let state = match below(3) {
            0 => State::Calling,
            1 => State::Talking { since: now, until: now, setup: 1, paid: 1 },
            _ => State::Over { cost: Some(1) },
        };
        match below(16) {
            0 => ledger.thawed(|call| call.0 % 5 != 0),
            1 => drop(ledger.costs(id::call_of(leg))),
            2..8 if ledger.line(leg).is_none() => ledger.enter(Line {
                leg,
                organisation: Arc::clone(&organisations[below(2) as usize]),
                charged: payers[below(3) as usize].clone(),
                number: "+31201234567".into(),
                rate: [
                    None,
                    Some(Rate { per_minute: 60, setup: 5 }),
                    Some(Rate { per_minute: 0, setup: u64::MAX }),
                ][below(3) as usize],
                state,
            }),
            _ => ledger.set(leg, state),
        }
        for (organisation, charged) in
            organisations.iter().flat_map(|of| payers.iter().map(move |by| (of, by)))
        {
            let lines = || ledger.live().filter(|line| line.organisation == *organisation);
            assert_eq!(ledger.legs_out(organisation, None), lines().count());
            let theirs = lines().filter(|line| line.charged == *charged).count();
            assert_eq!(ledger.legs_out(organisation, Some(charged)), theirs);
            let is_kept = |line: &&Line| {
                matches!(line.state, State::Calling)
                    && line.leg != leg
                    && (*charged == Charged::Organisation || line.charged == *charged)
            };
            let kept = lines().filter(is_kept);
            let kept = kept.fold(0_u64, |all, line| all.saturating_add(meter::beginning(line.rate)));
            assert_eq!(ledger.reserved(organisation, charged, leg), kept);
            seen = (seen.0 || kept == u64::MAX, seen.1 || (kept > 0 && kept < 100));
        }
    }
    assert_eq!(seen, (true, true));
    ledger.thawed(|_| false);
    assert_eq!(ledger.tallies, Tallies::default());
}
