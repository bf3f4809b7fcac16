//! What the running PBX says of itself, its phones and its trunks.

use kiestoon_control::{Client, Registration, Trunk};
use kiestoon_store::TrunkSummary;

use super::Look;
use super::installation::Directory;
use crate::cli::ctl::trunks;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::trunk_words as words;
use crate::dutch;

/// What a running PBX has told.
pub(super) struct Running {
    registrations: Vec<Registration>,
    trunks: Vec<Trunk>,
}

impl Running {
    /// How a trunk stands; None where the running PBX does not have it.
    pub(super) fn state(&self, organisation: &str, name: &str) -> Option<&str> {
        let mut trunks = self.trunks.iter();
        let live = trunks.find(|live| live.name == name && live.organisation == organisation);
        live.map(|live| live.state.as_str())
    }
}

impl Look<'_> {
    pub(super) async fn running(&mut self) -> Option<Running> {
        let client = Client::new(&self.config.control.socket);
        let read = async {
            let status = client.status().await?;
            let running =
                Running { registrations: client.registrations().await?, trunks: client.trunks().await? };
            Ok::<_, Failure>((status, running))
        };
        let language = self.language;
        match read.await {
            Ok((status, running)) => {
                let (version, own) = (status.version, env!("CARGO_PKG_VERSION"));
                if version == own {
                    self.good(
                        "PBX",
                        say!(language, "it runs, version {version}", "ze draait, versie {version}"),
                    );
                } else {
                    self.warning(
                        "PBX",
                        say!(language, "it runs in version {version}; this is {own}", "ze draait in versie {version}; dit is {own}"),
                        say!(language, "restart it when it suits: `kiestoon ctl drain` waits for calls to end", "herstart haar als het uitkomt: `kiestoon ctl drain` wacht tot gesprekken voorbij zijn"),
                    );
                }
                Some(running)
            }
            Err(failure) => {
                self.failed("PBX", failure.text(language), "`kiestoon check && kiestoon serve`".into());
                None
            }
        }
    }

    pub(super) fn phones(&mut self, directory: &Directory, running: Option<&Running>) {
        let language = self.language;
        let Some(running) = running else { return self.not_running("phones") };
        let (count, all) = (running.registrations.len(), directory.extensions);
        if count == 0 {
            self.warning(
                "phones",
                say!(language, "no phone is registered", "er is geen toestel aangemeld"),
                say!(
                    language,
                    "enter address, number and password in a phone, or log in at the web pages",
                    "vul adres, nummer en wachtwoord in op een toestel, of meld u aan op de webpagina's"
                ),
            );
        } else {
            self.good(
                "phones",
                say!(
                    language,
                    "registered: {count}; extensions: {all}",
                    "aangemeld: {count}; toestellen: {all}"
                ),
            );
        }
    }

    /// Each trunk by what the PBX hears of it: OPTIONS and REGISTER go the way that calls go, firewalls and all.
    pub(super) fn trunks(&mut self, directory: &Directory, running: Option<&Running>) {
        let language = self.language;
        let enabled: Vec<_> = directory.trunks.iter().filter(|trunk| trunk.enabled).collect();
        if enabled.is_empty() {
            let says = say!(
                language,
                "no trunk is enabled: nobody can call out",
                "er staat geen trunk aan: niemand kan naar buiten bellen"
            );
            return self.warning("trunks", says, "`kiestoon trunk presets`; `kiestoon trunk add`".into());
        }
        enabled.iter().for_each(|trunk| self.doubtful(trunk));
        let Some(running) = running else {
            return self.not_running("trunks");
        };
        for trunk in enabled {
            let name = &trunk.name;
            let live = running
                .trunks
                .iter()
                .find(|live| live.name == *name && live.organisation == trunk.organisation);
            let Some(live) = live else {
                let says = say!(
                    language,
                    "{name}: the running PBX does not have it",
                    "{name}: de draaiende centrale heeft hem niet"
                );
                self.failed("trunks", says, "`kiestoon ctl reload`".into());
                continue;
            };
            self.trunk(live);
        }
    }

    fn not_running(&mut self, item: &'static str) {
        let says = say!(
            self.language,
            "not checked: the PBX is not running",
            "niet nagegaan: de centrale draait niet"
        );
        self.skipped(item, says);
    }

    /// What no OPTIONS shows.
    fn doubtful(&mut self, trunk: &TrunkSummary) {
        let name = &trunk.name;
        let preset = self.presets.find(&trunk.preset);
        if let Some(says) = words::unheard(self.config, &trunk.settings, preset, self.language) {
            let advice = say!(
                self.language,
                "certs/README.md shows how to make a certificate",
                "certs/README.md toont hoe u een certificaat maakt"
            );
            self.warning("trunk keys", format!("{name}: {says}"), advice);
        }
        for doubt in trunk.doubts(self.presets) {
            let advice = match doubt.key() {
                "name" => format!("`kiestoon trunk set {name} addresses=...`"),
                key => format!("`kiestoon trunk set {name} {key}=...`"),
            };
            let says = dutch::doubts(std::slice::from_ref(&doubt), self.language).concat();
            self.warning("trunk keys", format!("{name}: {says}"), advice);
        }
    }

    fn trunk(&mut self, live: &Trunk) {
        let (language, name, state) = (self.language, &live.name, &live.state);
        let host = live.hosts.iter().find(|host| host.state == "up").or_else(|| live.hosts.first());
        let heard = host.and_then(|host| host.rtt_ms).map(|ms| format!(", {ms:.0} ms")).unwrap_or_default();
        let advice = say!(
            language,
            "`kiestoon trunk test {name}` says what is wrong, rung by rung",
            "`kiestoon trunk test {name}` zegt stap voor stap wat er mis is"
        );
        if live.registers && live.registered_until.is_none() {
            return self.failed("trunks", format!("{name}: {}", trunks::standing(live, language)), advice);
        }
        let shown = trunks::state(state, language);
        match state.as_str() {
            "up" => self.good("trunks", format!("{name}: {shown}{heard}")),
            "down" => self.failed("trunks", format!("{name}: {shown}"), advice),
            _ => self.warning(
                "trunks",
                say!(language, "{name}: nothing was heard of it yet", "{name}: er is nog niets van gehoord"),
                advice,
            ),
        }
    }
}
