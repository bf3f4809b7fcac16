//! A TLS connection of ours that is opened for an operator to look at: what the server shows is kept, whether it is believed or not.
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::client::TlsStream;

use super::{tcp, tls::Certificates, trust::Trust};

/// What a handshake came to.
pub(crate) struct Handshake {
    pub(crate) stream: Result<Box<TlsStream<TcpStream>>, Distrust>,
    /// The certificates that the server has shown, its own first.
    pub(crate) shown: Vec<CertificateDer<'static>>,
}

/// Why a server is not believed.
#[derive(Debug)]
pub(crate) enum Distrust {
    /// Nobody whom we believe has signed its certificate.
    UnknownIssuer,
    /// It is a certificate of another domain.
    WrongName,
    Expired,
    NotYetValid,
    /// It has a certificate, and something else is wrong with that.
    Certificate(String),
    /// No handshake was possible.
    Handshake(String),
    /// It took too long.
    Silent,
}

/// Opens a TCP connection, within the time that calls give it.
pub(crate) async fn connect(remote: SocketAddr) -> io::Result<TcpStream> {
    let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect(remote));
    let stream = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    tcp::send_at_once(&stream);
    Ok(stream)
}

/// Has the server of a connection prove that it is `name`.
pub(crate) async fn handshake(certificates: &Certificates, stream: TcpStream, name: &str) -> Handshake {
    let mut looker: Option<Arc<Looker>> = None;
    let connector = certificates.connector_with(|trust| {
        let own = Arc::new(Looker { trust, shown: Mutex::default() });
        looker = Some(Arc::clone(&own));
        own
    });
    let stream = match ServerName::try_from(name.trim_end_matches('.').to_owned()) {
        Err(_) => Err(Distrust::WrongName),
        Ok(name) => match timeout(HANDSHAKE_TIMEOUT, connector.connect(name, stream)).await {
            Ok(connected) => connected.map(Box::new).map_err(|error| Distrust::of(&error)),
            Err(_) => Err(Distrust::Silent),
        },
    };
    let shown = looker.map(|looker| looker.shown()).unwrap_or_default();
    Handshake { stream, shown }
}

impl Distrust {
    fn of(error: &io::Error) -> Self {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        let Some(Error::InvalidCertificate(certificate)) = of_tls else {
            return Self::Handshake(error.to_string());
        };
        match certificate {
            // The second: somebody has the name of an authority whom we believe, and not its key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            other => Self::Certificate(other.to_string()),
        }
    }
}

/// Judges as calls do, and keeps what it has judged.
#[derive(Debug)]
struct Looker {
    trust: Arc<Trust>,
    /// rustls asks through a shared reference, and has nobody to send a message to.
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl Looker {
    fn shown(&self) -> Vec<CertificateDer<'static>> {
        std::mem::take(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServerCertVerifier for Looker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        let chain = chain.take(MOST_SHOWN).map(|one| one.clone().into_owned()).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        self.trust.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.supported_verify_schemes()
    }
}

/// As for calls.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
const MOST_SHOWN: usize = 8;
