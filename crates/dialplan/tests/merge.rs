//! Several files become one plan, in the order of their names.

mod plans;

use kiestoon_dialplan::{Plan, SourceFile};
use plans::{call, file, rule_of};

fn messages(files: &[SourceFile]) -> Vec<String> {
    Plan::load(files).expect_err("is refused").iter().map(ToString::to_string).collect()
}

#[test]
fn rules_follow_each_other_in_the_order_of_file_names() {
    let rule = |name: &str| {
        format!(
            "version = 1\n[[context.intern]]\nname = \"{name}\"\nmatch = \"_2XX\"\ndo = [{{ dial = \"group:g\" }}]\n"
        )
    };
    let group = "version = 1\n[group.g]\nmembers = [\"201\"]\n";
    let plan = |files: &[SourceFile]| Plan::load(files).unwrap().plan;
    let (a, b, c) = (file("a.toml", &rule("a")), file("b.toml", &rule("b")), file("c.toml", group));
    assert_eq!(rule_of(&plan(&[b.clone(), c.clone(), a.clone()]), "201"), "a");
    assert_eq!(rule_of(&plan(&[b.clone(), c.clone()]), "201"), "b");
    let whole = plan(&[a.clone(), b.clone(), c.clone()]);
    assert_eq!(whole.hash(), plan(&[c.clone(), b.clone(), a]).hash(), "the order of reading does not count");
    assert_ne!(whole.hash(), plan(&[b, c]).hash());
    assert!(whole.hash().len() == 12 && whole.hash().bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn unnamed_rules_are_numbered_through_all_files() {
    let rule = |number: &str| {
        format!("version = 1\n[[context.intern]]\nmatch = \"{number}\"\ndo = [{{ echo = true }}]\n")
    };
    let plan = Plan::load(&[file("a.toml", &rule("1")), file("b.toml", &rule("2"))]).unwrap().plan;
    let decision = plan.decide(&call("intern", "2")).unwrap();
    assert_eq!(decision.rule.to_string(), "intern/#2 (b.toml:2)");
}

#[test]
fn a_name_defined_twice_is_refused_with_both_places() {
    for (section, body) in [
        ("hours", "open = \"ma\""),
        ("group", "members = \"1\""),
        ("ivr", "prompt = \"a\"\nkeys = {}"),
        ("queue", "members = \"1\""),
    ] {
        let text = format!("version = 1\ntimezone = \"UTC\"\n[{section}.x]\n{body}\n");
        assert_eq!(
            messages(&[file("a.toml", &text), file("b.toml", &format!("\n{text}"))]),
            [format!("b.toml:4:{}: error: {section} `x` is already defined at a.toml:3", section.len() + 3)]
        );
    }
}

#[test]
fn one_plan_has_one_time_zone() {
    let zone = |zone: &str| format!("version = 1\ntimezone = \"{zone}\"\n");
    assert_eq!(
        messages(&[file("a.toml", &zone("Europe/Amsterdam")), file("b.toml", &zone("Europe/Lisbon"))]),
        [
            "b.toml:2:12: error: time zone `Europe/Lisbon` differs from `Europe/Amsterdam` at a.toml:2: a plan has one"
        ]
    );
    let same = [file("a.toml", &zone("Europe/Amsterdam")), file("b.toml", &zone("Europe/Amsterdam"))];
    assert_eq!(Plan::load(&same).unwrap().plan.timezone().iana_name(), Some("Europe/Amsterdam"));
}

#[test]
fn no_file_is_an_empty_plan() {
    let loaded = Plan::load(&[]).unwrap();
    assert_eq!(loaded.plan.decide(&call("intern", "201")), None);
    assert!(loaded.warnings.is_empty());
}
