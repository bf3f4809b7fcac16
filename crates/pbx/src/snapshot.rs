//! Builds the snapshot that calls run on: directory from the database, dialplan from its folder, names of the prompts.
//! Built whole and checked whole; what is wrong is said all at once and the old snapshot stays.
use std::{
    collections::HashMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use kiestoon_call::{Extension, Organisation, Snapshot, SnapshotParts};
use kiestoon_dialplan::{MOST_TEXT, Plans, Problem, ReferenceKind, SourceFile};
use kiestoon_sip::digest::Ha1Set;
use kiestoon_store::{Directory, Store, StoreError};

use crate::webhook;

/// Where a snapshot comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) store: Store,
    pub(crate) dialplans: PathBuf,
    /// Names of the prompts that were loaded at the start.
    pub(crate) prompts: Vec<String>,
    /// Addresses and names, beside those it listens on, that count as this PBX.
    pub(crate) own_hosts: Vec<String>,
}

/// Why a snapshot was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{}: cannot be read: {error}", path.display())]
    Folder { path: PathBuf, error: io::Error },
    #[error("the dialplan files change all the time")]
    Changing,
    #[error("{}", listed(.0))]
    Dialplan(Vec<Problem>),
}

impl SnapshotError {
    /// One text a problem.
    pub(crate) fn problems(&self) -> Vec<String> {
        match self {
            Self::Dialplan(problems) => problems.iter().map(Problem::render).collect(),
            other => vec![other.to_string()],
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.render()).collect::<Vec<_>>().join("\n")
}

impl Source {
    /// Builds a snapshot of the present state, with what works but perhaps not as the operator thinks.
    pub(crate) async fn build(&self) -> Result<(Snapshot, Vec<String>), SnapshotError> {
        let files = dialplan_files(&self.dialplans)?;
        let (plans, mut warnings) = Plans::load(&files).map_err(SnapshotError::Dialplan)?;
        let directory = self.store.directory().await?;
        let is_prompt = |name: &str| self.prompts.iter().any(|loaded| loaded == name);
        warnings.extend(plans.unresolved(|plan, kind, name| match kind {
            ReferenceKind::Extension => directory.extensions.iter().any(|extension| extension.number == name),
            ReferenceKind::Prompt => plan.language().prompt(name, is_prompt).is_some(),
            ReferenceKind::Saying => plan.language().can_say(name, is_prompt),
            ReferenceKind::Trunk => false,
        }));
        warnings.extend(plans.unusable_secrets(webhook::secret_fault));
        let mut warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        for (slug, _) in plans.own() {
            if !directory.organisations.iter().any(|organisation| organisation.slug == slug) {
                warnings.push(format!("dialplan files belong to organisation {slug}, which does not exist"));
            }
        }
        let parts = SnapshotParts {
            revision: directory.revision,
            organisations: organisations(directory),
            own_hosts: self.own_hosts.clone(),
            plans,
            prompts: self.prompts.clone(),
        };
        Ok((Snapshot::new(parts), warnings))
    }
}

/// The `*.toml` files of the folder in name order, without those whose name begins with a dot; sub-folders hold tests.
pub(crate) fn dialplan_files(folder: &Path) -> Result<Vec<SourceFile>, SnapshotError> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |error| SnapshotError::Folder { path, error }
    };
    let mut files = Vec::new();
    let mut room = MOST_TEXT;
    for path in toml_files(folder).map_err(unreadable(folder))? {
        files.push(dialplan_file(&path, &mut room).map_err(unreadable(&path))?);
    }
    Ok(files)
}

/// One of them, of which no more is read than `room` has for all files; it has less then.
pub(crate) fn dialplan_file(path: &Path, room: &mut usize) -> io::Result<SourceFile> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(u64::try_from(*room).unwrap_or(u64::MAX).saturating_add(1))
        .read_to_end(&mut bytes)?;
    let Some(left) = room.checked_sub(bytes.len()) else {
        return Err(io::Error::other(format!("the dialplan is larger than {} MiB", MOST_TEXT >> 20)));
    };
    *room = left;
    let text = String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(SourceFile { path: path.display().to_string(), text })
}

/// What changes when a dialplan file is edited, replaced, added or removed. None for a link that leads nowhere.
pub(crate) type DialplanStamp = Vec<(PathBuf, Option<(u64, Option<SystemTime>)>)>;

/// The files as they are now.
pub(crate) fn dialplan_stamp(folder: &Path) -> DialplanStamp {
    let stamp = |path: PathBuf| {
        let metadata = fs::metadata(&path).ok();
        (path, metadata.map(|metadata| (metadata.len(), metadata.modified().ok())))
    };
    toml_files(folder).unwrap_or_default().into_iter().map(stamp).collect()
}

fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A link that leads nowhere is told by whoever reads it: what it named would be missing from the plan.
        let is_file = || fs::metadata(&path).map_or_else(|_| path.is_symlink(), |found| found.is_file());
        if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") && is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn organisations(directory: Directory) -> Vec<Organisation> {
    let mut extensions: HashMap<String, Vec<kiestoon_store::Extension>> = HashMap::new();
    for extension in directory.extensions.into_iter().filter(|extension| extension.enabled) {
        extensions.entry(extension.organisation_id.clone()).or_default().push(extension);
    }
    let mut organisations = Vec::new();
    for organisation in directory.organisations {
        // The `default` organisation that nobody uses does not count: where one organisation has extensions, the
        // PBX's own addresses are its domain.
        let Some(members) = extensions.remove(&organisation.id) else { continue };
        let realm = organisation.domain.clone().unwrap_or_else(|| organisation.slug.clone());
        organisations.push(Organisation {
            id: organisation.id.into(),
            slug: organisation.slug.into(),
            domain: organisation.domain.map(Into::into),
            extensions: members.into_iter().map(|member| snapshot_extension(member, &realm)).collect(),
            realm: realm.into(),
            trunks: HashMap::new(),
        });
    }
    organisations
}

fn snapshot_extension(extension: kiestoon_store::Extension, realm: &str) -> (Box<str>, Extension) {
    let secret = extension.secret;
    let ha1 = match secret.password {
        Some(password) => Ha1Set::from_password(&extension.number, realm, &password),
        None => Ha1Set { md5: secret.ha1_md5, sha256: secret.ha1_sha256, sha512_256: secret.ha1_sha512_256 },
    };
    (extension.number.into(), Extension { id: extension.id.into(), name: extension.name.into(), ha1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["b.toml", "a.toml", ".hidden.toml", "a.txt"] {
            fs::write(path(name), "version = 1\n").expect("a file");
        }
        fs::create_dir(path("tests.toml")).expect("a folder in it");
        let names: Vec<String> = dialplan_files(folder.path())
            .expect("readable files")
            .into_iter()
            .map(|file| file.path.rsplit('/').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(names, ["a.toml", "b.toml"]);
        std::os::unix::fs::symlink("nowhere", path("c.toml")).expect("a link");
        let error = dialplan_files(folder.path()).expect_err("a link that leads nowhere").to_string();
        assert!(error.contains("c.toml: cannot be read: No such file"), "{error}");
        fs::remove_file(path("c.toml")).expect("removed");
        fs::write(path("c.toml"), "é".repeat(MOST_TEXT)).expect("a large file");
        let error = dialplan_files(folder.path()).expect_err("a large file").to_string();
        assert!(error.contains("c.toml: cannot be read: the dialplan is larger than 4 MiB"), "{error}");
    }
}
