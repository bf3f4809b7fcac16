//! Contacts from a file of lines `number,name`, as address books and spreadsheets write them: with commas or semicolons, a name in
//! quotes where it needs them, and perhaps a line of titles.

use super::ContactEntry;
use crate::import::ImportProblem;

pub(super) fn read(file: &str, text: &str) -> Result<Vec<ContactEntry>, Vec<ImportProblem>> {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for (line, written) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
        if written.trim().is_empty() {
            continue;
        }
        match fields(written) {
            Some((number, name)) if line == 1 && is_title(&number) => drop((number, name)),
            Some((number, name)) => entries.push(ContactEntry { number, name, line }),
            None => {
                let message =
                    "write a number and a name, such as +31201234567,\"Jansen, bakkerij\"".to_owned();
                problems.push(ImportProblem::of_line(file, line, message));
            }
        }
    }
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

/// A first line without a digit where the number would be.
fn is_title(number: &str) -> bool {
    !number.chars().any(|c| c.is_ascii_digit())
}

/// The first two fields of a line; what comes after them is left out.
fn fields(line: &str) -> Option<(String, String)> {
    let (number, rest) = field(line)?;
    let (name, _) = field(rest?)?;
    Some((number, name))
}

/// A field, and what stands after its comma. RFC 4180 section 2: in quotes, a quote is written twice.
fn field(text: &str) -> Option<(String, Option<&str>)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(match text.split_once([',', ';']) {
            Some((field, rest)) => (field.trim().to_owned(), Some(rest)),
            None => (text.trim().to_owned(), None),
        });
    };
    let mut field = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            field.push(c);
        } else if chars.next_if(|(_, next)| *next == '"').is_some() {
            field.push('"');
        } else {
            let rest = quoted.get(at + 1..)?.trim_start();
            let after = rest.strip_prefix([',', ';']);
            return (after.is_some() || rest.is_empty()).then_some((field, after));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String, u32)> {
        let entries = read("c.csv", text).unwrap();
        entries.into_iter().map(|entry| (entry.number, entry.name, entry.line)).collect()
    }

    #[test]
    fn a_line_is_a_number_and_a_name() {
        let text = "\u{feff}number,name\r\n+31201234567,Jansen\r\n\r\n\"020 123\" ; \"Jansen, \"\"de bakker\"\"\";more\n";
        let wanted = [("+31201234567", "Jansen", 2), ("020 123", "Jansen, \"de bakker\"", 4)]
            .map(|(number, name, line)| (number.to_owned(), name.to_owned(), line));
        assert_eq!(pairs(text), wanted);
        assert!(pairs("").is_empty());
    }

    #[test]
    fn every_other_line_is_told() {
        let problems =
            read("c.csv", "+31201234567\n\"+3120,x\n\"+31\"20,x\n+31201234567,Jansen\n").unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].starts_with("c.csv:1:1: error: write a number and a name"), "{told:#?}");
        assert_eq!((problems[1].line, problems[2].line), (2, 3));
    }
}
