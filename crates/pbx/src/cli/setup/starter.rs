//! The dialplan that a new office starts with.

/// Its text: phones that call each other, an echo test, and with a trunk the way out and in.
pub(super) fn dialplan(timezone: &str, extensions: &[String], trunk: Option<&str>) -> String {
    let quoted = |text: &str| toml_edit::Value::from(text).to_string();
    let members = extensions.iter().map(|number| quoted(number)).collect::<Vec<_>>().join(", ");
    let patterns = patterns(extensions).iter().map(|pattern| quoted(pattern)).collect::<Vec<_>>().join(", ");
    let timezone = quoted(timezone);
    let mut text = format!(
        "# Written by `kiestoon setup`. Check a change with `kiestoon dialplan check`.\n\nversion  = 1\ntimezone = {timezone}\n"
    );
    if let Some(trunk) = trunk {
        text += &format!(
            "\n[group.allen]\nmembers  = [{members}]\nstrategy = \"ring-all\"\ntimeout  = \"30s\"\n"
        );
        text += &help(trunk);
    }
    text += "\n# Gives back what you say: the quickest way to hear that a phone works in both directions.\n[[context.intern]]\nname  = \"echotest\"\nmatch = \"*43\"\ndo    = [{ echo = true }]\n";
    text += &format!(
        "\n[[context.intern]]\nname  = \"toestellen\"\nmatch = [{patterns}]\ndo    = [{{ dial = \"ext:${{number}}\", timeout = \"25s\" }}]\n"
    );
    if let Some(trunk) = trunk {
        text += &outside(trunk);
        text += "\n[[context.inkomend]]\nname  = \"binnen\"\nmatch = \"_!\"\ndo    = [{ dial = \"group:allen\" }]\n";
    }
    text
}

/// Rules that call out over a trunk.
pub(super) fn outside(trunk: &str) -> String {
    let way = toml_edit::Value::from(format!("trunk:{trunk}")).to_string();
    format!(
        "\n[[context.intern]]\nname  = \"naar-buiten\"\nmatch = [\"_0X.\", \"_+X.\"]\ndo    = [{{ dial = {way} }}]\n"
    )
}

/// Calls for help, which stand before every other rule.
fn help(trunk: &str) -> String {
    let way = toml_edit::Value::from(format!("trunk:{trunk}")).to_string();
    format!(
        "\n[[context.intern]]\nname      = \"nood\"\nmatch     = [\"112\", \"0112\"]\nemergency = true\ndo        = [{{ dial = {way}, to = \"112\" }}]\n"
    )
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

#[cfg(test)]
mod tests {
    use kiestoon_dialplan::{Plans, SourceFile};

    use super::*;

    #[test]
    fn it_is_a_dialplan_without_a_doubt() {
        let numbers: Vec<String> = ["201", "202", "31", "balie"].map(str::to_owned).into();
        for trunk in [None, Some("voys")] {
            let text = dialplan("Europe/Amsterdam", &numbers, trunk);
            let file = SourceFile { path: "kantoor.toml".into(), text: text.clone() };
            let (plans, warnings) =
                Plans::load(&[file]).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
            assert!(warnings.is_empty(), "{warnings:?}\n{text}");
            assert_eq!(plans.shared().contexts().count(), if trunk.is_some() { 2 } else { 1 });
        }
        assert_eq!(patterns(&numbers), ["_2XX", "_3X", "balie"]);
    }
}
