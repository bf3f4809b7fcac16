//! SIP over WebSocket (RFC 7118): one message a frame, so nothing has to be framed, and pings that tell a browser that is gone.
mod upgrade;

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use kiestoon_sip::flow::Flow;
use tokio::{
    net::TcpStream,
    time::{Duration, Instant, MissedTickBehavior, interval_at, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message as Frame, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

pub(crate) use self::upgrade::Admission;
pub(super) use self::upgrade::{Upgraded, words};
use super::{
    connection::{Queue, Shared},
    converse::{CLOSE_TIMEOUT, CloseReason, Patience, WRITE_TIMEOUT, deliver},
};

/// Reads and writes one WebSocket until either side closes it or a deadline passes.
pub(super) async fn converse(
    mut socket: WebSocketStream<TcpStream>,
    flow: Flow,
    mut queue: Queue,
    shared: &Shared,
) {
    let ended = exchange(&mut socket, flow, &mut queue, shared).await;
    let code = ended.as_ref().map_or_else(code, |()| CloseCode::Away);
    if let Err(reason) = ended {
        tracing::debug!(remote = %flow.remote, %reason, "websocket closed");
    }
    let close = CloseFrame { code, reason: Utf8Bytes::default() };
    let closing = async {
        // Until the browser has said it too: bytes of it that nobody reads would have the kernel throw away ours.
        let mut said = socket.close(Some(close)).await.is_ok();
        while said {
            said = matches!(socket.next().await, Some(Ok(_)));
        }
    };
    let _ = timeout(CLOSE_TIMEOUT, closing).await;
}

/// What the browser is told of the end (RFC 6455 section 7.4.1).
fn code(reason: &CloseReason) -> CloseCode {
    match reason {
        CloseReason::Peer | CloseReason::Io(_) => CloseCode::Normal,
        CloseReason::Deadline | CloseReason::Flood => CloseCode::Policy,
        CloseReason::TooLong { .. } => CloseCode::Size,
        CloseReason::Framing(_) => CloseCode::Protocol,
        CloseReason::Stopping => CloseCode::Away,
    }
}

async fn exchange(
    socket: &mut WebSocketStream<TcpStream>,
    flow: Flow,
    queue: &mut Queue,
    shared: &Shared,
) -> Result<(), CloseReason> {
    let state = std::sync::Arc::clone(&queue.state);
    let mut patience = Patience::First { since: Instant::now() };
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let trusted = state.trusted.load(Ordering::Relaxed);
        let silence = shared.bounds.silence(trusted, &state).min(SILENCE);
        let deadline = patience.deadline(silence, shared.bounds.half_message, trusted);
        tokio::select! {
            frame = timeout_at(deadline, socket.next()) => {
                let frame = frame.map_err(|_| CloseReason::Deadline)?.ok_or(CloseReason::Peer)?;
                let message = heard(socket, frame.map_err(reason)?, flow, shared).await?;
                // A stranger's keep-alive keeps nothing alive.
                patience.read(Instant::now(), message || trusted, false, true);
            }
            bytes = queue.recv() => match bytes {
                Some(bytes) => send(socket, frame_of(bytes)).await?,
                None => return Ok(()),
            },
            _ = pings.tick() => send(socket, Frame::Ping(Bytes::new())).await?,
            // Somebody has logged in, or promised keep-alives.
            () = state.changed.notified() => {}
        }
    }
}

/// Takes a frame; whether it was a message.
async fn heard(
    socket: &mut WebSocketStream<TcpStream>,
    frame: Frame,
    flow: Flow,
    shared: &Shared,
) -> Result<bool, CloseReason> {
    let bytes = match frame {
        Frame::Text(text) => Bytes::from(text),
        Frame::Binary(bytes) => bytes,
        // The library has answered the ping, and says the end once more.
        Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => return Ok(false),
        Frame::Close(_) => return Err(CloseReason::Peer),
    };
    // As over TCP (RFC 5626 section 4.4.1): a double line end wants a single one back.
    if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        if bytes.len() > 2 {
            send(socket, frame_of(Bytes::from_static(b"\r\n"))).await?;
        }
        return Ok(false);
    }
    deliver(&bytes, flow, shared).await?;
    Ok(true)
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: Frame) -> Result<(), CloseReason> {
    match timeout(WRITE_TIMEOUT, socket.send(frame)).await {
        Ok(sent) => sent.map_err(reason),
        Err(_) => Err(CloseReason::Deadline),
    }
}

/// Text, as browsers' libraries want it, unless it is none.
fn frame_of(bytes: Bytes) -> Frame {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Frame::Text(text),
        Err(_) => Frame::Binary(bytes),
    }
}

fn reason(error: Error) -> CloseReason {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => CloseReason::Peer,
        Error::Io(error) => CloseReason::Io(error),
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            CloseReason::TooLong { size, most: max_size }
        }
        error => CloseReason::Framing(error.to_string()),
    }
}

const PING_EVERY: Duration = Duration::from_secs(15);
/// Two pings unanswered, and some time for the second answer.
const SILENCE: Duration = Duration::from_secs(40);
