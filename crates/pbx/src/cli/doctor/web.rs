//! The web pages as a browser gets them: over HTTPS, with the script that they need.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::Request;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_rustls::TlsConnector;

use super::Look;
use crate::cli::language::say;

pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Look<'_> {
    pub(super) async fn web(&mut self) {
        let language = self.language;
        let Some(address) = self.config.admin.https.first().copied() else {
            let says = say!(
                language,
                "`admin.https` is empty: a proxy has to do HTTPS",
                "`admin.https` is leeg: een proxy moet HTTPS doen"
            );
            return self.skipped("web pages", says);
        };
        let address = reachable(address);
        match tokio::time::timeout(LONGEST, self.pages(address)).await {
            Ok(Ok(())) => self.good(
                "web pages",
                say!(
                    language,
                    "https://{address} gives the page and its script",
                    "https://{address} geeft de pagina en haar script"
                ),
            ),
            Ok(Err(fault)) if fault.is::<NoPages>() => self.not_built(address),
            Ok(Err(fault)) => self.no_pages(address, &fault.to_string()),
            Err(_) => self.no_pages(address, language.pick("no answer in time", "geen antwoord op tijd")),
        }
    }

    fn no_pages(&mut self, address: SocketAddr, fault: &str) {
        let language = self.language;
        self.failed(
            "web pages",
            say!(
                language,
                "https://{address} does not give them ({fault})",
                "https://{address} geeft ze niet ({fault})"
            ),
            say!(
                language,
                "start `kiestoon-admin serve`; its log says what is wrong",
                "start `kiestoon-admin serve`; het log zegt wat er mis is"
            ),
        );
    }

    /// It answers, and has nothing to show.
    fn not_built(&mut self, address: SocketAddr) {
        let language = self.language;
        self.failed(
            "web pages",
            say!(
                language,
                "kiestoon-admin answers at https://{address}, but was built without them",
                "kiestoon-admin antwoordt op https://{address}, maar is zonder gebouwd"
            ),
            say!(
                language,
                "build `web` first (its page says how) and then kiestoon-admin, or install a release",
                "bouw eerst `web` (zijn pagina zegt hoe) en dan kiestoon-admin, of installeer een uitgave"
            ),
        );
    }

    async fn pages(&self, address: SocketAddr) -> Result<(), Fault> {
        let page = self.fetch(address, self.name(), "/").await?;
        let page = String::from_utf8_lossy(&page);
        let script = page.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let script = script.filter(|path| path.starts_with('/')).find(|path| path.ends_with(".js"));
        let script = script.ok_or(NoPages)?;
        if self.fetch(address, self.name(), script).await?.is_empty() {
            return Err("the script is empty".into());
        }
        Ok(())
    }

    /// What an address gives whose certificate is of that name.
    pub(super) async fn fetch(
        &self,
        address: impl ToSocketAddrs,
        name: String,
        path: &str,
    ) -> Result<Bytes, Fault> {
        let tls = TlsConnector::from(Arc::new(self.believes()?));
        let stream = TcpStream::connect(address).await?;
        let stream = tls.connect(ServerName::try_from(name.clone())?, stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::get(path).header(HOST, name).body(Empty::<Bytes>::new())?;
        let asked = async {
            let response = sender.send_request(request).await?;
            if !response.status().is_success() {
                return Err(format!("{path}: {}", response.status()).into());
            }
            let body = Limited::new(response.into_body(), MOST_BYTES).collect().await?;
            Ok::<_, Fault>(body.to_bytes())
        };
        tokio::pin!(asked);
        tokio::select! {
            answered = &mut asked => answered,
            ended = connection => {
                ended?;
                asked.await
            }
        }
    }

    /// Whom a browser would believe, and our own authority.
    fn believes(&self) -> Result<ClientConfig, Fault> {
        let mut authorities = crate::transport::authorities(None);
        if let Ok(own) = CertificateDer::from_pem_file(self.own_authority()) {
            authorities.add(own)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities)
            .with_no_client_auth())
    }

    /// A name that the certificate has.
    pub(super) fn name(&self) -> String {
        let own = || "localhost".to_owned();
        let Some(file) = &self.config.admin.certificate else { return own() };
        let Ok(certificate) = CertificateDer::from_pem_file(file) else { return own() };
        let named = webpki::EndEntityCert::try_from(&certificate);
        named.ok().and_then(|named| named.valid_dns_names().next().map(str::to_owned)).unwrap_or_else(own)
    }

    fn own_authority(&self) -> PathBuf {
        self.config.store.neighbour().with_file_name("tls").join("ca.crt")
    }

    /// How long the certificate lasts, and who vouches for it.
    pub(super) fn https(&mut self) {
        let language = self.language;
        let Some(file) = self.config.admin.certificate.clone() else {
            return self.warning(
                "HTTPS",
                say!(language, "the certificate is of our own authority: every browser warns of it once", "het certificaat is van onze eigen autoriteit: elke browser waarschuwt er een keer voor"),
                say!(language, "have browsers trust /ca.crt, or give `admin.certificate` and `admin.key` of a public authority", "laat browsers /ca.crt vertrouwen, of geef `admin.certificate` en `admin.key` van een openbare autoriteit"),
            );
        };
        let shown = file.display().to_string();
        let until =
            CertificateDer::from_pem_file(&file).ok().and_then(|der| kiestoon_config::not_after(&der));
        let Some(until) = until else {
            let advice = say!(language, "give a certificate in PEM", "geef een certificaat in PEM");
            return self.failed(
                "HTTPS",
                say!(language, "{shown} is no certificate", "{shown} is geen certificaat"),
                advice,
            );
        };
        let days = until.duration_since(Timestamp::now()).as_hours() / 24;
        let says = say!(language, "{shown} lasts {days} days", "{shown} duurt nog {days} dagen");
        let advice = || {
            say!(
                language,
                "renew it; a running sidecar takes the new file by itself",
                "vernieuw het; een draaiende kiestoon-admin neemt het nieuwe bestand vanzelf"
            )
        };
        match days {
            ..=0 => self.failed("HTTPS", says, advice()),
            1..SOON_DAYS => self.warning("HTTPS", says, advice()),
            _ => self.good("HTTPS", says),
        }
    }
}

/// Where something that listens on all addresses is found from here.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// A page that needs no script is the one that says how to build the others.
#[derive(Debug, thiserror::Error)]
#[error("the page names no script")]
struct NoPages;

pub(super) const LONGEST: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 16 << 20;
const SOON_DAYS: i64 = 14;
