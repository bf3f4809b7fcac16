//! The named things of a plan that rules refer to: hours, groups, sets, webhooks, IVR menus and queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::webhooks::{self, Webhook};
use super::{destination, dial, hours, sets, step, unused, variables};
use crate::calendar::Days;
use crate::hours::Hours;
use crate::live::{ENTERED, INBOUND};
use crate::matcher::NumberSet;
use crate::plan::ReferenceKind;
use crate::problem::{Problem, Severity};
use crate::reader::{Named, Reader};
use crate::run::Target;
use crate::source::Place;
use crate::step::{DialOrder, Group, Member};
use crate::tree::{Entry, Kind, Node, Table};
use crate::words;

/// Everything named, with the place of its definition.
#[derive(Default)]
pub(crate) struct Definitions {
    pub(crate) hours: BTreeMap<String, (Place, Arc<Hours>)>,
    pub(crate) closures: BTreeMap<String, (Place, Arc<[Days]>)>,
    pub(crate) groups: BTreeMap<String, (Place, Arc<Group>)>,
    pub(crate) sets: BTreeMap<String, (Place, Arc<NumberSet>)>,
    /// None: it is there and yet faulty.
    pub(crate) webhooks: BTreeMap<String, (Place, Option<Webhook>)>,
    /// The named rules of each context.
    pub(crate) rules: BTreeMap<String, BTreeMap<String, Place>>,
    /// The context whose rules are being read.
    pub(crate) context: String,
    /// Whether the rule that is being read is one of emergency numbers.
    pub(crate) is_emergency: bool,
    pub(crate) ivrs: BTreeMap<String, (Place, ())>,
    pub(crate) queues: BTreeMap<String, (Place, ())>,
    /// What is there to be named, with the warning for when nothing does.
    pub(crate) defined: BTreeMap<(Named, String), Problem>,
    /// Whether all files could be read: only then is an unknown name a fault.
    pub(crate) complete: bool,
    /// The warning for hours in a plan without a time zone, at the first hours.
    pub(crate) hours_without_timezone: Option<Problem>,
}

/// First pass: collects the names of a file. A name that another file has too is a fault.
pub(crate) fn read(reader: &mut Reader<'_>, root: &Table, names: &mut Definitions) {
    for entry in section(reader, root, "hours") {
        if names.hours_without_timezone.is_none() {
            names.hours_without_timezone = Some(reader.source.problem(
                &entry.key_span,
                Severity::Warning,
                "hours without a `timezone` are judged in UTC".to_string(),
                Some("write `timezone = \"Europe/Amsterdam\"`".to_string()),
            ));
        }
        hours::valid_name(reader, entry);
        let hours = Arc::new(hours::read(reader, entry, names));
        define(reader, "hours", entry, hours, &mut names.hours);
    }
    for entry in section(reader, root, "group") {
        let group = Arc::new(read_group(reader, entry));
        to_be_named(reader, Named::Group, entry, names);
        define(reader, "group", entry, group, &mut names.groups);
    }
    for entry in section(reader, root, "set") {
        let set = sets::read(reader, entry);
        to_be_named(reader, Named::Set, entry, names);
        define(reader, "set", entry, set, &mut names.sets);
    }
    for entry in section(reader, root, "webhook") {
        let webhook = webhooks::read(reader, entry);
        define(reader, "webhook", entry, webhook, &mut names.webhooks);
    }
    variables::fixed(reader, root);
    variables::set_by_steps(reader, root);
    for entry in tables(root, "context") {
        if ![ENTERED, INBOUND].contains(&entry.key.as_str()) {
            to_be_named(reader, Named::Context, entry, names);
        }
        let rules = names.rules.entry(entry.key.clone()).or_default();
        let Kind::List(list) = &entry.node.kind else { continue };
        for rule in list {
            if let Kind::Table(rule) = &rule.kind
                && let Some(node) = rule.get("name")
                && let Kind::Text(name) = &node.kind
            {
                name_of_rule(reader, &entry.key, name, node, rules);
            }
        }
    }
    for entry in section(reader, root, "ivr") {
        define(reader, "ivr", entry, (), &mut names.ivrs);
    }
    for entry in section(reader, root, "queue") {
        define(reader, "queue", entry, (), &mut names.queues);
    }
}

/// Notes something that is there to be named elsewhere.
pub(super) fn to_be_named(reader: &Reader<'_>, kind: Named, entry: &Entry, names: &mut Definitions) {
    let warning = || {
        let (message, hint) = unused::message(kind, &entry.key);
        reader.source.problem(&entry.key_span, Severity::Warning, message, Some(hint))
    };
    names.defined.entry((kind, entry.key.clone())).or_insert_with(warning);
}

