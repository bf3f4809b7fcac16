//! A PASSporT: what is signed of a call (RFC 8225), with what SHAKEN adds (RFC 8588).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use super::Attestation;
use super::number::is_canonical;

/// Who calls whom, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The number that calls, canonical.
    pub orig: Box<str>,
    /// The numbers that are called, canonical.
    pub dest: Vec<Box<str>>,
    /// When it was signed, in seconds since 1970.
    pub iat: u64,
    /// What SHAKEN adds.
    pub shaken: Option<Shaken>,
}

/// What SHAKEN adds to a PASSporT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaken {
    /// How much is known of the caller.
    pub attest: Attestation,
    /// Where the call entered the network: opaque, for tracing it back.
    pub origid: Box<str>,
}

/// The JOSE header. The fields of this and of [`Payload`] stand in the order in which they are written, which is that of RFC 8225
/// section 9: whoever has only the signature makes the same bytes again.
#[derive(Serialize)]
struct Protected<'a> {
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppt: Option<&'a str>,
    typ: &'a str,
    x5u: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    #[serde(skip_serializing_if = "Option::is_none")]
    attest: Option<Attestation>,
    dest: Destinations,
    iat: u64,
    orig: Originator,
    #[serde(skip_serializing_if = "Option::is_none")]
    origid: Option<Box<str>>,
}

/// What a destination names besides numbers concerns nobody here.
#[derive(Serialize, Deserialize)]
struct Destinations {
    #[serde(default)]
    tn: Vec<Box<str>>,
}

#[derive(Serialize, Deserialize)]
struct Originator {
    tn: Box<str>,
}

/// A whole token without its signature, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) algorithm: Box<str>,
    pub(super) is_shaken: bool,
    /// Where the certificate is.
    pub(super) url: Box<str>,
    pub(super) claims: Claims,
}

impl Claims {
    /// What is signed: header and payload (RFC 7515 section 5.1).
    pub(super) fn signing_input(&self, url: &str) -> Option<String> {
        let ppt = self.shaken.as_ref().map(|_| SHAKEN);
        let header = Protected { alg: ALGORITHM, ppt, typ: PASSPORT, x5u: url };
        let payload = Payload {
            attest: self.shaken.as_ref().map(|shaken| shaken.attest),
            dest: Destinations { tn: self.dest.clone() },
            iat: self.iat,
            orig: Originator { tn: self.orig.clone() },
            origid: self.shaken.as_ref().map(|shaken| shaken.origid.clone()),
        };
        let (header, payload) = (serde_json::to_vec(&header).ok()?, serde_json::to_vec(&payload).ok()?);
        Some(format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload)))
    }
}

impl Token {
    /// Reads the two parts that are signed. None where they are none, or say what no call of ours could say.
    pub(super) fn parse(header: &str, payload: &str) -> Option<Self> {
        let (header, payload) = (BASE64URL.decode(header).ok()?, BASE64URL.decode(payload).ok()?);
        let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
        let text = |name: &str| header.get(name).and_then(serde_json::Value::as_str);
        let (typ, ppt) = (text("typ")?, text("ppt"));
        let payload: Payload = serde_json::from_slice(&payload).ok()?;
        let shaken = match (payload.attest, payload.origid) {
            (Some(attest), Some(origid)) if origid.len() <= LONGEST_ORIGID => Some(Shaken { attest, origid }),
            _ => None,
        };
        let is_shaken = ppt == Some(SHAKEN);
        let is_all_numbers =
            payload.dest.tn.iter().chain([&payload.orig.tn]).all(|number| is_canonical(number));
        let is_sound = typ == PASSPORT
            && ppt.is_none_or(|_| is_shaken)
            && header.get("crit").is_none()
            && is_shaken == shaken.is_some()
            && payload.dest.tn.len() <= MOST_DESTINATIONS
            && is_all_numbers;
        if !is_sound {
            return None;
        }
        let claims = Claims { orig: payload.orig.tn, dest: payload.dest.tn, iat: payload.iat, shaken };
        Some(Self { algorithm: text("alg")?.into(), is_shaken, url: text("x5u")?.into(), claims })
    }
}

