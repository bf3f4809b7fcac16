//! What a single key cannot tell: keys that need each other, files that must be there, values that clash.

use std::net::SocketAddr;
use std::path::Path;

use crate::load::place_of;
use crate::networks;
use crate::node::{Node, Reading};
use crate::secret::refuse_file;
use crate::section::nearest;
use crate::sentence::{Sentence, both};
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
                both!(
                    "`sip.udp`, `sip.tcp` and `sip.tls.listen` are all empty: no phone could reach this PBX",
                    "`sip.udp`, `sip.tcp` en `sip.tls.listen` zijn alle leeg: geen toestel kan deze centrale bereiken"
                ),
                None,
            );
        }
        if sip.auth_algorithms.is_empty() {
            let message = both!(
                "`sip.auth_algorithms` is empty: nobody could log in",
                "`sip.auth_algorithms` is leeg: niemand kan zich aanmelden"
            );
            self.error("sip.auth_algorithms", message, None);
        }
        if sip.server_name.is_empty() {
            self.error(
                "sip.server_name",
                both!("`sip.server_name` is empty", "`sip.server_name` is leeg"),
                None,
            );
        }
        self.twice("sip.udp", &sip.udp);
        self.twice("sip.tcp", &[&sip.tcp[..], &sip.tls.listen, &sip.ws.listen].concat());
    }

    /// TCP, TLS and WebSocket share one space of ports. Port 0 asks for a free one, so it never clashes.
    pub(crate) fn twice(&mut self, key: &str, addresses: &[SocketAddr]) {
        for (index, address) in addresses.iter().enumerate() {
            if address.port() != 0 && addresses[..index].contains(address) {
                self.error(key, both!("{address} is listened on twice", "{address} staat er dubbel"), None);
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
                    let hint =
                        both!("see certs/README.md for making one", "zie certs/README.md om er een te maken");
                    self.error("sip.tls.listen", needs("sip.tls.listen", key), Some(hint));
                }
                Some(path) if key == "sip.tls.key" => self.secret_file(key, path),
                Some(path) => self.readable(key, path),
            }
        }
        match &tls.client_ca {
            Some(path) => self.readable("sip.tls.client_ca", path),
            None if tls.require_client_certificate => {
                let hint = both!(
                    "name the authorities of the phones' certificates",
                    "noem de uitgevers van de certificaten van de toestellen"
                );
                let key = "sip.tls.require_client_certificate";
                self.error(key, needs(key, "sip.tls.client_ca"), Some(hint));
            }
            None => {}
        }
    }

    fn web_socket(&mut self, config: &Config) {
        for origin in &config.sip.ws.origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains('/')) && origin != "*" {
                let message = both!(
                    "`sip.ws.origins` has {origin:?}, which is no origin",
                    "`sip.ws.origins` heeft {origin:?}, wat geen origin is"
                );
                let hint =
                    both!("write it as \"https://pbx.example\"", "schrijf het als \"https://pbx.example\"");
                self.error("sip.ws.origins", message, Some(hint));
            }
        }
        // On loopback the sidecar listens for the pages, and says itself whose they are.
        let is_open = config.sip.ws.listen.iter().any(|address| !address.ip().is_loopback());
        if is_open && config.sip.ws.origins.is_empty() {
            let message = both!(
                "`sip.ws.origins` is empty: no web page is let in",
                "`sip.ws.origins` is leeg: geen webpagina wordt binnengelaten"
            );
            let hint = both!(
                "name the address that the pages come from, such as \"https://pbx.example\"",
                "noem het adres waar de pagina's vandaan komen, zoals \"https://pbx.example\""
            );
            self.reading.warn(&place_of(self.root, "sip.ws.listen"), message, Some(hint));
        }
    }

    fn expiries(&mut self, sip: &Sip) {
        if sip.expires_min_secs > sip.expires_max_secs {
            let message = both!(
                "`sip.expires_min_secs` ({}) is above `sip.expires_max_secs` ({})",
                "`sip.expires_min_secs` ({}) is hoger dan `sip.expires_max_secs` ({})",
                sip.expires_min_secs,
                sip.expires_max_secs
            );
            self.error("sip.expires_min_secs", message, None);
        } else if !(sip.expires_min_secs..=sip.expires_max_secs).contains(&sip.expires_default_secs) {
            let message = both!(
                "`sip.expires_default_secs` ({}) must lie between the minimum ({}) and the maximum ({})",
                "`sip.expires_default_secs` ({}) moet tussen het minimum ({}) en het maximum ({}) liggen",
                sip.expires_default_secs,
                sip.expires_min_secs,
                sip.expires_max_secs
            );
            self.error("sip.expires_default_secs", message, None);
        }
        if sip.min_se_secs > sip.session_expires_secs {
            let message = both!(
                "`sip.min_se_secs` ({}) is above `sip.session_expires_secs` ({})",
                "`sip.min_se_secs` ({}) is hoger dan `sip.session_expires_secs` ({})",
                sip.min_se_secs,
                sip.session_expires_secs
            );
            self.error("sip.min_se_secs", message, None);
        }
        if sip.t2_ms < sip.t1_ms {
            let message = both!(
                "`sip.t2_ms` ({}) is below `sip.t1_ms` ({})",
                "`sip.t2_ms` ({}) is lager dan `sip.t1_ms` ({})",
                sip.t2_ms,
                sip.t1_ms
            );
            self.error("sip.t2_ms", message, None);
        }
    }

    fn bans(&mut self, limits: &Limits) {
        if limits.ban_max_secs < limits.ban_secs {
            let (longest, first) = (limits.ban_max_secs, limits.ban_secs);
            let message = both!(
                "`limits.ban_max_secs` ({longest}) is below `limits.ban_secs` ({first})",
                "`limits.ban_max_secs` ({longest}) is lager dan `limits.ban_secs` ({first})"
            );
            self.error("limits.ban_max_secs", message, None);
        }
    }

    /// Datagrams have no connection that could close, and phones that send keep-alives hold theirs: so it is a warning.
    fn idle(&mut self, config: &Config) {
        let (idle, expires) = (config.limits.idle_secs, config.sip.expires_max_secs);
        let has_streams = !config.sip.tcp.is_empty() || !config.sip.tls.listen.is_empty();
        if has_streams && idle < u64::from(expires) {
            let message = both!(
                "`limits.idle_secs` ({idle}) is below `sip.expires_max_secs` ({expires}): a phone on TCP or TLS that \
                 sends no keep-alives loses its connection, and its calls, before it registers again",
                "`limits.idle_secs` ({idle}) is lager dan `sip.expires_max_secs` ({expires}): een toestel op TCP of TLS \
                 dat geen keep-alives zendt verliest zijn verbinding, en zijn gesprekken, voordat het zich weer aanmeldt"
            );
            let hint = Some(both!(
                "raise the first, or lower the second",
                "verhoog de eerste, of verlaag de tweede"
            ));
            self.reading.warn(&place_of(self.root, "limits.idle_secs"), message, hint);
        }
    }

    fn ports(&mut self, config: &Config) {
        let media = &config.media;
        let range = media.rtp_ports.first..=media.rtp_ports.last;
        if range.contains(&media.webrtc_port) {
            let message = both!(
                "`media.webrtc_port` ({}) lies inside `media.rtp_ports`",
                "`media.webrtc_port` ({}) ligt binnen `media.rtp_ports`",
                media.webrtc_port
            );
            let hint = Some(both!("give it a port of its own", "geef het een eigen poort"));
            // The default is used by no listener yet, so that it may not stand in the way of a range.
            if self.root.find("media.webrtc_port").is_some() {
                self.error("media.webrtc_port", message, hint);
            } else {
                self.reading.warn(&place_of(self.root, "media.rtp_ports"), message, hint);
            }
        }
        for address in &config.sip.udp {
            if range.contains(&address.port()) {
                let message = both!(
                    "the port of {address} lies inside `media.rtp_ports`",
                    "de poort van {address} ligt binnen `media.rtp_ports`"
                );
                self.error("sip.udp", message, None);
            }
        }
    }

    fn store(&mut self, store: &Store) {
        if store.url.has_password() {
            let hint = both!(
                "put the URL into a file of its own and name that in `store.url_file`",
                "zet de URL in een eigen bestand en noem dat in `store.url_file`"
            );
            let message = both!("`store.url` holds a password", "in `store.url` staat een wachtwoord");
            self.reading.warn(&place_of(self.root, "store.url"), message, Some(hint));
        }
        if let Some(file) = &store.url_file {
            self.secret_file("store.url_file", file);
        }
        if let Some(key) = &store.key {
            if key_bytes(key).is_none() {
                let hint =
                    both!("`openssl rand -base64 32` makes one", "`openssl rand -base64 32` maakt er een");
                let message = both!(
                    "`store.key` must be 32 bytes in base64",
                    "`store.key` moet 32 bytes in base64 zijn"
                );
                self.error("store.key", message, Some(hint));
            }
            if store.key_file.is_some() {
                self.error("store.key", both_set("store.key", "store.key_file"), None);
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
                let shown = path.display();
                let message = match path.exists() {
                    true => {
                        both!("`{key}`: the folder {shown} is not a folder", "`{key}`: {shown} is geen map")
                    }
                    false => {
                        both!(
                            "`{key}`: the folder {shown} does not exist",
                            "`{key}`: de map {shown} bestaat niet"
                        )
                    }
                };
                self.error(key, message, None);
            }
        }
    }

    fn moment(&mut self, at: Option<&String>) {
        if let Some(text) = at
            && text.parse::<jiff::Timestamp>().is_err()
        {
            let message =
                both!("`dialplan.at`: {text:?} is no moment", "`dialplan.at`: {text:?} is geen moment");
            let hint = both!(
                "write it as \"2026-12-25T10:00:00+01:00\"",
                "schrijf het als \"2026-12-25T10:00:00+01:00\""
            );
            self.error("dialplan.at", message, Some(hint));
        }
    }

    fn level(&mut self, level: &str) {
        for part in level.split(',') {
            let word = part.rsplit('=').next().unwrap_or(part).trim();
            if !LEVELS.contains(&word.to_ascii_lowercase().as_str()) {
                let hint = match nearest(word, LEVELS) {
                    Some(near) => both!("did you mean \"{near}\"?", "bedoelde u \"{near}\"?"),
                    None => both!("known levels: {}", "bekende niveaus: {}", LEVELS.join(", ")),
                };
                let message = both!(
                    "`log.level` has the unknown level {word:?}",
                    "`log.level` heeft het onbekende niveau {word:?}"
                );
                self.error("log.level", message, Some(hint));
            }
        }
    }

    pub(crate) fn secret_file(&mut self, key: &str, path: &Path) {
        if let Err(reason) = refuse_file(path) {
            let (path, Sentence { en, nl }) = (path.display(), reason);
            let message = Sentence {
                en: format!("`{key}`: the file {path} {en}"),
                nl: format!("`{key}`: het bestand {path} {nl}"),
            };
            self.error(key, message, None);
        }
    }

    pub(crate) fn readable(&mut self, key: &str, path: &Path) {
        if let Err(error) = std::fs::File::open(path) {
            let path = path.display();
            let message = both!(
                "`{key}`: the file {path} cannot be read ({error})",
                "`{key}`: het bestand {path} is niet te lezen ({error})"
            );
            self.error(key, message, None);
        }
    }

    pub(crate) fn error(&mut self, key: &str, message: Sentence, hint: Option<Sentence>) {
        self.reading.error(&place_of(self.root, key), message, hint);
    }
}

/// One key asks for another.
pub(crate) fn needs(key: &str, other: &str) -> Sentence {
    both!("`{key}` needs `{other}`", "`{key}` vraagt om `{other}`")
}

/// Two keys for one thing.
pub(crate) fn both_set(key: &str, other: &str) -> Sentence {
    both!(
        "`{key}` and `{other}` are both set: keep one",
        "`{key}` en `{other}` staan er allebei: houd er een"
    )
}

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
