//! The picture as an SVG document.

use std::fmt::Write as _;

use super::block::Kind;
use super::chart::{Chart, Row};
use super::layout::{Layout, Line, Look, MARGIN, Placed};
use super::text::xml;

pub(super) fn write(chart: &Chart, layout: &Layout) -> String {
    let Layout { width, height, .. } = *layout;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plan\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"plan-title plan-desc\">\n"
    );
    let _ = writeln!(svg, "<title id=\"plan-title\">{}</title>", xml(&title(chart)));
    let _ = writeln!(svg, "<desc id=\"plan-desc\">{}</desc>", xml(&description(chart)));
    let _ = writeln!(svg, "<style>{STYLE}</style>\n<defs>{}</defs>", markers());
    let _ = writeln!(svg, "<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>");
    heading(&mut svg, chart, width);
    for panel in &layout.panels {
        let _ = writeln!(
            svg,
            "<rect class=\"panel\" x=\"{MARGIN}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"14\"/>",
            panel.y, panel.width, panel.height
        );
    }
    for way in &layout.ways {
        let label = xml(&format!("{} goes to {}", way.place, way.to));
        let path = path(&way.points);
        let _ = writeln!(
            svg,
            "<path class=\"way\" d=\"{path}\" marker-end=\"url(#plan-way)\"><title>{label}</title></path>"
        );
    }
    layout.lines.iter().for_each(|each| line(&mut svg, each));
    layout.boxes.iter().for_each(|each| placed(&mut svg, each));
    if chart.sections.is_empty() {
        let _ = writeln!(
            svg,
            "<text class=\"soft\" x=\"{MARGIN}\" y=\"92\">There is no rule: every call is refused.</text>"
        );
    }
    legend(&mut svg, height);
    svg.push_str("</svg>\n");
    svg
}

fn title(chart: &Chart) -> String {
    match chart.sections.as_slice() {
        [only] => format!("Dialplan: context {}", only.name),
        _ => "Dialplan".to_string(),
    }
}

/// For those who do not see it: each context with its rules.
fn description(chart: &Chart) -> String {
    let mut text = "From left to right: the context that a call enters, its rules from top to bottom of which the first that matches has \
                    the call, and the steps of each rule with their branches."
        .to_string();
    for section in &chart.sections {
        let names: Vec<&str> = section
            .rows
            .iter()
            .map(|row| match row {
                Row::Rule(card) => card.name.as_str(),
                Row::Include { context, .. } => context.as_str(),
            })
            .collect();
        let _ = write!(text, " Context {}, {}: {}.", section.name, section.entered, names.join(", "));
        if section.left_out > 0 {
            let _ = write!(text, " {} more rules are not drawn.", section.left_out);
        }
    }
    text
}

fn heading(svg: &mut String, chart: &Chart, width: u32) {
    let _ = writeln!(svg, "<text class=\"head\" x=\"{MARGIN}\" y=\"38\">{}</text>", xml(&title(chart)));
    let _ = writeln!(
        svg,
        "<text class=\"soft\" x=\"{MARGIN}\" y=\"58\">Rules are tried from top to bottom: the first that matches has the call.</text>"
    );
    let _ = writeln!(
        svg,
        "<text class=\"soft\" x=\"{}\" y=\"38\" text-anchor=\"end\">plan {}</text>",
        width - MARGIN,
        xml(&chart.hash)
    );
}

fn legend(svg: &mut String, height: u32) {
    let mut x = MARGIN;
    for (class, word, room) in LEGEND {
        let y = height - 22;
        let _ = write!(
            svg,
            "<rect class=\"stripe {class}\" x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" rx=\"3\"/>",
            y - 9
        );
        let _ = writeln!(svg, "<text class=\"soft\" x=\"{}\" y=\"{y}\">{word}</text>", x + 16);
        x += room;
    }
}

fn line(svg: &mut String, line: &Line) {
    let arrow = if line.arrow { " marker-end=\"url(#plan-flow)\"" } else { "" };
    let _ = writeln!(svg, "<path class=\"{}\" d=\"{}\"{arrow}/>", line.class, path(&line.points));
    if let Some((x, y, label)) = &line.label {
        let _ = writeln!(svg, "<text class=\"label\" x=\"{x}\" y=\"{y}\">{}</text>", xml(label));
    }
}

fn placed(svg: &mut String, placed: &Placed) {
    let Placed { x, y, width, height, .. } = placed;
    let class = class(placed.look);
    let _ = write!(svg, "<g><title>{}</title>", xml(&placed.tooltip));
    let _ = write!(
        svg,
        "<rect class=\"box {class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"9\"/>"
    );
    if matches!(placed.look, Look::Step(_)) {
        let _ = write!(
            svg,
            "<rect class=\"stripe {class}\" x=\"{}\" y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\"/>",
            x + 8,
            y + 10,
            height - 20
        );
    }
    for text in &placed.texts {
        let is_verb = if text.class == "verb" { class } else { "" };
        let _ = write!(
            svg,
            "<text class=\"{} {is_verb}\" x=\"{}\" y=\"{}\">{}</text>",
            text.class,
            placed.text_x(),
            y + text.dy,
            xml(&text.text)
        );
    }
    svg.push_str("</g>\n");
}

fn class(look: Look) -> &'static str {
    match look {
        Look::Context => "entry",
        Look::Rule => "rule",
        Look::Emergency => "emergency",
        Look::Include => "include",
        Look::Away => "away",
        Look::Step(kind) => match kind {
            Kind::Ring => "ring",
            Kind::Speak => "speak",
            Kind::Ask => "ask",
            Kind::Decide => "decide",
            Kind::Tell => "tell",
            Kind::Goto => "goto",
            Kind::End => "end",
            Kind::NotBuilt => "unbuilt",
            Kind::More => "more",
        },
    }
}

/// Lines with rounded corners.
fn path(points: &[(u32, u32)]) -> String {
    let mut path = String::new();
    for (at, &(x, y)) in points.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| points.get(before));
        match (before, points.get(at + 1)) {
            (None, _) => {
                let _ = write!(path, "M{x} {y}");
            }
            (Some(_), None) => {
                let _ = write!(path, "L{x} {y}");
            }
            (Some(&before), Some(&after)) => {
                let (from, to) = (towards((x, y), before), towards((x, y), after));
                let _ = write!(path, "L{} {}Q{x} {y} {} {}", from.0, from.1, to.0, to.1);
            }
        }
    }
    path
}

/// A little way from a corner to its neighbour: at most half.
fn towards(corner: (u32, u32), other: (u32, u32)) -> (u32, u32) {
    let step = |a: u32, b: u32| {
        let by = a.abs_diff(b).min(2 * CORNER) / 2;
        if b > a { a + by } else { a - by }
    };
    (step(corner.0, other.0), step(corner.1, other.1))
}

fn markers() -> String {
    let marker = |id: &str| {
        format!(
            "<marker id=\"plan-{id}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip-{id}\" d=\"M0 .5L8 4L0 7.5z\"/></marker>"
        )
    };
    ["flow", "way"].map(marker).concat()
}

const CORNER: u32 = 8;
/// Class, word, and how much room it takes.
const LEGEND: [(&str, &str, u32); 8] = [
    ("ring", "rings", 66),
    ("speak", "is heard", 82),
    ("ask", "asks for digits", 118),
    ("decide", "decides", 80),
    ("tell", "tells or asks a service", 158),
    ("goto", "goes on elsewhere", 140),
    ("end", "ends the call", 110),
    ("unbuilt", "not built yet", 100),
];
const STYLE: &str = include_str!("plan.css");
