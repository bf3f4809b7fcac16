//! `kiestoon trunk import-env`: trunks from the variables that other systems keep their providers in.

mod variables;

use std::fs;
use std::path::{Path, PathBuf};

use kiestoon_store::{
    Presets, Store, StoreError, TrunkDetails, TrunkPassword, TrunkPut, WebhookSecret, WordFault,
};
use serde_json::json;

use self::variables::Variables;
use super::args::ImportEnvArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::{Cli, print_line, trunk_words as words};
use crate::{configured, dutch};

/// A provider whose variables are known.
struct Source {
    /// The preset, which is the name of the trunk as well.
    preset: &'static str,
    /// The variables that say that there is one.
    marks: &'static [&'static str],
    /// Variables and the keys that they are.
    keys: &'static [(&'static str, &'static str)],
}

const SOURCES: [Source; 3] = [
    Source {
        preset: "twilio",
        marks: &["TWILIO_SID", "TWILIO_NUMBER"],
        // The token signs webhooks; it opens the API where no key of its own does.
        keys: &[
            ("TWILIO_SID", "account"),
            ("TWILIO_TOKEN", "api_secret"),
            ("TWILIO_API_KEY", "api_key"),
            ("TWILIO_API_SECRET", "api_secret"),
            ("TWILIO_TOKEN", "webhook_secret"),
            ("TWILIO_NUMBER", "numbers"),
        ],
    },
    Source {
        preset: "telnyx",
        marks: &["TELNYX_CONNECTION_ID", "TELNYX_API_KEY"],
        keys: &[
            ("TELNYX_CONNECTION_ID", "account"),
            ("TELNYX_API_KEY", "api_secret"),
            ("TELNYX_PUBLIC_KEY", "webhook_key"),
            ("TELNYX_USERNAME", "username"),
            ("TELNYX_PASSWORD", "password"),
            ("TELNYX_NUMBER", "numbers"),
        ],
    },
    Source {
        preset: "generic",
        marks: &["VOIP_SERVER", "VOIP_HOST"],
        keys: &[
            ("VOIP_SERVER", "host"),
            ("VOIP_HOST", "host"),
            ("VOIP_TRANSPORT", "transport"),
            ("VOIP_USERNAME", "username"),
            ("VOIP_PASSWORD", "password"),
            ("VOIP_NUMBER", "numbers"),
        ],
    },
];

/// Variables of settings, and where these are now.
const SETTINGS: [(&str, &str); 2] =
    [("VOIP_WEBHOOK_URL", "public_url"), ("VOIP_TOKEN_TTL", "token_ttl_secs")];

/// Variables that nothing here needs.
const NEEDLESS: [&str; 3] = ["TWILIO_APP_SID", "VOIP_RECORDING_ENABLED", "VOIP_RECORDING_STORAGE"];

/// What an import came to.
struct Taken {
    trunks: Vec<TrunkPut>,
    /// The file of settings, and whether it is another now.
    settings: Option<(PathBuf, bool)>,
    /// Variables that were not taken, each with why.
    left: Vec<(String, String)>,
}

/// Takes all that the file says, or nothing: everything that is wrong with it is told at once.
pub(super) async fn import(
    cli: &Cli,
    store: &Store,
    presets: &Presets,
    organisation: Option<&str>,
    args: &ImportEnvArgs,
) -> Result<(), Failure> {
    let language = cli.language;
    let said = Said { file: &args.file, variables: &variables::read(&args.file, language)?, presets };
    let is_there = |source: &&Source| source.marks.iter().any(|mark| said.variables.contains_key(*mark));
    let sources: Vec<&Source> = SOURCES.iter().filter(is_there).collect();
    let settings = Settings::of(cli, said.variables)?;
    if sources.is_empty() && settings.is_none() {
        let file = args.file.display();
        return Err(Failure::Input(say!(
            language,
            "{file} names no provider: none of TWILIO_SID, TELNYX_CONNECTION_ID and VOIP_SERVER is in it",
            "{file} noemt geen aanbieder: TWILIO_SID, TELNYX_CONNECTION_ID noch VOIP_SERVER staat erin"
        )));
    }
    let faults: Vec<WordFault> =
        sources.iter().flat_map(|source| said.take(&mut begin(source), source)).collect();
    let mut wrong: Vec<String> = if faults.is_empty() {
        vec![]
    } else {
        vec![Failure::from(StoreError::TrunkWords(faults)).text(language)]
    };
    let written = settings.as_ref().map(|settings| settings.write(cli, &said)).transpose()?;
    wrong.extend(written.iter().flat_map(|problems| problems.iter().cloned()));
    let put = match wrong.is_empty() {
        true => {
            let trunks = sources.iter().map(|source| {
                let fill = |details: &mut TrunkDetails| said.fill(details, source, args.enable);
                (begin(source), fill)
            });
            store.put_trunks(organisation, presets, trunks.collect()).await.map_err(Failure::from)
        }
        false => Err(Failure::Input(wrong.join("\n"))),
    };
    if let (Err(_), Some(settings)) = (&put, &settings) {
        settings.undo()?;
    }
    let settings = settings.map(|settings| (settings.file.clone(), settings.is_another()));
    tell(cli, &Taken { trunks: put?, settings, left: left(said.variables, language) })
}

