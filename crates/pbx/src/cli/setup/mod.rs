//! `kiestoon setup`: asks what a new PBX needs to know, and writes it. Nothing is written before the last answer.

mod answers;
mod questions;
mod starter;
mod write;

use std::path::PathBuf;

use kiestoon_config::Config;
use kiestoon_dialplan::SourceFile;
use kiestoon_store::{Presets, Store, Trunk, TrunkDetails};

use self::answers::Answers;
use self::questions::Questions;
use self::write::Written;
use super::args::{SetupArgs, TrunkTestArgs};
use super::database::Announced;
use super::failure::Failure;
use super::language::{Language, say};
use super::{Cli, database, print_line, trunk_test};

pub(super) fn setup(cli: &Cli, args: &SetupArgs) -> Result<(), Failure> {
    let language = cli.language;
    let questions = Questions::new(language);
    if !args.interactive && !questions.is_terminal() {
        return Err(Failure::Input(
            language
                .pick(
                    "setup asks questions: run it on a terminal, or with --interactive to answer them from a pipe",
                    "setup stelt vragen: start het op een terminal, of met --interactive om ze uit een pijp te beantwoorden",
                )
                .into(),
        ));
    }
    let config = cli.config()?;
    let presets = cli.presets(&config)?;
    let place = cli.block_on(Place::look(&config))?;
    questions.tell(language.pick(
        "Kiestoon is set up. Enter takes what is in brackets; Ctrl-C stops, and nothing was changed then.",
        "Kiestoon wordt ingesteld. Enter neemt wat tussen haken staat; Ctrl-C stopt, en dan is er niets veranderd.",
    ));
    let trial = Trial { cli, config: &config, presets: &presets };
    let answers = Answers::ask(&place, &trial, &questions)?;
    let plan = write::Plan::new(cli, &config, &place, &answers);
    questions.tell(&plan.told(language));
    if plan.is_empty() || !questions.agrees(language.pick("Write this?", "Dit schrijven?"), true)? {
        questions.tell(language.pick("Nothing was changed.", "Er is niets veranderd."));
        return Ok(());
    }
    let written = cli.block_on(plan.write(&presets))?;
    tell(cli, &place, &written)
}

/// Trying a trunk before it is written.
struct Trial<'a> {
    cli: &'a Cli,
    config: &'a Config,
    presets: &'a Presets,
}

