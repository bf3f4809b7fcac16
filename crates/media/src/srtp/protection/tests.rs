//! Against the library's own contexts, which frame packets independently of us, and against forgers.

use proptest::prelude::*;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::*;
use crate::srtp::{LocalKeys, OVERHEAD};

fn keys(seed: u8) -> LocalKeys {
    let mut next = seed;
    LocalKeys::generate(|bytes| {
        bytes.fill_with(|| {
            next = next.wrapping_mul(31).wrapping_add(17);
            next
        });
    })
}

fn peer(keys: &LocalKeys, suite: Suite) -> PeerKey {
    PeerKey { key: keys.of(suite).unwrap().clone(), mki: None }
}

/// The two ends of one leg.
fn ends(suite: Suite) -> (Protection, Protection) {
    let (a, b) = (keys(1), keys(2));
    let end = |ours: &LocalKeys, theirs: &LocalKeys| {
        Protection::new(ours.of(suite).unwrap(), &peer(theirs, suite)).unwrap()
    };
    (end(&a, &b), end(&b, &a))
}

fn oracle(keys: &LocalKeys, suite: Suite) -> Context {
    let profile = match suite {
        Suite::AesCm128Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::AesCm128Sha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
        Suite::AesCm256Sha1_80 => ProtectionProfile::Aes256CmHmacSha1_80,
        Suite::AesCm256Sha1_32 => ProtectionProfile::Aes256CmHmacSha1_32,
        Suite::AesGcm128 => ProtectionProfile::AeadAes128Gcm,
        Suite::AesGcm256 => ProtectionProfile::AeadAes256Gcm,
    };
    let provider = rtc_srtp::crypto::default_provider().unwrap();
    let key = keys.of(suite).unwrap();
    Context::new(key.key(), key.salt(), profile, None, None, provider.crypto()).unwrap()
}

fn rtp(sequence: u16, payload: &[u8]) -> (Header, Vec<u8>) {
    let header = Header {
        marker: false,
        payload_type: 8,
        sequence,
        timestamp: 1234,
        ssrc: 0xdead_beef,
        payload_at: 12,
        payload_end: 12 + payload.len(),
    };
    let mut packet = vec![0; 12];
    header.write(packet.first_chunk_mut().unwrap());
    packet.extend_from_slice(payload);
    (header, packet)
}

fn seal(protection: &mut Protection, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let (header, packet) = rtp(sequence, payload);
    let mut out = vec![0; packet.len() + OVERHEAD];
    let length = protection.seal_rtp(&header, &packet, &mut out).unwrap();
    out.truncate(length);
    out
}

fn open(protection: &mut Protection, packet: &[u8]) -> Result<Vec<u8>, Unprotected> {
    let mut packet = packet.to_vec();
    let header = Header::parse_protected(&packet).unwrap();
    let length = protection.open_rtp(&header, &mut packet)?;
    packet.truncate(length);
    Ok(packet)
}

/// An empty receiver report and a source description.
fn report() -> Vec<u8> {
    vec![0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 202, 0, 2, 1, 2, 3, 4, 1, 1, b'k', 0]
}

#[test]
fn the_library_opens_what_we_seal_and_we_what_it_seals() {
    for suite in Suite::ALL {
        let (mut ours, _) = ends(suite);
        let (mut theirs_in, mut theirs_out) = (oracle(&keys(1), suite), oracle(&keys(2), suite));
        for sequence in [65_530, 65_531, 65_533, 65_532, 65_535, 0, 1, 3, 2] {
            let sealed = seal(&mut ours, sequence, b"twenty milliseconds");
            let (_, plain) = rtp(sequence, b"twenty milliseconds");
            assert_ne!(sealed[12..20], plain[12..20], "{suite:?}");
            assert_eq!(theirs_in.decrypt_rtp(&sealed).unwrap(), plain, "{suite:?} {sequence}");
            let sealed = theirs_out.encrypt_rtp(&plain).unwrap();
            assert_eq!(open(&mut ours, &sealed).unwrap(), plain, "{suite:?} {sequence}");
        }
        for _ in 0..3 {
            let mut out = [0; 64];
            let length = ours.seal_rtcp(&report(), &mut out).unwrap();
            assert_eq!(theirs_in.decrypt_rtcp(&out[..length]).unwrap(), report(), "{suite:?}");
            let mut sealed = theirs_out.encrypt_rtcp(&report()).unwrap().to_vec();
            let length = ours.open_rtcp(&mut sealed).unwrap();
            assert_eq!(sealed[..length], report(), "{suite:?}");
        }
    }
}

#[test]
fn a_replay_is_dropped() {
    for suite in Suite::ALL {
        let (mut a, mut b) = ends(suite);
        let first = seal(&mut a, 10, b"one");
        let second = seal(&mut a, 11, b"two");
        assert!(open(&mut b, &second).is_ok() && open(&mut b, &first).is_ok());
        assert_eq!(open(&mut b, &first), Err(Unprotected::Replayed));
        assert_eq!(open(&mut b, &second), Err(Unprotected::Replayed));
        let mut out = [0; 64];
        let length = a.seal_rtcp(&report(), &mut out).unwrap();
        let mut copy = out;
        assert!(b.open_rtcp(&mut copy[..length]).is_ok());
        assert_eq!(b.open_rtcp(&mut out[..length]), Err(Unprotected::Replayed));
    }
}

#[test]
fn the_wrong_key_and_every_flipped_bit_are_forged() {
    for suite in Suite::ALL {
        let (mut a, mut b) = ends(suite);
        let sealed = seal(&mut a, 10, b"speech");
        for at in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[at / 8] ^= 1 << (at % 8);
            let Ok(header) = Header::parse_protected(&forged) else { continue };
            assert_eq!(b.open_rtp(&header, &mut forged), Err(Unprotected::Forged), "{suite:?} bit {at}");
        }
        assert_eq!(open(&mut a, &sealed), Err(Unprotected::Forged), "our own packet under the other's key");
        assert!(open(&mut b, &sealed).is_ok(), "no forgery moved the window");
    }
}

