//! `kiestoon contact`: the names of numbers outside.

use std::path::Path;

use kiestoon_store::{ContactEntry, Presets};
use serde_json::json;

use super::args::{ContactArgs, ContactVerb};
use super::desk::{Desk, Opening};
use super::failure::Failure;
use super::language::say;
use super::table::Table;
use super::{Cli, import, print_line, when};

pub(super) fn contact(cli: &Cli, args: ContactArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    let presets = cli.presets(&config)?;
    cli.block_on(async {
        let opening = match args.verb {
            ContactVerb::Add { .. } | ContactVerb::Import { .. } => Opening::MakesOne,
            _ => Opening::MustBeThere,
        };
        let desk = Desk::open(cli, &config, opening, args.organisation, Contacts { presets }).await?;
        let done = desk.run(args.verb).await;
        desk.close(done).await
    })
}

/// What the verbs of this file need beside the database.
struct Contacts {
    presets: Presets,
}

impl Desk<'_, Contacts> {
    async fn run(&self, verb: ContactVerb) -> Result<(), Failure> {
        match verb {
            ContactVerb::Add { number, name } => self.add(number, name).await,
            ContactVerb::List => self.list().await,
            ContactVerb::Remove { number } => self.remove(&number).await,
            ContactVerb::Import { file } => self.import(&file).await,
        }
    }

    async fn add(&self, number: String, name: String) -> Result<(), Failure> {
        let entry = ContactEntry { number, name, line: 0 };
        let (home, presets) = (self.organisation.as_deref(), &self.own.presets);
        self.store.save_contacts(home, presets, std::slice::from_ref(&entry), "cli", "").await?;
        self.done(&entry.number, "kept", "bewaard").await
    }

    async fn remove(&self, number: &str) -> Result<(), Failure> {
        self.store.remove_contact(self.organisation.as_deref(), &self.own.presets, number).await?;
        self.done(number, "removed", "verwijderd").await
    }

    async fn done(&self, number: &str, english: &str, dutch: &str) -> Result<(), Failure> {
        let language = self.cli.language;
        self.announce().await;
        if self.cli.json {
            return self.cli.print_json(&json!({ "number": number }));
        }
        let done = language.pick(english, dutch);
        print_line(&say!(language, "contact {number} {done}", "contact {number} {done}"));
        Ok(())
    }

    async fn import(&self, file: &Path) -> Result<(), Failure> {
        let language = self.cli.language;
        let text = import::read(file, language)?;
        let file = file.display().to_string();
        let entries = ContactEntry::list(&file, &text).map_err(|problems| Failure::import(&problems))?;
        let home = self.organisation.as_deref();
        let counts = self.store.save_contacts(home, &self.own.presets, &entries, "csv", &file).await?;
        if counts.created + counts.updated > 0 {
            self.announce().await;
        }
        let (created, updated, unchanged) = (counts.created, counts.updated, counts.unchanged);
        if self.cli.json {
            let counts = json!({ "created": created, "updated": updated, "unchanged": unchanged });
            return self.cli.print_json(&json!({ "contacts": counts }));
        }
        print_line(&say!(
            language,
            "imported: contacts: {created} new, {updated} changed, {unchanged} unchanged",
            "geïmporteerd: contacten: {created} nieuw, {updated} gewijzigd, {unchanged} ongewijzigd"
        ));
        Ok(())
    }

    async fn list(&self) -> Result<(), Failure> {
        let contacts = self.store.contacts(self.organisation.as_deref()).await?;
        if self.cli.json {
            return self.cli.print_json(&contacts);
        }
        let language = self.cli.language;
        let mut table = Table::new(&[
            language.pick("organisation", "organisatie"),
            language.pick("number", "nummer"),
            language.pick("name", "naam"),
            language.pick("source", "bron"),
            language.pick("changed", "gewijzigd"),
        ]);
        for contact in contacts {
            let changed = when::local(contact.updated_at);
            table.row(vec![contact.organisation, contact.number, contact.name, contact.source, changed]);
        }
        print_line(&match table.is_empty() {
            true => language.pick("no contacts yet", "nog geen contacten").to_owned(),
            false => table.render(),
        });
        Ok(())
    }
}
