//! `kiestoon print-config`: the configuration in force, secrets masked.

use kiestoon_config::Rendered;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::{Cli, print_line};

pub(super) fn print_config(cli: &Cli) -> Result<(), Failure> {
    let loaded = cli.load()?;
    loaded.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    if cli.json {
        return cli.print_json(&json(&loaded.config.rendered()));
    }
    for file in &loaded.files {
        print_line(&format!("# {}", file.display()));
    }
    print_line(loaded.config.to_toml().trim_end());
    Ok(())
}

fn json(rendered: &Rendered) -> Value {
    match rendered {
        Rendered::Table(keys) => Value::Object(
            keys.iter().map(|(key, part)| ((*key).to_owned(), json(part))).collect::<Map<_, _>>(),
        ),
        Rendered::Tables(tables) => Value::Array(tables.iter().map(json).collect()),
        Rendered::Value(value) => value_json(value),
        Rendered::Unset => Value::Null,
    }
}

/// Only what a configuration renders: strings, whole numbers, true and false, and lists of them.
fn value_json(value: &toml_edit::Value) -> Value {
    if let Some(text) = value.as_str() {
        return text.into();
    }
    if let Some(list) = value.as_array() {
        return list.iter().map(value_json).collect();
    }
    let whole = value.as_integer().map(Value::from);
    whole.or_else(|| value.as_bool().map(Value::from)).unwrap_or(Value::Null)
}
