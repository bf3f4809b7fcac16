//! Writing what was answered: files that were not there, and the database.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use kiestoon_config::Config;
use kiestoon_store::{Import, NewUser, Presets, Role, SetUp, TrunkDoubt};
use serde_json::{Value, json};

use super::answers::Answers;
use super::{Place, starter};
use crate::cli::database::Announced;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::{Cli, database};
use crate::dutch;

/// What will be written.
pub(super) struct Plan<'a> {
    cli: &'a Cli,
    config: &'a Config,
    place: &'a Place,
    answers: &'a Answers,
    /// New files and what goes into them.
    files: Vec<(PathBuf, String)>,
    /// Files of an earlier run that new phones join.
    joined: Vec<Joined>,
}

/// A file as it was, and as it is to be.
struct Joined {
    file: PathBuf,
    before: String,
    after: String,
}

/// What was.
pub(super) struct Written {
    pub(super) files: Vec<PathBuf>,
    joined: Vec<PathBuf>,
    /// Numbers and passwords.
    extensions: Vec<(String, String)>,
    /// Login and password.
    admin: Option<(String, String)>,
    pub(super) trunk: Option<String>,
    /// What somebody should look at.
    doubts: Vec<TrunkDoubt>,
    pub(super) announced: Announced,
}

impl<'a> Plan<'a> {
    pub(super) fn new(cli: &'a Cli, config: &'a Config, place: &'a Place, answers: &'a Answers) -> Self {
        let mut files = Vec::new();
        if let Some(external) = answers.external {
            let file = cli.file.path().with_file_name("conf.d").join(SETTINGS);
            files.push((
                file,
                format!("# Written by `kiestoon setup`.\n[sip]\nexternal_address = \"{external}\"\n"),
            ));
        }
        let new: Vec<String> = answers.extensions.iter().map(|(number, _)| number.clone()).collect();
        let numbers: Vec<String> = place.extensions.iter().chain(&new).cloned().collect();
        let trunk = answers.trunk.as_ref().map(|trunk| trunk.name.as_str());
        let mut joined = Vec::new();
        if place.has_no_rules() {
            if !numbers.is_empty() {
                let timezone = jiff::tz::TimeZone::system();
                let timezone = timezone.iana_name().unwrap_or("Europe/Amsterdam");
                files.push((place.dialplan.join(OFFICE), starter::dialplan(timezone, &numbers, trunk)));
            }
        } else {
            for file in &place.rules {
                let after = starter::with_phones(&file.text, &new);
                joined.extend(after.map(|after| Joined {
                    file: PathBuf::from(&file.path),
                    before: file.text.clone(),
                    after,
                }));
            }
            let way = trunk.filter(|_| !starter::calls_out(&place.rules));
            let way = way.and_then(|trunk| starter::first_way(&place.rules, &numbers, trunk));
            files.extend(way.map(|way| (place.dialplan.join(starter::NEW), way)));
        }
        Self { cli, config, place, answers, files, joined }
    }

    pub(super) fn is_empty(&self) -> bool {
        let Answers { domain, extensions, admin, trunk, .. } = self.answers;
        self.files.is_empty()
            && domain.is_none()
            && extensions.is_empty()
            && admin.is_none()
            && trunk.is_none()
    }

    /// What it is, for the last question.
    pub(super) fn told(&self, language: Language) -> String {
        let mut lines = vec![String::new()];
        for (file, _) in &self.files {
            let file = file.display();
            lines.push(say!(language, "new file {file}", "nieuw bestand {file}"));
        }
        for joined in &self.joined {
            let (file, group) = (joined.file.display(), starter::EVERYBODY);
            lines.push(say!(
                language,
                "the new phones join group {group} in {file}",
                "de nieuwe toestellen komen bij groep {group} in {file}"
            ));
        }
        if let Some(domain) = &self.answers.domain {
            lines.push(say!(language, "domain {domain}", "domein {domain}"));
        }
        for (number, name) in &self.answers.extensions {
            lines.push(say!(language, "extension {number} {name}", "toestel {number} {name}"));
        }
        if let Some(login) = &self.answers.admin {
            lines.push(say!(language, "administrator {login}", "beheerder {login}"));
        }
        if let Some(trunk) = &self.answers.trunk {
            let (name, preset) = (&trunk.name, &trunk.preset);
            let numbers = trunk.numbers.keys().cloned().collect::<Vec<_>>().join(", ");
            lines.push(format!("trunk {name} ({preset}) {numbers}"));
        }
        lines.join("\n  ")
    }

    /// Writes it. What is refused leaves nothing behind but what is said to be written.
    pub(super) async fn write(&self, presets: &Presets) -> Result<Written, Failure> {
        let mut made = Vec::new();
        let mut changed = Vec::new();
        let done = match self.write_files(&mut made, &mut changed) {
            Ok(()) => self.fill(presets).await,
            Err(failure) => Err(failure),
        };
        match done {
            Ok(written) => {
                let joined = changed.iter().map(|joined: &&Joined| joined.file.clone()).collect();
                Ok(Written { files: made, joined, ..written })
            }
            Err(failure) => {
                remove(&made);
                changed.iter().for_each(|joined| drop(replace(&joined.file, &joined.before)));
                Err(failure)
            }
        }
    }

