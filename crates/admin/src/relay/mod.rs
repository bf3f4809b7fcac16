//! `wss://HOST/sip`: a browser's WebSocket, passed on to the PBX's own listener. Only the opening request is looked at; from
//! then on bytes go both ways as they are. So frames, pings, close codes and the bound on a message (`limits.message_bytes`)
//! are the PBX's and the browser's own, and what either does not read in time the other does not send.

mod frames;
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
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::frames::Frames;
use self::places::{Place, Places};
use crate::client::Client;
use crate::hall::{stopped, websocket_of};
use crate::problem::Refusal;

/// What the route holds: who has a place, and the way to the task that owns the relays.
pub(crate) struct Relays {
    places: Arc<Places>,
    begun: mpsc::Sender<Work>,
    to: Option<std::net::SocketAddr>,
    origins: Vec<String>,
    stop: watch::Receiver<bool>,
}

/// The task that owns the relays: they end with it.
pub(crate) struct Relaying {
    begun: mpsc::Receiver<Work>,
    stop: watch::Receiver<bool>,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Relays {
    /// Those that are open end when `stop` turns true.
    pub(crate) fn new(config: &Config, stop: watch::Receiver<bool>) -> (Self, Relaying) {
        let (begun, taken) = mpsc::channel(QUEUE);
        let relays = Self {
            places: Arc::new(Places::new(&config.limits)),
            begun,
            to: websocket_of(config),
            origins: config.sip.ws.origins.clone(),
            stop: stop.clone(),
        };
        (relays, Relaying { begun: taken, stop })
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
        let work: Work = Box::pin(pass(browser, pbx, place, self.stop.clone()));
        self.begun.try_send(work).map_err(|_| Refusal::TooManyConnections)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = opened.headers;
        Ok(response)
    }
}

impl Relaying {
    /// Runs the relays until the sidecar stops, and then until each has said so to its browser.
    pub(crate) async fn run(mut self) {
        let mut relays = JoinSet::new();
        loop {
            tokio::select! {
                () = stopped(&mut self.stop) => break,
                work = self.begun.recv() => match work {
                    Some(work) => drop(relays.spawn(work)),
                    None => break,
                },
                Some(ended) = relays.join_next() => {
                    if ended.is_err_and(|error| error.is_panic()) {
                        tracing::error!("a relay panicked");
                    }
                }
            }
        }
        while relays.join_next().await.is_some() {}
    }
}

/// Passes bytes both ways until either side has ended, and then what is still on its way, for a moment.
async fn pass(browser: hyper::upgrade::OnUpgrade, pbx: Upgraded, place: Place, stop: watch::Receiver<bool>) {
    // The 101 that was given back must reach the browser first.
    let Ok(Ok(browser)) = timeout(OPENING, browser).await else { return };
    let (from_browser, to_browser) = tokio::io::split(TokioIo::new(browser));
    let (from_pbx, to_pbx) = tokio::io::split(TokioIo::new(pbx));
    let mut up = std::pin::pin!(up(from_browser, to_pbx));
    let mut down = std::pin::pin!(down(from_pbx, to_browser, stop));
    tokio::select! {
        () = &mut up => drop(timeout(CLOSING, down).await),
        () = &mut down => drop(timeout(CLOSING, up).await),
    }
    drop(place);
}

/// Passes what the browser says until it ends, or the PBX takes nothing for too long.
async fn up(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..read) else { break };
        if !send(&mut to, bytes).await {
            break;
        }
    }
    let _ = timeout(CLOSING, to.shutdown()).await;
}

/// Passes what the PBX says until it ends, the browser takes nothing for too long, or the sidecar stops. A browser that was not
/// told the end by the PBX is told it here: "going away" (RFC 6455 section 7.4.1).
async fn down(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut stop: watch::Receiver<bool>,
) {
    let (mut buffer, mut frames) = (vec![0; BUFFER], Frames::default());
    loop {
        let read = tokio::select! {
            biased;
            () = end(&mut stop, &frames) => break,
            read = from.read(&mut buffer) => read,
        };
        let Some(bytes) = read.ok().and_then(|read| buffer.get(..read)).filter(|bytes| !bytes.is_empty())
        else {
            break;
        };
        frames.pass(bytes);
        if !send(&mut to, bytes).await {
            return;
        }
    }
    if frames.is_between() && !frames.has_closed() {
        send(&mut to, &GOING_AWAY).await;
    }
    let _ = timeout(CLOSING, to.shutdown()).await;
}

/// The sidecar stops: at once between two frames, else when the rest of one has had its time.
async fn end(stop: &mut watch::Receiver<bool>, frames: &Frames) {
    stopped(stop).await;
    if !frames.is_between() {
        tokio::time::sleep(REST).await;
    }
}

/// Whether it was taken in time.
async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    let sending = async {
        to.write_all(bytes).await?;
        to.flush().await
    };
    matches!(timeout(WRITING, sending).await, Ok(Ok(())))
}

const QUEUE: usize = 64;
/// A SIP message with SDP is one read, mostly.
const BUFFER: usize = 4_096;
const OPENING: Duration = Duration::from_secs(5);
const CLOSING: Duration = Duration::from_secs(3);
/// As long as the PBX itself waits for a peer that does not read.
const WRITING: Duration = Duration::from_secs(30);
/// For the rest of a frame, where the sidecar stops in one.
const REST: Duration = Duration::from_secs(1);
/// A close frame of a server, with the code 1001.
const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xe9];

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser gets of these bytes of the PBX, which then ends, or goes on until the sidecar stops.
    async fn told(sent: &[u8], ends: bool) -> Vec<u8> {
        let (mut near, from) = tokio::io::duplex(16);
        let (to, mut far) = tokio::io::duplex(16);
        let (stop, stopped) = watch::channel(false);
        let writing = async move {
            near.write_all(sent).await.unwrap();
            if ends {
                return None;
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            stop.send_replace(true);
            Some((near, stop))
        };
        let reading = async move {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.unwrap();
            all
        };
        let ((), _open, all) = tokio::join!(down(from, to, stopped), writing, reading);
        all
    }

    /// A text frame of this length.
    fn frame(length: u8) -> Vec<u8> {
        [vec![0x81, length], vec![b'a'; usize::from(length)]].concat()
    }

    #[tokio::test]
    async fn bytes_go_as_they_are_and_the_end_too() {
        let (mut near, from) = tokio::io::duplex(16);
        let (to, mut far) = tokio::io::duplex(16);
        let sent: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        let (expected, passing) = (sent.clone(), up(from, to));
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
    async fn a_browser_is_told_the_end_once_and_between_frames() {
        let two = [frame(125), frame(3)].concat();
        for ends in [true, false] {
            assert_eq!(told(&two, ends).await, [&two[..], &GOING_AWAY].concat(), "ends: {ends}");
            let said = [&two[..], &[0x88, 2, 0x03, 0xe8]].concat();
            assert_eq!(told(&said, ends).await, said, "the PBX has said it");
            let half = &two[..100];
            assert_eq!(told(half, ends).await, half, "no place for it inside a frame");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sink_that_takes_nothing_is_given_up() {
        let (mut near, from) = tokio::io::duplex(64);
        let (to, far) = tokio::io::duplex(16);
        near.write_all(&frame(62)).await.unwrap();
        down(from, to, watch::channel(false).1).await;
        let (mut near, from) = tokio::io::duplex(64);
        let (to, far_too) = tokio::io::duplex(16);
        near.write_all(&frame(62)).await.unwrap();
        up(from, to).await;
        drop((far, far_too));
    }
}
