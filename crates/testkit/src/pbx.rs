//! A PBX in a box: the real switch with a real dialplan, on the virtual network. It performs every output as the
//! binary would and keeps what there is to look at.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kiestoon_call::{
    AccountKept, BlockRule, BlockRules, Callers, CdrRecord, Contacts, Event, Extension, HoursSet, Input,
    Numbers, Organisation, Output, Profile, Rate, Rates, Settings, Snapshot, SnapshotParts, Switch, Trunk,
    WallClock, WebhookRequest,
};
use kiestoon_dialplan::{Country, Plan, Plans, SourceFile};
use kiestoon_sip::digest::Ha1Set;
use kiestoon_sip::registrar::{BindingChange, StoredBinding};
use kiestoon_sip::stir::{Chain, Fault};
use kiestoon_sip::{Flow, Message, Transport};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::engine::Engine;
use crate::net::Arrival;

/// The PBX's IPv4 address.
pub const PBX4: &str = "10.0.0.1";
/// The PBX's IPv6 address.
pub const PBX6: &str = "2001:db8::1";
/// The domain of the one organisation.
pub const DOMAIN: &str = "kantoor.example";

/// The switch and the world that the binary would give it.
#[derive(Debug)]
pub struct Pbx {
    /// The switch itself.
    pub switch: Switch,
    /// The media engine that obeys it.
    pub engine: Engine,
    /// Every call record in the order written.
    pub cdrs: Vec<CdrRecord>,
    /// Every event.
    pub events: Vec<Event>,
    /// Every change of a binding with its time, as the journal gets it.
    pub bindings: Vec<(Instant, BindingChange)>,
    /// Sources that have logged in and were not banned since.
    pub trusted: Vec<IpAddr>,
    /// Connections that were said to be kept alive, and within which time.
    pub expected: Vec<(Flow, Duration)>,
    /// No room for new requests now.
    pub full: bool,
    /// What a correct switch does not do.
    pub complaints: Vec<String>,
    /// What the DNS knows: the addresses of a host, in the order that they are tried. Others have none.
    pub names: HashMap<String, Vec<SocketAddr>>,
    /// Nobody answers what the DNS is asked.
    pub dns_is_silent: bool,
    /// Every name that was asked for.
    pub looked_up: Vec<String>,
    /// The certificates that can be fetched, by their URLs; None: nobody answers. At other URLs there is none.
    pub certificates: HashMap<String, Option<String>>,
    /// Every URL that a certificate was asked of.
    pub fetched: Vec<String>,
    /// Every question to a service; a test answers it, or not.
    pub asked: Vec<WebhookRequest>,
    /// What hours were set to, as the journal gets it.
    pub hours: Vec<HoursSet>,
    /// Accounts, as the journal gets them.
    pub accounts: Vec<AccountKept>,
    unanswered: VecDeque<Input>,
    out: VecDeque<(Flow, Bytes)>,
    /// Whether every input goes to another process than the one before.
    pub hands_over: bool,
    next_process: Box<HandOver>,
}

/// What a process that takes a switch up has of its own.
#[derive(Debug)]
struct HandOver {
    settings: Settings,
    wall: WallClock,
    rng: ChaCha12Rng,
}

impl HandOver {
    fn of(&mut self, before: &Switch, now: Instant) -> Switch {
        let frozen = before.freeze(now).expect("a switch is plain data");
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        let wall = WallClock { at: now, unix_micros: self.wall.micros(now) };
        let snapshot = Arc::clone(before.snapshot());
        let after = Switch::thaw(&frozen, self.settings.clone(), snapshot, seed, wall);
        after.unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&frozen)))
    }
}

