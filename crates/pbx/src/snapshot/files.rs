//! The dialplan's files: read, and looked at for changes.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use kiestoon_dialplan::{MOST_TEXT, SourceFile};

use super::SnapshotError;

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
