//! The handle of the media engine, held by the signalling side: opens legs, forwards commands to the thread of the
//! leg, and joins the threads at the end.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kiestoon_media::codec::Encoding;
use kiestoon_media::prompt::Prompts;
use kiestoon_media::rtp::{Identity, LatchSettings, RtpLeg};
use kiestoon_media::srtp::LocalKeys;
use kiestoon_media::{
    CallKey, LegId, LegQuality, LocalMedia, MediaCommand, MediaEvent, OpenError, Policy, PortPool,
};
use kiestoon_sip::network::PublicAddresses;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::sync::{mpsc, oneshot};

use super::leg::{Activity, Leg};
use super::open::{SharedPool, Sockets, SparePorts, open};
use super::outbox::Outbox;
use super::relay::{Counters, Traffic};
use super::thread::{MediaThread, Order, WAKER};
use super::towards::RecentAddresses;
use super::vital;
use super::webrtc::{Door, DoorEnd, MediaEnd};

/// How the engine runs.
#[derive(Debug, Clone)]
pub(crate) struct EngineConfig {
    /// Media threads; 0: one for each processor, at most four.
    pub(crate) threads: usize,
    /// The RTP and RTCP ports.
    pub(crate) ports: RangeInclusive<u16>,
    /// How long the ports of a leg that has ended rest.
    pub(crate) drain: Duration,
    /// The address to tell peers beyond our router, in place of our own.
    pub(crate) public: PublicAddresses,
    /// Silence of a phone that should be sending until it is said; None: never.
    pub(crate) silent_after: Option<Duration>,
    /// RTP missing from a phone that should be sending until its call ends; None: never.
    pub(crate) lost_after: Option<Duration>,
    /// How the phones' addresses are learnt.
    pub(crate) latch: LatchSettings,
    /// Whether legs get keys, so that they can be protected.
    pub(crate) srtp: bool,
    /// The encodings that may be transcoded.
    pub(crate) speaks: Vec<Encoding>,
    /// The one port of all browsers; None where there are none, 0 takes any.
    pub(crate) webrtc_port: Option<u16>,
    /// How long a browser is waited for: to find a way, to shake hands, and to be heard of again.
    pub(crate) browser_patience: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            ports: 20_000..=29_999,
            drain: Duration::from_secs(5),
            public: PublicAddresses::default(),
            silent_after: Some(Duration::from_secs(60)),
            lost_after: None,
            latch: LatchSettings::default(),
            srtp: true,
            speaks: Policy::usual().codecs,
            webrtc_port: None,
            browser_patience: kiestoon_media::webrtc::PATIENCE,
        }
    }
}

/// The live figures of one leg.
#[derive(Debug, Clone)]
pub(crate) struct LegReport {
    /// The leg.
    pub(crate) leg: LegId,
    /// The figures.
    pub(crate) quality: LegQuality,
}

impl LegReport {
    pub(super) fn of(leg: &Leg) -> Self {
        Self { leg: leg.id, quality: leg.media.quality() }
    }
}

/// The media engine. Dropping it stops and joins its threads; the legs on them end without events.
#[derive(Debug)]
pub(crate) struct Engine {
    config: EngineConfig,
    pool: SharedPool,
    threads: Vec<Worker>,
    /// The thread of each leg, from `Open` to `Close`.
    legs: HashMap<LegId, Place>,
    /// The thread of each call, and how many of its legs are open.
    calls: HashMap<CallKey, (usize, usize)>,
    /// Legs that failed: forgotten without a `Close`.
    failed: mpsc::Receiver<LegId>,
    addresses: RecentAddresses,
    /// Ends before the threads, to which it speaks.
    door: Option<Door>,
    /// What the keys of the legs come from.
    entropy: ChaCha20Rng,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    call: CallKey,
    thread: usize,
    /// The door knows it, too.
    is_browser: bool,
}

#[derive(Debug)]
struct Worker {
    orders: SyncSender<Order>,
    waker: Arc<EventFd>,
    /// Orders were sent since the thread was last woken.
    unwoken: Cell<bool>,
    traffic: Arc<Traffic>,
    legs: usize,
    join: Option<JoinHandle<()>>,
}