/// What a switch starts from.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The store's revision.
    pub revision: i64,
    /// The extensions' numbers.
    pub numbers: Vec<String>,
    /// Those of them that are switched off.
    pub disabled: Vec<String>,
    /// Those of them whose password came as its MD5 form alone.
    pub md5_only: Vec<String>,
    /// The text of the dialplan.
    pub dialplan: String,
    /// The trunks.
    pub trunks: Vec<Arc<Trunk>>,
    /// The names of the prompts.
    pub prompts: Vec<String>,
    /// What holds for the organisation.
    pub profile: Profile,
    /// What holds for an extension, by its number; others have what ships.
    pub profiles: HashMap<String, Profile>,
    /// What calls cost: trunk, prefix, rate.
    pub rates: Vec<(String, String, Rate)>,
    /// Numbers and names of those who call.
    pub contacts: Vec<(String, String)>,
    /// Who is kept out.
    pub blocks: Vec<BlockRule>,
    /// Numbers that are kept out besides.
    pub listed: Vec<String>,
}

impl Directory {
    /// The snapshot of this directory. Panics where the dialplan does not load.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let file = SourceFile { path: "dialplans/story.toml".into(), text: self.dialplan.clone() };
        let loaded = Plan::load(&[file]).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("the story's dialplan does not load:\n{}", lines.join("\n"))
        });
        let (off, on): (Vec<&String>, Vec<&String>) =
            self.numbers.iter().partition(|number| self.disabled.contains(number));
        let extensions = on.into_iter().map(|number| {
            let extension = Extension {
                id: format!("extension-{number}").into(),
                name: format!("Toestel {number}").into(),
                ha1: self.ha1(number),
                profile: self.profile_of(number),
            };
            (number.clone().into_boxed_str(), extension)
        });
        let organisation = Organisation {
            id: "organisation-1".into(),
            slug: "kantoor".into(),
            domain: Some(DOMAIN.into()),
            realm: DOMAIN.into(),
            extensions: extensions.collect::<HashMap<_, _>>(),
            trunks: self.trunks.iter().map(|trunk| ((*trunk.name).into(), Arc::clone(trunk))).collect(),
            profile: Arc::new(self.profile.clone()),
            callers: Callers {
                country: Country::find("nl"),
                contacts: Contacts::new(self.contacts.iter().map(|(number, name)| (&**number, &**name))),
                rules: BlockRules::new(self.blocks.iter().cloned()),
                listed: Arc::new(Numbers::new(self.listed.iter().map(String::as_str))),
            },
            rates: Rates::new(self.rates.iter().map(|(trunk, prefix, rate)| (&**trunk, &**prefix, *rate))),
        };
        Arc::new(Snapshot::new(SnapshotParts {
            revision: self.revision,
            organisations: vec![organisation],
            own_hosts: vec![PBX4.into(), PBX6.into()],
            plans: Plans::shared_by_all(loaded.plan),
            prompts: self.prompts.clone(),
            dormant: HashMap::from([(
                "organisation-1".into(),
                off.into_iter().map(|number| (number.as_str().into(), self.profile_of(number))).collect(),
            )]),
        }))
    }
}

impl Directory {
    fn profile_of(&self, number: &str) -> Arc<Profile> {
        self.profiles.get(number).cloned().map(Arc::new).unwrap_or_default()
    }

    fn ha1(&self, number: &str) -> Ha1Set {
        let all = Ha1Set::from_password(number, DOMAIN, &password_of(number));
        if self.md5_only.iter().any(|known| known == number) {
            return Ha1Set { md5: all.md5, ..Ha1Set::default() };
        }
        all
    }
}

/// The right password of an extension.
pub fn password_of(number: &str) -> String {
    format!("geheim-{number}")
}

/// The address that the PBX listens on for a family.
pub fn listener(ipv6: bool) -> SocketAddr {
    let text = if ipv6 { PBX6 } else { PBX4 };
    SocketAddr::new(text.parse().expect("a literal address"), 5060)
}

/// Both addresses of the PBX.
pub fn addresses() -> [IpAddr; 2] {
    [listener(false).ip(), listener(true).ip()]
}

