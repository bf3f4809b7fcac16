//! Two INVITEs that cross inside one dialog are both refused with 491; who owns the Call-ID waits longer, so
//! that the next attempts do not cross again (RFC 3261 section 14.1).

use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_core::Rng;

use super::DialogRole;

/// How long to wait after a 491 before trying again: 2.1 to 4 s where the Call-ID is ours, else up to 2 s, in steps of
/// 10 ms.
pub fn glare_wait(role: DialogRole, rng: &mut ChaCha12Rng) -> Duration {
    let (lowest, steps) = match role {
        DialogRole::Uac => (210, 191),
        DialogRole::Uas => (0, 201),
    };
    Duration::from_millis((lowest + rng.next_u64() % steps) * 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn the_owner_of_the_call_id_waits_longer() {
        let mut rng = ChaCha12Rng::seed_from_u64(1);
        for _ in 0..2000 {
            let owner = glare_wait(DialogRole::Uac, &mut rng).as_millis();
            assert!((2100..=4000).contains(&owner) && owner.is_multiple_of(10), "{owner}");
            let other = glare_wait(DialogRole::Uas, &mut rng).as_millis();
            assert!(other <= 2000 && other.is_multiple_of(10), "{other}");
        }
    }
}
