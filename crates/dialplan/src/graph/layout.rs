//! Where everything stands. Contexts lie below each other, rules below each other in their context, steps below each other to
//! the right of their rule, and branches to the right of their step. So nothing is ever to the right of a step that leads away, and
//! every gap between two rules is free for arrows.

use super::GraphBox;
use super::block::{Block, Kind, Then};
use super::chart::{Card, Chart, Row, Section, Way};
use super::text::{self, Face};
use super::ways::{self, Arrow};

/// The picture with all places known, in pixels.
pub(super) struct Layout {
    pub(super) boxes: Vec<Placed>,
    pub(super) lines: Vec<Line>,
    pub(super) ways: Vec<Arrow>,
    pub(super) panels: Vec<Panel>,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A box with the lines of text in it.
pub(super) struct Placed {
    pub(super) look: Look,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) title: String,
    pub(super) texts: Vec<Text>,
    /// All of it, with its place in the files.
    pub(super) tooltip: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Context,
    Rule,
    Emergency,
    Include,
    Step(Kind),
    Away,
}

/// One line in a box.
pub(super) struct Text {
    pub(super) class: &'static str,
    pub(super) dy: u32,
    pub(super) text: String,
}

/// A connection within a rule, with the word of its branch.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) points: Vec<(u32, u32)>,
    pub(super) arrow: bool,
    pub(super) label: Option<(u32, u32, String)>,
}

/// The ground under a context.
pub(super) struct Panel {
    pub(super) y: u32,
    pub(super) height: u32,
    pub(super) width: u32,
}

impl Layout {
    pub(super) fn of(chart: &Chart) -> Self {
        let mut layout = Self {
            boxes: Vec::new(),
            lines: Vec::new(),
            ways: Vec::new(),
            panels: Vec::new(),
            width: 0,
            height: 0,
        };
        let mut found = ways::Found::default();
        let mut y = HEAD;
        for section in &chart.sections {
            let top = y;
            y = layout.section(section, top, &mut found);
            layout.panels.push(Panel { y: top, height: y - top, width: 0 });
            y += PANEL_GAP;
        }
        let right = layout.boxes.iter().map(|placed| placed.x + placed.width).max().unwrap_or(0);
        let inner = right.max(LEAST) + MARGIN;
        for panel in &mut layout.panels {
            panel.width = inner - MARGIN;
        }
        layout.width = found.route(chart, &mut layout, inner) + MARGIN;
        layout.height = y + LEGEND;
        layout
    }

    fn section(&mut self, section: &Section, top: u32, found: &mut ways::Found) -> u32 {
        let mut texts = Vec::new();
        let mut y = 0;
        lines(&mut texts, &mut y, "context", &section.name, Face::Plain, 15, CARD - 2 * PAD, 2);
        lines(&mut texts, &mut y, "soft", section.entered, Face::Plain, 11, CARD - 2 * PAD, 2);
        let (x, height) = (MARGIN + PAD, y + PAD);
        let entry = Placed {
            look: Look::Context,
            x,
            y: top + PAD,
            width: CARD,
            height,
            title: section.name.clone(),
            texts,
            tooltip: format!("context {}: {}", section.name, section.entered),
        };
        found.context(&section.name, (x + CARD, top + PAD + height / 2));
        self.boxes.push(entry);
        let start = top + PAD + height;
        let mut y = start + ROW_GAP;
        let mut last = start;
        for row in &section.rows {
            last = y;
            y = match row {
                Row::Rule(card) => {
                    found.rule(&section.name, &card.name, (CARDS + CARD * 4 / 5, y));
                    self.rule(card, y, found)
                }
                Row::Include { context, rules, conditions } => {
                    let to = Way::Context(context.clone());
                    found.way(&to, &format!("include {context}"), (CARDS + CARD, y + ATTACH));
                    let stand = match rules {
                        1 => format!("1 rule of context {context} stands here"),
                        _ => format!("{rules} rules of context {context} stand here"),
                    };
                    self.aside(&format!("include {context}"), &[stand], conditions, y)
                }
            } + ROW_GAP;
            self.tried(last);
        }
        if section.left_out > 0 {
            last = y;
            let title = format!("and {} more rules", section.left_out);
            let why = "not drawn: ask `kiestoon dialplan explain` where a call goes".to_string();
            y = self.aside(&title, &[why], &[], y) + ROW_GAP;
            self.tried(last);
        }
        let spine = vec![(SPINE, start), (SPINE, last + ATTACH)];
        self.lines.push(Line { class: "order", points: spine, arrow: false, label: None });
        y - ROW_GAP + PAD
    }

