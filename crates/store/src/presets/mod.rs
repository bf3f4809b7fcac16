//! Presets: what a provider's documentation says of its trunks, in files of one form. Six come with the program; a folder of the
//! operator's adds more, and replaces those of the same name.

mod read;

use std::collections::BTreeMap;
use std::path::Path;

use crate::import::ImportProblem;
use crate::trunks::{TrunkSettings, word};

/// What is known of a provider's trunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The name of its file.
    pub name: String,
    /// The provider, for people.
    pub title: String,
    /// What an operator should know before filling it in, in Dutch.
    pub note_nl: String,
    /// The same in English.
    pub note_en: String,
    /// Where the provider says so.
    pub documentation: Vec<String>,
    /// The keys that an operator has to fill in.
    pub needs: Vec<String>,
    /// What the provider's trunks have in common.
    pub settings: TrunkSettings,
    /// The file of an operator's own preset; None: it came with the program.
    pub file: Option<String>,
}

/// How the numbers of a country are written: `(country, number)` to E.164, or the number as it is where it is no whole one of
/// the public network. None where no such country is known. This crate knows no country itself.
pub type Numbering = fn(&str, &str) -> Option<String>;

/// All presets by name, and how numbers are written.
#[derive(Debug, Clone)]
pub struct Presets {
    presets: BTreeMap<String, Preset>,
    numbering: Numbering,
}

impl Presets {
    /// Those that come with the program, and those of the operator's folder, whose names count first.
    ///
    /// # Errors
    /// Every problem of every file, each with its place.
    pub fn load(folder: Option<&Path>, numbering: Numbering) -> Result<Self, Vec<ImportProblem>> {
        let mut presets = Self { presets: BTreeMap::new(), numbering };
        let mut problems = Vec::new();
        for (name, text) in BUILT_IN {
            presets.read(name, &format!("{name}.toml"), text, false, &mut problems);
        }
        for file in folder.map(|folder| files(folder, &mut problems)).unwrap_or_default() {
            presets.read(&file.name, &file.path, &file.text, true, &mut problems);
        }
        if problems.is_empty() { Ok(presets) } else { Err(problems) }
    }

    fn read(&mut self, name: &str, path: &str, text: &str, is_own: bool, problems: &mut Vec<ImportProblem>) {
        match read::preset(name, path, text, &|country| self.e164(country, "").is_some()) {
            Ok(preset) => {
                let file = is_own.then(|| path.to_owned());
                self.presets.insert(name.to_owned(), Preset { file, ..preset });
            }
            Err(wrong) => problems.extend(wrong),
        }
    }

    /// The preset of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Preset> {
        self.presets.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Preset> {
        self.presets.values()
    }

    /// What to write instead of a name that no preset has.
    #[must_use]
    pub fn hint(&self, name: &str) -> PresetHint {
        let known: Vec<&str> = self.presets.keys().map(String::as_str).collect();
        match word::nearest(name, &known) {
            Some(near) => PresetHint::Near(near.to_owned()),
            None => PresetHint::Known(known.into_iter().map(str::to_owned).collect()),
        }
    }

    /// A number of a country in E.164; see [`Numbering`].
    #[must_use]
    pub fn e164(&self, country: &str, number: &str) -> Option<String> {
        (self.numbering)(country, number)
    }
}

/// What to write instead of a name that no preset has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetHint {
    /// The name that was probably meant.
    #[error("did you mean `{0}`?")]
    Near(String),
    /// All names that there are.
    #[error("there are {}", .0.join(", "))]
    Known(Vec<String>),
}

struct PresetFile {
    name: String,
    path: String,
    text: String,
}

/// The `*.toml` files of a folder in name order, without those whose name begins with a dot.
fn files(folder: &Path, problems: &mut Vec<ImportProblem>) -> Vec<PresetFile> {
    let mut unreadable = |path: &Path, error: &std::io::Error| {
        problems.push(read::unreadable(&path.display().to_string(), error));
    };
    let entries = match std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => {
            unreadable(folder, &error);
            return Vec::new();
        }
    };
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| !stem.starts_with('.'));
        let Some(name) = stem.filter(|_| path.extension().is_some_and(|extension| extension == "toml"))
        else {
            continue;
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => found.push(PresetFile { name: name.into(), path: path.display().to_string(), text }),
            Err(error) => unreadable(&path, &error),
        }
    }
    found
}

