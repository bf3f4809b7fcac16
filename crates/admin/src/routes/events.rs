//! Server-sent events: what happens in the PBX, as far as it is the watcher's to know. A stream ends with its session, with
//! a watcher that does not read, and with the sidecar; browsers then open another by themselves. Events have no ids: what was
//! missed shows in the lists, which are read again after each opening.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Shared, person};
use crate::authorise::{Action, Object, Person, Principal, authorise};
use crate::hall::stopped;
use crate::hub::{Scope, Told};
use crate::problem::Refusal;

pub(super) async fn events(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
) -> Result<Response, Refusal> {
    let person = Arc::clone(person(&principal)?);
    if hall.metrics.event_streams.load(Relaxed) >= MOST {
        return Err(Refusal::TooManyConnections);
    }
    let watching = Watching::new(hall, person, principal);
    let events = stream::unfold(watching, |mut watching| async move {
        let event = watching.next().await?;
        Some((Ok::<_, Infallible>(event), watching))
    });
    let mut response = Sse::new(events).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // For a proxy of the nginx kind before us.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// One open stream.
struct Watching {
    hall: Shared,
    person: Arc<Person>,
    principal: Principal,
    told: Receiver<Arc<Told>>,
    beats: Interval,
    stop: watch::Receiver<bool>,
}

impl Watching {
    fn new(hall: Shared, person: Arc<Person>, principal: Principal) -> Self {
        hall.metrics.event_streams.fetch_add(1, Relaxed);
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let told = hall.hub.watch();
        let stop = hall.stop.clone();
        Self { hall, person, principal, told, beats, stop }
    }

    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                () = stopped(&mut self.stop) => return None,
                told = self.told.recv() => {
                    // Who is behind has missed something: a new stream and a new look say what is.
                    let told = told.ok()?;
                    if self.may_see(&told) {
                        return Some(Event::default().event(&told.name).data(&told.data));
                    }
                }
                _ = self.beats.tick() => return self.is_still_logged_in().await.then(|| Event::default().comment("")),
            }
        }
    }

    fn may_see(&self, told: &Told) -> bool {
        let see = |object| authorise(&self.principal, Action::WatchEvents, object);
        match &told.scope {
            Scope::Of { organisation, numbers } => {
                let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
                see(Object::Of { organisation, numbers: &numbers })
            }
            Scope::Process => see(Object::Process),
            Scope::Unknown => false,
        }
    }

    /// Looked at with each beat, with the role and the extension as they were at the beginning.
    async fn is_still_logged_in(&self) -> bool {
        let session = self.hall.store.session(&self.person.token, self.hall.session_time()).await;
        session.is_ok_and(|session| session.is_some_and(|session| session.user == self.person.user))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.hall.metrics.event_streams.fetch_sub(1, Relaxed);
    }
}

const BEAT: Duration = Duration::from_secs(15);
const MOST: i64 = 1_000;
