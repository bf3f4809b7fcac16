//! Files of one organisation among those of all.

mod plans;

use kiestoon_dialplan::{Plan, Plans};
use plans::{call, file};

const SHARED: &str = "version = 1\n[[context.intern]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"ext:1\" }]\n\
                      [[context.intern]]\nname = \"alle\"\nmatch = \"_2XX\"\ndo = [{ echo = true }]\n";

fn own(slug: &str, rule: &str) -> String {
    format!(
        "version = 1\norganisation = \"{slug}\"\n[group.balie]\nmembers = \"201\"\n[[context.intern]]\nname = \"{rule}\"\nmatch = \"100\"\ndo = [{{ dial = \"group:balie\" }}]\n"
    )
}

fn rule(plan: &Plan, dialled: &str) -> Option<String> {
    plan.decide(&call("intern", dialled)).map(|decision| decision.rule.name.to_string())
}

#[test]
fn each_has_its_own_rules_and_those_of_all() {
    let files = [
        file("a.toml", &own("bakker", "brood")),
        file("alle.toml", SHARED),
        file("b.toml", &own("slager", "worst")),
    ];
    let (plans, warnings) = Plans::load(&files).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(rule(plans.of("bakker"), "100").as_deref(), Some("brood"));
    assert_eq!(rule(plans.of("slager"), "100").as_deref(), Some("worst"));
    assert_eq!(rule(plans.of("kapper"), "100"), None);
    for slug in ["bakker", "slager", "kapper"] {
        assert_eq!(rule(plans.of(slug), "112").as_deref(), Some("nood"));
        assert_eq!(rule(plans.of(slug), "201").as_deref(), Some("alle"));
    }
    assert_eq!(plans.own().map(|(slug, _)| slug).collect::<Vec<_>>(), ["bakker", "slager"]);
    let (shared, _) = Plans::load(&[file("alle.toml", SHARED)]).unwrap();
    assert_ne!(shared.hash(), plans.hash());
    assert_eq!(shared.hash(), shared.shared().hash());
}

#[test]
fn a_fault_of_a_shared_file_is_told_once_and_refuses_all() {
    let bad = "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ dial = \"grup:x\" }]\n";
    let files = [
        file("a.toml", &own("bakker", "brood")),
        file("alle.toml", bad),
        file("b.toml", &own("slager", "worst")),
    ];
    let problems = Plans::load(&files).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let files = [file("a.toml", "version = 1\norganisation = \"\"\n"), file("alle.toml", SHARED)];
    assert!(Plans::load(&files).unwrap_err()[0].to_string().contains("`organisation` is empty"));
}
