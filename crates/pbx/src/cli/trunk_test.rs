//! `kiestoon trunk test`: climbs the ladder of a trunk and says after each rung what was found and what to do.

use std::sync::Arc;

use kiestoon_config::Config;
use kiestoon_control::{
    Client, ClientError, Rung, RungName, RungResult, Rungs, Sentence, SipText, TestTrunk,
};
use kiestoon_store::{Presets, Trunk};
use serde_json::json;
use tokio::sync::mpsc;

use super::args::TrunkTestArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::{Cli, print_line, trunk_details as details};
use crate::ladder::account::{Account, Whose};
use crate::ladder::{Ladder, Surroundings, inbound};
use crate::{dutch, settings, snapshot, transport};

/// What a test needs to know of its surroundings.
pub(super) struct Desk<'a> {
    pub(super) cli: &'a Cli,
    pub(super) config: &'a Config,
    pub(super) presets: &'a Presets,
    /// The slug of the trunk's organisation.
    pub(super) organisation: &'a str,
}

impl Desk<'_> {
    pub(super) async fn test(&self, trunk: &Trunk, asked: &TrunkTestArgs) -> Result<(), Failure> {
        let client = Client::new(&self.config.control.socket).speaking(self.cli.language.tag());
        let organisation = Some(self.organisation.to_owned());
        let (wait_inbound_secs, call) = (asked.wait_inbound, asked.call.clone());
        let request = TestTrunk { organisation, wait_inbound_secs, call };
        let mut shown =
            Shown { cli: self.cli, verbose: asked.verbose, host: None, rungs: Vec::new(), hints: Vec::new() };
        let name = &trunk.details.name;
        let by = match client.test_trunk(name, &request).await {
            Ok(rungs) => {
                let by = "pbx";
                shown.begin(self.organisation, name, by);
                shown.ask_for_call(trunk, asked.wait_inbound);
                self.by_pbx(rungs, &mut shown).await?;
                by
            }
            Err(ClientError::NoSocket { .. } | ClientError::NotListening { .. }) if asked.call.is_some() => {
                return Err(Failure::Input(self.cli.language.pick(
                    "--call needs the running PBX, where rights and limits are: start it with `kiestoon serve`",
                    "--call heeft de draaiende centrale nodig, waar rechten en grenzen zijn: start haar met `kiestoon serve`",
                ).to_owned()));
            }
            Err(ClientError::NoSocket { .. } | ClientError::NotListening { .. }) => {
                Box::pin(self.here(trunk, asked, &mut shown, "command_line")).await?
            }
            // It runs, and cannot find the trunk, or not all of it.
            Err(ClientError::Refused(problem))
                if asked.call.is_none() && (problem.status == NOT_FOUND || problem.title == NOT_WHOLE) =>
            {
                Box::pin(self.here(trunk, asked, &mut shown, "command_line_unknown")).await?
            }
            Err(error) => return Err(error.into()),
        };
        shown.hints = dutch::doubts(&trunk.details.doubts(self.presets), self.cli.language);
        shown.end(self.organisation, name, by)
    }

    async fn by_pbx(&self, mut rungs: Rungs, shown: &mut Shown<'_>) -> Result<(), Failure> {
        while let Some(rung) = rungs.next().await {
            shown.take(rung?);
        }
        Ok(())
    }

    /// Climbs what needs no running PBX.
    async fn here(
        &self,
        trunk: &Trunk,
        asked: &TrunkTestArgs,
        shown: &mut Shown<'_>,
        by: &'static str,
    ) -> Result<&'static str, Failure> {
        let account = Account::of(&trunk.details, self.presets);
        let outside = settings::reach(self.config).outside;
        let built = match snapshot::trunk(trunk, self.presets) {
            Ok(built) => built,
            Err(problems) => {
                // What the provider says of the account helps to fill in what is missing.
                shown.begin(self.organisation, &trunk.details.name, by);
                if let Some(account) = account {
                    shown.take(account.rung(&outside).await);
                }
                return shown.not_whole(&dutch::doubts(&problems, self.cli.language));
            }
        };
        let listen = settings::listen(self.config).map_err(|error| Failure::Input(error.to_string()))?;
        let around = Surroundings {
            settings: settings::call(self.config),
            dns: transport::resolver(&self.config.sip.dns),
            certificates: listen.certificates,
            outside,
        };
        let (sender, mut rungs) = mpsc::channel(RUNGS);
        let ladder = Ladder {
            around: Arc::new(around),
            trunk: Arc::new(built),
            account: Whose::Known(account),
            live: None,
            outgoing: None,
            inbound: None,
        };
        shown.begin(self.organisation, &trunk.details.name, by);
        let taking = async {
            while let Some(rung) = rungs.recv().await {
                shown.take(rung);
            }
        };
        let (climbed, ()) = tokio::join!(ladder.climb(sender), taking);
        climbed?;
        if asked.wait_inbound.is_some() {
            shown.take(inbound::without_pbx());
        }
        Ok(by)
    }
}

