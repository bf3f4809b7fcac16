//! Any bytes as a session description, and as the answer to one: reading, relaying and answering never panic, and what
//! we write can be read again.
#![no_main]

use std::net::{Ipv4Addr, SocketAddr};

use kiestoon_media::{LocalMedia, Origin, Sdp, local_answer, relay_answer, relay_offer};
use kiestoon_media::srtp::LocalKeys;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let port = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let keys = LocalKeys::generate(|bytes| bytes.fill(7));
    let us = LocalMedia { keys: Some(keys.into()), secure_offers: data.len() % 2 == 1, ..LocalMedia::new(port(20_000), port(20_001)) };
    let mut origin = Origin::new(1);
    // A form feed divides offer and answer.
    let (offer, answer) = match data.iter().position(|&b| b == 0x0c) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, data),
    };
    let Ok(offer) = Sdp::parse(offer) else { return };
    let _ = (offer.audio(), offer.fax());
    if let Ok(ours) = relay_offer(&offer, &us, &mut origin) {
        read_again(&ours);
    }
    if let Ok((ours, _)) = local_answer(&offer, &us, &mut origin) {
        read_again(&ours);
    }
    if let Ok(answer) = Sdp::parse(answer)
        && let Ok(ours) = relay_answer(&offer, &answer, &us, &mut origin)
    {
        read_again(&ours);
    }
});

fn read_again(ours: &Sdp) {
    let written = ours.to_bytes();
    let read = Sdp::parse(&written).expect("what we write can be read");
    assert_eq!((read.audio(), read.fax()), (ours.audio(), ours.fax()));
}
