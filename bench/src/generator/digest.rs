//! The answer to a digest challenge (RFC 7616 with MD5, with and without qop).

use md5::{Digest, Md5};

use super::message::parameter;

/// Who answers, and for which request.
pub(crate) struct Answer<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) cnonce: u32,
}

impl Answer<'_> {
    /// The value of the (Proxy-)Authorization header, or None when the challenge lacks its realm or nonce.
    pub(crate) fn to(&self, challenge: &str) -> Option<String> {
        let realm = parameter(challenge, "realm")?;
        let nonce = parameter(challenge, "nonce")?;
        let qop = parameter(challenge, "qop").is_some_and(|list| list.split(',').any(|q| q.trim() == "auth"));
        let Self { username, password, method, uri, cnonce } = self;
        let ha1 = md5_hex(&[username, realm, password]);
        let ha2 = md5_hex(&[method, uri]);
        let cnonce = format!("{cnonce:08x}");
        let response = if qop {
            md5_hex(&[&ha1, nonce, COUNT, &cnonce, "auth", &ha2])
        } else {
            md5_hex(&[&ha1, nonce, &ha2])
        };
        let mut value = format!(
            "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5"
        );
        if let Some(opaque) = parameter(challenge, "opaque") {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        if qop {
            value.push_str(&format!(", qop=auth, cnonce=\"{cnonce}\", nc={COUNT}"));
        }
        Some(value)
    }
}

/// Every nonce is used once.
const COUNT: &str = "00000001";

/// MD5 of the parts joined by colons, in lower-case hexadecimal.
fn md5_hex(parts: &[&str]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hash = Md5::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part.as_bytes());
    }
    let nibbles = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2617 section 3.5.
    #[test]
    fn the_example_of_the_rfc() {
        let answer = Answer {
            username: "Mufasa",
            password: "Circle Of Life",
            method: "GET",
            uri: "/dir/index.html",
            cnonce: 0x0a4f_113b,
        };
        let challenge = "realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let value = answer.to(challenge).unwrap();
        assert_eq!(
            parameter(&value["Digest ".len()..], "response"),
            Some("6629fae49393a05397450978507c4ef1")
        );
        assert_eq!(parameter(&value["Digest ".len()..], "opaque"), Some("5ccc069c403ebaf9f0171e9517f40e41"));
    }

    #[test]
    fn without_qop_there_is_no_client_nonce() {
        let answer = Answer { username: "1", password: "2", method: "REGISTER", uri: "sip:h", cnonce: 1 };
        let value = answer.to("realm=\"h\", nonce=\"n\"").unwrap();
        assert!(!value.contains("cnonce") && !value.contains("opaque"), "{value}");
        let ha1 = md5_hex(&["1", "h", "2"]);
        let expected = md5_hex(&[&ha1, "n", &md5_hex(&["REGISTER", "sip:h"])]);
        assert!(value.contains(&expected));
        assert_eq!(answer.to("realm=\"h\""), None);
    }

    #[test]
    fn md5_of_the_rfc() {
        assert_eq!(md5_hex(&["abc"]), "900150983cd24fb0d6963f7d28e17f72");
    }
}
