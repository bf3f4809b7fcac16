//! Which callers are kept out: the rules of an organisation, the most exact first.

use std::collections::HashMap;
use std::fmt;

/// What an operator has said of some callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRule {
    /// Whom it is for.
    pub condition: BlockCondition,
    /// The trunk that they call over; None: any.
    pub trunk: Option<Box<str>>,
    /// What becomes of their calls.
    pub action: BlockAction,
}

/// Whom a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockCondition {
    /// Whoever has this number, in E.164 or a short word.
    Number(Box<str>),
    /// Whoever has a number that begins so, such as `+44`.
    Prefix(Box<str>),
    /// Whoever withholds the number.
    Anonymous,
    /// Whoever has a number whose signature is wrong (RFC 8224).
    StirFailed,
    /// Whoever is in the file of numbers that all organisations share.
    Listed(Box<str>),
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockAction {
    /// It goes on: the rule is an exception to a wider one.
    Allow,
    /// 603 Decline (RFC 3261 section 21.6.2).
    Reject,
    /// 486 Busy Here.
    Busy,
    /// It rings, and nobody is rung.
    Silence,
    /// It enters this context of the dialplan.
    Context(Box<str>),
}

/// The rules of an organisation.
#[derive(Debug, Default)]
pub struct BlockRules {
    whole: HashMap<Box<str>, Vec<BlockRule>>,
    starts: HashMap<Box<str>, Vec<BlockRule>>,
    anonymous: Vec<BlockRule>,
    forged: Vec<BlockRule>,
}

impl BlockRules {
    /// Rules in any order.
    pub fn new(rules: impl IntoIterator<Item = BlockRule>) -> Self {
        let mut all = Self::default();
        for rule in rules {
            match &rule.condition {
                BlockCondition::Number(number) | BlockCondition::Listed(number) => {
                    all.whole.entry(number.clone()).or_default().push(rule);
                }
                BlockCondition::Prefix(prefix) => all.starts.entry(prefix.clone()).or_default().push(rule),
                BlockCondition::Anonymous => all.anonymous.push(rule),
                BlockCondition::StirFailed => all.forged.push(rule),
            }
        }
        all
    }

    /// The rule for this very number, of those that count.
    pub(super) fn of_number(
        &self,
        trunk: &str,
        number: &str,
        counts: impl Fn(&BlockRule) -> bool,
    ) -> Option<&BlockRule> {
        pick(self.whole.get(number)?, trunk, counts)
    }

    /// The rule for numbers that begin as this one does, the longest first, of those that count.
    pub(super) fn of_start(
        &self,
        trunk: &str,
        number: &str,
        counts: impl Fn(&BlockRule) -> bool + Copy,
    ) -> Option<&BlockRule> {
        let ends = (1..=number.len().min(LONGEST)).rev();
        let mut rules = ends.filter_map(|end| self.starts.get(number.get(..end)?));
        rules.find_map(|rules| pick(rules, trunk, counts))
    }

    /// The rule for who withholds the number.
    pub(super) fn of_anonymous(&self, trunk: &str) -> Option<&BlockRule> {
        pick(&self.anonymous, trunk, |_| true)
    }

    /// The rule for numbers whose signature is wrong.
    pub(super) fn of_forged(&self, trunk: &str) -> Option<&BlockRule> {
        pick(&self.forged, trunk, |_| true)
    }
}

/// What is said of one trunk comes before what is said of all.
fn pick<'a>(
    rules: &'a [BlockRule],
    trunk: &str,
    counts: impl Fn(&BlockRule) -> bool,
) -> Option<&'a BlockRule> {
    let of = |trunk: Option<&str>| rules.iter().find(|rule| rule.trunk.as_deref() == trunk && counts(rule));
    of(Some(trunk)).or_else(|| of(None))
}

impl BlockRule {
    /// The rule for a number of the file.
    pub(super) fn listed(number: &str) -> Self {
        Self { condition: BlockCondition::Listed(number.into()), trunk: None, action: BlockAction::Reject }
    }
}

impl BlockCondition {
    /// The same without a number: what is told of a caller who withholds it.
    pub(crate) fn unnamed(&self) -> Self {
        match self {
            Self::Number(_) => Self::Number("".into()),
            Self::Prefix(_) => Self::Prefix("".into()),
            Self::Listed(_) => Self::Listed("".into()),
            Self::Anonymous => Self::Anonymous,
            Self::StirFailed => Self::StirFailed,
        }
    }

    /// Its word, without a number.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Prefix(_) => "prefix",
            Self::Anonymous => "anonymous",
            Self::StirFailed => "stir",
            Self::Listed(_) => "blocklist",
        }
    }
}

impl BlockAction {
    /// The words of those that are told, for the metric's label.
    pub const KEPT_OUT: [&'static str; 4] = ["reject", "busy", "silence", "context"];

    /// Its word, in an import, the log and the metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Reject => "reject",
            Self::Busy => "busy",
            Self::Silence => "silence",
            Self::Context(_) => "context",
        }
    }
}

impl fmt::Display for BlockCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::Number(told) | Self::Listed(told) | Self::Prefix(told) if !told.is_empty() => {
                write!(f, " {told}")
            }
            Self::Number(_) | Self::Listed(_) | Self::Prefix(_) | Self::Anonymous => Ok(()),
            Self::StirFailed => f.write_str(" failed"),
        }
    }
}

/// Characters of a prefix: a `+` and 15 digits.
const LONGEST: usize = 16;
