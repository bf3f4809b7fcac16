//! Tests of trunks that operators ask for: each is a task of its own, which signalling only tells of calls that arrive.
use std::{sync::Arc, time::Duration};

use kiestoon_call::{Input, TestCall};
use kiestoon_control::{Rung, TestTrunk};
use kiestoon_sip::{Flow, Message, Method};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};

use super::{Signalling, views};
use crate::{
    control::NoLadder,
    ladder::{
        Ladder, Surroundings,
        account::Whose,
        call::{self, Outgoing, Word},
        inbound::{Arrived, Wait},
    },
    media::SparePorts,
    snapshot::Source,
    task::{self, Task},
};

/// The tests that run.
pub(super) struct Ladders {
    around: Arc<Surroundings>,
    source: Source,
    runtime: Handle,
    climbing: Vec<Climbing>,
    /// For test calls: where they ask us, their ports, and whether all of them are to end.
    words: mpsc::Sender<Word>,
    ports: SparePorts,
    stop: watch::Sender<bool>,
}

/// One of them.
struct Climbing {
    /// The id of its trunk.
    trunk: Arc<str>,
    task: Task<()>,
    /// Where it wants to hear of calls that arrive.
    arrivals: Option<mpsc::Sender<Arrived>>,
}

impl Ladders {
    /// The tests, and what they will say.
    pub(super) fn new(
        around: Surroundings,
        source: Source,
        runtime: Handle,
        ports: SparePorts,
    ) -> (Self, mpsc::Receiver<Word>) {
        let (words, said) = mpsc::channel(WORDS);
        let (around, climbing, stop) = (Arc::new(around), Vec::new(), watch::Sender::new(false));
        (Self { around, source, runtime, climbing, words, ports, stop }, said)
    }

    /// Has every test call hung up.
    pub(super) fn hang_up(&self) {
        self.stop.send_replace(true);
    }

    /// Those who wait for a call.
    fn waiting(&self) -> impl Iterator<Item = &mpsc::Sender<Arrived>> {
        let all = self.climbing.iter().filter_map(|climbing| climbing.arrivals.as_ref());
        all.filter(|arrivals| !arrivals.is_closed())
    }

    /// Whether one more test, of this trunk, may begin.
    fn has_room(&mut self, trunk: &Arc<str>) -> Result<(), NoLadder> {
        self.climbing.retain(|climbing| !climbing.task.is_finished());
        if self.climbing.iter().any(|climbing| climbing.trunk == *trunk) {
            return Err(NoLadder::Running);
        }
        if self.climbing.len() >= MOST { Err(NoLadder::TooMany) } else { Ok(()) }
    }
}

impl Signalling {
    /// Begins a test, which tells of its rungs; it ends where nobody listens any more.
    pub(super) fn test_trunk(
        &mut self,
        name: &str,
        asked: &TestTrunk,
        rungs: mpsc::Sender<Rung>,
    ) -> Result<(), NoLadder> {
        let all = self.switch.snapshot().organisations();
        let of = match (&asked.organisation, all) {
            (Some(slug), _) => all
                .iter()
                .find(|of| *of.slug == **slug)
                .ok_or_else(|| NoLadder::Organisation(slug.clone()))?,
            (None, [only]) => only,
            (None, _) => return Err(NoLadder::WhichOrganisation),
        };
        let organisation = of.slug.to_string();
        let trunk = Arc::clone(of.trunks.get(name).ok_or_else(|| NoLadder::Trunk(name.to_owned()))?);
        self.ladders.has_room(&trunk.id)?;
        let views = self.switch.trunks(std::time::Instant::now()).into_iter().map(views::trunk);
        let live = views.into_iter().find(|view| view.organisation == organisation && view.name == name);
        let wait = asked.wait_inbound_secs.map(|secs| Duration::from_secs(u64::from(secs)));
        let (inbound, arrivals) = match wait {
            Some(limit) => {
                let (sender, arrivals) = mpsc::channel(ARRIVALS);
                (Some(Wait { organisation: organisation.clone(), limit, arrivals }), Some(sender))
            }
            None => (None, None),
        };
        let id = Arc::clone(&trunk.id);
        let (is_up, mut up) = watch::channel(false);
        let outgoing = asked.call.clone().map(|number| Outgoing {
            number,
            organisation: organisation.clone(),
            trunk: Arc::clone(&trunk),
            words: self.ladders.words.clone(),
            ports: self.ladders.ports.clone(),
            stop: self.ladders.stop.subscribe(),
            is_up,
        });
        let account = Whose::Of { source: self.ladders.source.clone(), organisation };
        let around = Arc::clone(&self.ladders.around);
        let ladder = Ladder { around, trunk, account, live, outgoing, inbound };
        let limit = LONGEST + wait.unwrap_or_default() + call::LONGEST;
        let task = task::spawn_on(&self.ladders.runtime, "ladder", async move {
            let listener = rungs.clone();
            tokio::select! {
                climbed = ladder.climb(rungs) => {
                    if let Err(error) = climbed {
                        tracing::error!(%error, "a trunk is not tested for want of entropy");
                    }
                }
                () = async {
                    tokio::select! {
                        () = listener.closed() => {}
                        () = tokio::time::sleep(limit) => {}
                    }
                    // A call that is up is hung up first, which it does by itself.
                    let _ = up.wait_for(|is_up| !is_up).await;
                } => {}
            }
        });
        self.ladders.climbing.push(Climbing { trunk: id, task, arrivals });
        Ok(())
    }

    /// Answers a test that is about to call, or has.
    pub(super) fn ladder_says(&mut self, word: Word) {
        let now = std::time::Instant::now();
        match word {
            Word::Begin { organisation, trunk, number, flow, reply } => {
                let asked =
                    TestCall { organisation: &organisation, trunk: &trunk, number: &number, flow: &flow };
                let granted = self.switch.begin_test_call(now, &asked);
                // The test may have ended meanwhile.
                if let Err(Ok(call)) = reply.send(granted) {
                    self.switch.end_test_call(now, call, None);
                }
            }
            Word::Answered { call, reply } => drop(reply.send(self.switch.test_call_answered(now, call))),
            Word::Ended { call, status } => self.switch.end_test_call(now, call, status),
        }
        // What comes of it is performed.
        self.handle(now, Input::Tick);
    }

    /// Tells those who wait for a call of one that arrives. One that is behind misses it: the provider sends it again.
    pub(super) fn show_arrival(&self, message: &Message, flow: &Flow) {
        let mut waiting = self.ladders.waiting().peekable();
        let Message::Request(request) = message else { return };
        if waiting.peek().is_none() || request.method != Method::Invite || request.to.tag().is_some() {
            return;
        }
        let arrived = Arrived {
            request: request.clone(),
            remote: flow.remote,
            local: flow.local,
            call: self.switch.arrival_view(request, flow),
        };
        for arrivals in waiting {
            let _ = arrivals.try_send(arrived.clone());
        }
    }
}

/// Tests at one time.
const MOST: usize = 4;
/// Of all rungs but a call and the wait for one.
const LONGEST: Duration = Duration::from_secs(300);
const ARRIVALS: usize = 16;
/// A test has said one thing at most that is not answered, and its end.
const WORDS: usize = 4 * MOST;
