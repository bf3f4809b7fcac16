//! Rules that can never be reached, and other doubts, are warnings that name the rules.

mod plans;

use plans::load;

fn warnings(text: &str) -> Vec<String> {
    let loaded = load(text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"));
    loaded.warnings.iter().map(ToString::to_string).collect()
}

/// Rules a, b, c ... with these `match` (and further) lines.
fn shadows(rules: &[&str]) -> Vec<String> {
    let mut text =
        "version = 1\ntimezone = \"UTC\"\n[hours.k]\nopen = \"ma\"\n[hours.l]\nopen = \"di\"\n".to_string();
    for (name, rule) in ('a'..).zip(rules) {
        text.push_str(&format!("[[context.intern]]\nname = \"{name}\"\n{rule}\ndo = [{{ echo = true }}]\n"));
    }
    warnings(&text)
        .iter()
        .map(|warning| {
            let (_, message) = warning.split_once("warning: rule ").expect("a rule is named");
            message
                .replace(" is never reached: shadowed by", " <")
                .replace(" (plan.toml:", "@")
                .replace(')', "")
        })
        .collect()
}

#[test]
fn a_wider_pattern_above() {
    assert_eq!(shadows(&["match = \"_2XX\"", "match = \"201\""]), ["b < a@7"]);
    assert_eq!(shadows(&["match = \"_2XX\"", "match = [\"201\", \"_2[1-3]X\"]"]), ["b < a@7"]);
    assert_eq!(shadows(&["match = \"_X.\"", "match = \"_2XX\""]), ["b < a@7"]);
    assert_eq!(shadows(&["match = 're:^2'", "match = \"201\""]), ["b < a@7"]);
    assert_eq!(shadows(&["match = \"_!\"", "match = 're:^2'"]), ["b < a@7"]);
    assert_eq!(
        shadows(&["match = \"201\"", "match = \"202\"", "match = [\"202\", \"201\"]"]),
        ["c < b@11 and a@7"]
    );
}

#[test]
fn not_when_some_number_is_left() {
    for rules in [
        ["match = \"201\"", "match = \"_2XX\""],
        ["match = \"_2XX\"", "match = [\"201\", \"301\"]"],
        ["match = \"_2X\"", "match = \"_2XX\""],
        ["match = \"_2.\"", "match = \"_2!\""],
        ["match = 're:^2'", "match = \"_2XX\""],
    ] {
        assert_eq!(shadows(&rules), [""; 0], "{rules:?}");
    }
}

#[test]
fn only_when_the_rule_above_counts_at_the_same_times() {
    let (all, k, l) = ("match = \"1\"", "match = \"1\"\nwhen = \"k\"", "match = \"1\"\nwhen = \"l\"");
    let (both, not_k) = ("match = \"1\"\nwhen = [\"k\", \"l\"]", "match = \"1\"\nwhen = \"!k\"");
    assert_eq!(shadows(&[k, k]), ["b < a@7"]);
    assert_eq!(shadows(&[all, k]), ["b < a@7"]);
    assert_eq!(shadows(&[both, l]), ["b < a@7"]);
    for rules in [[k, all], [k, l], [k, both], [k, not_k]] {
        assert_eq!(shadows(&rules), [""; 0], "{rules:?}");
    }
}

#[test]
fn other_doubts() {
    let rule = |lines: &str| format!("version = 1\n[[context.intern]]\n{lines}\n");
    for (text, expected) in [
        (
            "[[context.intern]]\nmatch = \"1\"\ndo = [{ echo = true }]\n".to_string(),
            "1:1: warning: no `version`, taken for 1",
        ),
        (
            rule("match = \"2XX\"\ndo = [{ echo = true }]"),
            "3:9: warning: `2XX` matches only these very characters",
        ),
        (rule("match = 're:12'\ndo = [{ echo = true }]"), "3:9: warning: this regular expression may match"),
        (
            rule("match = \"1\"\ndo = [{ hangup = true }, { echo = true }]"),
            "4:26: warning: this step is never reached",
        ),
        (
            rule("match = \"112\"\nemergency = true\ndo = [{ echo = true }]"),
            "5:6: warning: this emergency rule dials nobody",
        ),
        (rule("match = \"1\"\ndo = [{ page = \"hoi\" }]"), "4:9: warning: step `page` is not built yet"),
        (
            rule("match = \"1\"\ndo = [{ echo = true }]\n[hours.k]\nopen = \"ma\""),
            "5:8: warning: hours without a `timezone`",
        ),
        (
            "version = 1\n[[context.intrn]]\nmatch = \"1\"\ndo = [{ echo = true }]\n".to_string(),
            "2:11: warning: no call enters context `intrn`; did you mean `intern`?",
        ),
    ] {
        let found = warnings(&text);
        assert_eq!(found.len(), 1, "{text}\n{found:#?}");
        assert!(found[0].starts_with(&format!("plan.toml:{expected}")), "{text}\n{found:#?}");
    }
}
