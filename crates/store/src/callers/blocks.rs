//! Blocks: what becomes of calls from numbers, prefixes, and those who show none.

use std::fmt;

use sqlx::AnyConnection;

use super::block_rows::{self, BlockRow};
use super::{Countries, MOST_BLOCKS, prefix};
use crate::error::Fault;
use crate::organisations::{self, Organisation};
use crate::presets::Presets;
use crate::{Refusal, Store, StoreError, rules, settings, trunks};

/// Whom a block is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BlockCondition {
    /// Whoever has this number, in E.164.
    Number(String),
    /// Whoever has a number that begins so: `+` and digits.
    Prefix(String),
    /// Whoever withholds the number.
    Anonymous,
    /// Whoever has a number whose signature is wrong.
    StirFailed,
}

/// What becomes of their calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockAction {
    /// 603 Decline.
    Reject,
    /// 486 Busy Here.
    Busy,
    /// It rings for nobody.
    Silence,
    /// They go on: an exception to a wider block.
    Allow,
    /// They enter this context of the dialplan.
    Context(String),
}

/// All that an operator has said of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDetails {
    /// Whom it is for.
    pub condition: BlockCondition,
    /// The trunk that they call over; None: any.
    pub trunk: Option<String>,
    /// What becomes of their calls.
    pub action: BlockAction,
    /// Why, for people.
    pub note: String,
}

/// A block as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// UUIDv7.
    pub id: String,
    /// The organisation's slug.
    pub organisation: String,
    /// What was said of it.
    pub details: BlockDetails,
    /// Microseconds UTC.
    pub updated_at: i64,
}

impl serde::Serialize for Block {
    /// With the words of its columns.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Shown<'a> {
            id: &'a str,
            organisation: &'a str,
            kind: &'a str,
            value: &'a str,
            trunk: Option<&'a str>,
            action: &'a str,
            context: Option<&'a str>,
            note: &'a str,
            #[serde(serialize_with = "crate::cdr::time::serialize")]
            updated_at: i64,
        }
        let Self { id, organisation, details, updated_at } = self;
        let BlockDetails { condition, trunk, action, note } = details;
        let (kind, value) = condition.words();
        let shown = Shown {
            id,
            organisation,
            kind,
            value,
            trunk: trunk.as_deref(),
            action: action.as_str(),
            context: action.context(),
            note,
            updated_at: *updated_at,
        };
        shown.serialize(to)
    }
}

/// What a block may find when it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    MayBeThere,
    MustNotBeThere,
}

impl Store {
    /// Adds a block, or changes the one that is for the same callers. True: it is new.
    ///
    /// # Errors
    /// When what it says cannot be, it names a trunk that is not there, there would be more than 10,000, or the organisation is not clear.
    pub async fn save_block(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        details: BlockDetails,
    ) -> Result<(bool, Block), StoreError> {
        self.keep_block(organisation, presets, details, Before::MayBeThere).await
    }

    /// Adds a block to an organisation, which has none for the same callers.
    ///
    /// # Errors
    /// As [`Store::save_block`], and where there is one.
    pub async fn add_block(
        &self,
        organisation: &str,
        presets: &Presets,
        details: BlockDetails,
    ) -> Result<Block, StoreError> {
        let kept = self.keep_block(Some(organisation), presets, details, Before::MustNotBeThere).await;
        kept.map(|(_, block)| block)
    }

    async fn keep_block(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        details: BlockDetails,
        before: Before,
    ) -> Result<(bool, Block), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, organisation).await?;
            let countries = Countries::read(&mut writing, presets).await?;
            let details = details.settled(&countries, &home.id)?;
            if let Some(name) = &details.trunk {
                trunks::check_name(&mut writing, &home, name).await?;
            }
            let counts = block_rows::apply(&mut writing, &home.id, std::slice::from_ref(&details)).await?;
            if before == Before::MustNotBeThere && counts.created == 0 {
                let what = details.condition.to_string();
                return Err(StoreError::BlockExists { what, organisation: home.slug }.into());
            }
            check(&mut writing, &home.id, &home.slug).await?;
            let rows = block_rows::of(&mut writing, &home.id).await?;
            if counts.created + counts.updated > 0 {
                settings::raise_revision(&mut writing).await?;
                writing.commit().await?;
            }
            let blocks =
                rows.into_iter().map(|row| row.shown(&home.slug)).collect::<Result<Vec<_>, Fault>>()?;
            let same = |block: &Block| block.details.is_for_the_same(&details);
            let block =
                blocks.into_iter().find(same).ok_or_else(|| unknown(&details.condition, &home.slug))?;
            Ok((counts.created > 0, block))
        })
        .await
    }

    /// Changes what becomes of the calls of the block of an id, and its note.
    ///
    /// # Errors
    /// When what it says then cannot be, or the organisation has no such block.
    pub async fn change_block(
        &self,
        organisation: &str,
        id: &str,
        action: BlockAction,
        note: String,
    ) -> Result<Block, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, Some(organisation)).await?;
            let before = existing(&mut writing, &home, id).await?.details;
            let details = BlockDetails { action, note, ..before };
            details.check()?;
            let counts = block_rows::apply(&mut writing, &home.id, std::slice::from_ref(&details)).await?;
            let changed = existing(&mut writing, &home, id).await?;
            if counts.updated > 0 {
                settings::raise_revision(&mut writing).await?;
                writing.commit().await?;
            }
            Ok(changed)
        })
        .await
    }

    /// Removes the block of an id.
    ///
    /// # Errors
    /// When the organisation has no such block.
    pub async fn remove_block_of_id(&self, organisation: &str, id: &str) -> Result<(), StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, Some(organisation)).await?;
            existing(&mut writing, &home, id).await?;
            sqlx::query("DELETE FROM blocks WHERE id = $1").bind(id).execute(&mut *writing).await?;
            settings::raise_revision(&mut writing).await?;
            Ok(writing.commit().await?)
        })
        .await
    }

    /// Removes a block.
    ///
    /// # Errors
    /// When there is none for these callers, or the organisation is not clear.
    pub async fn remove_block(
        &self,
        organisation: Option<&str>,
        presets: &Presets,
        condition: BlockCondition,
        trunk: Option<String>,
    ) -> Result<BlockCondition, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let home = organisations::chosen(&mut writing, organisation).await?;
            let countries = Countries::read(&mut writing, presets).await?;
            // What was kept before numbers had to be whole can be removed too.
            let condition = condition.settled(|number| countries.caller(&home.id, number))?;
            let details = BlockDetails { condition, trunk, action: BlockAction::Reject, note: String::new() };
            if !block_rows::remove(&mut writing, &home.id, &details).await? {
                return Err(unknown(&details.condition, &home.slug).into());
            }
            settings::raise_revision(&mut writing).await?;
            writing.commit().await?;
            Ok(details.condition)
        })
        .await
    }

    /// The blocks of one organisation, or of all, by organisation and number.
    ///
    /// # Errors
    /// When no organisation has that slug, or the database cannot be read.
    pub async fn blocks(&self, organisation: Option<&str>) -> Result<Vec<Block>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let organisations = organisations::all(&mut reading).await?;
            let home =
                organisation.map(|slug| organisations::choose(&organisations, Some(slug))).transpose()?;
            let mut found = Vec::new();
            for own in organisations.iter().filter(|own| home.is_none_or(|home| home.id == own.id)) {
                for row in block_rows::of(&mut reading, &own.id).await? {
                    found.push(BlockRow::shown(row, &own.slug)?);
                }
            }
            Ok(found)
        })
        .await
    }
}

