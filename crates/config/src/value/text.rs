//! Values of the standard library that are written as strings, secrets and database URLs among them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr as _;

use super::{Fault, Text};
use crate::database_url::DatabaseUrl;
use crate::secret::Secret;

impl Text for String {
    const EXPECTED: &'static str = "a string";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.chars().any(char::is_control) {
            return Err(Fault::new("has a control character in it"));
        }
        Ok(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Text for Secret {
    const EXPECTED: &'static str = "a string";

    fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self::new(text))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for DatabaseUrl {
    const EXPECTED: &'static str = "a database URL";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse(text).map_err(Fault::new)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() || text.contains('\0') {
            return Err(Fault::new("must be a path, not empty"));
        }
        Ok(text.into())
    }

    fn text(&self) -> String {
        self.display().to_string()
    }
}

impl Text for SocketAddr {
    const EXPECTED: &'static str = "an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            let mut fault = Fault::wanted(<Self as Text>::EXPECTED, &format!("{text:?}"));
            if IpAddr::from_str(text).is_ok() {
                fault.hint = Some("add a port".into());
            } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
                fault.hint = Some("names are not looked up here: write an address".into());
            }
            fault
        })
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for IpAddr {
    const EXPECTED: &'static str = "an IP address";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| Fault::wanted(<Self as Text>::EXPECTED, &format!("{text:?}")))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value as _;

    #[test]
    fn a_secret_prints_masked() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "******** ********");
        assert_eq!(secret.shown().to_toml(), "\"********\"");
    }
}
