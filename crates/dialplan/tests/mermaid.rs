//! Mermaid's own words for a picture, by the part of its grammar that is written here: a strict reader of every line, so that no
//! text of an operator can become syntax.

mod plans;

use kiestoon_dialplan::{GraphOptions, Plan};
use plans::load;
use proptest::prelude::*;

/// What a flowchart is made of, read line by line.
#[derive(Default)]
struct Flow {
    nodes: Vec<String>,
    links: Vec<(String, String)>,
    open: usize,
    classes: Vec<String>,
    used: Vec<String>,
}

impl Flow {
    fn read(text: &str) -> Self {
        let mut flow = Self::default();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("flowchart LR"));
        for line in lines {
            assert!(flow.line(line.trim_start()).is_some(), "no Mermaid: {line}\n{text}");
        }
        assert_eq!(flow.open, 0, "every subgraph ends");
        for (from, to) in &flow.links {
            assert!(flow.nodes.contains(from) && flow.nodes.contains(to), "{from} to {to}\n{text}");
        }
        let unique: std::collections::BTreeSet<&String> = flow.nodes.iter().collect();
        assert_eq!(unique.len(), flow.nodes.len(), "a node has one name");
        assert!(flow.used.iter().all(|class| flow.classes.contains(class)), "{:?}", flow.used);
        flow
    }

    /// None where it is no line of a flowchart.
    fn line(&mut self, line: &str) -> Option<()> {
        if line == "end" {
            self.open = self.open.checked_sub(1)?;
        } else if let Some(rest) = line.strip_prefix("subgraph ") {
            let (_, rest) = name(rest)?;
            label(rest, "[", "]").filter(|rest| rest.is_empty())?;
            self.open += 1;
        } else if let Some(rest) = line.strip_prefix("classDef ") {
            let (class, style) = name(rest)?;
            style.strip_prefix(' ').filter(|style| style.split(',').all(|each| each.contains(':')))?;
            self.classes.push(class.to_string());
        } else {
            let (node, rest) = name(line)?;
            match rest.strip_prefix(' ') {
                Some(rest) => self.link(node, rest)?,
                None => self.node(node, rest)?,
            }
        }
        Some(())
    }

    fn node(&mut self, node: &str, rest: &str) -> Option<()> {
        let rest = [("([", "])"), ("[", "]"), ("(", ")")]
            .iter()
            .find_map(|(open, close)| label(rest, open, close))?;
        if let Some(class) = rest.strip_prefix(":::") {
            let (class, rest) = name(class)?;
            rest.is_empty().then(|| self.used.push(class.to_string()))?;
        } else if !rest.is_empty() {
            return None;
        }
        self.nodes.push(node.to_string());
        Some(())
    }

    fn link(&mut self, from: &str, rest: &str) -> Option<()> {
        let to = ["--> ", "==> ", "-.-> "]
            .iter()
            .find_map(|arrow| rest.strip_prefix(arrow))
            .or_else(|| label(rest.strip_prefix("-- ")?, "", "")?.strip_prefix(" --> "))?;
        let (to, rest) = name(to)?;
        rest.is_empty().then(|| self.links.push((from.to_string(), to.to_string())))
    }
}

/// A name of a node or a class, and what follows.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// What follows a text in quotes between these brackets. In it stand letters, digits, a few signs, characters by number, and
/// line breaks.
fn label<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let inside = text.strip_prefix(open)?.strip_prefix('"')?;
    let (shown, rest) = inside.split_once('"')?;
    for line in shown.split("<br/>") {
        let mut left = line;
        while let Some(c) = left.chars().next() {
            left = match left.strip_prefix('#') {
                Some(number) => {
                    let (digits, rest) = number.split_once(';')?;
                    digits.parse::<u32>().ok().and_then(char::from_u32)?;
                    rest
                }
                None => {
                    let is_plain = c.is_alphanumeric() || " -.,/()\u{2026}".contains(c);
                    left.get(c.len_utf8()..).filter(|_| is_plain)?
                }
            };
        }
    }
    rest.strip_prefix(close)
}

fn mermaid(plan: &Plan) -> String {
    plan.graph(GraphOptions::default()).expect("a picture").mermaid()
}

fn read(text: &str) -> Flow {
    let plan = load(text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}")).plan;
    Flow::read(&mermaid(&plan))
}

#[test]
fn the_plans_that_ship_are_mermaid() {
    for text in [
        include_str!("fixtures/features.toml"),
        include_str!("../../../dialplans/kantoor.toml"),
        "version = 1\n",
    ] {
        let flow = read(text);
        assert!(!flow.nodes.is_empty());
    }
    let office = read(include_str!("../../../dialplans/kantoor.toml"));
    assert!(office.links.len() > 20, "{}", office.links.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_an_operator_is_syntax(text in "[ -~\u{e9}\u{202e}\u{20ac}]{1,40}") {
        let quoted = serde_json::to_string(&text).expect("JSON");
        let plan = format!(
            "version = 1\n[[context.{quoted}]]\nname = {quoted}\nmatch = \"_!\"\ndo = [{{ notify = \"x\", }}, {{ set = {{ a = {quoted} }} }}]\n"
        );
        if let Ok(loaded) = load(&plan.replace(", }", " }")) {
            Flow::read(&mermaid(&loaded.plan));
        }
    }
}
