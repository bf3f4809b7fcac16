//! What is said over one connection: its bytes become messages, within bounds and deadlines, and messages its bytes.
use std::{io, sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use kiestoon_call::Verdict;
use kiestoon_sip::{
    flow::Flow,
    framing::{Frame, Framer},
    message::Message,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Inbound, StreamBounds,
    connection::{Queue, Shared, State},
};

/// Reads and writes one connection until either side closes it, a deadline passes or its bytes make no sense.
pub(super) async fn converse(
    (read, mut write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    flow: Flow,
    queue: Queue,
    shared: &Shared,
) {
    let (pongs, pong_queue) = mpsc::channel(1);
    let state = std::sync::Arc::clone(&queue.state);
    tokio::select! {
        result = read_messages(read, flow, shared, &state, &pongs) => {
            if let Err(reason) = result {
                tracing::debug!(remote = %flow.remote, %reason, "connection closed");
            }
        }
        _ = write_messages(&mut write, queue, pong_queue) => {}
    }
    // Over TLS the end is said, or the peer could not tell it from a cut. One that reads nothing any more is not waited for.
    let _ = timeout(CLOSE_TIMEOUT, write.shutdown()).await;
}

#[derive(Debug, thiserror::Error)]
pub(super) enum CloseReason {
    #[error("the peer closed it")]
    Peer,
    #[error("no complete message in time")]
    Deadline,
    #[error("more messages than its share")]
    Flood,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("a message of {size} bytes, above {most}")]
    TooLong { size: usize, most: usize },
    #[error("what it sends is not SIP: {0}")]
    Framing(String),
    #[error("the PBX stops")]
    Stopping,
}

async fn read_messages(
    mut read: impl AsyncRead + Unpin,
    flow: Flow,
    shared: &Shared,
    state: &State,
    pongs: &mpsc::Sender<()>,
) -> Result<(), CloseReason> {
    let mut framer = Framer::new(shared.bounds.message.clone());
    let mut buffer = [0; READ_BYTES];
    let mut patience = Patience::First { since: Instant::now() };
    loop {
        let trusted = state.trusted.load(Ordering::Relaxed);
        let deadline =
            patience.deadline(shared.bounds.silence(trusted, state), shared.bounds.half_message, trusted);
        let length = tokio::select! {
            length = timeout_at(deadline, read.read(&mut buffer)) => match length {
                Ok(length) => length?,
                Err(_) => return Err(CloseReason::Deadline),
            },
            // Somebody has logged in, or promised keep-alives.
            () = state.changed.notified() => continue,
        };
        if length == 0 {
            return Err(CloseReason::Peer);
        }
        let was_between_messages = !framer.is_partial();
        framer.push(buffer.get(..length).unwrap_or_default());
        let mut message = false;
        loop {
            match framer.next() {
                Ok(Some(frame)) => {
                    // A stranger's keep-alive keeps nothing alive.
                    message |= trusted || matches!(frame, Frame::Message(_));
                    match frame {
                        Frame::Message(bytes) => deliver(&bytes, flow, shared).await?,
                        // One pong under way is enough: a peer that floods pings gets fewer.
                        Frame::Ping => drop(pongs.try_send(())),
                        Frame::Pong => {}
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    let reason = CloseReason::Framing(error.to_string());
                    let _ =
                        shared.inbound.send(Inbound::Malformed { malformed: error.malformed, flow }).await;
                    // Time for the answer to leave before the connection closes.
                    tokio::time::sleep(LINGER).await;
                    return Err(reason);
                }
            }
        }
        patience.read(Instant::now(), message, framer.is_partial(), was_between_messages);
    }
}

impl StreamBounds {
    /// How long nothing may come.
    pub(super) fn silence(&self, trusted: bool, state: &State) -> Duration {
        match state.expected_secs.load(Ordering::Relaxed) {
            _ if !trusted => self.stranger_idle.min(self.idle),
            0 => self.idle,
            expected => self.idle.min(Duration::from_secs(expected)),
        }
    }
}

/// How long a connection may go on without a whole message.
#[derive(Debug)]
pub(super) enum Patience {
    /// No message yet.
    First { since: Instant },
    /// Since the last message nothing, or only what keeps alive.
    Between { since: Instant },
    /// A message has begun: byte by byte it gains no time.
    Within { begun: Instant, last: Instant },
}

impl Patience {
    pub(super) fn deadline(&self, silence: Duration, half_message: Duration, trusted: bool) -> Instant {
        match self {
            Self::First { since } if !trusted => *since + half_message,
            // Whom we called, and whose answer no transaction waits for any more.
            Self::First { since } => *since + silence.min(FIRST_ANSWER),
            Self::Between { since } => *since + silence,
            Self::Within { begun, .. } => *begun + half_message,
        }
    }

    /// Bytes were read: `message` tells of a whole message, `partial` that another has begun.
    pub(super) fn read(&mut self, now: Instant, message: bool, partial: bool, was_between_messages: bool) {
        let last = match *self {
            Self::First { .. } if !message => return,
            _ if message => now,
            Self::First { .. } => now,
            Self::Between { since } => since,
            Self::Within { last, .. } => last,
        };
        *self = match *self {
            _ if !partial => Self::Between { since: last },
            Self::Within { begun, .. } if !message && !was_between_messages => Self::Within { begun, last },
            _ => Self::Within { begun: now, last },
        };
    }
}

/// Hands one message to the signalling task, within its source's share.
pub(super) async fn deliver(bytes: &Bytes, flow: Flow, shared: &Shared) -> Result<(), CloseReason> {
    let verdict = shared.police.admit(flow.remote.ip()).await.ok_or(CloseReason::Flood)?;
    let inbound = match Message::parse_with(bytes, &shared.bounds.message) {
        Ok(message) if verdict == Verdict::Refuse => Inbound::Refused { message, flow },
        Ok(message) => Inbound::Message { message, flow },
        Err(malformed) => Inbound::Malformed { malformed, flow },
    };
    // Waiting here stops reading: a peer that sends faster than signalling works is held back by TCP.
    shared.inbound.send(inbound).await.map_err(|_| CloseReason::Stopping)
}

async fn write_messages(
    write: &mut (impl AsyncWrite + Unpin),
    mut queue: Queue,
    mut pongs: mpsc::Receiver<()>,
) -> io::Result<()> {
    loop {
        tokio::select! {
            message = queue.recv() => match message {
                Some(bytes) => timeout(WRITE_TIMEOUT, send(write, &bytes)).await??,
                None => return Ok(()),
            },
            Some(()) = pongs.recv() => timeout(WRITE_TIMEOUT, send(write, b"\r\n")).await??,
        }
    }
}

/// Over TLS, what is written leaves with the flush.
async fn send(write: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    write.write_all(bytes).await?;
    write.flush().await
}

const READ_BYTES: usize = 4096;
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Timers B and F are 32 s (RFC 3261 section 17.1), after the time that a handshake takes.
const FIRST_ANSWER: Duration = Duration::from_secs(40);
const LINGER: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use kiestoon_sip::message::Limits;

    use super::*;

    #[test]
    fn who_has_promised_keep_alives_may_be_silent_for_so_long_and_no_longer() {
        let secs = Duration::from_secs;
        let bounds = StreamBounds {
            connections: 1,
            connections_per_source: 1,
            idle: secs(7_500),
            stranger_idle: secs(60),
            half_message: secs(30),
            message: Limits::DEFAULT,
            exempt: Vec::new(),
        };
        let state = State::default();
        assert_eq!((bounds.silence(false, &state), bounds.silence(true, &state)), (secs(60), secs(7_500)));
        state.expected_secs.store(150, Ordering::Relaxed);
        assert_eq!((bounds.silence(false, &state), bounds.silence(true, &state)), (secs(60), secs(150)));
        let now = Instant::now();
        let mut patience = Patience::Between { since: now };
        assert_eq!(patience.deadline(secs(150), secs(30), true), now + secs(150));
        // A keep-alive, at its latest moment.
        patience.read(now + secs(149), true, false, true);
        assert_eq!(patience.deadline(secs(150), secs(30), true), now + secs(299));
    }

    #[test]
    fn who_was_dialled_and_never_says_a_word_is_not_kept() {
        let secs = Duration::from_secs;
        let now = Instant::now();
        let mut patience = Patience::First { since: now };
        assert_eq!(patience.deadline(secs(7_500), secs(30), true), now + secs(40));
        assert_eq!(patience.deadline(secs(20), secs(30), true), now + secs(20), "fewer are configured");
        patience.read(now + secs(1), true, false, true);
        assert_eq!(patience.deadline(secs(7_500), secs(30), true), now + secs(7_501));
    }
}