    /// The rule at `y` is tried after those above it.
    fn tried(&mut self, y: u32) {
        let points = vec![(SPINE, y + ATTACH), (CARDS, y + ATTACH)];
        self.lines.push(Line { class: "order", points, arrow: true, label: None });
    }

    /// A row that is no rule.
    fn aside(&mut self, title: &str, texts: &[String], conditions: &[String], y: u32) -> u32 {
        let mut card = CardText::default();
        card.line("name", title, Face::Plain, 13, 2);
        for line in texts {
            card.line("soft", line, Face::Plain, 11, 3);
        }
        for line in conditions {
            card.line("when", line, Face::Plain, 11, 3);
        }
        self.card(Look::Include, title, card, title.to_string(), y)
    }

    fn rule(&mut self, card: &Card, y: u32, found: &mut ways::Found) -> u32 {
        let mut text = CardText::default();
        if card.emergency {
            text.line("badge", "EMERGENCY", Face::Plain, 10, 1);
        }
        text.line("name", &card.name, Face::Plain, 13, 2);
        let shown = card.patterns.len().min(MOST_PATTERNS);
        let mut patterns = card.patterns.get(..shown).unwrap_or_default().join(", ");
        if card.patterns.len() > shown {
            patterns = format!("{patterns} and {} more", card.patterns.len() - shown);
        }
        text.line("pattern", &patterns, Face::Fixed, 11, 4);
        for line in &card.conditions {
            text.line("when", line, Face::Plain, 11, 3);
        }
        if let Some(require) = &card.require {
            text.line("when", &format!("needs {require}"), Face::Plain, 11, 2);
        }
        let mut tooltip = format!("{}\n{}\nmatch {}", card.place, card.name, patterns);
        for line in &card.conditions {
            tooltip.push('\n');
            tooltip.push_str(line);
        }
        let look = if card.emergency { Look::Emergency } else { Look::Rule };
        let bottom = self.card(look, &card.name, text, tooltip, y);
        let first = vec![(CARDS + CARD, y + ATTACH), (STEPS, y + ATTACH)];
        self.lines.push(Line { class: "flow", points: first, arrow: true, label: None });
        bottom.max(self.steps(&card.steps, STEPS, y, found))
    }

    fn card(&mut self, look: Look, title: &str, text: CardText, tooltip: String, y: u32) -> u32 {
        let height = text.y + PAD;
        let title = title.to_string();
        self.boxes.push(Placed { look, x: CARDS, y, width: CARD, height, title, texts: text.texts, tooltip });
        y + height
    }

    /// Steps below each other; where they end.
    fn steps(&mut self, blocks: &[Block], x: u32, top: u32, found: &mut ways::Found) -> u32 {
        let mut y = top;
        let mut before: Option<(u32, Then)> = None;
        let mut bottom = top;
        for block in blocks {
            if let Some((from, then)) = before {
                y = bottom + STEP_GAP;
                self.next(x, from, y, then);
            }
            let height = self.step(block, x, y, found);
            bottom = self.branches(block, x, y, height, found);
            before = Some((y + height, block.then));
        }
        bottom
    }

    /// From one step down to the next.
    fn next(&mut self, x: u32, from: u32, to: u32, then: Then) {
        let Some(word) = then.label() else { return };
        let label = word.map(|word| (x + DOWN + 8, to - 8, word.to_string()));
        self.lines.push(Line {
            class: "flow",
            points: vec![(x + DOWN, from), (x + DOWN, to)],
            arrow: true,
            label,
        });
    }

    fn step(&mut self, block: &Block, x: u32, y: u32, found: &mut ways::Found) -> u32 {
        let (room, mut texts, mut dy) = (STEP - STRIPE - PAD, Vec::new(), 0);
        let verb = if block.kind == Kind::NotBuilt {
            format!("{} \u{b7} not built", block.verb)
        } else {
            block.verb.to_string()
        };
        lines(&mut texts, &mut dy, "verb", &verb, Face::Plain, 10, room, 1);
        lines(&mut texts, &mut dy, "title", &block.title, Face::Fixed, 12, room, 4);
        for detail in &block.details {
            lines(&mut texts, &mut dy, "soft", detail, Face::Plain, 11, room, 3);
        }
        let height = dy + PAD;
        let mut tooltip = format!("{}\n{} {}", block.place, block.verb, block.title);
        for detail in &block.details {
            tooltip.push('\n');
            tooltip.push_str(detail);
        }
        if let Some(way) = &block.leads_to {
            found.way(way, &block.place, (x + STEP, y + height / 2));
        }
        let (look, title) = (Look::Step(block.kind), block.title.clone());
        self.boxes.push(Placed { look, x, y, width: STEP, height, title, texts, tooltip });
        height
    }

