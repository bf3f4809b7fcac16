//! A value that is never shown: it prints masked, and its file may not be readable by everyone.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::sentence::{Sentence, both};

/// A secret text. `Debug` and `Display` print a mask, so that no log line can carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Why the file of a secret cannot be used, as the end of a sentence that starts with its path.
pub(crate) fn refuse_file(path: &Path) -> Result<(), Sentence> {
    let unreadable = |error| both!("cannot be read ({error})", "is niet te lezen ({error})");
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    if !facts.is_file() {
        return Err(both!("is not a file", "is geen bestand"));
    }
    if facts.permissions().mode() & OTHERS != 0 {
        let path = path.display();
        return Err(both!(
            "can be read by every user of this machine; run `chmod 600 {path}`",
            "is leesbaar voor elke gebruiker van deze machine; geef `chmod 600 {path}`"
        ));
    }
    std::fs::File::open(path).map(drop).map_err(unreadable)
}

pub(crate) const MASK: &str = "********";
const OTHERS: u32 = 0o007;
