//! The events of one media thread on their way to signalling. The channel is bounded: when it is full, events that
//! end something wait here and go first next time, others are dropped and counted: there would be no bound for how many wait.

use std::collections::VecDeque;

use kiestoon_media::{LegId, MediaEvent};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

#[derive(Debug)]
pub(super) struct Outbox {
    sender: Sender<MediaEvent>,
    /// At most two for each leg that has lived since signalling last took an event.
    waiting: VecDeque<MediaEvent>,
    dropped: u64,
    /// The handle's own ear: what it does not hear only costs it a few bytes.
    failed: Sender<LegId>,
}

impl Outbox {
    pub(super) fn new(sender: Sender<MediaEvent>, failed: Sender<LegId>) -> Self {
        Self { sender, waiting: VecDeque::new(), dropped: 0, failed }
    }

    /// Says that a leg failed, to signalling and to the handle.
    pub(super) fn say_failed(&mut self, leg: LegId) {
        let _ = self.failed.try_send(leg);
        self.say(MediaEvent::Failed { leg });
    }

    pub(super) fn say(&mut self, event: MediaEvent) {
        if !self.flush() {
            self.keep(event);
        } else if let Err(TrySendError::Full(event)) = self.sender.try_send(event) {
            self.keep(event);
        }
    }

    /// Sends what waits; false if the channel is still full.
    pub(super) fn flush(&mut self) -> bool {
        while let Some(event) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(event)) = self.sender.try_send(event) {
                self.waiting.push_front(event);
                return false;
            }
        }
        true
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn keep(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Closed { .. }
            | MediaEvent::Failed { .. }
            | MediaEvent::TransportEnded { .. }
            | MediaEvent::PlayFinished { .. } => {
                self.waiting.push_back(event);
            }
            MediaEvent::Digit { .. }
            | MediaEvent::FaxTone { .. }
            | MediaEvent::Silent { .. }
            | MediaEvent::Diagnosis { .. }
            | MediaEvent::Lost { .. }
            | MediaEvent::Opened { .. }
            | MediaEvent::OpenFailed { .. } => {
                self.dropped = self.dropped.saturating_add(1);
                if self.dropped.is_power_of_two() {
                    tracing::warn!(dropped = self.dropped, "signalling does not keep up with media events");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kiestoon_media::LegQuality;
    use tokio::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_full_channel_keeps_ends_in_order_and_drops_the_rest() {
        let (sender, mut receiver) = channel(1);
        let mut outbox = Outbox::new(sender, channel(1).0);
        let silent = |leg| MediaEvent::Silent { leg: LegId(leg), for_: Duration::from_secs(1) };
        let closed = |leg| MediaEvent::Closed { leg: LegId(leg), quality: LegQuality::default() };
        for event in [silent(1), closed(2), silent(3), closed(4)] {
            outbox.say(event);
        }
        assert!(outbox.is_waiting());
        let mut heard = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            heard.push(event);
            outbox.flush();
        }
        assert_eq!(heard, [silent(1), closed(2), closed(4)]);
        assert_eq!((outbox.is_waiting(), outbox.dropped), (false, 1));
    }
}
