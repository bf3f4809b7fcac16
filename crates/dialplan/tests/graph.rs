//! The picture of a plan: no two boxes overlap, every way on has its arrow, nothing of an operator's text leaves its place.

mod plans;

use kiestoon_dialplan::{Graph, GraphBox, GraphOptions, Plan};
use plans::load;
use proptest::prelude::*;

const FEATURES: &str = include_str!("fixtures/features.toml");
const WAYS: &str = r#"
version = 1
timezone = "Europe/Amsterdam"
[hours.kantoor]
open = "ma-vr 09:00-17:00"
[group.balie]
members = [{ member = "201", weight = 3 }, "202"]
strategy = "weighted"
[[context.intern]]
name = "menu"
match = "_2XX"
when = "kantoor"
from = "!anonymous"
do = [
  { collect = "keuze", prompt = "kies", on_timeout = [{ goto = "rule:nacht" }], on_invalid = [{ play = "fout" }, { goto = "context:kort" }] },
  { choose = "${keuze}", cases = { 1 = "group:balie", 2 = [{ if = { when = "kantoor" }, then = [{ dial = "ext:1", on_busy = [{ dial = "ext:2", on_busy = [{ goto = "rule:kort/bodem" }] }] }] }], "_3X" = "rule:nacht" }, else = "context:kort/9" },
  { dial = ["ext:${number}", "group:balie"], on_unavailable = [{ reject = 480 }] },
  { voicemail = "${number}" },
]
[[context.intern]]
include = "kort"
[[context.intern]]
name = "nacht"
match = "_9XX"
do = [{ say = "time" }, { hangup = true }]
[[context.kort]]
name = "bodem"
match = "1"
do = [{ goto = "rule:intern/menu" }]
[[context.kort]]
name = "tweede"
match = "2"
do = [{ echo = true }]
[[context.inkomend]]
name = "nood"
match = "112"
emergency = true
do = [{ dial = "trunk:voys" }]
"#;

fn plan(text: &str) -> Plan {
    load(text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}")).plan
}

fn graph(plan: &Plan) -> Graph {
    plan.graph(GraphOptions::default()).expect("a picture")
}

fn assert_apart(boxes: &[GraphBox]) {
    for (at, a) in boxes.iter().enumerate() {
        for b in boxes.iter().skip(at + 1) {
            let apart = a.x + a.width <= b.x
                || b.x + b.width <= a.x
                || a.y + a.height <= b.y
                || b.y + b.height <= a.y;
            assert!(apart, "{a:?} and {b:?}");
        }
    }
}

/// The right edge of the document.
fn width(svg: &str) -> u32 {
    let after = svg.split("viewBox=\"0 0 ").nth(1).expect("a view box");
    after.split(' ').next().and_then(|width| width.parse().ok()).expect("a width")
}

fn assert_sound(graph: &Graph) {
    let (boxes, svg) = (graph.boxes(), graph.svg());
    assert_apart(&boxes);
    assert!(boxes.iter().all(|each| each.x + each.width <= width(&svg)));
    assert!(width(&svg) <= Graph::WIDEST, "{}", width(&svg));
    assert_eq!(svg.matches("<path class=\"way\"").count(), graph.arrows().len());
    assert_eq!(svg.matches("<g>").count(), boxes.len());
}

#[test]
fn nothing_overlaps() {
    for text in [FEATURES, WAYS, include_str!("../../../dialplans/kantoor.toml")] {
        assert_sound(&graph(&plan(text)));
    }
}

#[test]
fn every_way_on_has_its_arrow() {
    let mut ways: Vec<String> = graph(&plan(WAYS)).arrows().into_iter().map(|(_, to)| to).collect();
    ways.sort();
    assert_eq!(
        ways,
        [
            "context:kort",
            "context:kort",
            "context:kort",
            "rule:intern/menu",
            "rule:intern/nacht",
            "rule:intern/nacht",
            "rule:kort/bodem"
        ]
    );
}

#[test]
fn one_context_alone_names_where_its_arrows_lead() {
    let plan = plan(WAYS);
    let graph = plan.graph(GraphOptions { context: Some("intern"), ..GraphOptions::default() }).unwrap();
    assert_sound(&graph);
    let away: Vec<GraphBox> = graph.boxes().into_iter().filter(|each| each.kind == "away").collect();
    let mut titles: Vec<&str> = away.iter().map(|each| each.title.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["context:kort", "context:kort", "context:kort", "rule:kort/bodem"]);
    assert!(plan.graph(GraphOptions { context: Some("weg"), ..GraphOptions::default() }).is_none());
}

