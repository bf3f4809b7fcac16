//! The signalling task: one thread that owns transactions, dialogs, registrations and all calls, with the transports'
//! tasks beside it on the same runtime. It feeds the switch and performs what the switch decides, in that order.
mod drain;
mod exposition;
mod fraud;
mod happenings;
mod hours;
mod ladders;
mod log;
mod metrics;
mod operator;
mod parts;
mod perform;
mod records;
mod rights;
mod subject;
mod trunks;
mod views;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::AtomicBool},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kiestoon_call::{Input, Switch, WallClock};
use kiestoon_sip::Message;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{
    clock,
    media::Engine,
    persist::Journals,
    reload,
    stir::{Fetched, Fetcher},
    task::{self, Task},
    transport::{BindError, Certificates, Inbound, Police, Resolved, Resolver, Standing, Transports},
    webhook::Webhooks,
};
use ladders::Ladders;
use parts::Mailboxes;
pub(crate) use parts::Parts;

/// How the process is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is not.
    Run,
    /// No new calls; the running ones may end by themselves until then.
    Drain(Instant),
    /// Hang up what runs, and end when the last BYE is answered.
    Now,
    /// End, whatever is unanswered.
    Abandon,
}

/// Starts the thread; returns when its listeners are bound, or with every one that could not be.
pub(crate) async fn start(parts: Parts) -> Result<JoinHandle<()>, Vec<BindError>> {
    let (bound, is_bound) = oneshot::channel();
    let thread = std::thread::Builder::new().name("signalling".into()).spawn(move || run(parts, bound));
    let thread = match thread {
        Ok(thread) => thread,
        Err(error) => panic!("no thread for signalling: {error}"),
    };
    match is_bound.await {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(errors)) => Err(errors),
        Err(_) => Err(Vec::new()),
    }
}

fn run(parts: Parts, bound: oneshot::Sender<Result<(), Vec<BindError>>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        // A task like the transports' own: the runtime looks for events once more each time that its outermost future is
        // woken, which would be for each message.
        Ok(runtime) => {
            let served =
                runtime.block_on(async { task::spawn("signalling", serve(parts, bound)).join().await });
            assert!(served.is_some(), "signalling panicked");
        }
        Err(error) => tracing::error!(%error, "no runtime for signalling"),
    }
}

async fn serve(parts: Parts, bound: oneshot::Sender<Result<(), Vec<BindError>>>) {
    match parts.assemble() {
        Ok((signalling, mailboxes)) => {
            let _ = bound.send(Ok(()));
            Box::pin(work(signalling, mailboxes)).await;
        }
        Err(errors) => drop(bound.send(Err(errors))),
    }
}

/// Takes from the mailboxes whatever came, until the last call has ended after it was asked to stop.
async fn work(mut signalling: Signalling, mailboxes: Mailboxes) {
    let Mailboxes {
        mut received,
        mut media_events,
        mut resolutions,
        mut webhook_answers,
        mut certificates,
        mut commands,
        mut ladders,
        mut snapshots,
        mut stop,
    } = mailboxes;
    let timer = tokio::time::sleep(IDLE);
    tokio::pin!(timer);
    let mut standing = Standing::new(&signalling.police);
    let mut armed = None;
    let mut wall = tokio::time::interval(WALL_CLOCK_EVERY);
    let mut patience = tokio::time::interval(drain::SAID_EVERY);
    loop {
        let deadline = signalling.switch.deadline();
        if deadline != armed {
            timer.as_mut().reset(deadline.unwrap_or_else(|| Instant::now() + IDLE).into());
            armed = deadline;
        }
        // Not biased: a flood of messages must starve neither timers nor operators.
        tokio::select! {
            Ok(()) = stop.changed() => {
                let asked = *stop.borrow_and_update();
                patience.reset();
                signalling.stop(asked);
            }
            message = received.recv() => {
                let Some(message) = message else { return };
                signalling.inbound(message);
                // What arrived together is worked off together; the bound keeps timers on time.
                for _ in 1..INBOUND_BATCH {
                    let Ok(message) = received.try_recv() else { break };
                    signalling.inbound(message);
                }
                standing.found(Instant::now(), received.is_empty());
            }
            Some(event) = media_events.recv() => signalling.handle(Instant::now(), Input::Media(event)),
            Some(found) = resolutions.recv() => signalling.resolved(found),
            Some(answered) = webhook_answers.recv() => {
                signalling.metrics.webhook(&answered.answer);
                signalling.handle(Instant::now(), answered.into());
            }
            Some(fetched) = certificates.recv() => signalling.fetched(fetched),
            () = &mut timer, if deadline.is_some() => {
                armed = None;
                signalling.handle(Instant::now(), Input::Tick);
            }
            Some(command) = commands.recv() => signalling.command(command),
            Some(word) = ladders.recv() => signalling.ladder_says(word),
            Ok(()) = snapshots.changed() => {
                let snapshot = Arc::clone(&snapshots.borrow_and_update());
                let revision = snapshot.revision;
                signalling.handle(Instant::now(), Input::Snapshot(snapshot));
                signalling.tell(kiestoon_control::Happening::Reloaded { revision });
            }
            _ = wall.tick() => signalling.handle(Instant::now(), Input::WallClock(clock::wall_clock())),
            _ = patience.tick(), if signalling.drain.is_some() => signalling.say_what_is_left(),
        }
        let asked = *stop.borrow();
        if asked == Stop::Abandon || (asked != Stop::Run && signalling.switch.is_idle()) {
            break;
        }
    }
    Box::pin(signalling.last_words()).await;
}

