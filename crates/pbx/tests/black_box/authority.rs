//! A certificate authority of the test's own, and a peer that speaks TLS as the test wants it.
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};

use crate::pbx::Pbx;

/// Signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate with its key.
pub(crate) struct Signed {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// For the loopback address.
    pub(crate) fn sign(&self) -> Signed {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        Signed { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    /// Has a PBX serve TLS with a certificate of this authority; `more` goes into its section.
    pub(crate) fn equip(&self, pbx: &Pbx, more: &str) -> CertificateDer<'static> {
        let path = |name: &str| pbx.path(name).display().to_string();
        pbx.configure(&format!(
            "[sip.tls]\nlisten = [\"{}\"]\ncertificate = \"{}\"\nkey = \"{}\"\n{more}",
            pbx.address_over("tls"),
            path("pbx.crt"),
            path("pbx.key")
        ));
        fs::write(pbx.path("ca.crt"), self.certificate.pem()).unwrap();
        self.replace(pbx)
    }

    /// Gives the PBX's files a new content; what the PBX will show.
    pub(crate) fn replace(&self, pbx: &Pbx) -> CertificateDer<'static> {
        let signed = self.sign();
        fs::write(pbx.path("pbx.crt"), signed.certificate.pem()).unwrap();
        write_key(&pbx.path("pbx.key"), &signed.key);
        signed.certificate.der().clone()
    }

    /// A peer that trusts this authority and shows `own`.
    pub(crate) fn client(&self, own: Option<&Signed>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![own.certificate.der().clone()], key).unwrap()
            }
        })
    }
}

/// A key that nobody else may read.
pub(crate) fn write_key(path: &Path, key: &KeyPair) {
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(key.serialize_pem().as_bytes()).unwrap();
}

/// A connection of such a peer.
pub(crate) struct Peer {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Peer {
    pub(crate) fn connect(pbx: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        Self::over(TcpStream::connect(pbx).unwrap(), config)
    }

    /// Over a connection that is there.
    pub(crate) fn over(stream: TcpStream, config: &Arc<ClientConfig>) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let pbx = stream.peer_addr().unwrap();
        let client = ClientConnection::new(Arc::clone(config), pbx.ip().into()).unwrap();
        Self { stream: StreamOwned::new(client, stream) }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.stream.sock.local_addr().unwrap()
    }

    /// The answer to a request, or why there is none.
    pub(crate) fn ask(&mut self, request: &str) -> std::io::Result<String> {
        self.stream.write_all(request.as_bytes())?;
        self.stream.flush()?;
        let mut buffer = [0; 65_535];
        let length = self.stream.read(&mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// The certificate that the PBX showed.
    pub(crate) fn shown(&self) -> CertificateDer<'static> {
        self.stream.conn.peer_certificates().unwrap()[0].clone()
    }
}
