//! Lists: extensions of the database, registrations and calls as the PBX has them now.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use kiestoon_control::{Call, Registration};
use kiestoon_store::ExtensionSummary;

use super::Shared;
use crate::authorise::{Action, Object, Principal, authorise};
use crate::listed::{Listed, Page};
use crate::problem::Refusal;

type Asked = Result<Query<Page>, QueryRejection>;

pub(super) async fn extensions(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Asked,
) -> Result<Json<Listed<ExtensionSummary>>, Refusal> {
    let mut all = hall.store.extensions(None).await?;
    all.retain(|extension| {
        let object = Object::Of { organisation: &extension.organisation, numbers: &[&extension.number] };
        authorise(&principal, Action::SeeExtensions, object)
    });
    asked(page)?.of(all, |extension| extension.number.clone())
}

pub(super) async fn registrations(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Asked,
) -> Result<Json<Listed<Registration>>, Refusal> {
    let mut all = hall.pbx.registrations().await?;
    all.retain(|registration| {
        let object =
            Object::Of { organisation: &registration.organisation, numbers: &[&registration.number] };
        authorise(&principal, Action::SeeRegistrations, object)
    });
    asked(page)?.of(all, |registration| format!("{} {}", registration.number, registration.contact))
}

pub(super) async fn calls(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Asked,
) -> Result<Json<Listed<Call>>, Refusal> {
    let mut all = hall.pbx.calls().await?;
    all.retain(|call| {
        let legs = call.legs.iter().map(|leg| leg.number.as_str());
        let numbers: Vec<&str> = legs.chain([call.from_number.as_str()]).collect();
        let object = Object::Of { organisation: &call.organisation, numbers: &numbers };
        authorise(&principal, Action::SeeCalls, object)
    });
    for call in &mut all {
        if !authorise(
            &principal,
            Action::SeeWays,
            Object::Of { organisation: &call.organisation, numbers: &[] },
        ) {
            call.way.clear();
        }
    }
    // Ids begin with the time: the oldest first.
    asked(page)?.of(all, |call| call.id.clone())
}

fn asked(page: Asked) -> Result<Page, Refusal> {
    page.map(|Query(page)| page).map_err(|_| Refusal::Cursor)
}
