//! The engine on loopback: phones are plain sockets with a read time limit, ports come from a range found free.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use kiestoon_media::prompt::{Prompt, Prompts, decode_a_law};
use kiestoon_media::rtp::Header;
use kiestoon_media::{
    CallKey, Codec, Direction, LegId, LocalMedia, MediaCommand, MediaEvent, OpenError, RemoteAudio,
};
use kiestoon_sip::network::PublicAddresses;
use tokio::sync::mpsc::{Receiver, channel};

use super::engine::LegReport;
use super::relay::DATAGRAM;
use super::{Engine, EngineConfig};

mod browser;
mod drained;
mod fax;
mod opus;
mod protected;
mod spoken;
mod transcoding;
mod visits;
mod watched;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CALL: CallKey = CallKey(1);
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough for a packet over loopback that must not come.
const MOMENT: Duration = Duration::from_millis(100);

struct Bench {
    engine: Engine,
    events: Receiver<MediaEvent>,
}

impl Bench {
    fn new() -> Self {
        Self::with(EngineConfig { threads: 1, ports: free_range(), ..EngineConfig::default() })
    }

    fn with(config: EngineConfig) -> Self {
        let (sender, events) = channel(64);
        Self { engine: Engine::start(config, &sender).unwrap(), events }
    }

    fn open(&mut self, call: CallKey, leg: u64) -> Result<LocalMedia, OpenError> {
        match self.engine.perform(MediaCommand::Open {
            call,
            leg: LegId(leg),
            peer: LOOPBACK,
            browser: false,
        }) {
            Some(MediaEvent::Opened { local, .. }) => Ok(local),
            Some(MediaEvent::OpenFailed { reason, .. }) => Err(reason),
            other => panic!("open was answered by {other:?}"),
        }
    }

    /// A phone with its leg.
    fn phone(&mut self, leg: u64) -> Phone {
        let phone = Phone::new(self.open(CALL, leg).unwrap());
        self.describe(leg, &phone, Direction::SendRecv);
        phone
    }

    fn describe(&mut self, leg: u64, phone: &Phone, direction: Direction) {
        let remote = phone.described(direction);
        self.perform(MediaCommand::SetRemote { leg: LegId(leg), remote });
    }

    fn bridge(&mut self) -> (Phone, Phone) {
        let phones = (self.phone(1), self.phone(2));
        self.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
        phones
    }

    fn perform(&mut self, command: MediaCommand) {
        assert_eq!(self.engine.perform(command), None);
        self.engine.wake();
    }

    /// The live figures of all legs.
    fn reports(&self) -> Vec<LegReport> {
        let answers = self.engine.request_quality().into_iter();
        answers.flat_map(|answer| answer.blocking_recv().unwrap()).collect()
    }

    fn event(&mut self) -> MediaEvent {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let next = async { tokio::time::timeout(PATIENCE, self.events.recv()).await };
        runtime.block_on(next).expect("an event in time").expect("the engine lives")
    }
}

struct Phone {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    local: LocalMedia,
}

impl Phone {
    fn new(local: LocalMedia) -> Self {
        let socket = || {
            let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        Self { rtp: socket(), rtcp: socket(), local }
    }

    fn described(&self, direction: Direction) -> RemoteAudio {
        let (rtp, rtcp) = (self.rtp.local_addr().unwrap(), self.rtcp.local_addr().unwrap());
        described(rtp, rtcp, direction)
    }
    fn send(&self, sequence: u16) -> Vec<u8> {
        let packet = packet(sequence);
        self.rtp.send_to(&packet, self.local.rtp).unwrap();
        packet
    }

    fn hear(&self) -> (Vec<u8>, SocketAddr) {
        receive(&self.rtp).expect("a packet in time")
    }

    fn hears_nothing(&self) {
        self.rtp.set_read_timeout(Some(MOMENT)).unwrap();
        assert_eq!(receive(&self.rtp), None);
        self.rtp.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}

/// What a phone at these addresses signals: PCMA.
fn described(rtp: SocketAddr, rtcp: SocketAddr, direction: Direction) -> RemoteAudio {
    let codec = Codec { payload_type: 8, name: "PCMA".into(), clock_rate: 8000, channels: 1, fmtp: None };
    RemoteAudio {
        rtp,
        rtcp,
        direction,
        codecs: vec![codec],
        telephone_event: None,
        ptime: None,
        maxptime: None,
        on_hold: !direction.receives(),
        key: None,
        mux: false,
        voiceband: false,
        rewritten: false,
        browser: None,
    }
}

fn receive(socket: &UdpSocket) -> Option<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; 2048];
    let (length, source) = socket.recv_from(&mut buffer).ok()?;
    Some((buffer[..length].to_vec(), source))
}

