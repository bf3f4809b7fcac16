//! How many legs somebody has out, and what is kept free for those that are called: counted as lines change, because it is asked for at the
//! beginning of every call and each time that one is paid on.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Line, State};
use crate::rights::charged::Charged;
use crate::rights::meter;

/// By the id of the organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tallies(HashMap<Arc<str>, Payers>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Payers {
    /// Of the whole organisation.
    all: Tally,
    by: HashMap<Charged, Tally>,
}

/// The live legs of somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) legs: usize,
    /// What the beginnings of those that are called cost. No sum of prices is too large for it, so what is added can be taken away.
    pub(super) reserved: u128,
}

impl Tallies {
    /// Of all lines.
    pub(super) fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut tallies = Self::default();
        for line in lines {
            tallies.add(line);
        }
        tallies
    }

    /// Somebody's; None: of the whole organisation.
    pub(super) fn find(&self, organisation: &str, charged: Option<&Charged>) -> Tally {
        let Some(payers) = self.0.get(organisation) else { return Tally::default() };
        charged.map_or(payers.all, |charged| payers.by.get(charged).copied().unwrap_or_default())
    }

    pub(super) fn add(&mut self, line: &Line) {
        let tally = Tally::of(line);
        if tally.legs == 0 {
            return;
        }
        let payers = self.0.entry(Arc::clone(&line.organisation)).or_default();
        payers.all.add(tally);
        payers.by.entry(line.charged.clone()).or_default().add(tally);
    }

    pub(super) fn remove(&mut self, line: &Line) {
        let tally = Tally::of(line);
        let Some(payers) = self.0.get_mut(&line.organisation) else { return };
        payers.all.remove(tally);
        if let Some(own) = payers.by.get_mut(&line.charged) {
            own.remove(tally);
            if own.legs == 0 {
                payers.by.remove(&line.charged);
            }
        }
        if payers.all.legs == 0 {
            self.0.remove(&line.organisation);
        }
    }
}

impl Tally {
    pub(super) fn of(line: &Line) -> Self {
        match line.state {
            State::Calling => Self { legs: 1, reserved: meter::beginning(line.rate).into() },
            State::Talking { .. } => Self { legs: 1, reserved: 0 },
            State::Over { .. } => Self::default(),
        }
    }

    fn add(&mut self, other: Self) {
        self.legs = self.legs.saturating_add(other.legs);
        self.reserved = self.reserved.saturating_add(other.reserved);
    }

    fn remove(&mut self, other: Self) {
        self.legs = self.legs.saturating_sub(other.legs);
        self.reserved = self.reserved.saturating_sub(other.reserved);
    }
}
