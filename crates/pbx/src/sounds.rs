//! Loads the prompts: every WAV and Ogg Opus file of the sounds folder and of its folders of languages, by its place there
//! without ending, and the tones of the country.
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use kiestoon_config::Media;
use kiestoon_dialplan::Language;
use kiestoon_media::{
    prompt::{Prompt, Prompts},
    tone::Country,
};

/// Loads what can be read; what cannot is reported, and a step that names it plays nothing. A missing folder holds no
/// prompts.
pub(crate) fn load(media: &Media) -> Prompts {
    let mut prompts = tones(media);
    let mut bytes = 0_usize;
    let found = files(&media.sounds, |folder, error| {
        tracing::warn!(folder = %folder.display(), %error, "prompts cannot be read");
    });
    for (name, file) in found {
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

/// The files of a folder that hold prompts, with the names that they are played under, sub-folders included: `menu/dag`. Those
/// in the folder of a language other than Dutch have it before their name: `en/welkom`. What lies outside the folders of languages is the
/// operator's own and is heard in every language. `unreadable` is told of folders that cannot be read.
pub(crate) fn files(
    sounds: &Path,
    mut unreadable: impl FnMut(&Path, io::Error),
) -> BTreeMap<String, PathBuf> {
    let mut all = BTreeMap::new();
    for language in Language::ALL {
        let prefix = match language {
            Language::Dutch => String::new(),
            other => format!("{other}/"),
        };
        let mut list = |name: &str, file| drop(all.insert(format!("{prefix}{name}"), file));
        within(&sounds.join(language.code()), "", FOLDERS, &mut list, &mut unreadable);
    }
    let mut own = BTreeMap::new();
    within(sounds, "", FOLDERS, &mut |name, file| drop(own.insert(name.to_owned(), file)), &mut unreadable);
    for (name, file) in own {
        let is_of_language =
            name.split_once('/').is_some_and(|(folder, _)| Language::of_code(folder).is_some());
        if !is_of_language {
            Language::ALL.into_iter().for_each(|language| drop(all.remove(&format!("{language}/{name}"))));
            all.insert(name, file);
        }
    }
    all
}

/// Lists a folder and those in it. Of two files of one name the WAV counts, then the other endings in their order.
fn within(
    folder: &Path,
    prefix: &str,
    depth: u8,
    list: &mut dyn FnMut(&str, PathBuf),
    unreadable: &mut dyn FnMut(&Path, io::Error),
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return unreadable(folder, error),
    };
    let mut found = Vec::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let ending = ENDINGS.iter().position(|ending| path.extension().is_some_and(|own| own == *ending));
        let name = if ending.is_some() { path.file_stem() } else { path.file_name() };
        let Some(name) = name.and_then(|name| name.to_str()).map(|name| format!("{prefix}{name}")) else {
            continue;
        };
        match (ending, depth.checked_sub(1)) {
            (Some(ending), _) => found.push((ending, name, path)),
            (None, Some(depth)) if path.is_dir() => {
                within(&path, &format!("{name}/"), depth, list, unreadable);
            }
            _ => {}
        }
    }
    // The best comes last and replaces the others.
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().for_each(|(_, name, path)| list(&name, path));
}

const ENDINGS: [&str; 3] = ["wav", "ogg", "opus"];
/// Folders within each other; a link to a folder above ends there.
const FOLDERS: u8 = 4;
/// Two hours at 16 kHz: more than any menu says.
const LIMIT_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use kiestoon_dialplan::SayKind;

    use super::*;

    fn named(folder: &Path) -> Vec<(String, String)> {
        let files = files(folder, |folder, error| panic!("{}: {error}", folder.display()));
        let place = |file: PathBuf| file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        files.into_iter().map(|(name, file)| (name, place(file))).collect()
    }

    #[test]
    fn prompts_are_named_by_language_and_sub_folder_and_the_operators_own_win() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "nl/welkom.opus",
            "nl/say/1.opus",
            "en/say/1.opus",
            "en/welkom.opus",
            "de/welkom.wav",
            "de/welkom.ogg",
            "fr/gesloten.opus",
            "gesloten.wav",
            "menu/dag/nu.ogg",
            "say/1.wav",
            "notes.txt",
            "nl/prompts.toml",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("menu/rond")).unwrap();
        let named = named(folder.path());
        let plain: Vec<_> = named.iter().filter(|(name, _)| !name.contains("rond")).collect();
        let expected = [
            ("de/welkom", "de/welkom.wav"),
            ("en/welkom", "en/welkom.opus"),
            ("gesloten", "gesloten.wav"),
            ("menu/dag/nu", "menu/dag/nu.ogg"),
            ("say/1", "say/1.wav"),
            ("welkom", "nl/welkom.opus"),
        ];
        let plain: Vec<_> = plain.iter().map(|(name, file)| (name.as_str(), file.as_str())).collect();
        assert_eq!(plain, expected);
        assert!(named.len() < 100, "a link in a circle ends");
    }

    #[test]
    fn what_ships_is_readable_short_and_all_that_is_said() {
        let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sounds");
        let media = Media { sounds: sounds.clone(), ..Media::default() };
        let prompts = load(&media);
        for language in Language::ALL {
            let prefix = if language == Language::Dutch { String::new() } else { format!("{language}/") };
            for name in SayKind::ALL.into_iter().flat_map(|kind| language.recordings(kind)) {
                let prompt = prompts
                    .find(&format!("{prefix}{name}"))
                    .unwrap_or_else(|| panic!("no {name} in {language}"));
                let samples = prompt.decoded().unwrap();
                assert!(
                    (3_200..32_000).contains(&samples.len()),
                    "{language} {name}: {} samples",
                    samples.len()
                );
                let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
                assert!(loudest > 12_000, "{language} {name}: {loudest}");
                // Words that are played one after the other must not have holes between them.
                let sounding = |sample: &i16| sample.unsigned_abs() > 300;
                let before = samples.iter().position(sounding).unwrap();
                let behind = samples.iter().rev().position(sounding).unwrap();
                assert!(
                    before < 1_600 && behind < 3_200,
                    "{language} {name}: silence of {before} and {behind} samples"
                );
            }
        }
        let bytes: usize =
            files(&sounds, |_, _| {}).keys().filter_map(|name| Some(prompts.find(name)?.bytes())).sum();
        assert!(bytes < 4 << 20, "{bytes} bytes in memory");
    }
}
