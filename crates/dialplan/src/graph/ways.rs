//! The arrows of `goto`: to the right of everything, up or down, and back through the gap above the rule that they lead to.

use std::collections::BTreeMap;

use super::chart::{Chart, Way};
use super::layout::{Layout, Look, MARGIN, PAD, Placed, ROW_GAP, Text};
use super::text::{self, Face};

/// What was met while boxes got their places.
#[derive(Default)]
pub(super) struct Found {
    contexts: BTreeMap<String, (u32, u32)>,
    rules: BTreeMap<(String, String), (u32, u32)>,
    ways: Vec<(Way, String, (u32, u32))>,
}

/// A drawn arrow.
pub(super) struct Arrow {
    pub(super) points: Vec<(u32, u32)>,
    pub(super) place: String,
    pub(super) to: Way,
}

impl Found {
    pub(super) fn context(&mut self, name: &str, at: (u32, u32)) {
        self.contexts.entry(name.to_string()).or_insert(at);
    }

    pub(super) fn rule(&mut self, context: &str, name: &str, at: (u32, u32)) {
        self.rules.entry((context.to_string(), name.to_string())).or_insert(at);
    }

    pub(super) fn way(&mut self, to: &Way, place: &str, from: (u32, u32)) {
        self.ways.push((to.clone(), place.to_string(), from));
    }

    /// Draws them from `inner`, the right edge of the boxes, on. Where the picture ends.
    pub(super) fn route(self, chart: &Chart, layout: &mut Layout, inner: u32) -> u32 {
        let lanes = self.lanes();
        let count = lanes.values().max().map_or(0, |lane| lane + 1);
        let end = inner + count * LANE;
        let mut right = end;
        for (to, place, from) in &self.ways {
            let points = match (self.target(to), lanes.get(to)) {
                (Some(target), Some(lane)) if chart.draws(to) => {
                    let x = inner + lane * LANE + LANE / 2;
                    let mut points = vec![*from, (x, from.1)];
                    match to {
                        Way::Context(_) => points.extend([(x, target.1), target]),
                        Way::Rule { .. } => {
                            let gap = target.1 - ROW_GAP / 2;
                            points.extend([(x, gap), (target.0, gap), target]);
                        }
                    }
                    points
                }
                _ => {
                    layout.boxes.push(away(to, end + LANE, from.1));
                    right = end + LANE + AWAY;
                    vec![*from, (end + LANE, from.1)]
                }
            };
            layout.ways.push(Arrow { points, place: place.clone(), to: to.clone() });
        }
        right
    }

    fn target(&self, to: &Way) -> Option<(u32, u32)> {
        match to {
            Way::Context(name) => self.contexts.get(name).copied(),
            Way::Rule { context, name } => self.rules.get(&(context.clone(), name.clone())).copied(),
        }
    }

    /// One lane for each target, shared by those whose arrows never meet, and by all where there are too many.
    fn lanes(&self) -> BTreeMap<&Way, u32> {
        let mut spans: BTreeMap<&Way, (u32, u32)> = BTreeMap::new();
        for (to, _, from) in &self.ways {
            let Some(target) = self.target(to) else { continue };
            let span = spans.entry(to).or_insert((target.1, target.1));
            *span = (span.0.min(from.1), span.1.max(from.1));
        }
        let mut taken: Vec<Vec<(u32, u32)>> = Vec::new();
        let mut lanes = BTreeMap::new();
        for (to, (top, bottom)) in spans {
            let (top, bottom) = (top.saturating_sub(ROW_GAP), bottom + ROW_GAP);
            let is_free = |spans: &Vec<(u32, u32)>| spans.iter().all(|span| span.1 < top || span.0 > bottom);
            let lane = match taken.iter().position(is_free) {
                Some(lane) => lane,
                None if taken.len() < MOST_LANES => {
                    taken.push(Vec::new());
                    taken.len() - 1
                }
                None => MOST_LANES - 1,
            };
            if let Some(spans) = taken.get_mut(lane) {
                spans.push((top, bottom));
            }
            lanes.insert(to, u32::try_from(lane).unwrap_or(0));
        }
        lanes
    }
}

/// A target that is not in the picture.
fn away(to: &Way, x: u32, y: u32) -> Placed {
    let title = to.to_string();
    let text = text::cut(&title, Face::Fixed, 11, AWAY - 2 * PAD);
    let height = 28;
    Placed {
        look: Look::Away,
        x,
        y: y.saturating_sub(height / 2),
        width: AWAY,
        height,
        texts: vec![Text { class: "pattern", dy: 18, text }],
        tooltip: format!("{title} is not in this picture"),
        title,
    }
}

const LANE: u32 = MARGIN / 2;
const MOST_LANES: usize = 24;
const AWAY: u32 = 210;
