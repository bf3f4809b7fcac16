//! `[webhook.NAME]`: an HTTP service that says where a call goes.

use std::time::Duration;

use super::variables;
use crate::reader::Reader;
use crate::tree::{Entry, Table};
use crate::words;

/// As it is defined; `on_failure` belongs to the step.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) url: Box<str>,
    pub(crate) timeout: Duration,
    pub(crate) secret_file: Option<Box<str>>,
    pub(crate) variables: Vec<Box<str>>,
    pub(crate) secrets: Vec<Box<str>>,
}

pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry) -> Option<Webhook> {
    let table = reader.table(&entry.node, "a webhook")?;
    reader.only(table, &["url", "timeout", "secret_file", "variables", "secrets"], "a webhook");
    let Some(node) = table.get("url") else {
        reader
            .error(&entry.node.span, "a webhook needs `url`, such as url = \"https://crm.example.nl/route\"");
        return None;
    };
    let url = reader.text(node, "url", "https://crm.example.nl/route")?;
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let valid = url.len() <= 2048 && url.chars().all(|c| c.is_ascii_graphic()) && !url.contains("${");
    if !valid || host.is_none_or(|host| host.is_empty() || host.starts_with(['/', ':', '@'])) {
        let message =
            format!("{} is no address of a service, expected `https://HOST/PATH`", words::quote(url));
        reader.error(&node.span, message);
        return None;
    }
    let timeout = match table.get("timeout") {
        None => USUAL,
        Some(node) => {
            let timeout = reader.time(node, "timeout").unwrap_or(USUAL);
            if timeout > LONGEST {
                reader.error(&node.span, "a caller waits for a webhook for at most \"10s\"");
            }
            timeout
        }
    };
    let secret_file =
        table.get("secret_file").and_then(|node| reader.text(node, "secret_file", "webhook.key"));
    if let (Some(file), Some(node)) = (secret_file, table.get("secret_file")) {
        reader.secret_file(&node.span, file);
    }
    let set = names(reader, table, "variables", "klant");
    set.iter().for_each(|name| variables::note(reader, name));
    Some(Webhook {
        url: url.into(),
        timeout,
        secret_file: secret_file.map(Into::into),
        variables: set,
        secrets: names(reader, table, "secrets", "pin"),
    })
}

/// The names of variables.
fn names(reader: &mut Reader<'_>, table: &Table, key: &str, example: &str) -> Vec<Box<str>> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let mut names = Vec::new();
    for (name, node) in reader.texts(node, key, example) {
        if variables::valid_name(reader, name, &node.span) {
            names.push(name.into());
        }
    }
    names
}

const USUAL: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(10);
