//! One `[[context.NAME]]` entry: a rule, or the rules of another context.

use std::sync::Arc;

use super::definitions::Definitions;
use super::{condition, emergency, sets, step, whole};
use crate::condition::Condition;
use crate::pattern::Pattern;
use crate::permission::PERMISSIONS;
use crate::plan::{Rule, RuleRef};
use crate::reader::{Named, Reader};
use crate::tree::Node;
use crate::words;

/// What stands in a context.
pub(super) enum Item {
    Rule(Arc<Rule>),
    Include(Include),
}

/// The rules of another context, under one more condition.
pub(super) struct Include {
    pub(super) context: String,
    pub(super) condition: Option<Arc<Condition>>,
    pub(super) source: usize,
    pub(super) span: std::ops::Range<usize>,
}

/// Reads a rule or an include; `number` counts those above it in its context.
pub(super) fn read(
    reader: &mut Reader<'_>,
    source: usize,
    node: &Node,
    context: &str,
    number: usize,
    names: &Definitions,
) -> Option<Item> {
    let table = reader.table(node, "a rule")?;
    if let Some(include) = table.get("include") {
        reader.only(table, &["include", "when", "from"], "an include");
        let context = reader.text(include, "include", "functies").map(str::to_string);
        let condition = condition::read(reader, table, names).map(Arc::new);
        let context = context?;
        reader.uses(Named::Context, &context);
        return Some(Item::Include(Include { context, condition, source, span: include.span.clone() }));
    }
    reader.only(table, &["name", "match", "from", "when", "require", "emergency", "do"], "a rule");
    let name = table.get("name").and_then(|node| reader.text(node, "name", "toestellen"));
    let name = name.map_or_else(|| format!("#{}", number + 1), str::to_string);
    let patterns = match table.get("match") {
        Some(node) => patterns(reader, node, names),
        None => {
            let hint = table.get("include").is_none().then(|| "for any number: match = \"_!\"".to_string());
            reader.error_hint(&node.span, "a rule needs `match`, such as match = \"_2XX\"", hint);
            Vec::new()
        }
    };
    let mut steps = match table.get("do") {
        Some(node) => step::steps(reader, node, "do", 0, names),
        None => {
            reader.error(&node.span, "a rule needs `do`, such as do = [{ dial = \"ext:201\" }]");
            None
        }
    }
    .unwrap_or_default();
    let condition = condition::read(reader, table, names);
    let require = table.get("require").and_then(|node| permission(reader, node));
    let is_emergency =
        table.get("emergency").and_then(|node| reader.boolean(node, "emergency")).unwrap_or(false);
    if is_emergency {
        emergency::check(reader, table);
        steps = emergency::notices_first(reader, table.get("do"), &steps);
    }
    if let Some(entry) = table.entry("do") {
        whole::check(reader, entry, &steps, context, &name);
    }
    let place = reader.source.place(&node.span);
    Some(Item::Rule(Arc::new(Rule {
        reference: RuleRef {
            context: Arc::from(context),
            name: Arc::from(name),
            file: place.file,
            line: place.line,
        },
        source,
        span: node.span.clone(),
        patterns: patterns.into(),
        condition: condition.map(Arc::new),
        require,
        emergency: is_emergency,
        steps,
    })))
}

fn patterns(reader: &mut Reader<'_>, node: &Node, names: &Definitions) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (text, node) in reader.texts(node, "match", "_2XX") {
        match text.strip_prefix("set:") {
            Some(name) => {
                let set = condition::known_set(reader, node, name, names).and_then(|()| names.sets.get(name));
                for pattern in set.into_iter().flat_map(|(_, set)| set.all()) {
                    if !reader.count_pattern("", node) {
                        break;
                    }
                    patterns.push(pattern.clone());
                }
            }
            None => patterns.extend(sets::pattern(reader, text, node, 0)),
        }
    }
    patterns
}

fn permission(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "require", "call.international")?;
    if !PERMISSIONS.contains(&text) {
        let known = words::one_of(PERMISSIONS);
        let message = format!("{} is no permission, expected {known}", words::quote(text));
        reader.error_hint(&node.span, message, words::did_you_mean(text, PERMISSIONS));
        return None;
    }
    Some(text.to_string())
}
