//! Files as trees, each parsed once however many plans it is part of. What is too large is refused before it is parsed: a tree takes
//! many times the memory of its text.

use std::sync::Arc;

use crate::problem::{Problem, Severity};
use crate::source::{Source, SourceFile};
use crate::tree::{self, Kind, Table};

/// A file with its tree.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) source: Arc<Source>,
    /// Or why it has none.
    pub(crate) tree: Result<Table, Problem>,
}

/// The trees of the files, in the order of their paths. All of them together are bounded.
pub(crate) fn parse(files: &[Arc<SourceFile>]) -> Vec<Arc<Parsed>> {
    let mut files: Vec<&Arc<SourceFile>> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut room = MOST_TEXT;
    let parsed = files.into_iter().map(|file| {
        let left = room.checked_sub(file.text.len());
        room = left.unwrap_or(room);
        Arc::new(Parsed::new(file, left.is_some()))
    });
    parsed.collect()
}

impl Parsed {
    fn new(file: &Arc<SourceFile>, has_room: bool) -> Self {
        let with = |source: Source, tree| Self { file: Arc::clone(file), source: Arc::new(source), tree };
        if !has_room {
            let source = Source::without_text(&file.path);
            let message = format!("the dialplan is larger than {} MiB", MOST_TEXT >> 20);
            let fault = source.problem(&(0..0), Severity::Error, message, None);
            return with(source, Err(fault));
        }
        let source = Source::new(file);
        if let Some(span) = source.long_line(LONGEST_LINE) {
            let message = format!("this line is longer than {LONGEST_LINE} bytes");
            let fault = source.problem(&span, Severity::Error, message, None);
            return with(source, Err(fault));
        }
        let tree = tree::parse(&source.text)
            .map_err(|error| source.problem(&error.span, Severity::Error, error.message, None));
        with(source, tree)
    }

    /// Whose file it is. One that cannot be read is shared: its fault is told with the others.
    pub(crate) fn organisation(&self) -> Option<&str> {
        match &self.tree.as_ref().ok()?.get("organisation")?.kind {
            Kind::Text(slug) if !slug.is_empty() => Some(slug),
            _ => None,
        }
    }

    /// Bytes of its text, as far as it was read.
    pub(crate) fn size(&self) -> usize {
        self.source.text.len()
    }
}

/// Bytes of all files of a dialplan folder together.
pub const MOST_TEXT: usize = 4 << 20;
/// Bytes. Every place in a file costs a walk along its line.
const LONGEST_LINE: usize = 100_000;
