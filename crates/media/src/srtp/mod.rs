//! SRTP and SRTCP (RFC 3711, RFC 6188, RFC 7714) with keys that SDP carried (RFC 4568): packets are protected and opened
//! in place, and nothing is kept for a source before one of its packets has authenticated. The ciphers are those of
//! `rtc-srtp`; its own contexts allocate for each packet, keep state for every forged SSRC and let SRTCP pass that
//! claims to be unencrypted, so the framing is ours, and theirs is what it is tested against.

mod index;
mod key;
mod protection;
mod suite;
mod transform;

pub use key::{LocalKeys, MasterKey};
pub use protection::{PeerKey, Protection, Unprotected};
pub use suite::Suite;

/// Bytes that protection adds to a packet at most: the tag of GCM and the index of SRTCP.
pub const OVERHEAD: usize = 20;
