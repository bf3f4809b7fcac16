//! Who is charged with a leg over a trunk: whoever caused it. Never a trunk, and never a stranger.

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::leg::Leg;
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

impl Charged {
    /// Who is charged with what is done at a leg.
    pub(crate) fn of_leg(leg: &Leg) -> Self {
        match leg.trunk {
            Some(_) => Self::Organisation,
            None => Self::Extension(leg.number.clone()),
        }
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
    /// Who is charged with a leg that the call makes now: the last phone that forwarded it, else who transferred it, else who
    /// called, which for a call from outside is the organisation that takes it further.
    pub(crate) fn charged(&self) -> Charged {
        let forwarded = self.walk.history.charged_to().map(|by| Charged::Extension(by.into()));
        let search = self.walk.transfers.search.as_ref();
        let transferred = || search.map(|search| search.charged.clone());
        forwarded.or_else(transferred).unwrap_or_else(|| {
            let record = &self.cdr.record;
            match &*record.extension {
                "" => Charged::Organisation,
                _ => Charged::Extension(record.from_number.clone()),
            }
        })
    }

    /// The organisation as it is now: what a reload takes away counts for the next leg of a call that goes on.
    pub(crate) fn organisation_now<'a>(&self, now: &'a Snapshot) -> Option<&'a Organisation> {
        now.organisation(now.index_of(&self.cdr.record.organisation)?)
    }
}