fn packet(sequence: u16) -> Vec<u8> {
    let header = Header {
        marker: false,
        payload_type: 8,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc: 0x1234_5678,
        payload_at: 12,
        payload_end: 172,
    };
    let mut packet = vec![0x55; 172];
    header.write(packet.first_chunk_mut().unwrap());
    packet
}

/// Forty pairs that nobody uses: below the ports that the system gives out by itself, another range for each test,
/// from a place that differs between runs.
fn free_range() -> RangeInclusive<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let origin = u16::try_from(std::process::id() % 100).unwrap() * 200;
    loop {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed) % 250;
        let first = 10_000 + (origin + step * 80) % 20_000;
        let free = |port| UdpSocket::bind((LOOPBACK, port)).is_ok();
        if free(first) && free(first + 1) {
            return first..=first + 79;
        }
    }
}

#[test]
fn a_bridge_relays_both_ways_untouched_and_from_the_advertised_port() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    for sequence in 0..50 {
        let sent = a.send(sequence);
        assert_eq!(b.hear(), (sent, b.local.rtp));
        let sent = b.send(sequence);
        assert_eq!(a.hear(), (sent, a.local.rtp));
    }
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    let MediaEvent::Closed { leg: LegId(1), quality } = bench.event() else { panic!("not closed") };
    assert_eq!((quality.inbound.packets, quality.outbound.packets), (50, 50));
    assert_eq!((quality.inbound.lost, quality.inbound.bytes), (0, 50 * 160));
    assert_eq!(quality.codec.as_deref(), Some("PCMA"));
}

#[test]
fn rtcp_is_relayed_and_gives_the_round_trip_time() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    a.send(1);
    b.hear();
    let mut report = vec![0x80, 200, 0, 6];
    for word in [0x1234_5678_u32, 0xaaaa_0001, 0x0002_bbbb, 0, 1, 160] {
        report.extend_from_slice(&word.to_be_bytes());
    }
    a.rtcp.send_to(&report, a.local.rtcp).unwrap();
    assert_eq!(receive(&b.rtcp), Some((report, b.local.rtcp)));
    let mut answer = vec![0x81, 201, 0, 7];
    for word in [9_u32, 0x1234_5678, 0x8000_0002, 1, 16, 0x0001_0002, 0] {
        answer.extend_from_slice(&word.to_be_bytes());
    }
    b.rtcp.send_to(&answer, b.local.rtcp).unwrap();
    assert_eq!(receive(&a.rtcp), Some((answer, a.local.rtcp)));
    bench.perform(MediaCommand::Close { leg: LegId(2) });
    let MediaEvent::Closed { quality, .. } = bench.event() else { panic!("not closed") };
    let rtt = quality.rtt_ms.expect("a round-trip time");
    assert!((0.0..1000.0).contains(&rtt), "{rtt}");
    assert_eq!(quality.outbound.lost, 2);
}

#[test]
fn a_stranger_is_not_heard() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    for sequence in 0..10 {
        a.send(sequence);
        b.hear();
    }
    let stranger = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    for sequence in 100..110 {
        stranger.send_to(&packet(sequence), a.local.rtp).unwrap();
    }
    let sent = a.send(10);
    assert_eq!(b.hear().0, sent);
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    let MediaEvent::Closed { quality, .. } = bench.event() else { panic!("not closed") };
    assert_eq!((quality.strangers, quality.inbound.packets), (10, 11));
}

