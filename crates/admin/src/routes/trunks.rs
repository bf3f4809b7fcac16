//! Trunks: as they are set in the database, as they stand in the PBX, and testing one. What is secret is not shown to anybody.

use std::convert::Infallible;

use axum::Json;
use axum::body::{Body as Stream, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use kiestoon_control::{RUNGS, Rungs, TestTrunk, Trunk};
use kiestoon_store::TrunkSummary;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::body::BodyOrNone;
use super::{Shared, person};
use crate::authorise::{Action, Object, Principal, authorise};
use crate::hall::stopped;
use crate::listed::{Listed, Page};
use crate::problem::Refusal;

/// A trunk.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    set: TrunkSummary,
    /// How it stands; none where it carries no calls, or where no PBX answers.
    live: Option<Trunk>,
}

pub(super) async fn list(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Listed<Shown>>, Refusal> {
    let Query(page) = page.map_err(|_| Refusal::Cursor)?;
    page.of(own(&hall, &principal).await?, |trunk| trunk.set.name.clone())
}

/// All at once, as somebody who looks for a fault wants it.
pub(super) async fn debug(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Value>, Refusal> {
    let records: Vec<Value> = own(&hall, &principal).await?.iter().map(record).collect();
    Ok(Json(json!({ "count": records.len(), "records": records })))
}

/// The trunks that somebody may see. Those of the database are there without a PBX.
async fn own(hall: &Shared, principal: &Principal) -> Result<Vec<Shown>, Refusal> {
    let mut live = hall.pbx.trunks().await.unwrap_or_default();
    let mut all = hall.store.trunks(None).await?;
    all.retain(|trunk| authorise(principal, Action::SeeTrunks, of(&trunk.organisation)));
    let shown = all.into_iter().map(|mut set| {
        set.settings = set.settings.masked(MASK);
        let is_same = |live: &Trunk| live.organisation == set.organisation && live.name == set.name;
        let live = live.iter().position(is_same).map(|at| live.swap_remove(at));
        Shown { set, live }
    });
    Ok(shown.collect())
}

/// A trunk with stars where there is a secret.
fn record(trunk: &Shown) -> Value {
    let mut record = serde_json::to_value(trunk).unwrap_or_default();
    record["password"] = if trunk.set.has_password { MASK.into() } else { Value::Null };
    record
}

/// How far a trunk is to be tested.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    wait_inbound_secs: Option<u32>,
    call: Option<String>,
}

/// A line of JSON for each rung. A reader that goes away ends the test.
pub(super) async fn test(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
    name: Result<Path<String>, PathRejection>,
    BodyOrNone(wanted): BodyOrNone<Wanted>,
) -> Result<Response, Refusal> {
    let user = &person(&principal)?.user;
    if !authorise(&principal, Action::TestTrunks, of(&user.organisation)) {
        return Err(Refusal::Forbidden);
    }
    let Path(name) = name.map_err(|_| Refusal::NoPath)?;
    let organisation = Some(user.organisation.clone());
    let Wanted { wait_inbound_secs, call } = wanted;
    let asked = TestTrunk { organisation, wait_inbound_secs, call };
    let rungs = hall.pbx.test_trunk(&name, &asked).await?;
    let lines = stream::unfold((rungs, hall.stop.clone()), |(mut rungs, mut stop)| async move {
        let line = next(&mut rungs, &mut stop).await?;
        Some((Ok::<_, Infallible>(line), (rungs, stop)))
    });
    let mut response = Response::new(Stream::from_stream(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(RUNGS));
    // For a proxy of the nginx kind before us.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

async fn next(rungs: &mut Rungs, stop: &mut watch::Receiver<bool>) -> Option<Bytes> {
    let rung = tokio::select! {
        () = stopped(stop) => return None,
        rung = rungs.next() => rung?.ok()?,
    };
    let mut line = serde_json::to_vec(&rung).ok()?;
    line.push(b'\n');
    Some(line.into())
}

fn of(organisation: &str) -> Object<'_> {
    Object::Of { organisation, numbers: &[] }
}

const MASK: &str = "********";
