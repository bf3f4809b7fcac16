//! Reading test files: `[[case]]` with a call, what it meets and what is expected of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::given::{Given, GivenError, GivenValue, WebhookReply};
use super::known::Known;
use crate::organisations::Plans;
use crate::overrides::{Forced, Overrides};
use crate::plan::Plan;
use crate::problem::{Problem, Severity};
use crate::reader::{Notes, Reader};
use crate::run::WebhookAnswer;
use crate::source::{Place, Source, SourceFile};
use crate::tree::{self, Kind, Node, Table};
use crate::words;

/// A call and what is expected of it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// By whose plan; None: by that of those without files of their own.
    pub(crate) organisation: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) context: String,
    pub(crate) from: String,
    pub(crate) from_name: String,
    pub(crate) to: String,
    pub(crate) given: Given,
    pub(crate) overrides: Overrides,
    pub(crate) expect: Option<Vec<String>>,
    pub(crate) expect_rule: Option<String>,
}

pub(crate) fn read(plans: &Plans, files: &[SourceFile]) -> Result<Vec<Case>, Vec<Problem>> {
    let mut known = BTreeMap::from([(None, Known::of(plans.shared()))]);
    known.extend(plans.own().map(|(slug, plan)| (Some(slug), Known::of(plan))));
    let mut asked = Asked { plans, known, names: HashMap::new() };
    let mut notes = Notes::default();
    let mut cases: Vec<Case> = Vec::new();
    let mut room = MOST_TEXT;
    for file in files {
        let source = Source::new(file);
        let Some(left) = room.checked_sub(file.text.len()) else {
            let message = format!("the tests are larger than {} MiB", MOST_TEXT >> 20);
            notes.add(source.problem(&(0..0), Severity::Error, message, None));
            break;
        };
        room = left;
        match tree::parse(&file.text) {
            Ok(root) => {
                let mut reader = Reader { source: &source, notes: &mut notes };
                asked.file(&mut reader, &root, &mut cases);
            }
            Err(error) => notes.add(source.problem(&error.span, Severity::Error, error.message, None)),
        }
    }
    if notes.has_errors() { Err(notes.take_problems()) } else { Ok(cases) }
}

/// The plans that cases are read against, with the names of each.
struct Asked<'a> {
    plans: &'a Plans,
    known: BTreeMap<Option<&'a str>, Known>,
    /// Where the cases that have one stand.
    names: HashMap<String, Place>,
}

/// The plan of one case.
struct Of<'a> {
    plan: &'a Plan,
    known: &'a Known,
}

impl Asked<'_> {
    fn file(&mut self, reader: &mut Reader<'_>, root: &Table, cases: &mut Vec<Case>) {
        reader.only(root, &["version", "organisation", "case"], "a test file");
        let Ok(of_file) = self.organisation(reader, root, None) else { return };
        let Some(node) = root.get("case") else { return };
        let Kind::List(list) = &node.kind else {
            return reader.error(&node.span, "`case` must be a list of tables: write [[case]]");
        };
        for node in list {
            if cases.len() >= MOST_CASES {
                return reader.error(&node.span, format!("there are more than {MOST_CASES} cases"));
            }
            let Some(table) = reader.table(node, "a case") else { continue };
            let Ok(of_case) = self.organisation(reader, table, of_file.clone()) else { continue };
            let slug = of_case.as_deref();
            let (Ok(plan), Some(known)) = (self.plans.named(slug), self.known.get(&slug)) else { continue };
            let of = Of { plan, known };
            let Some(case) = of.case(reader, node, table, of_case.clone()) else { continue };
            if table.get("name").is_some() {
                if let Some(other) = self.names.get(&case.name) {
                    let message =
                        format!("case {} has the name of the one at {other}", words::quote(&case.name));
                    reader.error(&node.span, message);
                } else {
                    self.names.insert(case.name.clone(), case.place.clone());
                }
            }
            cases.push(case);
        }
    }

    /// Whose plan a file or a case asks for, else `outer`; an error, which is noted, where nobody has that one.
    fn organisation(
        &self,
        reader: &mut Reader<'_>,
        table: &Table,
        outer: Option<String>,
    ) -> Result<Option<String>, ()> {
        let Some(node) = table.get("organisation") else { return Ok(outer) };
        let slug = reader.text(node, "organisation", "bakker").ok_or(())?;
        self.plans.named(Some(slug)).map_err(|unknown| {
            let hint = unknown.nearest().map(|near| format!("did you mean `{near}`?"));
            reader.error_hint(&node.span, unknown.to_string(), hint);
        })?;
        Ok(Some(slug.to_string()))
    }
}

