//! What `kiestoon trunk` prints: trunks, presets, and what somebody should look at.

use std::collections::BTreeMap;

use kiestoon_config::Config;
use kiestoon_dialplan::INBOUND;
use kiestoon_store::{
    Preset, Presets, TrunkChange, TrunkDetails, TrunkHost, TrunkSettings, TrunkTransport, WebhookSecret,
};
use serde_json::{Value, json};

use super::failure::Failure;
use super::language::{Language, say};
use super::table::Table;
use super::trunk::settings_json;
use super::{Cli, print_line};
use crate::dutch;

/// A trunk to be shown.
pub(super) struct Shown<'a> {
    pub(super) id: &'a str,
    pub(super) organisation: &'a str,
    pub(super) details: &'a TrunkDetails,
    /// Where its provider sends webhooks.
    pub(super) webhook_url: String,
    /// Whether its password is shown too.
    pub(super) reveal: bool,
}

impl Shown<'_> {
    pub(super) fn print(&self, cli: &Cli, presets: &Presets) -> Result<(), Failure> {
        let language = cli.language;
        let details = self.details;
        let below = presets.find(&details.preset).map(|preset| preset.settings.clone()).unwrap_or_default();
        let mut hints = dutch::doubts(&details.doubts(presets), language);
        if self.webhook_url.starts_with('/') {
            hints.push(say!(
                language,
                "webhooks need a whole URL: set `admin.public_url` to what the world calls kiestoon-admin, such as https://pbx.example.com",
                "webhooks vragen een hele URL: zet in `admin.public_url` hoe de wereld kiestoon-admin noemt, zoals https://centrale.example.com"
            ));
        }
        let own_words = details.settings.clone();
        let own_words = if self.reveal { own_words } else { own_words.masked(HIDDEN) };
        let password =
            details.password.as_ref().map(|password| if self.reveal { password.expose() } else { HIDDEN });
        let api_secret =
            details.api_secret.as_ref().map(|secret| if self.reveal { secret.expose() } else { HIDDEN });
        let shown =
            |secret: &WebhookSecret| if self.reveal { secret.expose().into() } else { HIDDEN.to_owned() };
        let secrets: Vec<String> = details.webhook_secrets.iter().map(shown).collect();
        if cli.json {
            return cli.print_json(&json!({
                "id": self.id, "organisation": self.organisation, "name": details.name, "preset": details.preset,
                "enabled": details.enabled, "password": password, "numbers": details.numbers,
                "webhook_secret": secrets, "api_secret": api_secret, "webhook_url": self.webhook_url, "settings": own_words, "in_force": own_words.over(&below), "hints": hints,
            }));
        }
        let mut table = Table::new(&["trunk", "", ""]);
        let own = language.pick("said", "eigen");
        let mut row =
            |title: &str, value: String, whose: &str| table.row(vec![title.into(), value, whose.into()]);
        row(language.pick("name", "naam"), details.name.clone(), own);
        row(language.pick("organisation", "organisatie"), self.organisation.into(), "");
        row("preset", details.preset.clone(), own);
        row("enabled", details.enabled.to_string(), own);
        for (key, value, is_own) in lines(&own_words, &below) {
            row(key, value, if is_own { own } else { "preset" });
        }
        row("password", password.unwrap_or("-").into(), if password.is_some() { own } else { "" });
        if !secrets.is_empty() {
            row("webhook_secret", secrets.join(","), own);
        }
        if let Some(secret) = api_secret {
            row("api_secret", secret.into(), own);
        }
        row(language.pick("webhooks to", "webhooks naar"), self.webhook_url.clone(), "");
        let numbers: Vec<&str> = details.numbers.keys().map(String::as_str).collect();
        row("numbers", if numbers.is_empty() { "-".into() } else { numbers.join(", ") }, "");
        print_line(&table.render());
        hints.iter().for_each(|hint| print_line(&cli.pasted(hint)));
        Ok(())
    }
}

/// The keys in force in their order, each with its value and whether the operator said it.
fn lines(own: &TrunkSettings, below: &TrunkSettings) -> Vec<(&'static str, String, bool)> {
    let (said, in_force) = (settings_json(own), settings_json(&own.over(below)));
    let keys = TrunkSettings::KEYS.iter().copied();
    keys.filter_map(|key| Some((key, plain(in_force.get(key)?), said.get(key).is_some()))).collect()
}

/// A value as it is typed.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The presets, or one of them.
pub(super) fn presets(cli: &Cli, presets: &Presets, name: Option<&str>) -> Result<(), Failure> {
    let language = cli.language;
    let Some(name) = name else { return list(cli, presets) };
    let Some(preset) = presets.find(name) else {
        let hint = dutch::preset_hint(&presets.hint(name), language);
        return Err(Failure::Input(say!(
            language,
            "there is no preset `{name}`: {hint}",
            "er is geen preset `{name}`: {hint}"
        )));
    };
    if cli.json {
        return cli.print_json(&preset_json(preset));
    }
    print_line(&format!("{}: {}", preset.name, preset.title));
    print_line(language.pick(&preset.note_en, &preset.note_nl));
    let mut table = Table::new(&[language.pick("key", "sleutel"), language.pick("value", "waarde")]);
    for (key, value, _) in lines(&TrunkSettings::default(), &preset.settings) {
        table.row(vec![key.into(), value]);
    }
    if !table.is_empty() {
        print_line(&table.render());
    }
    let needs = preset.needs.join(", ");
    if !needs.is_empty() {
        print_line(&say!(language, "to be filled in: {needs}", "nog in te vullen: {needs}"));
        let needed: Vec<String> = preset.needs.iter().map(|key| format!("{key}={}", example(key))).collect();
        let (name, needed) = (&preset.name, needed.join(" "));
        print_line(&format!("  kiestoon trunk add {name} --preset {name} {needed} {NUMBERS}"));
    }
    for place in &preset.documentation {
        print_line(&say!(language, "see {place}", "zie {place}"));
    }
    if let Some(file) = &preset.file {
        print_line(&say!(language, "from {file}", "uit {file}"));
    }
    Ok(())
}