#[test]
fn nothing_is_sent_to_a_phone_that_holds() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    a.send(1);
    b.hear();
    bench.describe(2, &b, Direction::SendOnly);
    a.send(2);
    b.hears_nothing();
    b.send(1);
    a.hear();
    bench.describe(2, &b, Direction::SendRecv);
    let sent = a.send(3);
    assert_eq!(b.hear().0, sent);
}

#[test]
fn echo_returns_the_audio_under_another_source() {
    let mut bench = Bench::new();
    let phone = bench.phone(1);
    bench.perform(MediaCommand::Echo { leg: LegId(1) });
    for sequence in 0..20 {
        let sent = phone.send(sequence);
        let (heard, _) = phone.hear();
        let (sent_header, heard_header) = (Header::parse(&sent).unwrap(), Header::parse(&heard).unwrap());
        assert_eq!(heard_header.payload(&heard), sent_header.payload(&sent));
        assert_eq!(heard_header.sequence, sequence);
        assert_ne!(heard_header.ssrc, sent_header.ssrc);
    }
}

/// The share of a tone in the power of the samples (Goertzel).
fn tone_share(samples: &[i16], hertz: f64) -> f64 {
    let step = hertz / 8000.0 * std::f64::consts::TAU;
    let (mut s1, mut s2, mut power) = (0.0, 0.0, 0.0);
    for sample in samples {
        let sample = f64::from(*sample);
        let s0 = sample + 2.0 * step.cos() * s1 - s2;
        (s1, s2) = (s0, s1);
        power += sample * sample;
    }
    let tone = s1 * s1 + s2 * s2 - 2.0 * step.cos() * s1 * s2;
    tone * 2.0 / (power * samples.len() as f64)
}

