//! `kiestoon doctor`: looks at an installation as its users would, each item by trying it, and says what to do about what it
//! finds. What could keep the PBX from starting is the work of `kiestoon check`.

mod help;
mod installation;
mod outgoing;
mod public;
mod running;
mod web;
mod webhooks;

use kiestoon_config::Config;
use kiestoon_store::Presets;
use serde::Serialize;

use super::args::DoctorArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::{Cli, print_line};

pub(super) fn doctor(cli: &Cli, args: &DoctorArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    let presets = cli.presets(&config)?;
    let findings = cli.block_on(async {
        let mut look =
            Look { config: &config, presets: &presets, language: cli.language, findings: Vec::new() };
        look.all(args.production, args.call.as_deref()).await;
        Ok(look.findings)
    })?;
    finish(cli, &findings)
}

/// One look at everything.
struct Look<'a> {
    config: &'a Config,
    presets: &'a Presets,
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
    async fn all(&mut self, is_production: bool, call: Option<&str>) {
        let directory = self.database().await;
        self.disk();
        let running = self.running().await;
        self.web().await;
        if let Some(directory) = &directory {
            self.dialplan(directory, running.as_ref());
            self.people(directory);
            self.trunks(directory, running.as_ref());
            self.phones(directory, running.as_ref());
        }
        if is_production {
            self.https();
            if let Some(directory) = &directory {
                self.public_url(directory).await;
                self.webhooks(directory).await;
            }
            if let Some(directory) = &directory {
                // In this order: a call that was answered now is one of those that were answered.
                let answered = self.outgoing(directory, call).await;
                self.calls(directory, &answered).await;
            }
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
            print_line(&format!(
                "  {sign} {:<width$} {}",
                title(finding.item, language),
                cli.pasted(&finding.says)
            ));
            if let Some(advice) = &finding.advice {
                print_line(&format!("    {:<width$} → {}", "", cli.pasted(advice)));
            }
        }
    }
    let count = |result| findings.iter().filter(|finding| finding.result == result).count();
    let (failed, warnings) = (count(Health::Failed), count(Health::Warning));
    if !cli.json {
        print_line(&match (failed, warnings) {
            (0, 0) => say!(language, "all is well", "alles is in orde"),
            (0, _) => say!(language, "well; warnings: {warnings}", "in orde; waarschuwingen: {warnings}"),
            _ => say!(
                language,
                "failed: {failed}; warnings: {warnings}",
                "mislukt: {failed}; waarschuwingen: {warnings}"
            ),
        });
    }
    // What failed has been said.
    if failed > 0 { Err(Failure::Input(String::new())) } else { Ok(()) }
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
        "call out" => "uitbellen",
        "trunk keys" => "trunksleutel",
        "public URL" => "publieke URL",
        same => same,
    };
    language.pick(item, dutch)
}
