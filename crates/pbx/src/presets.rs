//! The presets of trunks, with the one thing that they need from elsewhere: how the numbers of a country are written.

use std::path::Path;

use kiestoon_dialplan::Country;
use kiestoon_store::{ImportProblem, Presets};

/// Those that come with the program, and those of the operator's folder.
pub(crate) fn load(folder: Option<&Path>) -> Result<Presets, Vec<ImportProblem>> {
    Presets::load(folder, numbering)
}

fn numbering(country: &str, number: &str) -> Option<String> {
    Country::find(country).map(|country| country.e164(number))
}
