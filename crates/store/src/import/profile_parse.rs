//! `[[profile]]`, and the profile and rights of an extension: what the text alone shows.

use toml_edit::{Item, Table};

use super::ProfileEntry;
use super::problem::Position;
use super::reader::Reader;
use crate::rights::{CallClass, ProfileSettings};
use crate::rules;

impl Reader<'_> {
    pub(super) fn profile(&mut self, table: &Table) -> Option<ProfileEntry> {
        self.known(table, &format!("name, organisation, {}", ProfileSettings::KEYS.join(", ")));
        let mut settings = ProfileSettings::default();
        for (key, item) in table {
            self.setting(&mut settings, key, item);
        }
        let name = self.required(table, "name", rules::profile_name);
        let organisation = self.home(table);
        self.unread.profiles |= name.is_none() || organisation.is_none();
        Some(ProfileEntry {
            at: self.position(table.get("name").and_then(Item::span).or_else(|| table.span())),
            organisation: organisation?,
            settings,
            name: name?,
        })
    }

    /// The name of a profile, with its place; an empty one takes it away.
    pub(super) fn profile_name(&mut self, table: &Table) -> Option<(String, Position)> {
        let rule = |text: &str| if text.is_empty() { Ok(()) } else { rules::profile_name(text) };
        let name = self.text(table, "profile", rule)?;
        Some((name, self.position(table.get("profile").and_then(Item::span))))
    }

    /// Classes that are written at an extension.
    pub(super) fn rights(&mut self, table: &Table) -> Option<Vec<CallClass>> {
        let mut settings = ProfileSettings::default();
        self.setting(&mut settings, "rights", table.get("rights")?);
        settings.rights
    }
}
