//! The exchange of offer and answer with one phone (RFC 3264, RFC 6337): whether an offer is open, and whose. INVITE, PRACK and
//! UPDATE all ask here before one is taken or made, so that there is never a second.

use serde::{Deserialize, Serialize};

/// The offer that is open between us and a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum OpenOffer {
    /// None: both sides may make one.
    #[default]
    None,
    /// Ours; the phone owes the answer.
    Ours,
    /// The phone's; we owe the answer.
    Theirs,
    /// The phone left the offer to us, and waits for it.
    OursDue,
    /// We left the offer to the phone, and wait for it.
    TheirsDue,
}

impl OpenOffer {
    /// The status that refuses an offer of the phone, if it may make none: 491 where it crosses one of ours (RFC 3261 section
    /// 14.2, RFC 3311 section 5.2), 500 where the phone has not waited for the answer to its own.
    pub(crate) fn refusal(self) -> Option<u16> {
        match self {
            Self::None => None,
            Self::Ours | Self::TheirsDue => Some(491),
            Self::Theirs | Self::OursDue => Some(500),
        }
    }

    /// Whether an exchange is under way, so that we may make no offer.
    pub(crate) fn is_open(self) -> bool {
        self != Self::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_offer_at_a_time() {
        assert_eq!(OpenOffer::None.refusal(), None);
        assert_eq!(OpenOffer::Ours.refusal(), Some(491));
        assert_eq!(OpenOffer::Theirs.refusal(), Some(500));
        for open in [OpenOffer::Ours, OpenOffer::Theirs, OpenOffer::OursDue, OpenOffer::TheirsDue] {
            assert!(open.is_open() && open.refusal().is_some());
        }
    }
}
