//! `kiestoon import`: the bulk load of organisations, extensions, profiles, trunks and numbers.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use kiestoon_store::{Counts, Import, ImportProblem, ImportReport};
use serde_json::json;

use super::args::ImportArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::names::Names;
use super::table::Table;
use super::{Cli, database, print_line};

pub(super) fn import(cli: &Cli, args: &ImportArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    let text = read(&args.file, cli.language)?;
    let mut import = Import::read(&args.file.display().to_string(), &text)
        .map_err(|problems| Failure::import(&problems))?;
    let language = cli.language;
    if let Some(names) = Names::of(&config, language) {
        import.miss_names(names.faults_of_import(&import));
    }
    let presets = cli.presets(&config).map_err(|failure| beside(&import, failure, language))?;
    let report = cli.block_on(async {
        let store = database::open(&config).await.map_err(|failure| beside(&import, failure, language))?;
        let mut bar = Progress::new(language);
        let report = store.import(&import, &presets, &mut |done, all| bar.show(done, all)).await;
        bar.clear();
        let report = report?;
        store.close().await;
        if report.changed() {
            database::announce(&config, language).await;
        }
        Ok(report)
    })?;
    let warnings: Vec<_> = import.warnings().iter().chain(&report.warnings).cloned().collect();
    warn(&warnings, language);
    if cli.json { cli.print_json(&report_json(&report)) } else { print(&report, language) }
}

/// What keeps an import from being looked at further, after what is wrong with its text.
fn beside(import: &Import, failure: Failure, language: Language) -> Failure {
    if !import.is_refused() {
        return failure;
    }
    let text = Failure::import(&import.problems()).text(language);
    Failure::Input(format!("{text}\n{}", failure.text(language)))
}

/// The first warnings, and how many there are beside them.
fn warn(warnings: &[ImportProblem], language: Language) {
    warnings.iter().take(WARNINGS).for_each(|warning| eprintln!("{warning}"));
    if let Some(more) = warnings.len().checked_sub(WARNINGS).filter(|more| *more > 0) {
        eprintln!("{}", say!(language, "and {more} warnings more", "en nog {more} waarschuwingen"));
    }
}

pub(super) fn read(file: &Path, language: Language) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        let file = file.display();
        Failure::Input(say!(
            language,
            "{file}: the file cannot be read ({error})",
            "{file}: het bestand kan niet worden gelezen ({error})"
        ))
    })
}

fn print(report: &ImportReport, language: Language) -> Result<(), Failure> {
    if !report.generated.is_empty() {
        print_line(
            language
                .pick("Generated passwords, shown only now:", "Gemaakte wachtwoorden, alleen nu te zien:"),
        );
        let mut table = Table::new(&[
            language.pick("organisation", "organisatie"),
            language.pick("number", "nummer"),
            language.pick("password", "wachtwoord"),
        ]);
        for made in &report.generated {
            table.row(vec![made.organisation.clone(), made.number.clone(), made.password.clone()]);
        }
        print_line(&table.render());
    }
    let counts = |counts: &Counts| {
        let Counts { created, updated, unchanged, removed } = counts;
        let removed = match removed {
            0 => String::new(),
            _ => say!(language, ", {removed} removed", ", {removed} verwijderd"),
        };
        say!(
            language,
            "{created} new, {updated} changed, {unchanged} unchanged{removed}",
            "{created} nieuw, {updated} gewijzigd, {unchanged} ongewijzigd{removed}"
        )
    };
    let (organisations, extensions) = (counts(&report.organisations), counts(&report.extensions));
    let mut line = say!(
        language,
        "imported: extensions: {extensions}; organisations: {organisations}",
        "geïmporteerd: toestellen: {extensions}; organisaties: {organisations}"
    );
    for (found, english, dutch) in [
        (&report.profiles, "profiles", "profielen"),
        (&report.trunks, "trunks", "trunks"),
        (&report.numbers, "numbers", "nummers"),
        (&report.contacts, "contacts", "contacten"),
        (&report.blocks, "blocks", "blokkades"),
    ] {
        if *found != Counts::default() {
            line.push_str(&format!("; {}: {}", language.pick(english, dutch), counts(found)));
        }
    }
    print_line(&line);
    Ok(())
}

fn report_json(report: &ImportReport) -> serde_json::Value {
    let counts = |counts: &Counts| json!({ "created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged, "removed": counts.removed });
    let generated = report.generated.iter().map(
        |made| json!({ "organisation": made.organisation, "number": made.number, "password": made.password }),
    );
    json!({
        "organisations": counts(&report.organisations),
        "extensions": counts(&report.extensions),
        "profiles": counts(&report.profiles),
        "trunks": counts(&report.trunks),
        "numbers": counts(&report.numbers),
        "contacts": counts(&report.contacts),
        "blocks": counts(&report.blocks),
        "generated": generated.collect::<Vec<_>>(),
    })
}

/// A line on a terminal's standard error that is written over as the import goes on.
struct Progress {
    language: Language,
    terminal: bool,
    shown: Option<usize>,
}

impl Progress {
    fn new(language: Language) -> Self {
        Self { language, terminal: std::io::stderr().is_terminal(), shown: None }
    }

    fn show(&mut self, done: usize, all: usize) {
        if !self.terminal || all == 0 {
            return;
        }
        let percent = done * 100 / all;
        if self.shown != Some(percent) {
            self.shown = Some(percent);
            let line = say!(
                self.language,
                "importing {done} of {all} ({percent} %)",
                "importeert {done} van {all} ({percent} %)"
            );
            let mut out = std::io::stderr().lock();
            let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
        }
    }

    fn clear(&self) {
        if self.shown.is_some() {
            let mut out = std::io::stderr().lock();
            let _ = write!(out, "\r\x1b[K").and_then(|()| out.flush());
        }
    }
}

/// As many as can be read on one screen.
const WARNINGS: usize = 10;
