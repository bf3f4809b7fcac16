//! A phone that leaves SRTP and comes back to it gets the same key of ours, so what was counted under it goes on.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Instant;

use kiestoon_media::rtp::{LatchSettings, RtpLeg};
use kiestoon_media::srtp::{LocalKeys, PeerKey, Suite};
use kiestoon_media::{Codec, Direction, RemoteAudio};

fn remote(key: Option<PeerKey>) -> RemoteAudio {
    RemoteAudio {
        rtp: "192.0.2.7:4000".parse().unwrap(),
        rtcp: "192.0.2.7:4001".parse().unwrap(),
        direction: Direction::SendRecv,
        codecs: vec![Codec {
            payload_type: 8,
            name: "PCMA".into(),
            clock_rate: 8000,
            channels: 1,
            fmtp: None,
        }],
        telephone_event: None,
        ptime: None,
        maxptime: None,
        on_hold: false,
        key,
        mux: false,
        voiceband: false,
        rewritten: false,
        browser: None,
    }
}

fn keys(byte: u8) -> LocalKeys {
    LocalKeys::generate(|bytes| bytes.fill(byte))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
fn no_report_is_sealed_twice_under_one_index() {
    let now = Instant::now();
    let key = keys(2).of(Suite::AesGcm128).cloned().map(|key| PeerKey { key, mki: None });
    let mut leg = RtpLeg::new("192.0.2.7".parse().unwrap(), LatchSettings::default())
        .with_keys(Some(Arc::new(keys(1))));
    let report = [0x80, 201, 0, 1, 1, 2, 3, 4];
    let mut indices = Vec::new();
    for key in [key.clone(), None, None, key] {
        leg.set_remote(now, &remote(key.clone()));
        assert_eq!(leg.is_protected(), key.is_some());
        let mut out = [0; 64];
        if let Some(length) = leg.seal_rtcp(&report, &mut out) {
            indices.push(out[length - 4..length].to_vec());
        }
    }
    assert_eq!(indices, [[0x80, 0, 0, 1], [0x80, 0, 0, 2]]);
}
