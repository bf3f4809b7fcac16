//! SIP as pure logic: messages, transactions, dialogs, digest, registrar. No I/O, no clock, no tokio.
//!
//! Everything is typed after [`Message::parse`]; everything sent is written from those types. Peer bytes are
//! never copied to the wire.

pub mod dialog;
pub mod digest;
pub mod flow;
pub mod framing;
pub mod header;
pub mod locate;
pub mod message;
pub mod network;
pub mod plain;
pub mod registrar;
pub mod stir;
pub mod stun;
pub mod transaction;
pub mod uri;

pub use flow::{ConnectionId, Flow, Transport};
pub use framing::{Frame, FrameError, Framer};
pub use header::{
    Contacts, Diversion, HeaderName, Headers, HistoryEntry, NameAddr, Params, Privacy, RAck, ReferTo,
    Refresher, Replaces, SessionExpires, Via, ViaTransport,
};
pub use message::{
    CSeq, Limits, Malformed, Message, Method, ParseError, Part, Reason, Request, Response, StatusCode,
};
pub use uri::{Host, SipUri, TelUri, Uri};
