//! One certificate over HTTPS: fetched within its time and its size, from an address that may be asked, or a fault with the reason
//! for the operator's log. Redirects are not followed.
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{
    Request, StatusCode, Uri,
    header::{ACCEPT, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        self,
        connect::{HttpConnector, dns::Name},
    },
    rt::{TokioExecutor, TokioTimer},
};
use kiestoon_sip::{
    network::Network,
    stir::{Chain, Fault},
};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use tower_service::Service;

use super::{Reach, address::may_reach};
use crate::{
    transport::{authorities, resolver},
    webhook::{Names, causes},
};

/// Fetches certificates.
pub(super) struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector<PublicNames>>, Empty<Bytes>>,
    ports: Vec<u16>,
    inside: Arc<[Network]>,
}

/// Why there is none, with words for the log.
pub(super) type Failure = (Fault, String);

impl Client {
    pub(super) fn new(reach: &Reach) -> Self {
        let inside: Arc<[Network]> = reach.inside.clone().into();
        let names = Names::new(resolver(&reach.outside.dns));
        let mut http = HttpConnector::new_with_resolver(PublicNames { names, inside: Arc::clone(&inside) });
        http.enforce_http(false);
        http.set_connect_timeout(Some(LONGEST));
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("this provider has ciphers for the default versions")
            .with_root_certificates(authorities(reach.outside.server_ca.as_deref()))
            .with_no_client_auth();
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_http1()
            .wrap_connector(http);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(0)
            .http1_max_buf_size(HEAD_BYTES)
            .build(https);
        Self { http, ports: reach.ports.clone(), inside }
    }

    /// What is at a URL. The time is over everything: the name, the connection, the body to its end.
    pub(super) async fn fetch(&self, url: &str) -> Result<Bytes, Failure> {
        match tokio::time::timeout(LONGEST, self.fetched(url)).await {
            Ok(fetched) => fetched,
            Err(_) => Err((Fault::NotFetched, format!("nothing whole within {} ms", LONGEST.as_millis()))),
        }
    }

    async fn fetched(&self, url: &str) -> Result<Bytes, Failure> {
        let uri = url.parse::<Uri>().map_err(|error| bad(error.to_string()))?;
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(443);
        if !self.ports.contains(&port) {
            return Err(bad(format!("port {port} is not asked for certificates (`stir.ports`)")));
        }
        // An address written as such is asked of no resolver.
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if let Some(address) = literal.filter(|address| !may_reach(*address, &self.inside)) {
            return Err(bad(format!("{address} is not of the public network (`stir.inside`)")));
        }
        let request = Request::get(uri)
            .header(ACCEPT, "application/pem-certificate-chain, application/pkix-cert")
            .header(USER_AGENT, concat!("kiestoon/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|error| bad(error.to_string()))?;
        let response =
            self.http.request(request).await.map_err(|error| (Fault::NotFetched, causes(&error)))?;
        if response.status() != StatusCode::OK {
            return Err((Fault::NotFetched, format!("status {}, 200 is expected", response.status())));
        }
        let body = Limited::new(response.into_body(), Chain::MOST_BYTES).collect().await;
        Ok(body.map_err(|error| (Fault::NotFetched, error.to_string()))?.to_bytes())
    }
}

fn bad(detail: String) -> Failure {
    (Fault::BadInfo, detail)
}

/// Looks names up, and gives those of their addresses that may be reached: what a name leads to is its owner's choice.
#[derive(Clone)]
struct PublicNames {
    names: Names,
    inside: Arc<[Network]>,
}

/// A name leads only to addresses that are not asked.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no address of the public network (`stir.inside`)")]
struct Inside;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Found = Result<std::vec::IntoIter<SocketAddr>, BoxError>;

impl Service<Name> for PublicNames {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Found> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, inside) = (self.names.call(name), Arc::clone(&self.inside));
        Box::pin(async move {
            let public: Vec<_> = found.await?.filter(|address| may_reach(address.ip(), &inside)).collect();
            if public.is_empty() { Err(Inside.into()) } else { Ok(public.into_iter()) }
        })
    }
}

/// Less than a call waits.
const LONGEST: Duration = Duration::from_millis(1_900);
const HEAD_BYTES: usize = 16 * 1_024;
