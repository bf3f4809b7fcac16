//! Day and night: the hours of the organisation, and setting them by hand.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use kiestoon_control::{Hours, HoursState, SetHours};
use serde::Deserialize;

use super::body::Body;
use super::{Shared, person};
use crate::authorise::{Action, Object, Principal, authorise};
use crate::listed::{Listed, Page};
use crate::problem::Refusal;

pub(super) async fn list(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Listed<Hours>>, Refusal> {
    let mut all = hall.pbx.hours().await?;
    all.retain(|hours| authorise(&principal, Action::SeeHours, of(&hours.organisation)));
    let Query(page) = page.map_err(|_| Refusal::Cursor)?;
    page.of(all, |hours| hours.name.clone())
}

/// What hours are to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: HoursState,
}

pub(super) async fn set(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    name: Result<Path<String>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<StatusCode, Refusal> {
    let user = &person(&principal)?.user;
    if !authorise(&principal, Action::SetHours, of(&user.organisation)) {
        return Err(Refusal::Forbidden);
    }
    let Path(name) = name.map_err(|_| Refusal::NoPath)?;
    let organisation = Some(user.organisation.clone());
    let request = SetHours { organisation, name, state: wanted.state, by: user.login.clone() };
    hall.pbx.set_hours(&request).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn of(organisation: &str) -> Object<'_> {
    Object::Of { organisation, numbers: &[] }
}
