//! `[[trunk]]` and `[[number]]`: what the text alone shows. Presets, countries and what is in the database come later.

use std::collections::HashMap;

use toml_edit::{Item, Table};

use super::problem::{Position, Severity};
use super::reader::{Reader, kind};
use super::{NumberEntry, TrunkEntry};
use crate::rules;
use crate::trunks::{TrunkPassword, TrunkSettings, WebhookSecret};

impl Reader<'_> {
    pub(super) fn trunk(&mut self, table: &Table) -> Option<TrunkEntry> {
        let before = self.errors();
        self.known(table, &format!("{}, {}", OWN_KEYS.join(", "), TrunkSettings::KEYS.join(", ")));
        let mut settings = TrunkSettings::default();
        for (key, item) in table {
            self.setting(&mut settings, key, item);
        }
        let place = |(key, item): (&str, &Item)| (key.to_owned(), self.position(item.span()));
        let places = table.iter().map(place).collect::<HashMap<String, Position>>();
        let name = self.required(table, "name", rules::trunk_name);
        let entry = TrunkEntry {
            at: self.position(table.get("name").and_then(Item::span).or_else(|| table.span())),
            places,
            organisation: self.text(table, "organisation", rules::slug),
            preset: self.text(table, "preset", |_| Ok(())),
            enabled: self.flag(table, "enabled"),
            settings,
            password: self.trunk_password(table),
            api_secret: self
                .text(table, "api_secret", rules::password)
                .and_then(|text| TrunkPassword::new(&text).ok()),
            webhook_secrets: self.webhook_secrets(table),
            numbers: self.numbers(table),
            name: name?,
        };
        (self.errors() == before).then_some(entry)
    }

    pub(super) fn number(&mut self, table: &Table) -> Option<NumberEntry> {
        let before = self.errors();
        self.known(table, "organisation, number, trunk, context");
        let number = self.required(table, "number", |_| Ok(()));
        let trunk = self.required(table, "trunk", rules::trunk_name);
        let entry = NumberEntry {
            at: self.position(table.get("number").and_then(Item::span).or_else(|| table.span())),
            trunk_at: self.position(table.get("trunk").and_then(Item::span).or_else(|| table.span())),
            organisation: self.text(table, "organisation", rules::slug),
            context: self.text(table, "context", rules::context),
            number: number?,
            trunk: trunk?,
        };
        (self.errors() == before).then_some(entry)
    }

    fn trunk_password(&mut self, table: &Table) -> Option<TrunkPassword> {
        let text = self.text(table, "password", rules::password)?;
        if text.chars().count() < rules::SHORT_PASSWORD {
            let message =
                format!("a password of less than {} characters is guessed soon", rules::SHORT_PASSWORD);
            self.problem(table.get("password").and_then(Item::span), Severity::Warning, message);
        }
        TrunkPassword::new(&text).ok()
    }

    /// One secret, or two while the provider changes from one to the other.
    fn webhook_secrets(&mut self, table: &Table) -> Option<Vec<WebhookSecret>> {
        let item = table.get("webhook_secret")?;
        let texts: Option<Vec<&str>> = match item.as_array() {
            Some(array) => array.iter().map(toml_edit::Value::as_str).collect(),
            None => item.as_str().map(|text| vec![text]),
        };
        let Some(texts) = texts else {
            self.error(item.span(), format!("`webhook_secret` must be text in quotes, not {}", kind(item)));
            return None;
        };
        match WebhookSecret::all(&texts) {
            Ok(secrets) => Some(secrets),
            Err(refusal) => {
                self.error(item.span(), refusal.to_string());
                None
            }
        }
    }

    pub(super) fn numbers(&mut self, table: &Table) -> Option<Vec<(String, Position)>> {
        let item = table.get("numbers")?;
        let Some(array) = item.as_array() else {
            self.error(
                item.span(),
                format!("`numbers` must be a list of numbers in quotes, not {}", kind(item)),
            );
            return None;
        };
        let mut numbers = Vec::new();
        for value in array {
            match value.as_str() {
                Some(text) => numbers.push((text.to_owned(), self.position(value.span()))),
                None => self.error(value.span(), "`numbers` must be a list of numbers in quotes".into()),
            }
        }
        Some(numbers)
    }
}

/// The keys of a trunk besides those of its settings.
const OWN_KEYS: [&str; 8] =
    ["name", "organisation", "preset", "enabled", "password", "webhook_secret", "api_secret", "numbers"];