/// A new trunk of this source: it carries no calls before that is asked for.
fn begin(source: &Source) -> TrunkDetails {
    let mut details = TrunkDetails { preset: source.preset.to_owned(), ..TrunkDetails::new(source.preset) };
    details.enabled = false;
    details
}

/// What a file says, and what it is read with.
struct Said<'a> {
    file: &'a Path,
    variables: &'a Variables,
    presets: &'a Presets,
}

impl Said<'_> {
    /// Where a variable stands.
    fn place(&self, variable: &str) -> String {
        let line = self.variables.get(variable).map_or(0, |said| said.line);
        format!("{}:{line}: {variable}", self.file.display())
    }

    /// Brings the trunk up to the variables. Returns what is wrong with these.
    fn take(&self, details: &mut TrunkDetails, source: &Source) -> Vec<WordFault> {
        let mut wrong = Vec::new();
        for (variable, key) in source.keys {
            let Some(said) = self.variables.get(*variable) else { continue };
            if let Err(faults) = take(details, self.presets, key, &said.value) {
                let of_variable =
                    |fault| WordFault::In { place: self.place(variable), fault: Box::new(fault) };
                wrong.extend(faults.into_iter().map(of_variable));
            }
        }
        wrong
    }

    /// The same for a trunk that is kept. It carries no calls while it is not whole.
    fn fill(&self, details: &mut TrunkDetails, source: &Source, enable: bool) -> Result<(), StoreError> {
        let wrong = self.take(details, source);
        if source.preset == "generic" && details.settings.username.is_some() {
            details.settings.register.get_or_insert(true);
        }
        // Whoever is called sees the number that they could call back.
        if let (None, Some(number)) = (&details.settings.caller_id_number, details.numbers.keys().next()) {
            details.settings.caller_id_number = Some(number.clone());
        }
        let is_whole = !details.doubts(self.presets).iter().any(kiestoon_store::TrunkDoubt::is_error);
        details.enabled |= enable && is_whole;
        if wrong.is_empty() { Ok(()) } else { Err(StoreError::TrunkWords(wrong)) }
    }
}

fn take(details: &mut TrunkDetails, presets: &Presets, key: &str, value: &str) -> Result<(), Vec<WordFault>> {
    let secret = |value: &str| TrunkPassword::new(value).map_err(|refusal| vec![refusal.into()]);
    match key {
        "password" => details.password = Some(secret(value)?),
        "api_secret" => details.api_secret = Some(secret(value)?),
        "webhook_secret" => {
            details.webhook_secrets = WebhookSecret::all(&[value]).map_err(|refusal| vec![refusal.into()])?;
        }
        "numbers" => {
            let numbers = value.split(',').map(str::trim).filter(|number| !number.is_empty());
            for number in numbers {
                let number = details.normal(presets, number).unwrap_or_else(|| number.to_owned());
                details.numbers.entry(number).or_default();
            }
        }
        _ => details.settings.take_text(key, value)?,
    }
    Ok(())
}

/// Settings of the sidecar, which stand beside the configuration file.
struct Settings {
    file: PathBuf,
    text: String,
    /// What an earlier import has written there.
    before: Option<String>,
    /// The variables, line by line.
    variables: Vec<&'static str>,
}

