//! Webhooks of providers: whether any that was signed has come, how many were refused, and whether what the sidecar is called is said.

use std::collections::BTreeMap;

use kiestoon_store::{TrunkSettings, TrunkSummary, TrunkWebhook};

use super::Look;
use super::installation::Directory;
use super::web::{LONGEST, reachable};
use crate::cli::language::say;
use crate::cli::{trunk, when};
use crate::presets;

/// A trunk whose provider says who it is.
struct Signed<'a> {
    trunk: &'a TrunkSummary,
    by: TrunkWebhook,
}

impl Look<'_> {
    pub(super) async fn webhooks(&mut self, directory: &Directory) {
        let signed = self.signed(&directory.trunks);
        if signed.is_empty() {
            let says = say!(
                self.language,
                "no trunk has a webhook_secret or a webhook_key: none are taken",
                "geen trunk heeft een webhook_secret of webhook_key: er worden er geen aangenomen"
            );
            return self.skipped(ITEM, says);
        }
        self.signed_url(&signed);
        let refused = self.refused().await;
        for signed in &signed {
            self.webhooks_of(signed, directory, refused.as_ref());
        }
    }

    fn signed<'a>(&self, trunks: &'a [TrunkSummary]) -> Vec<Signed<'a>> {
        // Where they cannot be read, `kiestoon check` says why.
        let presets = presets::load(self.config.trunks.presets.as_deref()).ok();
        let signed = trunks.iter().filter(|trunk| trunk.enabled).filter_map(|trunk| {
            let preset = presets.as_ref().and_then(|presets| presets.find(&trunk.preset));
            let below = preset.map(|preset| preset.settings.clone()).unwrap_or_default();
            let TrunkSettings { webhook, webhook_key, .. } = trunk.settings.over(&below);
            let by = webhook.unwrap_or(TrunkWebhook::Standard);
            let has_key = match by {
                TrunkWebhook::Telnyx => webhook_key.is_some(),
                TrunkWebhook::Twilio | TrunkWebhook::Standard => trunk.has_webhook_secret,
            };
            has_key.then_some(Signed { trunk, by })
        });
        signed.collect()
    }

    /// Twilio signs the URL that it was given: what the sidecar is called has to be that.
    fn signed_url(&mut self, signed: &[Signed<'_>]) {
        // That there is none at all is an item of its own.
        if trunk::public_url(self.config).is_none() {
            return;
        }
        let (language, url) = (self.language, &self.config.admin.public_url);
        let by_url = signed.iter().any(|signed| signed.by == TrunkWebhook::Twilio);
        if url.is_empty() && by_url {
            self.warning(
                ITEM,
                say!(
                    language,
                    "`admin.public_url` is empty, and Twilio signs the URL that it was given",
                    "`admin.public_url` is leeg, en Twilio ondertekent de URL die het heeft gekregen"
                ),
                say!(
                    language,
                    "set it to how the world reaches kiestoon-admin, such as https://pbx.example.com",
                    "zet het op hoe de wereld kiestoon-admin bereikt, zoals https://pbx.example.com"
                ),
            );
        } else if !url.is_empty() && !url.starts_with("https://") {
            self.warning(
                ITEM,
                say!(
                    language,
                    "`admin.public_url` is {url}: what comes there can be read on its way",
                    "`admin.public_url` is {url}: wat daar komt is onderweg te lezen"
                ),
                say!(language, "have providers send to https", "laat aanbieders naar https sturen"),
            );
        }
    }

    fn webhooks_of(
        &mut self,
        signed: &Signed<'_>,
        directory: &Directory,
        refused: Option<&BTreeMap<String, u64>>,
    ) {
        let language = self.language;
        let Signed { trunk, by } = signed;
        let (name, by) = (&trunk.name, by.word());
        let is_its = |of: &&(String, String, i64)| of.0 == trunk.organisation && of.1 == *name;
        let last = directory.heard.iter().find(is_its).map(|(_, _, at)| *at);
        let count = refused.map(|refused| refused.get(by).copied().unwrap_or_default());
        let refusals = match count {
            Some(count) => say!(
                language,
                "refused of {by} since kiestoon-admin started: {count}",
                "geweigerd van {by} sinds de start van kiestoon-admin: {count}"
            ),
            None => say!(language, "kiestoon-admin does not answer", "kiestoon-admin antwoordt niet"),
        };
        match last.map(when::local) {
            Some(at) => self.good(
                ITEM,
                say!(
                    language,
                    "{name}: the last one that was signed came {at}; {refusals}",
                    "{name}: de laatste met een goede handtekening kwam {at}; {refusals}"
                ),
            ),
            None => {
                let advice = match count {
                    Some(1..) => say!(
                        language,
                        "the secret, or `admin.public_url`, is not the provider's: the log of kiestoon-admin says `why`",
                        "het geheim, of `admin.public_url`, is niet dat van de aanbieder: het log van kiestoon-admin zegt `why`"
                    ),
                    _ => say!(
                        language,
                        "give the provider the URL that `kiestoon trunk show {name}` prints",
                        "geef de aanbieder de URL die `kiestoon trunk show {name}` toont"
                    ),
                };
                self.warning(
                    ITEM,
                    say!(
                        language,
                        "{name}: none has come yet; {refusals}",
                        "{name}: er is er nog geen gekomen; {refusals}"
                    ),
                    advice,
                );
            }
        }
    }

    /// How many the sidecar has refused, by whose they were said to be; None where it does not answer.
    async fn refused(&self) -> Option<BTreeMap<String, u64>> {
        let address = reachable(self.config.admin.https.first().copied()?);
        let metrics =
            tokio::time::timeout(LONGEST, self.fetch(address, self.name(), "/metrics")).await.ok()?.ok()?;
        Some(refusals(&String::from_utf8_lossy(&metrics)))
    }
}

fn refusals(metrics: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in metrics.lines() {
        let Some(labels) = line.strip_prefix("kiestoon_provider_webhooks_total{provider=\"") else {
            continue;
        };
        let Some((provider, rest)) = labels.split_once("\",result=\"") else { continue };
        let Some((result, count)) = rest.split_once("\"} ") else { continue };
        if REFUSED.contains(&result) {
            *counts.entry(provider.to_owned()).or_default() += count.parse().unwrap_or(0);
        }
    }
    counts
}

const ITEM: &str = "webhooks";
/// What is no webhook of the provider's, or cannot be told from one.
const REFUSED: [&str; 3] = ["refused", "stale", "replayed"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_counted_by_whose_it_was_said_to_be() {
        let name = "kiestoon_provider_webhooks_total";
        let text = format!(
            "# TYPE {name} counter\n{name}{{provider=\"twilio\",result=\"kept\"}} 7\n\
             {name}{{provider=\"twilio\",result=\"refused\"}} 2\n{name}{{provider=\"twilio\",result=\"stale\"}} 1\n\
             {name}{{provider=\"telnyx\",result=\"replayed\"}} 4\n{name}{{provider=\"standard\",result=\"known\"}} 9\n"
        );
        let counted: Vec<_> = refusals(&text).into_iter().collect();
        assert_eq!(counted, [("telnyx".to_owned(), 4), ("twilio".to_owned(), 3)]);
    }
}
