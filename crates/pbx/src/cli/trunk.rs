//! `kiestoon trunk`: one trunk at a time.

use kiestoon_config::Config;
use kiestoon_store::{
    Found, Presets, Refusal, StoreError, TrunkChange, TrunkDetails, TrunkPassword, TrunkSettings, Wanted,
    WebhookSecret, WordFault, WrongValue,
};
use serde_json::{Value, json};

use super::args::{TrunkArgs, TrunkVerb};
use super::desk::{Desk, Opening};
use super::failure::Failure;
use super::language::say;
use super::names::Names;
use super::table::Table;
use super::trunk_rename::Rename;
use super::{Cli, extension, print_line, trunk_env, trunk_test, trunk_words as words, when};

pub(super) fn trunk(cli: &Cli, args: TrunkArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    let presets = cli.presets(&config)?;
    if let TrunkVerb::Presets { name } = &args.verb {
        return words::presets(cli, &presets, name.as_deref());
    }
    cli.block_on(async {
        let opening = match args.verb {
            TrunkVerb::Add { .. } | TrunkVerb::ImportEnv(_) => Opening::MakesOne,
            _ => Opening::MustBeThere,
        };
        let desk = Desk::open(cli, &config, opening, args.organisation, Trunks { presets }).await?;
        let done = desk.run(args.verb).await;
        desk.close(done).await
    })
}

/// What the verbs of this file need beside the database.
struct Trunks {
    presets: Presets,
}

