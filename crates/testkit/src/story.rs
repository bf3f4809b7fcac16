//! A story: phones, a PBX and a network, told in the order that things happen. When a test fails, the ladder of
//! all messages is printed with the seed.

mod deeds;
mod expect;
mod opening;
mod operation;
mod rights;
mod transfers;

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kiestoon_call::{BlockAction, BlockCondition, BlockRule, Rate, Settings, Trunk};
use kiestoon_dialplan::{Country, Language, SayKind};
use kiestoon_sip::{Flow, Host, Message, SipUri, Transport};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::net::{Arrival, Link, Network};
use crate::pbx::{DOMAIN, Directory, Pbx, addresses, listener, password_of};
use crate::phone::Site;
use crate::phone::{Phone, Place, Profile};
use crate::what::What;

/// Names a phone of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneId(usize);

/// Everything of one test.
#[derive(Debug)]
pub struct Story {
    seed: u64,
    clock: Clock,
    chance: Chance,
    /// The network, for rules and links.
    pub net: Network,
    settings: Settings,
    directory: Directory,
    pbx: Option<Pbx>,
    phones: Vec<Phone>,
    lossy: bool,
    /// Hosts that have forgotten their calls at some time.
    forgetful: HashSet<IpAddr>,
    /// Whether a failure prints the ladder.
    drawn: bool,
}

impl Story {
    /// A story of a seed: without extensions, and with a dialplan that dials every extension of three digits.
    pub fn new(seed: u64) -> Self {
        let clock = Clock::new();
        let mut chance = Chance::new(seed);
        let net = Network::new(clock, Chance::new(chance.below(u64::MAX)));
        let directory = Directory {
            revision: 1,
            numbers: Vec::new(),
            disabled: Vec::new(),
            md5_only: Vec::new(),
            dialplan: dialplan_of(DIAL_ALL),
            trunks: Vec::new(),
            prompts: SayKind::ALL
                .into_iter()
                .flat_map(|kind| Language::Dutch.recordings(kind))
                .chain(["welkom".to_owned(), "tone:ringback".to_owned()])
                .collect(),
            profile: kiestoon_call::Profile::default(),
            profiles: HashMap::new(),
            rates: Vec::new(),
            contacts: Vec::new(),
            blocks: Vec::new(),
            listed: Vec::new(),
        };
        Self {
            seed,
            clock,
            chance,
            net,
            settings: Settings::default(),
            directory,
            pbx: None,
            phones: Vec::new(),
            lossy: false,
            forgetful: HashSet::new(),
            drawn: true,
        }
    }

    /// The usual story: extensions 201 to 205 and the dialplan that dials them.
    pub fn office(seed: u64) -> Self {
        Self::new(seed).extensions(&["201", "202", "203", "204", "205"])
    }

    /// Adds extensions; the password of each is made from its number.
    #[must_use]
    pub fn extensions(mut self, numbers: &[&str]) -> Self {
        self.directory.numbers.extend(numbers.iter().map(|number| (*number).to_owned()));
        self
    }

    /// The password of an extension came as its MD5 form alone.
    #[must_use]
    pub fn imported_as_md5(mut self, number: &str) -> Self {
        self.directory.md5_only.push(number.to_owned());
        self
    }

    /// Uses these rules as the dialplan.
    #[must_use]
    pub fn rules(mut self, rules: &str) -> Self {
        self.directory.dialplan = dialplan_of(rules);
        self
    }

    /// Has a trunk of this name, whose host is `NAME.example`: numbers in E.164, without an account, the caller in From and
    /// P-Asserted-Identity.
    #[must_use]
    pub fn trunk(mut self, name: &str, change: impl FnOnce(&mut Trunk)) -> Self {
        self.directory.trunks.push(trunk_of(name, change));
        self
    }

    /// Knows somebody outside by name.
    #[must_use]
    pub fn contact(mut self, number: &str, name: &str) -> Self {
        self.directory.contacts.push((number.to_owned(), name.to_owned()));
        self
    }

    /// Keeps callers out, or lets them in, over any trunk.
    #[must_use]
    pub fn block(mut self, condition: BlockCondition, action: BlockAction) -> Self {
        self.directory.blocks.push(BlockRule { condition, trunk: None, action });
        self
    }

    /// Has a number in the file of those that are kept out.
    #[must_use]
    pub fn listed(mut self, number: &str) -> Self {
        self.directory.listed.push(number.to_owned());
        self
    }

    /// Says what a minute costs: trunk, prefix and millionths.
    #[must_use]
    pub fn rates(mut self, rates: &[(&str, &str, u64)]) -> Self {
        let rate = |(trunk, prefix, micros): &(&str, &str, u64)| {
            ((*trunk).to_owned(), (*prefix).to_owned(), Rate::per_minute(*micros))
        };
        self.directory.rates = rates.iter().map(rate).collect();
        self
    }