/// Base64 as a JWS has it. Some pad it all the same, and some leave bits behind the last byte.
pub(super) const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The one algorithm (RFC 8225 section 6).
pub(super) const ALGORITHM: &str = "ES256";
/// The extension that we know (RFC 8588).
pub(super) const SHAKEN: &str = "shaken";
const PASSPORT: &str = "passport";
/// Numbers that one call is for.
const MOST_DESTINATIONS: usize = 32;
/// A UUID has 36 bytes.
const LONGEST_ORIGID: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(signed: &str) -> [String; 2] {
        let (header, payload) = signed.split_once('.').unwrap();
        [header, payload].map(|part| String::from_utf8(BASE64URL.decode(part).unwrap()).unwrap())
    }

    fn claims() -> Claims {
        let shaken = Shaken { attest: Attestation::A, origid: "123e4567-e89b-12d3-a456-426655440000".into() };
        Claims {
            orig: "12155550121".into(),
            dest: vec!["12155550131".into()],
            iat: 1_443_208_345,
            shaken: Some(shaken),
        }
    }

    #[test]
    fn the_example_of_rfc_8588_is_written_in_the_order_of_rfc_8225() {
        let signed = claims().signing_input("https://cert.example.org/passport.cer").unwrap();
        let [header, payload] = decoded(&signed);
        assert_eq!(
            header,
            r#"{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example.org/passport.cer"}"#
        );
        assert_eq!(
            payload,
            r#"{"attest":"A","dest":{"tn":["12155550131"]},"iat":1443208345,"orig":{"tn":"12155550121"},"origid":"123e4567-e89b-12d3-a456-426655440000"}"#
        );
    }

    #[test]
    fn without_shaken_it_is_the_base_form() {
        let plain = Claims { shaken: None, ..claims() };
        let [header, payload] = decoded(&plain.signing_input("https://cert.example.org/x").unwrap());
        assert_eq!(header, r#"{"alg":"ES256","typ":"passport","x5u":"https://cert.example.org/x"}"#);
        assert_eq!(
            payload,
            r#"{"dest":{"tn":["12155550131"]},"iat":1443208345,"orig":{"tn":"12155550121"}}"#
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let signed = claims().signing_input("https://cert.example.org/x").unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        let token = Token::parse(header, payload).unwrap();
        assert_eq!(
            (&*token.algorithm, token.is_shaken, &*token.url),
            ("ES256", true, "https://cert.example.org/x")
        );
        assert_eq!(token.claims, claims());
    }

    #[test]
    fn order_spaces_and_further_claims_do_not_matter_but_sense_does() {
        let header = r#"{ "typ":"passport", "x5u":"https:\/\/a.example\/b", "alg":"ES256", "kid":1 }"#;
        let payload =
            r#"{"orig":{"tn":"31201234567"},"iat":5,"dest":{"uri":["sip:a@b"],"tn":["31"]},"mky":[]}"#;
        let read =
            |header: &str, payload: &str| Token::parse(&BASE64URL.encode(header), &BASE64URL.encode(payload));
        let token = read(header, payload).unwrap();
        assert_eq!((&*token.url, token.claims.shaken), ("https://a.example/b", None));
        let shaken = header.replace("\"kid\":1", "\"ppt\":\"shaken\"");
        let (many, far) = (vec!["\"31\""; 33].join(","), "9".repeat(30));
        for (header, payload) in [
            ("", payload),
            ("[]", payload),
            (header, ""),
            (header, "{}"),
            (&header.replace("passport", "JWT"), payload),
            (&header.replace("\"kid\":1", "\"crit\":[\"x\"]"), payload),
            (&header.replace("\"kid\":1", "\"ppt\":\"div\""), payload),
            (&shaken, payload),
            (header, &payload.replace("31201234567", "sip:a@b")),
            (header, &payload.replace("\"31\"", &many)),
            (header, &payload.replace("\"iat\":5", "\"iat\":-5")),
            (header, &payload.replace("\"iat\":5", &format!("\"iat\":{far}"))),
            (header, &payload.replace("{\"tn\":\"31201234567\"}", "{\"uri\":\"sip:a@b\"}")),
            (header, &format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))),
        ] {
            assert_eq!(read(header, payload), None, "{header} {payload}");
        }
        assert_eq!(Token::parse("%", "%"), None);
    }
}
