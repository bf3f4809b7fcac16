//! The dialplan that a new office starts with, and what a later run of setup adds to it.

use kiestoon_dialplan::{Plans, SourceFile};
use toml_edit::{Array, DocumentMut, Item, Table};

/// Its text: phones that call each other, an echo test, and with a trunk the way out and in.
pub(super) fn dialplan(timezone: &str, extensions: &[String], trunk: Option<&str>) -> String {
    let patterns = quoted_list(&patterns(extensions));
    let timezone = quoted(timezone);
    let mut text = format!(
        "{MARK} Check a change with `kiestoon dialplan check`.\n\nversion  = 1\ntimezone = {timezone}\n"
    );
    if let Some(trunk) = trunk {
        text += &group(extensions);
        text += &help(trunk);
    }
    text += "\n# Gives back what you say: the quickest way to hear that a phone works in both directions.\n[[context.intern]]\nname  = \"echotest\"\nmatch = \"*43\"\ndo    = [{ echo = true }]\n";
    text += &format!(
        "\n[[context.intern]]\nname  = \"{PHONES}\"\nmatch = [{patterns}]\ndo    = [{{ dial = \"ext:${{number}}\", timeout = \"25s\" }}]\n"
    );
    if let Some(trunk) = trunk {
        text += &outside(OUTSIDE, trunk);
        text += INSIDE;
    }
    text
}

/// The way out and in of an office that had none: a file of its own. None where it does not go with what is there.
pub(super) fn first_way(there: &[SourceFile], extensions: &[String], trunk: &str) -> Option<String> {
    let documents = documents(there);
    let has_rule = |context: &str| rules(&documents, context).next().is_some();
    let has_help = rules(&documents, "intern").any(|rule| rule.get("emergency").is_some());
    let mut text = format!("{MARK}\n\nversion = 1\n");
    if !has_help {
        text += &help(trunk);
    }
    text += &outside(&free_name(&documents, OUTSIDE), trunk);
    if !has_rule("inkomend") {
        let has_group = documents.iter().any(|document| members(document).is_some());
        text += &if has_group { String::new() } else { group(extensions) };
        text += INSIDE;
    }
    let new = SourceFile { path: NEW.into(), text: text.clone() };
    let all: Vec<SourceFile> = std::iter::once(new).chain(there.iter().cloned()).collect();
    Plans::load(&all).is_ok().then_some(text)
}

/// Whether a rule of these files rings a trunk.
pub(super) fn calls_out(there: &[SourceFile]) -> bool {
    there.iter().any(|file| file.text.contains("trunk:"))
}

/// A rule that calls over one more trunk whoever dials a 9 first. Its name is not taken.
pub(super) fn by_prefix(there: &[SourceFile], trunk: &str) -> String {
    let way = quoted(&format!("trunk:{trunk}"));
    let name = quoted(&free_name(&documents(there), &format!("{OUTSIDE}-{trunk}")));
    format!(
        "[[context.intern]]\nname  = {name}\nmatch = \"_9X.\"\ndo    = [{{ dial = {way}, to = \"${{number|strip:9}}\" }}]\n"
    )
}

/// A file that an earlier run wrote, with more phones; None where it was another's, or has them.
pub(super) fn with_phones(text: &str, new: &[String]) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok().filter(|_| text.starts_with(MARK))?;
    if let Some(members) = members_mut(&mut document) {
        add(members, new);
    }
    let rules = document.get_mut("context")?.get_mut("intern")?.as_array_of_tables_mut()?;
    let phones = rules.iter_mut().find(|rule| rule.get("name").and_then(Item::as_str) == Some(PHONES));
    if let Some(matching) = phones.and_then(|rule| rule.get_mut("match")?.as_array_mut()) {
        add(matching, &patterns(new));
    }
    let after = document.to_string();
    (after != text).then_some(after)
}

fn add(list: &mut Array, new: &[String]) {
    for text in new {
        if list.iter().all(|there| there.as_str() != Some(text)) {
            list.push(text.as_str());
        }
    }
}

fn members(document: &DocumentMut) -> Option<&Array> {
    document.get("group")?.get(EVERYBODY)?.get("members")?.as_array()
}

fn members_mut(document: &mut DocumentMut) -> Option<&mut Array> {
    document.get_mut("group")?.get_mut(EVERYBODY)?.get_mut("members")?.as_array_mut()
}

fn documents(there: &[SourceFile]) -> Vec<DocumentMut> {
    there.iter().filter_map(|file| file.text.parse().ok()).collect()
}

fn rules<'a>(documents: &'a [DocumentMut], context: &'a str) -> impl Iterator<Item = &'a Table> {
    let of = move |document: &'a DocumentMut| {
        document.get("context")?.get(context)?.as_array_of_tables().map(|tables| tables.iter())
    };
    documents.iter().filter_map(of).flatten()
}

/// The name, or with a number behind it where a rule has it already.
fn free_name(documents: &[DocumentMut], name: &str) -> String {
    let is_free = |name: &String| {
        rules(documents, "intern").all(|rule| rule.get("name").and_then(Item::as_str) != Some(name))
    };
    let mut names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}-{number}")));
    names.find(is_free).unwrap_or_default()
}