/// What has been climbed, and how it is told.
struct Shown<'a> {
    cli: &'a Cli,
    verbose: bool,
    /// The host of the last rung.
    host: Option<String>,
    rungs: Vec<Rung>,
    /// What somebody should look at though no rung can see it.
    hints: Vec<String>,
}

impl Shown<'_> {
    fn begin(&self, organisation: &str, name: &str, by: &str) {
        let language = self.cli.language;
        let who = match by {
            "pbx" => language.pick("tested by the running PBX", "getest door de draaiende centrale"),
            "command_line" => language.pick(
                "the PBX does not run (`kiestoon serve` starts it): tested by the command line",
                "de centrale draait niet (`kiestoon serve` start haar): getest door de opdrachtregel",
            ),
            _ => language.pick(
                "the running PBX does not know it, or not all of it: tested by the command line",
                "de draaiende centrale kent deze trunk niet, of niet geheel: getest door de opdrachtregel",
            ),
        };
        self.say(&say!(
            language,
            "trunk {name} of {organisation}: {who}",
            "trunk {name} van {organisation}: {who}"
        ));
    }

    /// The call has to be made by a person.
    fn ask_for_call(&self, trunk: &Trunk, wait: Option<u32>) {
        let Some(secs) = wait else { return };
        let numbers: Vec<&str> = trunk.details.numbers.keys().map(String::as_str).take(3).collect();
        let numbers = numbers.join(", ");
        self.say(&say!(
            self.cli.language,
            "ring a number of this trunk now, from outside: {numbers} ({secs} s)",
            "bel nu van buiten een nummer van deze trunk: {numbers} ({secs} s)"
        ));
    }

    fn take(&mut self, rung: Rung) {
        if self.host.as_deref() != Some(&rung.host) {
            self.host = Some(rung.host.clone());
            if !rung.host.is_empty() {
                self.say(&rung.host);
            }
        }
        self.say(&lines(&rung, self.verbose, self.cli.language));
        self.rungs.push(rung);
    }

    /// What is missing of a trunk that cannot be tried yet.
    fn not_whole<T>(&self, problems: &[String]) -> Result<T, Failure> {
        if self.cli.json {
            self.cli.print_json(&json!({ "passed": false, "problems": problems, "rungs": self.rungs }))?;
        }
        Err(Failure::Input(problems.join("\n")))
    }

    /// The whole in JSON, or its last line; an error where a rung has failed.
    fn end(&self, organisation: &str, name: &str, by: &str) -> Result<(), Failure> {
        let count = |result| self.rungs.iter().filter(|rung| rung.result == result).count();
        let (failed, doubtful) = (count(RungResult::Failed), count(RungResult::Warning));
        if self.cli.json {
            self.cli.print_json(&json!({
                "trunk": name, "organisation": organisation, "tested_by": by, "passed": failed == 0, "rungs": self.rungs,
                "hints": self.hints,
            }))?;
        }
        self.hints.iter().for_each(|hint| self.say(&format!("! {hint}")));
        let language = self.cli.language;
        self.say(&match (failed, doubtful) {
            (0, 0) => language.pick("all rungs hold", "alle stappen zijn goed").to_owned(),
            (0, _) => say!(
                language,
                "all rungs hold; worth a look: {doubtful}",
                "geen stap is mislukt; het bekijken waard: {doubtful}"
            ),
            _ => say!(language, "rungs that do not hold: {failed}", "mislukte stappen: {failed}"),
        });
        // What is wrong has been said.
        if failed == 0 { Ok(()) } else { Err(Failure::Other(String::new())) }
    }

    /// Prints a line, where people read.
    fn say(&self, line: &str) {
        if !self.cli.json {
            print_line(&self.cli.pasted(line));
        }
    }
}

