//! One `[[context.NAME]]` rule.

use crate::pattern::Pattern;
use crate::plan::{Rule, RuleRef, When};
use crate::read::definitions::Definitions;
use crate::read::{hours, step};
use crate::reader::Reader;
use crate::tree::{Kind, Node, Table};
use crate::words;
use std::sync::Arc;

/// Reads a rule; `number` counts the rules above it in its context.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    node: &Node,
    context: &str,
    number: usize,
    names: &Definitions,
) -> Option<Rule> {
    let table = reader.table(node, "a rule")?;
    reader.only(table, &["name", "match", "when", "require", "emergency", "do"], "a rule");
    let name = match table.get("name") {
        None => format!("#{}", number + 1),
        Some(node) => reader.text(node, "name", "toestellen")?.to_string(),
    };
    let patterns = match table.get("match") {
        Some(node) => patterns(reader, node),
        None => {
            reader.error(&node.span, "a rule needs `match`, such as match = \"_2XX\"");
            Vec::new()
        }
    };
    let steps = match table.get("do") {
        Some(node) => step::steps(reader, node, "do", 0, names),
        None => {
            reader.error(&node.span, "a rule needs `do`, such as do = [{ dial = \"ext:201\" }]");
            None
        }
    };
    let when = table.get("when").map(|node| when(reader, node, names)).unwrap_or_default();
    let require = table.get("require").and_then(|node| permission(reader, node));
    let emergency =
        table.get("emergency").and_then(|node| reader.boolean(node, "emergency")).unwrap_or(false);
    if emergency {
        limits_of_emergency(reader, table);
    }
    let place = reader.source.place(&node.span);
    Some(Rule {
        reference: RuleRef {
            context: Arc::from(context),
            name: Arc::from(name),
            file: place.file,
            line: place.line,
        },
        source: 0,
        span: node.span.clone(),
        patterns,
        when,
        require,
        emergency,
        steps: steps.unwrap_or_default(),
    })
}

fn patterns(reader: &mut Reader<'_>, node: &Node) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (text, node) in reader.texts(node, "match", "_2XX") {
        reader.notes.patterns += 1;
        reader.notes.regexes += usize::from(text.starts_with("re:"));
        if reader.notes.patterns > MOST_PATTERNS || reader.notes.regexes > MOST_REGEXES {
            let message =
                format!("a plan has at most {MOST_PATTERNS} patterns and {MOST_REGEXES} regular expressions");
            reader.error(&node.span, message);
            return patterns;
        }
        match Pattern::parse(text) {
            Ok(pattern) => {
                if let Some((message, hint)) = pattern.doubt() {
                    reader.warn(&node.span, message, hint);
                }
                patterns.push(pattern);
            }
            Err(error) => {
                let span = reader.inside(node, error.offset, error.width);
                reader.error(&span, format!("pattern {}: {}", words::quote(text), error.message));
            }
        }
    }
    patterns
}

/// Hours or a closure by name (`kantoor`), their opposite (`!kantoor`), or days and times written out
/// (`za 10:00-12:00`, `holidays:nl`).
fn when(reader: &mut Reader<'_>, node: &Node, names: &Definitions) -> Vec<When> {
    let mut list = Vec::new();
    for (text, node) in reader.texts(node, "when", "kantoor") {
        let (negated, name) = text.strip_prefix('!').map_or((false, text), |name| (true, name.trim_start()));
        let Some(hours) = hours::of_when(reader, node, text, name, names) else { continue };
        list.push(When { text: text.to_string(), negated, hours });
    }
    list
}

fn permission(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "require", "call.international")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || !text.chars().all(valid) {
        let message =
            format!("{} is no permission, expected one such as \"call.international\"", words::quote(text));
        reader.error(&node.span, message);
        return None;
    }
    Some(text.to_string())
}

/// Nothing may stand between a caller and an emergency number.
fn limits_of_emergency(reader: &mut Reader<'_>, table: &Table) {
    for key in ["when", "require"] {
        if let Some(entry) = table.entry(key) {
            reader.error(&entry.key_span, format!("an emergency rule always counts: it has no `{key}`"));
        }
    }
    if let Some(node) = table.get("do")
        && let Kind::List(steps) = &node.kind
        && !steps.iter().any(|step| matches!(&step.kind, Kind::Table(step) if step.get("dial").is_some()))
    {
        reader.warn(&node.span, "this emergency rule dials nobody", None);
    }
}

const MOST_PATTERNS: usize = 10_000;
const MOST_REGEXES: usize = 500;
