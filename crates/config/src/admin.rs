//! `[admin]`: what the sidecar, `kiestoon-admin`, needs to start.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::secret::Secret;
use crate::section::section;
use crate::value::Cidr;

section! {
    /// `[admin]`.
    pub struct Admin {
        /// Addresses that HTTP is served on; others than loopback need `allow_http`.
        pub http: Vec<SocketAddr> = vec![(Ipv4Addr::LOCALHOST, 8080).into()];
        /// Addresses that HTTPS is served on.
        pub https: Vec<SocketAddr> = vec![(Ipv4Addr::UNSPECIFIED, 8443).into(), (Ipv6Addr::UNSPECIFIED, 8443).into()];
        /// Whether HTTP may be served beyond this machine, in the clear: for a proxy before it that does TLS.
        pub allow_http: bool = false;
        /// The certificate chain, PEM; left out: one of a local authority, made by the sidecar itself.
        pub certificate: Option<PathBuf> = None;
        /// Its private key, PEM, not readable by others.
        pub key: Option<PathBuf> = None;
        /// Further names and addresses in the certificate that the sidecar makes.
        pub names: Vec<String> = Vec::new();
        /// Proxies before the sidecar (`ADDRESS` or `ADDRESS/PREFIX`) whose X-Forwarded-For and X-Forwarded-Proto count.
        pub trusted_proxies: Vec<Cidr> = Vec::new();
        /// What the world calls the sidecar, such as `https://pbx.example.com`; empty: what each request says.
        pub public_url: String = String::new();
        /// Networks beside loopback that may read `/metrics`.
        pub metrics_from: Vec<Cidr> = Vec::new();
        /// How long a login lasts without use.
        pub session_hours: u32 = 12, in 1..=720;
        /// How long the SIP credentials of a browser last.
        pub token_ttl_secs: u32 = 3_600, in 60..=86_400;
        /// ICE servers without credentials, `stun:` URLs.
        pub ice_servers: Vec<String> = Vec::new();
        /// TURN servers, `turn:` and `turns:` URLs, that know `turn_secret`.
        pub turn_urls: Vec<String> = Vec::new();
        /// The secret that TURN credentials are made of; better kept in a file.
        pub turn_secret: Option<Secret> = None;
        /// The file of that secret.
        pub turn_secret_file: Option<PathBuf> = None;
        /// The language of the web pages.
        pub locale: String = "nl".into();
    }
}
