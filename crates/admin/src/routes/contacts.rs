//! Contacts: the names of numbers outside, of the organisation of whoever asks.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use kiestoon_store::{Contact, ContactEntry, User};
use serde::Deserialize;

use super::body::Body;
use super::{Shared, person, taken};
use crate::authorise::{Action, Object, Principal, authorise};
use crate::dialplan::presets;
use crate::listed::{Listed, Page};
use crate::problem::Refusal;

pub(super) async fn list(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Listed<Contact>>, Refusal> {
    let user = may(&principal, Action::SeeContacts)?;
    let Query(page) = page.map_err(|_| Refusal::Cursor)?;
    page.of(hall.store.contacts(Some(&user.organisation)).await?, |contact| contact.number.clone())
}

/// A contact that is to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    number: String,
    name: String,
}

pub(super) async fn add(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    Body(New { number, name }): Body<New>,
) -> Result<Response, Refusal> {
    let user = may(&principal, Action::ChangeContacts)?;
    let presets = presets(hall.config.trunks.presets.clone()).await?;
    let entry = ContactEntry { number, name, line: 0 };
    let added = hall.store.add_contact(&user.organisation, &presets, &entry, SOURCE).await;
    let added = added.map_err(Refusal::of_write)?;
    audit(user, &added.id, "contact added");
    Ok(taken::kept(&hall, StatusCode::CREATED, added).await)
}

/// Another name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changed {
    name: String,
}

pub(super) async fn change(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    id: Result<Path<String>, PathRejection>,
    Body(Changed { name }): Body<Changed>,
) -> Result<Response, Refusal> {
    let user = may(&principal, Action::ChangeContacts)?;
    let Path(id) = id.map_err(|_| Refusal::NoPath)?;
    let changed = hall.store.rename_contact(&user.organisation, &id, &name, SOURCE).await;
    let changed = changed.map_err(Refusal::of_write)?;
    audit(user, &changed.id, "contact changed");
    Ok(taken::kept(&hall, StatusCode::OK, changed).await)
}

pub(super) async fn remove(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let user = may(&principal, Action::ChangeContacts)?;
    let Path(id) = id.map_err(|_| Refusal::NoPath)?;
    hall.store.remove_contact_of_id(&user.organisation, &id).await.map_err(Refusal::of_write)?;
    audit(user, &id, "contact removed");
    Ok(taken::removed(&hall).await)
}

/// Whoever asks, where it may do so in its own organisation: that of no other is ever looked at.
pub(super) fn may(principal: &Principal, action: Action) -> Result<&User, Refusal> {
    let user = &person(principal)?.user;
    let own = Object::Of { organisation: &user.organisation, numbers: &[] };
    if authorise(principal, action, own) { Ok(user) } else { Err(Refusal::Forbidden) }
}

/// Numbers and names are personal, and this is logged.
pub(super) fn audit(user: &User, id: &str, done: &str) {
    tracing::info!(login = user.login, organisation = user.organisation, id, "{done}");
}

const SOURCE: &str = "api";
