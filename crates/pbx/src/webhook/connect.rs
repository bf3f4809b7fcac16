//! Connections to services: names by the resolver that a search can be given up with, the system's authorities and the operator's own,
//! and a bound on each way there.
use std::{
    error::Error,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hickory_resolver::TokioResolver;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use tower_service::Service;

use super::Outside;
use crate::transport::{authorities, resolver};

type Https = HttpsConnector<HttpConnector<Names>>;
type BoxError = Box<dyn Error + Send + Sync>;
type Boxed<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Opens connections, or fails within [`LONGEST_WAY`]: also one that nobody waits for any more, because another became free.
#[derive(Clone)]
pub(crate) struct Connector(Https);

impl Connector {
    pub(crate) fn new(outside: &Outside) -> Self {
        let mut http = HttpConnector::new_with_resolver(Names::new(resolver(&outside.dns)));
        http.enforce_http(false);
        http.set_nodelay(true);
        // Shared among the addresses of a name: one that is dead leaves time for the next.
        http.set_connect_timeout(Some(CONNECT));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("this provider has ciphers for the default versions")
            .with_root_certificates(authorities(outside.server_ca.as_deref()))
            .with_no_client_auth();
        Self(
            HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
                .enable_http1()
                .wrap_connector(http),
        )
    }
}

impl Service<Uri> for Connector {
    type Response = <Https as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Boxed<Self::Response, BoxError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let way = self.0.call(uri);
        Box::pin(async move { tokio::time::timeout(LONGEST_WAY, way).await? })
    }
}

/// Why a connection or a question failed, down to the first cause.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Looks names up.
#[derive(Clone)]
pub(crate) struct Names(Option<TokioResolver>);

impl Names {
    /// By this resolver; None: no name is known.
    pub(crate) fn new(resolver: Option<TokioResolver>) -> Self {
        Self(resolver)
    }
}

/// A name leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the name {0} is not known")]
pub(crate) struct UnknownHost(String);

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = UnknownHost;
    type Future = Boxed<Self::Response, UnknownHost>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), UnknownHost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let dns = self.0.clone();
        Box::pin(async move {
            let unknown = || UnknownHost(name.as_str().to_owned());
            let found = dns.ok_or_else(unknown)?.lookup_ip(name.as_str()).await.map_err(|_| unknown())?;
            let found: Vec<_> = found.iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(found.into_iter())
        })
    }
}

const CONNECT: Duration = Duration::from_secs(3);
const LONGEST_WAY: Duration = Duration::from_secs(10);
