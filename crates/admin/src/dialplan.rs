//! What the API asks of the dialplan: how numbers are written, and which contexts there are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kiestoon_dialplan::{Country, MOST_TEXT, Plans, SourceFile};
use kiestoon_store::Presets;

use crate::problem::Refusal;

/// The presets of trunks, by whose countries numbers are read. The operator's folder is read anew each time, as the PBX does.
pub(crate) async fn presets(folder: Option<PathBuf>) -> Result<Presets, Refusal> {
    let numbering = |country: &str, number: &str| Country::find(country).map(|country| country.e164(number));
    let loaded = tokio::task::spawn_blocking(move || Presets::load(folder.as_deref(), numbering)).await;
    let loaded = loaded.map_err(|_| Refusal::Busy)?;
    loaded.map_err(|problems| {
        problems.iter().for_each(|problem| tracing::error!(%problem, "presets"));
        Refusal::Presets
    })
}

/// The contexts of an organisation. None where the dialplan cannot be used: then there is nothing to compare with, and the PBX says why.
pub(crate) async fn contexts(folder: PathBuf, organisation: String) -> Option<Vec<String>> {
    let read = move || {
        let (plans, _) = Plans::load(&files(&folder).ok()?).ok()?;
        Some(plans.of(&organisation).contexts().map(|(name, _)| name.to_owned()).collect())
    };
    tokio::task::spawn_blocking(read).await.ok()?
}

fn files(folder: &Path) -> io::Result<Vec<SourceFile>> {
    let (mut files, mut room) = (Vec::new(), MOST_TEXT);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if is_hidden || path.extension().is_none_or(|extension| extension != "toml") || !path.is_file() {
            continue;
        }
        let length = fs::metadata(&path)?.len();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        room = room.checked_sub(length).ok_or_else(|| io::Error::other("the dialplan is too large"))?;
        files.push(SourceFile { path: path.display().to_string(), text: fs::read_to_string(&path)? });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