impl Trial<'_> {
    /// Whether every rung of its test holds; what does not has been said.
    fn holds(&self, details: &TrunkDetails, organisation: &str) -> Result<bool, Failure> {
        let trunk = Trunk { id: String::new(), organisation_id: String::new(), details: details.clone() };
        let asked =
            TrunkTestArgs { name: details.name.clone(), verbose: false, call: None, wait_inbound: None };
        let Self { cli, config, presets } = *self;
        let desk = trunk_test::Desk { cli, config, presets, organisation };
        match cli.block_on(desk.test(&trunk, &asked)) {
            Ok(()) => Ok(true),
            Err(Failure::Other(said)) if said.is_empty() => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

/// What is there already.
#[derive(Debug, Default)]
struct Place {
    /// The organisation that is set up.
    organisation: String,
    /// The address outside, as it is configured.
    external: Option<std::net::IpAddr>,
    domain: Option<String>,
    extensions: Vec<String>,
    users: usize,
    trunks: Vec<String>,
    dialplan: PathBuf,
    /// The files of its dialplan.
    rules: Vec<SourceFile>,
}

impl Place {
    fn has_no_rules(&self) -> bool {
        self.rules.iter().all(|file| file.text.is_empty())
    }

    async fn look(config: &Config) -> Result<Self, Failure> {
        let dialplan = config.dialplan.path.clone();
        let files = crate::snapshot::dialplan_files(&dialplan).unwrap_or_default();
        let place = Self {
            organisation: DEFAULT.to_owned(),
            external: config.sip.external_address,
            rules: files,
            dialplan,
            ..Self::default()
        };
        if config.store.path().is_some_and(|path| !path.exists()) {
            return Ok(place);
        }
        let store = database::open(config).await?;
        let seen = place.with(&store).await;
        store.close().await;
        seen
    }

    async fn with(self, store: &Store) -> Result<Self, Failure> {
        let organisations = store.organisations().await?;
        // Where there are several, setting up is the work of `kiestoon import`, which names one.
        let [one] = organisations.as_slice() else {
            return Err(kiestoon_store::StoreError::OrganisationNeeded.into());
        };
        Ok(Self {
            organisation: one.slug.clone(),
            domain: one.domain.clone(),
            extensions: store.extensions(None).await?.into_iter().map(|one| one.number).collect(),
            users: store.users(None).await?.len(),
            trunks: store.trunks(None).await?.into_iter().map(|one| one.name).collect(),
            ..self
        })
    }
}

/// What was made, what only now can be seen, and how to go on.
fn tell(cli: &Cli, place: &Place, written: &Written) -> Result<(), Failure> {
    if cli.json {
        return cli.print_json(&written.json());
    }
    let language = cli.language;
    let say_line = |line: &str| print_line(&cli.pasted(line));
    written.lines(language).iter().for_each(|line| say_line(line));
    say_line(match &written.announced {
        Announced::Taken(_) => language.pick(
            "The running PBX has phones, trunk and dialplan.",
            "De draaiende centrale heeft toestellen, trunk en belplan overgenomen.",
        ),
        Announced::Refused => language.pick(
            "The running PBX has none of it yet: mend what it says, then `kiestoon ctl reload`.",
            "De draaiende centrale heeft er nog niets van: herstel wat zij zegt, en dan `kiestoon ctl reload`.",
        ),
        Announced::NotRunning => language.pick(
            "Start it: `kiestoon serve`, and `kiestoon-admin serve` for the web pages.",
            "Start haar: `kiestoon serve`, en `kiestoon-admin serve` voor de webpagina's.",
        ),
    });
    if let Announced::Taken(reloaded) = &written.announced {
        database::waiting(reloaded, language).iter().for_each(|line| say_line(line));
    }
    if let Some(trunk) = &written.trunk {
        say_line(&say!(
            language,
            "Then see whether its calls come in: `kiestoon trunk test {trunk} --wait-inbound 60`.",
            "Kijk dan of zijn oproepen binnenkomen: `kiestoon trunk test {trunk} --wait-inbound 60`."
        ));
        let is_named = place.rules.iter().any(|file| file.text.contains(&format!("trunk:{trunk}")));
        if !is_named && !written.files.iter().any(|file| file.starts_with(&place.dialplan)) {
            say_line(&one_more(place, trunk, language));
        }
    }
    Ok(())
}

/// How calls get to a trunk where rules call over another one already.
fn one_more(place: &Place, trunk: &str, language: Language) -> String {
    let (folder, rule) = (place.dialplan.display(), starter::by_prefix(&place.rules, trunk));
    let Some(first) = place.trunks.first() else {
        return say!(
            language,
            "No rule of the dialplan calls out over it yet. In a file of {folder}, this one calls over it whoever dials a 9 before the number:\n\n{rule}",
            "Geen regel van het belplan belt er nog over naar buiten. In een bestand van {folder} belt deze erover wie een 9 voor het nummer kiest:\n\n{rule}"
        );
    };
    say!(
        language,
        "No rule of the dialplan calls out over it yet. To have it take over where {first} fails, name both in the rules that there are: `dial = [\"trunk:{first}\", \"trunk:{trunk}\"]`.\nOr add a rule to a file of {folder}; this one calls over it whoever dials a 9 before the number:\n\n{rule}",
        "Geen regel van het belplan belt er nog over naar buiten. Moet hij inspringen waar {first} faalt, noem dan beide in de regels die er zijn: `dial = [\"trunk:{first}\", \"trunk:{trunk}\"]`.\nOf zet een regel bij in een bestand van {folder}; deze belt erover wie een 9 voor het nummer kiest:\n\n{rule}"
    )
}

const DEFAULT: &str = "default";
