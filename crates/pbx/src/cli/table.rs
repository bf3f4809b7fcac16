//! Tables for people: columns as wide as their widest cell, numbers to the right.

/// Rows below a header.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Column {
    title: String,
    right: bool,
}

impl Table {
    /// A table with these titles; one that starts with `>` is aligned to the right.
    pub(super) fn new(titles: &[&str]) -> Self {
        let columns = titles
            .iter()
            .map(|title| match title.strip_prefix('>') {
                Some(title) => Column { title: title.into(), right: true },
                None => Column { title: (*title).into(), right: false },
            })
            .collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; its cells may come from a phone and are made [`printable`].
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.into_iter().map(printable).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn render(&self) -> String {
        let width = |index: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
            cells.max().unwrap_or(0).max(self.columns[index].title.chars().count())
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.clone()).collect();
        let lines: Vec<String> =
            std::iter::once(&titles).chain(&self.rows).map(|row| self.line(row, &widths)).collect();
        lines.join("\n")
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let cells: Vec<String> = row
            .iter()
            .zip(&self.columns)
            .zip(widths)
            .map(
                |((cell, column), &width)| {
                    if column.right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
                },
            )
            .collect();
        cells.join("  ").trim_end().to_owned()
    }
}

/// A text that stays in its place, so that what a phone calls itself can neither steer the terminal nor look like another
/// line or number: `?` stands for each control character, line separator, and mark that is not seen but turns or hides text.
pub(super) fn printable(text: impl AsRef<str>) -> String {
    text.as_ref().chars().map(|c| if c.is_control() || is_unseen(c) { '?' } else { c }).collect()
}

/// The same for several lines, which stay lines.
pub(super) fn printable_lines(text: impl AsRef<str>) -> String {
    text.as_ref().split('\n').map(tame).collect::<Vec<_>>().join("\n")
}

/// A line, with its tabs.
fn tame(line: &str) -> String {
    line.split('\t').map(printable).collect::<Vec<_>>().join("\t")
}

/// Marks of direction, breaks of lines, spaces without width, tags. Not the joiners that some scripts are written with.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_tamed() {
        let mut table = Table::new(&["name", ">calls"]);
        table.row(vec!["Café".into(), "7".into()]);
        table.row(vec!["a\x1b[2J".into(), "1200".into()]);
        assert_eq!(table.render(), "name   calls\nCafé       7\na?[2J   1200");
    }

    #[test]
    fn a_name_cannot_turn_or_break_its_line() {
        assert_eq!(printable("Balie\n\r\u{85}201"), "Balie???201");
        assert_eq!(printable("\u{202e}102\u{2069}\u{200f}\u{2028}\u{feff}"), "?102????");
        let written = "Zoë Çelik, 受付, \u{6cc}\u{200c}\u{6a9} 👩\u{200d}💻";
        assert_eq!(printable(written), written, "what is written so in its script stays");
    }
}