#[test]
fn a_report_that_claims_to_be_in_the_clear_is_forged() {
    for suite in Suite::ALL {
        let (_, mut b) = ends(suite);
        let mut forged = report();
        forged.extend_from_slice(&[0; 4]);
        forged.extend_from_slice(&[0; 16]);
        assert_eq!(b.open_rtcp(&mut forged), Err(Unprotected::Forged), "{suite:?}");
    }
}

#[test]
fn no_index_is_used_twice() {
    let (mut a, _) = ends(Suite::AesCm128Sha1_80);
    seal(&mut a, 10, b"one");
    let (header, packet) = rtp(10, b"two");
    assert_eq!(a.seal_rtp(&header, &packet, &mut [0; 100]), None);
    // Nor after a new offer with the same keys.
    let (ours, theirs) = (keys(1), keys(2));
    let suite = Suite::AesCm128Sha1_80;
    a.renew(ours.of(suite).unwrap(), &peer(&theirs, suite)).unwrap();
    assert_eq!(a.seal_rtp(&header, &packet, &mut [0; 100]), None);
}

#[test]
fn no_index_is_used_twice_after_another_suite() {
    let (ours, theirs) = (keys(1), keys(2));
    let (first, second) = (Suite::AesGcm128, Suite::AesCm128Sha1_80);
    let (mut a, mut b) = ends(first);
    let (header, packet) = rtp(10, b"one");
    let index = |sealed: &[u8]| sealed[sealed.len() - 4..].to_vec();
    seal(&mut a, 10, b"one");
    let mut out = [0; 64];
    let length = a.seal_rtcp(&report(), &mut out).unwrap();
    assert_eq!(index(&out[..length]), [0x80, 0, 0, 1]);
    for suite in [second, first] {
        a.renew(ours.of(suite).unwrap(), &peer(&theirs, suite)).unwrap();
        assert_eq!(a.suite(), suite);
    }
    assert_eq!(a.seal_rtp(&header, &packet, &mut [0; 100]), None);
    let length = a.seal_rtcp(&report(), &mut out).unwrap();
    assert_eq!(index(&out[..length]), [0x80, 0, 0, 2]);
    assert!(open(&mut b, &seal(&mut a, 11, b"two")).is_ok() && b.open_rtcp(&mut out[..length]).is_ok());
}

#[test]
fn a_new_key_takes_over_and_the_old_one_ends_with_it() {
    let suite = Suite::AesCm128Sha1_80;
    let (mut phone, mut ours) = ends(suite);
    let (_, mut gone) = ends(suite);
    open(&mut ours, &seal(&mut phone, 10, b"old")).unwrap();
    let late = seal(&mut phone, 11, b"old");
    let too_late = seal(&mut phone, 12, b"old");
    let fresh = keys(9);
    ours.renew(keys(2).of(suite).unwrap(), &peer(&fresh, suite)).unwrap();
    assert!(open(&mut ours, &late).is_ok(), "on its way while the key changed");
    let mut renewed = Protection::new(fresh.of(suite).unwrap(), &peer(&keys(2), suite)).unwrap();
    assert!(open(&mut ours, &seal(&mut renewed, 13, b"new")).is_ok());
    assert_eq!(open(&mut ours, &too_late), Err(Unprotected::Forged));
    assert!(open(&mut gone, &too_late).is_ok(), "the packet itself was whole");
}

#[test]
fn an_identifier_is_looked_at_and_taken_off() {
    for suite in Suite::ALL {
        let (mut a, _) = ends(suite);
        let theirs = PeerKey { mki: Some((0x0102, 2)), ..peer(&keys(1), suite) };
        let mut b = Protection::new(keys(2).of(suite).unwrap(), &theirs).unwrap();
        let sealed = seal(&mut a, 10, b"speech");
        let at = if suite.is_gcm() { sealed.len() } else { sealed.len() - suite.rtp_tag_bytes() };
        let with = |mki: [u8; 2]| [&sealed[..at], &mki, &sealed[at..]].concat();
        assert_eq!(open(&mut b, &with([1, 3])), Err(Unprotected::Forged), "{suite:?}");
        assert_eq!(open(&mut b, &with([1, 2])).unwrap(), rtp(10, b"speech").1, "{suite:?}");
    }
}

#[test]
fn a_source_that_changes_keeps_its_own_counter() {
    let (mut a, mut b) = ends(Suite::AesCm128Sha1_80);
    for (ssrc, sequence) in [(1, 65_535), (2, 7), (1, 0), (2, 8), (1, 1)] {
        let (header, mut packet) = rtp(sequence, b"x");
        packet[8..12].copy_from_slice(&u32::to_be_bytes(ssrc));
        let mut out = [0; 64];
        let length = a.seal_rtp(&Header { ssrc, ..header }, &packet, &mut out).unwrap();
        assert_eq!(open(&mut b, &out[..length]).unwrap(), packet);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_forged_and_harm_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..120), which in 0..6_usize) {
        let (mut a, mut b) = ends(Suite::ALL[which]);
        let mut packet = bytes.clone();
        if let Ok(header) = Header::parse_protected(&packet) {
            prop_assert_eq!(b.open_rtp(&header, &mut packet), Err(Unprotected::Forged));
        }
        prop_assert_eq!(b.open_rtcp(&mut bytes.clone()), Err(Unprotected::Forged));
        let _ = a.seal_rtcp(&bytes, &mut [0; 64]);
    }
}
