//! Messages out of a byte stream: Content-Length frames them (RFC 3261 section 18.3), CRLF keeps the stream alive
//! (RFC 5626 section 4.4.1). What was scanned is not scanned again, and nothing is allocated by a declared length.

use bytes::{Buf, Bytes, BytesMut};

use crate::header::HeaderName;
use crate::message::{Limits, Malformed, ParseError, Part, Reason, Response};

/// Takes bytes as they come and gives messages. After an error it gives nothing more: the stream has lost its frame.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    buffer: BytesMut,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Between messages; `line_ends` CRLFs have come since the last message.
    Between {
        line_ends: u8,
    },
    /// In the headers; the first `scanned` bytes hold no end of them.
    Head {
        scanned: usize,
    },
    /// The message is this long.
    Body {
        total: usize,
    },
    Broken,
}

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole message.
    Message(Bytes),
    /// A second CRLF: the peer wants a single CRLF back.
    Ping,
    /// A CRLF on its own: the answer to our ping, or the first half of the peer's. Nothing to do but to note that
    /// the peer lives. A ping gives `Pong`, then `Ping`, so that no answer has to wait for bytes that may not come.
    Pong,
}

/// The stream cannot be followed any further: answer where possible, then close it.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct FrameError {
    /// What is wrong, with the headers as far as they came.
    pub malformed: Malformed,
}

impl FrameError {
    /// The response to send before closing; `None` where nothing can be answered.
    pub fn response(&self) -> Option<Response> {
        self.malformed.response()
    }
}

impl Framer {
    /// A framer for a new stream.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: BytesMut::new(), state: State::Between { line_ends: 0 } }
    }

    /// Adds bytes from the stream. Call [`Framer::next`] until it gives nothing before adding more: so the buffer
    /// never grows beyond one message and one read.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Broken) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next frame; `None` until more bytes come.
    ///
    /// # Errors
    /// Once, where a message has no usable Content-Length or passes a bound; after that only `None`.
    #[expect(clippy::should_implement_trait, reason = "it may give more after giving none")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            match self.state {
                State::Between { line_ends } => match self.between(line_ends) {
                    Between::Frame(frame) => return Ok(Some(frame)),
                    Between::Message => self.state = State::Head { scanned: 0 },
                    Between::Wait => return Ok(None),
                },
                State::Head { scanned } => match self.head(scanned) {
                    Ok(Some(total)) => self.state = State::Body { total },
                    Ok(None) => return Ok(None),
                    Err(error) => return Err(self.broken(error)),
                },
                State::Body { total } if self.buffer.len() >= total => {
                    self.state = State::Between { line_ends: 0 };
                    return Ok(Some(Frame::Message(self.buffer.split_to(total).freeze())));
                }
                State::Body { .. } | State::Broken => return Ok(None),
            }
        }
    }

    /// True in the middle of a message: where the peer must go on within a deadline.
    pub fn is_partial(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn between(&mut self, line_ends: u8) -> Between {
        match (self.buffer.first(), self.buffer.get(1)) {
            (Some(b'\r'), Some(b'\n')) => {
                self.buffer.advance(2);
                let second = line_ends % 2 == 1;
                self.state = State::Between { line_ends: u8::from(!second) };
                Between::Frame(if second { Frame::Ping } else { Frame::Pong })
            }
            (Some(b'\r'), None) | (None, _) => Between::Wait,
            _ => Between::Message,
        }
    }

    /// The length of the message, where its headers have come whole.
    fn head(&mut self, scanned: usize) -> Result<Option<usize>, ParseError> {
        let end = end_of_head(&self.buffer, scanned);
        if end.unwrap_or(self.buffer.len()) > self.limits.message_bytes {
            return Err(too_long(Part::Message, self.limits.message_bytes));
        }
        let Some(end) = end else {
            // The last three bytes may be the first of the end.
            self.state = State::Head { scanned: self.buffer.len().saturating_sub(3) };
            return Ok(None);
        };
        let length = content_length(self.buffer.get(..end).unwrap_or_default())?;
        let total = end.saturating_add(length);
        if total > self.limits.message_bytes {
            return Err(too_long(Part::Body, self.limits.message_bytes.saturating_sub(end)));
        }
        Ok(Some(total))
    }

    fn broken(&mut self, error: ParseError) -> FrameError {
        self.state = State::Broken;
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.truncate(self.limits.message_bytes);
        FrameError { malformed: Malformed::new(error, bytes.freeze()) }
    }
}

enum Between {
    Frame(Frame),
    Message,
    Wait,
}

fn too_long(part: Part, limit: usize) -> ParseError {
    ParseError { part, reason: Reason::TooLong(limit), at: limit }
}

