//! One cell of the table: speech through a bad network to a baresip, and the same packets to our jitter buffer.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use kiestoon_media::Codec;
use kiestoon_media::rtp::Header;
use kiestoon_testkit::Impairment;
use kiestoon_testkit::listener::{SpeechPacket, speak_at};

use crate::capture;
use crate::impair::{Passed, Proxy};
use crate::sip::Call;

/// Plays `speech` to `baresip`; writes `output.ours.wav`, `output.echo.wav` and says the buffer's figures.
pub(crate) fn run(
    baresip: SocketAddr,
    codec: &str,
    speech: &str,
    output: &str,
    network: Impairment,
) -> anyhow::Result<()> {
    let (codec, map) = self::codec(codec)?;
    let (rate, sound) = capture::read(speech)?;
    let packets = speak_at(&codec, rate, &sound)?;
    let ear = UdpSocket::bind("127.0.0.1:0")?;
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP {}\r\n{map}\r\na=ptime:20\r\n",
        ear.local_addr()?.port(),
        codec.payload_type,
    );
    let (call, target) = Call::make(baresip, &sdp)?;
    sleep(Duration::from_millis(500));
    let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 1], 0)), target, network)?;
    let done = Arc::new(AtomicBool::new(false));
    let hearing = {
        spawn({
            let done = done.clone();
            move || hear(&ear, &done)
        })
    };
    let start = Instant::now();
    send(&packets, proxy.address(), start)?;
    sleep(Duration::from_secs(1));
    done.store(true, Ordering::Relaxed);
    let came = on_clock(&proxy.finish(), start);
    let echo = on_clock(&hearing.join().unwrap_or_default(), start);
    call.end()?;
    let length = packets.last().context("no speech")?.at + Duration::from_secs(1);
    let (rate, ours, figures) = capture::through_buffer(&codec, &came, length)?;
    capture::write(&format!("{output}.ours.wav"), rate, &ours)?;
    let (rate, theirs) = capture::sent_back(&codec, &echo)?;
    capture::write(&format!("{output}.echo.wav"), rate, &theirs)?;
    println!("{figures:?}");
    Ok(())
}

/// A codec by its name, and how SDP describes it.
pub(crate) fn codec(name: &str) -> anyhow::Result<(Codec, &'static str)> {
    Ok(match name {
        "PCMU" => (codec_of(0, "PCMU", 8000, 1, None), "a=rtpmap:0 PCMU/8000"),
        "opus" => (
            codec_of(111, "opus", 48_000, 2, Some("useinbandfec=1")),
            "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1",
        ),
        "PCMA" => (codec_of(8, "PCMA", 8000, 1, None), "a=rtpmap:8 PCMA/8000"),
        "G722" => (codec_of(9, "G722", 8000, 1, None), "a=rtpmap:9 G722/8000"),
        other => bail!("{other} is none of PCMU, PCMA, G722 and opus"),
    })
}

fn codec_of(payload_type: u8, name: &str, clock_rate: u32, channels: u8, fmtp: Option<&str>) -> Codec {
    Codec { payload_type, name: name.into(), clock_rate, channels, fmtp: fmtp.map(Into::into) }
}

/// Speaks in real time.
pub(crate) fn send(packets: &[SpeechPacket], to: SocketAddr, start: Instant) -> anyhow::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    for packet in packets {
        sleep((start + packet.at).saturating_duration_since(Instant::now()));
        let mut head = [0; 12];
        packet.header.write(&mut head);
        socket.send_to(&[head.as_slice(), packet.payload.as_slice()].concat(), to)?;
    }
    Ok(())
}

pub(crate) fn hear(ear: &UdpSocket, done: &AtomicBool) -> Vec<Passed> {
    let (mut heard, mut buffer) = (Vec::new(), [0; 2048]);
    let _ = ear.set_read_timeout(Some(Duration::from_millis(100)));
    while !done.load(Ordering::Relaxed) {
        if let Ok(length) = ear.recv(&mut buffer) {
            heard.push((Instant::now(), buffer.get(..length).unwrap_or_default().to_vec()));
        }
    }
    heard
}

/// The RTP packets among them, on the sender's clock; what came before it spoke is left out.
pub(crate) fn on_clock(passed: &[Passed], start: Instant) -> Vec<SpeechPacket> {
    let packets = passed.iter().filter_map(|(at, datagram)| {
        let header = Header::parse(datagram).ok()?;
        let payload = header.payload(datagram).to_vec();
        Some(SpeechPacket { at: at.checked_duration_since(start)?, header, payload })
    });
    packets.collect()
}