impl Desk<'_, Trunks> {
    async fn run(&self, verb: TrunkVerb) -> Result<(), Failure> {
        match verb {
            TrunkVerb::List => self.list().await,
            TrunkVerb::Show { name, reveal } => self.show(&name, reveal).await,
            TrunkVerb::Test(asked) => {
                let (home, trunk) = self.store.trunk(self.organisation.as_deref(), &asked.name).await?;
                let (cli, config, presets) = (self.cli, self.config, &self.own.presets);
                let desk = trunk_test::Desk { cli, config, presets, organisation: &home.slug };
                Box::pin(desk.test(&trunk, &asked)).await
            }
            TrunkVerb::Add { name, preset, disabled, words } => {
                self.add(&name, preset, disabled, &words).await
            }
            TrunkVerb::Set { name, words } => self.set(&name, &words).await,
            TrunkVerb::ImportEnv(args) => {
                let organisation = self.organisation.as_deref();
                trunk_env::import(self.cli, &self.store, &self.own.presets, organisation, &args).await?;
                self.announce().await;
                Ok(())
            }
            TrunkVerb::Remove { name } => self.remove(&name).await,
            TrunkVerb::Enable { name } => {
                let change = self.change(&name, |details| set_enabled(details, true)).await?;
                self.done(&change, "enabled", "aangezet")
            }
            TrunkVerb::Disable { name } => {
                let change = self.change(&name, |details| set_enabled(details, false)).await?;
                self.done(&change, "disabled", "uitgezet")
            }
            TrunkVerb::Numbers { name, add, context, remove } => {
                self.numbers(&name, add, context, &remove).await
            }
            // Needs no database: answered before it is opened.
            TrunkVerb::Presets { name } => words::presets(self.cli, &self.own.presets, name.as_deref()),
        }
    }

    async fn list(&self) -> Result<(), Failure> {
        let trunks = self.store.trunks(self.organisation.as_deref()).await?;
        if self.cli.json {
            let masked = trunks.into_iter().map(|mut trunk| {
                trunk.settings = trunk.settings.masked(words::HIDDEN);
                trunk
            });
            return self.cli.print_json(&masked.collect::<Vec<_>>());
        }
        let language = self.cli.language;
        let mut table = Table::new(&[
            language.pick("organisation", "organisatie"),
            language.pick("name", "naam"),
            "preset",
            "host",
            language.pick("enabled", "aan"),
            language.pick(">numbers", ">nummers"),
            language.pick("changed", "gewijzigd"),
        ]);
        for trunk in &trunks {
            let preset = self.own.presets.find(&trunk.preset);
            let below = preset.map(|preset| preset.settings.clone()).unwrap_or_default();
            let hosts = trunk.settings.over(&below).hosts().map(ToString::to_string).collect::<Vec<_>>();
            table.row(vec![
                trunk.organisation.clone(),
                trunk.name.clone(),
                trunk.preset.clone(),
                hosts.join(", "),
                words::yes(trunk.enabled, language).into(),
                trunk.numbers.len().to_string(),
                when::local(trunk.updated_at),
            ]);
        }
        print_line(&if table.is_empty() {
            language
                .pick(
                    "no trunks yet; `kiestoon trunk presets` lists the providers that are known",
                    "nog geen trunks; `kiestoon trunk presets` noemt de aanbieders die bekend zijn",
                )
                .to_owned()
        } else {
            table.render()
        });
        Ok(())
    }

    async fn show(&self, name: &str, reveal: bool) -> Result<(), Failure> {
        let (home, trunk) = self.store.trunk(self.organisation.as_deref(), name).await?;
        let webhook_url = webhook_url(self.config, &home.slug, name);
        let shown = words::Shown {
            id: &trunk.id,
            organisation: &home.slug,
            details: &trunk.details,
            webhook_url,
            reveal,
        };
        shown.print(self.cli, &self.own.presets)
    }

    async fn add(&self, name: &str, preset: String, disabled: bool, words: &[String]) -> Result<(), Failure> {
        let said = self.said(words)?;
        let mut details = TrunkDetails { preset, enabled: !disabled, ..TrunkDetails::new(name) };
        apply(&mut details, &said)?;
        let added = self.store.add_trunk(self.organisation.as_deref(), &self.own.presets, details).await?;
        self.announce().await;
        self.done(&added, "added", "toegevoegd")
    }

    async fn set(&self, name: &str, words: &[String]) -> Result<(), Failure> {
        let said = self.said(words)?;
        let named = said.iter().rev().find(|(key, _)| key == "name");
        if let Some((_, after)) = named.filter(|(_, after)| after != name) {
            let (home, _) = self.store.trunk(self.organisation.as_deref(), name).await?;
            let rename = Rename { before: name, after, organisation: &home.slug };
            rename.refuse_left_behind(self.config, self.cli.language)?;
        }
        let change = self.change(name, move |details| apply(details, &said)).await?;
        self.done(&change, "changed", "gewijzigd")
    }

    async fn remove(&self, name: &str) -> Result<(), Failure> {
        let blocks = self.store.remove_trunk(self.organisation.as_deref(), name).await?;
        self.announce().await;
        if self.cli.json {
            return self.cli.print_json(&json!({ "name": name, "blocks": blocks }));
        }
        let language = self.cli.language;
        print_line(&match blocks {
            0 => say!(language, "trunk {name} removed", "trunk {name} verwijderd"),
            _ => say!(
                language,
                "trunk {name} removed; blocks for it removed too: {blocks}",
                "trunk {name} verwijderd; blokkades ervoor ook verwijderd: {blocks}"
            ),
        });
        Ok(())
    }

    async fn numbers(
        &self,
        name: &str,
        add: Vec<String>,
        context: Option<String>,
        remove: &[String],
    ) -> Result<(), Failure> {
        let numbers = if add.is_empty() && remove.is_empty() {
            self.store.trunk(self.organisation.as_deref(), name).await?.1.details.numbers
        } else {
            let presets = &self.own.presets;
            let change = |details: &mut TrunkDetails| {
                for number in remove {
                    let normal = details.normal(presets, number).unwrap_or_else(|| number.clone());
                    details.numbers.remove(&normal).ok_or_else(|| StoreError::NumberNotThere {
                        number: normal.clone(),
                        trunk: details.name.clone(),
                    })?;
                }
                details.numbers.extend(add.into_iter().map(|number| (number, context.clone())));
                Ok(())
            };
            let changed = self.change(name, change).await?;
            self.warn_of_context(&changed.organisation, context.as_deref());
            changed.details.numbers
        };
        words::numbers(self.cli, name, &numbers)
    }

    /// A context that is not there is no mistake yet: its file may be written next.
    fn warn_of_context(&self, organisation: &str, context: Option<&str>) {
        let language = self.cli.language;
        let names = context.and_then(|name| Some((name, Names::of(self.config, language)?)));
        if let Some(fault) = names.and_then(|(name, names)| names.context(Some(organisation), name)) {
            eprintln!(
                "{}",
                say!(
                    language,
                    "warning: what was added leads nowhere yet: {fault}",
                    "waarschuwing: wat is toegevoegd leidt nog nergens heen: {fault}"
                )
            );
        }
    }

    async fn change(
        &self,
        name: &str,
        change: impl FnOnce(&mut TrunkDetails) -> Result<(), StoreError> + Send,
    ) -> Result<TrunkChange, Failure> {
        let changed =
            self.store.change_trunk(self.organisation.as_deref(), name, &self.own.presets, change).await?;
        self.announce().await;
        Ok(changed)
    }

    fn done(&self, change: &TrunkChange, english: &str, dutch: &str) -> Result<(), Failure> {
        let language = self.cli.language;
        let mut hints = words::hints(change, language);
        let TrunkChange { id, organisation, details, followed, .. } = change;
        let has_webhooks = !details.webhook_secrets.is_empty() || details.settings.webhook_key.is_some();
        if followed.is_some() && has_webhooks {
            hints.push(words::moved_webhooks(
                &webhook_url(self.config, organisation, &details.name),
                language,
            ));
        }
        if self.cli.json {
            return self.cli.print_json(&json!({
                "id": id, "organisation": organisation, "name": details.name, "enabled": details.enabled, "blocks": followed, "hints": hints,
            }));
        }
        let (name, done) = (&details.name, language.pick(english, dutch));
        let blocks = match followed {
            None | Some(0) => String::new(),
            Some(blocks) => say!(
                language,
                "; blocks for it that follow its new name: {blocks}",
                "; blokkades ervoor die de nieuwe naam volgen: {blocks}"
            ),
        };
        print_line(&say!(
            language,
            "trunk {name} of {organisation} {done}{blocks}",
            "trunk {name} van {organisation} {done}{blocks}"
        ));
        hints.iter().for_each(|hint| print_line(&self.cli.pasted(hint)));
        Ok(())
    }

    /// The words of the command line, with the password or the secret from standard input where it is `-`.
    fn said(&self, words: &[String]) -> Result<Vec<(String, String)>, Failure> {
        let language = self.cli.language;
        let mut said = Vec::new();
        for word in words {
            let Some((key, value)) = word.split_once('=') else {
                return Err(Failure::Input(say!(
                    language,
                    "`{word}` is no KEY=VALUE, such as channels=30",
                    "`{word}` is geen SLEUTEL=WAARDE, zoals channels=30"
                )));
            };
            let value = match key {
                "password" | "webhook_secret" | "api_secret" => {
                    extension::given(Some(value.to_owned()), language)?.unwrap_or_default()
                }
                _ => value.to_owned(),
            };
            said.push((key.to_owned(), value));
        }
        Ok(said)
    }
}

