//! The file of numbers whose calls are declined: one a line, in E.164, as lists of nuisance callers are published.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use kiestoon_call::{NumberList, Numbers};
use kiestoon_control::Sentence;

use super::Warning;
use crate::language::both;

/// What the file holds.
#[derive(Debug, Default)]
pub(crate) struct Blocklist {
    pub(crate) numbers: Numbers,
    /// Lines that are no numbers: the others are kept out all the same.
    pub(crate) warnings: Vec<Warning>,
}

/// The list in force: that of the file, as it could last be read. A file that is gone keeps nobody from calling, and no change from
/// being taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct InForce {
    file: Option<PathBuf>,
    last: Option<Arc<Numbers>>,
}

impl InForce {
    /// That of `[trunks] blocklist`.
    pub(crate) fn of(file: Option<PathBuf>) -> Self {
        Self { file, last: None }
    }

    /// The list of a file that may be another one now.
    pub(super) fn at(&self, file: Option<&Path>) -> Self {
        if self.file.as_deref() == file { self.clone() } else { Self::of(file.map(Path::to_path_buf)) }
    }

    /// Its numbers, and what is wrong with the file.
    pub(super) fn read(&mut self) -> (Arc<Numbers>, Vec<Warning>) {
        let Some(file) = self.file.as_deref() else { return (Arc::default(), Vec::new()) };
        match read(file) {
            Ok(Blocklist { numbers, warnings }) => {
                (Arc::clone(self.last.insert(Arc::new(numbers))), warnings)
            }
            Err(fault) => {
                let last = self.last.clone();
                let warning = Warning::Blocklist { fault, last: last.as_ref().map(|last| last.len()) };
                (last.unwrap_or_default(), vec![warning])
            }
        }
    }

    pub(crate) fn stamp(&self) -> Option<Stamp> {
        stamp(self.file.as_deref()?)
    }
}

/// What changes when the file does.
pub(crate) type Stamp = (u64, SystemTime);

/// The numbers of a file; a line may have a comment behind `#`.
///
/// # Errors
/// Where it cannot be read, or is larger than any list should be.
pub(crate) fn read(file: &Path) -> Result<Blocklist, Sentence> {
    let shown = file.display();
    let unreadable = |error| both!("{shown} cannot be read ({error})", "{shown} is niet te lezen ({error})");
    let size = fs::metadata(file).map_err(unreadable)?.len();
    if size > MOST_BYTES {
        let most = MOST_BYTES / 1_000_000;
        return Err(both!("{shown} is larger than {most} MB", "{shown} is groter dan {most} MB"));
    }
    let text = fs::read_to_string(file).map_err(unreadable)?;
    Ok(parse(file, &text))
}

fn parse(file: &Path, text: &str) -> Blocklist {
    let NumberList { numbers, wrong } = NumberList::read(text);
    let warning = wrong.map(|(first, count)| {
        let file = file.display().to_string();
        Warning::NoNumbers { file, first, count }
    });
    Blocklist { numbers, warnings: warning.into_iter().collect() }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// About a million numbers, which take 8 MB of memory.
const MOST_BYTES: u64 = 16_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn told(warnings: &[Warning]) -> Vec<String> {
        warnings.iter().map(|warning| warning.text(Language::English)).collect()
    }

    #[test]
    fn each_line_is_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.txt");
        fs::write(&file, "# nuisance\n+31201234567\n\n+31 20 555-5555  # again\n+31201234567\r\n0201\n+x\n")
            .unwrap();
        let listed = read(&file).unwrap();
        assert_eq!((listed.numbers.len(), listed.warnings.len()), (2, 1));
        let told = told(&listed.warnings);
        assert!(told[0].contains("list.txt:6: 2 lines"), "{told:?}");
        assert!(stamp(&file).is_some() && stamp(folder.path().join("gone").as_path()).is_none());
        assert!(read(&folder.path().join("gone")).unwrap_err().en.contains("gone cannot be read"));
        fs::File::create(&file).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert!(read(&file).unwrap_err().en.contains("is larger than 16 MB"));
    }

    #[test]
    fn a_list_that_is_gone_stays_in_force_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.txt");
        let mut list = InForce::of(Some(file.clone()));
        let (numbers, warnings) = list.read();
        let warnings = told(&warnings);
        assert!(numbers.is_empty() && list.stamp().is_none());
        assert!(
            warnings[0].contains("`trunks.blocklist`: ") && warnings[0].contains("list.txt"),
            "{warnings:?}"
        );
        assert!(warnings[0].ends_with("it keeps nobody out"), "{warnings:?}");
        fs::write(&file, "+31201234567\n+31205555555\n").unwrap();
        let (numbers, warnings) = list.read();
        assert!(numbers.len() == 2 && warnings.is_empty() && list.stamp().is_some());
        fs::remove_file(&file).unwrap();
        let (numbers, warnings) = list.read();
        assert_eq!((numbers.len(), warnings.len()), (2, 1));
        let warnings = told(&warnings);
        assert!(warnings[0].ends_with("its 2 numbers from before stay in force"), "{warnings:?}");
        fs::write(&file, "").unwrap();
        assert!(list.read().0.is_empty(), "an empty list is one");
        let (numbers, warnings) = InForce::of(None).read();
        assert!(numbers.is_empty() && warnings.is_empty());
    }
}
