//! Loads the prompts: every WAV file of the sounds folder and of its Dutch sub-folder, by file name without ending.
use std::{fs, io, path::Path};

use kiestoon_media::prompt::{Prompt, Prompts};

/// Loads what can be read; what cannot is reported, and a step that names it plays nothing. A missing folder holds no
/// prompts.
pub(crate) fn load(folder: &Path) -> Prompts {
    let mut prompts = Prompts::default();
    prompts.insert(RINGBACK, ringback());
    // What lies directly in the folder is the operator's own and wins over what ships.
    for folder in [folder.join(LANGUAGE), folder.to_path_buf()] {
        if let Err(error) = load_folder(&folder, &mut prompts)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %folder.display(), %error, "prompts cannot be read");
        }
    }
    prompts
}

fn load_folder(folder: &Path, prompts: &mut Prompts) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_none_or(|extension| extension != "wav") {
            continue;
        }
        match fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|file| Prompt::from_file(&file).map_err(|error| error.to_string()))
        {
            Ok(prompt) => prompts.insert(name, prompt),
            Err(error) => tracing::warn!(file = %path.display(), %error, "prompt cannot be used"),
        }
    }
    Ok(())
}

const LANGUAGE: &str = "nl";

/// What somebody hears whose call is transferred, while the target rings: 425 Hz for one second, then four of silence.
fn ringback() -> Prompt {
    const RATE: usize = 8000;
    let samples: Vec<i16> = (0..5 * RATE)
        .map(|at| {
            let phase = std::f32::consts::TAU * 425.0 * (at as f32) / (RATE as f32);
            if at < RATE { (phase.sin() * LOUDNESS) as i16 } else { 0 }
        })
        .collect();
    Prompt::from_samples(&samples)
}

/// The name of that sound; a file of the same name takes its place.
const RINGBACK: &str = "overgaan";
/// About -20 dBm0.
const LOUDNESS: f32 = 3_200.0;
