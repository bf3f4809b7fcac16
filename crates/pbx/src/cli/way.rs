//! The way of a call through the dialplan, as text: a line for each rule, and one for each step below it.

use kiestoon_control::{Way, WayStep};
use kiestoon_dialplan::Trail;

use super::language::{Language, say};
use super::table::printable;

/// A line each.
pub(super) fn lines(ways: &[Way], language: Language) -> Vec<String> {
    ways.iter().flat_map(|way| std::iter::once(rule(way, language)).chain(steps(way, language))).collect()
}

fn rule(way: &Way, language: Language) -> String {
    let (number, by, context) = (printable(&way.number), printable(&way.by_number), &way.context);
    let Some(rule) = &way.rule else {
        return say!(
            language,
            "{number} for {by}: no rule of {context} fits",
            "{number} voor {by}: geen regel van {context} past"
        );
    };
    let mut why: Vec<String> = way.pattern.iter().cloned().collect();
    why.extend(way.when.iter().cloned());
    why.extend(
        Some(&way.from)
            .filter(|from| !from.is_empty())
            .map(|from| say!(language, "from {from}", "van {from}")),
    );
    let why = if why.is_empty() { String::new() } else { format!(" [{}]", why.join(", ")) };
    let place = match (&way.file, way.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ => String::new(),
    };
    say!(
        language,
        "{number} for {by}: rule {context}/{rule}{place}{why}",
        "{number} voor {by}: regel {context}/{rule}{place}{why}"
    )
}

fn steps(way: &Way, language: Language) -> impl Iterator<Item = String> {
    let more = (way.left_out > 0).then(|| {
        let count = way.left_out;
        say!(language, "  ... {count} left out", "  ... {count} weggelaten")
    });
    let (first, last) = way.steps.split_at(way.steps.len().min(Trail::FIRST));
    first.iter().map(step).chain(more).chain(last.iter().map(step))
}

fn step(step: &WayStep) -> String {
    let result = step.result.as_ref().map(|result| format!(" -> {result}")).unwrap_or_default();
    let line = step.line.map(|line| format!("  :{line}")).unwrap_or_default();
    format!("  {}{result}{line}", printable(&step.step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_and_step_has_a_line() {
        let steps = vec![
            WayStep { step: "dial:ext:202".into(), result: Some("busy".into()), line: Some(7) },
            WayStep { step: "hangup\u{1b}[2J".into(), result: None, line: None },
        ];
        let way = Way {
            number: "202".into(),
            by_number: "201".into(),
            context: "intern".into(),
            rule: Some("toestellen".into()),
            file: Some("a.toml".into()),
            line: Some(5),
            pattern: Some("_2XX".into()),
            when: vec!["kantoor".into()],
            steps,
            left_out: 3,
            ..Way::default()
        };
        let nobody =
            Way { number: "9".into(), by_number: "202".into(), context: "intern".into(), ..Way::default() };
        assert_eq!(
            lines(&[way, nobody], Language::English),
            [
                "202 for 201: rule intern/toestellen (a.toml:5) [_2XX, kantoor]",
                "  dial:ext:202 -> busy  :7",
                "  hangup?[2J",
                "  ... 3 left out",
                "9 for 202: no rule of intern fits",
            ]
        );
    }
}
