//! Whom we believe on the TLS connections that we open: which authorities, and whether a certificate is that of the domain that
//! was asked for (RFC 5922).
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use kiestoon_sip::uri::Uri;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::tls::{TlsError, certificates};

/// Judges the certificates of servers.
#[derive(Debug)]
pub(super) struct Trust {
    authorities: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    /// In the authorities of a file, or in those of the system. A system that has none leaves nobody to believe.
    pub(super) fn load(file: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let mut authorities = RootCertStore::empty();
        match file {
            Some(path) => {
                for authority in certificates(SERVER_CA, path)? {
                    authorities.add(authority).map_err(|error| TlsError::Unusable {
                        key: SERVER_CA,
                        path: path.to_owned(),
                        error,
                    })?;
                }
            }
            None => authorities = of_system(),
        }
        Ok(Self { authorities, provider })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.authorities,
            intermediates,
            now,
            algorithms,
        )?;
        match names_domain(end_entity, server_name) {
            Some(true) => {}
            Some(false) => return Err(CertificateError::NotValidForName.into()),
            None => verify_server_name(&certificate, server_name)?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why a handshake of ours failed, in words that say what to mend.
pub(super) fn failure(error: &io::Error) -> String {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(Error::InvalidCertificate(certificate)) = of_tls else { return error.to_string() };
    match certificate {
        CertificateError::UnknownIssuer => {
            "certificate not trusted: `sip.tls.server_ca`, or the system, does not know its authority".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "name mismatch: the certificate is not one of the domain that was asked for".into()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate expired".into(),
        other => format!("certificate not trusted: {other}"),
    }
}

/// Whether a certificate names the domain by a SIP URI without a user; None where it has no such URI at all, and only then its DNS names
/// count (RFC 5922 section 7.1).
fn names_domain(end_entity: &CertificateDer<'_>, name: &ServerName<'_>) -> Option<bool> {
    let (ServerName::DnsName(domain), Ok(certificate)) = (name, webpki::EndEntityCert::try_from(end_entity))
    else {
        return None;
    };
    let mut domains = certificate.valid_uri_names().filter_map(domain_of).peekable();
    domains.peek()?;
    Some(domains.any(|named| named == bare(domain.as_ref())))
}

fn domain_of(uri: &str) -> Option<String> {
    match Uri::parse(uri) {
        Ok(Uri::Sip(sip)) if !sip.secure && sip.user.is_none() => Some(bare(&sip.host.to_string())),
        _ => None,
    }
}

fn bare(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// The authorities of the system, and those of `sip.tls.server_ca` beside them: for servers that are no SIP servers.
pub(crate) fn authorities(server_ca: Option<&Path>) -> RootCertStore {
    let mut authorities = of_system();
    match server_ca.map(|path| certificates(SERVER_CA, path)).transpose() {
        Ok(more) => drop(authorities.add_parsable_certificates(more.unwrap_or_default())),
        Err(error) => tracing::warn!(%error, "the authorities of the system alone are believed"),
    }
    authorities
}

fn of_system() -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    let known = system().and_then(|path| certificates(SERVER_CA, &path).ok());
    // Some of them are of forms that are not used any more.
    authorities.add_parsable_certificates(known.unwrap_or_default());
    authorities
}

/// Where systems keep the authorities that they trust.
fn system() -> Option<PathBuf> {
    let chosen = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    chosen.into_iter().chain(BUNDLES.iter().map(PathBuf::from)).find(|path| path.is_file())
}

/// Debian and Alpine, Red Hat, SUSE, the BSDs.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
const SERVER_CA: &str = "sip.tls.server_ca";

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
    use rustls::crypto::aws_lc_rs;

    use super::*;

    struct Authority {
        issuer: Issuer<'static, KeyPair>,
        certificate: rcgen::Certificate,
    }

    impl Authority {
        fn new() -> Self {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let key = KeyPair::generate().unwrap();
            let certificate = params.self_signed(&key).unwrap();
            Self { issuer: Issuer::new(params, key), certificate }
        }

        fn sign(&self, names: Vec<SanType>) -> CertificateDer<'static> {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.subject_alt_names = names;
            params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap().der().clone()
        }

        fn trusted(&self) -> Trust {
            let mut authorities = RootCertStore::empty();
            authorities.add(self.certificate.der().clone()).unwrap();
            Trust { authorities, provider: Arc::new(aws_lc_rs::default_provider()) }
        }
    }

    fn judged(trust: &Trust, certificate: &CertificateDer<'_>, name: &str) -> Result<(), String> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let verdict = trust.verify_server_cert(certificate, &[], &name, &[], UnixTime::now());
        verdict.map(|_| ()).map_err(|error| failure(&io::Error::other(error)))
    }

    #[test]
    fn a_certificate_counts_for_the_domains_that_it_names() {
        let authority = Authority::new();
        let trust = authority.trusted();
        let uri = |text: &str| SanType::URI(text.try_into().unwrap());
        let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
        let carrier = authority.sign(vec![uri("sip:carrier.example"), dns("edge.carrier.example")]);
        for name in ["carrier.example", "Carrier.Example"] {
            assert_eq!(judged(&trust, &carrier, name), Ok(()), "{name}");
        }
        for name in ["other.example", "edge.carrier.example"] {
            let other = judged(&trust, &carrier, name).unwrap_err();
            assert!(other.starts_with("name mismatch"), "{other}");
        }
        let edge = authority.sign(vec![dns("edge.carrier.example")]);
        assert_eq!(judged(&trust, &edge, "edge.carrier.example"), Ok(()));
        let uris = ["sip:201@carrier.example", "sips:carrier.example", "https://carrier.example"].map(uri);
        let person = authority.sign(uris.to_vec());
        assert!(judged(&trust, &person, "carrier.example").is_err(), "a person is no domain");
        let host = authority.sign(vec![SanType::IpAddress("192.0.2.1".parse().unwrap())]);
        assert_eq!(judged(&trust, &host, "192.0.2.1"), Ok(()));
        assert!(judged(&trust, &host, "192.0.2.2").is_err());
    }

    #[test]
    fn a_name_alone_is_no_proof() {
        let trust = Authority::new().trusted();
        let forged = Authority::new().sign(vec![SanType::URI("sip:carrier.example".try_into().unwrap())]);
        let refused = judged(&trust, &forged, "carrier.example").unwrap_err();
        assert!(refused.starts_with("certificate not trusted"), "{refused}");
    }
}
