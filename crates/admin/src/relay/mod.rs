//! `wss://HOST/sip`: a browser's WebSocket, passed on to the PBX's own listener. Only the opening request is looked at; from
//! then on bytes go both ways as they are. So frames, pings, close codes and the bound on a message (`limits.message_bytes`)
//! are the PBX's and the browser's own, and what either does not read in time the other does not send.

mod opening;
mod places;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kiestoon_config::Config;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::places::{Place, Places};
use crate::client::Client;
use crate::hall::websocket_of;
use crate::problem::Refusal;

/// What the route holds: who has a place, and the way to the task that owns the relays.
pub(crate) struct Relays {
    places: Arc<Places>,
    begun: mpsc::Sender<Work>,
    to: Option<std::net::SocketAddr>,
    origins: Vec<String>,
}

/// The task that owns the relays: they end with it.
pub(crate) struct Relaying(mpsc::Receiver<Work>);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Relays {
    pub(crate) fn new(config: &Config) -> (Self, Relaying) {
        let (begun, taken) = mpsc::channel(QUEUE);
        let relays = Self {
            places: Arc::new(Places::new(&config.limits)),
            begun,
            to: websocket_of(config),
            origins: config.sip.ws.origins.clone(),
        };
        (relays, Relaying(taken))
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.places.taken()
    }

    /// Answers an opening request with 101 once the PBX has, and passes bytes from then on.
    pub(crate) async fn open_one(
        &self,
        client: &Client,
        headers: &HeaderMap,
        browser: hyper::upgrade::OnUpgrade,
    ) -> Result<Response<Body>, Refusal> {
        opening::check(client, headers, &self.origins)?;
        let place = self.places.take(client.source()).ok_or(Refusal::TooManyConnections)?;
        let away = || Refusal::PbxUnreachable("the PBX takes no WebSocket now".into());
        let to = self.to.ok_or_else(away)?;
        let asked = timeout(OPENING, opening::ask(to, client, headers)).await;
        let opened = asked.ok().and_then(Result::ok).ok_or_else(away)?;
        if opened.status != StatusCode::SWITCHING_PROTOCOLS {
            let reason = format!("the PBX answered the WebSocket with {}", opened.status);
            return Err(Refusal::PbxRefused(opened.status.as_u16().max(400), reason));
        }
        let Some(pbx) = opened.pbx else { return Err(away()) };
        let work: Work = Box::pin(pass(browser, pbx, place));
        self.begun.try_send(work).map_err(|_| Refusal::TooManyConnections)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = opened.headers;
        Ok(response)
    }
}

impl Relaying {
    /// Runs the relays; does not return.
    pub(crate) async fn run(mut self) {
        let mut relays = JoinSet::new();
        loop {
            tokio::select! {
                work = self.0.recv() => match work {
                    Some(work) => drop(relays.spawn(work)),
                    None => return,
                },
                Some(ended) = relays.join_next() => {
                    if ended.is_err_and(|error| error.is_panic()) {
                        tracing::error!("a relay panicked");
                    }
                }
            }
        }
    }
}

/// Passes bytes both ways until either side has ended, and then what is still on its way, for a moment.
async fn pass(browser: hyper::upgrade::OnUpgrade, pbx: Upgraded, place: Place) {
    // The 101 that was given back must reach the browser first.
    let Ok(Ok(browser)) = timeout(OPENING, browser).await else { return };
    let (from_browser, to_browser) = tokio::io::split(TokioIo::new(browser));
    let (from_pbx, to_pbx) = tokio::io::split(TokioIo::new(pbx));
    let mut up = std::pin::pin!(one_way(from_browser, to_pbx));
    let mut down = std::pin::pin!(one_way(from_pbx, to_browser));
    tokio::select! {
        () = &mut up => drop(timeout(CLOSING, down).await),
        () = &mut down => drop(timeout(CLOSING, up).await),
    }
    drop(place);
}

/// Passes bytes until the source ends, or the sink takes none for too long.
async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..read) else { break };
        let sending = async {
            to.write_all(bytes).await?;
            to.flush().await
        };
        if !matches!(timeout(WRITING, sending).await, Ok(Ok(()))) {
            break;
        }
    }
    let _ = timeout(CLOSING, to.shutdown()).await;
}

const QUEUE: usize = 64;
/// A SIP message with SDP is one read, mostly.
const BUFFER: usize = 4_096;
const OPENING: Duration = Duration::from_secs(5);
const CLOSING: Duration = Duration::from_secs(3);
/// As long as the PBX itself waits for a peer that does not read.
const WRITING: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_go_as_they_are_and_the_end_too() {
        let (mut near, from) = tokio::io::duplex(16);
        let (to, mut far) = tokio::io::duplex(16);
        let sent: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        let (expected, passing) = (sent.clone(), one_way(from, to));
        let writing = async move {
            near.write_all(&sent).await.unwrap();
        };
        let reading = async move {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.unwrap();
            all
        };
        let ((), (), all) = tokio::join!(passing, writing, reading);
        assert!(all == expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sink_that_takes_nothing_is_given_up() {
        let (mut near, from) = tokio::io::duplex(64);
        let (to, far) = tokio::io::duplex(16);
        near.write_all(&[7; 64]).await.unwrap();
        one_way(from, to).await;
        drop(far);
    }
}
