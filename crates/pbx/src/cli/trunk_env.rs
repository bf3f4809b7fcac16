//! `kiestoon trunk import-env`: trunks from the variables that other systems keep their providers in.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use kiestoon_store::{
    Presets, Store, StoreError, TrunkChange, TrunkDetails, TrunkPassword, WebhookSecret, WordFault,
};
use serde_json::json;

use super::args::ImportEnvArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::{Cli, print_line, trunk_words as words};

/// What a file says, by variable.
type Variables = BTreeMap<String, String>;

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
#[derive(Default)]
struct Taken {
    trunks: Vec<Trunk>,
    /// The file of settings, and whether it is another now.
    settings: Option<(PathBuf, bool)>,
    /// Variables that were not taken, each with why.
    left: Vec<(String, String)>,
}

/// A trunk of the variables.
struct Trunk {
    now: TrunkChange,
    is_new: bool,
    is_changed: bool,
}

pub(super) async fn import(
    cli: &Cli,
    store: &Store,
    presets: &Presets,
    organisation: Option<&str>,
    args: &ImportEnvArgs,
) -> Result<(), Failure> {
    let file = &args.file;
    let language = cli.language;
    let variables = read(file, language)?;
    let mut taken = Taken::default();
    for source in
        SOURCES.iter().filter(|source| source.marks.iter().any(|mark| variables.contains_key(*mark)))
    {
        taken.trunks.push(trunk(store, presets, organisation, source, &variables, args.enable).await?);
    }
    taken.settings = settings(cli, &variables)?;
    taken.left = left(&variables, language);
    if taken.trunks.is_empty() && taken.settings.is_none() {
        let file = file.display();
        return Err(Failure::Input(say!(
            language,
            "{file} names no provider: none of TWILIO_SID, TELNYX_CONNECTION_ID and VOIP_SERVER is in it",
            "{file} noemt geen aanbieder: TWILIO_SID, TELNYX_CONNECTION_ID noch VOIP_SERVER staat erin"
        )));
    }
    tell(cli, &taken)
}

/// The variables of a file that have a value. What does not parse is told by its line, without its text: that may be a secret.
fn read(file: &Path, language: Language) -> Result<Variables, Failure> {
    let shown = file.display();
    let opened = File::open(file).map_err(|error| {
        Failure::Input(say!(
            language,
            "{shown}: the file cannot be read ({error})",
            "{shown}: het bestand kan niet worden gelezen ({error})"
        ))
    })?;
    let mut variables = Variables::new();
    for (index, variable) in dotenvy::from_read_iter(opened).enumerate() {
        let (name, value) = variable.map_err(|_| {
            let index = index + 1;
            Failure::Input(say!(
                language,
                "{shown}: variable {index} is not written as NAME=VALUE, with quotes around a value with spaces",
                "{shown}: variabele {index} is niet geschreven als NAAM=WAARDE, met aanhalingstekens om een waarde met spaties"
            ))
        })?;
        let value = value.trim();
        if !value.is_empty() {
            variables.insert(name, value.to_owned());
        }
    }
    Ok(variables)
}

/// Makes the trunk, or brings the one of that name up to the variables. A new one carries no calls before that is asked for, and
/// none while it is not whole.
async fn trunk(
    store: &Store,
    presets: &Presets,
    organisation: Option<&str>,
    source: &Source,
    variables: &Variables,
    enable: bool,
) -> Result<Trunk, Failure> {
    let fill = |details: &mut TrunkDetails| -> Result<(), StoreError> {
        let mut wrong = Vec::new();
        for (variable, key) in source.keys {
            let Some(value) = variables.get(*variable) else { continue };
            if let Err(faults) = take(details, presets, key, value) {
                let of_variable =
                    |fault| WordFault::In { place: (*variable).to_owned(), fault: Box::new(fault) };
                wrong.extend(faults.into_iter().map(of_variable));
            }
        }
        if source.preset == "generic" && details.settings.username.is_some() {
            details.settings.register.get_or_insert(true);
        }
        // Whoever is called sees the number that they could call back.
        if let (None, Some(number)) = (&details.settings.caller_id_number, details.numbers.keys().next()) {
            details.settings.caller_id_number = Some(number.clone());
        }
        let is_whole = !details.doubts(presets).iter().any(kiestoon_store::TrunkDoubt::is_error);
        details.enabled |= enable && is_whole;
        if wrong.is_empty() { Ok(()) } else { Err(StoreError::TrunkWords(wrong)) }
    };
    let mut details = TrunkDetails { preset: source.preset.to_owned(), ..TrunkDetails::new(source.preset) };
    details.enabled = false;
    fill(&mut details)?;
    match store.add_trunk(organisation, presets, details).await {
        Err(StoreError::TrunkExists { name, .. }) => {
            let mut is_changed = false;
            let change = |details: &mut TrunkDetails| {
                let before = details.clone();
                fill(details)?;
                is_changed = *details != before;
                Ok(())
            };
            let now = store.change_trunk(organisation, &name, presets, change).await?;
            Ok(Trunk { now, is_new: false, is_changed })
        }
        added => Ok(Trunk { now: added?, is_new: true, is_changed: true }),
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

/// Writes settings of the sidecar beside the configuration file; a file of an earlier import is written anew.
fn settings(cli: &Cli, variables: &Variables) -> Result<Option<(PathBuf, bool)>, Failure> {
    let mut lines = Vec::new();
    for (variable, key) in SETTINGS {
        let Some(value) = variables.get(variable) else { continue };
        let value = match value.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => toml_edit::Value::from(value.trim_end_matches('/')).to_string(),
        };
        lines.push(format!("{key} = {value}\n"));
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let file = cli.file.path().with_file_name("conf.d").join(FILE);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = format!("# Written by `kiestoon trunk import-env`.\n[admin]\n{}", lines.concat());
    let before = fs::read_to_string(&file).ok();
    if before.as_ref() == Some(&text) {
        return Ok(Some((file, false)));
    }
    fs::write(&file, text)?;
    if let Err(failure) = cli.load() {
        // A value that is refused must not keep the PBX from its next start.
        match before {
            Some(before) => fs::write(&file, before)?,
            None => fs::remove_file(&file)?,
        }
        return Err(failure);
    }
    Ok(Some((file, true)))
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
