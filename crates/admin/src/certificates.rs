//! The certificate that HTTPS shows: the operator's files, read anew when they change, or one of the local authority, made
//! anew when the machine's names change and long before it ends.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use kiestoon_config::{Admin, Config};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::Instant;

use crate::local_authority::{AuthorityError, LocalAuthority, Signed, own_names};

/// The certificate in use, and where the next one comes from.
#[derive(Clone)]
pub(crate) struct Certificates {
    shown: Arc<Shown>,
    source: Arc<Source>,
}

/// What rustls asks at each handshake.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Own { authority: LocalAuthority, more: Vec<String> },
}

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("`admin.certificate`: the file {} cannot be read ({reason})", path.display())]
    File { path: PathBuf, reason: String },
    #[error("`admin.certificate` and `admin.key` cannot be used together ({0})")]
    Pair(rustls::Error),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl Certificates {
    /// Reads the operator's files, or makes a certificate.
    pub(crate) fn open(config: &Config) -> Result<Self, CertificateError> {
        let source = Source::open(config)?;
        let (key, _) = source.make()?;
        Ok(Self { shown: Arc::new(Shown(ArcSwap::from_pointee(key))), source: Arc::new(source) })
    }

    /// For the listeners. HTTP/1.1 only: browsers open WebSockets over it anyway, and it is one protocol less to attack.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Shown>::clone(&self.shown);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// The certificate of the local authority, where there is one.
    pub(crate) fn authority_pem(&self) -> Option<String> {
        match &*self.source {
            Source::Files { .. } => None,
            Source::Own { authority, .. } => Some(authority.pem.clone()),
        }
    }

    /// Looks once a minute whether another certificate is due; does not return. One that does not fit is said and not used.
    pub(crate) async fn keep_current(self) {
        let (mut mark, mut made) = (self.source.mark(), Instant::now());
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.source.mark();
            if now == mark && made.elapsed() < RENEW_AFTER {
                continue;
            }
            match self.source.make() {
                Ok((key, what)) => {
                    self.shown.0.store(Arc::new(key));
                    tracing::info!(what, "another certificate is shown");
                }
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            }
            (mark, made) = (now, Instant::now());
        }
    }
}

/// What a certificate depends on.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Times([Option<SystemTime>; 2]),
    Names(Vec<String>),
}

impl Source {
    fn open(config: &Config) -> Result<Self, CertificateError> {
        let Admin { certificate, key, .. } = &config.admin;
        if let (Some(certificate), Some(key)) = (certificate.clone(), key.clone()) {
            return Ok(Self::Files { certificate, key });
        }
        let external = config.sip.external_address.map(|address| address.to_string());
        let more = config.admin.names.iter().cloned().chain(external).collect();
        let folder = config.store.neighbour().with_file_name("tls");
        Ok(Self::Own { authority: LocalAuthority::open(&folder)?, more })
    }

    fn make(&self) -> Result<(CertifiedKey, &'static str), CertificateError> {
        let (signed, what) = match self {
            Self::Files { certificate, key } => (read(certificate, key)?, "files"),
            Self::Own { authority, more } => {
                (authority.sign(&own_names(more.iter().cloned()))?, "local authority")
            }
        };
        let provider = aws_lc_rs::default_provider();
        let made =
            CertifiedKey::from_der(signed.chain, signed.key, &provider).map_err(CertificateError::Pair)?;
        Ok((made, what))
    }

    fn mark(&self) -> Mark {
        match self {
            Self::Files { certificate, key } => Mark::Times(
                [certificate, key].map(|file| fs::metadata(file).and_then(|facts| facts.modified()).ok()),
            ),
            Self::Own { more, .. } => Mark::Names(own_names(more.iter().cloned())),
        }
    }
}

fn read(certificate: &PathBuf, key: &PathBuf) -> Result<Signed, CertificateError> {
    let failed = |path: &PathBuf, reason: String| CertificateError::File { path: path.clone(), reason };
    let text = fs::read(certificate).map_err(|error| failed(certificate, error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| failed(certificate, "it holds no certificate in PEM".into()))?;
    let text = fs::read(key).map_err(|error| failed(key, error.to_string()))?;
    let read = PrivateKeyDer::from_pem_slice(&text);
    let key = read.map_err(|_| failed(key, "it holds no private key in PEM".into()))?;
    Ok(Signed { chain, key })
}

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The local authority's certificates end after 397 days.
const RENEW_AFTER: Duration = Duration::from_secs(300 * 86_400);
