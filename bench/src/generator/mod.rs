//! The load generator: SIP phones and RTP streams from one thread over UDP, arrivals at a fixed rate whatever the
//! answers do. It prints `mark NAME` lines, at which the driver reads the target's CPU and memory, and one
//! `result JSON` line.

mod callee;
mod caller;
mod digest;
mod held;
mod line;
mod media;
mod message;
mod outside;
mod page;
mod phones;
mod requests;
mod sdp;
mod settings;
mod slab;
mod socket;
mod story;
mod tally;
mod timers;
mod visits;

use std::io::{self, Write as _};
use std::net::SocketAddrV4;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::clock;
use crate::report::{MediaReport, Report};
use kiestoon_testkit::webrtc::Certificate;
use line::Line;
use media::Legs;
use phones::Phones;
use socket::Batch;
use tally::Tally;

pub(crate) use settings::{Mode, Settings};

/// Runs one load to its end.
pub(crate) fn run(settings: Settings) -> anyhow::Result<()> {
    let mode = settings.mode;
    let report = match (mode, settings.direct) {
        (Mode::Media, Some(port)) => direct_media(&settings, port)?,
        (Mode::Media, None) => {
            let mut legs = legs(&settings)?;
            let sounds = [settings.caller_codec, settings.callee_codec];
            legs.pretend(sounds);
            if settings.transcodes() {
                legs.speak(sounds)?;
            }
            Generator::new(settings, legs.addresses())?.media(legs)?
        }
        (Mode::Register, _) => Generator::new(settings, Vec::new())?.arrivals(Phones::register)?,
        (Mode::Options, _) => Generator::new(settings, Vec::new())?.arrivals(Phones::options)?,
        (Mode::Fill, _) => Generator::new(settings, Vec::new())?.fill()?,
        (Mode::Call, _) => Generator::new(settings, Vec::new())?.calls()?,
        (Mode::Visits, _) => visits(settings)?,
        (Mode::Held, _) => Generator::new(settings, Vec::new())?.held()?,
    };
    say(&format!("result {}", serde_json::to_string(&report)?))?;
    Ok(())
}

fn visits(settings: Settings) -> anyhow::Result<Report> {
    // A browser has no such address, and a phone learns its own when its browser comes.
    let nowhere = SocketAddrV4::new(settings.host, settings.first_rtp_port());
    let users = settings.registered_users() as usize;
    let mut generator = Generator::new(settings, vec![nowhere; users])?;
    generator.phones.hold = None;
    generator.register(1, 2);
    say("mark start")?;
    let window = Window::open();
    let visits = generator.visits()?;
    say("mark end")?;
    let report = window.close(visits.values().map(|kind| kind.visits).sum());
    generator.settle(Duration::from_secs(4));
    Ok(Report { visits, ..generator.complete(report, None) })
}

fn legs(settings: &Settings) -> io::Result<Legs> {
    Legs::bind(settings.host, settings.first_rtp_port(), settings.registered_users() as usize)
}

/// The phones with what wakes them.
struct Generator {
    phones: Phones,
    batch: Batch<32, 4096>,
    epoll: Epoll,
}

