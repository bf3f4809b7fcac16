//! The key that our calls are signed with, and the check of a signature: ES256 (RFC 7518 section 3.4).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

/// A private key on the curve P-256. Its debug output does not show it.
pub struct SigningKey(EcdsaKeyPair);

/// A file holds no key that calls can be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no private key on the curve P-256, in PEM")]
pub struct NotAKey;

impl SigningKey {
    /// Reads a key in PEM, of PKCS #8 (`PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`).
    ///
    /// # Errors
    /// Where there is none, or one of another kind.
    pub fn from_pem(pem: &[u8]) -> Result<Self, NotAKey> {
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| NotAKey)?;
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_der());
        pair.map(Self).map_err(|_| NotAKey)
    }

    /// Signs. The signature differs each time: its nonce is made by the cryptographic library, which asks the system for it, as
    /// the handshakes of DTLS do. None where the library fails.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature = self.0.sign(&SystemRandom::new(), message).ok()?;
        Some(signature.as_ref().to_vec())
    }

    /// The public key that belongs to it, as certificates hold it: an uncompressed point.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

/// Whether a signature is of this public key.
pub(super) fn is_signed(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key).verify(message, signature).is_ok()
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// The key of RFC 8225, appendix A.
    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\n\
        MHcCAQEEIFeZ1R208QCvcu5GuYyMfG4W7sH4m99/7eHSDLpdYllFoAoGCCqGSM49\n\
        AwEHoUQDQgAE8HNbQd/TmvCKwPKHkMF9fScavGeH78YTU8qLS8I5HLHSSmlATLcs\n\
        lQMhNC/OhlWBYC626nIlo7XeebYS7Sb37g==\n\
        -----END EC PRIVATE KEY-----\n";

    /// The token of its section 7.1, and its signature.
    const SIGNED: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9\
        .eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6IjE0NDMyMDgzNDUiLCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0";
    const SIGNATURE: &str =
        "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w";

    #[test]
    fn the_example_of_rfc_8225_is_verified() {
        let key = SigningKey::from_pem(KEY.as_bytes()).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        assert!(is_signed(key.public_key(), SIGNED.as_bytes(), &signature));
        assert!(!is_signed(key.public_key(), SIGNED.to_lowercase().as_bytes(), &signature));
        let ours = key.sign(b"x").unwrap();
        assert_eq!(ours.len(), 64);
        assert!(is_signed(key.public_key(), b"x", &ours) && !is_signed(key.public_key(), b"y", &ours));
    }

    #[test]
    fn only_keys_of_the_curve_are_taken() {
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        for text in ["", "x", &other.serialize_pem(), &KEY.replace("MHcC", "MHcD")] {
            assert_eq!(SigningKey::from_pem(text.as_bytes()).unwrap_err(), NotAKey);
        }
        let ours = rcgen::KeyPair::generate().unwrap();
        let key = SigningKey::from_pem(ours.serialize_pem().as_bytes()).unwrap();
        assert_eq!(key.public_key(), ours.public_key_raw());
        assert_eq!(format!("{key:?}"), "SigningKey { .. }");
    }
}
