//! Where the database is. A PostgreSQL URL may hold a password, which is never printed.

use std::fmt;
use std::path::Path;

use crate::secret::MASK;
use crate::sentence::{Sentence, both};

/// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads a URL; the error ends a sentence that starts with the name of its key.
    pub(crate) fn parse(text: &str) -> Result<Self, Sentence> {
        let url = Self(text.to_owned());
        let path = url.path();
        if path.is_some_and(|path| !path.as_os_str().is_empty()) || (path.is_none() && url.is_server()) {
            return Ok(url);
        }
        Err(both!(
            "is \"{url}\", which this version cannot open; write it as \"sqlite:data/kiestoon.db\" or \
             \"postgres://USER@HOST/DATABASE\"",
            "is \"{url}\", wat deze versie niet kan openen; schrijf \"sqlite:data/kiestoon.db\" of \
             \"postgres://GEBRUIKER@HOST/DATABASE\""
        ))
    }

    /// The whole URL, for the one place that opens it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The path of an SQLite database; `None` for one on a server.
    pub fn path(&self) -> Option<&Path> {
        let rest = self.0.strip_prefix("sqlite:")?;
        Some(Path::new(rest.strip_prefix("//").unwrap_or(rest)))
    }

    /// Whether it carries a password.
    pub(crate) fn has_password(&self) -> bool {
        self.password().is_some()
    }

    fn is_server(&self) -> bool {
        self.0.starts_with("postgres://") || self.0.starts_with("postgresql://")
    }

    /// The bytes of the password: between the first colon after the scheme and the last `@`.
    fn password(&self) -> Option<std::ops::Range<usize>> {
        let start = self.0.find("://")?.checked_add(3)?;
        let end = self.0.rfind('@')?;
        let colon = self.0.get(start..end)?.find(':')?;
        Some(start.checked_add(colon)?.checked_add(1)?..end)
    }
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self("sqlite:data/kiestoon.db".into())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(password) = self.password() else { return f.write_str(&self.0) };
        let part = |range| self.0.get::<std::ops::Range<usize>>(range).unwrap_or_default();
        write!(f, "{}{MASK}{}", part(0..password.start), part(password.end..self.0.len()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let url = DatabaseUrl::parse("postgres://pbx:ge:he@im@db.example:5433/pbx").unwrap();
        assert_eq!(url.to_string(), "postgres://pbx:********@db.example:5433/pbx");
        assert_eq!(format!("{url:?}"), "\"postgres://pbx:********@db.example:5433/pbx\"");
        let Sentence { en, nl } = DatabaseUrl::parse("mysql://pbx:geheim@db/pbx").unwrap_err();
        assert!(!en.contains("geheim") && !nl.contains("geheim"), "{en} {nl}");
    }

    #[test]
    fn files_and_servers_are_told_apart() {
        let path = |text: &str| DatabaseUrl::parse(text).unwrap().path().map(Path::to_owned);
        assert_eq!(path("sqlite:data/k.db"), Some("data/k.db".into()));
        assert_eq!(path("sqlite:///srv/k.db"), Some("/srv/k.db".into()));
        assert_eq!(path("postgres://db/pbx"), None);
        assert!(DatabaseUrl::parse("sqlite:").is_err());
    }
}
