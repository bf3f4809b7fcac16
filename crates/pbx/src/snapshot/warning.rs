//! What of a snapshot works but perhaps not as its operator thinks.

use kiestoon_control::Sentence;
use kiestoon_dialplan::Problem;
use kiestoon_store::TrunkDoubt;

use crate::dutch;
use crate::language::{Language, say};

/// One such thing. The log has it in English, an operator in their own language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Warning {
    /// At a place in the dialplan.
    Dialplan(Problem),
    /// Something names what is not there.
    Missing(Missing),
    /// A block by signatures of an organisation none of whose trunks verifies them.
    NothingVerified { organisation: String },
    /// A blocklist that cannot be read now; how many numbers stay in force from before.
    Blocklist { fault: Sentence, last: Option<usize> },
    /// Lines of the blocklist that are no numbers, and where the first is.
    NoNumbers { file: String, first: u32, count: usize },
    /// A trunk that is not whole.
    LeftOut { trunk: String, doubts: Vec<TrunkDoubt> },
    /// A trunk that verifies callers by no authority.
    NobodyBelieved { trunk: String },
    /// A trunk whose key cannot be used.
    NotSigned { trunk: String, fault: Sentence },
}

/// What names something that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Missing {
    /// Dialplan files of an organisation.
    Organisation { slug: String },
    /// Numbers that enter a context.
    ContextOfNumbers { trunk: String, context: String },
    /// A profile by hours; those that the dialplan has.
    Hours { profile: String, hours: String, known: Vec<String> },
    /// Rates of a trunk, of all organisations or of one.
    TrunkOfRates { trunk: String, organisation: Option<String> },
    /// A block for a trunk. Numbers are personal, so only the kind of block is told.
    TrunkOfBlock { block: &'static str, trunk: String },
    /// A block that enters a context.
    ContextOfBlock { block: &'static str, context: String },
}

impl Warning {
    /// In words. What is of the dialplan is shown with its line.
    pub(crate) fn text(&self, language: Language) -> String {
        match self {
            Self::Dialplan(problem) => dutch::dialplan_line(problem, language),
            Self::Missing(missing) => missing.text(language),
            Self::NothingVerified { organisation } => say!(
                language,
                "the block for failed stir of {organisation} has nothing to go by: no trunk has `stir = \"verify\"`",
                "de blokkade voor vervalste nummers van {organisation} heeft niets om op af te gaan: geen trunk heeft `stir = \"verify\"`"
            ),
            Self::Blocklist { fault, last: Some(count) } => say!(
                language,
                "`trunks.blocklist`: {}; its {count} numbers from before stay in force",
                "`trunks.blocklist`: {}; de {count} nummers van daarvoor blijven gelden",
                language.of(fault)
            ),
            Self::Blocklist { fault, last: None } => say!(
                language,
                "`trunks.blocklist`: {}; until it can be read, it keeps nobody out",
                "`trunks.blocklist`: {}; zolang het niet te lezen is, houdt het niemand tegen",
                language.of(fault)
            ),
            Self::NoNumbers { file, first, count } => say!(
                language,
                "{file}:{first}: {count} lines of the blocklist are no numbers, this is the first: write them as +31201234567",
                "{file}:{first}: regels van de blokkeerlijst die geen nummer zijn: {count}, te beginnen met deze; schrijf ze als +31201234567"
            ),
            Self::LeftOut { trunk, doubts } => {
                let doubts = dutch::doubts(doubts, language).join("; ");
                say!(language, "trunk {trunk} is left out: {doubts}", "trunk {trunk} doet niet mee: {doubts}")
            }
            Self::NobodyBelieved { trunk } => say!(
                language,
                "trunk {trunk} verifies callers' numbers, but nobody is believed: `stir.authorities` names no folder with certificates",
                "trunk {trunk} controleert de nummers van bellers, maar vertrouwt niemand: `stir.authorities` noemt geen map met certificaten"
            ),
            Self::NotSigned { trunk, fault } => say!(
                language,
                "trunk {trunk} does not sign callers' numbers: {}",
                "trunk {trunk} ondertekent de nummers van bellers niet: {}",
                language.of(fault)
            ),
        }
    }
}

impl Missing {
    fn text(&self, language: Language) -> String {
        match self {
            Self::Organisation { slug } => say!(
                language,
                "dialplan files belong to organisation {slug}, which does not exist",
                "er zijn bestanden van het belplan voor organisatie {slug}, die niet bestaat"
            ),
            Self::ContextOfNumbers { trunk, context } => say!(
                language,
                "numbers of trunk {trunk} enter context {context}, which the dialplan does not have",
                "nummers van trunk {trunk} komen uit in context {context}, die het belplan niet heeft"
            ),
            Self::Hours { profile, hours, known } if known.is_empty() => say!(
                language,
                "profile {profile} has hours {hours}, which count as closed: the dialplan has none",
                "profiel {profile} heeft openingstijden {hours}, die als gesloten tellen: het belplan heeft er geen"
            ),
            Self::Hours { profile, hours, known } => say!(
                language,
                "profile {profile} has hours {hours}, which count as closed: the dialplan has {}",
                "profiel {profile} heeft openingstijden {hours}, die als gesloten tellen: het belplan heeft {}",
                known.join(", ")
            ),
            Self::TrunkOfRates { trunk, organisation: None } => say!(
                language,
                "rates of trunk {trunk} are not used: there is no such trunk",
                "de tarieven van trunk {trunk} worden niet gebruikt: die trunk is er niet"
            ),
            Self::TrunkOfRates { trunk, organisation: Some(slug) } => say!(
                language,
                "rates of trunk {trunk} of {slug} are not used: there is no such trunk",
                "de tarieven van trunk {trunk} van {slug} worden niet gebruikt: die trunk is er niet"
            ),
            Self::TrunkOfBlock { block, trunk } => say!(
                language,
                "a block for {block} is for trunk {trunk}, which does not exist",
                "een blokkade voor {block} is voor trunk {trunk}, die niet bestaat"
            ),
            Self::ContextOfBlock { block, context } => say!(
                language,
                "a block for {block} enters context {context}, which the dialplan does not have",
                "een blokkade voor {block} leidt naar context {context}, die het belplan niet heeft"
            ),
        }
    }
}

impl From<Problem> for Warning {
    fn from(problem: Problem) -> Self {
        Self::Dialplan(problem)
    }
}

impl From<Missing> for Warning {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}
