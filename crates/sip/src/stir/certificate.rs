//! The certificates of who signs calls (RFC 8226): read as they were fetched, and held against the authorities that we believe.

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use der::Decode as _;
use der::asn1::ObjectIdentifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::aws_lc_rs::{ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};
use x509_cert::Certificate;

use super::Fault;
use super::key::is_signed;
use super::tn_auth_list::{TN_AUTH_LIST, TnAuthList};

/// A certificate with those that lead from it to an authority, read but not yet believed.
#[derive(Debug, Clone)]
pub struct Chain {
    leaf: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    public_key: Box<[u8]>,
    /// The numbers that each of them is for, as far as it says so; the leaf does.
    lists: Vec<TnAuthList>,
    not_after: u64,
}

/// The authorities that are believed to know which numbers are whose.
#[derive(Debug, Clone, Default)]
pub struct TrustAnchors(Vec<TrustAnchor<'static>>);

/// A file holds no certificate that could be an authority's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no certificate in PEM")]
pub struct NotAnAuthority;

impl Chain {
    /// Reads what was fetched: certificates in PEM, that of the key first, or one alone in DER.
    ///
    /// # Errors
    /// [`Fault::UnreadableCertificate`] where it is none, too much, not on the curve of ES256, or limited in a way that we do
    /// not know; [`Fault::OtherNumbers`] where it is for no telephone numbers.
    pub fn parse(fetched: &[u8]) -> Result<Self, Fault> {
        if fetched.len() > Self::MOST_BYTES {
            return Err(Fault::UnreadableCertificate);
        }
        let mut all = Vec::new();
        if fetched.windows(PEM.len()).any(|window| window == PEM) {
            for certificate in CertificateDer::pem_slice_iter(fetched).take(MOST_CERTIFICATES + 1) {
                all.push(certificate.map_err(|_| Fault::UnreadableCertificate)?);
            }
        } else {
            all.push(CertificateDer::from(fetched.to_vec()));
        }
        let mut all = all.into_iter();
        let leaf = all.next().ok_or(Fault::UnreadableCertificate)?;
        let intermediates: Vec<_> = all.collect();
        if intermediates.len() >= MOST_CERTIFICATES {
            return Err(Fault::UnreadableCertificate);
        }
        let read = Read::of(&leaf)?;
        let mut lists = vec![read.list.ok_or(Fault::OtherNumbers)?];
        for issuer in &intermediates {
            lists.extend(Read::of(issuer)?.list);
        }
        let public_key = read.public_key.ok_or(Fault::UnreadableCertificate)?;
        Ok(Self { leaf, intermediates, public_key, lists, not_after: read.not_after })
    }

    /// The most that is read.
    pub const MOST_BYTES: usize = 32 * 1024;

    /// When the certificate ends, in seconds since 1970: it need not be kept for longer.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }

    /// Whether it is valid at a time, in seconds since 1970, was issued by one of the authorities, and is for a number. An issuer
    /// that is for some numbers only cannot give away others (RFC 9060 section 4.1).
    pub(super) fn speaks_for(&self, number: &str, anchors: &TrustAnchors, at: u64) -> Result<(), Fault> {
        let leaf = EndEntityCert::try_from(&self.leaf).map_err(|_| Fault::UnreadableCertificate)?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
        let path =
            leaf.verify_for_usage(SIGNED_BY, &anchors.0, &self.intermediates, at, AnyUsage, None, None);
        match path {
            Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => {
                Err(Fault::Expired)
            }
            Err(_) => Err(Fault::UnknownAuthority),
            Ok(_) if !self.lists.iter().all(|list| list.has(number)) => Err(Fault::OtherNumbers),
            Ok(_) => Ok(()),
        }
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        is_signed(&self.public_key, message, signature)
    }
}

impl TrustAnchors {
    /// Believes the certificates of a file in PEM, each with all that it has issued.
    ///
    /// # Errors
    /// Where there is none, or one that cannot be read; nothing of the file is believed then.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), NotAnAuthority> {
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| NotAnAuthority)?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate).map_err(|_| NotAnAuthority)?;
            found.push(anchor.to_owned());
        }
        if found.is_empty() {
            return Err(NotAnAuthority);
        }
        self.0.append(&mut found);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What we want to know of one certificate.
struct Read {
    list: Option<TnAuthList>,
    /// Of the curve P-256.
    public_key: Option<Box<[u8]>>,
    not_after: u64,
}

impl Read {
    fn of(der: &[u8]) -> Result<Self, Fault> {
        let certificate = Certificate::from_der(der).map_err(|_| Fault::UnreadableCertificate)?;
        let body = certificate.tbs_certificate();
        let mut list = None;
        for extension in body.extensions().map_or(&[][..], |extensions| extensions.as_slice()) {
            if LIMITS.contains(&extension.extn_id) {
                return Err(Fault::UnreadableCertificate);
            }
            if extension.extn_id == TN_AUTH_LIST {
                let read = TnAuthList::parse(extension.extn_value.as_bytes());
                let is_first = list.replace(read.ok_or(Fault::UnreadableCertificate)?).is_none();
                if !is_first {
                    return Err(Fault::UnreadableCertificate);
                }
            }
        }
        let public_key = body.subject_public_key_info().subject_public_key.as_bytes().filter(|point| {
            // Also where the algorithm says otherwise: nothing else can be read as such a point.
            point.len() == UNCOMPRESSED && ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok()
        });
        let not_after = body.validity().not_after.to_unix_duration().as_secs();
        Ok(Self { list, public_key: public_key.map(Into::into), not_after })
    }
}

/// Certificates of STIR name no usage of their own.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// What certificates of STIR are signed with.
const SIGNED_BY: &[&dyn SignatureVerificationAlgorithm] =
    &[ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384];
/// Extensions that limit what may be claimed (RFC 8226 section 8, RFC 9118): whoever does not know them must not believe it.
const LIMITS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.27"), ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.33")];
const MOST_CERTIFICATES: usize = 6;
/// Bytes of a point of P-256.
const UNCOMPRESSED: usize = 65;
const PEM: &[u8] = b"-----BEGIN";
