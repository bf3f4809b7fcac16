//! Reading dialplan files from a folder, or one file, without a database.

use std::path::Path;

use kiestoon_dialplan::{MOST_TEXT, Plan, Plans, SourceFile};

use super::failure::Failure;
use super::language::{Language, say};

/// The dialplan files at `path`: a folder's `*.toml` in name order, or that one file.
pub(super) fn read(path: &Path, language: Language) -> Result<Vec<SourceFile>, Failure> {
    if path.is_file() {
        let mut room = MOST_TEXT;
        let file = crate::snapshot::dialplan_file(path, &mut room).map_err(|error| {
            let path = path.display();
            Failure::Input(say!(
                language,
                "{path}: the file cannot be read ({error})",
                "{path}: het bestand kan niet worden gelezen ({error})"
            ))
        })?;
        return Ok(vec![file]);
    }
    let shown = path.display();
    if !path.exists() {
        return Err(Failure::Input(say!(
            language,
            "{shown}: there is no such folder; set `dialplan.path`, or name the folder",
            "{shown}: die map bestaat niet; zet `dialplan.path`, of noem de map"
        )));
    }
    let files = crate::snapshot::dialplan_files(path).map_err(|error| Failure::Input(error.to_string()))?;
    if files.is_empty() {
        return Err(Failure::Input(say!(
            language,
            "{shown}: there is no *.toml file in this folder",
            "{shown}: er staat geen *.toml-bestand in deze map"
        )));
    }
    Ok(files)
}

/// Contexts and rules of all plans, in words.
pub(super) fn summary(plans: &Plans, files: usize, language: Language) -> String {
    let contexts = contexts(plans.shared(), language);
    let mut text = say!(
        language,
        "dialplan is good: files: {files}; contexts: {contexts}",
        "belplan is goed: bestanden: {files}; contexten: {contexts}"
    );
    for (slug, plan) in plans.own() {
        let contexts = self::contexts(plan, language);
        text.push_str(&say!(language, "; of {slug}: {contexts}", "; van {slug}: {contexts}"));
    }
    text
}

fn contexts(plan: &Plan, language: Language) -> String {
    let contexts: Vec<String> = plan
        .contexts()
        .map(|(name, rules)| say!(language, "{name} ({rules} rules)", "{name} ({rules} regels)"))
        .collect();
    contexts.join(", ")
}
