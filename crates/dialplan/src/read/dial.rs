//! The step `dial`: whom to ring, for how long, and what to do when that fails.

use std::sync::Arc;
use std::time::Duration;

use super::definitions::Definitions;
use super::step;
use crate::fault::Definition;
use crate::live::NotLive;
use crate::plan::ReferenceKind;
use crate::reader::{Named, Reader};
use crate::step::{DialOrder, DialStep, Failover, Rotation, Steps, TargetTemplate};
use crate::template::Template;
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;

pub(super) const OPTIONS: [&str; 10] = [
    "timeout",
    "order",
    "strategy",
    "to",
    "callerid",
    "failover",
    "on_busy",
    "on_no_answer",
    "on_unavailable",
    "on_rejected",
];
pub(super) const MOST_TARGETS: usize = 100;

pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &Table,
    entry: &Entry,
    depth: usize,
    names: &Definitions,
) -> Option<DialStep> {
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
    let strategy = table.get("strategy").and_then(|node| strategy(reader, node));
    if let (Some(_), Some(second)) = (order, table.entry("strategy")) {
        reader.error(&second.key_span, "`order` and `strategy` say the same: write one of them");
    }
    if let (Some(DialOrder::Rotate(Rotation::RoundRobin)), Some(node)) = (strategy, table.get("strategy"))
        && !matches!(found.targets.as_slice(), [] | [TargetTemplate::Group(_)])
    {
        let message = "only a group knows whose turn it is: `round-robin` needs a `dial` of one group";
        let hint = "write these as the members of a [group.NAME], and dial = \"group:NAME\"".to_string();
        reader.error_hint(&node.span, message, Some(hint));
    }
    if found.texts > 1 {
        lost(reader, table, entry, &found);
    }
    if !found.targets.is_empty() && !found.targets.iter().any(TargetTemplate::has_trunk) {
        for key in ["to", "failover"] {
            if let Some(entry) = table.entry(key) {
                reader.warn(
                    &entry.key_span,
                    format!("`{key}` is for trunks, and none is dialled here"),
                    None,
                );
            }
        }
        let by_cost = [("order", order), ("strategy", strategy)].into_iter();
        let by_cost = by_cost.filter(|(_, order)| *order == Some(DialOrder::Rotate(Rotation::Cost)));
        for (key, node) in by_cost.filter_map(|(key, _)| Some((key, table.get(key)?))) {
            let message = format!("`{key}` is by what trunks cost, and none is dialled here");
            reader.warn(&node.span, message, None);
        }
    }
    let to = table.get("to").and_then(|node| reader.template(node, "to", "+${number:3}"));
    let caller_id = table.get("callerid").and_then(|node| reader.template(node, "callerid", "site"));
    let number = caller_id.as_ref().and_then(Template::literal);
    if let (Some(what), Some(node)) = (number.and_then(NotLive::caller_id), table.get("callerid")) {
        reader.not_live(what, &node.span);
    }
    let failover = table.get("failover").map(|node| failover(reader, node)).unwrap_or_default();
    let mut branch = |key: &str| -> Option<Steps> {
        table.get(key).and_then(|node| step::steps(reader, node, key, depth + 1, names))
    };
    Some(DialStep {
        on_busy: branch("on_busy"),
        on_no_answer: branch("on_no_answer"),
        on_unavailable: branch("on_unavailable"),
        on_rejected: branch("on_rejected"),
        failover,
        order: order.or(strategy).unwrap_or_else(|| found.order()),
        timeout: timeout.or_else(|| found.timeout()).unwrap_or(RING_TIME),
        targets: found.targets,
        to,
        caller_id,
    })
}

/// Warns of what a group says of itself and what does not count, since it is rung with others.
fn lost(reader: &mut Reader<'_>, table: &Table, entry: &Entry, found: &Found) {
    let says_order = table.get("order").is_some() || table.get("strategy").is_some();
    let says_timeout = table.get("timeout").is_some();
    for target in &found.targets {
        let TargetTemplate::Group(group) = target else { continue };
        let strategy = STRATEGIES.iter().find(|(_, order)| *order == group.order).map(|(word, _)| *word);
        let strategy = strategy.filter(|_| !says_order && matches!(group.order, DialOrder::Rotate(_)));
        let timeout = group.timeout.filter(|_| !says_timeout);
        let what = match (strategy, timeout) {
            (Some(word), Some(_)) => format!("its strategy `{word}` and its timeout do"),
            (Some(word), None) => format!("its strategy `{word}` does"),
            (None, Some(_)) => "its timeout does".to_string(),
            (None, None) => continue,
        };
        let message =
            format!("group {} is rung with others here: {what} not count", words::quote(&group.name));
        let hint = "say it beside the `dial`, or ring the group in a step of its own".to_string();
        reader.warn(&entry.node.span, message, Some(hint));
    }
}

/// What the texts under `dial` come to.
#[derive(Default)]
struct Found {
    targets: Vec<TargetTemplate>,
    texts: usize,
    group_timeout: Option<Duration>,
    group_order: Option<DialOrder>,
    in_turn: bool,
}

