//! Speech through the running PBX: one phone speaks over a bad network in one codec, the other hears it in another, so that
//! the PBX decodes, waits, conceals and encodes. What comes out is written on the clock of the speaker.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kiestoon_testkit::Impairment;
use kiestoon_testkit::listener::speak;

use crate::call::{codec, hear, on_clock, send};
use crate::capture;
use crate::impair::Proxy;
use crate::phone::Phone;

/// The call: which PBX, whose numbers (`first` calls the next), which codecs.
pub(crate) struct Through<'a> {
    pub(crate) pbx: SocketAddr,
    pub(crate) first: u32,
    pub(crate) said: &'a str,
    pub(crate) heard: &'a str,
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
    let sound: Vec<i16> = hound::WavReader::open(speech)?.samples().collect::<Result<_, _>>()?;
    let packets = speak(&said, &sound)?;
    let (mouth, ear) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let mut caller = Phone::register(through.pbx, through.first)?;
    let callee = Phone::register(through.pbx, through.first + 1)?;
    let offer = describe(&mouth, said.payload_type, said_map)?;
    let answer = describe(&ear, heard.payload_type, heard_map)?;
    let (target, _) = caller.call(&callee, &offer, &answer)?;
    let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 1], 0)), target, network)?;
    let done = Arc::new(AtomicBool::new(false));
    let hearing = spawn({
        let done = done.clone();
        move || hear(&ear, &done)
    });
    let start = Instant::now();
    send(&packets, proxy.address(), start)?;
    sleep(Duration::from_secs(1));
    done.store(true, Ordering::Relaxed);
    let passed = proxy.finish();
    let mut came = on_clock(&hearing.join().unwrap_or_default(), start);
    came.retain(|packet| packet.header.payload_type == heard.payload_type);
    let lost = packets.len() - passed.len();
    let (rate, sound) = capture::sent_back(&heard, &came).context("the PBX sent nothing to the callee")?;
    capture::write(&format!("{output}.pbx.wav"), rate, &sound)?;
    println!("{} packets said, {lost} lost on the way, {} heard", packets.len(), came.len());
    Ok(())
}

fn describe(socket: &UdpSocket, payload_type: u8, map: &str) -> anyhow::Result<String> {
    Ok(format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP {payload_type} 101\r\n\
         {map}\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n",
        socket.local_addr()?.port(),
    ))
}
