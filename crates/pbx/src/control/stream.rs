//! The bodies that go on: rungs of a test, a line each, and the event stream. That one holds nothing itself: a reader that is slower than the events falls out of the bounded
//! broadcast queue and its stream ends, which tells it to connect again.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use kiestoon_control::{Event, Rung};
use tokio::sync::broadcast::Receiver;
use tokio::sync::{mpsc, watch};

/// Server-sent events from a broadcast queue.
pub(super) struct EventBody {
    /// `None` once the stream has ended.
    next: Option<Next>,
}

/// What a stream listens to: its events, and the end of the server.
struct Sources {
    events: Receiver<Event>,
    closed: watch::Receiver<()>,
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Sources)>> + Send>>;

impl EventBody {
    pub(super) fn new(events: Receiver<Event>, closed: watch::Receiver<()>) -> Self {
        let sources = Sources { events, closed };
        // The first bytes come at once, so that a reader knows that it is subscribed.
        Self { next: Some(Box::pin(async move { Some((Bytes::from_static(b": listening\n\n"), sources)) })) }
    }
}

impl HttpBody for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let Some((bytes, sources)) = ready!(next.as_mut().poll(context)) else {
            self.next = None;
            return Poll::Ready(None);
        };
        self.next = Some(Box::pin(wait(sources)));
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl fmt::Debug for EventBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody").finish_non_exhaustive()
    }
}

/// The next event, or a comment that shows whether the reader is still there; `None` when events were missed or end.
async fn wait(mut sources: Sources) -> Option<(Bytes, Sources)> {
    let event = tokio::select! {
        event = sources.events.recv() => event.ok()?,
        _ = sources.closed.changed() => return None,
        () = tokio::time::sleep(KEEP_ALIVE) => return Some((Bytes::from_static(b": still here\n\n"), sources)),
    };
    let data = serde_json::to_string(&event).ok()?;
    Some((format!("event: {}\ndata: {data}\n\n", event.name()).into(), sources))
}

/// The rungs of a test, until it is over or the server ends. Dropping it ends the test.
pub(super) fn rungs(climbed: mpsc::Receiver<Rung>, closed: watch::Receiver<()>) -> Body {
    Body::from_stream(futures_util::stream::unfold(
        (climbed, closed),
        |(mut climbed, mut closed)| async move {
            let rung = tokio::select! {
                rung = climbed.recv() => rung?,
                _ = closed.changed() => return None,
            };
            let mut line = serde_json::to_vec(&rung).ok()?;
            line.push(b'\n');
            Some((Ok::<_, Infallible>(Bytes::from(line)), (climbed, closed)))
        },
    ))
}

/// A connection that is gone is noticed at the first write after it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