/// Orders on their way to a thread. A thread never waits for signalling, so a full queue empties within moments:
/// the sender waits, because a lost `Close` would keep ports for ever.
const ORDERS: usize = 1024;
/// More threads than this only add wake-ups: one relays more than a thousand calls.
const MOST_THREADS: usize = 4;
/// How long a thread is waited for that has not ended: longer than any burst of packets.
const RELEASE: Duration = Duration::from_secs(1);

impl Engine {
    /// Starts the threads. Events other than the answer to `Open` come through `events`; see [`Outbox`] for what
    /// happens when it is full.
    pub(crate) fn start(config: EngineConfig, events: &mpsc::Sender<MediaEvent>) -> io::Result<Self> {
        raise_file_limit();
        let count = match config.threads {
            0 => std::thread::available_parallelism()?.get().min(MOST_THREADS),
            threads => threads,
        };
        let entropy = ChaCha20Rng::from_seed(crate::settings::seed()?);
        let (tell_failed, failed) = mpsc::channel(ORDERS);
        let door = config.webrtc_port.map(|port| {
            let opened = Door::open(port, config.browser_patience);
            opened.map_err(|error| io::Error::new(error.kind(), format!("media.webrtc_port {port}: {error}")))
        });
        let door = door.transpose()?;
        let threads = (0..count)
            .map(|number| {
                Worker::start(
                    number,
                    &config,
                    (events.clone(), tell_failed.clone()),
                    door.as_ref().map(Door::end),
                )
            })
            .collect::<io::Result<_>>()?;
        let pool = Arc::new(Mutex::new(PortPool::new(config.ports.clone(), config.drain)));
        let (legs, calls, addresses) = Default::default();
        Ok(Self { config, pool, threads, legs, calls, failed, addresses, door, entropy })
    }

    /// Performs a command. `Open` is answered at once, every other command by an event later, if at all. Each leg
    /// that was opened ends in exactly one `Closed` or `Failed`.
    pub(crate) fn perform(&mut self, command: MediaCommand) -> Option<MediaEvent> {
        match command {
            MediaCommand::Open { call, leg, peer, browser } => {
                Some(match self.open(call, leg, (peer, browser)) {
                    Ok(local) => MediaEvent::Opened { leg, local },
                    Err(reason) => MediaEvent::OpenFailed { leg, reason },
                })
            }
            MediaCommand::Connect { a, b } => {
                let (Some(one), Some(other)) = (self.legs.get(&a), self.legs.get(&b)) else { return None };
                if one.thread == other.thread {
                    self.forward(MediaCommand::Connect { a, b });
                } else {
                    tracing::error!(a = a.0, b = b.0, "legs of two calls cannot be connected");
                }
                None
            }
            MediaCommand::SetRemote { leg, remote } => {
                if let (Some(browser), Some(door)) = (&remote.browser, &self.door) {
                    door.describe(leg, browser);
                }
                self.forward(MediaCommand::SetRemote { leg, remote });
                None
            }
            MediaCommand::Move { leg, to, call } => {
                let is_moved = self.move_leg(leg, to, call);
                (!is_moved).then_some(MediaEvent::Failed { leg: to })
            }
            MediaCommand::Close { leg } => {
                self.forward(MediaCommand::Close { leg });
                self.forget(leg);
                None
            }
            command => {
                self.forward(command);
                None
            }
        }
    }

    /// Lets the threads obey what they were sent by [`Engine::perform`]: several commands cost one wake-up.
    pub(crate) fn wake(&self) {
        self.threads.iter().for_each(Worker::wake);
    }

    /// Replaces the prompts; those that play go on.
    pub(crate) fn set_prompts(&self, prompts: &Arc<Prompts>) {
        for worker in &self.threads {
            worker.order(Order::Prompts(Arc::clone(prompts)));
        }
        self.wake();
    }

    /// Asks every thread for the figures of its legs. Await the answers; a thread that has died gives none.
    pub(crate) fn request_quality(&self) -> Vec<oneshot::Receiver<Vec<LegReport>>> {
        let ask = |worker: &Worker| {
            let (reply, answer) = oneshot::channel();
            worker.order(Order::Report(reply));
            answer
        };
        let asked = self.threads.iter().map(ask).collect();
        self.wake();
        asked
    }

