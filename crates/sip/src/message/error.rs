//! Why a message or a part of it cannot be read, where, and the response that says so.

use bytes::Bytes;
use std::fmt;

use super::{Limits, Message, Request, Response, StatusCode, parse};
use crate::header::HeaderName;
use crate::header::cursor::Flaw;

/// Where a text departs from the grammar. Its `Display` is the text of the Warning header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Bad {part}: {reason}, at byte {at}")]
pub struct ParseError {
    /// The part of the message.
    pub part: Part,
    /// What is wrong with it.
    pub reason: Reason,
    /// The byte, counted from the start of the message, or of the text where that was parsed alone.
    pub at: usize,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The whole message.
    Message,
    /// Request line or status line.
    StartLine,
    /// A header line that has no readable name.
    HeaderLine,
    /// A header.
    Header(HeaderName),
    /// The body.
    Body,
    /// A URI parsed alone.
    Uri,
    /// An address parsed alone.
    Address,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "message",
            Self::StartLine => "start line",
            Self::HeaderLine => "header line",
            Self::Header(name) => return write!(f, "{name} header"),
            Self::Body => "body",
            Self::Uri => "URI",
            Self::Address => "address",
        })
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Something else should stand there.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A header that must be there is not.
    #[error("it is missing")]
    Missing,
    /// A header that may come once came again.
    #[error("it occurs more than once")]
    Repeated,
    /// Longer than this many bytes.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// More than this many.
    #[error("more than {0}")]
    TooMany(usize),
    /// A control character, or a line end that is not CRLF.
    #[error("control character")]
    Control,
    /// A quoted string without its second quote.
    #[error("the quoted string does not end")]
    OpenQuote,
    /// A SIP version other than 2.0.
    #[error("only SIP/2.0 is spoken here")]
    Version,
    /// The CSeq method is not that of the request line.
    #[error("its method is not that of the request line")]
    MethodMismatch,
    /// Fewer body bytes than Content-Length says.
    #[error("{declared} bytes declared, {present} present")]
    Truncated {
        /// Content-Length.
        declared: usize,
        /// Bytes behind the headers.
        present: usize,
    },
    /// No empty line behind the headers.
    #[error("no empty line behind the headers")]
    NoEnd,
    /// Nothing but line ends and NULs: a keep-alive.
    #[error("it is empty")]
    Empty,
}

impl ParseError {
    /// The status that answers a request with this error.
    pub fn status(&self) -> StatusCode {
        match (&self.part, self.reason) {
            (_, Reason::Version) => StatusCode::VERSION_NOT_SUPPORTED,
            (Part::StartLine, Reason::TooLong(_)) => StatusCode::REQUEST_URI_TOO_LONG,
            (Part::Body, Reason::TooLong(_)) => StatusCode::REQUEST_ENTITY_TOO_LARGE,
            (_, Reason::TooLong(_) | Reason::TooMany(_)) => StatusCode::MESSAGE_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl Flaw {
    pub(crate) fn in_header(self, name: HeaderName) -> ParseError {
        self.in_part(Part::Header(name))
    }

    pub(crate) fn in_part(self, part: Part) -> ParseError {
        ParseError { part, reason: self.reason, at: self.at }
    }
}

/// A message that cannot be read. It keeps the bytes, so that a response can be made from what is readable.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct Malformed {
    /// What is wrong first.
    pub error: ParseError,
    bytes: Bytes,
}

impl Malformed {
    pub(crate) fn new(error: ParseError, bytes: Bytes) -> Self {
        Self { error, bytes }
    }

    /// True for the empty messages that keep a NAT binding open: nothing to answer or to log.
    pub fn is_keep_alive(&self) -> bool {
        self.error.reason == Reason::Empty
    }

    /// The response that says what is wrong and where, with the same To tag for each retransmission. `None` where
    /// nothing can or may be answered: a response, an ACK, no readable Via.
    ///
    /// It is stateless: send it to where the request came from. A mandatory header that could not be read is
    /// replaced (From, To) or left out (Call-ID), and CSeq is 0 then.
    pub fn response(&self) -> Option<Response> {
        let request = parse::recover(&self.bytes, &Limits::DEFAULT)?;
        let mut response = request.response(self.error.status());
        if response.to.tag().is_none() {
            response.to.params.set("tag", format!("{:016x}", fnv(&self.bytes)).as_str());
        }
        response.headers.push(HeaderName::Warning, format!("399 kiestoon \"{}\"", self.error));
        Some(response)
    }

    /// What could be read of a request, for a log line; fields as in [`Malformed::response`].
    pub fn request(&self) -> Option<Request> {
        parse::recover(&self.bytes, &Limits::DEFAULT)
    }
}

impl Message {
    /// The status and Warning text that refuse this for an error found after parsing, such as an unreadable Contact.
    pub fn warning(error: &ParseError) -> String {
        format!("399 kiestoon \"{error}\"")
    }
}

/// FNV-1a: the tag needs no secret, only to be the same for the same request.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}