impl Generator {
    fn new(settings: Settings, rtp: Vec<SocketAddrV4>) -> anyhow::Result<Self> {
        let phones = Phones::new(settings, rtp)?;
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        for (index, endpoint) in phones.endpoints.iter().enumerate() {
            endpoint.watch(&epoll, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        }
        Ok(Self { phones, batch: Batch::new(), epoll })
    }

    /// REGISTER or OPTIONS of users in turn.
    fn arrivals(&mut self, start: fn(&mut Phones, u32)) -> anyhow::Result<Report> {
        let (users, rate) = (self.phones.settings.users & !1, self.phones.settings.rate);
        let total = u64::from(rate) * u64::from(self.phones.settings.seconds);
        say("mark start")?;
        let window = Window::open();
        self.offer(total, rate, |phones, number| start(phones, modulo(number, users)));
        say("mark end")?;
        let report = window.close(total);
        self.settle(Duration::from_secs(3));
        say("mark done")?;
        Ok(self.complete(report, None))
    }

    fn fill(&mut self) -> anyhow::Result<Report> {
        let (users, rate) = (self.phones.settings.users & !1, self.phones.settings.rate);
        say("mark start")?;
        let window = Window::open();
        self.offer(u64::from(users), rate, |phones, number| phones.register(modulo(number, users)));
        self.settle(Duration::from_secs(10));
        say("mark end")?;
        let report = window.close(u64::from(users));
        std::thread::sleep(Duration::from_secs(1));
        say("mark done")?;
        Ok(self.complete(report, None))
    }

    fn calls(&mut self) -> anyhow::Result<Report> {
        let (pairs, rate) = (self.phones.settings.calling_pairs(), self.phones.settings.rate);
        let hold = Duration::from_millis(u64::from(self.phones.settings.hold_ms));
        let total = u64::from(rate) * u64::from(self.phones.settings.seconds);
        self.register_everyone();
        say("mark start")?;
        let window = Window::open();
        self.offer(total, rate, |phones, number| {
            let pair = modulo(number, pairs);
            let _ = phones.call(2 * pair, 2 * pair + 1);
        });
        // The last calls belong to the measured work.
        self.pump_for(hold + Duration::from_millis(20));
        say("mark end")?;
        let report = window.close(total);
        self.settle(Duration::from_secs(4));
        say("mark done")?;
        Ok(self.complete(report, None))
    }

    fn media(&mut self, mut legs: Legs) -> anyhow::Result<Report> {
        let Settings { calls, setup_rate, warm, seconds, .. } = self.phones.settings;
        self.phones.hold = None;
        if self.phones.settings.browsers.is_some() {
            self.phones.pages.extend(legs.browse(&Certificate::new()));
            for user in (0..self.phones.settings.registered_users()).step_by(2) {
                self.connect(user)?;
            }
        }
        self.register_everyone();
        say("mark registered")?;
        self.pump_for(Duration::from_millis(300));
        self.offer(u64::from(calls), setup_rate, |phones, number| {
            let pair = modulo(number, calls);
            let _ = phones.call(2 * pair, 2 * pair + 1);
        });
        let end = clock::now() + 4 * clock::SECOND;
        while clock::now() < end && self.phones.destinations.iter().any(Option::is_none) {
            self.pump(2);
        }
        legs.report.setup_failed = self.phones.tally.counts.failed;
        legs.set_destinations(&self.phones.destinations);
        legs.report.unshaken = legs.shake_hands(Duration::from_secs(10), || self.pump(0)) as u64;
        say("mark calls_up")?;
        // The streams keep their own tally, because the phones keep theirs meanwhile.
        let mut tally = Tally::default();
        legs.stream(&mut tally, Duration::from_secs(warm.into()), false, || self.pump(0));
        say("mark start")?;
        let window = Window::open();
        legs.stream(&mut tally, Duration::from_secs(seconds.into()), true, || self.pump(0));
        say("mark end")?;
        let report = window.close(0);
        legs.stream(&mut tally, Duration::from_millis(200), false, || self.pump(0));
        legs.drain(&mut tally, Duration::from_millis(300));
        for call in self.phones.calls.keys().collect::<Vec<_>>() {
            self.phones.hang_up(call);
            self.pump(1);
        }
        self.settle(Duration::from_secs(4));
        say("mark done")?;
        let media = legs.finish(&mut tally);
        let mut report = self.complete(report, Some(media));
        report.latencies.extend(tally.latencies());
        Ok(report)
    }

    /// Gives a browser its WebSocket.
    fn connect(&mut self, user: u32) -> anyhow::Result<()> {
        let port = self.phones.settings.browsers.unwrap_or_default();
        let line = Line::open(SocketAddrV4::new(self.phones.settings.host, port))?;
        let index = self.phones.endpoint_of(user);
        line.watch(&self.epoll, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        if let Some(place) = self.phones.endpoints.get_mut(index) {
            *place = line;
        }
        Ok(())
    }

    /// Registers all users, not measured, with at most 200 under way.
    fn register_everyone(&mut self) {
        self.register(0, 1);
    }

    /// The same for every so many-th of them.
    fn register(&mut self, first: u32, step: usize) {
        self.phones.tally.paused = true;
        let rate = u64::from(self.phones.settings.setup_rate) * 5;
        let begun = clock::now();
        let all = self.phones.settings.registered_users();
        for (number, user) in (1u64..).zip((first..all).step_by(step)) {
            self.phones.register(user);
            let due = begun + number * clock::SECOND / rate.max(1);
            while clock::now() < due || self.phones.queries > 200 {
                self.pump(1);
            }
        }
        self.settle(Duration::from_secs(20));
        let (ok, users) = (self.phones.tally.counts.ok, (first..all).step_by(step).len());
        if ok < users as u64 {
            eprintln!("only {ok} of {users} users could register");
        }
        self.phones.tally.restart();
    }

    /// Starts `total` arrivals at `rate` a second.
    fn offer(&mut self, total: u64, rate: u32, start: impl Fn(&mut Phones, u64)) {
        let begun = clock::now();
        let mut started = 0;
        while started < total {
            let passed = u128::from(clock::now().saturating_sub(begun));
            let due = u64::try_from(passed * u128::from(rate) / u128::from(clock::SECOND)).unwrap_or(total);
            let due = due.saturating_add(1).min(total);
            for _ in 0..64 {
                if started == due {
                    break;
                }
                start(&mut self.phones, started);
                started += 1;
            }
            self.pump(u8::from(started == due));
        }
    }

    fn pump_for(&mut self, length: Duration) {
        let end = clock::now() + clock::nanos(length);
        while clock::now() < end {
            self.pump(1);
        }
    }

    /// Waits until nothing is under way, at most that long.
    fn settle(&mut self, limit: Duration) {
        let end = clock::now() + clock::nanos(limit);
        while clock::now() < end && self.phones.queries + self.phones.live_calls > 0 {
            self.pump(2);
        }
    }

    /// Takes in what has come, waiting for it so many milliseconds, and does what is due.
    fn pump(&mut self, wait_ms: u8) {
        let mut events = [EpollEvent::empty(); 64];
        let ready = self.epoll.wait(&mut events, wait_ms).unwrap_or(0);
        let Self { phones, batch, .. } = self;
        for event in events.iter().take(ready) {
            let index = usize::try_from(event.data()).unwrap_or(usize::MAX);
            let Some(endpoint) = phones.endpoints.get(index) else { continue };
            if let Line::Udp(endpoint) = endpoint {
                let socket = endpoint.fd();
                batch.drain(socket, |datagram, at| phones.received(index, datagram, at));
            } else {
                let texts = endpoint.read();
                texts.iter().for_each(|text| phones.received(index, text.as_bytes(), clock::now()));
            }
        }
        self.phones.run_timers(clock::now());
    }

    fn complete(&mut self, report: Report, media: Option<MediaReport>) -> Report {
        let tally = &mut self.phones.tally;
        let latencies = tally.latencies();
        Report { counts: tally.counts, codes: std::mem::take(&mut tally.codes), latencies, media, ..report }
    }
}

/// RTP without SIP, through a plain forwarder that gives every leg a port.
fn direct_media(settings: &Settings, port: u16) -> anyhow::Result<Report> {
    let mut legs = legs(settings)?;
    let ports = (port..).step_by(2).take(settings.registered_users() as usize);
    legs.set_destinations(
        &ports.map(|port| Some(SocketAddrV4::new(settings.host, port))).collect::<Vec<_>>(),
    );
    let mut tally = Tally::default();
    say("mark registered")?;
    legs.stream(&mut tally, Duration::from_secs(settings.warm.into()), false, || {});
    say("mark start")?;
    let window = Window::open();
    legs.stream(&mut tally, Duration::from_secs(settings.seconds.into()), true, || {});
    say("mark end")?;
    let report = window.close(0);
    legs.stream(&mut tally, Duration::from_millis(200), false, || {});
    legs.drain(&mut tally, Duration::from_millis(300));
    say("mark done")?;
    let media = legs.finish(&mut tally);
    Ok(Report { media: Some(media), latencies: tally.latencies(), ..report })
}

/// The measured part: its length, and what it cost the generator itself.
struct Window {
    opened_at: u64,
    cpu: i64,
}

impl Window {
    fn open() -> Self {
        Self { opened_at: clock::now(), cpu: own_cpu_micros() }
    }

    fn close(&self, offered: u64) -> Report {
        let wall_s = clock::now().saturating_sub(self.opened_at) as f64 / 1e9;
        let gen_cpu = (own_cpu_micros() - self.cpu) as f64 / 1e6 / wall_s;
        Report { offered, wall_s, gen_cpu, ..Report::default() }
    }
}

fn own_cpu_micros() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    usage.map_or(0, |usage| (usage.user_time() + usage.system_time()).num_microseconds())
}

fn modulo(number: u64, of: u32) -> u32 {
    u32::try_from(number % u64::from(of.max(1))).unwrap_or_default()
}

/// A line for the driver, which waits for it.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