impl Of<'_> {
    fn case(
        &self,
        reader: &mut Reader<'_>,
        node: &Node,
        table: &Table,
        organisation: Option<String>,
    ) -> Option<Case> {
        reader.only(table, &KEYS, "a case");
        let place = reader.source.place(&node.span);
        let name = match table.get("name") {
            Some(name) => reader.text(name, "name", "buiten kantooruren")?.to_string(),
            None => format!("#{}", place.line),
        };
        let Some(call) = table.get("call") else {
            reader.error(&node.span, format!("a case needs {CALL}"));
            return None;
        };
        let facts = reader.table(call, "`call`")?;
        reader.only(facts, &["context", "from", "from_name", "to"], "`call`");
        let fact = |reader: &mut Reader<'_>, key: &str, example: &str| match facts.get(key) {
            Some(node) => reader.text(node, key, example).map(str::to_string),
            None if key.starts_with("from") => Some(String::new()),
            None => {
                reader.error(&call.span, format!("`call` has no `{key}`, expected {CALL}"));
                None
            }
        };
        let context = fact(reader, "context", "intern");
        let to = fact(reader, "to", "0612345678");
        let from = fact(reader, "from", "201");
        let from_name = fact(reader, "from_name", "Balie");
        if let (Some(context), Some(node)) = (&context, facts.get("context")) {
            name_is_known(reader, node, "context", context, &self.known.contexts);
        }
        let at = self.moment(reader, table.get("at"));
        let given = self.given(reader, table);
        let overrides = self.overrides(reader, table.get("overrides"));
        let expect = expected(reader, table.get("expect"));
        let expect_rule = self.rule(reader, table.get("expect_rule"));
        if table.get("expect").is_none() && table.get("expect_rule").is_none() {
            let message =
                "a case needs `expect = [\"dial:ext:201\"]` or `expect_rule = \"intern/toestellen\"`";
            reader.error(&node.span, message);
        }
        Some(Case {
            name,
            place,
            organisation,
            at: at?,
            context: context?,
            from: from?,
            from_name: from_name?,
            to: to?,
            given,
            overrides,
            expect,
            expect_rule,
        })
    }

    fn moment(&self, reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Timestamp> {
        let monday = self.plan.moment(MONDAY, Timestamp::UNIX_EPOCH).unwrap_or(Timestamp::UNIX_EPOCH);
        let Some(node) = node else { return Some(monday) };
        let text = reader.text(node, "at", "2026-11-21T15:00")?;
        let moment = self.plan.moment(text, monday);
        moment.map_err(|error| reader.error(&node.span, error.to_string())).ok()
    }

    fn given(&self, reader: &mut Reader<'_>, case: &Table) -> Given {
        let mut given = Given::default();
        if let Some(node) = case.get("permissions") {
            let permissions = match &node.kind {
                Kind::List(list) if list.is_empty() => Vec::new(),
                _ => reader.texts(node, "permissions", "call.international"),
            };
            for (permission, node) in &permissions {
                name_is_known(reader, node, "permission", permission, &self.known.permissions);
            }
            given.permit(permissions.into_iter().map(|(permission, _)| permission.to_string()));
        }
        let Some(node) = case.get("given") else { return given };
        let Some(table) = reader.table(node, "`given`") else { return given };
        for entry in &table.entries {
            let Some(value) = value(reader, &entry.key, &entry.node) else { continue };
            match given.set(&entry.key, value) {
                Ok(()) => {
                    let (kind, name) = entry.key.split_once(':').unwrap_or(("digits", &entry.key));
                    if let Err(unknown) = self.known.has(kind, name) {
                        let hint = if reader.has_room() { unknown.hint() } else { None };
                        reader.error_hint(&entry.key_span, unknown.to_string(), hint);
                    } else if kind == "webhook"
                        && let WebhookReply::Answer(answer) = given.webhook(name)
                        && let Err(fault) = self.known.may_answer(self.plan, name, &answer)
                    {
                        reader.error_hint(&entry.node.span, fault.to_string(), fault.hint());
                    }
                }
                Err(error) => {
                    let span = match error {
                        GivenError::Key(_) | GivenError::Form(_) | GivenError::Unknown { .. } => {
                            &entry.key_span
                        }
                        GivenError::Value { .. } | GivenError::Destination(_) => &entry.node.span,
                    };
                    reader.error_hint(span, error.to_string(), error.hint());
                }
            }
        }
        given
    }

    fn overrides(&self, reader: &mut Reader<'_>, node: Option<&Node>) -> Overrides {
        let mut overrides = Overrides::default();
        let Some(node) = node else { return overrides };
        let Some(table) = reader.table(node, "`overrides`") else { return overrides };
        for entry in &table.entries {
            if !self.known.hours.contains(&entry.key) {
                let message = format!("the plan has no hours {}", words::quote(&entry.key));
                let near = reader.hint(&entry.key, self.known.hours.iter());
                reader.error_hint(&entry.key_span, message, near);
            }
            match reader.text(&entry.node, &entry.key, "closed") {
                Some("open") => overrides.set(&entry.key, Some(Forced::Open)),
                Some("closed") => overrides.set(&entry.key, Some(Forced::Closed)),
                Some(word) => {
                    let message = format!("{} is neither `open` nor `closed`", words::quote(word));
                    let near = words::did_you_mean(word, ["open", "closed"]);
                    reader.error_hint(&entry.node.span, message, near);
                }
                None => {}
            }
        }
        overrides
    }

    fn rule(&self, reader: &mut Reader<'_>, node: Option<&Node>) -> Option<String> {
        let node = node?;
        let name = reader.text(node, "expect_rule", "intern/toestellen")?;
        name_is_known(reader, node, "rule", name, &self.known.rules);
        Some(name.to_string())
    }
}

