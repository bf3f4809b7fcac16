//! The checks of `[admin]`.

use crate::checks::{Checks, both_set, needs};
use crate::load::place_of;
use crate::sentence::both;
use crate::tree::Config;

impl Checks<'_> {
    pub(crate) fn admin(&mut self, config: &Config) {
        let admin = &config.admin;
        self.twice("admin.http", &[&admin.http[..], &admin.https].concat());
        self.clear_text(config);
        self.certificate(config);
        self.turn(config);
        for (key, urls, schemes) in [
            ("admin.ice_servers", &admin.ice_servers, &["stun:", "stuns:"]),
            ("admin.turn_urls", &admin.turn_urls, &["turn:", "turns:"]),
        ] {
            let [plain, secure] = *schemes;
            for url in urls.iter().filter(|url| !url.starts_with(plain) && !url.starts_with(secure)) {
                let hint = both!(
                    "write it as \"{plain}ice.example:3478\"",
                    "schrijf het als \"{plain}ice.example:3478\""
                );
                let message = both!(
                    "`{key}` has {url:?}, which does not begin with {plain}",
                    "`{key}` heeft {url:?}, wat niet met {plain} begint"
                );
                self.error(key, message, Some(hint));
            }
        }
        if !LOCALES.contains(&admin.locale.as_str()) {
            let hint = both!("known languages: {}", "bekende talen: {}", LOCALES.join(", "));
            let message = both!(
                "`admin.locale` is {:?}",
                "`admin.locale` is {:?}, een taal die hier niet is",
                admin.locale
            );
            self.error("admin.locale", message, Some(hint));
        }
        if !admin.public_url.is_empty() && !is_base_url(&admin.public_url) {
            let hint = both!(
                "write it as \"https://pbx.example.com\", with a port where it is not 443",
                "schrijf het als \"https://pbx.example.com\", met een poort waar die niet 443 is"
            );
            let message = both!(
                "`admin.public_url` is {:?}",
                "`admin.public_url` is {:?}, wat geen basis-URL is",
                admin.public_url
            );
            self.error("admin.public_url", message, Some(hint));
        }
        for name in admin.names.iter().filter(|name| !is_host(name)) {
            let hint = both!(
                "write it as \"pbx.example\" or \"192.0.2.10\"",
                "schrijf het als \"pbx.example\" of \"192.0.2.10\""
            );
            let message = both!(
                "`admin.names` has {name:?}, which is no name of a host",
                "`admin.names` heeft {name:?}, wat geen naam van een host is"
            );
            self.error("admin.names", message, Some(hint));
        }
    }

    /// Passwords and sessions must not cross a network in the clear by mistake.
    fn clear_text(&mut self, config: &Config) {
        let admin = &config.admin;
        let open = admin.http.iter().find(|address| !address.ip().is_loopback());
        if let Some(open) = open.filter(|_| !admin.allow_http) {
            let message = both!(
                "`admin.http` has {open}: passwords would cross the network in the clear",
                "`admin.http` heeft {open}: wachtwoorden zouden onversleuteld over het netwerk gaan"
            );
            let hint = both!(
                "use `admin.https`, or set `admin.allow_http = true` where a proxy before it does TLS",
                "gebruik `admin.https`, of zet `admin.allow_http = true` waar een proxy ervoor TLS doet"
            );
            self.error("admin.http", message, Some(hint));
        }
    }

    fn certificate(&mut self, config: &Config) {
        let admin = &config.admin;
        match (&admin.certificate, &admin.key) {
            (None, None) => {}
            (Some(certificate), Some(key)) => {
                self.readable("admin.certificate", certificate);
                self.secret_file("admin.key", key);
            }
            (Some(_), None) => self.error("admin.certificate", needs("admin.certificate", "admin.key"), None),
            (None, Some(_)) => self.error("admin.key", needs("admin.key", "admin.certificate"), None),
        }
    }

    fn turn(&mut self, config: &Config) {
        let admin = &config.admin;
        if admin.turn_secret.is_some() && admin.turn_secret_file.is_some() {
            let message = both_set("admin.turn_secret", "admin.turn_secret_file");
            self.error("admin.turn_secret", message, None);
        }
        if let Some(file) = &admin.turn_secret_file {
            self.secret_file("admin.turn_secret_file", file);
        }
        let has_secret = admin.turn_secret.is_some() || admin.turn_secret_file.is_some();
        if has_secret && admin.turn_urls.is_empty() {
            let message = both!(
                "a secret of TURN is set, and `admin.turn_urls` is empty",
                "er is een geheim van TURN, en `admin.turn_urls` is leeg"
            );
            self.reading.warn(&place_of(self.root, "admin.turn_secret"), message, None);
        }
        if !has_secret && !admin.turn_urls.is_empty() {
            let hint = both!("coturn calls it `static-auth-secret`", "coturn noemt het `static-auth-secret`");
            let message = needs("admin.turn_urls", "admin.turn_secret_file");
            self.error("admin.turn_urls", message, Some(hint));
        }
    }
}

/// A scheme, a host and perhaps a port, and nothing behind them.
fn is_base_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_address = address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    (is_address || is_host(host)) && port.is_none_or(is_port)
}

/// Whether this may stand in a certificate: an address, or a name of letters, digits, hyphens and dots (RFC 1123).
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.parse::<std::net::IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label))
}

const LOCALES: &[&str] = &["nl", "en", "de", "fr", "pt"];