/// Where a provider sends its webhooks. Where nothing says what the world calls the sidecar, only the path.
fn webhook_url(config: &Config, organisation: &str, trunk: &str) -> String {
    format!("{}/webhooks/{organisation}/{trunk}", public_url(config).unwrap_or_default())
}

/// What the world calls the sidecar.
pub(super) fn public_url(config: &Config) -> Option<String> {
    let admin = &config.admin;
    let known = || {
        let (name, port) = (admin.names.first()?, admin.https.first()?.port());
        Some(if port == 443 { format!("https://{name}") } else { format!("https://{name}:{port}") })
    };
    Some(admin.public_url.clone()).filter(|url| !url.is_empty()).or_else(known)
}

fn set_enabled(details: &mut TrunkDetails, enabled: bool) -> Result<(), StoreError> {
    details.enabled = enabled;
    Ok(())
}

/// Takes the words of the command line, all of them or, with everything that is wrong, none.
fn apply(details: &mut TrunkDetails, said: &[(String, String)]) -> Result<(), StoreError> {
    let mut wrong = Vec::new();
    for (key, value) in said {
        if let Err(faults) = take(details, key, value) {
            wrong.extend(faults);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(StoreError::TrunkWords(wrong)) }
}

fn take(details: &mut TrunkDetails, key: &str, value: &str) -> Result<(), Vec<WordFault>> {
    match key {
        "name" => details.name = value.to_owned(),
        "preset" => details.preset = value.to_owned(),
        "enabled" => {
            let read: Result<bool, _> = value.parse();
            let wrong = WrongValue::Type { wanted: Wanted::Flag, found: Found::Text };
            details.enabled = read.map_err(|_| vec![WordFault::Value { key: key.to_owned(), wrong }])?;
        }
        "password" if value.is_empty() => details.password = None,
        "password" => {
            details.password = Some(TrunkPassword::new(value).map_err(refused)?);
        }
        "api_secret" if value.is_empty() => details.api_secret = None,
        "api_secret" => {
            details.api_secret = Some(TrunkPassword::new(value).map_err(refused)?);
        }
        "webhook_secret" => {
            let texts: Vec<&str> = value.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
            details.webhook_secrets = WebhookSecret::all(&texts).map_err(refused)?;
        }
        "numbers" => {
            let before = std::mem::take(&mut details.numbers);
            let written = value.split(',').map(str::trim).filter(|number| !number.is_empty());
            let kept = written.map(|number| (number.to_owned(), before.get(number).cloned().flatten()));
            details.numbers = kept.collect();
        }
        _ if !TrunkSettings::KEYS.contains(&key) => return Err(vec![TrunkDetails::unknown_key(key)]),
        _ if value.is_empty() && details.settings.clear(key) => {}
        _ => details.settings.take_text(key, value)?,
    }
    Ok(())
}

fn refused(refusal: Refusal) -> Vec<WordFault> {
    vec![refusal.into()]
}

/// Settings as JSON, which is what the import reads too.
pub(super) fn settings_json(settings: &TrunkSettings) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}
