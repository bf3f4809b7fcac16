//! `kiestoon check`: everything that could keep the PBX from starting or surprise its operator, in one go.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;

use kiestoon_config::{Config, Media};
use kiestoon_control::Client;
use kiestoon_dialplan::{Known, Plans, Problem, ReferenceKind};
use kiestoon_store::{Presets, TrunkSummary};
use socket2::{Domain, Protocol, Socket, Type};

use super::failure::Failure;
use super::language::{Language, say};
use super::names::Names;
use super::{Cli, database, folder, print_line, trunk_words as words};
use crate::snapshot::{RateCards, read_blocklist};
use crate::stir::authorities;
use crate::transport::is_no_ipv6;
use crate::{dutch, settings, sounds, webhook};

pub(super) fn check(cli: &Cli) -> Result<(), Failure> {
    let loaded = cli.load()?;
    let config = loaded.config;
    let mut report = Report::new(cli.language);
    report.warnings.extend(loaded.warnings.iter().map(|warning| dutch::configuration(warning, cli.language)));
    report.certificate(&config);
    let prompts = report.sounds(&config.media);
    let plans = report.dialplan(&config.dialplan.path);
    let presets = report.presets(cli, &config);
    report.rates(&config);
    report.authorities(&config);
    report.blocklist(&config);
    let there = cli.block_on(async {
        let there = report.database(&config, presets.as_ref()).await;
        report.names(&config).await;
        report.ports(&config).await;
        Ok(there)
    })?;
    if let Some(plans) = plans {
        report.references(&plans, &prompts, there.as_ref());
    }
    report.finish(cli)
}

/// What was found.
struct Report {
    language: Language,
    errors: Vec<String>,
    warnings: Vec<String>,
    good: Vec<String>,
}

impl Report {
    fn new(language: Language) -> Self {
        let good = vec![say!(language, "configuration is good", "configuratie is goed")];
        Self { language, errors: Vec::new(), warnings: Vec::new(), good }
    }

    /// Certificate and key of TLS: whether they fit, and for how long.
    fn certificate(&mut self, config: &Config) {
        let files = settings::tls_files(config);
        let now = jiff::Timestamp::now();
        let checked = files.load().and_then(|identity| identity.refuse_expired(now));
        match checked.map(|identity| identity.warning(now)) {
            Ok(None) if files.own.is_none() => {}
            Ok(None) => self.good.push(say!(
                self.language,
                "the certificate of SIP over TLS is good",
                "het certificaat van SIP over TLS is goed"
            )),
            Ok(Some(warning)) => self.warnings.push(warning),
            Err(error) => self.errors.push(dutch::certificate(&error, self.language)),
        }
    }

    /// The names of the prompts. One that cannot be read is an error: a caller would hear nothing.
    fn sounds(&mut self, media: &Media) -> HashSet<String> {
        let mut names = HashSet::new();
        let found = sounds::files(&media.sounds, |folder, error| {
            self.errors.push(format!("{}: error: {error}", folder.display()));
        });
        for (name, file) in found {
            match sounds::read(&file) {
                Ok(_) => drop(names.insert(name)),
                Err(reason) => self.errors.push(format!("{}: error: {reason}", file.display())),
            }
        }
        let count = names.len();
        self.good.push(say!(self.language, "prompts: {count}", "meldteksten: {count}"));
        names.extend(sounds::tones(media).names().map(str::to_owned));
        let music = &media.hold_music;
        if !music.is_empty() && !names.contains(music) {
            self.warnings.push(say!(
                self.language,
                "media.hold_music names the prompt \"{music}\", which is not there: who is on hold hears nothing",
                "media.hold_music noemt het geluid \"{music}\", dat er niet is: wie in de wacht staat hoort niets"
            ));
        }
        names
    }

    fn dialplan(&mut self, path: &Path) -> Option<Plans> {
        let files = match folder::read(path, self.language) {
            Ok(files) => files,
            Err(failure) => {
                self.errors.push(failure.text(self.language));
                return None;
            }
        };
        match Plans::load(&files) {
            Ok((plans, warnings)) => {
                self.warnings.extend(warnings.iter().map(|problem| dutch::dialplan(problem, self.language)));
                self.good.push(folder::summary(&plans, files.len(), self.language));
                Some(plans)
            }
            Err(problems) => {
                for problem in problems {
                    let list = if problem.is_error() { &mut self.errors } else { &mut self.warnings };
                    list.push(dutch::dialplan(&problem, self.language));
                }
                None
            }
        }
    }

