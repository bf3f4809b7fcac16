//! A story: phones, a PBX and a network, told in the order that things happen. When a test fails, the ladder of
//! all messages is printed with the seed.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use kiestoon_call::{Input, Settings};
use kiestoon_sip::{Flow, Message, Method, Request, Transport};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::net::{Arrival, Link, Network, Reach};
use crate::pbx::{DOMAIN, Directory, Pbx, addresses, listener, password_of};
use crate::phone::Where;
use crate::phone::{Flowing, Phone, Place, Profile};
use crate::what::What;
use crate::witness::{CdrWitness, Witness};
use crate::{agreement, audit};

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
            dialplan: dialplan_of(DIAL_ALL),
            prompts: vec!["welkom".to_owned()],
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

    /// Uses these rules as the dialplan.
    #[must_use]
    pub fn rules(mut self, rules: &str) -> Self {
        self.directory.dialplan = dialplan_of(rules);
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

    /// Puts a phone on the network.
    pub fn add(&mut self, profile: Profile) -> PhoneId {
        self.pbx();
        let index = self.phones.len();
        let nth = u8::try_from(index).expect("fewer than 200 phones") + 20;
        let v6 = profile.where_ == Where::Ipv6;
        let ip: IpAddr = match v6 {
            false => IpAddr::from([10, 0, 0, nth]),
            true => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 1, u16::from(nth)]),
        };
        let address = match profile.where_ {
            Where::Nat => SocketAddr::from(([192, 168, 1, nth], 5060)),
            _ => SocketAddr::new(ip, 5060),
        };
        let same = self.phones.iter().filter(|phone| phone.profile.number == profile.number).count();
        let name = match same {
            0 => profile.number.clone(),
            more => format!("{}#{}", profile.number, more + 1),
        };
        self.net.host(&[ip], &name);
        let local = match (profile.where_, profile.transport) {
            (Where::Nat, _) => SocketAddr::new(ip, 31_000),
            (_, Transport::Udp) => SocketAddr::new(ip, 5060),
            _ => SocketAddr::new(ip, 49_152),
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

    /// Lets every phone register one contact, and waits until all have.
    pub fn register_all(&mut self) {
        for index in 0..self.phones.len() {
            self.register(PhoneId(index));
        }
        self.run(if self.lossy { Duration::from_secs(20) } else { Duration::from_secs(1) });
        for phone in &self.phones {
            assert!(!phone.registered().is_empty(), "{} could not register", phone.name);
        }
    }

    /// Lets a phone register one contact for the time of its profile.
    pub fn register(&mut self, phone: PhoneId) {
        let expires = self.phone(phone).profile.expires;
        self.act(phone, |phone, now| phone.register(now, 1, expires));
    }

    /// Lets a phone register several contacts for so many seconds.
    pub fn register_contacts(&mut self, phone: PhoneId, contacts: u32, expires: u32) {
        self.act(phone, |phone, now| phone.register(now, contacts, expires));
    }

    /// Lets a phone remove its contact.
    pub fn unregister(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.register(now, 1, 0));
    }

    /// Lets a phone remove every contact of its extension with `*`.
    pub fn unregister_all(&mut self, phone: PhoneId) {
        self.act(phone, Phone::unregister_all);
    }

    /// Lets a phone ask which contacts are registered.
    pub fn query_registrations(&mut self, phone: PhoneId) {
        self.act(phone, Phone::query_registrations);
    }

    /// A phone dials a number.
    pub fn call(&mut self, phone: PhoneId, number: &str) {
        self.act(phone, |phone, now| phone.call(now, number, false, &|_| {}));
    }

    /// A phone dials a number without an offer in its INVITE.
    pub fn call_with_late_offer(&mut self, phone: PhoneId, number: &str) {
        self.act(phone, |phone, now| phone.call(now, number, true, &|_| {}));
    }

    /// A phone dials a number with an INVITE that the test has changed.
    pub fn call_with(&mut self, phone: PhoneId, number: &str, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.call(now, number, false, &tweak));
    }

    /// A phone gives up the call that it is setting up.
    pub fn cancel(&mut self, phone: PhoneId) {
        self.act(phone, Phone::cancel);
    }

    /// A phone hangs up: BYE, CANCEL or 603, as its call stands.
    pub fn hang_up(&mut self, phone: PhoneId) {
        self.act(phone, Phone::hang_up);
    }

    /// A phone hangs up every call that it has.
    pub fn hang_up_all(&mut self, phone: PhoneId) {
        self.act(phone, Phone::hang_up_all);
    }

    /// A phone puts the other side on hold.
    pub fn hold(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.hold(now, Flowing::SendOnly));
    }

    /// A phone takes the other side back.
    pub fn resume(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.hold(now, Flowing::SendRecv));
    }

    /// A phone offers its session once more.
    pub fn reinvite(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.reinvite(now, false));
    }

    /// A phone sends a re-INVITE without an offer.
    pub fn reinvite_without_offer(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.reinvite(now, true));
    }

    /// A phone sends a request within its call.
    pub fn send_in_call(&mut self, phone: PhoneId, method: Method, kind: &str, body: &str) {
        self.act(phone, |phone, now| phone.send_in_call(now, method, kind, body));
    }

    /// A phone sends a request outside any call; to the PBX itself where the number is empty.
    pub fn send(&mut self, phone: PhoneId, method: Method, number: &str, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.send(now, method, number, &tweak));
    }

    /// A phone sends a text to a number.
    pub fn send_text(&mut self, phone: PhoneId, number: &str, text: &str) {
        self.send(phone, Method::Message, number, |request| {
            request.set_body("text/plain", text.to_owned());
        });
    }

    /// A phone forgets the challenges it has met, as after a restart.
    pub fn forget_challenges(&mut self, phone: PhoneId) {
        self.act(phone, |phone, _| phone.forget_challenges());
    }

    /// A phone sends, as a new transaction, the last request of a method that the network saw it send.
    pub fn replay(&mut self, phone: PhoneId, method: &Method) {
        let ip = self.phone(phone).flow.local.ip();
        let sent =
            self.net.ladder.rungs().filter(|rung| rung.from == ip).filter_map(|rung| match &rung.message {
                Some(Message::Request(request)) if request.method == *method => Some(request.clone()),
                _ => None,
            });
        let request = sent.last().expect("the phone has sent such a request");
        self.act(phone, |phone, now| phone.replay(now, request.clone()));
    }

    /// A phone sends bytes as they are.
    pub fn send_bytes(&mut self, phone: PhoneId, bytes: &[u8]) {
        let flow = self.phone(phone).flow;
        self.net.send(self.clock.now(), &flow, &bytes.to_vec().into());
    }

    /// A phone's battery dies: it says nothing more, and nobody is told.
    pub fn kill(&mut self, phone: PhoneId) {
        let ip = self.phone(phone).flow.local.ip();
        self.net.set_reach(ip, Reach::Silent);
        self.remark(format!("{} dies", self.phone(phone).name));
        self.act(phone, |phone, _| phone.die());
    }

    /// A phone's program ends on a living machine: what is sent to it comes back as unreachable.
    pub fn crash(&mut self, phone: PhoneId) {
        let flow = self.phone(phone).flow;
        self.remark(format!("{} crashes", self.phone(phone).name));
        self.net.close(self.clock.now(), &flow);
        self.net.set_reach(flow.local.ip(), Reach::Refusing);
        self.act(phone, |phone, _| phone.die());
    }

    /// The connection of a TCP phone closes; it opens a new one.
    pub fn reconnect(&mut self, phone: PhoneId) {
        let flow = self.phone(phone).flow;
        self.net.close(self.clock.now(), &flow);
        let local = SocketAddr::new(flow.local.ip(), flow.local.port() + 1);
        let flow = self.open_flow(flow.transport, local, local.is_ipv6());
        self.act(phone, |phone, _| phone.flow = flow);
    }

    /// Drops the next messages that match; a retransmission counts as a new message.
    pub fn drop_next(&mut self, count: u32, what: What) {
        self.net.drop_next(count, what, false);
    }

    /// Drops the next messages that match, with all their retransmissions.
    pub fn drop_for_good(&mut self, count: u32, what: What) {
        self.net.drop_next(count, what, true);
    }

    /// Gives the switch an input that comes from within the PBX: a new snapshot, an operator's command.
    pub fn tell_pbx(&mut self, input: Input) {
        let now = self.clock.now();
        self.pbx().handle(now, input);
        self.flush();
    }

    /// The PBX's process is killed and started again: connections close, calls are cut, bindings come from the journal.
    pub fn restart_pbx(&mut self) {
        let now = self.clock.now();
        for flow in self.phones.iter().map(|phone| phone.flow).collect::<Vec<_>>() {
            self.net.close(now, &Flow { local: flow.remote, remote: flow.local, ..flow });
        }
        let before = self.pbx.take().expect("a PBX that runs");
        self.remark("the PBX is restarted".to_owned());
        let seed = self.chance.seed();
        let mut pbx = Pbx::new(now, self.settings.clone(), &self.directory, seed);
        pbx.take_over(now, before);
        self.pbx = Some(pbx);
        self.flush();
    }

    /// Swaps the dialplan in a new snapshot.
    pub fn reload(&mut self, rules: &str) {
        self.directory.dialplan = dialplan_of(rules);
        self.swap();
    }

    fn swap(&mut self) {
        self.directory.revision += 1;
        let snapshot = self.directory.snapshot();
        self.remark("new snapshot".to_owned());
        self.tell_pbx(Input::Snapshot(snapshot));
    }

    /// Removes an extension in a new snapshot.
    pub fn remove_extension(&mut self, number: &str) {
        self.directory.numbers.retain(|known| known != number);
        self.swap();
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

    /// Looks at a phone.
    pub fn expect(&self, phone: PhoneId) -> Witness<'_> {
        Witness::new(self, self.phone(phone))
    }

    /// Looks at the record of the one call of this story.
    pub fn expect_cdr(&self) -> CdrWitness<'_> {
        let ended: Vec<_> = self.the_pbx().ended().collect();
        match ended.as_slice() {
            [one] => CdrWitness::new(one),
            many => panic!("{} finished call records where one was expected: {many:#?}", many.len()),
        }
    }

    /// Looks at the record of the n-th call that ended, from 0.
    pub fn expect_nth_cdr(&self, nth: usize) -> CdrWitness<'_> {
        let count = self.the_pbx().ended().count();
        let found = self.the_pbx().ended().nth(nth);
        CdrWitness::new(found.unwrap_or_else(|| panic!("only {count} finished call records")))
    }

    /// Nothing is left of any call, in the switch or in a phone, and nobody has broken a rule on the way.
    pub fn expect_nothing_left(&self) {
        let mut faults = self.faults();
        faults.extend(self.the_pbx().leftovers(self.clock.now()));
        faults.extend(self.phones.iter().filter(|phone| !phone.is_dead()).flat_map(Phone::leftovers));
        if self.net.flying() > 0 {
            faults.push(format!("net: {} messages under way", self.net.flying()));
        }
        assert!(faults.is_empty(), "left behind, or against the rules:\n{}", faults.join("\n"));
    }

    /// After a quiet while: the switch and the phones believe the same of every answered call, and who should hear whom
    /// does.
    pub fn expect_agreement(&self) {
        let faults = agreement::faults(self);
        assert!(faults.is_empty(), "the switch and the phones differ:\n{}", faults.join("\n"));
    }

    /// Rules that have been broken so far, in words.
    pub fn faults(&self) -> Vec<String> {
        let pbx = self.the_pbx();
        let phones = self.phones.iter().flat_map(|phone| phone.complaints().iter().cloned());
        let mut faults: Vec<String> = phones.collect();
        faults.extend(pbx.complaints.iter().cloned());
        faults.extend(pbx.engine.complaints.iter().map(|text| format!("media: {text}")));
        faults.extend(
            pbx.cdr_faults()
                .into_iter()
                .filter(|fault| !fault.contains("no finished record") || pbx.switch.status().calls == 0),
        );
        let dead: Vec<_> =
            self.phones.iter().filter(|phone| phone.is_dead()).map(|phone| phone.flow.local.ip()).collect();
        faults.extend(audit::faults(&self.net.ladder, &addresses(), &dead, self.lossy));
        faults
    }

    /// A phone.
    pub fn phone(&self, phone: PhoneId) -> &Phone {
        self.phones.get(phone.0).expect("a phone of this story")
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

    /// Dice for a test that invents its story.
    pub fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    fn pbx(&mut self) -> &mut Pbx {
        if self.pbx.is_none() {
            self.net.host(&addresses(), "pbx");
            let seed = self.chance.seed();
            self.pbx = Some(Pbx::new(self.clock.now(), self.settings.clone(), &self.directory, seed));
        }
        self.pbx.as_mut().expect("just put there")
    }

    fn open_flow(&mut self, transport: Transport, local: SocketAddr, v6: bool) -> Flow {
        let remote = listener(v6);
        let connection = (transport != Transport::Udp).then(|| self.net.connect(local, remote));
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
            Arrival::Message { flow, .. } | Arrival::Failed { flow } => flow.local.ip(),
        };
        if addresses().contains(&local) {
            return self.pbx().receive(now, arrival);
        }
        let Some(phone) = self.phones.iter_mut().find(|phone| phone.flow.local.ip() == local) else { return };
        match arrival {
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
        if std::thread::panicking() {
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
