//! Hashes of the passwords that people log in with: Argon2id with the library's own cost (19 MiB, two passes), which takes
//! some hundredths of a second and must not run on a thread that others wait for.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::password::random;
use crate::{Refusal, StoreError, rules};

/// Whether a word may be a login.
///
/// # Errors
/// When it has another character than a login may have, or a wrong length.
pub fn check(login: &str) -> Result<(), Refusal> {
    rules::login(login)
}

/// The hash of a password, with a salt of its own.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn hash(password: &str) -> Result<String, StoreError> {
    let salt: [u8; 16] = random()?;
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|_| StoreError::Entropy)
}

/// Whether a password is the one of a hash. Without a hash as much work is done, so that nobody learns from the time
/// whether a login exists.
#[must_use]
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let fits =
        parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    fits && hash.is_some()
}

/// A hash that no password is known of.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$a2llc3Rvb24gbm9ib2R5IQ$mQYyY2m0Qb0gWmY1rYb0o6o4i0C1m0s2T4u6W8y0A2c";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let (first, second) = (hash("geheim 1234").unwrap(), hash("geheim 1234").unwrap());
        assert_ne!(first, second, "a salt of its own");
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert!(verify("geheim 1234", Some(&first)) && verify("geheim 1234", Some(&second)));
        assert!(!verify("geheim 1235", Some(&first)));
        assert!(!verify("geheim 1234", Some("nonsense")));
        assert!(!verify("", None) && !verify("geheim 1234", None));
    }

    #[test]
    fn nobody_has_a_hash_that_costs_as_much() {
        assert!(PasswordHash::new(NOBODY).is_ok(), "it is parsed, so it is worked on");
    }
}
