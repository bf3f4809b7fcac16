//! Values of the standard library that are written as strings, secrets and database URLs among them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr as _;

use super::{Fault, Text};
use crate::database_url::DatabaseUrl;
use crate::secret::Secret;
use crate::sentence::{Wanted, both};

impl Text for String {
    const EXPECTED: Wanted = Wanted { en: "a string", nl: "een tekst" };

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.chars().any(char::is_control) {
            return Err(Fault::new(both!("has a control character in it", "heeft een stuurteken")));
        }
        Ok(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Text for Secret {
    const EXPECTED: Wanted = Wanted { en: "a string", nl: "een tekst" };

    fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self::new(text))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for DatabaseUrl {
    const EXPECTED: Wanted = Wanted { en: "a database URL", nl: "een URL van een database" };

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse(text).map_err(Fault::new)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for PathBuf {
    const EXPECTED: Wanted = Wanted { en: "a path", nl: "een pad" };

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() || text.contains('\0') {
            return Err(Fault::new(both!("must be a path, not empty", "moet een pad zijn, niet leeg")));
        }
        Ok(text.into())
    }

    fn text(&self) -> String {
        self.display().to_string()
    }
}

impl Text for SocketAddr {
    const EXPECTED: Wanted = Wanted {
        en: "an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\"",
        nl: "een adres met poort zoals \"0.0.0.0:5060\" of \"[::]:5060\"",
    };

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            let mut fault = Fault::instead_of(<Self as Text>::EXPECTED, text);
            if IpAddr::from_str(text).is_ok() {
                fault.hint = Some(both!("add a port", "zet er een poort achter"));
            } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
                fault.hint = Some(both!(
                    "names are not looked up here: write an address",
                    "namen worden hier niet opgezocht: schrijf een adres"
                ));
            }
            fault
        })
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for IpAddr {
    const EXPECTED: Wanted = Wanted { en: "an IP address", nl: "een IP-adres" };

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| Fault::instead_of(<Self as Text>::EXPECTED, text))
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
