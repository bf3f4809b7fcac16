//! TLS under SIP (RFC 3261 section 26.2): our certificate and who may connect, and whom we believe where we connect, which needs
//! no certificate of ours. A new pair of files replaces the old one for new connections; those that are open keep what they began with.
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::danger::ServerCertVerifier,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{VerifierBuilderError, WebPkiClientVerifier},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::trust::Trust;

/// Where certificate, key and authorities lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// What we show; None where TLS is not served.
    pub(crate) own: Option<OwnFiles>,
    /// Authorities of the certificates of servers that we connect to; None: those of the system.
    pub(crate) server_ca: Option<PathBuf>,
}

/// Where our certificate is, and what peers have to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnFiles {
    /// The chain, our own certificate first.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// Authorities of the peers' certificates.
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether a peer without a certificate is turned away.
    pub(crate) require_client_certificate: bool,
}

/// Why files are refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("`{key}`: the file {} cannot be read ({error})", path.display())]
    Unreadable { key: &'static str, path: PathBuf, error: io::Error },
    #[error("`{key}`: the file {} holds no {what} in PEM", path.display())]
    Empty { key: &'static str, path: PathBuf, what: &'static str },
    #[error("`{key}`: the file {} cannot be used ({error})", path.display())]
    Unusable { key: &'static str, path: PathBuf, error: rustls::Error },
    #[error("`sip.tls.key`: {} is not the key of the certificate {}", key.display(), certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
    #[error("`sip.tls.certificate`: {} has expired on {at}; ask its authority for a new one", path.display())]
    Expired { path: PathBuf, at: Timestamp },
    #[error("`sip.tls.client_ca`: the file {} cannot be used ({error})", path.display())]
    Authorities { path: PathBuf, error: VerifierBuilderError },
}

/// What files came to.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    own: Option<Own>,
    /// For connections that we open: with our certificate, should the server ask for one.
    client: Arc<ClientConfig>,
    /// Whom we believe there.
    trust: Arc<Trust>,
}

/// A certificate of ours.
#[derive(Clone, Debug)]
struct Own {
    config: Arc<ServerConfig>,
    path: PathBuf,
    not_after: Option<Timestamp>,
}

impl TlsFiles {
    /// Reads and checks the files, all together: certificate and key must fit.
    pub(crate) fn load(&self) -> Result<Identity, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let trust = Arc::new(Trust::load(self.server_ca.as_deref(), Arc::clone(&provider))?);
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("this provider has ciphers for the default versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&trust) as Arc<dyn ServerCertVerifier>);
        let Some(files) = &self.own else {
            return Ok(Identity { own: None, client: Arc::new(builder.with_no_client_auth()), trust });
        };
        let chain = certificates(CERTIFICATE, &files.certificate)?;
        let key = private_key(&files.key)?;
        let client = builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|error| files.unusable(error))?;
        Ok(Identity { own: Some(files.load(chain, key, provider)?), client: Arc::new(client), trust })
    }

    /// What changes when one of the files does.
    pub(crate) fn stamp(&self) -> Vec<Option<(u64, SystemTime)>> {
        let own =
            self.own.iter().flat_map(|own| [Some(&own.certificate), Some(&own.key), own.client_ca.as_ref()]);
        let stamp = |path: &PathBuf| {
            let about = fs::metadata(path).ok()?;
            Some((about.len(), about.modified().ok()?))
        };
        own.chain([self.server_ca.as_ref()]).flatten().map(stamp).collect()
    }
}

impl OwnFiles {
    fn load(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Own, TlsError> {
        let not_after = chain.first().and_then(|certificate| kiestoon_config::not_after(certificate));
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| self.unusable(error))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => builder.with_client_cert_verifier(self.verifier(path, provider)?),
        };
        let config = builder.with_single_cert(chain, key).map_err(|error| self.unusable(error))?;
        Ok(Own { config: Arc::new(config), path: self.certificate.clone(), not_after })
    }

    fn verifier(
        &self,
        path: &Path,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(CLIENT_CA, path)? {
            roots.add(authority).map_err(|error| TlsError::Unusable {
                key: CLIENT_CA,
                path: path.to_owned(),
                error,
            })?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = if self.require_client_certificate { builder } else { builder.allow_unauthenticated() };
        builder.build().map_err(|error| TlsError::Authorities { path: path.to_owned(), error })
    }

    fn unusable(&self, error: rustls::Error) -> TlsError {
        match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { key: self.key.clone(), certificate: self.certificate.clone() }
            }
            error => TlsError::Unusable { key: CERTIFICATE, path: self.certificate.clone(), error },
        }
    }
}

impl Identity {
    /// The days that the certificate still lasts, where fewer than two weeks; negative once it has expired.
    pub(crate) fn days_left(&self, now: Timestamp) -> Option<i64> {
        let left = self.seconds_left(now)?;
        (left < WARN_DAYS * DAY_SECS).then(|| left.div_euclid(DAY_SECS))
    }

    /// Until it expires; negative once it has.
    fn seconds_left(&self, now: Timestamp) -> Option<i64> {
        Some(self.own.as_ref()?.not_after?.duration_since(now).as_secs())
    }

    /// An error where the certificate has expired.
    pub(crate) fn refuse_expired(self, now: Timestamp) -> Result<Self, TlsError> {
        match &self.own {
            Some(Own { not_after: Some(at), path, .. }) if *at <= now => {
                Err(TlsError::Expired { path: path.clone(), at: *at })
            }
            _ => Ok(self),
        }
    }

