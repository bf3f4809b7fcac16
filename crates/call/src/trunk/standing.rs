//! How the trunks stand: each of their hosts, the calls over each trunk, and what came of them. What is heard of a host comes
//! here from three sides: from OPTIONS (`switch/trunk_health.rs`), from registrations, and from calls.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::CallKey;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, SipUri, Uri};
use serde::{Deserialize, Serialize};

use super::Trunk;
use super::channels::Channels;
use super::health::{Health, HostState, Sign};
use super::pace::Pace;
use super::results::Results;
use crate::agenda::Agenda;
use crate::event::Event;
use crate::exchange::Exchange;

/// All trunks of the snapshot.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Standings {
    /// By the id of the trunk.
    trunks: BTreeMap<Arc<str>, Standing>,
    hosts: BTreeMap<u32, Host>,
    /// The number of the latest host.
    last: u32,
    /// Hosts that are down and that nobody asks, each with the call that finds out whether it is still so.
    tried: BTreeMap<u32, CallKey>,
    /// When which host is to be looked at.
    #[serde(skip)]
    pub(crate) agenda: Agenda<u32>,
    /// The calls over each trunk: counted anew where they are taken up.
    #[serde(skip)]
    pub(crate) channels: Channels,
}

/// One trunk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The id of its organisation, and its name.
    organisation: Arc<str>,
    name: Arc<str>,
    /// In order of preference.
    hosts: Vec<u32>,
    /// Whether it was last said to be up; None: nothing was said yet.
    said: Option<bool>,
    /// Of the calls that go out, and of those that come in: a provider counts them apart.
    pub(crate) outbound: Pace,
    pub(crate) inbound: Pace,
    pub(crate) results: Results,
}

/// One of its hosts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Host {
    /// The id of its trunk.
    trunk: Arc<str>,
    /// As the operator has written it.
    pub(crate) uri: Box<str>,
    pub(crate) health: Health,
    pub(crate) step: Step,
    /// When it was last asked for.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) asked_at: Instant,
    /// From its last OPTIONS to the answer.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) round_trip: Option<Duration>,
}

/// What is being done to find out how a host stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Nothing: it is not asked.
    Idle,
    /// It is asked then.
    Waiting(#[serde(with = "kiestoon_sip::plain")] Instant),
    /// The DNS is asked, and given up then.
    Locating(#[serde(with = "kiestoon_sip::plain")] Instant),
    /// An OPTIONS is out.
    Asking {
        client: ClientId,
        #[serde(with = "kiestoon_sip::plain")]
        sent: Instant,
        /// When the next address is asked.
        #[serde(with = "kiestoon_sip::plain")]
        until: Instant,
        left: VecDeque<Flow>,
    },
}

impl Step {
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Idle => None,
            Self::Waiting(at) | Self::Locating(at) => Some(*at),
            Self::Asking { until, .. } => Some(*until),
        }
    }
}

impl Standings {
    pub(crate) fn host(&self, id: u32) -> Option<&Host> {
        self.hosts.get(&id)
    }

    /// Changes a host, and when it is looked at next.
    pub(crate) fn with_host<R>(&mut self, id: u32, act: impl FnOnce(&mut Host) -> R) -> Option<R> {
        let host = self.hosts.get_mut(&id)?;
        let done = act(host);
        self.agenda.set(id, host.step.deadline());
        Some(done)
    }

    pub(crate) fn standing(&self, trunk: &str) -> Option<&Standing> {
        self.trunks.get(trunk)
    }

    pub(crate) fn standing_mut(&mut self, trunk: &str) -> Option<&mut Standing> {
        self.trunks.get_mut(trunk)
    }

    /// The hosts of a trunk, in order of preference.
    pub(crate) fn hosts_of(&self, trunk: &str) -> impl Iterator<Item = (u32, &Host)> {
        let hosts = self.trunks.get(trunk).map(|standing| &*standing.hosts).unwrap_or_default();
        hosts.iter().filter_map(|id| Some((*id, self.hosts.get(id)?)))
    }

    /// The host of a trunk that a URI with any user leads to.
    fn host_at(&self, trunk: &str, uri: &Uri) -> Option<u32> {
        let uri = host_of(uri)?;
        self.hosts_of(trunk).find(|(_, host)| host.uri == uri).map(|(id, _)| id)
    }

