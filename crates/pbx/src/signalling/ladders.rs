//! Tests of trunks that operators ask for: each is a task of its own, which signalling only tells of calls that arrive.
use std::{sync::Arc, time::Duration};

use kiestoon_control::{Rung, TestTrunk};
use kiestoon_sip::{Flow, Message, Method};
use tokio::{runtime::Handle, sync::mpsc};

use super::{Signalling, views};
use crate::{
    control::NoLadder,
    ladder::{
        Ladder, Surroundings,
        account::Whose,
        inbound::{Arrived, Wait},
    },
    snapshot::Source,
    task::{self, Task},
};

/// The tests that run.
pub(super) struct Ladders {
    around: Arc<Surroundings>,
    source: Source,
    runtime: Handle,
    climbing: Vec<Climbing>,
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
    pub(super) fn new(around: Surroundings, source: Source, runtime: Handle) -> Self {
        Self { around: Arc::new(around), source, runtime, climbing: Vec::new() }
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
        let account = Whose::Of { source: self.ladders.source.clone(), organisation };
        let ladder = Ladder { around: Arc::clone(&self.ladders.around), trunk, account, live, inbound };
        let limit = LONGEST + wait.unwrap_or_default();
        let task = task::spawn_on(&self.ladders.runtime, "ladder", async move {
            let listener = rungs.clone();
            tokio::select! {
                climbed = ladder.climb(rungs) => {
                    if let Err(error) = climbed {
                        tracing::error!(%error, "a trunk is not tested for want of entropy");
                    }
                }
                () = listener.closed() => {}
                () = tokio::time::sleep(limit) => {}
            }
        });
        self.ladders.climbing.push(Climbing { trunk: id, task, arrivals });
        Ok(())
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
/// Of all rungs but the wait for a call.
const LONGEST: Duration = Duration::from_secs(300);
const ARRIVALS: usize = 16;