fn end_of_head(bytes: &[u8], scanned: usize) -> Option<usize> {
    let fresh = bytes.get(scanned..)?;
    let offset = fresh.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(scanned.saturating_add(offset).saturating_add(4))
}

/// The one Content-Length of the headers. A stream without it has no frame (RFC 3261 section 18.3).
fn content_length(head: &[u8]) -> Result<usize, ParseError> {
    let error = |reason, at| Err(ParseError { part: Part::Header(HeaderName::ContentLength), reason, at });
    let mut found = None;
    let mut at: usize = 0;
    let mut lines = head.split(|&b| b == b'\n').peekable();
    while let Some(line) = lines.next() {
        let start = at;
        at = at.saturating_add(line.len()).saturating_add(1);
        if !is_content_length(line) {
            continue;
        }
        let mut value = Vec::from(line.splitn(2, |&b| b == b':').nth(1).unwrap_or_default().trim_ascii());
        while let Some(more) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
            at = at.saturating_add(more.len()).saturating_add(1);
            value.extend_from_slice(more.trim_ascii());
        }
        if found.is_some() {
            return error(Reason::Repeated, start);
        }
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let length =
            std::str::from_utf8(&value).ok().filter(|_| digits).and_then(|text| text.parse::<u32>().ok());
        match length.and_then(|length| usize::try_from(length).ok()) {
            Some(length) => found = Some(length),
            None => return error(Reason::Expected("a number of bytes"), start),
        }
    }
    match found {
        Some(length) => Ok(length),
        None => error(Reason::Missing, head.len()),
    }
}

fn is_content_length(line: &[u8]) -> bool {
    // Nearly every line is told apart by its first byte.
    if !matches!(line.first(), Some(b'l' | b'L' | b'c' | b'C')) {
        return false;
    }
    let Some(colon) = line.iter().position(|&b| b == b':') else { return false };
    let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "OPTIONS sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n";

    fn framer(text: &str) -> Framer {
        let mut framer = Framer::new(Limits::DEFAULT);
        framer.push(text.as_bytes());
        framer
    }

    fn message(framer: &mut Framer) -> String {
        match framer.next().unwrap() {
            Some(Frame::Message(bytes)) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn messages_follow_each_other() {
        let one = format!("{HEAD}Content-Length: 3\r\n\r\nabc");
        let two = format!("{HEAD}l :\r\n 0\r\n\r\n");
        let mut framer = framer(&format!("{one}{two}{one}"));
        assert_eq!(
            [message(&mut framer), message(&mut framer), message(&mut framer)],
            [one.clone(), two, one]
        );
        assert_eq!(framer.next().unwrap(), None);
        assert!(!framer.is_partial());
    }

    #[test]
    fn a_double_line_end_is_a_ping() {
        let mut framer = framer("\r");
        assert_eq!(framer.next().unwrap(), None);
        framer.push(b"\n\r");
        assert_eq!(framer.next().unwrap(), Some(Frame::Pong));
        assert_eq!(framer.next().unwrap(), None);
        framer.push(b"\n");
        assert_eq!(framer.next().unwrap(), Some(Frame::Ping));
        framer.push(format!("\r\n{HEAD}l: 0\r\n\r\n").as_bytes());
        assert_eq!(framer.next().unwrap(), Some(Frame::Pong));
        assert!(message(&mut framer).starts_with("OPTIONS"));
    }

    #[test]
    fn without_a_length_there_is_no_frame() {
        for (line, reason) in [
            ("Subject: none", Reason::Missing),
            ("Content-Length: -1", Reason::Expected("a number of bytes")),
            ("Content-Length: 1\r\nl: 1", Reason::Repeated),
            ("Content-Length:", Reason::Expected("a number of bytes")),
        ] {
            let mut framer = framer(&format!("{HEAD}{line}\r\n\r\nabc"));
            let error = framer.next().unwrap_err();
            assert_eq!(error.malformed.error.reason, reason, "{line}");
            assert_eq!(error.response().unwrap().status.code(), 400);
            framer.push(b"\r\n\r\n");
            assert_eq!(framer.next().unwrap(), None);
            assert_eq!(framer.buffered(), 0);
        }
    }

    #[test]
    fn bounds_hold_before_the_bytes_come() {
        let mut large = framer(&format!("{HEAD}Content-Length: 4294967295\r\n\r\n"));
        assert_eq!(large.next().unwrap_err().response().unwrap().status.code(), 413);
        let mut endless = framer(&format!("{HEAD}Subject: {}", "a".repeat(65_536)));
        assert_eq!(endless.next().unwrap_err().response().unwrap().status.code(), 513);
    }
}