    /// The branches of a step: to its right, or below it where the page ends.
    fn branches(&mut self, block: &Block, x: u32, y: u32, height: u32, found: &mut ways::Found) -> u32 {
        let is_wide = x + STEP + BRANCH_GAP + STEP <= STEPS + COLUMNS * STEP + (COLUMNS - 1) * BRANCH_GAP;
        let mut bottom = y + height;
        let mut at = if is_wide { y } else { bottom + LABEL_GAP };
        for (word, blocks) in &block.branches {
            let attach = at + ATTACH;
            let (points, label, to) = if is_wide {
                let (edge, to) = (x + STEP, x + STEP + BRANCH_GAP);
                let turn = edge + TURN;
                let points = vec![(edge, y + ATTACH), (turn, y + ATTACH), (turn, attach), (to, attach)];
                let label = text::cut(word, Face::Plain, 11, BRANCH_GAP - TURN - 20);
                (points, (turn + 9, attach - 5, label), to)
            } else {
                let (turn, to) = (x + UNDER, x + INDENT);
                let label = text::cut(word, Face::Plain, 11, STEP);
                (vec![(turn, y + height), (turn, attach), (to, attach)], (turn + 8, at - 6, label), to)
            };
            self.lines.push(Line { class: "branch", points, arrow: true, label: Some(label) });
            bottom = self.steps(blocks, to, at, found);
            at = bottom + if is_wide { STEP_GAP } else { LABEL_GAP };
        }
        bottom.max(y + height)
    }
}

/// The lines of a card as they come.
#[derive(Default)]
struct CardText {
    texts: Vec<Text>,
    y: u32,
}

impl CardText {
    fn line(&mut self, class: &'static str, text: &str, face: Face, size: u32, most: usize) {
        lines(&mut self.texts, &mut self.y, class, text, face, size, CARD - 2 * PAD, most);
    }
}

#[expect(clippy::too_many_arguments, reason = "all of it belongs to one line of text")]
fn lines(
    texts: &mut Vec<Text>,
    y: &mut u32,
    class: &'static str,
    text: &str,
    face: Face,
    size: u32,
    room: u32,
    most: usize,
) {
    if texts.is_empty() {
        *y = PAD - 4;
    }
    for text in text::wrap(text, face, size, room, most) {
        *y += size + 5;
        texts.push(Text { class, dy: *y - 2, text });
    }
}

impl Placed {
    pub(super) fn outline(&self) -> GraphBox {
        let kind = match self.look {
            Look::Context => "context",
            Look::Rule | Look::Emergency => "rule",
            Look::Include => "include",
            Look::Step(Kind::More) => "more",
            Look::Step(_) => "step",
            Look::Away => "away",
        };
        GraphBox {
            kind,
            title: self.title.clone(),
            x: self.x,
            y: self.y,
            width: self.width,
            height: self.height,
        }
    }

    /// Where its texts begin.
    pub(super) fn text_x(&self) -> u32 {
        self.x + if matches!(self.look, Look::Step(_)) { STRIPE } else { PAD }
    }
}

pub(super) const MARGIN: u32 = 24;
pub(super) const HEAD: u32 = 76;
pub(super) const ROW_GAP: u32 = 34;
pub(super) const PAD: u32 = 12;
const LEGEND: u32 = 40;
const PANEL_GAP: u32 = 28;
const CARD: u32 = 230;
/// The line along which rules are tried.
const SPINE: u32 = MARGIN + PAD + 14;
const CARDS: u32 = SPINE + 26;
const STEPS: u32 = CARDS + CARD + 48;
const STEP: u32 = 216;
/// From a step's left edge to its texts.
const STRIPE: u32 = 20;
/// How far from the upper edge lines meet a box.
const ATTACH: u32 = 22;
const STEP_GAP: u32 = 26;
/// Between a step and its branch on the right: room for `on_unavailable`.
const BRANCH_GAP: u32 = 138;
const TURN: u32 = 18;
/// Branches of the last column stand below their step, as far to the right.
const INDENT: u32 = 44;
const UNDER: u32 = 28;
const DOWN: u32 = 12;
const LABEL_GAP: u32 = 28;
/// Steps and their branches side by side.
const COLUMNS: u32 = 3;
/// Room for the heading and the legend.
const LEAST: u32 = 900 - 2 * MARGIN;
const MOST_PATTERNS: usize = 12;
