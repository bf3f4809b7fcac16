//! Reading the rungs of a test as they are climbed: a line of JSON for each.

use crate::answer_stream::AnswerStream;
use crate::error::ClientError;
use crate::ladder::Rung;

/// The rungs of a test. Dropping it ends the test.
#[derive(Debug)]
pub struct Rungs {
    answer: AnswerStream,
    buffer: Vec<u8>,
}

impl Rungs {
    pub(crate) fn new(answer: AnswerStream) -> Self {
        Self { answer, buffer: Vec::default() }
    }

    /// The next one; `None` when all have been climbed.
    pub async fn next(&mut self) -> Option<Result<Rung, ClientError>> {
        loop {
            match take(&mut self.buffer) {
                Ok(Some(whole)) => return Some(Ok(whole)),
                Ok(None) => {}
                Err(reason) => return Some(Err(self.answer.unexpected(reason))),
            }
            match self.answer.next().await? {
                Ok(bytes) => self.buffer.extend_from_slice(&bytes),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Takes the first whole line.
fn take(buffer: &mut Vec<u8>) -> Result<Option<Rung>, String> {
    let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
        return if buffer.len() > LINE_BYTES { Err("a rung is too long".into()) } else { Ok(None) };
    };
    let line: Vec<u8> = buffer.drain(..=end).collect();
    serde_json::from_slice(&line).map(Some).map_err(|error| error.to_string())
}

/// Bounds what one rung may take in memory.
const LINE_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::{RungName, RungResult, Sentence};

    #[test]
    fn a_rung_is_a_line_wherever_its_bytes_are_cut() {
        let rung = Rung {
            rung: RungName::Dns,
            host: "sip:a.example".into(),
            result: RungResult::Ok,
            ms: 1.5,
            found: Sentence { en: "found".into(), nl: "gevonden".into() },
            advice: None,
            details: Default::default(),
            messages: Vec::new(),
        };
        let mut stream = serde_json::to_vec(&rung).unwrap();
        stream.push(b'\n');
        for cut in 0..stream.len() {
            let mut buffer = stream[..cut].to_vec();
            assert_eq!(take(&mut buffer), Ok(None), "cut at {cut}");
            buffer.extend_from_slice(&stream[cut..]);
            assert_eq!(take(&mut buffer), Ok(Some(rung.clone())));
            assert!(buffer.is_empty());
        }
        assert!(take(&mut b"{}\n".to_vec()).is_err());
        assert!(take(&mut vec![b'x'; LINE_BYTES + 1]).is_err());
    }
}
