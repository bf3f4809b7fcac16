//! Telephone events (RFC 4733) and digits in INFO bodies, from any packets.
#![no_main]

use std::time::Instant;

use kiestoon_media::dtmf::{EventReceiver, read_info};
use kiestoon_media::rtp::Header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = Instant::now();
    let mut receiver = EventReceiver::new(8000);
    for packet in bytes.chunks(20) {
        if let Ok(header) = Header::parse(packet) {
            receiver.packet(now, &header, header.payload(packet));
        }
    }
    read_info("application/dtmf-relay", bytes);
    read_info("application/dtmf", bytes);
});
