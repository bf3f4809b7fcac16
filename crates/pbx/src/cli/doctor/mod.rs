//! `kiestoon doctor`: looks at an installation as its users would, each item by trying it, and says what to do about what it
//! finds. What could keep the PBX from starting is the work of `kiestoon check`.

mod installation;
mod running;
mod web;

use kiestoon_config::Config;
use serde::Serialize;

use super::args::DoctorArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::{Cli, print_line};

pub(super) fn doctor(cli: &Cli, args: &DoctorArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    let findings = cli.block_on(async {
        let mut look = Look { config: &config, language: cli.language, findings: Vec::new() };
        look.all(args.production).await;
        Ok(look.findings)
    })?;
    finish(cli, &findings)
}

/// One look at everything.
struct Look<'a> {
    config: &'a Config,
    language: Language,
    findings: Vec<Finding>,
}

/// What was found of one item.
#[derive(Debug, Serialize)]
struct Finding {
    /// The item, the same word for programs in each language.
    item: &'static str,
    result: Health,
    /// What was seen.
    says: String,
    /// What to do about it.
    advice: Option<String>,
}

/// How an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Good,
    Warning,
    Failed,
    /// It could not be looked at, or is nothing of this installation.
    Skipped,
}

impl Look<'_> {
    async fn all(&mut self, is_production: bool) {
        let directory = self.database().await;
        self.disk();
        let running = self.running().await;
        self.web().await;
        if let Some(directory) = &directory {
            self.dialplan(directory);
            self.people(directory);
            self.trunks(directory, running.as_ref());
        }
        if let (Some(directory), Some(running)) = (&directory, &running) {
            self.phones(directory, running);
        }
        if is_production {
            self.https();
            self.calls().await;
            self.key_file();
        }
    }

    fn good(&mut self, item: &'static str, says: String) {
        self.findings.push(Finding { item, result: Health::Good, says, advice: None });
    }

    fn skipped(&mut self, item: &'static str, says: String) {
        self.findings.push(Finding { item, result: Health::Skipped, says, advice: None });
    }

    fn warning(&mut self, item: &'static str, says: String, advice: String) {
        self.findings.push(Finding { item, result: Health::Warning, says, advice: Some(advice) });
    }

    fn failed(&mut self, item: &'static str, says: String, advice: String) {
        self.findings.push(Finding { item, result: Health::Failed, says, advice: Some(advice) });
    }
}

fn finish(cli: &Cli, findings: &[Finding]) -> Result<(), Failure> {
    let language = cli.language;
    if cli.json {
        cli.print_json(&findings)?;
    } else {
        // Of the longest title.
        let width = if language == Language::Dutch { 12 } else { 10 };
        for finding in findings {
            let sign = match finding.result {
                Health::Good => "✓",
                Health::Warning => "!",
                Health::Failed => "✗",
                Health::Skipped => "-",
            };
            print_line(&format!("  {sign} {:<width$} {}", title(finding.item, language), finding.says));
            if let Some(advice) = &finding.advice {
                print_line(&format!("    {:<width$} → {advice}", ""));
            }
        }
    }
    let count = |result| findings.iter().filter(|finding| finding.result == result).count();
    let (failed, warnings) = (count(Health::Failed), count(Health::Warning));
    if failed > 0 {
        return Err(Failure::Input(say!(
            language,
            "failed: {failed}; warnings: {warnings}",
            "mislukt: {failed}; waarschuwingen: {warnings}"
        )));
    }
    if !cli.json {
        print_line(&match warnings {
            0 => say!(language, "all is well", "alles is in orde"),
            _ => say!(language, "well; warnings: {warnings}", "in orde; waarschuwingen: {warnings}"),
        });
    }
    Ok(())
}

/// An item as people read it.
fn title(item: &'static str, language: Language) -> &'static str {
    let dutch = match item {
        "disk" => "schijf",
        "dialplan" => "belplan",
        "people" => "mensen",
        "PBX" => "centrale",
        "phones" => "toestellen",
        "web pages" => "webpagina's",
        "test call" => "proefgesprek",
        "key" => "sleutel",
        same => same,
    };
    language.pick(item, dutch)
}