    /// What was counted since the start, as of each thread's last wake-up.
    pub(crate) fn traffic(&self) -> Counters {
        let mut counters = Counters::default();
        self.threads.iter().for_each(|worker| worker.traffic.add_to(&mut counters));
        counters
    }

    /// Pairs of ports that legs have.
    pub(crate) fn port_pairs(&self) -> usize {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).in_use()
    }

    /// Browsers that the door knows.
    pub(crate) fn browsers(&self) -> usize {
        self.door.as_ref().map_or(0, Door::guests)
    }

    fn open(
        &mut self,
        call: CallKey,
        leg: LegId,
        (peer, browser): (IpAddr, bool),
    ) -> Result<LocalMedia, OpenError> {
        while let Ok(failed) = self.failed.try_recv() {
            self.forget(failed);
        }
        if self.legs.contains_key(&leg) {
            return Err(OpenError::Refused);
        }
        let thread = match self.calls.get(&call) {
            Some((thread, _)) => *thread,
            None => self.idlest(),
        };
        let address =
            self.addresses.towards(Instant::now(), peer).map_err(|_| OpenError::Unreachable(peer))?;
        let sockets = if browser {
            self.expect(leg, thread, (address, peer))?
        } else {
            open(&self.pool, &self.config.public, address, peer)?
        };
        let keys = (self.config.srtp && !browser)
            .then(|| Arc::new(LocalKeys::generate(|bytes| self.entropy.fill_bytes(bytes))));
        let identity = Identity { ssrc: self.entropy.next_u32(), cname: self.entropy.next_u64() };
        let local = LocalMedia { keys: keys.clone(), ..sockets.local.clone() };
        let ssrc = identity.ssrc;
        let media = RtpLeg::new(peer, self.config.latch).with_keys(keys).with_identity(identity);
        let worker = self.threads.get(thread).ok_or(OpenError::Refused)?;
        let attached = worker.order(Order::Attach(Box::new(Leg {
            id: leg,
            call,
            sockets,
            media: if browser { media.of_browser(ssrc) } else { media },
            activity: Activity::Idle,
            route: None,
            voice: None,
            said: None,
            ticks: false,
            by_tick: None,
            #[cfg(test)]
            poisoned: false,
        })));
        if !attached {
            return Err(OpenError::Refused);
        }
        self.settled(leg, Place { call, thread, is_browser: browser });
        Ok(local)
    }

    /// Ports for who speaks beside the engine.
    pub(crate) fn spare_ports(&self) -> SparePorts {
        let (pool, public) = (Arc::clone(&self.pool), self.config.public.clone());
        SparePorts { pool, public, srtp: self.config.srtp }
    }

    fn settled(&mut self, leg: LegId, place: Place) {
        if let Some(worker) = self.threads.get_mut(place.thread) {
            worker.legs = worker.legs.saturating_add(1);
        }
        self.calls.entry(place.call).or_insert((place.thread, 0)).1 += 1;
        self.legs.insert(leg, place);
    }

    /// Has the door expect a browser.
    fn expect(
        &mut self,
        leg: LegId,
        thread: usize,
        (address, peer): (IpAddr, IpAddr),
    ) -> Result<Sockets, OpenError> {
        let mut secret = [0; 32];
        self.entropy.fill_bytes(&mut secret);
        let (Some(door), Some(worker)) = (&self.door, self.threads.get(thread)) else {
            return Err(OpenError::NoBrowsers);
        };
        let told = self.config.public.told(address, peer);
        Ok(Sockets::of_browser(door.expect(leg, worker.end(), secret, (address, told))))
    }

    /// Takes a leg over into another call, which may live on another thread. False where there is none.
    fn move_leg(&mut self, from: LegId, to: LegId, call: CallKey) -> bool {
        let Some(Place { thread: before, is_browser, .. }) = self.legs.get(&from).copied() else {
            return false;
        };
        let thread = self.calls.get(&call).map_or_else(|| self.idlest(), |(thread, _)| *thread);
        if thread == before {
            self.forward(MediaCommand::Move { leg: from, to, call });
        } else if !self.change_thread((from, before), (to, thread), call) {
            self.forget(from);
            return false;
        }
        if let (Some(door), Some(worker), true) = (&self.door, self.threads.get(thread), is_browser) {
            door.rename(from, to, worker.end());
        }
        self.left(from);
        self.settled(to, Place { call, thread, is_browser });
        true
    }

    /// Waits for the thread of a leg to let it go: a media thread never waits for signalling, so that is a matter of its next wake-up.
    fn change_thread(
        &self,
        (leg, from): (LegId, usize),
        (to, thread): (LegId, usize),
        call: CallKey,
    ) -> bool {
        let (Some(before), Some(after)) = (self.threads.get(from), self.threads.get(thread)) else {
            return false;
        };
        let (reply, released) = sync_channel(1);
        before.order(Order::Release { leg, reply });
        before.wake();
        match released.recv_timeout(RELEASE) {
            Ok(leg) => after.order(Order::Attach(Box::new(Leg { id: to, call, ..*leg }))),
            Err(_) => false,
        }
    }

    fn idlest(&self) -> usize {
        let threads = self.threads.iter().enumerate();
        threads.min_by_key(|(_, worker)| worker.legs).map_or(0, |(thread, _)| thread)
    }

    fn forward(&self, command: MediaCommand) {
        let worker = self.legs.get(&command.leg()).and_then(|place| self.threads.get(place.thread));
        if let Some(worker) = worker {
            worker.order(Order::Media(command));
        }
    }

    fn forget(&mut self, leg: LegId) {
        let is_browser = self.left(leg).is_some_and(|place| place.is_browser);
        if let Some(door) = self.door.as_ref().filter(|_| is_browser) {
            door.forget(leg);
        }
    }

    fn left(&mut self, leg: LegId) -> Option<Place> {
        let place = self.legs.remove(&leg)?;
        let Place { call, thread, .. } = place;
        if let Some(worker) = self.threads.get_mut(thread) {
            worker.legs = worker.legs.saturating_sub(1);
        }
        if let Some((_, legs)) = self.calls.get_mut(&call) {
            *legs = legs.saturating_sub(1);
            if *legs == 0 {
                self.calls.remove(&call);
            }
        }
        Some(place)
    }

    #[cfg(test)]
    pub(super) fn open_legs(&self) -> usize {
        self.legs.len()
    }

    #[cfg(test)]
    pub(super) fn poison(&self, leg: LegId) {
        if let Some(place) = self.legs.get(&leg) {
            self.threads[place.thread].order(Order::Poison(leg));
            self.wake();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for worker in &self.threads {
            worker.order(Order::Stop);
        }
        self.wake();
        for worker in &mut self.threads {
            // One that panics takes the process along.
            let _ = worker.join.take().map(JoinHandle::join);
        }
    }
}

