//! Digest access authentication (RFC 7616, RFC 8760, RFC 3261 section 22): the server's signed nonces and
//! its check, the client's answer. It knows no users: the caller looks HA1 up by name.

mod algorithm;
mod client;
mod credentials;
mod nonce;
mod replay;
mod server;
mod session;
#[cfg(test)]
mod tests;

pub use algorithm::{Algorithm, Ha1Set};
pub use client::{Challenge, Secret, answer};
pub use credentials::{Credentials, Qop};
pub use server::{DigestServer, DigestSettings, FrozenDigestServer};
pub use session::Session;

/// Why credentials or a challenge were not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestFailure {
    /// The header field does not follow the grammar; answer 400.
    #[error("malformed digest parameters: {0}")]
    Malformed(&'static str),
    /// Something we did not offer: another scheme, algorithm or quality of protection. Challenge again.
    #[error("unsupported digest {0}")]
    Unsupported(&'static str),
    /// The nonce is too old, of before a restart, made for another source, or made up. The password was not looked at, so
    /// nothing was guessed. Challenge again with `stale=true` (RFC 7616 section 3.3), so that a client that knows the
    /// password retries without asking its user.
    #[error("stale nonce")]
    Stale,
    /// The right password, but this nonce and count were used before. Challenge again with `stale=true`.
    #[error("replayed nonce count")]
    Replayed,
    /// The response does not match: a wrong password, over a nonce that this source must have received. Challenge again,
    /// and count it against the source.
    #[error("wrong digest response")]
    WrongResponse,
    /// The digest covers another URI than the request asks for. Answer 400 (RFC 7616 section 3.4.6).
    #[error("digest URI differs from the request URI")]
    WrongUri,
}

impl DigestFailure {
    /// Whether the next challenge carries `stale=true`: the client needs only a nonce.
    #[must_use]
    pub fn is_stale(self) -> bool {
        matches!(self, Self::Stale | Self::Replayed)
    }
}
