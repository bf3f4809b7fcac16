//! The leg of a browser takes and sends nothing before it has an address by ICE and keys by DTLS.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::time::Instant;

use kiestoon_media::rtp::{Drop, Header, LatchSettings, RtpLeg};
use kiestoon_media::srtp::{MasterKey, OVERHEAD, PeerKey, Protection, Suite};
use kiestoon_media::{Codec, Direction, RemoteAudio};

const BROWSER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 50_000);

fn described() -> RemoteAudio {
    RemoteAudio {
        rtp: "0.0.0.0:9".parse().unwrap(),
        rtcp: "0.0.0.0:9".parse().unwrap(),
        direction: Direction::SendRecv,
        codecs: vec![Codec {
            payload_type: 111,
            name: "opus".into(),
            clock_rate: 48_000,
            channels: 2,
            fmtp: None,
        }],
        telephone_event: None,
        ptime: None,
        maxptime: None,
        on_hold: false,
        key: None,
        mux: true,
        voiceband: false,
        rewritten: false,
        browser: None,
    }
}

fn key(byte: u8) -> MasterKey {
    MasterKey::new(Suite::AesGcm128, &[byte; 28]).unwrap()
}

fn packet(sequence: u16) -> (Header, Vec<u8>) {
    let mut packet = vec![0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4];
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    (Header::parse(&packet).unwrap(), packet)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test begins somewhere")]
fn nothing_goes_either_way_before_there_are_an_address_and_keys() {
    let now = Instant::now();
    let mut leg = RtpLeg::new(BROWSER.ip(), LatchSettings::default()).of_browser(7);
    leg.set_remote(now, &described());
    assert_eq!(leg.destination(), None, "not to the address of a description");
    leg.moved(BROWSER);
    assert_eq!((leg.destination(), leg.rtcp_destination()), (None, None), "not in the clear");
    let (_, mut plain) = packet(1);
    assert_eq!(leg.receive(now, BROWSER, &mut plain), Err(Drop::Forged));
    assert_eq!(leg.receive_rtcp(now, BROWSER, &mut [0x80, 200, 0, 1, 0, 0, 0, 9]).err(), Some(Drop::Forged));
    leg.secure(&key(1), &PeerKey { key: key(2), mki: None });
    assert_eq!((leg.destination(), leg.rtcp_destination()), (Some(BROWSER), Some(BROWSER)));
    let mut browser = Protection::new(&key(2), &PeerKey { key: key(1), mki: None }).unwrap();
    let (header, plain) = packet(2);
    let mut sealed = vec![0; plain.len() + OVERHEAD];
    let length = browser.seal_rtp(&header, &plain, &mut sealed).unwrap();
    sealed.truncate(length);
    let received = leg.receive(now, BROWSER, &mut sealed.clone()).unwrap();
    assert_eq!(received.length, plain.len());
    assert_eq!(leg.receive(now, BROWSER, &mut sealed), Err(Drop::Replayed));
    let (_, mut clear) = packet(3);
    assert_eq!(leg.receive(now, BROWSER, &mut clear), Err(Drop::Forged));
    // A description in mid-call, a hold and its end, keeps address and keys.
    leg.set_remote(now, &described());
    assert_eq!(leg.destination(), Some(BROWSER));
}