/// Notes the name of a rule, which is one of a kind in its context: records, tests and `goto` know it by that.
fn name_of_rule(
    reader: &mut Reader<'_>,
    context: &str,
    name: &str,
    node: &Node,
    rules: &mut BTreeMap<String, Place>,
) {
    if name.is_empty() || name.starts_with('#') || name.contains('/') {
        let message = format!(
            "{} is no name of a rule: it is empty, begins with `#` or has a `/` in it",
            words::quote(name)
        );
        return reader.error(&node.span, message);
    }
    if let Some(place) = rules.get(name) {
        let message =
            format!("context {} already has a rule {} at {place}", words::quote(context), words::quote(name));
        let hint = "each rule of a context has a name of its own, or none".to_string();
        return reader.error_hint(&node.span, message, Some(hint));
    }
    rules.insert(name.to_string(), reader.source.place(&node.span));
}

/// Second pass: menus and queues, which may name each other and the groups of any file.
pub(crate) fn check(reader: &mut Reader<'_>, root: &Table, names: &Definitions) {
    for entry in tables(root, "ivr") {
        check_ivr(reader, entry, names);
    }
    for entry in tables(root, "queue") {
        check_queue(reader, entry);
    }
}

/// The entries `[WHAT.*]` of a file.
fn section<'t>(reader: &mut Reader<'_>, root: &'t Table, what: &str) -> Vec<&'t Entry> {
    let Some(node) = root.get(what) else { return Vec::new() };
    let Some(table) = reader.table(node, &format!("`{what}`")) else { return Vec::new() };
    table.entries.iter().collect()
}

/// The same without complaints, for the second pass.
fn tables<'t>(root: &'t Table, what: &str) -> impl Iterator<Item = &'t Entry> {
    let entries = match root.get(what).map(|node| &node.kind) {
        Some(Kind::Table(table)) => table.entries.as_slice(),
        _ => &[],
    };
    entries.iter()
}

fn define<T>(
    reader: &mut Reader<'_>,
    what: &str,
    entry: &Entry,
    value: T,
    names: &mut BTreeMap<String, (Place, T)>,
) {
    if let Some((place, _)) = names.get(&entry.key) {
        let message = format!("{what} {} is already defined at {place}", words::quote(&entry.key));
        return reader.error(&entry.key_span, message);
    }
    names.insert(entry.key.clone(), (reader.source.place(&entry.key_span), value));
}

fn read_group(reader: &mut Reader<'_>, entry: &Entry) -> Group {
    let mut group = Group {
        name: entry.key.as_str().into(),
        members: Vec::new(),
        order: DialOrder::Parallel,
        timeout: None,
    };
    let Some(table) = reader.table(&entry.node, "a group") else { return group };
    reader.only(table, &["members", "strategy", "timeout"], "a group");
    group.members = members(reader, entry, table, "a group");
    let is_weighted =
        matches!(table.get("strategy").map(|node| &node.kind), Some(Kind::Text(text)) if text == "weighted");
    if let Some(node) = table.get("members").filter(|_| !is_weighted) {
        weights(reader, node);
    }
    if let Some(order) = table.get("strategy").and_then(|node| dial::strategy(reader, node)) {
        group.order = order;
    }
    group.timeout = table.get("timeout").and_then(|node| reader.time(node, "timeout"));
    group
}

/// Keeps the warning for a weight in a group that is not weighted; some `dial` may be.
fn weights(reader: &mut Reader<'_>, node: &Node) {
    let Kind::List(list) = &node.kind else { return };
    let weight = list.iter().find_map(|node| match &node.kind {
        Kind::Table(table) => table.entry("weight"),
        _ => None,
    });
    if let Some(entry) = weight.filter(|_| reader.notes.weights.len() < MOST_WEIGHTS) {
        let message = "`weight` counts where the strategy is `weighted`, and here it is another".to_string();
        let hint = Some("write strategy = \"weighted\", or leave the weights out".to_string());
        let problem = reader.source.problem(&entry.key_span, Severity::Warning, message, hint);
        reader.notes.weights.push(problem);
    }
}

