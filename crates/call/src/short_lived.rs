//! Short-lived SIP credentials: a digest user name `<expiry>:<number>` whose password is made from it with a key that the
//! sidecar has too. Nothing is kept of them; whoever has no key cannot make one, nor tell one of an extension that exists
//! from one of a number that nobody has.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use kiestoon_sip::digest::Ha1Set;
use sha2::Sha256;

use crate::wall_clock::WallClock;

/// What short-lived credentials are made and checked with.
#[derive(Clone)]
pub struct CredentialsKey {
    keyed: Hmac<Sha256>,
}

impl CredentialsKey {
    /// From 32 secret bytes: the PBX and whoever issues credentials have the same.
    pub fn new(key: [u8; 32]) -> Self {
        // HMAC pads a key with zeros to its block; done here, the constructor cannot fail.
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, byte)| *to = byte);
        Self { keyed: Hmac::new(&block.into()) }
    }

    /// The password that belongs to a user name: base64url without padding of HMAC-SHA256 over `<organisation id>:<username>`.
    pub fn password_of(&self, organisation_id: &str, username: &str) -> String {
        let mut mac = self.keyed.clone();
        for part in [organisation_id, ":", username] {
            mac.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// All forms of that password in a realm.
    pub(crate) fn ha1(&self, organisation_id: &str, username: &str, realm: &str) -> Ha1Set {
        Ha1Set::from_password(username, realm, &self.password_of(organisation_id, username))
    }
}

/// The key is not printed.
impl fmt::Debug for CredentialsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsKey(..)")
    }
}

/// What a user name of this form says. It proves nothing: its password does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortLived<'a> {
    /// In seconds since 1970.
    expires_at: u32,
    /// The extension that it is for.
    pub(crate) number: &'a str,
}

impl<'a> ShortLived<'a> {
    /// Reads a user name; None for every other form. No extension's number has a colon.
    pub(crate) fn parse(username: &'a str) -> Option<Self> {
        let (expiry, number) = username.split_once(':')?;
        let is_number = !expiry.is_empty() && expiry.bytes().all(|digit| digit.is_ascii_digit());
        // Past 2106 there is nothing that could be taken: a day ahead is the most.
        Some(Self { expires_at: is_number.then(|| expiry.parse().ok())??, number })
    }

    /// How long it is good still; None where it is over, or would be good for longer than anything that is issued.
    pub(crate) fn left(&self, clock: &WallClock, now: Instant) -> Option<Duration> {
        let expires_at = i64::from(self.expires_at).saturating_mul(1_000_000);
        let left = u64::try_from(expires_at.saturating_sub(clock.micros(now))).ok()?;
        let left = Duration::from_micros(left);
        (!left.is_zero() && left <= LONGEST).then_some(left)
    }
}

/// Nothing that ends later is issued; what claims so was made with a key that is used for something else too.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_one_that_is_issued() {
        let key = CredentialsKey::new([7; 32]);
        // Made with `openssl dgst -sha256 -mac HMAC`; the test of kiestoon-store, which issues them, has the same line.
        let password = key.password_of("01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10", "1764000000:201");
        assert_eq!(password, "jc-py80aMRlPLGwQCSNL48U97a_oqB6XeLnaI5YeKEQ");
    }

    #[test]
    fn only_digits_before_a_colon_make_such_a_name() {
        let read = |text| ShortLived::parse(text).map(|read| (read.expires_at, read.number));
        assert_eq!(read("1764000000:201"), Some((1_764_000_000, "201")));
        assert_eq!(read("0:"), Some((0, "")));
        assert_eq!(read("1:2:3"), Some((1, "2:3")));
        for other in
            ["201", "", ":201", "+1:201", "-1:201", " 1:201", "1764000000", "99999999999:201", "x:201"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test has to count from some instant")]
    fn it_is_good_until_its_second_and_a_day_ahead_at_most() {
        let now = Instant::now();
        let clock = WallClock { at: now, unix_micros: 1_000_000_250_000 };
        let left = |expires_at| ShortLived { expires_at, number: "201" }.left(&clock, now);
        assert_eq!(left(1_000_000), None);
        assert_eq!(left(1_000_001), Some(Duration::from_millis(750)));
        assert_eq!(left(1_086_400), Some(Duration::from_millis(86_399_750)));
        assert_eq!(left(1_086_401), None);
        assert_eq!(left(0), None);
        assert_eq!(left(u32::MAX), None);
    }

    #[test]
    fn debug_output_hides_the_key() {
        assert_eq!(format!("{:?}", CredentialsKey::new([7; 32])), "CredentialsKey(..)");
    }
}