impl Settings {
    /// None where no variable is a setting.
    fn of(cli: &Cli, variables: &Variables) -> Result<Option<Self>, Failure> {
        let said = SETTINGS.iter().filter_map(|(name, key)| Some((*name, key, variables.get(*name)?)));
        let (names, lines): (Vec<_>, Vec<_>) = said
            .map(|(name, key, said)| {
                let value = match said.value.parse::<i64>() {
                    Ok(number) => number.to_string(),
                    Err(_) => toml_edit::Value::from(said.value.trim_end_matches('/')).to_string(),
                };
                (name, format!("{key} = {value}\n"))
            })
            .unzip();
        let file = cli.file.path().with_file_name("conf.d").join(FILE);
        if names.is_empty() {
            return Ok(None);
        }
        let before = match fs::read_to_string(&file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Self { file, text: format!("{HEAD}{}", lines.concat()), before, variables: names }))
    }

    fn is_another(&self) -> bool {
        self.before.as_ref() != Some(&self.text)
    }

    /// Writes the file, and reads the configuration with it. Returns what is wrong with that.
    fn write(&self, cli: &Cli, said: &Said<'_>) -> Result<Vec<String>, Failure> {
        if !self.is_another() {
            return Ok(Vec::new());
        }
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let unfinished = self.file.with_extension("new");
        fs::write(&unfinished, &self.text)?;
        fs::rename(&unfinished, &self.file)?;
        let Err(mut problems) = configured::load(&cli.file) else { return Ok(Vec::new()) };
        for problem in &mut problems {
            // The file goes away again: what stays is the one that was imported.
            let line =
                usize::try_from(problem.line).unwrap_or_default().checked_sub(HEAD.lines().count() + 1);
            let variable = line.and_then(|line| self.variables.get(line));
            if let Some(variable) = variable.filter(|_| problem.file.ends_with(FILE)) {
                (problem.file, problem.line) = (said.place(variable), 0);
            }
        }
        Ok(problems.iter().map(|problem| dutch::configuration(problem, cli.language)).collect())
    }

    /// Puts back what was there: a value that is refused must not keep the PBX from its next start.
    fn undo(&self) -> Result<(), Failure> {
        match &self.before {
            Some(before) => fs::write(&self.file, before)?,
            None => fs::remove_file(&self.file)?,
        }
        Ok(())
    }
}

/// Variables of providers that were not taken.
fn left(variables: &Variables, language: Language) -> Vec<(String, String)> {
    let known = |name: &str| {
        SOURCES.iter().any(|source| source.keys.iter().any(|(variable, _)| *variable == name))
            || SETTINGS.iter().any(|(variable, _)| *variable == name)
    };
    let is_ours =
        |name: &&String| ["TWILIO_", "TELNYX_", "VOIP_"].iter().any(|begin| name.starts_with(begin));
    let left = variables.keys().filter(is_ours).filter(|name| !known(name));
    let why = |name: &String| {
        if NEEDLESS.contains(&name.as_str()) {
            language.pick("not needed here", "hier niet nodig")
        } else {
            language.pick("not known here", "hier niet bekend")
        }
    };
    left.map(|name| (name.clone(), why(name).to_owned())).collect()
}

fn tell(cli: &Cli, taken: &Taken) -> Result<(), Failure> {
    let language = cli.language;
    if cli.json {
        let trunks = taken.trunks.iter().map(|trunk| {
            let change = &trunk.now;
            json!({
                "new": trunk.is_new, "changed": trunk.is_changed,
                "name": change.details.name, "organisation": change.organisation, "enabled": change.details.enabled,
                "hints": words::hints(change, language),
            })
        });
        return cli.print_json(&json!({
            "trunks": trunks.collect::<Vec<_>>(),
            "settings": taken.settings.as_ref().map(|(file, _)| file),
            "left": taken.left.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect::<Vec<_>>(),
        }));
    }
    for trunk in &taken.trunks {
        let change = &trunk.now;
        let (name, organisation) = (&change.details.name, &change.organisation);
        let done = match (trunk.is_new, trunk.is_changed) {
            (true, _) => language.pick("taken over", "overgenomen"),
            (_, true) => language.pick("brought up to the file", "bijgewerkt"),
            _ => language.pick("unchanged: it has all of that", "ongewijzigd: hij heeft dit alles"),
        };
        print_line(&say!(
            language,
            "trunk {name} of {organisation} {done}",
            "trunk {name} van {organisation} {done}"
        ));
        words::hints(change, language).iter().for_each(|hint| print_line(&cli.pasted(hint)));
        print_line(&cli.pasted(&say!(
            language,
            "see what the provider says of it: `kiestoon trunk test {name}`; then remove the variables from the file",
            "zie wat de aanbieder ervan zegt: `kiestoon trunk test {name}`; haal daarna de variabelen uit het bestand"
        )));
    }
    match &taken.settings {
        Some((file, true)) => {
            let file = file.display();
            print_line(&say!(
                language,
                "written: {file}; kiestoon-admin takes it at its next start",
                "geschreven: {file}; kiestoon-admin neemt het bij de volgende start"
            ));
        }
        Some((file, false)) => {
            let file = file.display();
            print_line(&say!(language, "unchanged: {file}", "ongewijzigd: {file}"));
        }
        None => {}
    }
    for (name, why) in &taken.left {
        print_line(&format!("{name}: {why}"));
    }
    Ok(())
}

const FILE: &str = "60-import-env.toml";
const HEAD: &str = "# Written by `kiestoon trunk import-env`.\n[admin]\n";