/// `members` of a group or a queue: numbers, `ext:NUMBER`, `trunk:NAME`, or one of these with its weight.
fn members(reader: &mut Reader<'_>, entry: &Entry, table: &Table, what: &str) -> Vec<Member> {
    let Some(node) = table.get("members") else {
        reader
            .error(&entry.node.span, format!("{what} needs `members`, such as members = [\"201\", \"202\"]"));
        return Vec::new();
    };
    let mut members: Vec<Member> = Vec::new();
    let list = match &node.kind {
        Kind::List(list) if list.is_empty() => {
            reader.error(&node.span, "`members` is empty, expected at least one text such as \"201\"");
            return members;
        }
        Kind::List(list) => list.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for node in list {
        let (text, node, weight) = match &node.kind {
            Kind::Table(weighted) => {
                reader.only(weighted, &["member", "weight"], "a member");
                let weight = weighted.get("weight").and_then(|node| reader.integer(node, "weight", 1..=1000));
                let Some(member) = weighted.get("member") else {
                    reader.error(&node.span, "a member is written { member = \"201\", weight = 3 }");
                    continue;
                };
                (reader.text(member, "member", "201"), member, weight)
            }
            _ => (reader.text(node, "members", "201"), node, None),
        };
        let Some(target) = text.and_then(|text| target(reader, node, text)) else { continue };
        // A list that is too long is refused below.
        if members.len() <= dial::MOST_TARGETS && members.iter().any(|member| member.target == target) {
            reader.warn(&node.span, format!("{target} is a member already: it is rung once"), None);
        }
        members.push(Member { target, weight });
    }
    if members.len() > dial::MOST_TARGETS {
        reader.error(&node.span, format!("more than {} members", dial::MOST_TARGETS));
        members.clear();
    }
    members
}

fn target(reader: &mut Reader<'_>, node: &Node, text: &str) -> Option<Target> {
    if text.contains('$') {
        reader.error(&node.span, "a member is fixed: it has no variables");
        return None;
    }
    let number = text.strip_prefix("ext:").unwrap_or(text);
    if number != text || !text.contains(':') {
        if number.starts_with("e164:") {
            let hint = Some("write the number as it is to be rung".to_string());
            reader.error_hint(&node.span, "a member is fixed: nothing is done to its number", hint);
            return None;
        }
        let template = reader.template_at(node, text.len() - number.len(), number)?;
        dial::refer_extension(reader, node, &template)?;
        return Some(Target::Extension(number.to_string()));
    }
    let Some(name) = text.strip_prefix("trunk:").filter(|name| !name.is_empty()) else {
        let message =
            format!("{} is no member, expected a number, `ext:NUMBER` or `trunk:NAME`", words::quote(text));
        reader.error(&node.span, message);
        return None;
    };
    reader.refer(ReferenceKind::Trunk, name, &node.span);
    Some(Target::Trunk(name.to_string()))
}

fn check_ivr(reader: &mut Reader<'_>, entry: &Entry, names: &Definitions) {
    let Some(table) = reader.table(&entry.node, "an ivr") else { return };
    reader.only(table, &["prompt", "keys", "timeout", "retries"], "an ivr");
    match table.get("prompt") {
        Some(node) => {
            step::prompt(reader, node, "prompt");
        }
        None => reader.error(&entry.node.span, "an ivr needs `prompt`, such as prompt = \"welkom\""),
    }
    if let Some(node) = table.get("timeout") {
        reader.time(node, "timeout");
    }
    if let Some(node) = table.get("retries").filter(|node| !matches!(node.kind, Kind::Integer(0..=10))) {
        reader.error(&node.span, "`retries` must be a number from 0 to 10");
    }
    let Some(node) = table.get("keys") else {
        return reader.error(&entry.node.span, "an ivr needs `keys`, such as keys = { 1 = \"group:balie\" }");
    };
    let Some(keys) = reader.table(node, "`keys`") else { return };
    let name = entry.key.clone();
    for entry in &keys.entries {
        if !KEYS.contains(&entry.key.as_str()) {
            let message = format!(
                "{} is no key, expected 0 to 9, `*`, `#`, `timeout` or `invalid`",
                words::quote(&entry.key)
            );
            reader.error_hint(
                &entry.key_span,
                message,
                words::did_you_mean(&entry.key, ["timeout", "invalid"]),
            );
        }
        if let Some(text) = reader.text(&entry.node, &entry.key, "group:balie") {
            match text {
                _ if without_context(reader, &entry.node, text, names) => {}
                "repeat" => drop(destination::check(reader, &entry.node, text, names)),
                _ => drop(destination::steps(reader, &entry.node, text, names)),
            }
            let keys = reader.notes.ivrs.entry(name.clone()).or_default();
            keys.push((entry.key.clone(), text.to_string()));
        }
    }
}

/// Complains of a rule without its context: a menu stands in none.
fn without_context(reader: &mut Reader<'_>, node: &Node, text: &str, names: &Definitions) -> bool {
    let Some(rule) = text.strip_prefix("rule:").filter(|rule| !rule.contains('/')) else { return false };
    let context = names.rules.iter().find(|(_, rules)| rules.contains_key(rule)).map(|(context, _)| context);
    let hint = context.map(|context| format!("write `rule:{context}/{rule}`"));
    let message = format!(
        "{} leaves open which context the rule is of, expected `rule:CONTEXT/NAME`",
        words::quote(text)
    );
    reader.error_hint(&node.span, message, hint.filter(|hint| hint.len() < 120));
    true
}

fn check_queue(reader: &mut Reader<'_>, entry: &Entry) {
    let Some(table) = reader.table(&entry.node, "a queue") else { return };
    reader.only(table, &["members", "strategy", "timeout"], "a queue");
    members(reader, entry, table, "a queue");
    if let Some(node) = table.get("strategy") {
        dial::strategy(reader, node);
    }
    if let Some(node) = table.get("timeout") {
        reader.time(node, "timeout");
    }
}

const KEYS: [&str; 14] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "timeout", "invalid"];
const MOST_WEIGHTS: usize = 100;
