//! Tests of trunks that operators ask for: each is a task of its own, which signalling only tells of calls that arrive.
use std::{sync::Arc, time::Duration};

use kiestoon_call::{Input, TestCall, Trunk};
use kiestoon_control::{Rung, TestTrunk};
use kiestoon_sip::{Flow, Message, Method};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};

use super::{Signalling, views};
use crate::{
    control::NoLadder,
    ladder::{
        Ladder, Surroundings,
        account::Whose,
        call::{self, Grant, Outgoing, Word},
        inbound::{Arrived, Wait},
    },
    media::SparePorts,
    snapshot::{self, Source},
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
    /// The slug of its organisation, and the name of its trunk.
    organisation: String,
    name: String,
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
    fn has_room(&mut self, organisation: &str, name: &str) -> Result<(), NoLadder> {
        self.climbing.retain(|climbing| !climbing.task.is_finished());
        let own = || self.climbing.iter().filter(|climbing| climbing.organisation == organisation);
        if own().any(|climbing| climbing.name == name) {
            return Err(NoLadder::Running);
        }
        // Nobody keeps the others from theirs.
        if own().count() >= MOST_OWN {
            return Err(NoLadder::OwnTooMany);
        }
        if self.climbing.len() >= MOST { Err(NoLadder::TooMany) } else { Ok(()) }
    }
}

/// What is tested.
struct Tested {
    /// The slug of the organisation.
    organisation: String,
    name: String,
    /// The trunk that carries calls; None where none of that name does.
    known: Option<Arc<Trunk>>,
    live: Option<kiestoon_control::Trunk>,
}

impl Tested {
    /// The trunk; one that carries no calls yet is as the database has it: it is tested before it is enabled.
    async fn trunk(&self, source: &Source) -> Result<Arc<Trunk>, NoLadder> {
        if let Some(known) = &self.known {
            return Ok(Arc::clone(known));
        }
        let not_there = || NoLadder::Trunk(self.name.clone());
        let (_, found) = source.store.trunk(Some(&self.organisation), &self.name).await.map_err(|error| {
            tracing::debug!(%error, "a trunk that is to be tested is not read");
            not_there()
        })?;
        let presets = crate::presets::load(source.presets.as_deref()).map_err(|_| not_there())?;
        snapshot::trunk(&found, &presets).map(Arc::new).map_err(NoLadder::NotWhole)
    }
}

/// Climbs for so long at most, and while somebody listens. `up` says whether a call is up: that is hung up first.
async fn climb(ladder: Ladder, rungs: mpsc::Sender<Rung>, limit: Duration, mut up: watch::Receiver<bool>) {
    let listener = rungs.clone();
    let is_left = async {
        tokio::select! {
            () = listener.closed() => {}
            () = tokio::time::sleep(limit) => {}
        }
        let _ = up.wait_for(|is_up| !is_up).await;
    };
    tokio::select! {
        climbed = ladder.climb(rungs) => {
            if let Err(error) = climbed {
                tracing::error!(%error, "a trunk is not tested for want of entropy");
            }
        }
        () = is_left => {}
    }
}

impl Signalling {
    /// Begins a test, which tells of its rungs; it ends where nobody listens any more.
    pub(super) fn test_trunk(
        &mut self,
        name: String,
        asked: TestTrunk,
        rungs: mpsc::Sender<Rung>,
        reply: oneshot::Sender<Result<(), NoLadder>>,
    ) {
        match self.tested(name, &asked) {
            Ok(tested) => self.begin_test(tested, asked, rungs, reply),
            Err(why) => drop(reply.send(Err(why))),
        }
    }

    /// What is to be tested, where there is room for it.
    fn tested(&mut self, name: String, asked: &TestTrunk) -> Result<Tested, NoLadder> {
        let all = self.switch.snapshot().organisations();
        let of = match (&asked.organisation, all) {
            (Some(slug), _) => all
                .iter()
                .find(|of| *of.slug == **slug)
                .ok_or_else(|| NoLadder::Organisation(slug.clone()))?,
            (None, [only]) => only,
            (None, _) => return Err(NoLadder::WhichOrganisation),
        };
        let (organisation, known) = (of.slug.to_string(), of.trunks.get(&*name).map(Arc::clone));
        self.ladders.has_room(&organisation, &name)?;
        let views = self.switch.trunks(std::time::Instant::now()).into_iter().map(views::trunk);
        let live = views.into_iter().find(|view| view.organisation == organisation && view.name == name);
        Ok(Tested { organisation, name, known, live })
    }

    fn begin_test(
        &mut self,
        tested: Tested,
        asked: TestTrunk,
        rungs: mpsc::Sender<Rung>,
        reply: oneshot::Sender<Result<(), NoLadder>>,
    ) {
        let (organisation, name) = (tested.organisation.clone(), tested.name.clone());
        let wait = asked.wait_inbound_secs.map(|secs| Duration::from_secs(u64::from(secs)));
        let (inbound, arrivals) = match wait {
            Some(limit) => {
                let (sender, arrivals) = mpsc::channel(ARRIVALS);
                (Some(Wait { organisation: organisation.clone(), limit, arrivals }), Some(sender))
            }
            None => (None, None),
        };
        let limit = LONGEST + wait.unwrap_or_default() + call::LONGEST;
        let ladders = &self.ladders;
        let (around, source) = (Arc::clone(&ladders.around), ladders.source.clone());
        let (words, ports, stop) = (ladders.words.clone(), ladders.ports.clone(), ladders.stop.subscribe());
        let task = task::spawn_on(&ladders.runtime, "ladder", async move {
            let trunk = match tested.trunk(&source).await {
                Ok(trunk) => trunk,
                Err(why) => return drop(reply.send(Err(why))),
            };
            if reply.send(Ok(())).is_err() {
                return;
            }
            let Tested { organisation, live, .. } = tested;
            let (is_up, up) = watch::channel(false);
            let outgoing = asked.call.map(|number| {
                let (organisation, trunk) = (organisation.clone(), Arc::clone(&trunk));
                Outgoing { number, organisation, trunk, words, ports, stop, is_up }
            });
            let account = Whose::Of { source, organisation };
            let ladder = Ladder { around, trunk, account, live, outgoing, inbound };
            climb(ladder, rungs, limit, up).await;
        });
        self.ladders.climbing.push(Climbing { organisation, name, task, arrivals });
    }

    /// Answers a test that is about to call, or has.
    pub(super) fn ladder_says(&mut self, word: Word) {
        let now = std::time::Instant::now();
        match word {
            Word::Begin { organisation, trunk, number, flow, room, reply } => {
                let asked =
                    TestCall { organisation: &organisation, trunk: &trunk, number: &number, flow: &flow };
                let granted = self.switch.begin_test_call(now, &asked);
                // The test may have ended meanwhile: what nobody takes is dropped, and that ends the call.
                drop(reply.send(granted.map(|call| Grant::new(call, room))));
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

/// Tests at one time, and those of one organisation.
const MOST: usize = 4;
const MOST_OWN: usize = 2;
/// Of all rungs but a call and the wait for one.
const LONGEST: Duration = Duration::from_secs(300);
const ARRIVALS: usize = 16;
/// A test says one thing at a time, and keeps room for the end of its call.
const WORDS: usize = 4 * MOST;
