//! Words of the language for messages: the nearest known word to a mistyped one, and quoting.

/// The known word that was probably meant, if one is near enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if word.len() > LONGEST {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    known
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> =
                candidate.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
            let distance = distance(&word, &letters);
            (distance <= limit && letters.len() > distance).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint that names the nearest word.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(meant)
}

/// The question whether this was meant.
pub(crate) fn meant(near: &str) -> String {
    format!("did you mean `{near}`?")
}

/// A word of a file as it is shown in a message: short, on one line and without control characters.
pub(crate) fn quote(word: &str) -> String {
    let mut text = String::from("`");
    for c in word.chars().take(LONGEST) {
        if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
    }
    if word.chars().nth(LONGEST).is_some() {
        text.push_str("...");
    }
    text.push('`');
    text
}

/// A text for a terminal: names of rules and contexts may have any character.
pub(crate) fn printable(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Names in a row, quoted: "`a`, `b` or `c`".
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_string(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Edit distance in which two swapped neighbours count once ("dail" is one slip away from "dial").
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

const LONGEST: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_recognised() {
        let known = ["dial", "play", "reject", "timeout", "on_no_answer"];
        assert_eq!(nearest("dail", known), Some("dial"));
        assert_eq!(nearest("Dial", known), Some("dial"));
        assert_eq!(nearest("timout", known), Some("timeout"));
        assert_eq!(nearest("on_noanswer", known), Some("on_no_answer"));
        assert_eq!(nearest("voicemail", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }

    #[test]
    fn quoted_words_stay_on_one_line() {
        assert_eq!(quote("a\nb"), "`a\\nb`");
        assert_eq!(quote(&"x".repeat(60)).len(), 48 + 5);
    }
}
