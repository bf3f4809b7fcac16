//! Signs questions by Standard Webhooks (version 1, symmetric), so that a service knows who asks.
use std::{fmt, fs, os::unix::fs::PermissionsExt as _, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A secret that is shared with a service. It is never shown.
pub(super) struct Key(Vec<u8>);

impl Key {
    /// Reads the file: `whsec_` and base64, or any other text as it stands, but for the line's end.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let cannot = |error| format!("{} cannot be read ({error})", path.display());
        let facts = fs::metadata(path).map_err(cannot)?;
        if facts.permissions().mode() & OTHERS != 0 {
            let path = path.display();
            return Err(format!("{path} can be read by every user of this machine; run `chmod 600 {path}`"));
        }
        if !facts.is_file() || facts.len() > LONGEST {
            return Err(format!("{} holds no secret", path.display()));
        }
        let text = fs::read_to_string(path).map_err(cannot)?;
        Self::of(text.trim_end_matches(['\r', '\n'])).map_err(|fault| format!("{}: {fault}", path.display()))
    }

    fn of(text: &str) -> Result<Self, &'static str> {
        let key = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| "behind `whsec_` is no base64")?,
            None => text.as_bytes().to_vec(),
        };
        if key.is_empty() { Err("the secret is empty") } else { Ok(Self(key)) }
    }

    /// The value of the header `webhook-signature`.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

const OTHERS: u32 = 0o007;
const LONGEST: u64 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn the_known_example_is_signed_alike() {
        let key = Key::of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_is_read_as_it_stands_and_only_from_a_file_of_our_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let written = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Key::read(&path).map(|key| key.0)
        };
        assert_eq!(written("geheim \r\n", 0o600).unwrap(), b"geheim ");
        assert_eq!(written("whsec_Z2VoZWlt\n", 0o640).unwrap(), b"geheim");
        assert!(written("geheim", 0o644).unwrap_err().contains("chmod 600"));
        assert!(written("\n", 0o600).unwrap_err().ends_with("the secret is empty"));
        assert!(written("whsec_?", 0o600).unwrap_err().ends_with("is no base64"));
        assert!(written(&"x".repeat(1_025), 0o600).unwrap_err().ends_with("holds no secret"));
        assert!(Key::read(&folder.path().join("none")).unwrap_err().contains("cannot be read"));
    }
}
