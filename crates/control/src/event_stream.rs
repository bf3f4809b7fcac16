//! Reading server-sent events: the text/event-stream format of the HTML standard, as far as the PBX writes it.

use crate::answer_stream::AnswerStream;
use crate::error::ClientError;
use crate::event::Event;

/// Events as they happen. Ends when the PBX stops or finds this reader too slow.
#[derive(Debug)]
pub struct Events {
    answer: AnswerStream,
    parser: Parser,
}

impl Events {
    pub(crate) fn new(answer: AnswerStream) -> Self {
        Self { answer, parser: Parser::default() }
    }

    /// The next event; `None` at the end. May be dropped and called again without losing an event.
    pub async fn next(&mut self) -> Option<Result<Event, ClientError>> {
        loop {
            match self.parser.take() {
                Ok(Some(whole)) => return Some(Ok(whole)),
                Ok(None) => {}
                Err(reason) => return Some(Err(self.answer.unexpected(reason))),
            }
            match self.answer.next().await? {
                Ok(bytes) => self.parser.push(&bytes),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Cuts the stream into events by their blank lines.
#[derive(Debug, Default)]
struct Parser {
    buffer: Vec<u8>,
}

impl Parser {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole event; comments and events without data are passed over.
    fn take(&mut self) -> Result<Option<Event>, String> {
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let text = String::from_utf8(block).map_err(|_| "an event is not UTF-8")?;
            let data: Vec<&str> =
                text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).collect();
            if !data.is_empty() {
                return serde_json::from_str(&data.join("\n")).map(Some).map_err(|error| error.to_string());
            }
        }
        if self.buffer.len() > EVENT_BYTES { Err("an event is too long".into()) } else { Ok(None) }
    }
}

/// Bounds what one event may take in memory.
const EVENT_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Happening;

    #[test]
    fn events_are_cut_at_blank_lines_wherever_the_bytes_are_cut() {
        let stream = ": keep\n\nevent: draining\ndata: {\"type\":\"draining\",\"at\":\"x\"}\n\nevent: new\ndata: {\"type\":\"new\",\"at\":\"x\"}\n\n";
        for cut in 0..stream.len() {
            let mut parser = Parser::default();
            let mut events = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                parser.push(part.as_bytes());
                while let Some(event) = parser.take().unwrap() {
                    events.push(event);
                }
            }
            let expected =
                [Happening::Draining, Happening::Unknown].map(|what| Event { at: "x".into(), what });
            assert_eq!(events, expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = Parser::default();
        parser.push(&vec![b'x'; EVENT_BYTES + 1]);
        assert!(parser.take().is_err());
    }
}
