//! How the test of a trunk asks the running PBX whether it may call: rights, limits and budgets are there. What was granted is given
//! back when the test is over, however it ends.

use std::sync::Arc;

use kiestoon_call::{CallId, NoTestCall, Trunk};
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
        reply: oneshot::Sender<Result<CallId, NoTestCall>>,
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

/// That the call may be made. Dropped, it is over.
pub(super) struct Permit<'a> {
    pub(super) call: CallId,
    /// The final status of its INVITE.
    pub(super) status: Option<u16>,
    outgoing: &'a Outgoing,
}

impl Outgoing {
    /// Asks. None where the PBX is ending.
    pub(super) async fn permit(&self, flow: &Flow) -> Option<Result<Permit<'_>, NoTestCall>> {
        let (reply, answer) = oneshot::channel();
        let word = Word::Begin {
            organisation: self.organisation.clone(),
            trunk: Arc::clone(&self.trunk),
            number: self.number.clone(),
            flow: *flow,
            reply,
        };
        self.words.send(word).await.ok()?;
        let granted = answer.await.ok()?;
        Some(granted.map(|call| {
            self.is_up.send_replace(true);
            Permit { call, status: None, outgoing: self }
        }))
    }

    /// Returns when the call is to be hung up.
    pub(super) async fn is_stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|is_stopped| *is_stopped).await.is_err() {
            // Nobody is there any more who could say so.
            std::future::pending::<()>().await;
        }
    }
}

impl Permit<'_> {
    /// Somebody has answered. False where that cannot be paid.
    pub(super) async fn answered(&mut self) -> bool {
        self.status = Some(200);
        let (reply, answer) = oneshot::channel();
        let word = Word::Answered { call: self.call, reply };
        self.outgoing.words.send(word).await.is_ok() && answer.await.unwrap_or(false)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // Where there is no room, the deadline of the call ends it.
        let _ = self.outgoing.words.try_send(Word::Ended { call: self.call, status: self.status });
        self.outgoing.is_up.send_replace(false);
    }
}
