//! How the test of a trunk asks the running PBX whether it may call: rights, limits and budgets are there. What was granted is given
//! back when the test is over, however it ends.

use std::sync::Arc;

use kiestoon_call::{CallId, NoTestCall, Trunk};
use kiestoon_control::Rung;
use kiestoon_sip::Flow;
use tokio::sync::{mpsc, oneshot, watch};

use crate::media::SparePorts;

/// What a test says to signalling.
#[derive(Debug)]
pub(crate) enum Word {
    /// Whether it may call.
    Begin {
        /// The slug of the organisation.
        organisation: String,
        trunk: Arc<Trunk>,
        number: String,
        flow: Flow,
        /// For the word that it is over.
        room: mpsc::OwnedPermit<Self>,
        reply: oneshot::Sender<Result<Grant, NoTestCall>>,
    },
    /// Somebody has answered. The reply is whether that can be paid.
    Answered { call: CallId, reply: oneshot::Sender<bool> },
    /// It is over, with this status of its INVITE.
    Ended { call: CallId, status: Option<u16> },
}

/// A call that is to be made, and who is asked for it.
pub(crate) struct Outgoing {
    pub(crate) number: String,
    /// The slug of the organisation.
    pub(crate) organisation: String,
    pub(crate) trunk: Arc<Trunk>,
    pub(crate) words: mpsc::Sender<Word>,
    pub(crate) ports: SparePorts,
    /// Whether the PBX wants every call to end.
    pub(crate) stop: watch::Receiver<bool>,
    /// Whether a call is up that has to be hung up before the test may end.
    pub(crate) is_up: watch::Sender<bool>,
}

/// A call that signalling has granted. Whoever drops it ends it, be it before the test has read that it was granted.
#[derive(Debug)]
pub(crate) struct Grant {
    call: CallId,
    /// The final status of its INVITE.
    status: Option<u16>,
    /// Kept since before it was asked for: the end is never lost for want of room.
    room: Option<mpsc::OwnedPermit<Word>>,
}

/// That the call may be made. Dropped, it is over.
pub(super) struct Permit<'a> {
    grant: Grant,
    outgoing: &'a Outgoing,
    /// Where the test is told of.
    rungs: &'a mpsc::Sender<Rung>,
}

impl Grant {
    pub(crate) fn new(call: CallId, room: mpsc::OwnedPermit<Word>) -> Self {
        Self { call, status: None, room: Some(room) }
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            drop(room.send(Word::Ended { call: self.call, status: self.status }));
        }
    }
}

impl Outgoing {
    /// Asks. None where the PBX is ending.
    pub(super) async fn permit<'a>(
        &'a self,
        flow: &Flow,
        rungs: &'a mpsc::Sender<Rung>,
    ) -> Option<Result<Permit<'a>, NoTestCall>> {
        let room = self.words.clone().reserve_owned().await.ok()?;
        let (reply, answer) = oneshot::channel();
        let word = Word::Begin {
            organisation: self.organisation.clone(),
            trunk: Arc::clone(&self.trunk),
            number: self.number.clone(),
            flow: *flow,
            room,
            reply,
        };
        self.words.send(word).await.ok()?;
        let granted = answer.await.ok()?;
        Some(granted.map(|grant| {
            self.is_up.send_replace(true);
            Permit { grant, outgoing: self, rungs }
        }))
    }

    /// Returns when the PBX wants the call to end.
    async fn is_stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|is_stopped| *is_stopped).await.is_err() {
            // Nobody is there any more who could say so.
            std::future::pending::<()>().await;
        }
    }
}

impl Permit<'_> {
    pub(super) fn call(&self) -> CallId {
        self.grant.call
    }

    /// The final status that its INVITE came to.
    pub(super) fn came_to(&mut self, status: Option<u16>) {
        self.grant.status = status;
    }

    /// Returns when the call is to be hung up: the PBX ends, or nobody listens to the test any more.
    pub(super) async fn is_unwanted(&self) {
        tokio::select! {
            () = self.outgoing.is_stopped() => {}
            () = self.rungs.closed() => {}
        }
    }

    /// Somebody has answered. False where that cannot be paid.
    pub(super) async fn answered(&mut self) -> bool {
        self.grant.status = Some(200);
        let (reply, answer) = oneshot::channel();
        let word = Word::Answered { call: self.grant.call, reply };
        self.outgoing.words.send(word).await.is_ok() && answer.await.unwrap_or(false)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.outgoing.is_up.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_that_nobody_takes_ends_the_call_even_where_there_is_no_room() {
        let (words, mut said) = mpsc::channel(1);
        let room = words.try_reserve_owned().unwrap();
        let (reply, answer) = oneshot::channel::<Result<Grant, NoTestCall>>();
        let call = "01890c3a-4000-7000-8000-000000000000".parse().unwrap();
        reply.send(Ok(Grant::new(call, room))).unwrap();
        assert!(said.try_recv().is_err());
        drop(answer);
        let word = said.try_recv().unwrap();
        assert!(matches!(word, Word::Ended { call: ended, status: None } if ended == call), "{word:?}");
    }
}
