//! How many connections there may be, in all and with one address, whoever opens them.
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use kiestoon_sip::flow::source_of;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StreamBounds;

/// The places of all connections.
#[derive(Debug)]
pub(super) struct Places {
    bounds: Arc<StreamBounds>,
    all: Arc<Semaphore>,
    /// Behind a lock, because the listeners' tasks share it; it is held for one look-up.
    sources: Mutex<Sources>,
}

/// One place in all and one of its source, where that has a bound. Dropping it gives both back.
#[derive(Debug)]
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_source: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(bounds: Arc<StreamBounds>) -> Self {
        let all = Arc::new(Semaphore::new(bounds.connections));
        Self { bounds, all, sources: Mutex::default() }
    }

    /// A place for a connection with this address; None where there is no more.
    pub(super) fn take(&self, source: IpAddr) -> Option<Place> {
        self.assign(self.take_unassigned()?, source)
    }

    /// A place for a connection of whose source nothing is known yet.
    pub(super) fn take_unassigned(&self) -> Option<Place> {
        let of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, _of_source: None })
    }

    /// The same place, now of a source; None where that has no more.
    pub(super) fn assign(&self, place: Place, source: IpAddr) -> Option<Place> {
        if self.is_exempt(source) {
            return Some(place);
        }
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let of_source = sources.places(source_of(source), self.bounds.connections_per_source);
        Some(Place { _of_source: Some(of_source.try_acquire_owned().ok()?), ..place })
    }

    /// Whether a source has no bound of its own.
    pub(super) fn is_exempt(&self, source: IpAddr) -> bool {
        self.bounds.exempt.iter().any(|network| network.contains(source))
    }
}

/// The places of each source that has, or lately had, a connection.
#[derive(Debug)]
struct Sources {
    places: HashMap<IpAddr, Arc<Semaphore>>,
    /// How many are looked through next for those that have gone: twice as many as stayed the last time, so that looking costs
    /// each connection the same, however many are open.
    most: usize,
}

impl Default for Sources {
    fn default() -> Self {
        Self { places: HashMap::new(), most: FEWEST }
    }
}

impl Sources {
    fn places(&mut self, source: IpAddr, per_source: usize) -> Arc<Semaphore> {
        if self.places.len() > self.most {
            self.places.retain(|_, places| places.available_permits() < per_source);
            self.most = self.places.len().saturating_mul(2).max(FEWEST);
        }
        let places = self.places.entry(source).or_insert_with(|| Arc::new(Semaphore::new(per_source)));
        Arc::clone(places)
    }
}

/// Sources that are kept whether they have a connection or not.
const FEWEST: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_stay_are_not_looked_through_for_each_connection() {
        let mut sources = Sources::default();
        let at = |number: u32| IpAddr::from((0xc633_0000 + number).to_be_bytes());
        let mut looked_through = 0;
        let mut held = Vec::new();
        for number in 0..20_000 {
            let before = sources.most;
            held.push(sources.places(at(number), 1).try_acquire_owned().unwrap());
            looked_through += usize::from(sources.most != before) * sources.places.len();
        }
        assert!(looked_through < 2 * 20_000, "{looked_through} for 20,000 connections");
        drop(held);
        let grown = sources.places.len();
        let mut number = 20_000;
        while sources.places.len() >= grown {
            sources.places(at(number), 1);
            number += 1;
        }
        assert_eq!((sources.places.len(), sources.most), (1, FEWEST), "who has gone is forgotten");
    }
}