fn list(cli: &Cli, presets: &Presets) -> Result<(), Failure> {
    let language = cli.language;
    if cli.json {
        return cli.print_json(&presets.iter().map(preset_json).collect::<Vec<_>>());
    }
    let mut table = Table::new(&[
        "preset",
        language.pick("provider", "aanbieder"),
        language.pick("to be filled in", "nog in te vullen"),
    ]);
    for preset in presets.iter() {
        table.row(vec![preset.name.clone(), preset.title.clone(), preset.needs.join(", ")]);
    }
    print_line(&table.render());
    print_line(
        language
            .pick("`kiestoon trunk presets NAME` shows one", "`kiestoon trunk presets NAAM` toont er een"),
    );
    Ok(())
}

fn preset_json(preset: &Preset) -> Value {
    json!({
        "name": preset.name, "title": preset.title, "note": { "nl": preset.note_nl, "en": preset.note_en },
        "documentation": preset.documentation, "needs": preset.needs, "settings": preset.settings, "file": preset.file,
    })
}

fn example(key: &str) -> &'static str {
    match key {
        "host" => "sip.example.net",
        "password" => "-",
        _ => "100001",
    }
}

/// The numbers of a trunk, each with where its calls enter the dialplan.
pub(super) fn numbers(
    cli: &Cli,
    name: &str,
    numbers: &BTreeMap<String, Option<String>>,
) -> Result<(), Failure> {
    let language = cli.language;
    let context = |context: &Option<String>| context.clone().unwrap_or_else(|| INBOUND.into());
    if cli.json {
        let list = numbers.iter().map(|(number, at)| json!({ "number": number, "context": context(at) }));
        return cli.print_json(&list.collect::<Vec<_>>());
    }
    if numbers.is_empty() {
        print_line(&cli.pasted(&no_numbers(name, language)));
        return Ok(());
    }
    let mut table = Table::new(&[language.pick("number", "nummer"), "context"]);
    for (number, at) in numbers {
        table.row(vec![number.clone(), context(at)]);
    }
    print_line(&table.render());
    Ok(())
}

/// What somebody should look at, though the trunk is taken.
pub(super) fn hints(change: &TrunkChange, language: Language) -> Vec<String> {
    let mut hints = dutch::doubts(&change.doubts, language);
    let details = &change.details;
    if details.numbers.is_empty() {
        hints.push(no_numbers(&details.name, language));
    }
    if !details.enabled {
        let name = &details.name;
        hints.push(say!(
            language,
            "it carries no calls until `kiestoon trunk enable {name}`",
            "er gaan geen oproepen over tot `kiestoon trunk enable {name}`"
        ));
    }
    hints
}

/// The URL of webhooks has the name of the trunk.
pub(super) fn moved_webhooks(url: &str, language: Language) -> String {
    say!(
        language,
        "its webhooks come to {url} now: tell its provider",
        "de webhooks ervan komen nu op {url}: zeg dat de aanbieder"
    )
}

/// The core takes every number over a trunk that has none: whoever wants one rings all the same.
fn no_numbers(name: &str, language: Language) -> String {
    say!(
        language,
        "no number is named yet, so every number that is called over it comes in; `kiestoon trunk numbers {name} --add +31201234567` names one",
        "er is nog geen nummer genoemd, dus elk nummer dat erover wordt gebeld komt binnen; `kiestoon trunk numbers {name} --add +31201234567` noemt er een"
    )
}

/// Where the calls of a trunk come in over TLS alone, from its addresses, and nobody listens there.
pub(super) fn unheard(
    config: &Config,
    said: &TrunkSettings,
    preset: Option<&Preset>,
    language: Language,
) -> Option<String> {
    let whole = said.over(&preset?.settings);
    let is_tls = |host: &TrunkHost| host.transport.or(whole.transport) == Some(TrunkTransport::Tls);
    let comes_in =
        whole.register != Some(true) && whole.addresses.as_ref().is_some_and(|all| !all.is_empty());
    let is_deaf = comes_in && whole.hosts().all(is_tls) && config.sip.tls.listen.is_empty();
    is_deaf.then(|| {
        say!(
            language,
            "no call can come in over it: they come over TLS, and `sip.tls.listen` is empty; give it an address, such as 0.0.0.0:5061, and a certificate",
            "er kan geen oproep over binnenkomen: die komen over TLS, en `sip.tls.listen` is leeg; geef een adres, zoals 0.0.0.0:5061, en een certificaat"
        )
    })
}

pub(super) fn yes(is_so: bool, language: Language) -> &'static str {
    if is_so { language.pick("yes", "ja") } else { language.pick("no", "nee") }
}

/// What every trunk of an office has.
const NUMBERS: &str = "numbers=+31201234567 caller_id_number=+31201234567";
pub(super) const HIDDEN: &str = "********";
