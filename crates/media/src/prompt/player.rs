//! Makes the RTP packets of a prompt, one each 20 ms.

use std::sync::Arc;

use super::Prompt;
use crate::rtp::Header;

/// Payload bytes of a packet: 20 ms at 8 kHz.
const FRAME: usize = 160;
/// Bytes of a packet: fixed header and payload.
pub const PACKET_BYTES: usize = 12 + FRAME;

/// The place in a prompt that is being played, and the numbers of the stream that it is played in.
#[derive(Debug, Clone)]
pub struct Player {
    prompt: Arc<Prompt>,
    repeat: bool,
    at: usize,
    stream: Header,
}

impl Player {
    /// Starts at the beginning. `ssrc` and `sequence` should be random (RFC 3550 section 5.1).
    pub fn new(prompt: Arc<Prompt>, repeat: bool, ssrc: u32, sequence: u16) -> Self {
        let stream = Header {
            marker: true,
            payload_type: 0,
            sequence,
            timestamp: ssrc.rotate_left(16),
            ssrc,
            payload_at: 12,
            payload_end: PACKET_BYTES,
        };
        Self { prompt, repeat, at: 0, stream }
    }

    /// The next packet in the asked law and payload type; None at the end of the prompt. The last frame is filled up
    /// with silence.
    pub fn next(&mut self, payload_type: u8, a_law: bool) -> Option<(Header, [u8; PACKET_BYTES])> {
        if self.at >= self.prompt.samples() {
            if !self.repeat || self.prompt.samples() == 0 {
                return None;
            }
            self.at = 0;
        }
        let header = Header { payload_type, ..self.stream };
        let mut packet = [if a_law { 0xd5 } else { 0xff }; PACKET_BYTES];
        if let Some((fixed, payload)) = packet.split_first_chunk_mut::<12>() {
            header.write(fixed);
            let rest = self.prompt.bytes(a_law).get(self.at..).unwrap_or_default();
            for (out, sample) in payload.iter_mut().zip(rest) {
                *out = *sample;
            }
        }
        self.skip();
        Some((header, packet))
    }

    /// Lets 20 ms of the prompt pass unheard, for a phone that does not receive now. False at the end.
    pub fn pass(&mut self) -> bool {
        let more = self.at < self.prompt.samples() || (self.repeat && self.prompt.samples() > 0);
        if self.at >= self.prompt.samples() {
            self.at = 0;
        }
        if more {
            self.skip();
        }
        more
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(FRAME);
        self.stream.marker = false;
        self.stream.sequence = self.stream.sequence.wrapping_add(1);
        self.stream.timestamp = self.stream.timestamp.wrapping_add(160);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::encode_a_law;

    fn player(samples: &[i16], repeat: bool) -> Player {
        Player::new(Arc::new(Prompt::from_samples(samples)), repeat, 7, 65_535)
    }

    #[test]
    fn packets_follow_each_other_and_the_last_is_filled_up() {
        let mut player = player(&[1000; 200], false);
        let (first, _) = player.next(8, true).unwrap();
        let (second, packet) = player.next(8, true).unwrap();
        assert_eq!(Header::parse(&packet), Ok(second));
        assert_eq!((first.marker, second.marker), (true, false));
        assert_eq!((first.sequence, second.sequence), (65_535, 0));
        assert_eq!(second.timestamp.wrapping_sub(first.timestamp), 160);
        assert_eq!(packet[12..52], encode_a_law(&[1000; 40]));
        assert_eq!(packet[52..], [0xd5; 120]);
        assert!(player.next(8, true).is_none());
    }

    #[test]
    fn a_repeated_prompt_does_not_end_but_an_empty_one_does() {
        let mut repeated = player(&[0; 160], true);
        assert!((0..5).all(|_| repeated.next(0, false).is_some()));
        assert!((0..5).all(|_| repeated.pass()));
        assert!(player(&[], true).next(0, false).is_none());
        assert!(!player(&[], true).pass());
    }

    #[test]
    fn time_passes_unheard() {
        let mut player = player(&[0; 320], false);
        assert!(player.pass());
        assert_eq!(player.next(0, false).map(|(header, _)| header.sequence), Some(0));
        assert!(!player.pass());
    }
}
