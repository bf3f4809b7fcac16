//! STIR and SHAKEN: the number that calls, signed by who vouches for it (RFC 8224, 8225, 8226 and 8588). Signing makes an
//! Identity header field of what a call says; verifying takes one, the certificate that it names, and the authorities that are
//! believed. Fetching the certificate is the caller's, as is knowing what time it is.

mod certificate;
mod claims;
mod fault;
mod identity;
mod key;
mod number;
#[cfg(test)]
mod test_authority;
#[cfg(test)]
mod tests;
mod tn_auth_list;

pub use certificate::{Chain, NotAnAuthority, TrustAnchors};
pub use claims::{Claims, Shaken};
pub use fault::{Attestation, Fault, Verstat};
pub use identity::{FRESH_SECS, Identity, Said};
pub use key::{NotAKey, SigningKey};
pub use number::canonical;