    /// Who is believed to know whose numbers are whose: a file that is none would keep every change from being taken.
    fn authorities(&mut self, config: &Config) {
        let Some(folder) = &config.stir.authorities else { return };
        if let Err(fault) = authorities(folder) {
            self.errors.push(format!("`stir.authorities`: {}", self.language.of(&fault)));
        }
    }

    /// The numbers whose calls are declined: a list that cannot be read would keep nobody out, or those of before.
    fn blocklist(&mut self, config: &Config) {
        let Some(file) = &config.trunks.blocklist else { return };
        match read_blocklist(file) {
            Ok(listed) => {
                self.warnings.extend(listed.warnings.iter().map(|warning| warning.text(self.language)))
            }
            Err(fault) => self.errors.push(format!("`trunks.blocklist`: {}", self.language.of(&fault))),
        }
    }

    /// Blocks, profiles and numbers that name what is not there. Whether the database can be read at all is told by others.
    async fn names(&mut self, config: &Config) {
        let Some(names) = Names::of(config, self.language) else { return };
        let Ok(store) = database::open_existing(config).await else { return };
        if let Ok(directory) = store.directory().await {
            self.errors.extend(names.faults_of(&directory));
            self.warnings.extend(names.doubts_of(&directory));
        }
        store.close().await;
    }

    /// The presets of trunks: a broken one would keep every change from being taken.
    fn presets(&mut self, cli: &Cli, config: &Config) -> Option<Presets> {
        match cli.presets(config) {
            Ok(presets) => Some(presets),
            Err(failure) => {
                self.errors.push(failure.text(self.language));
                None
            }
        }
    }

    /// What calls cost: a broken file would keep every change from being taken.
    fn rates(&mut self, config: &Config) {
        if let Err(problems) = RateCards::load(config.trunks.rates.as_deref()) {
            self.errors.extend(problems.iter().map(|problem| problem.text(self.language)));
        }
    }

    /// What the dialplan may refer to, where there is a database already: a check makes none.
    async fn database(&mut self, config: &Config, presets: Option<&Presets>) -> Option<There> {
        let shown = match (config.store.path(), &config.store.url_file) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(file)) => file.display().to_string(),
            (None, None) => config.store.url.to_string(),
        };
        if config.store.path().is_some_and(|path| !path.exists()) {
            self.good.push(say!(
                self.language,
                "the database {shown} will be made at the first start",
                "de database {shown} wordt bij de eerste start gemaakt"
            ));
            return None;
        }
        match read_there(config).await {
            Ok(there) => {
                let (count, trunks) = (there.extensions.len(), there.trunks.len());
                self.good.push(say!(
                    self.language,
                    "the database {shown} is good; extensions: {count}; trunks: {trunks}",
                    "de database {shown} is goed; toestellen: {count}; trunks: {trunks}"
                ));
                presets.into_iter().for_each(|presets| self.trunks(config, &there.trunks, presets));
                Some(there)
            }
            Err(failure) => {
                self.errors.push(failure.text(self.language));
                None
            }
        }
    }

    /// What somebody should look at of each trunk that carries calls.
    fn trunks(&mut self, config: &Config, trunks: &[TrunkSummary], presets: &Presets) {
        for trunk in trunks {
            let mut doubts = dutch::doubts(&trunk.doubts(presets), self.language);
            let preset = presets.find(&trunk.preset);
            doubts.extend(words::unheard(config, &trunk.settings, preset, self.language));
            self.warnings.extend(doubts.iter().map(|doubt| format!("trunk {}: {doubt}", trunk.name)));
        }
    }

    fn references(&mut self, plans: &Plans, prompts: &HashSet<String>, there: Option<&There>) {
        let unresolved = unresolved(plans, Some(prompts), there);
        let (not_live, secrets) = (plans.not_live(), plans.unusable_secrets(webhook::secret_fault));
        let all = unresolved.iter().chain(&not_live).chain(&secrets);
        self.warnings.extend(all.map(|problem| dutch::dialplan(problem, self.language)));
    }

    /// Whether the SIP ports are free, unless the PBX itself has them.
    async fn ports(&mut self, config: &Config) {
        if Client::new(&config.control.socket).status().await.is_ok() {
            self.good.push(say!(
                self.language,
                "the PBX is running, so its ports were not tried",
                "de centrale draait, dus de poorten zijn niet geprobeerd"
            ));
            return;
        }
        let before = self.errors.len();
        for (key, kind, protocol, addresses) in [
            ("sip.udp", Type::DGRAM, Protocol::UDP, &config.sip.udp),
            ("sip.tcp", Type::STREAM, Protocol::TCP, &config.sip.tcp),
            ("sip.tls.listen", Type::STREAM, Protocol::TCP, &config.sip.tls.listen),
            ("sip.ws.listen", Type::STREAM, Protocol::TCP, &config.sip.ws.listen),
        ] {
            for address in addresses {
                if let Err(error) = bind(*address, kind, protocol)
                    && !is_no_ipv6(*address, &error)
                {
                    self.errors.push(say!(
                        self.language,
                        "`{key}`: {address} cannot be listened on ({error}); end what uses it, or choose another port",
                        "`{key}`: op {address} kan niet worden geluisterd ({error}); stop wat die gebruikt, of kies een andere poort"
                    ));
                }
            }
        }
        if self.errors.len() == before {
            self.good.push(say!(self.language, "the SIP ports are free", "de SIP-poorten zijn vrij"));
        }
    }

    fn finish(self, cli: &Cli) -> Result<(), Failure> {
        if cli.json {
            cli.print_json(&serde_json::json!({
                "ok": self.errors.is_empty(), "errors": self.errors, "warnings": self.warnings,
            }))?;
        } else {
            self.good.iter().for_each(|line| print_line(&format!("  {line}")));
            self.warnings
                .iter()
                .chain(&self.errors)
                .for_each(|line| eprintln!("{}", cli.pasted(line.trim_end())));
        }
        let (errors, warnings) = (self.errors.len(), self.warnings.len());
        if errors > 0 {
            return Err(Failure::Input(say!(
                self.language,
                "not ready: errors: {errors}; warnings: {warnings}",
                "niet klaar: fouten: {errors}; waarschuwingen: {warnings}"
            )));
        }
        if !cli.json {
            print_line(&match warnings {
                0 => say!(self.language, "all is good", "alles is goed"),
                _ => say!(self.language, "good; warnings: {warnings}", "goed; waarschuwingen: {warnings}"),
            });
        }
        Ok(())
    }
}

