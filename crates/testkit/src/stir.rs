//! An authority that issues certificates for signing callers' numbers, and one of its customers, who signs.

use std::sync::Arc;

use kiestoon_sip::stir::{Attestation, Claims, Identity, Shaken, SigningKey, TrustAnchors};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};

/// Who issues.
#[derive(Debug)]
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

/// Who signs.
#[derive(Debug)]
pub struct Signer {
    /// The private key.
    pub key: Arc<SigningKey>,
    /// The same in PEM.
    pub key_pem: String,
    /// The certificate of it, in PEM.
    pub certificate: String,
}

impl Authority {
    /// An authority like no other.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "STI-CA");
        Self { params, key: KeyPair::generate().expect("entropy") }
    }

    /// Its own certificate, in PEM.
    pub fn certificate(&self) -> String {
        self.params.self_signed(&self.key).expect("a certificate").pem()
    }

    /// What has to be believed for its certificates to be.
    pub fn anchors(&self) -> Arc<TrustAnchors> {
        let mut anchors = TrustAnchors::default();
        anchors.add_pem(self.certificate().as_bytes()).expect("an authority");
        Arc::new(anchors)
    }

    /// A certificate for all numbers of a provider, until the end of a year.
    pub fn issues(&self, until: i32) -> Signer {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 12, 31));
        params.custom_extensions = vec![CustomExtension::from_oid_content(TN_AUTH_LIST, PROVIDER.to_vec())];
        let key = KeyPair::generate().expect("entropy");
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate").pem();
        let key_pem = key.serialize_pem();
        let key = SigningKey::from_pem(key_pem.as_bytes()).expect("a key");
        Signer { key: Arc::new(key), key_pem, certificate }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Signer {
    /// The Identity header field of a call, with full attestation. Numbers without `+`, the time in seconds since 1970.
    pub fn signs(&self, caller: &str, called: &str, at: u64, url: &str) -> String {
        let shaken = Shaken { attest: Attestation::A, origid: "de305d54-75b4-431b-adb2-eb6b9e546014".into() };
        let claims = Claims { orig: caller.into(), dest: vec![called.into()], iat: at, shaken: Some(shaken) };
        Identity::sign(&self.key, &claims, url).expect("a signature")
    }
}

const TN_AUTH_LIST: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 26];
/// The provider 709J.
const PROVIDER: &[u8] = &[0x30, 8, 0xa0, 6, 0x16, 4, b'7', b'0', b'9', b'J'];