/// The switch and the hands that perform its outputs.
struct Signalling {
    switch: Switch,
    transports: Transports,
    police: Police,
    resolver: Resolver,
    webhooks: Webhooks,
    fetcher: Fetcher,
    ladders: Ladders,
    engine: Engine,
    journals: Journals,
    events: broadcast::Sender<kiestoon_control::Event>,
    reloads: mpsc::Sender<reload::Request>,
    drains: mpsc::Sender<Duration>,
    drain_limit: Duration,
    /// While new calls are refused and the running ones are waited for.
    drain: Option<drain::Drain>,
    started: WallClock,
    totals: kiestoon_control::Totals,
    metrics: metrics::Metrics,
    /// Whether the last reload was refused.
    reload_refused: Arc<AtomicBool>,
    certificates: Certificates,
    /// What was answered at once, to be handled next; empty between two calls of [`Signalling::handle`].
    answered: VecDeque<Input>,
    /// How often each cause was named.
    diagnoses: BTreeMap<&'static str, u64>,
    /// Calls that a rule was for, by what became of them.
    blocked: BTreeMap<&'static str, u64>,
    /// Answers to operators that wait for the media threads.
    answers: Vec<Task<()>>,
}

impl Signalling {
    fn inbound(&mut self, inbound: Inbound) {
        let input = match inbound {
            Inbound::Message { message, flow } => {
                self.received(&message);
                self.show_arrival(&message, &flow);
                Input::Received { message, flow }
            }
            Inbound::Refused { message, flow } => {
                self.received(&message);
                self.show_arrival(&message, &flow);
                Input::Refused { message, flow }
            }
            Inbound::Malformed { malformed, flow } => {
                self.totals.sip_received += 1;
                self.totals.sip_dropped += 1;
                tracing::debug!(remote = %flow.remote, error = %malformed, "malformed message");
                Input::Malformed { malformed, flow }
            }
            Inbound::KeptAlive { flow } => Input::KeptAlive { flow },
            Inbound::Opened { id, outgoing } => return self.transports.opened(id, outgoing),
            Inbound::Closed { flow, also } => {
                self.transports.closed(&flow);
                if let Some(flow) = also {
                    self.handle(Instant::now(), Input::FlowFailed { flow });
                }
                Input::FlowFailed { flow }
            }
        };
        self.handle(Instant::now(), input);
    }

    fn received(&mut self, message: &Message) {
        self.totals.sip_received += 1;
        if let Message::Request(request) = message {
            self.metrics.received(&request.method);
        }
    }

    fn resolved(&mut self, found: Resolved) {
        let Resolved { id, name, flows } = found;
        let flows = flows.into_iter().map(|flow| self.transports.named(flow, &name)).collect();
        self.handle(Instant::now(), Input::Resolved { id, flows });
    }

    fn fetched(&mut self, fetched: Fetched) {
        for input in self.fetcher.fetched(fetched) {
            self.handle(Instant::now(), input);
        }
    }

    /// The law of the cores: after each `handle`, everything that comes out is performed before the next one.
    fn handle(&mut self, now: Instant, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next {
            self.switch.handle(now, input);
            while let Some(output) = self.switch.poll() {
                let answer = self.perform(output);
                self.answered.extend(answer);
            }
            next = self.answered.pop_front();
        }
        self.engine.wake();
    }

    fn stop(&mut self, asked: Stop) {
        let now = Instant::now();
        match asked {
            Stop::Run | Stop::Abandon => {}
            Stop::Drain(until) => {
                self.handle(now, Input::Drain);
                self.begin_drain(until);
            }
            Stop::Now => {
                self.drain = None;
                self.handle(now, Input::Drain);
                self.handle(now, Input::HangupAll);
                // Tests hang up their calls themselves; what is left of those soon is nobody's.
                self.ladders.hang_up();
                self.switch.hurry_test_calls(now);
            }
        }
    }

    /// Lets the last messages leave the connections' queues, as far as the peers read them.
    async fn last_words(mut self) {
        let _ = tokio::time::timeout(LAST_WORDS, self.transports.close()).await;
    }
}

const INBOUND_BATCH: usize = 64;
const IDLE: Duration = Duration::from_secs(3_600);
const WALL_CLOCK_EVERY: Duration = Duration::from_secs(10);
const LAST_WORDS: Duration = Duration::from_millis(100);
