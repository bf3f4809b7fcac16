//! The file of numbers whose calls are declined: one a line, in E.164, as lists of nuisance callers are published.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use kiestoon_call::Numbers;

/// What the file holds.
#[derive(Debug, Default)]
pub(crate) struct Blocklist {
    pub(crate) numbers: Numbers,
    /// Lines that are no numbers: the others are kept out all the same.
    pub(crate) warnings: Vec<String>,
}

/// What changes when the file does.
pub(crate) type Stamp = (u64, SystemTime);

/// The numbers of a file; a line may have a comment behind `#`.
///
/// # Errors
/// Where it cannot be read, or is larger than any list should be: the numbers from before stay in force.
pub(crate) fn read(file: &Path) -> Result<Blocklist, String> {
    let size = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();
    if size > MOST_BYTES {
        return Err(format!("{} is larger than {} MB", file.display(), MOST_BYTES / 1_000_000));
    }
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let (mut numbers, mut wrong) = (Vec::new(), Vec::new());
    for (line, written) in (1..).zip(text.lines()) {
        let written = written.split('#').next().unwrap_or_default().trim();
        let number: String = written.chars().filter(|c| !" -.()/".contains(*c)).collect();
        match number.as_str() {
            "" => {}
            _ if is_number(&number) => numbers.push(number),
            _ => wrong.push(line),
        }
    }
    let warnings = wrong.first().map(|first: &u32| {
        let (file, count) = (file.display(), wrong.len());
        format!("{file}:{first}: {count} lines of the blocklist are no numbers, this is the first: write them as +31201234567")
    });
    let numbers = Numbers::new(numbers.iter().map(String::as_str));
    Ok(Blocklist { numbers, warnings: warnings.into_iter().collect() })
}

pub(crate) fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_whole = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    is_whole && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// About a million numbers, which take 8 MB of memory.
const MOST_BYTES: u64 = 16_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.txt");
        fs::write(&file, "# nuisance\n+31201234567\n\n+31 20 555-5555  # again\n+31201234567\r\n0201\n+x\n")
            .unwrap();
        let listed = read(&file).unwrap();
        assert_eq!((listed.numbers.len(), listed.warnings.len()), (2, 1));
        assert!(listed.warnings[0].contains("list.txt:6: 2 lines"), "{:?}", listed.warnings);
        assert!(stamp(&file).is_some() && stamp(folder.path().join("gone").as_path()).is_none());
        assert!(read(&folder.path().join("gone")).unwrap_err().contains("gone: "));
        fs::File::create(&file).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert!(read(&file).unwrap_err().contains("is larger than 16 MB"));
    }
}
