//! `[[trunk]]` and `[[number]]`: what the text alone shows. Presets, countries and what is in the database come later.

use std::collections::{HashMap, HashSet};

use toml_edit::{Item, Table};

use super::problem::{Position, Severity};
use super::reader::{Reader, kind};
use super::{NumberEntry, TrunkEntry};
use crate::rules;
use crate::trunks::word::nearest;
use crate::trunks::{TrunkPassword, TrunkSettings, WebhookSecret};

impl Reader<'_> {
    pub(super) fn trunk(&mut self, table: &Table) -> Option<TrunkEntry> {
        let known = [OWN_KEYS.as_slice(), TrunkSettings::KEYS].concat();
        self.known(table, &known.join(", "));
        let (mut settings, mut unread) = (TrunkSettings::default(), HashSet::new());
        for (key, item) in table {
            let before = self.errors();
            self.setting(&mut settings, key, item);
            let is_known = known.contains(&key);
            let meant =
                if is_known { Some(key).filter(|_| self.errors() > before) } else { nearest(key, &known) };
            unread.extend(meant.map(str::to_owned));
        }
        let place = |(key, item): (&str, &Item)| (key.to_owned(), self.position(item.span()));
        let places = table.iter().map(place).collect::<HashMap<String, Position>>();
        let name = self.required(table, "name", rules::trunk_name);
        let organisation = self.home(table);
        self.unread.trunks |= name.is_none() || organisation.is_none();
        let mut entry = TrunkEntry {
            at: self.position(table.get("name").and_then(Item::span).or_else(|| table.span())),
            places,
            unread,
            organisation: organisation?,
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
        let read = [
            ("preset", entry.preset.is_some()),
            ("enabled", entry.enabled.is_some()),
            ("password", entry.password.is_some()),
        ];
        let unread = read.into_iter().filter(|(key, is_read)| !is_read && table.contains_key(key));
        entry.unread.extend(unread.map(|(key, _)| key.to_owned()));
        Some(entry)
    }

    pub(super) fn number(&mut self, table: &Table) -> Option<NumberEntry> {
        self.known(table, "organisation, number, trunk, context");
        let number = self.required(table, "number", |_| Ok(()));
        let trunk = self.required(table, "trunk", rules::trunk_name);
        let (organisation, context) = (self.home(table), self.text(table, "context", rules::context));
        Some(NumberEntry {
            at: self.position(table.get("number").and_then(Item::span).or_else(|| table.span())),
            trunk_at: self.position(table.get("trunk").and_then(Item::span).or_else(|| table.span())),
            organisation: organisation?,
            context,
            number: number?,
            trunk: trunk?,
        })
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
