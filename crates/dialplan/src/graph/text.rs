//! Texts of a picture: how wide they are about, where they break, and their escaping.

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// Words, in the reader's own sans serif.
    Plain,
    /// Patterns and texts with variables, in a fixed pitch.
    Fixed,
}

/// A width in pixels that the text surely stays within, whichever font the reader has.
pub(super) fn width(text: &str, face: Face, size: u32) -> u32 {
    let thousandths: u32 = text.chars().map(|c| advance(c, face)).sum();
    (thousandths * size).div_ceil(1000)
}

/// Thousandths of the font's size.
fn advance(c: char, face: Face) -> u32 {
    match (c, face) {
        ('\u{1100}'.., _) => 1050,
        (_, Face::Fixed) => 625,
        (
            ' ' | 'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | 't' | 'f' | 'r' | '(' | ')',
            _,
        ) => 370,
        ('m' | 'w' | 'M' | 'W' | '%' | '@' | '+' | '=', _) => 900,
        ('A'..='Z' | '_' | '$' | '&', _) => 720,
        _ => 600,
    }
}

/// The text in lines of at most `room` pixels; what does not fit in `most` of them ends in an ellipsis.
pub(super) fn wrap(text: &str, face: Face, size: u32, room: u32, most: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if lines.len() + 1 == most && width(rest, face, size) > room {
            lines.push(cut(rest, face, size, room));
            return lines;
        }
        let end = fitting(rest, face, size, room);
        let at = if end == rest.len() { end } else { breakable(rest, end) };
        let (line, after) = rest.split_at(at);
        lines.push(line.trim_end().to_string());
        rest = after.trim_start();
    }
    lines
}

/// The start of a text that fits, with an ellipsis where there is more.
pub(super) fn cut(text: &str, face: Face, size: u32, room: u32) -> String {
    let text = clean(text);
    if width(&text, face, size) <= room {
        return text;
    }
    let end = fitting(&text, face, size, room.saturating_sub(size));
    format!("{}\u{2026}", text.get(..end).unwrap_or_default().trim_end())
}

/// The bytes that fit in `room`, at least one character.
fn fitting(text: &str, face: Face, size: u32, room: u32) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += advance(c, face) * size;
        if used > room * 1000 && at > 0 {
            return at;
        }
    }
    text.len()
}

/// Where to break before `end`: after the last space, comma or slash, unless that wastes more than half of the line.
fn breakable(text: &str, end: usize) -> usize {
    let line = text.get(..end).unwrap_or(text);
    let mut last = line
        .char_indices()
        .filter(|(_, c)| matches!(c, ' ' | ',' | '/' | '|'))
        .map(|(at, c)| at + c.len_utf8());
    last.next_back().filter(|at| *at > end / 2).unwrap_or(end)
}

/// What an operator's text may do to a picture: control characters are no XML, and those that turn the direction of reading
/// mislead.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { '\u{FFFD}' } else { c }).collect()
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// For the text and the attributes of XML.
pub(super) fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            c if is_hidden(c) => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_words_and_never_lose_any() {
        let lines = wrap("ext:201, ext:202, ext:203 and trunk:voys", Face::Plain, 12, 100, 9);
        assert!(lines.len() > 1, "{lines:?}");
        assert!(lines.iter().all(|line| width(line, Face::Plain, 12) <= 100), "{lines:?}");
        assert_eq!(lines.join(" "), "ext:201, ext:202, ext:203 and trunk:voys");
        let endless = wrap(&"x".repeat(500), Face::Fixed, 12, 100, 3);
        assert_eq!(endless.len(), 3);
        assert!(
            endless.iter().all(|line| width(line, Face::Fixed, 12) <= 112)
                && endless[2].ends_with('\u{2026}')
        );
    }

    #[test]
    fn texts_cannot_leave_their_element() {
        assert_eq!(xml("<script>\"&'"), "&lt;script&gt;&quot;&amp;&#39;");
        assert_eq!(xml("a\u{0}\u{202E}b"), "a\u{FFFD}\u{FFFD}b");
        assert_eq!(clean("a\r\nb"), "a\u{FFFD}\u{FFFD}b");
    }
}
