//! The picture as the text of a Mermaid flowchart. Its nodes have numbers for names, so that no word of a plan is read as
//! Mermaid's own.

use std::fmt::Write as _;

use super::block::{Block, Kind};
use super::chart::{Card, Chart, Row, Section, Way};
use super::text::clean;

pub(super) fn write(chart: &Chart) -> String {
    let mut flow =
        Flow { text: String::from("flowchart LR\n"), nodes: 0, rules: Vec::new(), ways: Vec::new() };
    for (at, section) in chart.sections.iter().enumerate() {
        flow.section(at, section);
    }
    if chart.sections.is_empty() {
        flow.text.push_str("  none[\"There is no rule\"]\n");
    }
    for (from, way) in std::mem::take(&mut flow.ways) {
        let target = flow.target(chart, &way);
        let _ = writeln!(flow.text, "  {from} -.-> {target}");
    }
    flow.text.push_str(CLASSES);
    flow.text
}

struct Flow {
    text: String,
    nodes: usize,
    rules: Vec<(String, String, String)>,
    ways: Vec<(String, Way)>,
}

impl Flow {
    fn node(&mut self) -> String {
        self.nodes += 1;
        format!("n{}", self.nodes)
    }

    fn section(&mut self, at: usize, section: &Section) {
        let _ = writeln!(self.text, "  subgraph s{at}[\"context {}\"]", quoted(&section.name));
        let _ = writeln!(self.text, "    c{at}([\"{}\"]):::entry", quoted(section.entered));
        let mut before = format!("c{at}");
        for row in &section.rows {
            let node = self.node();
            match row {
                Row::Rule(card) => self.rule(&node, section, card),
                Row::Include { context, rules, conditions } => {
                    let mut words = vec![
                        format!("include {context}"),
                        match rules {
                            1 => "1 rule".to_string(),
                            _ => format!("{rules} rules"),
                        },
                    ];
                    words.extend(conditions.iter().cloned());
                    let _ = writeln!(self.text, "    {node}[\"{}\"]:::include", lines(&words));
                    self.ways.push((node.clone(), Way::Context(context.clone())));
                }
            }
            let _ = writeln!(self.text, "    {before} --> {node}");
            before = node;
        }
        if section.left_out > 0 {
            let node = self.node();
            let _ = writeln!(
                self.text,
                "    {node}[\"and {} more rules, not drawn\"]:::include",
                section.left_out
            );
            let _ = writeln!(self.text, "    {before} --> {node}");
        }
        self.text.push_str("  end\n");
    }

    fn rule(&mut self, node: &str, section: &Section, card: &Card) {
        let mut words = vec![card.name.clone()];
        if card.emergency {
            words.insert(0, "EMERGENCY".to_string());
        }
        words.push(card.patterns.join(", "));
        words.extend(card.conditions.iter().cloned());
        words.extend(card.require.as_ref().map(|require| format!("needs {require}")));
        let class = if card.emergency { "emergency" } else { "rule" };
        let _ = writeln!(self.text, "    {node}[\"{}\"]:::{class}", lines(&words));
        self.rules.push((section.name.clone(), card.name.clone(), node.to_string()));
        self.steps(node, None, &card.steps);
    }

    fn steps(&mut self, from: &str, word: Option<&str>, blocks: &[Block]) {
        let (mut before, mut word) = (from.to_string(), word.map(str::to_string));
        let mut follows = true;
        for block in blocks {
            let node = self.step(block);
            let arrow =
                word.take().map_or_else(|| "==>".to_string(), |word| format!("-- \"{}\" -->", quoted(&word)));
            if follows {
                let _ = writeln!(self.text, "    {before} {arrow} {node}");
            }
            for (word, blocks) in &block.branches {
                self.steps(&node, Some(word), blocks);
            }
            (word, follows) = match block.then.label() {
                None => (None, false),
                Some(word) => (word.map(str::to_string), true),
            };
            before = node;
        }
    }

    fn step(&mut self, block: &Block) -> String {
        let node = self.node();
        let verb = if block.kind == Kind::NotBuilt {
            format!("{} (not built)", block.verb)
        } else {
            block.verb.to_string()
        };
        let words: Vec<String> =
            [verb, block.title.clone()].into_iter().chain(block.details.iter().cloned()).collect();
        let class = match block.kind {
            Kind::Ring => "ring",
            Kind::Goto => "goto",
            Kind::End => "ending",
            Kind::NotBuilt | Kind::More => "unbuilt",
            _ => "step",
        };
        let _ = writeln!(self.text, "    {node}(\"{}\"):::{class}", lines(&words));
        if let Some(way) = &block.leads_to {
            self.ways.push((node.clone(), way.clone()));
        }
        node
    }

    fn target(&mut self, chart: &Chart, way: &Way) -> String {
        let found = match way {
            Way::Context(name) => {
                chart.sections.iter().position(|section| section.name == *name).map(|at| format!("c{at}"))
            }
            Way::Rule { context, name } => {
                let mut rules = self.rules.iter();
                rules.find(|(of, rule, _)| of == context && rule == name).map(|(_, _, node)| node.clone())
            }
        };
        found.unwrap_or_else(|| {
            let node = self.node();
            let _ = writeln!(self.text, "  {node}[\"{}, not drawn\"]:::include", quoted(&way.to_string()));
            node
        })
    }
}

fn lines(words: &[String]) -> String {
    let words = words.iter().filter(|words| !words.is_empty());
    words.map(|words| quoted(&clip(words))).collect::<Vec<_>>().join("<br/>")
}

fn clip(words: &str) -> String {
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\u{2026}", words.get(..end).unwrap_or_default()),
        None => words.to_string(),
    }
}

/// For a text in double quotes: Mermaid knows characters by number, and everything but letters and digits is given so.
fn quoted(text: &str) -> String {
    let mut safe = String::new();
    for c in clean(text).chars() {
        match c {
            ' ' | '-' | '.' | ',' | '/' | '(' | ')' => safe.push(c),
            c if c.is_alphanumeric() => safe.push(c),
            c => {
                let _ = write!(safe, "#{};", u32::from(c));
            }
        }
    }
    safe
}

const LONGEST: usize = 120;
const CLASSES: &str = "  classDef entry fill:#17202b,color:#fff,stroke:none
  classDef rule stroke-width:2px
  classDef emergency stroke:#c62828,stroke-width:3px
  classDef include stroke-dasharray:5 4
  classDef unbuilt stroke-dasharray:3 3
  classDef ring stroke:#1b8a5a
  classDef goto stroke:#c02f76
  classDef ending stroke:#5d6875
  classDef step stroke:#2468d2
";