impl Pbx {
    /// A switch that has just started.
    pub fn new(now: Instant, mut settings: Settings, directory: &Directory, seed: [u8; 32]) -> Self {
        settings.listen = [Transport::Udp, Transport::Tcp, Transport::Ws]
            .into_iter()
            .flat_map(|transport| [(transport, listener(false)), (transport, listener(true))])
            .collect();
        let wall = WallClock { at: now, unix_micros: STORY_BEGINS };
        let mut switch = Switch::new(settings.clone(), directory.snapshot(), seed, wall);
        switch.keep_gruus(GRUU_KEY);
        Self {
            switch,
            hands_over: std::env::var_os(HAND_OVER).is_some(),
            next_process: Box::new(HandOver { settings, wall, rng: ChaCha12Rng::from_seed(seed) }),
            engine: Engine::new(addresses()),
            cdrs: Vec::new(),
            events: Vec::new(),
            bindings: Vec::new(),
            trusted: Vec::new(),
            expected: Vec::new(),
            full: false,
            complaints: Vec::new(),
            names: HashMap::new(),
            dns_is_silent: false,
            looked_up: Vec::new(),
            certificates: HashMap::new(),
            fetched: Vec::new(),
            asked: Vec::new(),
            hours: Vec::new(),
            accounts: Vec::new(),
            unanswered: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Takes up what another process left in its journals: the records of calls, and the bindings that have not expired.
    pub fn take_over(&mut self, now: Instant, before: Self) {
        let mut bindings: Vec<StoredBinding> = Vec::new();
        for (at, change) in &before.bindings {
            let (aor, contact) = match change {
                BindingChange::Put(binding) => (&binding.aor, &binding.contact),
                BindingChange::Remove { aor, contact } => (aor, contact),
            };
            bindings.retain(|known| known.aor != *aor || known.contact != *contact);
            if let BindingChange::Put(binding) = change {
                let passed = now.saturating_duration_since(*at);
                let (age, remaining) = (binding.age + passed, binding.remaining.saturating_sub(passed));
                bindings.push(StoredBinding { age, remaining, ..binding.clone() });
            }
        }
        self.cdrs = before.cdrs;
        self.bindings = before.bindings;
        self.switch.restore_hours(before.hours.iter().cloned());
        self.hours = before.hours;
        self.switch.restore_accounts(before.accounts.iter().cloned());
        self.accounts = before.accounts;
        self.handle(now, Input::Restore(bindings));
    }

    /// Parses what has arrived and hands it to the switch.
    pub fn receive(&mut self, now: Instant, arrival: Arrival) {
        let input = match arrival {
            Arrival::Failed { flow } => Input::FlowFailed { flow },
            Arrival::Message { flow, bytes } => match Message::parse(&bytes) {
                Ok(message) if self.full => Input::Refused { message, flow },
                Ok(message) => Input::Received { message, flow },
                Err(malformed) => Input::Malformed { malformed, flow },
            },
        };
        self.handle(now, input);
    }

    /// Hands an input to the switch and performs what it asks for.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.feed(now, input);
        loop {
            while let Some(output) = self.switch.poll() {
                self.perform(now, output);
            }
            let next = self.engine.poll().map(Input::Media).or_else(|| self.unanswered.pop_front());
            match next {
                Some(input) => self.feed(now, input),
                None => return,
            }
        }
    }

    /// A switch that was taken up from its plain data must go on as the one that was left.
    fn feed(&mut self, now: Instant, input: Input) {
        if self.hands_over {
            self.switch = self.next_process.of(&self.switch, now);
        }
        self.switch.handle(now, input);
    }

    /// Lets the switch and the engine do what is due.
    pub fn tick(&mut self, now: Instant) {
        self.engine.tick(now);
        self.handle(now, Input::Tick);
    }

    /// When `tick` is wanted.
    pub fn deadline(&self) -> Option<Instant> {
        self.switch.deadline().into_iter().chain(self.engine.deadline()).min()
    }

    /// The next message to send.
    pub fn poll(&mut self) -> Option<(Flow, Bytes)> {
        self.out.pop_front()
    }

    /// The records of calls that have ended.
    pub fn ended(&self) -> impl Iterator<Item = &CdrRecord> {
        self.cdrs.iter().filter(|cdr| cdr.end.is_some())
    }

    /// What is left of calls, in words; registrations may stay.
    pub fn leftovers(&self, now: Instant) -> Vec<String> {
        let mut left = Vec::new();
        let status = self.switch.status();
        if status.calls > 0 {
            left.push(format!("pbx: {} calls: {:?}", status.calls, self.switch.calls(now)));
        }
        if status.transactions > 0 {
            left.push(format!("pbx: {} transactions", status.transactions));
        }
        left.extend(
            self.switch
                .leftovers()
                .map(|(table, count)| format!("pbx: {count} entries in the table of {table}")),
        );
        left.extend(self.engine.legs().map(|(id, leg)| format!("pbx: {id:?} of {:?}", leg.call)));
        left
    }

    /// One record at the start of every call, one at its answer, and one at its end.
    pub fn cdr_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut open: HashMap<String, Written> = HashMap::new();
        for cdr in &self.cdrs {
            let next = match (&cdr.end, cdr.answered_at) {
                (None, None) => Written::Started,
                (None, Some(_)) => Written::Answered,
                (Some(_), _) => Written::Ended,
            };
            let before = open.insert(cdr.id.to_string(), next);
            let fits = match next {
                Written::Started => before.is_none(),
                Written::Answered => before == Some(Written::Started),
                Written::Ended if cdr.answered_at.is_some() => before == Some(Written::Answered),
                Written::Ended => before == Some(Written::Started),
            };
            if !fits {
                faults.push(format!("pbx: record of call {}: {next:?} after {before:?}", cdr.id));
            }
        }
        for cdr in self.ended() {
            if cdr.linked.is_some_and(|other| other == cdr.id || !open.contains_key(&other.to_string())) {
                faults.push(format!(
                    "pbx: call {} went on in {:?}, which is no other call",
                    cdr.id, cdr.linked
                ));
            }
        }
        let unfinished = open.iter().filter(|(_, written)| **written != Written::Ended);
        faults.extend(unfinished.map(|(id, _)| format!("pbx: call {id} has no finished record")));
        faults
    }