#[test]
fn a_picture_tells_what_matters() {
    let svg = graph(&plan(WAYS)).svg();
    for text in [
        "EMERGENCY",
        "voicemail \u{b7} not built",
        "when kantoor",
        "from !anonymous",
        "201 \u{d7}3, 202",
        "otherwise",
        "afterwards",
        "2 rules of context kort stand here",
        "plan.toml:9",
        "prefers-color-scheme:dark",
        "aria-labelledby",
        "Context inkomend, calls from outside, by a trunk: nood.",
    ] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn the_keys_of_a_menu_are_branches() {
    let graph = graph(&plan(
        "version = 1\n[ivr.hoofd]\nprompt = \"welkom\"\n\
         keys = { 1 = \"ext:201\", 2 = \"rule:intern/nacht\", 3 = \"ivr:hoofd\", timeout = \"hangup\" }\n\
         [[context.intern]]\nname = \"menu\"\nmatch = \"1\"\ndo = [{ ivr = \"hoofd\" }, { echo = true }]\n\
         [[context.intern]]\nname = \"nacht\"\nmatch = \"2\"\ndo = [{ hangup = true }]\n",
    ));
    assert_sound(&graph);
    let ways: Vec<String> = graph.arrows().into_iter().map(|(_, to)| to).collect();
    assert_eq!(ways, ["rule:intern/nacht"]);
    let (svg, mermaid) = (graph.svg(), graph.mermaid());
    for text in ["ext:201", "rule:intern/nacht", "timeout", "otherwise"] {
        assert!(svg.contains(text), "{text}");
    }
    assert_eq!(mermaid.matches("ivr (not built)").count(), 2, "itself, and key 3, once: {mermaid}");
}

#[test]
fn what_follows_a_question_is_for_its_answer() {
    let mermaid = graph(&plan(
        "version = 1\n[webhook.crm]\nurl = \"https://crm.example.nl/\"\n[[context.intern]]\nmatch = \"1\"\n\
         do = [{ collect = \"x\", on_timeout = [{ hangup = true }] }, { webhook = \"crm\", on_failure = [{ hangup = true }] }, \
         { dial = \"ext:1\", on_busy = [{ hangup = true }] }, { echo = true }]\n",
    ))
    .mermaid();
    assert_eq!(
        (mermaid.matches("answered").count(), mermaid.matches("otherwise").count()),
        (2, 1),
        "{mermaid}"
    );
}

#[test]
fn texts_of_operators_stay_texts() {
    let evil = r##"version = 1
[[context."<b>\"&"]]
name = "<text><script>alert(1)<script>\u0000\u202E"
match = "_!"
do = [{ notify = "\"]; click n1 call evil() %%{init}%% end" }, { set = { a = "<script>" } }]
"##;
    let graph = graph(&plan(evil));
    let (svg, mermaid) = (graph.svg(), graph.mermaid());
    assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
    assert!(svg.contains("&lt;text&gt;"));
    assert!(!svg.contains(['\0', '\u{202E}']));
    assert!(
        !mermaid.contains("\"]; click") && !mermaid.contains("%%") && !mermaid.contains("<script"),
        "{mermaid}"
    );
}

#[test]
fn a_thousand_rules_are_counted_instead() {
    let mut text = "version = 1\n".to_string();
    for rule in 0..1000 {
        text.push_str(&format!("[[context.intern]]\nname = \"regel-{rule}\"\nmatch = \"{rule}\"\ndo = [{{ goto = \"rule:regel-{}\" }}]\n", 999 - rule));
    }
    let graph = graph(&plan(&text));
    assert_sound(&graph);
    let svg = graph.svg();
    assert!(svg.contains("and 900 more rules") && svg.len() < 300_000, "{}", svg.len());
    assert_eq!(graph.arrows().len(), 100);
    assert!(graph.mermaid().contains("and 900 more rules"));
}

#[test]
fn an_empty_plan_has_a_picture_too() {
    let graph = graph(&plan("version = 1\n"));
    assert!(graph.svg().contains("every call is refused") && graph.mermaid().starts_with("flowchart LR\n"));
}

/// Steps with branches in branches.
fn steps() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "{ goto = \"rule:a\" }",
        "{ goto = \"context:kort\", number = \"${number}\" }",
        "{ echo = true }",
        "{ play = \"een-heel-lange-naam-van-een-opname-die-niet-op-een-regel-past\" }",
    ])
    .prop_map(str::to_string);
    leaf.prop_recursive(7, 60, 4, |inner| {
        let list = prop::collection::vec(inner, 1..4).prop_map(|steps| format!("[{}]", steps.join(", ")));
        (0..3_u8, list.clone(), list).prop_map(|(kind, one, other)| match kind {
            0 => format!("{{ dial = \"ext:1\", on_busy = {one}, on_no_answer = {other} }}"),
            1 => format!(
                "{{ choose = \"${{number}}\", cases = {{ 1 = {one}, \"_[2-9]XXXXXXXXXX\" = {other} }} }}"
            ),
            _ => format!("{{ if = {{ from = \"_2XX\" }}, then = {one}, else = {other} }}"),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_overlaps_however_steps_branch(rules in prop::collection::vec(prop::collection::vec(steps(), 1..4), 1..5)) {
        let mut text = "version = 1\n[[context.kort]]\nname = \"a\"\nmatch = \"1\"\ndo = [{ echo = true }]\n".to_string();
        for (nth, steps) in rules.iter().enumerate() {
            text.push_str(&format!("[[context.kort]]\nname = \"{}\"\nmatch = \"_2X\"\ndo = [{}]\n", nth, steps.join(", ")));
        }
        let graph = graph(&plan(&text));
        assert_sound(&graph);
        let drawn = graph.boxes().iter().filter(|each| each.title.starts_with("rule:") || each.title.starts_with("context:")).count();
        prop_assert_eq!(drawn, graph.arrows().len());
    }
}
