//! What a single key cannot tell: keys that need each other, files that must be there, values that clash.

use std::net::SocketAddr;
use std::path::Path;

use crate::load::place_of;
use crate::networks;
use crate::node::{Node, Reading};
use crate::secret::refuse_file;
use crate::section::nearest;
use crate::tree::{Config, Limits, Sip, Store, key_bytes};

pub(crate) fn check(config: &Config, root: &Node, reading: &mut Reading) {
    let mut checks = Checks { root, reading };
    checks.listeners(&config.sip);
    checks.tls(config);
    networks::check(&config.sip, root, checks.reading);
    checks.web_socket(config);
    checks.expiries(&config.sip);
    checks.bans(&config.limits);
    checks.idle(config);
    checks.ports(config);
    checks.store(&config.store);
    checks.folders(config);
    checks.moment(config.dialplan.at.as_ref());
    checks.level(&config.log.level);
    checks.admin(config);
}

pub(crate) struct Checks<'a> {
    pub(crate) root: &'a Node,
    pub(crate) reading: &'a mut Reading,
}

impl Checks<'_> {
    fn listeners(&mut self, sip: &Sip) {
        if sip.udp.is_empty() && sip.tcp.is_empty() && sip.tls.listen.is_empty() {
            self.error(
                "sip.udp",
                "`sip.udp`, `sip.tcp` and `sip.tls.listen` are all empty: no phone could reach this PBX",
                None,
            );
        }
        if sip.auth_algorithms.is_empty() {
            self.error("sip.auth_algorithms", "`sip.auth_algorithms` is empty: nobody could log in", None);
        }
        if sip.server_name.is_empty() {
            self.error("sip.server_name", "`sip.server_name` is empty", None);
        }
        self.twice("sip.udp", &sip.udp);
        self.twice("sip.tcp", &[&sip.tcp[..], &sip.tls.listen, &sip.ws.listen].concat());
    }

    /// TCP, TLS and WebSocket share one space of ports. Port 0 asks for a free one, so it never clashes.
    pub(crate) fn twice(&mut self, key: &str, addresses: &[SocketAddr]) {
        for (index, address) in addresses.iter().enumerate() {
            if address.port() != 0 && addresses[..index].contains(address) {
                self.error(key, &format!("{address} is listened on twice"), None);
            }
        }
    }

    fn tls(&mut self, config: &Config) {
        let tls = &config.sip.tls;
        if let Some(path) = &tls.server_ca {
            self.readable("sip.tls.server_ca", path);
        }
        if tls.listen.is_empty() {
            return;
        }
        for (key, path) in [("sip.tls.certificate", &tls.certificate), ("sip.tls.key", &tls.key)] {
            match path {
                None => {
                    let message = format!("`sip.tls.listen` needs `{key}`");
                    self.error("sip.tls.listen", &message, Some("see certs/README.md for making one".into()));
                }
                Some(path) if key == "sip.tls.key" => self.secret_file(key, path),
                Some(path) => self.readable(key, path),
            }
        }
        match &tls.client_ca {
            Some(path) => self.readable("sip.tls.client_ca", path),
            None if tls.require_client_certificate => {
                let hint = Some("name the authorities of the phones' certificates".to_owned());
                let key = "sip.tls.require_client_certificate";
                self.error(key, &format!("`{key}` needs `sip.tls.client_ca`"), hint);
            }
            None => {}
        }
    }

    fn web_socket(&mut self, config: &Config) {
        for origin in &config.sip.ws.origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains('/')) && origin != "*" {
                let message = format!("`sip.ws.origins` has {origin:?}, which is no origin");
                self.error("sip.ws.origins", &message, Some("write it as \"https://pbx.example\"".into()));
            }
        }
        // On loopback the sidecar listens for the pages, and says itself whose they are.
        let is_open = config.sip.ws.listen.iter().any(|address| !address.ip().is_loopback());
        if is_open && config.sip.ws.origins.is_empty() {
            let message = "`sip.ws.origins` is empty: no web page is let in";
            let hint =
                "name the address that the pages come from, such as \"https://pbx.example\"".to_owned();
            self.reading.warn(&place_of(self.root, "sip.ws.listen"), message.into(), Some(hint));
        }
    }

    fn expiries(&mut self, sip: &Sip) {
        if sip.expires_min_secs > sip.expires_max_secs {
            let message = format!(
                "`sip.expires_min_secs` ({}) is above `sip.expires_max_secs` ({})",
                sip.expires_min_secs, sip.expires_max_secs
            );
            self.error("sip.expires_min_secs", &message, None);
        } else if !(sip.expires_min_secs..=sip.expires_max_secs).contains(&sip.expires_default_secs) {
            let message = format!(
                "`sip.expires_default_secs` ({}) must lie between the minimum ({}) and the maximum ({})",
                sip.expires_default_secs, sip.expires_min_secs, sip.expires_max_secs
            );
            self.error("sip.expires_default_secs", &message, None);
        }
        if sip.min_se_secs > sip.session_expires_secs {
            let message = format!(
                "`sip.min_se_secs` ({}) is above `sip.session_expires_secs` ({})",
                sip.min_se_secs, sip.session_expires_secs
            );
            self.error("sip.min_se_secs", &message, None);
        }
        if sip.t2_ms < sip.t1_ms {
            self.error(
                "sip.t2_ms",
                &format!("`sip.t2_ms` ({}) is below `sip.t1_ms` ({})", sip.t2_ms, sip.t1_ms),
                None,
            );
        }
    }

    fn bans(&mut self, limits: &Limits) {
        if limits.ban_max_secs < limits.ban_secs {
            let (longest, first) = (limits.ban_max_secs, limits.ban_secs);
            let message = format!("`limits.ban_max_secs` ({longest}) is below `limits.ban_secs` ({first})");
            self.error("limits.ban_max_secs", &message, None);
        }
    }

    /// Datagrams have no connection that could close, and phones that send keep-alives hold theirs: so it is a warning.
    fn idle(&mut self, config: &Config) {
        let (idle, expires) = (config.limits.idle_secs, config.sip.expires_max_secs);
        let has_streams = !config.sip.tcp.is_empty() || !config.sip.tls.listen.is_empty();
        if has_streams && idle < u64::from(expires) {
            let message = format!(
                "`limits.idle_secs` ({idle}) is below `sip.expires_max_secs` ({expires}): a phone on TCP or TLS that \
                 sends no keep-alives loses its connection, and its calls, before it registers again"
            );
            let hint = Some("raise the first, or lower the second".to_owned());
            self.reading.warn(&place_of(self.root, "limits.idle_secs"), message, hint);
        }
    }

    fn ports(&mut self, config: &Config) {
        let media = &config.media;
        let range = media.rtp_ports.first..=media.rtp_ports.last;
        if range.contains(&media.webrtc_port) {
            let message =
                format!("`media.webrtc_port` ({}) lies inside `media.rtp_ports`", media.webrtc_port);
            let hint = Some("give it a port of its own".to_owned());
            // The default is used by no listener yet, so that it may not stand in the way of a range.
            if self.root.find("media.webrtc_port").is_some() {
                self.error("media.webrtc_port", &message, hint);
            } else {
                self.reading.warn(&place_of(self.root, "media.rtp_ports"), message, hint);
            }
        }
        for address in &config.sip.udp {
            if range.contains(&address.port()) {
                self.error("sip.udp", &format!("the port of {address} lies inside `media.rtp_ports`"), None);
            }
        }
    }

    fn store(&mut self, store: &Store) {
        if store.url.has_password() {
            let hint = "put the URL into a file of its own and name that in `store.url_file`".to_owned();
            let message = "`store.url` holds a password".into();
            self.reading.warn(&place_of(self.root, "store.url"), message, Some(hint));
        }
        if let Some(file) = &store.url_file {
            self.secret_file("store.url_file", file);
        }
        if let Some(key) = &store.key {
            if key_bytes(key).is_none() {
                let hint = "`openssl rand -base64 32` makes one".to_owned();
                self.error("store.key", "`store.key` must be 32 bytes in base64", Some(hint));
            }
            if store.key_file.is_some() {
                self.error("store.key", "`store.key` and `store.key_file` are both set: keep one", None);
            }
        }
        if let Some(file) = store.key_file.as_ref().filter(|file| file.exists()) {
            self.secret_file("store.key_file", file);
        }
    }

    /// Folders that the operator chose must be there; the default ones may be missing.
    fn folders(&mut self, config: &Config) {
        let usual = Config::default();
        let folders = [
            ("dialplan.path", &config.dialplan.path, usual.dialplan.path),
            ("media.sounds", &config.media.sounds, usual.media.sounds),
        ];
        let chosen =
            folders.into_iter().filter(|(_, path, usual)| *path != usual).map(|(key, path, _)| (key, path));
        let more = [
            ("trunks.presets", &config.trunks.presets),
            ("trunks.rates", &config.trunks.rates),
            ("stir.authorities", &config.stir.authorities),
        ];
        let more = more.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?)));
        for (key, path) in chosen.chain(more) {
            if !path.is_dir() {
                let what = if path.exists() { "is not a folder" } else { "does not exist" };
                self.error(key, &format!("`{key}`: the folder {} {what}", path.display()), None);
            }
        }
    }

    fn moment(&mut self, at: Option<&String>) {
        if let Some(text) = at
            && text.parse::<jiff::Timestamp>().is_err()
        {
            let message = format!("`dialplan.at`: {text:?} is no moment");
            self.error("dialplan.at", &message, Some("write it as \"2026-12-25T10:00:00+01:00\"".to_owned()));
        }
    }

    fn level(&mut self, level: &str) {
        for part in level.split(',') {
            let word = part.rsplit('=').next().unwrap_or(part).trim();
            if !LEVELS.contains(&word.to_ascii_lowercase().as_str()) {
                let hint = match nearest(word, LEVELS) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("known levels: {}", LEVELS.join(", ")),
                };
                self.error("log.level", &format!("`log.level` has the unknown level {word:?}"), Some(hint));
            }
        }
    }

    pub(crate) fn secret_file(&mut self, key: &str, path: &Path) {
        if let Err(reason) = refuse_file(path) {
            self.error(key, &format!("`{key}`: the file {} {reason}", path.display()), None);
        }
    }

    pub(crate) fn readable(&mut self, key: &str, path: &Path) {
        if let Err(error) = std::fs::File::open(path) {
            self.error(key, &format!("`{key}`: the file {} cannot be read ({error})", path.display()), None);
        }
    }

    pub(crate) fn error(&mut self, key: &str, message: &str, hint: Option<String>) {
        self.reading.error(&place_of(self.root, key), message.to_owned(), hint);
    }
}

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
