//! Bulk loading of organisations, extensions, profiles, trunks and numbers from one TOML file: parsed and checked whole, with every problem
//! at its place, then applied in one transaction.

mod apply;
mod caller_apply;
mod caller_parse;
mod dialplan_names;
mod parse;
mod problem;
mod profile_apply;
mod profile_parse;
mod reader;
mod trunk_apply;
mod trunk_parse;

use std::collections::{HashMap, HashSet};
use std::fmt;

pub(crate) use apply::apply;
pub use apply::{Counts, GeneratedPassword, ImportReport};
pub use dialplan_names::{DialplanName, DialplanNameKind, NameFault};
pub use problem::{ImportProblem, Severity};
pub(crate) use reader::Reader;

use crate::callers::{BlockAction, BlockCondition};
use crate::extensions::Secret;
use crate::import::problem::Position;
use crate::rights::{CallClass, ProfileSettings};
use crate::trunks::{TrunkPassword, TrunkSettings, WebhookSecret};

/// A checked import file, ready for [`Store::import`](crate::Store::import).
///
/// ```toml
/// [[organisation]]
/// slug = "kantoor"                # name and domain may be left out
/// domain = "kantoor.example"
/// profile = "kantoor"             # what holds for all of it together, and for who has no other
///
/// [[extension]]
/// organisation = "kantoor"        # left out: the only one there is, or `default`
/// number = "201"
/// name = "Balie"
/// password = "..."                # left out: generated; or ha1_md5, ha1_sha256 and ha1_sha512_256 in hexadecimal
/// enabled = true
/// profile = "verkoop"             # who may call what: a [[profile]]; "" takes it away
/// rights = ["internal", "national", "mobile"]    # classes over those of the profile
///
/// [[profile]]
/// name = "verkoop"                # see ProfileSettings
/// rights = ["internal", "national", "mobile", "international"]
/// spend_per_day = 25.00
///
/// [[trunk]]
/// name = "voys"                   # all but the name may be left out that the preset says; see TrunkSettings
/// preset = "voipgrid"
/// username = "100001"
/// password = "..."
/// numbers = ["+31201234567"]      # all that it has, together with its [[number]] blocks
///
/// [[number]]
/// number = "+31205555555"
/// trunk = "voys"
/// context = "inkomend"            # where its calls enter the dialplan
///
/// [[contact]]
/// number = "+31201234567"         # or numbers = ["...", "..."]
/// name = "Bakkerij Jansen"
///
/// [[block]]
/// prefix = "+44"                  # or number = "...", anonymous = true, stir = "failed"
/// trunk = "voys"                  # left out: any
/// action = "reject"               # or busy, silence, allow; or context = "spam"
/// note = "..."
/// ```
#[derive(Debug, Default)]
pub struct Import {
    file: String,
    organisations: Vec<OrganisationEntry>,
    extensions: Vec<ExtensionEntry>,
    profiles: Vec<ProfileEntry>,
    trunks: Vec<TrunkEntry>,
    numbers: Vec<NumberEntry>,
    contacts: Vec<ContactBlock>,
    blocks: Vec<BlockBlock>,
    warnings: Vec<ImportProblem>,
    /// What the text alone shows. The blocks are here all the same, as far as they could be read: what else is wrong is told too.
    errors: Vec<ImportProblem>,
    unread: Unread,
    /// What the dialplan does not have.
    missing: Vec<NameFault>,
}

/// The kinds of blocks of which one or more could not be read so far as its name: it may be the one that others name.
#[derive(Debug, Clone, Copy, Default)]
struct Unread {
    organisations: bool,
    profiles: bool,
    trunks: bool,
}

impl Import {
    /// Reads an import from `text`; `file` is its name in messages. What is wrong with it is told by
    /// [`Store::import`](crate::Store::import), together with what only the database shows, such as an organisation that is nowhere.
    ///
    /// # Errors
    /// Where the text is no TOML: then nothing else can be told.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<ImportProblem>> {
        parse::read(file, text)
    }

    /// The same of a text that is to be right.
    ///
    /// # Errors
    /// Every problem that the text alone shows, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<ImportProblem>> {
        let import = Self::read(file, text)?;
        if import.errors.is_empty() { Ok(import) } else { Err(import.problems()) }
    }

    /// Everything that the text alone shows, in the order of the file. The import is refused where an error is among it.
    #[must_use]
    pub fn problems(&self) -> Vec<ImportProblem> {
        let mut all = [self.errors.as_slice(), &self.warnings].concat();
        all.sort_by_key(|problem| (problem.line, problem.column));
        all
    }

    /// Whether the text alone shows that it is refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Has it refused for names that the dialplan does not have.
    pub fn miss_names(&mut self, missing: Vec<NameFault>) {
        self.missing.extend(missing);
    }

    /// What an operator should look at although the import is taken, such as short passwords.
    #[must_use]
    pub fn warnings(&self) -> &[ImportProblem] {
        &self.warnings
    }

    /// How many extensions the file has.
    #[must_use]
    pub fn extensions(&self) -> usize {
        self.extensions.len()
    }
}

/// One `[[organisation]]` block. What is left out stays as it is.
#[derive(Debug)]
struct OrganisationEntry {
    at: Position,
    slug: String,
    domain: Option<String>,
    name: Option<String>,
    profile: Option<(String, Position)>,
}

/// One `[[extension]]` block. What is left out stays as it is.
struct ExtensionEntry {
    at: Position,
    organisation: Option<String>,
    number: String,
    name: Option<String>,
    secret: Option<Secret>,
    enabled: Option<bool>,
    rights: Option<Vec<CallClass>>,
    profile: Option<(String, Position)>,
}

/// One `[[profile]]` block. What is left out stays as it is.
#[derive(Debug)]
struct ProfileEntry {
    at: Position,
    organisation: Option<String>,
    name: String,
    settings: ProfileSettings,
}

/// One `[[trunk]]` block. What is left out stays as it is.
#[derive(Debug)]
struct TrunkEntry {
    at: Position,
    /// Where its keys stand.
    places: HashMap<String, Position>,
    /// The keys of which it says what cannot be read, those with them that were probably meant by unknown ones.
    unread: HashSet<String>,
    organisation: Option<String>,
    name: String,
    preset: Option<String>,
    enabled: Option<bool>,
    settings: TrunkSettings,
    password: Option<TrunkPassword>,
    api_secret: Option<TrunkPassword>,
    webhook_secrets: Option<Vec<WebhookSecret>>,
    /// As they are written.
    numbers: Option<Vec<(String, Position)>>,
}

/// One `[[number]]` block.
#[derive(Debug)]
struct NumberEntry {
    at: Position,
    /// Where its trunk is named.
    trunk_at: Position,
    organisation: Option<String>,
    /// As it is written.
    number: String,
    trunk: String,
    context: Option<String>,
}

/// One `[[contact]]` block.
#[derive(Debug)]
struct ContactBlock {
    at: Position,
    organisation: Option<String>,
    /// As they are written.
    numbers: Vec<(String, Position)>,
    name: String,
}

/// One `[[block]]` block.
#[derive(Debug)]
struct BlockBlock {
    at: Position,
    organisation: Option<String>,
    /// None: it cannot be read.
    condition: Option<BlockCondition>,
    trunk: Option<String>,
    action: BlockAction,
    note: String,
}

impl fmt::Debug for ExtensionEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionEntry").field("number", &self.number).finish_non_exhaustive()
    }
}
