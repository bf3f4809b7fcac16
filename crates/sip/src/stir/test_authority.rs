//! An authority of the tests, and certificates of its own making.

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair, date_time_ymd};

use super::{SigningKey, TrustAnchors};

pub(super) struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

/// A certificate with its key.
pub(super) struct Issued {
    pub(super) pem: String,
    pub(super) key: SigningKey,
}

/// Content of the extension: the provider 709J; the number 31201234567.
pub(super) const PROVIDER: &[u8] = &[0x30, 8, 0xa0, 6, 0x16, 4, b'7', b'0', b'9', b'J'];
pub(super) const ONE_NUMBER: &[u8] = b"\x30\x0f\xa2\x0d\x16\x0b31201234567";

/// The arc of id-pe, to which the last number of an extension is added.
pub(super) fn extension(last: u64, content: &[u8]) -> CustomExtension {
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, last], content.to_vec())
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "STI-CA");
        Self { params, key: KeyPair::generate().unwrap() }
    }

    pub(super) fn anchors(&self) -> TrustAnchors {
        let mut anchors = TrustAnchors::default();
        anchors.add_pem(self.params.self_signed(&self.key).unwrap().pem().as_bytes()).unwrap();
        anchors
    }

    /// A certificate of the year 2026.
    pub(super) fn issues(&self, extensions: Vec<CustomExtension>) -> Issued {
        self.issues_with(extensions, |_| {})
    }

    pub(super) fn issues_with(
        &self,
        extensions: Vec<CustomExtension>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Issued {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
        params.custom_extensions = extensions;
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let pem = params.signed_by(&key, &issuer).unwrap().pem();
        Issued { pem, key: SigningKey::from_pem(key.serialize_pem().as_bytes()).unwrap() }
    }

    /// An authority below it, and its certificate.
    pub(super) fn delegates(&self, extensions: Vec<CustomExtension>) -> (Self, String) {
        let mut below = Self::new();
        below.params.distinguished_name.push(rcgen::DnType::OrganizationName, "below");
        below.params.custom_extensions = extensions;
        let issuer = Issuer::from_params(&self.params, &self.key);
        let pem = below.params.signed_by(&below.key, &issuer).unwrap().pem();
        (below, pem)
    }
}