impl Found {
    /// Trunks stand in for each other and are tried in turn, as are the members of a sequential group; phones ring
    /// together.
    fn order(&self) -> DialOrder {
        if let Some(order) = self.group_order.filter(|_| self.texts == 1) {
            return order;
        }
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
                reader.uses(Named::Group, name);
                found.targets.push(TargetTemplate::Group(Arc::clone(group)));
                found.group_timeout = group.timeout;
                found.group_order = Some(group.order);
                found.in_turn |= group.order != DialOrder::Parallel;
            }
            None => step::named(reader, node, Definition::Group, name, &names.groups, names.complete),
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
pub(super) fn extension(
    reader: &mut Reader<'_>,
    node: &Node,
    skip: usize,
    number: &str,
) -> Option<TargetTemplate> {
    let template = reader.template_at(node, skip, number)?;
    refer_extension(reader, node, &template)?;
    Some(TargetTemplate::Extension(template))
}

/// Notes the extension that a text names, where it is one whatever the call is.
pub(super) fn refer_extension(reader: &mut Reader<'_>, node: &Node, template: &Template) -> Option<()> {
    let Some(number) = template.literal() else { return Some(()) };
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_graphic()) {
        let hint = number.contains(',').then(|| {
            let numbers = number.split(',').take(3).map(|number| format!("\"{}\"", number.trim()));
            format!("of several write a list: [{}]", numbers.collect::<Vec<_>>().join(", "))
        });
        let message = format!("{} is no number of an extension", words::quote(number));
        reader.error_hint(&node.span, message, hint.filter(|hint| hint.len() < 80));
        return None;
    }
    reader.refer(ReferenceKind::Extension, number, &node.span);
    Some(())
}

fn order(reader: &mut Reader<'_>, node: &Node) -> Option<DialOrder> {
    let text = reader.text(node, "order", "parallel")?;
    let order = ORDERS.iter().find(|(word, _)| *word == text).map(|(_, order)| *order);
    reader.notes.is_weighted |= order == Some(DialOrder::Rotate(Rotation::Weighted));
    if order.is_none() {
        let known = ORDERS.map(|(word, _)| word);
        let message = format!("unknown order {}, expected {}", words::quote(text), words::one_of(known));
        reader.error_hint(&node.span, message, words::did_you_mean(text, known));
    }
    order
}

/// How a group is rung.
pub(super) fn strategy(reader: &mut Reader<'_>, node: &Node) -> Option<DialOrder> {
    let text = reader.text(node, "strategy", "ring-all")?;
    let strategy = STRATEGIES.iter().find(|(word, _)| *word == text).map(|(_, order)| *order);
    reader.notes.is_weighted |= strategy == Some(DialOrder::Rotate(Rotation::Weighted));
    if strategy.is_none() {
        let known = STRATEGIES.map(|(word, _)| word);
        let message = format!("unknown strategy {}, expected {}", words::quote(text), words::one_of(known));
        reader.error_hint(&node.span, message, words::did_you_mean(text, known));
    }
    strategy
}

/// The reasons for which the next trunk is tried: a SIP status, a class such as `5xx`, or `no-media`.
fn failover(reader: &mut Reader<'_>, node: &Node) -> Vec<Failover> {
    if !matches!(node.kind, Kind::List(_)) {
        reader.error(&node.span, "`failover` must be a list such as [\"408\", \"5xx\", \"no-media\"]");
        return Vec::new();
    }
    let mut reasons = Vec::new();
    for (text, node) in reader.texts(node, "failover", "5xx") {
        let reason = match (text, text.parse::<u16>()) {
            ("no-media", _) => Some(Failover::NoMedia),
            ("3xx" | "4xx" | "5xx" | "6xx", _) => {
                text.get(..1).and_then(|digit| digit.parse().ok()).map(Failover::Class)
            }
            (_, Ok(status @ 300..=699)) if text.len() == 3 => Some(Failover::Status(status)),
            _ => None,
        };
        if reason.is_none() {
            let message = format!(
                "{} is no reason, expected a status, a class such as `5xx`, or `no-media`",
                words::quote(text)
            );
            let hint = words::did_you_mean(text, ["no-media", "4xx", "5xx", "6xx"]);
            reader.error_hint(&node.span, message, hint);
        }
        reasons.extend(reason);
    }
    reasons
}

/// RFC 3261 leaves ring time to the caller; half a minute is what people expect.
pub(crate) const RING_TIME: Duration = Duration::from_secs(30);
const ORDERS: [(&str, DialOrder); 4] = [
    ("parallel", DialOrder::Parallel),
    ("sequence", DialOrder::Sequence),
    ("weight", DialOrder::Rotate(Rotation::Weighted)),
    ("cost", DialOrder::Rotate(Rotation::Cost)),
];
const STRATEGIES: [(&str, DialOrder); 6] = [
    ("ring-all", DialOrder::Parallel),
    ("sequential", DialOrder::Sequence),
    ("round-robin", DialOrder::Rotate(Rotation::RoundRobin)),
    ("longest-idle", DialOrder::Rotate(Rotation::LongestIdle)),
    ("weighted", DialOrder::Rotate(Rotation::Weighted)),
    ("least-cost", DialOrder::Rotate(Rotation::Cost)),
];