    fn perform(&mut self, now: Instant, output: Output) {
        match output {
            Output::Transmit { flow, bytes } => self.out.push_back((flow, bytes)),
            Output::Trust(flow) => self.trusted.push(flow.remote.ip()),
            Output::Ban { source, .. } => self.trusted.retain(|known| *known != source),
            Output::LiftBan(_) => {}
            Output::Expect { flow, within } => self.expected.push((flow, within)),
            Output::Resolve { id, query } => {
                let known = self.names.get(&*query.host).cloned().unwrap_or_default();
                let flow = |remote: SocketAddr| Flow {
                    transport: query.transport.unwrap_or(Transport::Udp),
                    local: listener(remote.is_ipv6()),
                    remote,
                    connection: None,
                };
                let flows = known.into_iter().map(flow).collect();
                self.looked_up.push(query.host.into());
                if self.dns_is_silent {
                    return;
                }
                self.unanswered.push_back(Input::Resolved { id, flows });
            }
            Output::FetchCertificate { id, url } => {
                let found = self.certificates.get(&*url);
                self.fetched.push(url.into());
                let chain = match found {
                    None => Err(Fault::NotFetched),
                    Some(None) => return,
                    Some(Some(pem)) => Chain::parse(pem.as_bytes()).map(Arc::new),
                };
                self.unanswered.push_back(Input::CertificateFetched { id, chain });
            }
            Output::Webhook(request) => self.asked.push(*request),
            Output::Media(command) => self.engine.obey(now, command),
            Output::Bindings(changes) => {
                self.bindings.extend(changes.into_iter().map(|change| (now, change)))
            }
            Output::Cdr(cdr) => self.cdrs.push(*cdr),
            Output::Hours(set) => self.hours.push(set),
            Output::Account(kept) => self.accounts.push(*kept),
            Output::Event(event) => self.events.push(event),
        }
    }
}

/// The store would keep it over a restart.
const GRUU_KEY: [u8; 32] = [7; 32];

/// How far the records of a call go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Started,
    Answered,
    Ended,
}

/// When this is in the environment, the switch of every story is frozen, dropped and thawed before each input.
const HAND_OVER: &str = "KIESTOON_HAND_OVER";
/// Friday 20 November 2026, 10:00 in Amsterdam.
pub const STORY_BEGINS: i64 = 1_795_165_200_000_000;