impl BlockDetails {
    /// With its number as it is kept.
    pub(crate) fn settled(
        mut self,
        countries: &Countries<'_>,
        organisation_id: &str,
    ) -> Result<Self, Refusal> {
        self.condition = self.condition.settled(|number| countries.number(organisation_id, number))?;
        self.trunk.as_deref().map_or(Ok(()), rules::trunk_name)?;
        self.check()?;
        Ok(self)
    }

    /// Refuses a note or a context that cannot be one.
    fn check(&self) -> Result<(), Refusal> {
        rules::name(&self.note)?;
        match &self.action {
            BlockAction::Context(context) => rules::context(context),
            BlockAction::Reject | BlockAction::Busy | BlockAction::Silence | BlockAction::Allow => Ok(()),
        }
    }

    /// Whether another one is for the same callers.
    pub(crate) fn is_for_the_same(&self, other: &Self) -> bool {
        self.condition == other.condition && self.trunk == other.trunk
    }
}

impl BlockCondition {
    /// The word of its kind, and its number or prefix.
    #[must_use]
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Number(number) => ("number", number),
            Self::Prefix(start) => ("prefix", start),
            Self::Anonymous => ("anonymous", ""),
            Self::StirFailed => ("stir", ""),
        }
    }

    /// As it is kept; `read` reads a number.
    fn settled(self, read: impl FnOnce(&str) -> Result<String, Refusal>) -> Result<Self, Refusal> {
        Ok(match self {
            Self::Number(written) => Self::Number(read(&written)?),
            Self::Prefix(start) => {
                let start = start.trim().to_owned();
                prefix(&start)?;
                Self::Prefix(start)
            }
            other => other,
        })
    }

    pub(crate) fn of_words(kind: &str, value: &str) -> Option<Self> {
        Some(match kind {
            "number" => Self::Number(value.to_owned()),
            "prefix" => Self::Prefix(value.to_owned()),
            "anonymous" => Self::Anonymous,
            "stir" => Self::StirFailed,
            _ => return None,
        })
    }
}

impl fmt::Display for BlockCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StirFailed => f.write_str("stir failed"),
            _ => {
                let (kind, value) = self.words();
                f.write_str(kind)?;
                if value.is_empty() { Ok(()) } else { write!(f, " {value}") }
            }
        }
    }
}

impl BlockAction {
    /// The words that stand for themselves.
    pub const WORDS: [&'static str; 4] = ["reject", "busy", "silence", "allow"];

    /// Its word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Busy => "busy",
            Self::Silence => "silence",
            Self::Allow => "allow",
            Self::Context(_) => "context",
        }
    }

    /// The context that calls enter.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        match self {
            Self::Context(context) => Some(context),
            Self::Reject | Self::Busy | Self::Silence | Self::Allow => None,
        }
    }

    /// The one of a word, where it needs no more; `context` has the name of one besides.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Reject, Self::Busy, Self::Silence, Self::Allow]
            .into_iter()
            .find(|action| action.as_str() == word)
    }
}

async fn existing(connection: &mut AnyConnection, home: &Organisation, id: &str) -> Result<Block, Fault> {
    let unknown = || StoreError::UnknownBlock { what: rules::shown(id), organisation: home.slug.clone() };
    block_rows::find(connection, &home.id, id).await?.ok_or_else(unknown)?.shown(&home.slug)
}

/// Refuses more blocks of an organisation than it may have.
pub(crate) async fn check(connection: &mut AnyConnection, id: &str, slug: &str) -> Result<(), Fault> {
    if block_rows::count(connection, id).await? <= MOST_BLOCKS {
        return Ok(());
    }
    Err(StoreError::TooManyBlocks { organisation: slug.to_owned(), most: MOST_BLOCKS }.into())
}

fn unknown(condition: &BlockCondition, organisation: &str) -> StoreError {
    StoreError::UnknownBlock { what: condition.to_string(), organisation: organisation.to_owned() }
}
