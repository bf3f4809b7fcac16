//! Speech through the running PBX: one phone speaks over a bad network in one codec, the other hears it in another, so that
//! the PBX decodes, waits, conceals and encodes. Or the network behind the PBX is the bad one: then the other phone reports what it loses, and
//! hears by our jitter buffer. What comes out is written on the clock of the speaker.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kiestoon_media::rtp::Header;
use kiestoon_testkit::Impairment;
use kiestoon_testkit::listener::speak_at;

use crate::call::{codec, hear, on_clock, send};
use crate::capture;
use crate::impair::{Passed, Proxy};
use crate::phone::Phone;

/// The call: which PBX, whose numbers (`first` calls the next), which codecs, and which of the two networks is bad.
pub(crate) struct Through<'a> {
    pub(crate) pbx: SocketAddr,
    pub(crate) first: u32,
    pub(crate) said: &'a str,
    pub(crate) heard: &'a str,
    pub(crate) behind: bool,
}

/// Plays `speech` through it, and writes `output.pbx.wav`.
pub(crate) fn run(
    through: &Through<'_>,
    speech: &str,
    output: &str,
    network: Impairment,
) -> anyhow::Result<()> {
    let (said, said_map) = codec(through.said)?;
    let (heard, heard_map) = codec(through.heard)?;
    let (rate, sound) = capture::read(speech)?;
    let packets = speak_at(&said, rate, &sound)?;
    let (mouth, ear) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let perfect = Impairment::new(1, 0, Duration::ZERO);
    let (before, behind) = if through.behind { (perfect, network) } else { (network, perfect) };
    let behind = Proxy::start(any, ear.local_addr()?, behind)?;
    let mut caller = Phone::register(through.pbx, through.first)?;
    let callee = Phone::register(through.pbx, through.first + 1)?;
    let offer = describe(mouth.local_addr()?, said.payload_type, said_map);
    let answer = describe(behind.address(), heard.payload_type, heard_map);
    let (target, of_callee) = caller.call(&callee, &offer, &answer)?;
    let before = Proxy::start(any, target, before)?;
    let done = Arc::new(AtomicBool::new(false));
    let (report_to, reports) = (SocketAddr::new(of_callee.ip(), of_callee.port() + 1), through.behind);
    let hearing = spawn({
        let done = done.clone();
        move || if reports { hear_and_report(&ear, report_to, &done) } else { hear(&ear, &done) }
    });
    let start = Instant::now();
    send(&packets, before.address(), start)?;
    sleep(Duration::from_secs(1));
    done.store(true, Ordering::Relaxed);
    let lost_before = packets.len() - before.finish().len();
    let passed = behind.finish();
    let mut came = on_clock(&hearing.join().unwrap_or_default(), start);
    came.retain(|packet| packet.header.payload_type == heard.payload_type);
    let (rate, sound) = if through.behind {
        let length = packets.last().context("no speech")?.at + Duration::from_secs(1);
        let (rate, sound, figures) = capture::through_buffer(&heard, &came, length)?;
        println!("{figures:?}");
        (rate, sound)
    } else {
        capture::sent_back(&heard, &came).context("the PBX sent nothing to the callee")?
    };
    capture::write(&format!("{output}.pbx.wav"), rate, &sound)?;
    let (said, passed, heard) = (packets.len(), passed.len(), came.len());
    println!(
        "{said} packets said, {lost_before} lost on the way, {passed} came from behind the PBX, {heard} heard"
    );
    Ok(())
}

/// Hears, and says each second how much of it was lost (RFC 3550 section 6.4.2).
fn hear_and_report(ear: &UdpSocket, to: SocketAddr, done: &AtomicBool) -> Vec<Passed> {
    let (mut heard, mut buffer): (Vec<Passed>, _) = (Vec::new(), [0; 2048]);
    let _ = ear.set_read_timeout(Some(Duration::from_millis(100)));
    let (mut due, mut first) = (Instant::now() + Duration::from_secs(1), 0);
    while !done.load(Ordering::Relaxed) {
        if let Ok(length) = ear.recv(&mut buffer) {
            heard.push((Instant::now(), buffer.get(..length).unwrap_or_default().to_vec()));
        }
        if Instant::now() >= due {
            due += Duration::from_secs(1);
            if let Some(report) = heard.get(first..).and_then(report) {
                let _ = ear.send_to(&report, to);
            }
            first = heard.len();
        }
    }
    heard
}

/// A receiver report of what came lately; None where nothing did.
fn report(lately: &[Passed]) -> Option<Vec<u8>> {
    let headers: Vec<Header> =
        lately.iter().filter_map(|(_, datagram)| Header::parse(datagram).ok()).collect();
    let origin = headers.first()?;
    let steps = headers.iter().map(|header| header.sequence.wrapping_sub(origin.sequence).cast_signed());
    let (least, most) = steps.fold((0, 0), |(least, most), step| (step.min(least), step.max(most)));
    let expected = usize::try_from(i32::from(most) - i32::from(least) + 1).ok()?;
    let lost = expected.saturating_sub(headers.len()) * 256 / expected.max(1);
    let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
    report.extend_from_slice(&origin.ssrc.to_be_bytes());
    report.extend_from_slice(&[u8::try_from(lost).unwrap_or(u8::MAX), 0, 0, 0]);
    report.extend_from_slice(&u32::from(origin.sequence.wrapping_add_signed(most)).to_be_bytes());
    report.resize(32, 0);
    Some(report)
}

fn describe(address: SocketAddr, payload_type: u8, map: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP {payload_type} 101\r\n\
         {map}\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n",
        address.port(),
    )
}
