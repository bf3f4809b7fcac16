//! Short-lived SIP credentials: a digest user name that says until when it is good and for which extension, and the password
//! that proves it was made with the installation's key. Nothing of them is stored; they cannot be taken back before their time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What [`Key::derive`](crate::Key::derive) and [`Store::derived_key`](crate::Store::derived_key) are asked for: the key that
/// these credentials are made with.
pub const PURPOSE: &str = "sip credentials";

/// The furthest ahead that the PBX takes an expiry: credentials that end later are refused.
pub const LONGEST_SECS: u64 = 24 * 3600;

/// What a client answers digest challenges with. Its SIP identity (From, To, the address of record) stays that of the
/// extension.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortLived {
    /// The digest user name: `<expiry>:<number>`.
    pub username: String,
    /// The password, 43 characters of base64url.
    pub password: String,
}

/// Credentials for an extension until `expires_at`, in seconds since 1970. The PBX takes them until then, at most
/// [`LONGEST_SECS`] ahead, and only while there is such an extension that may register.
#[must_use]
pub fn issue(key: &[u8; 32], organisation_id: &str, number: &str, expires_at: u64) -> ShortLived {
    let username = format!("{expires_at}:{number}");
    let password = password_of(key, organisation_id, &username);
    ShortLived { username, password }
}

/// The password that belongs to a user name: base64url without padding of HMAC-SHA256 over `<organisation id>:<username>`.
#[must_use]
pub fn password_of(key: &[u8; 32], organisation_id: &str, username: &str) -> String {
    // HMAC pads a key with zeros to its block; done here, the constructor cannot fail.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, byte)| *to = *byte);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in [organisation_id, ":", username] {
        mac.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The password is not printed.
impl std::fmt::Debug for ShortLived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShortLived").field("username", &self.username).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn the_password_is_the_one_that_the_pbx_computes() {
        let made = issue(&KEY, "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10", "201", 1_764_000_000);
        assert_eq!(made.username, "1764000000:201");
        // Made with `openssl dgst -sha256 -mac HMAC`; the PBX's own test (kiestoon-call) has the same line.
        assert_eq!(made.password, "jc-py80aMRlPLGwQCSNL48U97a_oqB6XeLnaI5YeKEQ");
    }

    #[test]
    fn key_organisation_number_and_expiry_each_make_another_password() {
        let of = |key: &[u8; 32], organisation: &str, number: &str, at: u64| {
            issue(key, organisation, number, at).password
        };
        let all = [
            of(&KEY, "a", "201", 1_764_000_000),
            of(&[8; 32], "a", "201", 1_764_000_000),
            of(&KEY, "b", "201", 1_764_000_000),
            of(&KEY, "a", "202", 1_764_000_000),
            of(&KEY, "a", "201", 1_764_000_001),
        ];
        for (nth, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 43);
            assert!(all.iter().skip(nth + 1).all(|other| other != one));
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        let made = issue(&KEY, "a", "201", 1);
        assert_eq!(format!("{made:?}"), "ShortLived { username: \"1:201\", .. }");
    }
}
