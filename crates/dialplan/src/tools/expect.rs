//! Expected attempts against those that were made, and the difference between them.

use serde::Serialize;

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", content = "text", rename_all = "lowercase")]
pub enum DiffLine {
    /// Expected, and done.
    Same(String),
    /// Expected, and not done.
    Missing(String),
    /// Done, and not expected.
    Extra(String),
}

/// The shortest difference; without missing and extra lines where it is as expected. An expected `...` is any number of
/// attempts, and `*` in one is any text.
pub(crate) fn compare(expected: &[String], done: &[String]) -> Vec<DiffLine> {
    if let Some((first, rest)) = done.split_at_checked(MOST_DONE).filter(|(_, rest)| !rest.is_empty()) {
        let mut lines = compare(expected, first);
        lines.push(DiffLine::Extra(format!("and {} more", rest.len())));
        return lines;
    }
    let costs = costs(expected, done);
    let cost = |i: usize, j: usize| costs.get(i).and_then(|row| row.get(j)).copied().unwrap_or(usize::MAX);
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    loop {
        match (expected.get(i), done.get(j)) {
            (None, None) => return lines,
            (Some(any), Some(text)) if any == ANY => {
                if cost(i + 1, j) <= cost(i, j + 1) {
                    i += 1;
                } else {
                    lines.push(DiffLine::Same(text.clone()));
                    j += 1;
                }
            }
            (Some(any), None) if any == ANY => i += 1,
            (Some(pattern), Some(text)) if fits(pattern, text) && cost(i, j) == cost(i + 1, j + 1) => {
                lines.push(DiffLine::Same(text.clone()));
                (i, j) = (i + 1, j + 1);
            }
            (Some(pattern), text) if text.is_none() || cost(i + 1, j) <= cost(i, j + 1) => {
                lines.push(DiffLine::Missing(pattern.clone()));
                i += 1;
            }
            (_, Some(text)) => {
                lines.push(DiffLine::Extra(text.clone()));
                j += 1;
            }
            (Some(_), None) => i += 1,
        }
    }
}

/// How many lines differ from each pair of places to the ends.
fn costs(expected: &[String], done: &[String]) -> Vec<Vec<usize>> {
    let mut costs = vec![(0..=done.len()).rev().collect::<Vec<usize>>()];
    for pattern in expected.iter().rev() {
        let below = costs.last().cloned().unwrap_or_default();
        let step = usize::from(pattern != ANY);
        let mut row = vec![below.last().copied().unwrap_or(0) + step];
        for (at, text) in done.iter().enumerate().rev() {
            let down = below.get(at).copied().unwrap_or(0) + step;
            let right = row.last().copied().unwrap_or(0) + step;
            let both = below.get(at + 1).copied().filter(|_| pattern != ANY && fits(pattern, text));
            row.push(both.map_or_else(|| down.min(right), |both| both.min(down).min(right)));
        }
        row.reverse();
        costs.push(row);
    }
    costs.reverse();
    costs
}

/// Whether a text fits a pattern in which `*` is any text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

const ANY: &str = "...";
/// What is done is compared so far: 200 steps may ring 100 targets each.
const MOST_DONE: usize = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &[&str], done: &[&str]) -> String {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_string()).collect::<Vec<_>>();
        let lines = compare(&own(expected), &own(done));
        let lines = lines.iter().map(|line| match line {
            DiffLine::Same(text) => format!("={text}"),
            DiffLine::Missing(text) => format!("-{text}"),
            DiffLine::Extra(text) => format!("+{text}"),
        });
        lines.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_difference_is_short() {
        assert_eq!(shown(&["a", "b"], &["a", "b"]), "=a =b");
        assert_eq!(shown(&["a", "b", "c"], &["a", "c"]), "=a -b =c");
        assert_eq!(shown(&["a", "c"], &["a", "b", "c"]), "=a +b =c");
        assert_eq!(shown(&["a"], &["b"]), "-a +b");
        assert_eq!(shown(&[], &["b"]), "+b");
        assert_eq!(shown(&["a"], &[]), "-a");
        assert_eq!(shown(&[], &[]), "");
    }

    #[test]
    fn dots_are_any_number_of_attempts() {
        assert_eq!(shown(&["..."], &["a", "b"]), "=a =b");
        assert_eq!(shown(&["..."], &[]), "");
        assert_eq!(shown(&["...", "b"], &["a", "b", "b"]), "=a =b =b");
        assert_eq!(shown(&["a", "...", "d"], &["a", "b", "c"]), "=a =b =c -d");
        assert_eq!(shown(&["...", "c", "..."], &["a", "b"]), "-c =a =b");
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, is_fit) in [
            ("play:*", "play:gesloten", true),
            ("play:*", "say:x", false),
            ("dial:*:+31*", "dial:trunk:voys:+31612345678", true),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("*", "", true),
            ("abc", "abcd", false),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern, text), is_fit, "{pattern} {text}");
        }
    }
}