/// What the plans refer to and is not there. Where prompts or the database are not known, all is taken to be there.
pub(super) fn unresolved(
    plans: &Plans,
    prompts: Option<&HashSet<String>>,
    there: Option<&There>,
) -> Vec<Problem> {
    let trunks = there.map(|there| {
        [&there.trunks, &there.disabled]
            .map(|trunks| trunks.iter().map(|trunk| &*trunk.name).collect::<Vec<_>>())
    });
    plans.unresolved(|plan, kind, name| match kind {
        ReferenceKind::Prompt => Known::There(
            prompts
                .is_none_or(|prompts| plan.language().prompt(name, |name| prompts.contains(name)).is_some()),
        ),
        ReferenceKind::Saying => Known::There(
            prompts.is_none_or(|prompts| plan.language().can_say(name, |name| prompts.contains(name))),
        ),
        ReferenceKind::Extension => Known::There(there.is_none_or(|there| there.extensions.contains(name))),
        ReferenceKind::Trunk => trunks
            .as_ref()
            .map_or(Known::There(true), |[enabled, disabled]| Known::Trunks { enabled, disabled }),
    })
}

/// What a database has that dialplans refer to.
pub(super) struct There {
    /// The numbers of all extensions.
    extensions: HashSet<String>,
    /// The trunks that are enabled.
    trunks: Vec<TrunkSummary>,
    /// Those that are not.
    disabled: Vec<TrunkSummary>,
}

/// The same of a database that is there.
pub(super) async fn read_there(config: &Config) -> Result<There, Failure> {
    let store = database::open_existing(config).await?;
    let (extensions, trunks) = (store.extensions(None).await?, store.trunks(None).await?);
    store.close().await;
    let (trunks, disabled) = trunks.into_iter().partition(|trunk| trunk.enabled);
    let extensions = extensions.into_iter().map(|extension| extension.number).collect();
    Ok(There { extensions, trunks, disabled })
}

fn bind(address: SocketAddr, kind: Type, protocol: Protocol) -> std::io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // Connections of an earlier run that linger do not make the port taken.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    if kind == Type::STREAM { socket.listen(1) } else { Ok(()) }
}