fn name_is_known(reader: &mut Reader<'_>, node: &Node, what: &str, name: &str, known: &BTreeSet<String>) {
    if !known.contains(name) {
        let near = reader.hint(name, known.iter());
        reader.error_hint(&node.span, format!("the plan has no {what} {}", words::quote(name)), near);
    }
}

/// The attempts; an empty list is that of a call that no rule takes.
fn expected(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Vec<String>> {
    let node = node?;
    if let Kind::List(list) = &node.kind
        && list.is_empty()
    {
        return Some(Vec::new());
    }
    let texts = reader.texts(node, "expect", "dial:ext:201");
    if texts.len() > MOST_EXPECTED {
        reader
            .error(&node.span, format!("`expect` names at most {MOST_EXPECTED} steps; `...` is any number"));
    }
    Some(texts.into_iter().map(|(text, _)| text.to_string()).collect())
}

fn value(reader: &mut Reader<'_>, key: &str, node: &Node) -> Option<GivenValue> {
    match &node.kind {
        Kind::Text(text) => Some(GivenValue::Text(text.clone())),
        Kind::Integer(number) => Some(GivenValue::Text(number.to_string())),
        Kind::List(list) => {
            let texts: Option<Vec<String>> =
                list.iter().map(|node| reader.text(node, key, "12").map(str::to_string)).collect();
            texts.map(GivenValue::Texts)
        }
        Kind::Table(table) => answer(reader, table).map(GivenValue::Answer),
        Kind::Boolean(_) | Kind::Other(_) => {
            let message = format!("a given result must be a text such as \"busy\", not {}", node.described());
            reader.error(&node.span, message);
            None
        }
    }
}

/// `{ destination = "group:balie", variables = { klant = "12" } }`.
fn answer(reader: &mut Reader<'_>, table: &Table) -> Option<WebhookAnswer> {
    reader.only(table, &["destination", "variables"], "the answer of a webhook");
    let mut answer = WebhookAnswer::default();
    if let Some(node) = table.get("destination") {
        answer.destination = Some(reader.text(node, "destination", "group:balie")?.to_string());
    }
    if let Some(node) = table.get("variables") {
        for entry in &reader.table(node, "`variables`")?.entries {
            let text = reader.text(&entry.node, &entry.key, "12")?;
            answer.variables.push((entry.key.clone(), text.to_string()));
        }
    }
    Some(answer)
}

const KEYS: [&str; 9] =
    ["name", "organisation", "at", "call", "given", "overrides", "permissions", "expect", "expect_rule"];
/// More than anybody reads; each is compared with every attempt.
const MOST_EXPECTED: usize = 500;
const CALL: &str = "`call = { context = \"intern\", from = \"201\", to = \"0612345678\" }`";
/// When a case says no moment: a Monday without holidays, at ten.
const MONDAY: &str = "2026-03-02T10:00";
const MOST_TEXT: usize = 16 << 20;
/// Of all files together: each costs some kilobytes while they run.
const MOST_CASES: usize = 20_000;
