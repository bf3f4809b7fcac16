//! What the world calls the sidecar.

use super::Look;
use super::installation::Directory;
use super::web::{Fault, LONGEST};
use crate::cli::language::say;
use crate::cli::trunk;

impl Look<'_> {
    /// Fetches the URL that browsers and providers are given, as they would.
    pub(super) async fn public_url(&mut self, directory: &Directory) {
        let language = self.language;
        let Some(url) = trunk::public_url(self.config) else {
            let says = say!(language, "`admin.public_url` is not set", "`admin.public_url` is niet ingevuld");
            let hooked: Vec<&str> = hooked(directory).map(|(_, name)| name).collect();
            if hooked.is_empty() {
                return self.skipped("public URL", says);
            }
            let names = hooked.join(", ");
            let advice = say!(
                language,
                "set it to what the world calls kiestoon-admin, such as https://pbx.example.com, and give it to the provider of {names}",
                "zet erin hoe de wereld kiestoon-admin noemt, zoals https://centrale.example.com, en geef het aan de aanbieder van {names}"
            );
            return self.failed("public URL", says, advice);
        };
        let found = tokio::time::timeout(LONGEST, self.fetched(&url)).await;
        let fault = match found {
            Ok(Ok(())) => {
                let says = say!(language, "{url} answers", "{url} antwoordt");
                return self.good("public URL", says);
            }
            Ok(Err(fault)) => fault.to_string(),
            Err(_) => language.pick("no answer in time", "geen antwoord op tijd").to_owned(),
        };
        self.warning(
            "public URL",
            say!(language, "{url} does not answer from here ({fault})", "{url} antwoordt van hieruit niet ({fault})"),
            say!(
                language,
                "lead name and port to kiestoon-admin (DNS, router, proxy); some routers do not lead their own address back: try it from outside",
                "leid naam en poort naar kiestoon-admin (DNS, router, proxy); sommige routers leiden hun eigen adres niet terug: probeer het van buiten"
            ),
        );
    }

    async fn fetched(&self, url: &str) -> Result<(), Fault> {
        let place = url.strip_prefix("https://").ok_or("it is not https")?;
        let place = place.split('/').next().unwrap_or(place);
        let (name, port) = match place.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse()?),
            _ => (place, HTTPS),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        self.fetch((name, port), name.to_owned(), "/").await.map(drop)
    }
}

/// Trunks whose provider's webhooks are believed: organisation and name.
fn hooked(directory: &Directory) -> impl Iterator<Item = (&str, &str)> {
    let believes = directory
        .trunks
        .iter()
        .filter(|trunk| trunk.enabled && (trunk.has_webhook_secret || trunk.settings.webhook_key.is_some()));
    believes.map(|trunk| (trunk.organisation.as_str(), trunk.name.as_str()))
}

const HTTPS: u16 = 443;
