//! RTP and RTCP (RFC 3550) as a relay sees them: the fixed header read in place, the reports read for their figures,
//! and the leg that learns where its phone sends from.

mod format;
pub mod header;
pub mod latch;
pub mod leg;
mod one_stream;
mod reporter;
pub mod rtcp;
pub mod statistics;

pub use format::Format;
pub use header::{Header, HeaderError};
pub use latch::{Latch, LatchSettings};
pub use leg::{Drop, RtcpPacket, RtpLeg, RtpPacket, T38};
pub use one_stream::OneStream;
pub use reporter::Identity;
pub use statistics::{Received, Sent};
