//! Blocks: who is kept out of the organisation of whoever asks.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use kiestoon_store::{Block, BlockAction, BlockCondition, BlockDetails, User};
use serde::Deserialize;

use super::body::Body;
use super::contacts::{audit, may};
use super::{Shared, taken};
use crate::authorise::{Action, Principal};
use crate::dialplan::{contexts, presets};
use crate::listed::{Listed, Page};
use crate::problem::Refusal;

pub(super) async fn list(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Listed<Block>>, Refusal> {
    let user = may(&principal, Action::SeeBlocks)?;
    let Query(page) = page.map_err(|_| Refusal::Cursor)?;
    let key = |block: &Block| {
        let (kind, value) = block.details.condition.words();
        format!("{kind} {value} {}", block.details.trunk.as_deref().unwrap_or_default())
    };
    page.of(hall.store.blocks(Some(&user.organisation)).await?, key)
}

/// A block that is to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    kind: Kind,
    /// The number or the prefix.
    #[serde(default)]
    value: String,
    trunk: Option<String>,
    action: Option<Word>,
    context: Option<String>,
    #[serde(default)]
    note: String,
}

/// What it is asked about.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Number,
    Prefix,
    Anonymous,
    Stir,
}

/// What becomes of calls.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Reject,
    Busy,
    Silence,
    Allow,
    Context,
}

pub(super) async fn add(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    Body(new): Body<New>,
) -> Result<Response, Refusal> {
    let user = may(&principal, Action::ChangeBlocks)?;
    let condition = condition(new.kind, new.value)?;
    let action = action(new.action, new.context)?;
    let details = BlockDetails { condition, trunk: new.trunk, action, note: new.note };
    refuse_unknown(&hall, user, &details.action).await?;
    let presets = presets(hall.config.trunks.presets.clone()).await?;
    let added = hall.store.add_block(&user.organisation, &presets, details).await;
    let added = added.map_err(Refusal::of_write)?;
    audit(user, &added.id, "block added");
    Ok(taken::kept(&hall, StatusCode::CREATED, added).await)
}

/// What becomes of calls from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changed {
    action: Word,
    context: Option<String>,
    #[serde(default)]
    note: String,
}

pub(super) async fn change(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    id: Result<Path<String>, PathRejection>,
    Body(changed): Body<Changed>,
) -> Result<Response, Refusal> {
    let user = may(&principal, Action::ChangeBlocks)?;
    let Path(id) = id.map_err(|_| Refusal::NoPath)?;
    let action = action(Some(changed.action), changed.context)?;
    refuse_unknown(&hall, user, &action).await?;
    let changed = hall.store.change_block(&user.organisation, &id, action, changed.note).await;
    let changed = changed.map_err(Refusal::of_write)?;
    audit(user, &changed.id, "block changed");
    Ok(taken::kept(&hall, StatusCode::OK, changed).await)
}

pub(super) async fn remove(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let user = may(&principal, Action::ChangeBlocks)?;
    let Path(id) = id.map_err(|_| Refusal::NoPath)?;
    hall.store.remove_block_of_id(&user.organisation, &id).await.map_err(Refusal::of_write)?;
    audit(user, &id, "block removed");
    Ok(taken::removed(&hall).await)
}

fn condition(kind: Kind, value: String) -> Result<BlockCondition, Refusal> {
    Ok(match kind {
        Kind::Number => BlockCondition::Number(value),
        Kind::Prefix => BlockCondition::Prefix(value),
        Kind::Anonymous if value.is_empty() => BlockCondition::Anonymous,
        Kind::Stir if value.is_empty() => BlockCondition::StirFailed,
        Kind::Anonymous | Kind::Stir => {
            return Err(Refusal::Wrong("`value` is for the kinds `number` and `prefix`".into()));
        }
    })
}

/// A context is an action of its own.
fn action(word: Option<Word>, context: Option<String>) -> Result<BlockAction, Refusal> {
    Ok(match (word, context) {
        (None | Some(Word::Context), Some(context)) => BlockAction::Context(context),
        (Some(Word::Context), None) => {
            return Err(Refusal::Wrong("the action `context` needs `context`".into()));
        }
        (Some(_), Some(_)) => return Err(Refusal::Wrong("give `action` or `context`, not both".into())),
        (None | Some(Word::Reject), None) => BlockAction::Reject,
        (Some(Word::Busy), None) => BlockAction::Busy,
        (Some(Word::Silence), None) => BlockAction::Silence,
        (Some(Word::Allow), None) => BlockAction::Allow,
    })
}

/// A context that is not there is a mistake: the block would keep out nobody.
async fn refuse_unknown(hall: &Shared, user: &User, action: &BlockAction) -> Result<(), Refusal> {
    let Some(context) = action.context() else { return Ok(()) };
    let known = contexts(hall.config.dialplan.path.clone(), user.organisation.clone()).await;
    match known {
        Some(known) if !known.iter().any(|known| known == context) => {
            let shown: String = context.chars().take(40).flat_map(char::escape_debug).collect();
            Err(Refusal::Wrong(format!("the dialplan has no context `{shown}`")))
        }
        _ => Ok(()),
    }
}
