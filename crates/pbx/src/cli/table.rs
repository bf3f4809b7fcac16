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

    /// Adds a row. Control characters of a cell, which may come from a phone, are shown as `?`.
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

/// A text without control characters, so that what a phone calls itself cannot steer the terminal.
pub(super) fn printable(text: impl AsRef<str>) -> String {
    text.as_ref().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
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
}