fn group(extensions: &[String]) -> String {
    let members = quoted_list(extensions);
    format!("\n[group.{EVERYBODY}]\nmembers  = [{members}]\nstrategy = \"ring-all\"\ntimeout  = \"30s\"\n")
}

/// Rules that call out over a trunk.
fn outside(name: &str, trunk: &str) -> String {
    let (name, way) = (quoted(name), quoted(&format!("trunk:{trunk}")));
    format!(
        "\n[[context.intern]]\nname  = {name}\nmatch = [\"_0X.\", \"_+X.\"]\ndo    = [{{ dial = {way} }}]\n"
    )
}

/// Calls for help, which stand before every other rule.
fn help(trunk: &str) -> String {
    let way = quoted(&format!("trunk:{trunk}"));
    format!(
        "\n[[context.intern]]\nname      = \"nood\"\nmatch     = [\"112\", \"0112\"]\nemergency = true\ndo        = [{{ dial = {way}, to = \"112\" }}]\n"
    )
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn quoted_list(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// Patterns that these numbers have, and others like them.
fn patterns(extensions: &[String]) -> Vec<String> {
    let mut patterns: Vec<String> = extensions
        .iter()
        .map(|number| match number.split_at_checked(1) {
            Some((first, rest)) if number.bytes().all(|digit| digit.is_ascii_digit()) => {
                format!("_{first}{}", "X".repeat(rest.len()))
            }
            _ => number.clone(),
        })
        .collect();
    patterns.sort();
    patterns.dedup();
    patterns
}

/// What every file of ours begins with.
const MARK: &str = "# Written by `kiestoon setup`.";
/// The file of [`first_way`]: before others in name order, since nothing may stand before calls for help.
pub(super) const NEW: &str = "10-naar-buiten.toml";
const OUTSIDE: &str = "naar-buiten";
const PHONES: &str = "toestellen";
pub(super) const EVERYBODY: &str = "allen";
const INSIDE: &str =
    "\n[[context.inkomend]]\nname  = \"binnen\"\nmatch = \"_!\"\ndo    = [{ dial = \"group:allen\" }]\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "kantoor.toml".into(), text: text.into() }
    }

    fn numbers(all: &[&str]) -> Vec<String> {
        all.iter().map(|number| (*number).to_owned()).collect()
    }

    #[track_caller]
    fn contexts(files: &[SourceFile]) -> usize {
        let (plans, warnings) =
            Plans::load(files).unwrap_or_else(|problems| panic!("{problems:?}\n{files:?}"));
        assert!(warnings.is_empty(), "{warnings:?}\n{files:?}");
        plans.shared().contexts().count()
    }

    #[test]
    fn it_is_a_dialplan_without_a_doubt() {
        let numbers = numbers(&["201", "202", "31", "balie"]);
        for trunk in [None, Some("voys")] {
            let text = dialplan("Europe/Amsterdam", &numbers, trunk);
            assert_eq!(contexts(&[file(&text)]), if trunk.is_some() { 2 } else { 1 });
        }
        assert_eq!(patterns(&numbers), ["_2XX", "_3X", "balie"]);
    }

    #[test]
    fn a_trunk_that_comes_later_gets_what_is_not_there() {
        let without = dialplan("Europe/Amsterdam", &numbers(&["101", "102"]), None);
        let way = first_way(&[file(&without)], &numbers(&["101", "102"]), "voys").expect("it goes with it");
        let new = SourceFile { path: NEW.into(), text: way.clone() };
        assert_eq!(contexts(&[new, file(&without)]), 2);
        assert!(way.contains("[group.allen]") && way.contains("emergency"), "{way}");
        let taken = format!(
            "{without}\n[[context.intern]]\nname = \"naar-buiten\"\nmatch = \"*9\"\ndo = [{{ echo = true }}]\n"
        );
        let way = first_way(&[file(&taken)], &numbers(&["101"]), "voys").expect("it goes with it");
        assert!(way.contains("\"naar-buiten-2\""), "{way}");
        assert!(first_way(&[file("version = ")], &[], "voys").is_none());
    }

    #[test]
    fn one_more_trunk_is_chosen_by_a_prefix_and_new_phones_join() {
        let numbers = numbers(&["201", "202"]);
        let text = dialplan("Europe/Amsterdam", &numbers, Some("voys"));
        let joined = with_phones(&text, &["202".into(), "203".into(), "31".into()]).expect("a change");
        assert!(
            joined.contains("[\"201\", \"202\", \"203\", \"31\"]") && joined.contains("[\"_2XX\", \"_3X\"]"),
            "{joined}"
        );
        assert_eq!(with_phones(&joined, &["203".into()]), None);
        assert_eq!(with_phones(&text.replace(MARK, "# Mine."), &["203".into()]), None);
        let rule = by_prefix(&[file(&joined)], "backup");
        assert_eq!(contexts(&[file(&format!("{joined}\n{rule}"))]), 2);
        let twice = by_prefix(&[file(&format!("{joined}\n{rule}"))], "backup");
        assert!(twice.contains("\"naar-buiten-backup-2\""), "{twice}");
    }
}
