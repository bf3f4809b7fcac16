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

use std::collections::HashMap;
use std::fmt;

pub(crate) use apply::apply;
pub use apply::{Counts, GeneratedPassword, ImportReport};
pub use dialplan_names::{DialplanName, DialplanNameKind};
pub use problem::{ImportProblem, Severity};
pub(crate) use reader::Reader;

use crate::callers::BlockDetails;
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
}

impl Import {
    /// Reads an import from `text`; `file` is its name in messages.
    ///
    /// # Errors
    /// Every problem that the text alone shows, in the order of the file. What only the database can tell, such as
    /// an organisation that is nowhere, comes from [`Store::import`](crate::Store::import).
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<ImportProblem>> {
        parse::parse(file, text)
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
    details: BlockDetails,
}

impl fmt::Debug for ExtensionEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionEntry").field("number", &self.number).finish_non_exhaustive()
    }
}
