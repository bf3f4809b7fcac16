//! Reading the sources in order, merging them, and turning them into a checked [`Config`].

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::checks;
use crate::node::{Node, Place, Reading};
use crate::problem::{Problem, Severity};
use crate::section::Part;
use crate::sentence::both;
use crate::tree::Config;

/// The file that is read when none is named; it may be missing.
pub const DEFAULT_FILE: &str = "config/kiestoon.toml";

/// Which file to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFile {
    /// [`DEFAULT_FILE`]; a missing one means the defaults.
    Default,
    /// A file that the operator named; a missing one is an error.
    Named(PathBuf),
}

impl ConfigFile {
    /// The path of the file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Default => Path::new(DEFAULT_FILE),
            Self::Named(path) => path,
        }
    }
}

/// A configuration without errors.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works, but not as the operator may think.
    pub warnings: Vec<Problem>,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
}

/// Reads the file, `conf.d/*.toml` beside it and the `KIESTOON__SECTION__KEY` pairs of `environment`.
///
/// Fails with every problem of every source at once; nothing of such a configuration may be used.
pub fn load(
    file: &ConfigFile,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    let mut reading = Reading::default();
    let mut root = Node::empty();
    let mut files = Vec::new();
    for path in paths(file, &mut reading) {
        if let Some(node) = read_file(&path, &mut reading) {
            root.merge(node);
        }
        files.push(path);
    }
    for node in overrides(environment) {
        root.merge(node);
    }
    let config = Config::read(&root, None, Config::default(), "", &mut reading);
    checks::check(&config, &root, &mut reading);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        reading.problems.into_iter().partition(|problem| problem.severity == Severity::Error);
    if errors.is_empty() { Ok(Loaded { config, warnings, files }) } else { Err([errors, warnings].concat()) }
}

/// The main file, unless it may be missing and is, and the files of `conf.d` in name order.
fn paths(file: &ConfigFile, reading: &mut Reading) -> Vec<PathBuf> {
    let main = file.path();
    let mut paths = Vec::new();
    if matches!(file, ConfigFile::Named(_)) || main.exists() {
        paths.push(main.to_owned());
    }
    let folder = main.with_file_name("conf.d");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return paths,
        Err(error) => {
            unreadable(&folder, &error, reading);
            return paths;
        }
    };
    let mut extra: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    extra.sort();
    paths.extend(extra);
    paths
}

fn read_file(path: &Path, reading: &mut Reading) -> Option<Node> {
    match std::fs::read_to_string(path) {
        Ok(text) => reading.parse(&path.display().to_string(), &text),
        Err(error) => {
            unreadable(path, &error, reading);
            None
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error, reading: &mut Reading) {
    let (message, hint) = match error.kind() {
        ErrorKind::NotFound => (
            both!("the file does not exist", "het bestand bestaat niet"),
            Some(both!("check the path after --config", "controleer het pad na --config")),
        ),
        ErrorKind::InvalidData => {
            (both!("the file is not UTF-8 text", "het bestand is geen tekst in UTF-8"), None)
        }
        _ => (both!("the file cannot be read ({error})", "het bestand is niet te lezen ({error})"), None),
    };
    let file = path.display().to_string();
    reading.problems.push(Problem { file, line: 0, column: 0, message, hint, severity: Severity::Error });
}

/// The overrides in name order, so that what wins does not depend on the environment's own order.
fn overrides(environment: impl IntoIterator<Item = (String, String)>) -> Vec<Node> {
    let mut pairs: Vec<(String, String)> =
        environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    pairs.sort();
    pairs
        .into_iter()
        .map(|(name, text)| {
            let path: Vec<String> =
                name.split("__").skip(1).map(str::to_ascii_lowercase).filter(|key| !key.is_empty()).collect();
            Node::variable(&name, &path, text)
        })
        .collect()
}

/// The place where a key is written, for problems found after reading.
pub(crate) fn place_of(root: &Node, path: &str) -> Place {
    root.find(path).map_or(Place::Nowhere, |node| node.at.clone())
}

const PREFIX: &str = "KIESTOON__";