    /// Whether calls go by a host: it wants to be left alone, or it is down and this is not the time to see whether it still is.
    pub(crate) fn is_left_out(&self, now: Instant, trunk: &Trunk, uri: &Uri) -> bool {
        let Some(id) = self.host_at(&trunk.id, uri) else { return false };
        let Some(health) = self.hosts.get(&id).map(|host| &host.health) else { return false };
        let may_be_tried =
            trunk.options.is_none() && !self.tried.contains_key(&id) && health.may_be_tried(now);
        health.rests(now) || (health.is_down() && !may_be_tried)
    }

    /// A call is about to find out how a host stands, where that is down.
    pub(crate) fn tries(&mut self, trunk: &Trunk, uri: &Uri, call: CallKey) {
        if let Some(id) = self.host_at(&trunk.id, uri)
            && self.hosts.get(&id).is_some_and(|host| host.health.is_down())
        {
            self.tried.entry(id).or_insert(call);
        }
    }

    /// Whether another call is finding that out.
    pub(crate) fn is_tried_by_another(&self, trunk: &Trunk, uri: &Uri, call: CallKey) -> bool {
        let id = self.host_at(&trunk.id, uri);
        id.and_then(|id| self.tried.get(&id)).is_some_and(|other| *other != call)
    }

    /// A call finds nothing out any more.
    pub(crate) fn leave_tried(&mut self, call: CallKey) {
        self.tried.retain(|_, by| *by != call);
    }

    /// How a trunk stands: it is up while one of its hosts is, and down where all are.
    pub(crate) fn state(&self, trunk: &str) -> HostState {
        let states = || self.hosts_of(trunk).map(|(_, host)| host.health.state);
        if states().any(|state| state == HostState::Up) {
            HostState::Up
        } else if states().next().is_some() && states().all(|state| state == HostState::Down) {
            HostState::Down
        } else {
            HostState::Unknown
        }
    }

    /// Calls over trunks, and calls that try hosts: for tests that every call cleans up after itself.
    pub(crate) fn len(&self) -> usize {
        self.channels.len() + self.tried.len()
    }
}

impl Exchange {
    /// The trunks become those of the snapshot. A host that stays goes on as it stands; a new one is asked soon.
    pub(crate) fn take_standings(&mut self) {
        let snapshot = Arc::clone(&self.snapshot);
        let before = std::mem::take(&mut self.standings);
        let mut known: HashMap<(Arc<str>, Box<str>), (u32, Host)> = HashMap::new();
        for (id, host) in before.hosts {
            known.insert((Arc::clone(&host.trunk), host.uri.clone()), (id, host));
        }
        let mut trunks = before.trunks;
        let mut now = Standings { last: before.last, channels: before.channels, ..Standings::default() };
        for organisation in snapshot.organisations() {
            for trunk in organisation.trunks_by_name() {
                let mut standing = trunks.remove(&trunk.id).unwrap_or_default();
                standing.organisation = Arc::clone(&organisation.id);
                standing.name = Arc::clone(&trunk.name);
                standing.hosts.clear();
                for uri in trunk.hosts.iter().filter_map(|host| host_of(&Uri::Sip(host.clone()))) {
                    let found = known.remove(&(Arc::clone(&trunk.id), uri.clone()));
                    let (id, mut host) = found.unwrap_or_else(|| {
                        now.last = now.last.wrapping_add(1);
                        (now.last, Host::new(self.now, trunk, uri))
                    });
                    host.step = match (host.step, trunk.options) {
                        (Step::Waiting(_), None) => Step::Idle,
                        (Step::Idle, Some(every)) => {
                            Step::Waiting(self.now + spread(self.random(), every.min(SOON)))
                        }
                        (step, _) => step,
                    };
                    now.agenda.set(id, host.step.deadline());
                    now.hosts.insert(id, host);
                    standing.hosts.push(id);
                }
                now.trunks.insert(Arc::clone(&trunk.id), standing);
            }
        }
        for (_, host) in known.into_values() {
            if let Step::Asking { client, .. } = host.step {
                self.routes.remove_client(client);
            }
        }
        now.tried = before.tried;
        now.tried.retain(|id, _| now.hosts.contains_key(id));
        self.standings = now;
    }

    /// A call has heard something of a host of a trunk, which it has called at `uri`.
    pub(crate) fn call_heard_of(&mut self, trunk: &Trunk, uri: &Uri, sign: Sign) {
        if let Some(id) = self.standings.host_at(&trunk.id, uri) {
            self.heard_of(id, sign);
        }
    }

