//! What a bad network does to datagrams, from a seed: some are lost, each is late by another time, and so some overtake others.

use std::time::Duration;

use crate::chance::Chance;

/// One direction of a bad network.
#[derive(Debug, Clone)]
pub struct Impairment {
    chance: Chance,
    loss_permille: u32,
    jitter: Duration,
}

impl Impairment {
    /// Loses `loss_permille` of a thousand datagrams and delays the others by up to `jitter`, evenly.
    pub fn new(seed: u64, loss_permille: u32, jitter: Duration) -> Self {
        Self { chance: Chance::new(seed), loss_permille, jitter }
    }

    /// What becomes of the next datagram: by how much it is late, or None where it is lost. Both dice are thrown for each, so
    /// that the same datagrams are lost whatever the jitter.
    pub fn fate(&mut self) -> Option<Duration> {
        let lost = self.chance.happens(self.loss_permille);
        let late = self.chance.duration(self.jitter);
        (!lost).then_some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_and_delays_as_told() {
        let mut network = Impairment::new(1, 100, Duration::from_millis(80));
        let fates: Vec<_> = (0..10_000).map(|_| network.fate()).collect();
        let lost = fates.iter().filter(|fate| fate.is_none()).count();
        assert!((900..1100).contains(&lost), "{lost} of 10,000 lost");
        let latest = fates.iter().flatten().max().unwrap();
        assert!((79..=80).contains(&latest.as_millis()), "{latest:?}");
        let mut calmer = Impairment::new(1, 100, Duration::ZERO);
        assert!(fates.iter().all(|fate| fate.is_none() == calmer.fate().is_none()));
    }
}
