//! Loads the prompts: every WAV and Ogg Opus file of the sounds folder and of its Dutch sub-folder, by file name without
//! ending, and the tones of the country.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use kiestoon_config::Media;
use kiestoon_media::{
    prompt::{Prompt, Prompts},
    tone::Country,
};

/// Loads what can be read; what cannot is reported, and a step that names it plays nothing. A missing folder holds no
/// prompts.
pub(crate) fn load(media: &Media) -> Prompts {
    let mut prompts = tones(media);
    let mut bytes = 0_usize;
    // What lies directly in the folder is the operator's own and wins over what ships.
    for folder in [media.sounds.join(LANGUAGE), media.sounds.clone()] {
        match files(&folder) {
            Ok(files) => {
                for (name, file) in files {
                    match read(&file) {
                        Ok(prompt) if bytes.saturating_add(prompt.bytes()) > LIMIT_BYTES => {
                            tracing::warn!(file = %file.display(), limit = LIMIT_BYTES, "prompts take too much memory");
                        }
                        Ok(prompt) => {
                            bytes = bytes.saturating_add(prompt.bytes());
                            prompts.insert(&name, prompt);
                        }
                        Err(error) => tracing::warn!(file = %file.display(), error, "prompt cannot be used"),
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(folder = %folder.display(), %error, "prompts cannot be read"),
        }
    }
    prompts
}

/// The tones of the country, without any file.
pub(crate) fn tones(media: &Media) -> Prompts {
    let mut prompts = Prompts::default();
    if let Some(country) = Country::find(media.tones.code()) {
        prompts.insert_tones(country);
    }
    prompts
}

/// Reads one prompt; the error says why it cannot be one.
pub(crate) fn read(file: &Path) -> Result<Prompt, String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    Prompt::from_file(&bytes).map_err(|error| error.to_string())
}

/// The files of a folder that hold prompts, with the names that they are played under.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_sound =
            path.extension().is_some_and(|extension| ENDINGS.iter().any(|ending| extension == *ending));
        if let (true, Some(name)) = (is_sound, path.file_stem().and_then(|name| name.to_str())) {
            found.push((name.to_owned(), path.clone()));
        }
    }
    Ok(found)
}

/// The sub-folder of the language.
pub(crate) const LANGUAGE: &str = "nl";
const ENDINGS: [&str; 3] = ["wav", "ogg", "opus"];
/// Two hours at 16 kHz: more than any menu says.
const LIMIT_BYTES: usize = 256 << 20;
