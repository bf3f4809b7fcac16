//! From texts to a plan: every file is read, names are resolved across all of them, and all problems come together.

mod branches;
mod collect;
mod condition;
mod definitions;
mod destination;
pub(crate) mod dial;
mod emergency;
mod hours;
mod include;
mod rule;
mod sets;
pub(crate) mod step;
mod unused;
mod variables;
mod webhooks;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use sha2::{Digest, Sha256};

use crate::check;
use crate::live::{ENTERED, INBOUND};
use crate::parsed::Parsed;
use crate::plan::{Loaded, Plan};
use crate::problem::{self, Problem};
use crate::reader::{Notes, Reader};
use crate::say::Language;
use crate::source::{Place, Source};
use crate::tree::{Kind, Node, Table};
use crate::words;
use definitions::Definitions;

/// A plan, what is doubtful about it, and the names in it that nothing uses, of which a plan of others may know better.
pub(crate) struct Read {
    pub(crate) plan: Plan,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) unused: Vec<Problem>,
}

impl From<Read> for Loaded {
    fn from(read: Read) -> Self {
        let mut warnings = read.warnings;
        warnings.extend(read.unused);
        problem::sort(&mut warnings);
        Self { plan: read.plan, warnings }
    }
}

pub(crate) fn load(files: &[Arc<Parsed>]) -> Result<Read, Vec<Problem>> {
    let mut files = files.to_vec();
    files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    let sources: Vec<Arc<Source>> = files.iter().map(|parsed| Arc::clone(&parsed.source)).collect();
    let mut notes = Notes::default();
    let trees = trees(&files, &mut notes);

    // A file that is no TOML may define what the others name: names are then not held against them.
    let mut names = Definitions { complete: trees.len() == sources.len(), ..Definitions::default() };
    notes.is_incomplete = !names.complete;
    for (at, tree) in &trees {
        let Some(source) = sources.get(*at) else { continue };
        hours::read_closures(&mut Reader { source, notes: &mut notes }, tree, &mut names);
    }
    let mut whole = Whole::default();
    for (at, tree) in &trees {
        let Some(source) = sources.get(*at) else { continue };
        let mut reader = Reader { source, notes: &mut notes };
        top_level(&mut reader, tree, &mut whole);
        definitions::read(&mut reader, tree, &mut names);
    }
    let mut written = include::Written::new();
    for (at, tree) in &trees {
        let Some(source) = sources.get(*at) else { continue };
        let mut reader = Reader { source, notes: &mut notes };
        definitions::check(&mut reader, tree, &names);
        read_contexts(&mut reader, *at, tree, &mut names, &mut written);
    }
    if let Some(problem) = names.hours_without_timezone.take().filter(|_| whole.timezone.is_none()) {
        notes.add(problem);
    }
    let contexts = include::contexts(&written, &sources, &mut notes, names.complete);
    check::contexts(&contexts, &sources, &mut notes);

    let unused = unused::names(&names, &contexts, &notes);
    notes.unweighted();
    let problems = notes.take_problems();
    if notes.has_errors() {
        return Err(problems);
    }
    fn values<T, M: FromIterator<(String, T)>>(named: BTreeMap<String, (Place, T)>) -> M {
        named.into_iter().map(|(name, (_, value))| (name, value)).collect()
    }
    let sets: BTreeMap<String, _> = values(names.sets);
    let plan = Plan {
        hash: hash(&sources),
        sources: files.iter().map(|parsed| Arc::clone(&parsed.file)).collect(),
        timezone: whole.timezone.map_or(TimeZone::UTC, |(_, _, zone)| zone),
        language: whole.language.map(|(language, _)| language).unwrap_or_default(),
        has_emergency: contexts.values().flat_map(|context| &context.rules).any(|rule| rule.emergency),
        contexts,
        hours: values(names.hours),
        spans: notes.spans,
        sets: sets.into_iter().map(|(name, set)| (name.into(), set)).collect(),
        groups: values(names.groups),
        prompts: notes.prompts,
        references: notes.references,
        ivrs: notes.ivrs,
        not_live: notes.not_live,
        secret_files: notes.secret_files,
        asks_secrets: notes.asks_secrets,
    };
    Ok(Read { plan, warnings: problems, unused })
}

/// The trees of all files that are TOML, with the number of their source.
fn trees<'a>(files: &'a [Arc<Parsed>], notes: &mut Notes) -> Vec<(usize, &'a Table)> {
    let mut trees = Vec::new();
    for (at, parsed) in files.iter().enumerate() {
        match &parsed.tree {
            Ok(tree) => trees.push((at, tree)),
            Err(fault) => notes.add(fault.clone()),
        }
    }
    trees
}

/// What is said once for all files.
#[derive(Default)]
struct Whole {
    timezone: Option<(String, Place, TimeZone)>,
    language: Option<(Language, Place)>,
}

