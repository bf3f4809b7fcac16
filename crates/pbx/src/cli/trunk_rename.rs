//! A new name for a trunk: what lies in files and names it cannot follow, so it has to be there first.

use std::path::Path;

use kiestoon_config::Config;
use kiestoon_dialplan::Plans;

use super::failure::Failure;
use super::language::{Language, say};
use crate::snapshot::dialplan_files;

/// A name and the one that is to come after it.
pub(super) struct Rename<'a> {
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    /// The slug of the trunk's organisation.
    pub(super) organisation: &'a str,
}

impl Rename<'_> {
    /// Refuses to leave behind files that name the trunk, all of them at once.
    pub(super) fn refuse_left_behind(&self, config: &Config, language: Language) -> Result<(), Failure> {
        let mut left = self.dialplan(&config.dialplan.path, language);
        left.extend(config.trunks.rates.as_deref().and_then(|folder| self.rates(folder, language)));
        if left.is_empty() { Ok(()) } else { Err(Failure::Input(left.join("\n"))) }
    }

    /// The places of the dialplan that dial it. A dialplan that is not there dials nobody.
    fn dialplan(&self, folder: &Path, language: Language) -> Vec<String> {
        let Ok(files) = dialplan_files(folder) else { return Vec::new() };
        let Self { before, after, organisation } = self;
        let Ok((plans, _)) = Plans::load(&files) else {
            return vec![say!(
                language,
                "whether the dialplan dials trunk `{before}` cannot be seen: `kiestoon check` says what to mend in it first",
                "of het belplan trunk `{before}` belt is niet te zien: `kiestoon check` zegt wat daarin eerst hersteld moet worden"
            )];
        };
        let places = plans.of(organisation).places_of_trunk(before);
        let told = places.map(|place| {
            say!(
                language,
                "{place}: the dialplan dials trunk `{before}` here: write `trunk:{after}` first",
                "{place}: het belplan belt hier trunk `{before}`: schrijf er eerst `trunk:{after}`"
            )
        });
        told.collect()
    }

    /// The file of what its calls cost, which bears its name. Without one they would cost nothing, and no limit on money would hold.
    fn rates(&self, folder: &Path, language: Language) -> Option<String> {
        let card = |name: &str| {
            let own = folder.join(self.organisation).join(format!("{name}.csv"));
            [own, folder.join(format!("{name}.csv"))].into_iter().find(|file| file.is_file())
        };
        let file = card(self.before).filter(|_| card(self.after).is_none())?;
        let copy = file.with_file_name(format!("{}.csv", self.after));
        let (file, copy, before) = (file.display(), copy.display(), self.before);
        Some(say!(
            language,
            "{file}: this file says what calls over trunk `{before}` cost: copy it to {copy} first",
            "{file}: dit bestand zegt wat oproepen over trunk `{before}` kosten: kopieer het eerst naar {copy}"
        ))
    }
}
