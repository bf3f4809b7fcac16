use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use kiestoon_call::CertificateId;
use kiestoon_testkit::stir::Authority;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

/// A server of certificates on this machine, and who believes it.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    reach: Reach,
    _task: Task<()>,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Says the same to everybody who asks.
    async fn says(response: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.crt");
        let config = tls(&ca);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let task = task::spawn("tls server", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4_096]).await;
                if response.is_empty() {
                    std::future::pending::<()>().await;
                }
                let _ = stream.write_all(response.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        let reach = Reach {
            outside: Outside { dns: Vec::new(), server_ca: Some(ca) },
            ports: vec![address.port()],
            inside: vec![Network { address: [127, 0, 0, 0].into(), prefix: 8 }],
        };
        Self { address, asked, reach, _task: task, _folder: folder }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/sti.pem", self.address.port())
    }

    async fn is_asked_by(&self, reach: &Reach) -> Result<usize, Fault> {
        let bytes = Client::new(reach).fetch(&self.url()).await;
        bytes.map(|bytes| bytes.len()).map_err(|(fault, _)| fault)
    }
}

fn tls(ca: &Path) -> ServerConfig {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(ca, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
}

fn response(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn call(ask: u64) -> CertificateId {
    serde_json::from_value(serde_json::json!({ "call": 1, "ask": ask })).unwrap()
}

#[tokio::test]
async fn one_certificate_is_fetched_once_for_all_who_wait_and_who_come_later() {
    let server = Server::says(response(&Authority::new().issues(2040).certificate)).await;
    let (answers, mut answered) = mpsc::channel(FETCHES);
    let mut fetcher = Fetcher::new(server.reach.clone(), Handle::current(), answers);
    for ask in 0..3 {
        assert!(fetcher.fetch(call(ask), &server.url()).is_none());
    }
    let inputs = fetcher.fetched(answered.recv().await.unwrap());
    let is_chain = |input: &Input| matches!(input, Input::CertificateFetched { chain: Ok(_), .. });
    assert!(inputs.len() == 3 && inputs.iter().all(is_chain));
    assert!(fetcher.fetch(call(4), &server.url()).is_some_and(|input| is_chain(&input)), "it is known now");
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn addresses_inside_and_other_ports_are_not_asked() {
    let server = Server::says(response("x")).await;
    let reach = &server.reach;
    assert_eq!(server.is_asked_by(reach).await, Ok(1));
    assert_eq!(server.is_asked_by(&Reach { inside: Vec::new(), ..reach.clone() }).await, Err(Fault::BadInfo));
    assert_eq!(server.is_asked_by(&Reach { ports: vec![443], ..reach.clone() }).await, Err(Fault::BadInfo));
    let client = Client::new(&Reach { inside: Vec::new(), ..reach.clone() });
    let by_name = client.fetch(&format!("https://localhost:{}/", server.address.port())).await.unwrap_err();
    assert_eq!(by_name.0, Fault::NotFetched, "a name leads no further: {}", by_name.1);
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn whatever_else_a_server_says_is_no_certificate() {
    let long = response(&"x".repeat(Chain::MOST_BYTES + 1));
    let elsewhere = "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n";
    for said in
        [long.as_str(), elsewhere, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "nonsense", ""]
    {
        let server = Server::says(said.to_owned()).await;
        assert_eq!(server.is_asked_by(&server.reach).await, Err(Fault::NotFetched));
        assert_eq!(server.asked.load(Ordering::SeqCst), 1, "nobody else was asked, and nobody twice");
    }
    let server = Server::says(response("no certificate")).await;
    let (answers, mut answered) = mpsc::channel(FETCHES);
    let mut fetcher = Fetcher::new(server.reach.clone(), Handle::current(), answers);
    assert!(fetcher.fetch(call(0), &server.url()).is_none());
    let inputs = fetcher.fetched(answered.recv().await.unwrap());
    assert!(matches!(
        inputs.as_slice(),
        [Input::CertificateFetched { chain: Err(Fault::UnreadableCertificate), .. }]
    ));
}

#[tokio::test]
async fn a_server_that_nobody_believes_is_not_listened_to() {
    let server = Server::says(response("x")).await;
    let outside = Outside { server_ca: None, ..server.reach.outside.clone() };
    assert_eq!(server.is_asked_by(&Reach { outside, ..server.reach.clone() }).await, Err(Fault::NotFetched));
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
}