/// A rung: how it went, how long it took, what was found, and below that what to do.
fn lines(rung: &Rung, verbose: bool, language: Language) -> String {
    let pick = |sentence: &Sentence| language.pick(&sentence.en, &sentence.nl).to_owned();
    let ms = match rung.result {
        RungResult::Skipped => String::new(),
        _ => format!("{:.0} ms", rung.ms),
    };
    let mark = mark(rung.result);
    let mut text = format!("  {mark} {:<9} {ms:>9}  {}", title(rung.rung, language), pick(&rung.found));
    if let Some(advice) = &rung.advice {
        text.push_str(&format!("\n{:25}→ {}", "", pick(advice)));
    }
    if verbose {
        for (name, value) in &rung.details {
            let (name, value) = (details::name(name, language), details::value(value, language));
            text.push_str(&format!("\n      {name}: {value}"));
        }
        for message in &rung.messages {
            text.push_str(&passed(message));
        }
    }
    text
}

fn passed(message: &SipText) -> String {
    let arrow = if message.sent { ">" } else { "<" };
    let mut text = format!("\n      {arrow} {:.1} ms", message.at_ms);
    for line in message.text.lines() {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        text.push_str(&format!("\n      {arrow} {line}"));
    }
    text
}

fn mark(result: RungResult) -> &'static str {
    match result {
        RungResult::Ok => "✓",
        RungResult::Warning => "!",
        RungResult::Failed => "✗",
        RungResult::Skipped => "-",
    }
}

fn title(rung: RungName, language: Language) -> &'static str {
    match rung {
        RungName::Account => "account",
        RungName::Dns => "DNS",
        RungName::Transport => "transport",
        RungName::Tls => "TLS",
        RungName::Options => "OPTIONS",
        RungName::Register => "REGISTER",
        RungName::Call => language.pick("call out", "uitgaand"),
        RungName::Inbound => language.pick("call in", "inkomend"),
        RungName::Unknown => "?",
    }
}

const NOT_FOUND: u16 = 404;
/// The title of the problem that something of the trunk is missing.
const NOT_WHOLE: &str = "trunk not whole";
const RUNGS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_says_what_was_found_and_what_to_do() {
        let both = |en: &str, nl: &str| Sentence { en: en.into(), nl: nl.into() };
        let rung = Rung {
            rung: RungName::Register,
            host: "sip:a.example".into(),
            result: RungResult::Failed,
            ms: 12.4,
            found: both("wrong", "fout"),
            advice: Some(both("mend it", "herstel het")),
            details: [("local", "192.0.2.7"), ("status", "401 Unauthorized")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            messages: vec![SipText {
                sent: true,
                at_ms: 0.2,
                text: "REGISTER sip:a\r\nA: \u{1b}[1m\r\n".into(),
            }],
        };
        let short = lines(&rung, false, Language::English);
        assert_eq!(short, "  ✗ REGISTER      12 ms  wrong\n                         → mend it");
        let long = lines(&rung, true, Language::Dutch);
        assert!(long.contains("→ herstel het\n      eigen adres: 192.0.2.7\n      status: 401 Unauthorized\n      > 0.2 ms\n      > REGISTER sip:a\n      > A: [1m"), "{long}");
    }
}
