//! The certificate that HTTPS shows: the operator's files, read anew when they change, or one of the local authority, made
//! anew when the machine has another name or address and long before it ends. Connections that are open keep what they began with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use kiestoon_config::{Admin, Config, not_after};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::local_authority::{AuthorityError, LocalAuthority, Signed, own_names};

/// The certificate in use, and where the next one comes from.
#[derive(Clone)]
pub(crate) struct Certificates {
    shown: Arc<Shown>,
    // Held for one look, by one task; a message would need a task that answers the pages, too.
    source: Arc<Mutex<Keeper>>,
}

/// What rustls asks at each handshake.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Where certificates come from, and what the one that is shown was made of.
struct Keeper {
    source: Source,
    made_of: Mark,
    /// The files that were refused, so that it is said once.
    refused: Option<Mark>,
}

enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Own { authority: LocalAuthority, more: Vec<String> },
}

/// What a certificate depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Files([Option<(u64, SystemTime)>; 2]),
    Names(Vec<String>),
}

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error(
        "`{key}`: the file {} cannot be read ({reason}); make it readable for the user that runs kiestoon-admin, or leave \
         `admin.certificate` and `admin.key` out",
        path.display()
    )]
    Unreadable { key: &'static str, path: PathBuf, reason: std::io::Error },
    #[error("`{key}`: the file {} holds no {what} in PEM; give it in that form", path.display())]
    Empty { key: &'static str, path: PathBuf, what: &'static str },
    #[error(
        "`admin.certificate` and `admin.key`: {} and {} cannot be used together ({reason}); give the key that the \
         certificate was made with",
        certificate.display(),
        key.display()
    )]
    Pair { certificate: PathBuf, key: PathBuf, reason: rustls::Error },
    #[error("a certificate of the local authority cannot be used ({0})")]
    Own(rustls::Error),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl Certificates {
    /// Reads the operator's files, or makes a certificate.
    pub(crate) fn open(config: &Config, now: Timestamp) -> Result<Self, CertificateError> {
        Self::of(Source::open(config, now)?, now)
    }

    fn of(source: Source, now: Timestamp) -> Result<Self, CertificateError> {
        let made_of = source.mark();
        let key = source.make(now)?;
        let keeper = Keeper { source, made_of, refused: None };
        Ok(Self { shown: Arc::new(Shown(ArcSwap::from_pointee(key))), source: Arc::new(Mutex::new(keeper)) })
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
        match &self.source.lock().unwrap_or_else(PoisonError::into_inner).source {
            Source::Files { .. } => None,
            Source::Own { authority, .. } => Some(authority.pem.clone()),
        }
    }

    /// Until the certificate that is shown ends, negative once it has; `None` where it does not say.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> Option<i64> {
        let shown = self.shown.0.load();
        Some(not_after(shown.cert.first()?)?.duration_since(now).as_secs())
    }

    /// Looks every few seconds whether another certificate is due; does not return.
    pub(crate) async fn keep_current(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.look(Timestamp::now()) {
                Ok(None) => {}
                Ok(Some(what)) => tracing::info!(what, "another certificate is shown"),
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            }
        }
    }

    /// Shows another certificate where one is due, and says why. One that cannot be had changes nothing and is an error once;
    /// it is tried again at each look.
    fn look(&self, now: Timestamp) -> Result<Option<&'static str>, CertificateError> {
        let mut keeper = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = keeper.source.mark();
        let Some(why) = self.due(&keeper, &mark, now) else { return Ok(None) };
        if let Source::Own { authority, .. } = &mut keeper.source
            && let Err(error) = authority.renew(now)
        {
            return keeper.refuse(mark, error.into());
        }
        match keeper.source.make(now) {
            Ok(key) => {
                self.shown.0.store(Arc::new(key));
                (keeper.made_of, keeper.refused) = (mark, None);
                Ok(Some(why))
            }
            Err(error) => keeper.refuse(mark, error),
        }
    }

    fn due(&self, keeper: &Keeper, mark: &Mark, now: Timestamp) -> Option<&'static str> {
        match (&keeper.made_of, mark) {
            (Mark::Names(made), Mark::Names(names)) => {
                // A name that is gone, of a cable that was pulled, may come back; nobody asks for it meanwhile.
                let is_new = names.iter().any(|name| !made.contains(name));
                let ends = self.seconds_left(now).is_none_or(|left| left < RENEW_BEFORE_SECS);
                if is_new { Some("another name or address") } else { ends.then_some("the one before ends") }
            }
            (made, mark) => (made != mark).then_some("other files"),
        }
    }
}

impl Keeper {
    fn refuse(
        &mut self,
        mark: Mark,
        error: CertificateError,
    ) -> Result<Option<&'static str>, CertificateError> {
        let is_known = self.refused.as_ref() == Some(&mark);
        self.refused = Some(mark);
        if is_known { Ok(None) } else { Err(error) }
    }
}

impl Source {
    fn open(config: &Config, now: Timestamp) -> Result<Self, CertificateError> {
        let Admin { certificate, key, .. } = &config.admin;
        if let (Some(certificate), Some(key)) = (certificate.clone(), key.clone()) {
            return Ok(Self::Files { certificate, key });
        }
        let external = config.sip.external_address.map(|address| address.to_string());
        let more = config.admin.names.iter().cloned().chain(external).collect();
        let folder = config.store.neighbour().with_file_name("tls");
        Ok(Self::Own { authority: LocalAuthority::open(&folder, now)?, more })
    }

    fn make(&self, now: Timestamp) -> Result<CertifiedKey, CertificateError> {
        let certified = |of: Signed| CertifiedKey::from_der(of.chain, of.key, &aws_lc_rs::default_provider());
        match self {
            Self::Files { certificate, key } => certified(read(certificate, key)?).map_err(|reason| {
                CertificateError::Pair { certificate: certificate.clone(), key: key.clone(), reason }
            }),
            Self::Own { authority, more } => {
                certified(authority.sign(&own_names(more.iter().cloned()), now)?)
                    .map_err(CertificateError::Own)
            }
        }
    }

    fn mark(&self) -> Mark {
        match self {
            Self::Files { certificate, key } => Mark::Files([certificate, key].map(|file| {
                let facts = fs::metadata(file).ok()?;
                Some((facts.len(), facts.modified().ok()?))
            })),
            Self::Own { more, .. } => Mark::Names(own_names(more.iter().cloned())),
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Signed, CertificateError> {
    let text = |name, path: &Path| {
        let path = path.to_owned();
        fs::read(&path).map_err(|reason| CertificateError::Unreadable { key: name, path, reason })
    };
    let empty = |name, path: &Path, what| CertificateError::Empty { key: name, path: path.to_owned(), what };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&text("admin.certificate", certificate)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| empty("admin.certificate", certificate, "certificate"))?;
    let private = PrivateKeyDer::from_pem_slice(&text("admin.key", key)?);
    let key = private.map_err(|_| empty("admin.key", key, "private key"))?;
    Ok(Signed { chain, key })
}

/// A look asks the file system, and the kernel for addresses: microseconds.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// 60 days. The local authority's certificates last 397.
const RENEW_BEFORE_SECS: i64 = 60 * 86_400;

#[cfg(test)]
mod tests;
