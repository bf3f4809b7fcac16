//! How many WebSockets may be open: in all, and of one source.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use kiestoon_config::{Cidr, Limits};

/// Who has a place.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    most_of_one: usize,
    exempt: Vec<Cidr>,
    // Held for one look-up; a message would need a task that only counts.
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    source: IpAddr,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.connections as usize,
            most_of_one: limits.connections_per_source as usize,
            exempt: limits.exempt_sources.clone(),
            taken: Mutex::default(),
        }
    }

    /// A place for a source; `None` where all or all of its own are taken.
    pub(crate) fn take(self: &Arc<Self>, source: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_source.get(&source).copied().unwrap_or_default();
        let is_exempt = self.exempt.iter().any(|block| block.contains(source));
        if taken.all >= self.most || (own >= self.most_of_one && !is_exempt) {
            return None;
        }
        taken.all = taken.all.saturating_add(1);
        taken.by_source.insert(source, own.saturating_add(1));
        Some(Place { places: Arc::clone(self), source })
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let own = taken.by_source.get(&self.source).copied().unwrap_or_default().saturating_sub(1);
        if own == 0 {
            taken.by_source.remove(&self.source)
        } else {
            taken.by_source.insert(self.source, own)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let limits = Limits { connections: 3, connections_per_source: 2, ..Limits::default() };
        let places = Arc::new(Places::new(&limits));
        let [one, two] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let first = places.take(one);
        let _second = places.take(one);
        assert!(first.is_some() && places.take(one).is_none(), "two of one source");
        let third = places.take(two);
        assert!(third.is_some() && places.take(two).is_none(), "three in all");
        drop(first);
        assert!(places.take(one).is_some());
        assert_eq!(places.taken(), 2);
    }
}
