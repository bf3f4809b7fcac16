//! A picture of a plan, as SVG or as Mermaid text: where calls enter, the rules in their order, what each does, and where it leads.
//!
//! Pure text from a checked [`Plan`]; the same plan gives the same picture. What does not fit is counted in the picture, never
//! left out in silence.

mod block;
mod chart;
mod layout;
mod mermaid;
mod svg;
mod text;
mod ways;

use crate::plan::Plan;
use chart::Chart;
use layout::Layout;

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphOptions<'a> {
    /// This context alone; arrows to others end in a label. All contexts where it is `None`.
    pub context: Option<&'a str>,
    /// So many rules of a context are drawn; those below are counted.
    pub most_rules: usize,
}

/// A plan as a picture. Every text in it is escaped for the form that it is written in.
#[derive(Debug, Clone)]
pub struct Graph {
    chart: Chart,
}

/// A box of the picture, in pixels from its upper left corner: for those who check or extend the layout.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphBox {
    /// `context`, `rule`, `include`, `step`, `more` or `away`.
    pub kind: &'static str,
    /// What it shows first.
    pub title: String,
    /// Its left edge.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Default for GraphOptions<'_> {
    fn default() -> Self {
        Self { context: None, most_rules: MOST_RULES }
    }
}

impl Plan {
    /// The plan as a picture; `None` where it has no context of the name that is asked for.
    #[must_use]
    pub fn graph(&self, options: GraphOptions<'_>) -> Option<Graph> {
        Chart::of(self, options).map(|chart| Graph { chart })
    }
}

impl Graph {
    /// A document of its own, light or dark as its reader prefers, at most [`Graph::WIDEST`] pixels wide and readable without a
    /// network: no script, no font, no link.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::write(&self.chart, &Layout::of(&self.chart))
    }

    /// A flowchart for Mermaid, such as Markdown pages show it.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::write(&self.chart)
    }

    /// Where the boxes of the SVG are.
    #[must_use]
    pub fn boxes(&self) -> Vec<GraphBox> {
        let layout = Layout::of(&self.chart);
        layout.boxes.iter().map(layout::Placed::outline).collect()
    }

    /// Every `goto` and destination that is drawn and leads on, as `(from step's place, to)`, one for each arrow of the SVG.
    #[must_use]
    pub fn arrows(&self) -> Vec<(String, String)> {
        let layout = Layout::of(&self.chart);
        layout.ways.iter().map(|way| (way.place.clone(), way.to.to_string())).collect()
    }

    /// Pixels.
    pub const WIDEST: u32 = 2_000;
}

/// More than a screen or a sheet can show at once.
const MOST_RULES: usize = 100;