/// The preset of a trunk that names none.
pub(crate) const GENERIC: &str = "generic";

const BUILT_IN: [(&str, &str); 6] = [
    (GENERIC, include_str!("../../presets/generic.toml")),
    ("twilio", include_str!("../../presets/twilio.toml")),
    ("telnyx", include_str!("../../presets/telnyx.toml")),
    ("voximplant", include_str!("../../presets/voximplant.toml")),
    ("api4com", include_str!("../../presets/api4com.toml")),
    ("voipgrid", include_str!("../../presets/voipgrid.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn numbering(country: &str, number: &str) -> Option<String> {
        ["nl", "br"].contains(&country).then(|| number.to_owned())
    }

    #[test]
    fn those_that_come_with_the_program_are_whole() {
        let presets = Presets::load(None, numbering).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let names: Vec<_> = presets.iter().map(|preset| preset.name.as_str()).collect();
        assert_eq!(names, ["api4com", "generic", "telnyx", "twilio", "voipgrid", "voximplant"]);
        for preset in presets.iter() {
            assert!(
                !preset.title.is_empty() && !preset.note_nl.is_empty() && !preset.note_en.is_empty(),
                "{preset:?}"
            );
            let has_host = preset.settings.hosts().next().is_some();
            assert!(
                has_host || preset.needs.iter().any(|key| key == "host"),
                "{}: whence its host?",
                preset.name
            );
            assert!(
                preset.name == GENERIC || !preset.documentation.is_empty(),
                "{}: who says so?",
                preset.name
            );
        }
        assert_eq!(presets.hint("twillio").to_string(), "did you mean `twilio`?");
        let all = presets.hint("x").to_string();
        assert!(all.starts_with("there are api4com, generic"), "{all}");
    }

    #[test]
    fn an_operators_own_replaces_one_of_the_same_name() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("twilio.toml", "title = \"Ours\"\n[trunk]\nhost = \"sip.example.net\"\n");
        write("elders.toml", "title = \"Elders\"\nneeds = [\"host\"]\n");
        write(".x.toml", "broken");
        write("note.txt", "broken");
        let presets = Presets::load(Some(folder.path()), numbering).unwrap();
        assert_eq!(presets.find("twilio").unwrap().title, "Ours");
        assert!(presets.find("twilio").unwrap().file.as_deref().unwrap().ends_with("twilio.toml"));
        assert_eq!(presets.find("elders").unwrap().needs, ["host"]);
        assert!(presets.find("telnyx").unwrap().file.is_none());
    }

    #[test]
    fn every_problem_of_an_own_preset_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let text = "titel = \"x\"\nneeds = [\"user\", 1]\n[note]\nfr = \"non\"\n[trunk]\nhots = \"a\"\ntransport = \"ws\"\ncountry = \"xx\"\n";
        std::fs::write(folder.path().join("x.toml"), text).unwrap();
        std::fs::write(folder.path().join("y.toml"), "title = ").unwrap();
        let problems = Presets::load(Some(folder.path()), numbering).unwrap_err();
        let shown: Vec<_> = problems.iter().map(|problem| problem.to_string()).collect();
        let wanted = [
            "x.toml:1:1: error: unknown key `titel`: did you mean `title`?",
            "x.toml:1:1: error: `title` is missing",
            "x.toml:2:10: error: `needs` has `user`, which is no key of a trunk",
            "x.toml:2:18: error: `needs` is a list of keys in quotes",
            "x.toml:4:1: error: unknown key `fr`: known here are nl, en",
            "x.toml:6:1: error: unknown key `hots`: did you mean `host`?",
            "x.toml:7:13: error: `transport` must be one of",
            "x.toml:8:11: error: there is no country `xx` here",
            "y.toml:1:",
        ];
        assert_eq!(shown.len(), wanted.len(), "{shown:#?}");
        for (shown, wanted) in shown.iter().zip(wanted) {
            assert!(shown.contains(wanted), "{shown}\n{wanted}");
        }
        let gone = Presets::load(Some(&folder.path().join("gone")), numbering).unwrap_err();
        assert!(gone[0].to_string().contains("cannot be read"), "{gone:?}");
    }
}
