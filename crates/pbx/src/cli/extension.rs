//! `kiestoon extension`: one extension at a time.

use std::io::BufRead as _;

use kiestoon_store::NewExtension;
use serde_json::json;

use super::args::{ExtensionArgs, ExtensionVerb};
use super::desk::{Desk, Opening};
use super::failure::Failure;
use super::language::{Language, say};
use super::table::Table;
use super::{Cli, print_line, when};

pub(super) fn extension(cli: &Cli, args: ExtensionArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let opening = match args.verb {
            ExtensionVerb::Add { .. } => Opening::MakesOne,
            _ => Opening::MustBeThere,
        };
        let desk = Desk::open(cli, &config, opening, args.organisation, Extensions).await?;
        let done = desk.run(args.verb).await;
        desk.close(done).await
    })
}

/// Whose verbs those of this file are.
struct Extensions;

impl Desk<'_, Extensions> {
    async fn run(&self, verb: ExtensionVerb) -> Result<(), Failure> {
        match verb {
            ExtensionVerb::Add { number, name, password } => self.add(number, name, password).await,
            ExtensionVerb::List => self.list().await,
            ExtensionVerb::Remove { number } => self.remove(&number).await,
            ExtensionVerb::Password { number, password } => self.password(&number, password).await,
            ExtensionVerb::Show { number, reveal } => self.show(&number, reveal).await,
        }
    }

    async fn add(&self, number: String, name: String, password: Option<String>) -> Result<(), Failure> {
        let language = self.cli.language;
        let password = given(password, language)?;
        let new = NewExtension { organisation: self.organisation.clone(), number, name, password };
        let added = self.store.add_extension(&new).await?;
        self.announce().await;
        let shown = added.generated.then_some(&added.password);
        if self.cli.json {
            return self.cli.print_json(&json!({
                "id": added.id, "organisation": added.organisation, "number": added.number, "password": shown,
            }));
        }
        let (number, organisation) = (&added.number, &added.organisation);
        print_line(&say!(
            language,
            "extension {number} added to {organisation}",
            "toestel {number} toegevoegd aan {organisation}"
        ));
        if let Some(password) = shown {
            print_line(&generated(password, language));
        }
        Ok(())
    }

    async fn list(&self) -> Result<(), Failure> {
        let extensions = self.store.extensions(self.organisation.as_deref()).await?;
        if self.cli.json {
            return self.cli.print_json(&extensions);
        }
        let language = self.cli.language;
        let mut table = Table::new(&[
            language.pick("organisation", "organisatie"),
            language.pick("number", "nummer"),
            language.pick("name", "naam"),
            language.pick("enabled", "aan"),
            language.pick("changed", "gewijzigd"),
        ]);
        for extension in &extensions {
            let enabled =
                if extension.enabled { language.pick("yes", "ja") } else { language.pick("no", "nee") };
            table.row(vec![
                extension.organisation.clone(),
                extension.number.clone(),
                extension.name.clone(),
                enabled.into(),
                when::local(extension.updated_at),
            ]);
        }
        if table.is_empty() {
            print_line(language.pick(
                "no extensions yet; `kiestoon extension add 201` makes one",
                "nog geen toestellen; `kiestoon extension add 201` maakt er een",
            ));
        } else {
            print_line(&table.render());
        }
        Ok(())
    }

    async fn remove(&self, number: &str) -> Result<(), Failure> {
        self.store.remove_extension(self.organisation.as_deref(), number).await?;
        self.announce().await;
        if self.cli.json {
            return self.cli.print_json(&json!({ "number": number }));
        }
        print_line(&say!(self.cli.language, "extension {number} removed", "toestel {number} verwijderd"));
        Ok(())
    }

    async fn password(&self, number: &str, password: Option<String>) -> Result<(), Failure> {
        let language = self.cli.language;
        let given = given(password, language)?;
        let password =
            self.store.set_password(self.organisation.as_deref(), number, given.as_deref()).await?;
        self.announce().await;
        let shown = given.is_none().then_some(password);
        if self.cli.json {
            return self.cli.print_json(&json!({ "number": number, "password": shown }));
        }
        print_line(&say!(language, "password of {number} set", "wachtwoord van {number} gezet"));
        if let Some(password) = shown {
            print_line(&generated(&password, language));
        }
        Ok(())
    }

    async fn show(&self, number: &str, reveal: bool) -> Result<(), Failure> {
        let extension = self.store.extension(self.organisation.as_deref(), number).await?;
        let organisations = self.store.organisations().await?;
        let organisation =
            organisations.iter().find(|organisation| organisation.id == extension.organisation_id);
        let slug = organisation.map_or("", |organisation| organisation.slug.as_str());
        let domain = organisation.and_then(|organisation| organisation.domain.clone());
        let password = match (&extension.secret.password, reveal) {
            (Some(password), true) => Some(password.clone()),
            (Some(_), false) => Some("********".into()),
            (None, _) => None,
        };
        if self.cli.json {
            return self.cli.print_json(&json!({
                "id": extension.id, "organisation": slug, "domain": domain, "number": extension.number,
                "name": extension.name, "enabled": extension.enabled, "password": password,
            }));
        }
        let language = self.cli.language;
        let kept = language.pick("(only its hash is kept)", "(alleen de hash is bewaard)");
        let rows = [
            (language.pick("number", "nummer"), extension.number),
            (language.pick("name", "naam"), extension.name),
            (language.pick("organisation", "organisatie"), slug.to_owned()),
            (language.pick("domain", "domein"), domain.unwrap_or_else(|| "-".into())),
            (language.pick("password", "wachtwoord"), password.unwrap_or_else(|| kept.into())),
        ];
        let mut table = Table::new(&[language.pick("extension", "toestel"), ""]);
        for (title, value) in rows {
            table.row(vec![title.into(), value]);
        }
        print_line(&table.render());
        Ok(())
    }
}

pub(super) fn generated(password: &str, language: Language) -> String {
    say!(language, "password, shown only now: {password}", "wachtwoord, alleen nu te zien: {password}")
}

/// The password as given; `-` is the first line of standard input, which keeps it out of the process list.
pub(super) fn given(password: Option<String>, language: Language) -> Result<Option<String>, Failure> {
    if password.as_deref() != Some("-") {
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Failure::Input(
            language
                .pick("standard input holds no password", "de standaardinvoer bevat geen wachtwoord")
                .into(),
        ));
    }
    Ok(Some(line.to_owned()))
}
