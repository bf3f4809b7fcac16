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

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
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
        self.sign_for(vec![
            SanType::IpAddress([127, 0, 0, 1].into()),
            SanType::IpAddress([127, 0, 0, 2].into()),
            SanType::DnsName("localhost".try_into().unwrap()),
        ])
    }

    /// For any names.
    pub(crate) fn sign_for(&self, names: Vec<SanType>) -> Signed {
        self.sign_with(names, |_| {})
    }

    /// The same, of a certificate that is made otherwise.
    pub(crate) fn sign_with(&self, names: Vec<SanType>, make: impl FnOnce(&mut CertificateParams)) -> Signed {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        make(&mut params);
        params.subject_alt_names = names;
        // A certificate with the name of its issuer counts as its own issuer with some.
        params.distinguished_name.push(DnType::CommonName, "peer");
        Signed { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    /// Writes the files of another server into a folder: `proxy.crt`, `proxy.key` and `ca.crt`.
    pub(crate) fn equip_proxy(&self, folder: &Path) {
        let signed = self.sign();
        fs::write(folder.join("proxy.crt"), signed.certificate.pem()).unwrap();
        fs::write(folder.join("ca.crt"), self.certificate.pem()).unwrap();
        write_key(&folder.join("proxy.key"), &signed.key);
    }

    /// A server that shows `own`, and serves peers that show a certificate of this authority.
    pub(crate) fn server(&self, own: &Signed) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::new(self.roots());
        let peers =
            WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().unwrap();
        let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_client_cert_verifier(peers);
        Arc::new(builder.with_single_cert(vec![own.certificate.der().clone()], key).unwrap())
    }

    /// A server that shows `own` and serves anybody.
    pub(crate) fn open_server(&self, own: &Signed) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![own.certificate.der().clone()], key).unwrap())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        roots
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
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots());
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