fn wav_tone(rate: u32, hertz: f64, samples: u32) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    for n in 0..samples {
        let at = f64::from(n) / f64::from(rate) * hertz * std::f64::consts::TAU;
        writer.write_sample((at.sin() * 10_000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
    file.into_inner()
}

#[test]
fn a_prompt_arrives_as_its_tone_in_time_and_says_its_end() {
    let mut bench = Bench::new();
    let mut prompts = Prompts::default();
    prompts.insert("toon", Prompt::from_wav(&wav_tone(16_000, 440.0, 16_000 * 6 / 10)).unwrap());
    bench.engine.set_prompts(&Arc::new(prompts));
    let phone = bench.phone(1);
    let begun = Instant::now();
    bench.perform(MediaCommand::Play { leg: LegId(1), play: 7, prompts: vec!["toon".into()], repeat: false });
    let mut samples = Vec::new();
    for frame in 0..30_u16 {
        let (packet, _) = phone.hear();
        let header = Header::parse(&packet).unwrap();
        assert_eq!((header.marker, header.payload_type), (frame == 0, 8));
        samples.extend(decode_a_law(header.payload(&packet)));
    }
    assert!(begun.elapsed() >= Duration::from_millis(29 * 20), "sent in real time: {:?}", begun.elapsed());
    assert_eq!(bench.event(), MediaEvent::PlayFinished { leg: LegId(1), play: 7 });
    assert!(tone_share(&samples, 440.0) > 0.95, "{}", tone_share(&samples, 440.0));
    assert!(tone_share(&samples, 880.0) < 0.01);
}

#[test]
fn a_repeated_prompt_stops_when_told() {
    let mut bench = Bench::new();
    let mut prompts = Prompts::default();
    prompts.insert("kort", Prompt::from_samples(&[1000; 160]));
    bench.engine.set_prompts(&Arc::new(prompts));
    let phone = bench.phone(1);
    bench.perform(MediaCommand::Play { leg: LegId(1), play: 7, prompts: vec!["kort".into()], repeat: true });
    for _ in 0..3 {
        phone.hear();
    }
    bench.perform(MediaCommand::StopPlay { leg: LegId(1) });
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    assert!(matches!(bench.event(), MediaEvent::Closed { .. }), "no PlayFinished before");
}

#[test]
fn an_unknown_prompt_is_finished_at_once() {
    let mut bench = Bench::new();
    bench.phone(1);
    bench.perform(MediaCommand::Play { leg: LegId(1), play: 7, prompts: vec!["geen".into()], repeat: false });
    assert_eq!(bench.event(), MediaEvent::PlayFinished { leg: LegId(1), play: 7 });
}

#[test]
fn silence_of_a_phone_is_said() {
    let silent_after = Some(Duration::from_millis(1));
    let mut bench = Bench::with(EngineConfig {
        threads: 1,
        ports: free_range(),
        silent_after,
        ..EngineConfig::default()
    });
    bench.phone(1);
    let MediaEvent::Silent { leg: LegId(1), for_ } = bench.event() else { panic!("not silent") };
    assert!(for_ >= Duration::from_millis(1));
}

#[test]
fn a_panic_ends_its_leg_and_no_other() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    let other = bench.phone(3);
    bench.perform(MediaCommand::Echo { leg: LegId(3) });
    bench.engine.poison(LegId(1));
    a.send(1);
    assert_eq!(bench.event(), MediaEvent::Failed { leg: LegId(1) });
    b.send(1);
    other.send(1);
    other.hear();
    bench.open(CALL, 4).unwrap();
    assert_eq!(bench.engine.open_legs(), 3, "the failed leg is forgotten");
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    bench.perform(MediaCommand::Close { leg: LegId(2) });
    let MediaEvent::Closed { leg: LegId(2), quality } = bench.event() else { panic!("not closed") };
    assert_eq!(quality.inbound.packets, 1);
}

#[test]
fn live_figures_are_given_when_asked() {
    let mut bench = Bench::new();
    let (a, b) = bench.bridge();
    a.send(1);
    b.hear();
    let reports = bench.reports();
    let one = reports.iter().find(|report| report.leg == LegId(1)).unwrap();
    assert_eq!((reports.len(), one.quality.inbound.packets), (2, 1));
    assert_eq!(one.quality.remote, a.rtp.local_addr().ok());
    let traffic = bench.engine.traffic();
    assert_eq!((traffic.received, traffic.sent, traffic.ticks), (1, 1, 0), "a relayed packet needs no tick");
    assert_eq!(bench.engine.port_pairs(), 2);
}

#[test]
fn a_closed_leg_gives_its_ports_back_after_their_rest() {
    let ports = free_range();
    let pair = *ports.start()..=ports.start() + 1;
    let rest = Duration::from_millis(50);
    let mut bench =
        Bench::with(EngineConfig { threads: 1, ports: pair, drain: rest, ..EngineConfig::default() });
    let first = bench.open(CALL, 1).unwrap();
    assert_eq!(bench.open(CALL, 2), Err(OpenError::PortsExhausted));
    let closing = Instant::now();
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    assert!(matches!(bench.event(), MediaEvent::Closed { .. }));
    let again = loop {
        match bench.open(CALL, 3) {
            Ok(again) => break again,
            Err(_) => assert!(closing.elapsed() < PATIENCE, "the ports never came back"),
        }
    };
    assert!(closing.elapsed() >= rest, "reused after {:?}", closing.elapsed());
    assert_eq!(first.rtp, again.rtp);
    assert_eq!((bench.engine.open_legs(), bench.engine.port_pairs()), (1, 1));
}

#[test]
fn the_external_address_is_not_for_this_machine() {
    let public = PublicAddresses::new(Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9))), Vec::new());
    let mut bench =
        Bench::with(EngineConfig { threads: 1, ports: free_range(), public, ..EngineConfig::default() });
    assert_eq!(bench.open(CALL, 1).unwrap().rtp.ip(), LOOPBACK);
}

#[test]
fn a_stopped_engine_leaves_no_thread() {
    let (sender, mut events) = channel(1);
    let config = EngineConfig { threads: 3, ports: free_range(), ..EngineConfig::default() };
    let engine = Engine::start(config, &sender).unwrap();
    drop(sender);
    drop(engine);
    // Every thread held a sender: all of them are gone.
    assert_eq!(events.blocking_recv(), None);
}