    /// A host of a trunk, which a call has called at `uri`, wants no other one for a while.
    pub(crate) fn leave_alone(&mut self, trunk: &Trunk, uri: &Uri, wait: Duration) {
        let now = self.now;
        if let Some(id) = self.standings.host_at(&trunk.id, uri) {
            self.standings.with_host(id, |host| host.health.wants_rest(now, wait));
        }
    }

    /// A registration has.
    pub(crate) fn registration_heard_of(&mut self, trunk: &Trunk, uri: &str, sign: Sign) {
        let id = self.standings.hosts_of(&trunk.id).find(|(_, host)| *host.uri == *uri).map(|(id, _)| id);
        if let Some(id) = id {
            self.heard_of(id, sign);
        }
    }

    /// Something was heard of a host: whoever watches is told where that changes how it stands.
    pub(crate) fn heard_of(&mut self, id: u32, sign: Sign) {
        let now = self.now;
        self.standings.tried.remove(&id);
        let changed = self.standings.with_host(id, |host| {
            let changed = host.health.note(now, sign);
            if let (true, Step::Waiting(until)) = (host.health.is_doubtful(), &mut host.step) {
                *until = (*until).min(now + DOUBTFUL);
            }
            changed
        });
        if changed == Some(true) {
            self.tell_of_host(id);
        }
    }

    fn tell_of_host(&mut self, id: u32) {
        let standings = &self.standings;
        let Some(host) = standings.hosts.get(&id) else { return };
        let Some(standing) = standings.trunks.get(&host.trunk) else { return };
        let (id, reason, is_down) = (Arc::clone(&host.trunk), host.health.fault(), host.health.is_down());
        let organisation = self.snapshot.index_of(&standing.organisation);
        let organisation = organisation.and_then(|index| self.snapshot.organisation(index));
        let organisation = organisation.map(|own| own.slug.clone()).unwrap_or_default();
        let trunk: Box<str> = (*standing.name).into();
        let (several, said) = (standing.hosts.len() > 1, standing.said);
        let is_up = match standings.state(&id) {
            HostState::Up => Some(true),
            HostState::Down => Some(false),
            HostState::Unknown => None,
        };
        // Of a trunk with one host the host is the trunk.
        if several {
            let (organisation, trunk, host) = (organisation.clone(), trunk.clone(), host.uri.clone());
            self.event(match is_down {
                true => Event::TrunkHostDown { organisation, trunk, host, reason },
                false => Event::TrunkHostUp { organisation, trunk, host },
            });
        }
        if is_up.is_none() || is_up == said {
            return;
        }
        self.event(match is_up {
            Some(true) => Event::TrunkUp { organisation, trunk },
            _ => Event::TrunkDown { organisation, trunk, reason },
        });
        if let Some(standing) = self.standings.trunks.get_mut(&id) {
            standing.said = is_up;
        }
    }
}

impl Host {
    fn new(now: Instant, trunk: &Trunk, uri: Box<str>) -> Self {
        Self {
            trunk: Arc::clone(&trunk.id),
            uri,
            health: Health::new(now),
            step: Step::Idle,
            asked_at: now,
            round_trip: None,
        }
    }

    /// The id of the organisation of its trunk, and the trunk's name.
    pub(crate) fn belongs<'a>(&self, standings: &'a Standings) -> Option<(&'a Arc<str>, &'a Arc<str>)> {
        let standing = standings.trunks.get(&self.trunk)?;
        Some((&standing.organisation, &standing.name))
    }

    /// It is asked again after a while: soon where that may change how it stands.
    pub(crate) fn wait(&mut self, now: Instant, every: Option<Duration>, chance: u64) {
        self.step = match every {
            None => Step::Idle,
            Some(every) => {
                let every = if self.health.is_doubtful() { every.min(DOUBTFUL) } else { every };
                // Those that were asked in one moment are not for ever.
                let at = self.asked_at + every + spread(chance, every / 10);
                Step::Waiting(at.max(now))
            }
        };
    }
}

/// The URI of a host, of one with the number that is called there.
pub(crate) fn host_of(uri: &Uri) -> Option<Box<str>> {
    let uri = SipUri { user: None, ..uri.as_sip()?.clone() };
    Some(Uri::Sip(uri).to_string().into())
}

/// Some part of a time.
fn spread(chance: u64, over: Duration) -> Duration {
    let millis = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(chance % millis)
}

/// A host of which the next sign counts is asked so often.
const DOUBTFUL: Duration = Duration::from_secs(5);
/// Within this time a new host is asked for the first time.
const SOON: Duration = Duration::from_secs(5);
