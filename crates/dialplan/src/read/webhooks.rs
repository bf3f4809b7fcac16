//! `[webhook.NAME]`: an HTTP service that says where a call goes.

use std::time::Duration;

use super::variables;
use crate::reader::Reader;
use crate::tree::Entry;
use crate::words;

/// As it is defined; `on_failure` belongs to the step.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) url: Box<str>,
    pub(crate) timeout: Duration,
    pub(crate) secret_file: Option<Box<str>>,
    pub(crate) variables: Vec<Box<str>>,
}

pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry) -> Option<Webhook> {
    let table = reader.table(&entry.node, "a webhook")?;
    reader.only(table, &["url", "timeout", "secret_file", "variables"], "a webhook");
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
    let mut names = Vec::new();
    if let Some(node) = table.get("variables") {
        for (name, node) in reader.texts(node, "variables", "klant") {
            if variables::valid_name(reader, name, &node.span) {
                variables::note(reader, name);
                names.push(name.into());
            }
        }
    }
    Some(Webhook { url: url.into(), timeout, secret_file: secret_file.map(Into::into), variables: names })
}

const USUAL: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(10);
