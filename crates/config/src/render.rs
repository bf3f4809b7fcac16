//! A configuration as it is in force, for `print-config`: every key, secrets masked.

use std::fmt::Write as _;

use toml_edit::Value;

use crate::section::Part;
use crate::tree::Config;

/// A section or value ready to be printed.
#[derive(Debug, Clone)]
pub enum Rendered {
    /// A section, its keys in the order of the tree.
    Table(Vec<(&'static str, Self)>),
    /// A value; secrets are masked already.
    Value(Value),
    /// A section that may be written any number of times.
    Tables(Vec<Self>),
    /// A key that is not set and has no default.
    Unset,
}

impl Config {
    /// Every key with its value, for printing; secrets are masked.
    pub fn rendered(&self) -> Rendered {
        self.render()
    }

    /// The configuration in force as a TOML file; secrets are masked, keys without a value commented out.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        write_table(&mut text, "", &self.rendered());
        text
    }
}

impl Rendered {
    /// A value as TOML; empty for an unset key or a table.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Value(value) => value.to_string().trim().to_owned(),
            Self::Table(_) | Self::Tables(_) | Self::Unset => String::new(),
        }
    }

    /// Every key below, as dotted path and value.
    pub fn leaves(&self) -> Vec<(String, &Self)> {
        let Self::Table(keys) = self else { return Vec::new() };
        let mut found = Vec::new();
        for (key, part) in keys {
            match part {
                Self::Table(_) => {
                    found.extend(
                        part.leaves().into_iter().map(|(path, leaf)| (format!("{key}.{path}"), leaf)),
                    );
                }
                Self::Tables(_) => {}
                leaf => found.push(((*key).to_owned(), leaf)),
            }
        }
        found
    }
}

/// Writes the values of a table before its sub-tables, as TOML needs it.
fn write_table(text: &mut String, path: &str, table: &Rendered) {
    if let Rendered::Tables(tables) = table {
        tables.iter().for_each(|table| write_section(text, &format!("[[{path}]]"), path, table));
        return;
    }
    write_section(text, &format!("[{path}]"), path, table);
}

fn write_section(text: &mut String, header: &str, path: &str, table: &Rendered) {
    let Rendered::Table(keys) = table else { return };
    if !path.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{header}");
    }
    for (key, part) in keys {
        match part {
            Rendered::Value(_) => drop(writeln!(text, "{key} = {}", part.to_toml())),
            Rendered::Unset => drop(writeln!(text, "# {key} is not set")),
            Rendered::Table(_) | Rendered::Tables(_) => {}
        }
    }
    for (key, part) in keys {
        if matches!(part, Rendered::Table(_) | Rendered::Tables(_)) {
            write_table(text, &crate::section::join(path, key), part);
        }
    }
}
