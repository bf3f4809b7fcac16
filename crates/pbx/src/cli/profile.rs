//! `kiestoon profile`: rights and limits with a name.

use kiestoon_config::Config;
use kiestoon_store::{ProfileSaved, ProfileSettings, Store, StoreError};
use serde_json::json;

use super::args::{ProfileArgs, ProfileVerb};
use super::failure::Failure;
use super::language::say;
use super::table::Table;
use super::{Cli, database, print_line, rights_words as words};

pub(super) fn profile(cli: &Cli, args: ProfileArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let store = match args.verb {
            ProfileVerb::Set { .. } => database::open(&config).await?,
            _ => database::open_existing(&config).await?,
        };
        let desk = Desk { cli, config: &config, store, organisation: args.organisation };
        desk.run(args.verb).await?;
        desk.store.close().await;
        Ok(())
    })
}

struct Desk<'a> {
    cli: &'a Cli,
    config: &'a Config,
    store: Store,
    organisation: Option<String>,
}

impl Desk<'_> {
    async fn run(&self, verb: ProfileVerb) -> Result<(), Failure> {
        match verb {
            ProfileVerb::List => self.list().await,
            ProfileVerb::Show { name } => self.show(&name).await,
            ProfileVerb::Set { name, words } => self.set(&name, &words).await,
            ProfileVerb::Remove { name } => self.remove(&name).await,
        }
    }

    async fn list(&self) -> Result<(), Failure> {
        let profiles = self.store.profiles(self.organisation.as_deref()).await?;
        let language = self.cli.language;
        if self.cli.json {
            let shown = profiles.iter().map(|(slug, profile)| {
                json!({ "organisation": slug, "name": profile.name, "settings": profile.settings })
            });
            return self.cli.print_json(&shown.collect::<Vec<_>>());
        }
        if profiles.is_empty() {
            print_line(language.pick(
                "no profiles yet: everybody has the default",
                "nog geen profielen: iedereen heeft de standaard",
            ));
            return Ok(());
        }
        let mut table = Table::new(&[
            language.pick("organisation", "organisatie"),
            language.pick("name", "naam"),
            language.pick("said", "gezegd"),
        ]);
        for (slug, profile) in profiles {
            let said =
                words::lines(&profile.settings).into_iter().map(|(key, value)| format!("{key}={value}"));
            table.row(vec![slug, profile.name, said.collect::<Vec<_>>().join("; ")]);
        }
        print_line(&table.render());
        Ok(())
    }

    async fn show(&self, name: &str) -> Result<(), Failure> {
        let slug = self.store.rights(self.organisation.as_deref(), None).await?.organisation.slug;
        let all = self.store.profiles(Some(&slug)).await?;
        let known = all.iter().map(|(_, profile)| profile.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some((_, profile)) = all.iter().find(|(_, profile)| profile.name == name) else {
            let language = self.cli.language;
            return Err(Failure::Input(say!(
                language,
                "there is no profile `{name}` in organisation `{slug}`; it has: {known}",
                "er is geen profiel `{name}` in organisatie `{slug}`; wel: {known}"
            )));
        };
        if self.cli.json {
            return self.cli.print_json(
                &json!({ "organisation": slug, "name": profile.name, "settings": profile.settings }),
            );
        }
        let mut table = Table::new(&[name, ""]);
        words::lines(&profile.settings).into_iter().for_each(|(key, value)| table.row(vec![key, value]));
        print_line(&table.render());
        Ok(())
    }

    async fn set(&self, name: &str, said: &[String]) -> Result<(), Failure> {
        let language = self.cli.language;
        let mut pairs = Vec::new();
        for word in said {
            let Some((key, value)) = word.split_once('=') else {
                return Err(Failure::Input(say!(
                    language,
                    "`{word}` is no KEY=VALUE, such as calls=5",
                    "`{word}` is geen SLEUTEL=WAARDE, zoals calls=5"
                )));
            };
            pairs.push((key.to_owned(), value.to_owned()));
        }
        let change = move |settings: &mut ProfileSettings| take(settings, &pairs);
        let (profile, saved) = self.store.set_profile(self.organisation.as_deref(), name, change).await?;
        if saved != ProfileSaved::Same {
            database::announce(self.config, language).await;
        }
        if self.cli.json {
            return self.cli.print_json(&json!({ "name": profile.name, "settings": profile.settings }));
        }
        print_line(&match saved {
            ProfileSaved::New => say!(language, "profile {name} made", "profiel {name} gemaakt"),
            ProfileSaved::Changed => say!(language, "profile {name} changed", "profiel {name} gewijzigd"),
            ProfileSaved::Same => say!(language, "profile {name} was so already", "profiel {name} was al zo"),
        });
        Ok(())
    }

    async fn remove(&self, name: &str) -> Result<(), Failure> {
        self.store.remove_profile(self.organisation.as_deref(), name).await?;
        database::announce(self.config, self.cli.language).await;
        if self.cli.json {
            return self.cli.print_json(&json!({ "name": name }));
        }
        print_line(&say!(self.cli.language, "profile {name} removed", "profiel {name} verwijderd"));
        Ok(())
    }
}

/// Takes the words of the command line, all of them or, with everything that is wrong, none.
fn take(settings: &mut ProfileSettings, said: &[(String, String)]) -> Result<(), StoreError> {
    let mut wrong = Vec::new();
    for (key, value) in said {
        if value.is_empty() && settings.clear(key) {
            continue;
        }
        // The same word as that of `kiestoon rights set`.
        let value = if value == "none" && key.starts_with("rights") { "" } else { value };
        wrong.extend(settings.take_text(key, value).err().into_iter().flatten());
    }
    if wrong.is_empty() { Ok(()) } else { Err(StoreError::ProfileWords(wrong)) }
}
