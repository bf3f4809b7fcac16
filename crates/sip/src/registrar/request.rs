//! What a REGISTER asks for, read and checked before anything is changed.

use std::sync::Arc;

use crate::header::{Contacts, NameAddr};
use crate::message::{ParseError, Request, StatusCode};
use crate::uri::Uri;

use super::{Extra, RegistrarSettings, outbound};

/// Why a REGISTER was refused. Nothing has changed then: a REGISTER is taken whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefused {
    /// A Contact that cannot be read.
    #[error("{0}")]
    Unreadable(#[from] ParseError),
    /// `*` without `Expires: 0` (RFC 3261 section 10.3 step 6).
    #[error("Contact: * needs Expires: 0")]
    Wildcard,
    /// A Contact that is no SIP URI, or longer than any phone's.
    #[error("unusable Contact")]
    UnusableContact,
    /// A Path through what is no loose router, or through too many.
    #[error("unusable Path")]
    UnusablePath,
    /// More than one flow in one request (RFC 5626 section 6).
    #[error("more than one Contact with reg-id")]
    SeveralFlows,
    /// The first proxy on the way cannot find the flow again (RFC 5626 section 6).
    #[error("the first hop does not support outbound")]
    FirstHop,
    /// An expiry below the minimum: the response carries Min-Expires.
    #[error("expiry below {0} seconds")]
    IntervalTooBrief(u32),
    /// A CSeq that is not above the one that made a binding, with the same Call-ID: an old request.
    #[error("CSeq {received} after {stored}")]
    OutOfOrder {
        /// The number of the binding.
        stored: u32,
        /// The number of this request.
        received: u32,
    },
    /// More bindings than an address of record may have.
    #[error("more than {0} contacts")]
    TooManyContacts(usize),
}

impl RegisterRefused {
    /// The status that answers it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unreadable(_)
            | Self::Wildcard
            | Self::UnusableContact
            | Self::UnusablePath
            | Self::SeveralFlows => StatusCode::BAD_REQUEST,
            Self::FirstHop => StatusCode::FIRST_HOP_LACKS_OUTBOUND,
            Self::IntervalTooBrief(_) => StatusCode::INTERVAL_TOO_BRIEF,
            Self::OutOfOrder { .. } => StatusCode::SERVER_INTERNAL_ERROR,
            Self::TooManyContacts(_) => StatusCode::FORBIDDEN,
        }
    }

    /// The value of the Min-Expires header, for a 423.
    #[must_use]
    pub fn min_expires(&self) -> Option<u32> {
        match self {
            Self::IntervalTooBrief(seconds) => Some(*seconds),
            _ => None,
        }
    }
}

/// What is asked for.
pub(super) enum Wish {
    /// The list of bindings.
    Query,
    /// All bindings removed.
    RemoveAll,
    /// These bindings added, refreshed, or (with no seconds) removed.
    Bind(Vec<Wanted>),
}

/// One Contact.
pub(super) struct Wanted {
    pub(super) uri: Uri,
    pub(super) text: String,
    pub(super) q: u16,
    /// Zero removes.
    pub(super) seconds: u32,
    pub(super) instance: Option<Box<str>>,
    pub(super) reg_id: Option<Box<str>>,
    pub(super) extra: Option<Arc<Extra>>,
}

impl Wish {
    pub(super) fn of(request: &Request, settings: &RegistrarSettings) -> Result<Self, RegisterRefused> {
        let expires = request.headers.expires();
        match request.headers.contacts()? {
            Contacts::Star if expires == Some(0) => Ok(Self::RemoveAll),
            Contacts::Star => Err(RegisterRefused::Wildcard),
            Contacts::List(contacts) if contacts.is_empty() => Ok(Self::Query),
            Contacts::List(contacts) => {
                let path = outbound::path(request)?;
                let wanted = contacts.into_iter().map(|contact| {
                    let mut wanted = Wanted::of(contact, expires, settings)?;
                    let (instance, reg_id) = (wanted.instance.as_deref(), wanted.reg_id.as_deref());
                    wanted.extra = Extra::new(path.clone(), outbound::flow_id(request, instance, reg_id));
                    Ok(wanted)
                });
                let wanted: Vec<Wanted> = wanted.collect::<Result<_, RegisterRefused>>()?;
                outbound::check(request, &wanted, &path)?;
                Ok(Self::Bind(wanted))
            }
        }
    }
}

impl Wanted {
    fn of(
        contact: NameAddr,
        expires: Option<u32>,
        settings: &RegistrarSettings,
    ) -> Result<Self, RegisterRefused> {
        let q = contact.q().unwrap_or(1000);
        let seconds = granted(&contact, expires, settings)?;
        let instance = contact.params.get("+sip.instance").map(Into::into);
        let reg_id = contact.params.get("reg-id").map(Into::into);
        let mut uri = contact.uri;
        let Uri::Sip(sip) = &mut uri else { return Err(RegisterRefused::UnusableContact) };
        // A Contact may have them, the Request-URI that it becomes may not (RFC 3261 section 19.1.1).
        sip.params.remove("method");
        sip.headers = Default::default();
        let text = uri.to_string();
        if text.len() > MAX_CONTACT {
            return Err(RegisterRefused::UnusableContact);
        }
        Ok(Self { uri, text, q, seconds, instance, reg_id, extra: None })
    }

    /// Which flow of its device it is about (RFC 5626).
    pub(super) fn flow_id(&self) -> Option<u32> {
        self.extra.as_ref()?.reg_id
    }
}

/// The seconds that a Contact is granted: those of its `expires` parameter, of the Expires header, or the default, within
/// the limits (RFC 3261 section 10.3 step 7).
fn granted(
    contact: &NameAddr,
    expires: Option<u32>,
    settings: &RegistrarSettings,
) -> Result<u32, RegisterRefused> {
    let malformed = contact.params.contains("expires").then_some(MALFORMED_EXPIRES);
    let wished = contact.expires().or(malformed).or(expires).unwrap_or(settings.default_expires);
    if wished == 0 {
        return Ok(0);
    }
    if wished < settings.min_expires {
        return Err(RegisterRefused::IntervalTooBrief(settings.min_expires));
    }
    Ok(wished.min(settings.max_expires))
}

/// What a malformed `expires` parameter counts as (RFC 3261 section 20.10).
const MALFORMED_EXPIRES: u32 = 3600;

/// No phone comes near this, and what an account stores has a bound.
const MAX_CONTACT: usize = 1024;