    /// What an operator should know of a certificate that ends soon or has ended.
    pub(crate) fn warning(&self, now: Timestamp) -> Option<String> {
        let own = self.own.as_ref()?;
        let (days, at, path) = (self.days_left(now)?, own.not_after?, own.path.display());
        Some(if days < 0 {
            format!("`sip.tls.certificate`: {path} has expired on {at}: phones refuse it")
        } else {
            format!("`sip.tls.certificate`: {path} expires on {at} (days left: {days})")
        })
    }
}

/// The identity in force, shared by the listeners and whoever replaces it.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    files: TlsFiles,
    current: Arc<ArcSwap<Identity>>,
}

impl Certificates {
    /// Seconds until the certificate in force expires, negative once it has; None where it does not say.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> Option<i64> {
        self.current.load().seconds_left(now)
    }

    /// Loads the files for the first time. An expired certificate is taken, with a warning: a PBX that starts with it is
    /// of more use than one that does not.
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let identity = files.load()?;
        let certificates = Self { files, current: Arc::new(ArcSwap::from_pointee(identity)) };
        certificates.warn();
        Ok(certificates)
    }

    /// Reads the files again; [`take`](Self::take) puts them in force.
    pub(crate) fn reload(&self) -> Result<Identity, TlsError> {
        self.files.load()?.refuse_expired(Timestamp::now())
    }

    /// New connections get this identity from now on.
    pub(crate) fn take(&self, identity: Identity) {
        self.current.store(Arc::new(identity));
        self.warn();
    }

    /// What changes when one of the files does.
    pub(crate) fn stamp(&self) -> Vec<Option<(u64, SystemTime)>> {
        self.files.stamp()
    }

    /// Says it in the log where the certificate ends soon.
    pub(crate) fn warn(&self) {
        if let Some(warning) = self.current.load().warning(Timestamp::now()) {
            tracing::warn!("{warning}");
        }
    }

    /// For one connection; None where we have nothing to show.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.current.load().own.as_ref().map(|own| TlsAcceptor::from(Arc::clone(&own.config)))
    }

    /// For one connection that we open.
    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.current.load().client))
    }

    /// The same, with somebody who looks on as the server's certificate is judged.
    pub(super) fn connector_with<V: ServerCertVerifier + 'static>(
        &self,
        look_on: impl FnOnce(Arc<Trust>) -> Arc<V>,
    ) -> TlsConnector {
        let identity = self.current.load();
        let mut config = ClientConfig::clone(&identity.client);
        config.dangerous().set_certificate_verifier(look_on(Arc::clone(&identity.trust)));
        TlsConnector::from(Arc::new(config))
    }
}

pub(super) fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(key, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(TlsError::Empty { key, path: path.to_owned(), what: "certificate" }),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(KEY, path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::Empty {
        key: KEY,
        path: path.to_owned(),
        what: "private key",
    })
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable { key, path: path.to_owned(), error })
}

const CERTIFICATE: &str = "sip.tls.certificate";
const KEY: &str = "sip.tls.key";
const CLIENT_CA: &str = "sip.tls.client_ca";
const WARN_DAYS: i64 = 14;
const DAY_SECS: i64 = 86_400;

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::*;

    pub(in crate::transport) fn files(folder: &TempDir, days: i64) -> TlsFiles {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["pbx.example".to_owned()]).unwrap();
        let end = (Timestamp::now() + jiff::SignedDuration::from_hours(days * 24)).as_second();
        params.not_after = SystemTime::UNIX_EPOCH
            .checked_add(std::time::Duration::from_secs(end.unsigned_abs()))
            .unwrap()
            .into();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("crt"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(path("key"), key.serialize_pem()).unwrap();
        let own = OwnFiles {
            certificate: path("crt"),
            key: path("key"),
            client_ca: None,
            require_client_certificate: false,
        };
        TlsFiles { own: Some(own), server_ca: None }
    }

    #[test]
    fn a_pair_that_fits_is_taken_and_its_end_is_known() {
        let folder = TempDir::new().unwrap();
        let now = Timestamp::now();
        assert_eq!(files(&folder, 100).load().unwrap().days_left(now), None);
        let left = Certificates::load(files(&folder, 100)).unwrap().seconds_left(now).unwrap();
        assert!((99 * DAY_SECS..=100 * DAY_SECS).contains(&left), "{left}");
        assert_eq!(files(&folder, 10).load().unwrap().days_left(now), Some(9));
        let expired = files(&folder, -1).load().unwrap();
        assert!(expired.days_left(now).unwrap() < 0);
        assert!(matches!(expired.refuse_expired(now), Err(TlsError::Expired { .. })));
    }

    #[test]
    fn a_bad_pair_is_refused_and_the_old_one_stays() {
        let folder = TempDir::new().unwrap();
        let good = files(&folder, 100);
        let certificates = Certificates::load(good.clone()).unwrap();
        let good = good.own.unwrap();
        let before = Arc::as_ptr(&certificates.current.load());
        fs::write(&good.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::Mismatch { .. })));
        fs::write(&good.certificate, "no certificate").unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::Empty { key: CERTIFICATE, .. })));
        fs::remove_file(&good.certificate).unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::Unreadable { .. })));
        assert_eq!(Arc::as_ptr(&certificates.current.load()), before);
        files(&folder, 100);
        certificates.take(certificates.reload().unwrap());
        assert_ne!(Arc::as_ptr(&certificates.current.load()), before);
    }
}
