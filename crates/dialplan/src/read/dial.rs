//! The step `dial`: whom to ring, for how long, and what to do when that fails.

use crate::plan::ReferenceKind;
use crate::read::definitions::Definitions;
use crate::read::step;
use crate::reader::Reader;
use crate::step::{DialOrder, DialStep, Steps, TargetTemplate};
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const OPTIONS: [&str; 8] =
    ["timeout", "order", "to", "callerid", "failover", "on_busy", "on_no_answer", "on_unavailable"];
pub(crate) const MOST_TARGETS: usize = 100;

pub(crate) fn read(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    depth: usize,
    names: &Definitions,
) -> Option<DialStep> {
    let known: Vec<&str> = std::iter::once("dial").chain(OPTIONS).collect();
    reader.only(table, &known, "step `dial`");
    let mut found = Found::default();
    for (text, node) in reader.texts(&entry.node, "dial", "ext:201") {
        target(reader, node, text, names, &mut found);
    }
    if found.targets.iter().map(TargetTemplate::count).sum::<usize>() > MOST_TARGETS {
        reader.error(&entry.node.span, format!("a call rings at most {MOST_TARGETS} targets"));
        return None;
    }
    let timeout = table.get("timeout").and_then(|node| reader.time(node, "timeout"));
    let order = table.get("order").and_then(|node| order(reader, node));
    let to = table.get("to").and_then(|node| reader.template(node, "to", "+${number:3}"));
    let caller_id = table.get("callerid").and_then(|node| reader.template(node, "callerid", "site"));
    if let Some(node) = table.get("failover") {
        failover(reader, node);
    }
    let mut branch = |key: &str| -> Option<Steps> {
        table.get(key).and_then(|node| step::steps(reader, node, key, depth + 1, names))
    };
    Some(DialStep {
        on_busy: branch("on_busy"),
        on_no_answer: branch("on_no_answer"),
        on_unavailable: branch("on_unavailable"),
        order: order.unwrap_or_else(|| found.order()),
        timeout: timeout.or_else(|| found.timeout()).unwrap_or(RING_TIME),
        targets: found.targets,
        to,
        caller_id,
    })
}

/// What the texts under `dial` come to.
#[derive(Default)]
struct Found {
    targets: Vec<TargetTemplate>,
    texts: usize,
    group_timeout: Option<Duration>,
    in_turn: bool,
}

impl Found {
    /// Trunks stand in for each other and are tried in turn, as are the members of a sequential group; phones ring
    /// together.
    fn order(&self) -> DialOrder {
        let trunk = self.targets.iter().any(TargetTemplate::has_trunk);
        if trunk || self.in_turn { DialOrder::Sequence } else { DialOrder::Parallel }
    }

    /// The ring time of a group that is dialled alone.
    fn timeout(&self) -> Option<Duration> {
        self.group_timeout.filter(|_| self.texts == 1)
    }
}

fn target(reader: &mut Reader<'_>, node: &Node, text: &str, names: &Definitions, found: &mut Found) {
    found.texts += 1;
    let (kind, name) = text.split_once(':').unwrap_or(("", text));
    let fixed = !name.is_empty() && !name.contains('$');
    match kind {
        "ext" => found.targets.extend(extension(reader, node, "ext:".len(), name)),
        "trunk" | "group" if !fixed => {
            reader.error(&node.span, format!("a {kind} is named as it is: no variables, and not empty"));
        }
        "trunk" => {
            reader.refer(ReferenceKind::Trunk, name, &node.span);
            found.targets.push(TargetTemplate::Trunk(name.to_string()));
        }
        "group" => match names.groups.get(name) {
            Some((_, group)) => {
                found.targets.push(TargetTemplate::Group(Arc::clone(&group.members)));
                found.group_timeout = group.timeout;
                found.in_turn |= group.order == Some(DialOrder::Sequence);
            }
            None => step::named(reader, node, "group", name, &names.groups, names.complete),
        },
        _ => {
            let hint = match kind {
                "" if names.groups.contains_key(name) => Some(format!("did you mean `group:{name}`?")),
                "" => Some(format!("did you mean `ext:{name}`?")),
                kind => words::did_you_mean(kind, ["ext", "group", "trunk"]),
            };
            let message = format!(
                "{} cannot be dialled, expected `ext:NUMBER`, `group:NAME` or `trunk:NAME`",
                words::quote(text)
            );
            reader.error_hint(&node.span, message, hint.filter(|hint| hint.len() < 80));
        }
    }
}

/// The number of an extension, `skip` bytes into the text of `node`.
pub(crate) fn extension(
    reader: &mut Reader<'_>,
    node: &Node,
    skip: usize,
    number: &str,
) -> Option<TargetTemplate> {
    let template = reader.template_at(node, skip, number)?;
    if let Some(number) = template.literal() {
        if number.is_empty() || !number.chars().all(|c| c.is_ascii_graphic()) {
            reader.error(&node.span, format!("{} is no number of an extension", words::quote(number)));
            return None;
        }
        reader.refer(ReferenceKind::Extension, number, &node.span);
    }
    Some(TargetTemplate::Extension(template))
}

fn order(reader: &mut Reader<'_>, node: &Node) -> Option<DialOrder> {
    let text = reader.text(node, "order", "parallel")?;
    match text {
        "parallel" => Some(DialOrder::Parallel),
        "sequence" => Some(DialOrder::Sequence),
        _ => {
            let message = format!("unknown order {}, expected `parallel` or `sequence`", words::quote(text));
            reader.error_hint(&node.span, message, words::did_you_mean(text, ["parallel", "sequence"]));
            None
        }
    }
}

/// The reasons for which the next trunk is tried: a SIP status, a class such as `5xx`, or `no-media`.
fn failover(reader: &mut Reader<'_>, node: &Node) {
    if !matches!(node.kind, Kind::List(_)) {
        return reader
            .error(&node.span, "`failover` must be a list such as [\"408\", \"5xx\", \"no-media\"]");
    }
    for (text, node) in reader.texts(node, "failover", "5xx") {
        let class = matches!(text, "3xx" | "4xx" | "5xx" | "6xx" | "no-media");
        let status = text.len() == 3 && matches!(text.parse::<u16>(), Ok(300..=699));
        if !class && !status {
            let message = format!(
                "{} is no reason, expected a status, a class such as `5xx`, or `no-media`",
                words::quote(text)
            );
            reader.error_hint(
                &node.span,
                message,
                words::did_you_mean(text, ["no-media", "4xx", "5xx", "6xx"]),
            );
        }
    }
}

/// RFC 3261 leaves ring time to the caller; half a minute is what people expect.
const RING_TIME: Duration = Duration::from_secs(30);
