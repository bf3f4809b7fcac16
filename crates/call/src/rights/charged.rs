//! Who is charged with a leg over a trunk: whoever caused it. Never a trunk, and never a stranger.

use kiestoon_media::LegId;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::forward::History;
use crate::leg::Leg;
use crate::reason::EndReason;
use crate::snapshot::{Organisation, Snapshot};

use super::profile::Profile;

/// Who is charged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Charged {
    /// An extension, by its number: it has called, forwarded or transferred.
    Extension(Box<str>),
    /// The organisation: its dialplan has called out for somebody outside.
    Organisation,
}

/// What made a call make its next leg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    /// How it came to where it is.
    pub(crate) history: &'a History,
    /// Who is charged with the transfer that it is in.
    pub(crate) transferred: Option<&'a Charged>,
    /// The id of the extension that called; empty for a call from outside.
    pub(crate) extension: &'a str,
    /// Its number.
    pub(crate) from: &'a str,
}

impl Charged {
    /// Who is charged with what is done at a leg.
    pub(crate) fn of_leg(leg: &Leg) -> Self {
        Self::of_party(&leg.number, leg.trunk.is_some())
    }

    /// Who is charged with what somebody does who talks, by their number and whether they are behind a trunk.
    pub(super) fn of_party(number: &str, is_outside: bool) -> Self {
        if is_outside { Self::Organisation } else { Self::Extension(number.into()) }
    }

    /// Who is charged with the next leg of a call: the last phone that forwarded it, else who transferred it, else who called, which for
    /// a call from outside is the organisation that takes it further.
    pub(crate) fn with(cause: Cause<'_>) -> Self {
        let Cause { history, transferred, extension, from } = cause;
        let forwarded = history.charged_to().map(|by| Self::Extension(by.into()));
        forwarded
            .or_else(|| transferred.cloned())
            .unwrap_or_else(|| Self::of_party(from, extension.is_empty()))
    }

    /// The number of the extension; None for the organisation.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Extension(number) => Some(number),
            Self::Organisation => None,
        }
    }

    /// The word of the CDR: the number, or `organisation`.
    pub(crate) fn word(&self) -> &str {
        self.number().unwrap_or("organisation")
    }

    /// What holds for whoever is charged; None where the extension is gone.
    pub(crate) fn profile<'a>(&self, of: &'a Organisation) -> Option<&'a Profile> {
        match self {
            Self::Extension(number) => of.extensions.get(number).map(|extension| &*extension.profile),
            Self::Organisation => Some(&of.profile),
        }
    }
}

impl Call {
    /// Who is charged with a leg that the call makes now.
    pub(crate) fn charged(&self) -> Charged {
        let record = &self.cdr.record;
        Charged::with(Cause {
            history: &self.walk.history,
            transferred: self.walk.transfers.search.as_ref().map(|search| &search.charged),
            extension: &record.extension,
            from: &record.from_number,
        })
    }

    /// Whether help is in the call, or is sought: nobody is cut off from it for money. Once two talk, who they are counts and not the rule
    /// that is followed, which stays what it was when a search for help has found nobody.
    pub(crate) fn is_with_help(&self) -> bool {
        let transfers = &self.walk.transfers;
        let target = transfers.search.as_ref().and_then(|search| search.target());
        let is_settled = matches!(self.stage, Stage::Talking(_)) && target.is_none();
        let is_sought =
            !is_settled && self.walk.seeks_help() || target.is_some_and(|target| self.is_help(target));
        let branches = match &self.stage {
            Stage::Ringing(ring) => &ring.branches[..],
            _ => &[],
        };
        let arrives = transfers.arrival.as_ref().and_then(|arrival| arrival.leg());
        let legs = self.legs().chain(arrives).chain(branches.iter().map(|branch| &branch.leg));
        is_sought || { legs }.any(|leg| leg.is_help)
    }

    /// Whether a number calls help where one of its trunks is, and is nobody's here.
    fn is_help(&self, number: &str) -> bool {
        if self.snapshot.extension(self.organisation, number).is_some() {
            return false;
        }
        let of = self.snapshot.organisation(self.organisation);
        let mut trunks = of.into_iter().flat_map(|of| of.trunks.values());
        trunks.any(|trunk| super::is_for_help(trunk.country, number))
    }

    /// Whoever is charged with a leg was removed: it is not rung any more, nor is the call on where somebody has answered.
    pub(crate) fn lose_payer(&mut self, x: &mut Exchange, leg: LegId) {
        let Some(target) = self.branch(leg).map(|branch| branch.target) else {
            return self.end(x, EndReason::Removed.into());
        };
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.best.enter_refusal(EndReason::Removed);
        }
        self.drop_waiting(target);
        self.drop_branches(x, None, |branch| branch.leg.id == leg);
        self.go_on_ringing(x);
    }

    /// The organisation as it is now: what a reload takes away counts for the next leg of a call that goes on.
    pub(crate) fn organisation_now<'a>(&self, now: &'a Snapshot) -> Option<&'a Organisation> {
        now.organisation(now.index_of(&self.cdr.record.organisation)?)
    }
}