impl Worker {
    fn start(
        number: usize,
        config: &EngineConfig,
        (events, failed): (mpsc::Sender<MediaEvent>, mpsc::Sender<LegId>),
        door: Option<DoorEnd>,
    ) -> io::Result<Self> {
        let (orders, received) = sync_channel(ORDERS);
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let waker = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        epoll.add(&waker, EpollEvent::new(EpollFlags::EPOLLIN, WAKER))?;
        let outbox = Outbox::new(events, failed);
        let traffic = Arc::new(Traffic::default());
        let thread = MediaThread::new(
            epoll,
            Arc::clone(&waker),
            received,
            outbox,
            Arc::clone(&traffic),
            (config, door),
        );
        let join = vital::spawn(format!("media-{number}"), move || thread.run())?;
        Ok(Self { orders, waker, unwoken: Cell::new(false), traffic, legs: 0, join: Some(join) })
    }

    /// The way to it, for the door.
    fn end(&self) -> MediaEnd {
        MediaEnd { orders: self.orders.clone(), waker: Arc::clone(&self.waker) }
    }

    /// False if the thread has ended.
    fn order(&self, order: Order) -> bool {
        self.unwoken.set(true);
        match self.orders.try_send(order) {
            Ok(()) => true,
            Err(TrySendError::Full(order)) => {
                self.wake();
                self.orders.send(order).is_ok()
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    fn wake(&self) {
        if self.unwoken.take() {
            // Only a counter at its maximum is refused, and then the thread is awake already.
            let _ = self.waker.write(1);
        }
    }
}

/// A leg takes two files; the usual soft limit of 1,024 would end at 250 calls.
fn raise_file_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) }
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "open file limit stays as it is");
    }
}