    /// Puts the far end of a trunk on the network: it stands at `NAME.example`.
    pub fn add_carrier(&mut self, profile: Profile) -> PhoneId {
        let host = format!("{}.example", profile.number);
        let carrier = self.add(profile);
        let address = SocketAddr::new(self.address(carrier), 5060);
        self.pbx().names.insert(host, vec![address]);
        carrier
    }

    /// Loads a prompt of this name.
    #[must_use]
    pub fn prompt(mut self, name: &str) -> Self {
        self.directory.prompts.push(name.to_owned());
        self
    }

    /// Changes the switch's settings before it starts.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Uses links like this. Where they lose messages, phones may see what a good network never shows.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.lossy = link.loss > 0;
        self.net.set_link(link);
        self
    }

    /// Prints no ladder if it fails: whoever tells it among many others tells it again, alone.
    #[must_use]
    pub fn without_ladder(mut self) -> Self {
        self.drawn = false;
        self
    }

    /// Puts a phone on the network.
    pub fn add(&mut self, profile: Profile) -> PhoneId {
        self.pbx();
        let index = self.phones.len();
        let nth = u8::try_from(index).expect("fewer than 200 phones") + 20;
        let v6 = profile.site == Site::Ipv6;
        let ip: IpAddr = match v6 {
            false => IpAddr::from([10, 0, 0, nth]),
            true => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 1, u16::from(nth)]),
        };
        let beside = profile.beside.map(|other| self.address(other));
        let ip = beside.unwrap_or(ip);
        let port = if beside.is_some() { 5060 + u16::from(nth) } else { 5060 };
        let address = match profile.site {
            Site::Nat => SocketAddr::from(([192, 168, 1, nth], 5060)),
            _ => SocketAddr::new(ip, port),
        };
        let same = self.phones.iter().filter(|phone| phone.profile.number == profile.number).count();
        let name = match same {
            0 => profile.number.clone(),
            more => format!("{}#{}", profile.number, more + 1),
        };
        if beside.is_none() {
            let all: Vec<IpAddr> = [ip].into_iter().chain(profile.second).collect();
            self.net.host(&all, &name);
        }
        let local = match (profile.site, profile.transport) {
            (Site::Nat, _) => SocketAddr::new(ip, 31_000),
            (_, Transport::Udp) => SocketAddr::new(ip, port),
            _ => SocketAddr::new(ip, 49_152 + if beside.is_some() { u16::from(nth) } else { 0 }),
        };
        let flow = self.open_flow(profile.transport, local, v6);
        let place = Place {
            name,
            domain: DOMAIN.to_owned(),
            password: password_of(&profile.number),
            flow,
            address,
            chance: Chance::new(self.chance.below(u64::MAX)),
        };
        self.phones.push(Phone::new(profile, place));
        PhoneId(index)
    }

    /// Drops the next messages that match; a retransmission counts as a new message.
    pub fn drop_next(&mut self, count: u32, what: What) {
        self.net.drop_next(count, what, false);
    }

    /// Drops the next messages that match, with all their retransmissions.
    pub fn drop_for_good(&mut self, count: u32, what: What) {
        self.net.drop_next(count, what, true);
    }

    /// Holds the next messages that match back, so that later ones overtake them.
    pub fn hold_back(&mut self, count: u32, what: What, by: Duration) {
        self.net.hold_back(count, what, by);
    }

    /// Lets time pass.
    pub fn run(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        self.flush();
        let mut turns = 0;
        loop {
            let before = self.clock.now();
            let next = self.next_event();
            match next.filter(|next| *next <= end) {
                Some(next) => self.clock.run_until(next),
                None => break,
            }
            turns = if self.clock.now() == before { turns + 1 } else { 0 };
            assert!(turns < 10_000, "time stands still: something is due again and again");
            self.turn();
        }
        self.clock.run_until(end);
    }

    /// Lets time pass until something is true, at most for a limit.
    pub fn run_until(&mut self, limit: Duration, what: impl Fn(&Self) -> bool) {
        let end = self.clock.now() + limit;
        while !what(self) {
            assert!(self.clock.now() < end, "what was waited for has not come in {limit:?}");
            self.run(Duration::from_millis(5));
        }
    }

    /// Lets every retransmission and every lingering transaction end: 64*T1 and more.
    pub fn settle(&mut self) {
        self.run(Duration::from_secs(45));
    }

    /// A phone.
    pub fn phone(&self, phone: PhoneId) -> &Phone {
        self.phones.get(phone.0).expect("a phone of this story")
    }

    /// Every phone, in the order of joining.
    pub fn phone_ids(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.phones.len()).map(PhoneId)
    }

    pub(crate) fn phones(&self) -> &[Phone] {
        &self.phones
    }

    /// The PBX.
    pub fn the_pbx(&self) -> &Pbx {
        self.pbx.as_ref().expect("a story with phones has a PBX")
    }

    /// The present.
    pub fn now(&self) -> std::time::Instant {
        self.clock.now()
    }

    /// The media engine, for faults that a test puts into it.
    pub fn engine(&mut self) -> &mut crate::engine::Engine {
        &mut self.pbx().engine
    }

    /// The IP address of a phone, for rules.
    pub fn address(&self, phone: PhoneId) -> IpAddr {
        self.phone(phone).flow.local.ip()
    }

    /// The IP address of the PBX, for rules.
    pub fn pbx_address(&self) -> IpAddr {
        listener(false).ip()
    }

    /// The PBX in its box, which stands there from now on.
    pub fn pbx(&mut self) -> &mut Pbx {
        if self.pbx.is_none() {
            self.net.host(&addresses(), "pbx");
            let seed = self.chance.seed();
            self.pbx = Some(Pbx::new(self.clock.now(), self.settings.clone(), &self.directory, seed));
        }
        self.pbx.as_mut().expect("just put there")
    }

    fn open_flow(&mut self, transport: Transport, local: SocketAddr, v6: bool) -> Flow {
        let remote = listener(v6);
        let connection = (transport != Transport::Udp).then(|| self.net.connect(transport, local, remote));
        Flow { transport, local, remote, connection }
    }

    fn act(&mut self, phone: PhoneId, action: impl FnOnce(&mut Phone, std::time::Instant)) {
        let now = self.clock.now();
        action(self.phones.get_mut(phone.0).expect("a phone of this story"), now);
        self.flush();
    }

    fn remark(&mut self, text: String) {
        let at = self.clock.elapsed();
        self.net.ladder.remark(at, text);
    }

    /// Puts on the network what anybody wants to send.
    fn flush(&mut self) {
        let now = self.clock.now();
        for phone in &mut self.phones {
            while let Some((flow, bytes)) = phone.poll() {
                self.net.send(now, &flow, &bytes);
            }
        }
        if let Some(pbx) = &mut self.pbx {
            while let Some((flow, bytes)) = pbx.poll() {
                self.net.send(now, &flow, &bytes);
            }
        }
    }

    fn next_event(&self) -> Option<std::time::Instant> {
        let phones = self.phones.iter().filter_map(Phone::deadline);
        let pbx = self.pbx.as_ref().and_then(Pbx::deadline);
        phones.chain(pbx).chain(self.net.next()).min()
    }

    /// Delivers what has arrived by now and lets everybody do what is due.
    fn turn(&mut self) {
        let now = self.clock.now();
        while let Some(arrival) = self.net.arrive(now) {
            self.deliver(arrival);
            self.flush();
        }
        for phone in &mut self.phones {
            if phone.deadline().is_some_and(|at| at <= now) {
                phone.tick(now);
            }
        }
        if let Some(pbx) = self.pbx.as_mut().filter(|pbx| pbx.deadline().is_some_and(|at| at <= now)) {
            pbx.tick(now);
        }
        self.flush();
    }

    fn deliver(&mut self, arrival: Arrival) {
        let now = self.clock.now();
        let local = match &arrival {
            Arrival::Message { flow, .. } | Arrival::Failed { flow } => flow.local,
        };
        if addresses().contains(&local.ip()) {
            return self.pbx().receive(now, arrival);
        }
        let exact = self.phones.iter().position(|phone| phone.flow.local == local);
        let is_at =
            |phone: &Phone| phone.flow.local.ip() == local.ip() || phone.profile.second == Some(local.ip());
        let near = || self.phones.iter().position(is_at);
        let Some(phone) = exact.or_else(near).and_then(|index| self.phones.get_mut(index)) else { return };
        // A page has its connection and nothing else.
        let is_stray = |flow: &Flow| phone.profile.browser && !flow.transport.is_websocket();
        match arrival {
            Arrival::Message { flow, .. } if is_stray(&flow) => {}
            Arrival::Failed { flow } => phone.flow_failed(&flow),
            Arrival::Message { flow, bytes } => match Message::parse(&bytes) {
                Ok(message) => phone.receive(now, message, flow),
                Err(malformed) => panic!("the PBX sent what nobody can read: {malformed:?}"),
            },
        }
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if self.drawn && std::thread::panicking() {
            eprintln!("seed {}\n{}", self.seed, self.net.ladder.draw());
        }
    }
}

fn dialplan_of(rules: &str) -> String {
    format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n\n{rules}")
}

/// Every number of three digits that begins with 2 is rung for 20 seconds.
pub const DIAL_ALL: &str = r#"
[[context.intern]]
name = "toestellen"
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "20s" }]
"#;

/// 602 is answered by a prompt, and then rings 202.
pub const PROMPT_THEN_PHONE: &str = r#"
[[context.intern]]
match = "602"
do = [{ play = "welkom" }, { dial = "ext:202" }]
"#;

fn trunk_of(name: &str, change: impl FnOnce(&mut Trunk)) -> Arc<Trunk> {
    let host = Host::parse(&format!("{name}.example")).expect("a host");
    let id = format!("trunk-{name}").into();
    let mut trunk = Trunk::new(id, name.into(), Country::find("nl").expect("a country"));
    trunk.hosts.push(SipUri::new(host));
    trunk.caller_id.number = Some("+31201234567".into());
    change(&mut trunk);
    Arc::new(trunk)
}