/// `version`, `timezone`, `language` and the names of the sections.
fn top_level(reader: &mut Reader<'_>, root: &Table, whole: &mut Whole) {
    match root.entry("case") {
        Some(entry) => {
            let hint = "tests lie in the folder `tests` below the one of the plans".to_string();
            reader.error_hint(&entry.key_span, "`[[case]]` is a test, and no part of a dialplan", Some(hint));
        }
        None => reader.only(root, &SECTIONS, "a dialplan"),
    }
    match root.get("version") {
        Some(Node { kind: Kind::Integer(1), .. }) => {}
        Some(node) => {
            reader.error(&node.span, "this version of the language is not known, expected `version = 1`")
        }
        None => {
            reader.warn(&(0..0), "no `version`, taken for 1", Some("write `version = 1` first".to_string()))
        }
    }
    organisation(reader, root);
    language(reader, root, whole);
    timezone(reader, root, whole);
}

/// Whose file it is has been looked at before; here only whether it can be one.
fn organisation(reader: &mut Reader<'_>, root: &Table) {
    let Some(node) = root.get("organisation") else { return };
    let Some(slug) = reader.text(node, "organisation", "bakker") else { return };
    if slug.is_empty() {
        reader.error(&node.span, "`organisation` is empty, expected the slug of one, such as \"bakker\"");
    }
}

fn language(reader: &mut Reader<'_>, root: &Table, whole: &mut Whole) {
    let Some(node) = root.get("language") else { return };
    let Some(code) = reader.text(node, "language", "nl") else { return };
    let Some(language) = Language::of_code(code) else {
        let known = Language::ALL.map(Language::code);
        let message = format!("unknown language {}, expected {}", words::quote(code), words::one_of(known));
        return reader.error(&node.span, message);
    };
    match &whole.language {
        None => whole.language = Some((language, reader.source.place(&node.span))),
        Some((other, _)) if *other == language => {}
        Some((other, place)) => {
            let message = format!("language `{code}` differs from `{other}` at {place}: a plan has one");
            reader.error(&node.span, message);
        }
    }
}

fn timezone(reader: &mut Reader<'_>, root: &Table, whole: &mut Whole) {
    let timezone = &mut whole.timezone;
    let Some(node) = root.get("timezone") else { return };
    let Some(name) = reader.text(node, "timezone", "Europe/Amsterdam") else { return };
    let zones = TimeZoneDatabase::bundled();
    let Ok(zone) = zones.get(name) else {
        let known: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        let hint = words::did_you_mean(name, known.iter().map(String::as_str));
        let message =
            format!("unknown time zone {}, expected a name such as \"Europe/Amsterdam\"", words::quote(name));
        return reader.error_hint(&node.span, message, hint);
    };
    match timezone {
        None => *timezone = Some((name.to_string(), reader.source.place(&node.span), zone)),
        Some((other, _, _)) if other == name => {}
        Some((other, place, _)) => {
            let message = format!(
                "time zone {} differs from {} at {place}: a plan has one",
                words::quote(name),
                words::quote(other)
            );
            reader.error(&node.span, message);
        }
    }
}

fn read_contexts(
    reader: &mut Reader<'_>,
    source: usize,
    root: &Table,
    names: &mut Definitions,
    written: &mut include::Written,
) {
    let Some(node) = root.get("context") else { return };
    let Some(table) = reader.table(node, "`context`") else { return };
    for entry in &table.entries {
        let Kind::List(rules) = &entry.node.kind else {
            let message = format!("a rule starts with `[[context.{}]]`, in double brackets", entry.key);
            reader.error(&entry.key_span, message);
            continue;
        };
        if !ENTRANCES.contains(&entry.key.as_str())
            && let Some(near) = words::nearest(&entry.key, ENTRANCES)
        {
            let message = format!("no call enters context {}", words::quote(&entry.key));
            reader.warn(&entry.key_span, message, Some(format!("did you mean `{near}`?")));
        }
        if written.len() >= MOST_CONTEXTS && !written.contains_key(&entry.key) {
            reader.error(&entry.key_span, format!("a plan has at most {MOST_CONTEXTS} contexts"));
            return;
        }
        names.context.clone_from(&entry.key);
        let context = written.entry(entry.key.clone()).or_default();
        for node in rules {
            let number = context.len();
            let emergency = table_of(node).and_then(|rule| rule.get("emergency"));
            names.is_emergency = emergency.is_some_and(|node| matches!(node.kind, Kind::Boolean(true)));
            context.extend(rule::read(reader, source, node, &entry.key, number, names));
        }
    }
}

fn table_of(node: &Node) -> Option<&Table> {
    if let Kind::Table(table) = &node.kind { Some(table) } else { None }
}

/// Of names and texts: a copy of the folder is the same plan.
fn hash(sources: &[Arc<Source>]) -> String {
    let mut hasher = Sha256::new();
    for source in sources {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        for text in [name, source.text.as_str()] {
            hasher.update(text.len().to_be_bytes());
            hasher.update(text);
        }
    }
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Each costs some thousand bytes.
const MOST_CONTEXTS: usize = 1_000;
/// Where calls of extensions and calls of trunks come in.
const ENTRANCES: [&str; 2] = [ENTERED, INBOUND];
const SECTIONS: [&str; 13] = [
    "version",
    "timezone",
    "language",
    "organisation",
    "variables",
    "hours",
    "closure",
    "set",
    "group",
    "ivr",
    "queue",
    "webhook",
    "context",
];