    /// Says in both lists what has to be taken back when something later fails.
    fn write_files<'p>(
        &'p self,
        made: &mut Vec<PathBuf>,
        changed: &mut Vec<&'p Joined>,
    ) -> Result<(), Failure> {
        for (file, text) in &self.files {
            create(file, text)?;
            made.push(file.clone());
        }
        for joined in &self.joined {
            replace(&joined.file, &joined.after)?;
            changed.push(joined);
        }
        Ok(())
    }

    async fn fill(&self, presets: &Presets) -> Result<Written, Failure> {
        let import = Import::parse("setup", &self.answers.import(&self.place.organisation))
            .map_err(|problems| Failure::import(&problems))?;
        let store = database::open(self.config).await?;
        let admin = self.answers.admin.as_ref().map(|login| NewUser {
            organisation: None,
            login: login.clone(),
            name: String::new(),
            role: Role::Admin,
            extension: self.answers.extensions.first().map(|(number, _)| number.clone()),
            password: None,
        });
        let all = SetUp { import: &import, trunk: self.answers.trunk.clone(), admin };
        let done = store.set_up(presets, all).await;
        store.close().await;
        let done = done?;
        let announced = database::announce(self.config, self.cli.language).await;
        let made = done.import.generated.into_iter();
        let extensions = made.map(|made| (made.number, made.password)).collect();
        let admin = done.admin.map(|added| (added.login, added.password));
        let doubts = done.trunk.as_ref().map(|added| added.doubts.clone()).unwrap_or_default();
        let trunk = done.trunk.map(|added| added.details.name);
        Ok(Written { files: Vec::new(), joined: Vec::new(), extensions, admin, trunk, doubts, announced })
    }
}

impl Written {
    pub(super) fn lines(&self, language: Language) -> Vec<String> {
        let mut lines = Vec::new();
        for file in &self.files {
            let file = file.display();
            lines.push(say!(language, "written: {file}", "geschreven: {file}"));
        }
        for file in &self.joined {
            let file = file.display();
            lines.push(say!(language, "changed: {file}", "gewijzigd: {file}"));
        }
        for (number, password) in &self.extensions {
            lines.push(say!(
                language,
                "extension {number}: password {password} (shown only now)",
                "toestel {number}: wachtwoord {password} (alleen nu te zien)"
            ));
        }
        if let Some((login, password)) = &self.admin {
            lines.push(say!(
                language,
                "administrator {login}: password {password} (shown only now)",
                "beheerder {login}: wachtwoord {password} (alleen nu te zien)"
            ));
        }
        for doubt in dutch::doubts(&self.doubts, language) {
            lines.push(format!("! {doubt}"));
        }
        if let (true, Some(trunk)) = (self.doubts.contains(&TrunkDoubt::NobodyCallsIn), &self.trunk) {
            lines.push(say!(
                language,
                "  Ask the provider where its calls come from: `kiestoon trunk set {trunk} addresses=192.0.2.0/24`; or register: `register=true username=... password=-`.",
                "  Vraag de aanbieder waar zijn oproepen vandaan komen: `kiestoon trunk set {trunk} addresses=192.0.2.0/24`; of meld u aan: `register=true username=... password=-`."
            ));
        }
        lines
    }

    fn waiting(&self) -> &[String] {
        match &self.announced {
            Announced::Taken(reloaded) => &reloaded.waiting,
            Announced::NotRunning | Announced::Refused => &[],
        }
    }

    pub(super) fn json(&self) -> Value {
        let extensions = self.extensions.iter();
        json!({
            "files": self.files,
            "changed": self.joined,
            "extensions": extensions.map(|(number, password)| json!({ "number": number, "password": password })).collect::<Vec<_>>(),
            "admin": self.admin.as_ref().map(|(login, password)| json!({ "login": login, "password": password })),
            "trunk": self.trunk,
            "hints": dutch::doubts(&self.doubts, Language::English),
            "running": !matches!(self.announced, Announced::NotRunning),
            "live": matches!(self.announced, Announced::Taken(_)),
            "waiting": self.waiting(),
        })
    }
}

/// Makes a file that is not there, whole or not at all, and its folder.
fn create(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", file.display()));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut new = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
    written.map_err(|error| {
        // A part of it would keep the next run from making it.
        let _ = fs::remove_file(file);
        failed(error)
    })
}

/// Puts another text into a file, whole or not at all.
fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", file.display()));
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(file)?.permissions()))
        .and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

/// Takes back files of ours that nothing belongs to.
fn remove(made: &[PathBuf]) {
    for file in made {
        let _ = fs::remove_file(file);
    }
}

const SETTINGS: &str = "50-setup.toml";
const OFFICE: &str = "kantoor.toml";
