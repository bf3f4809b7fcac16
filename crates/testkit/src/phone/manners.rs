//! How a phone treats what comes: the words that a profile is made of.

/// One step of what a phone does with an INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 100 Trying.
    Trying,
    /// 180 Ringing without a body.
    Ringing,
    /// 183 with a session description: the caller already hears something.
    EarlyMedia,
    /// A provisional response that wants a PRACK, with a session description or without; one of the former kind where the
    /// INVITE does not say that it knows them.
    Reliable {
        /// 101 to 199.
        status: u16,
        /// Whether it holds a session description.
        described: bool,
    },
    /// 199: this fork will not answer any more.
    Gone,
    /// An UPDATE with an offer, which holds the other side.
    Update,
    /// 200 with a session description.
    Answer,
    /// A final refusal.
    Refuse(u16),
    /// 503, and so many seconds in Retry-After.
    WantsRest(u32),
    /// 302 with this number, or URI, as the contact.
    Redirect(String),
}

/// What a phone says of reliable provisional responses in its INVITEs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reliably {
    /// Nothing: it does not know them.
    Unknown,
    /// `Supported: 100rel`.
    Supported,
    /// `Require: 100rel`.
    Required,
}

/// The session timers of a phone (RFC 4028).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimer {
    /// The interval that it asks for, and the longest that it grants.
    pub secs: u32,
    /// The shortest that it takes.
    pub min: u32,
    /// Who refreshes, if it says so: the sender of a request or its answerer.
    pub refresher: Option<&'static str>,
    /// Whether it refreshes when it has to.
    pub refreshes: bool,
}

/// What a phone does with a re-INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reinvites {
    /// 200.
    Accepted,
    /// This status.
    Refused(u16),
    /// This status to the first ones, as if they came at the wrong time; with `Retry-After: 3` where it is 500.
    PutOff {
        /// 491 or 500.
        status: u16,
        /// How many.
        times: u32,
    },
}

/// What a phone does with the offer of a fax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faxes {
    /// It is a fax machine.
    Taken,
    /// This status.
    Refused(u16),
    /// 200 with the line of the fax refused.
    LineRefused,
}
