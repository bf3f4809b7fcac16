//! The cipher of one direction: session keys derived from the master key, and packets encrypted and authenticated where
//! they lie.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rtc_srtp::crypto::{
    AeadAlgorithm, AeadCipher, HmacAlgorithm, Mac, RTCCrypto, RTCCryptoProvider, StreamCipher,
    StreamCipherAlgorithm, constant_time_eq, default_provider,
};
use zeroize::Zeroizing;

use super::{MasterKey, Suite};

/// Session keys of RTP or of RTCP, ready for use.
pub(super) struct Transform {
    cipher: Cipher,
    /// The session salt; 12 bytes of it for GCM.
    salt: [u8; 14],
    tag_bytes: usize,
}

enum Cipher {
    Counter { stream: Box<dyn StreamCipher>, mac: Box<dyn Mac> },
    Gcm(Box<dyn AeadCipher>),
}

/// What is authenticated and encrypted of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) ssrc: u32,
    /// 48 bits for RTP, 31 for RTCP.
    pub(super) index: u64,
    /// Where the encrypted part begins.
    pub(super) clear: usize,
    /// Authenticated after the packet: the rollover counter of RTP, the index word of RTCP.
    pub(super) trailer: [u8; 4],
}

/// The labels of RFC 3711 section 4.3.1: encryption, authentication and salt.
const RTP: [u8; 3] = [0, 1, 2];
const RTCP: [u8; 3] = [3, 4, 5];
const AUTHENTICATION_KEY: usize = 20;

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform(redacted)")
    }
}

impl Transform {
    /// The transform of RTP. None where the provider lacks the cipher.
    pub(super) fn rtp(master: &MasterKey) -> Option<Self> {
        Self::new(master, RTP, master.suite().rtp_tag_bytes())
    }

    /// The transform of RTCP.
    pub(super) fn rtcp(master: &MasterKey) -> Option<Self> {
        Self::new(master, RTCP, master.suite().rtcp_tag_bytes())
    }

    fn new(master: &MasterKey, labels: [u8; 3], tag_bytes: usize) -> Option<Self> {
        let crypto = provider()?.crypto();
        let [encryption, authentication, salting] = labels;
        let suite = master.suite();
        let mut key = Zeroizing::new([0; 32]);
        let key = key.get_mut(..suite.key_bytes())?;
        derive(crypto, master, encryption, key)?;
        let mut salt = [0; 14];
        derive(crypto, master, salting, salt.get_mut(..suite.salt_bytes())?)?;
        let cipher = if suite.is_gcm() {
            let algorithm = match suite {
                Suite::AesGcm128 => AeadAlgorithm::Aes128Gcm,
                _ => AeadAlgorithm::Aes256Gcm,
            };
            Cipher::Gcm(crypto.new_aead(algorithm, key).ok()?)
        } else {
            let mut secret = Zeroizing::new([0; AUTHENTICATION_KEY]);
            derive(crypto, master, authentication, &mut *secret)?;
            Cipher::Counter {
                stream: crypto.new_stream_cipher(counter_mode(suite), key).ok()?,
                mac: crypto.new_hmac(HmacAlgorithm::Sha1, &*secret).ok()?,
            }
        };
        Some(Self { cipher, salt, tag_bytes })
    }

    pub(super) fn tag_bytes(&self) -> usize {
        self.tag_bytes
    }

    /// Whether the tag stands after the index word of SRTCP rather than before it.
    pub(super) fn tag_is_last(&self) -> bool {
        matches!(self.cipher, Cipher::Counter { .. })
    }

    /// Encrypts a packet and writes its tag. `covered` is what stands behind the encrypted part and is authenticated in
    /// counter mode: the index word of RTCP, already in its place.
    pub(super) fn seal(&mut self, frame: Frame, packet: &mut [u8], tag: &mut [u8]) -> Option<()> {
        match &mut self.cipher {
            Cipher::Counter { stream, mac } => {
                let iv = counter(&self.salt, frame);
                stream.apply_keystream(&iv, packet.get_mut(frame.clear..)?).ok()?;
                let mut whole = [0; 20];
                mac.sign(&[packet, &frame.trailer], &mut whole).ok()?;
                tag.copy_from_slice(whole.get(..tag.len())?);
                Some(())
            }
            Cipher::Gcm(cipher) => {
                let nonce = nonce(&self.salt, frame);
                let (clear, body) = packet.split_at_mut_checked(frame.clear)?;
                let mut associated = [0; ASSOCIATED];
                let associated = associate(&mut associated, clear, frame)?;
                cipher.seal_in_place(&nonce, associated, body, tag).ok()
            }
        }
    }

    /// Authenticates a packet, then decrypts it. A packet that is not authentic is left as it is in counter mode.
    pub(super) fn open(&mut self, frame: Frame, packet: &mut [u8], tag: &[u8]) -> Option<()> {
        match &mut self.cipher {
            Cipher::Counter { stream, mac } => {
                let mut whole = [0; 20];
                mac.sign(&[packet, &frame.trailer], &mut whole).ok()?;
                if !constant_time_eq(whole.get(..tag.len())?, tag) {
                    return None;
                }
                let iv = counter(&self.salt, frame);
                stream.apply_keystream(&iv, packet.get_mut(frame.clear..)?).ok()
            }
            Cipher::Gcm(cipher) => {
                let nonce = nonce(&self.salt, frame);
                let (clear, body) = packet.split_at_mut_checked(frame.clear)?;
                let mut associated = [0; ASSOCIATED];
                let associated = associate(&mut associated, clear, frame)?;
                cipher.open_in_place(&nonce, associated, body, tag).ok()
            }
        }
    }
}

/// The key derivation of RFC 3711 section 4.3, never repeated in the life of a key: the key stream of AES in counter
/// mode over the salt and the label. GCM has the same with a shorter salt (RFC 7714 section 11).
fn derive(crypto: &dyn RTCCrypto, master: &MasterKey, label: u8, out: &mut [u8]) -> Option<()> {
    let mut iv = [0; 16];
    iv.get_mut(..master.salt().len())?.copy_from_slice(master.salt());
    iv[7] ^= label;
    let mut stream = crypto.new_stream_cipher(counter_mode(master.suite()), master.key()).ok()?;
    out.fill(0);
    stream.apply_keystream(&iv, out).ok()
}

fn counter_mode(suite: Suite) -> StreamCipherAlgorithm {
    match suite {
        Suite::AesCm128Sha1_80 | Suite::AesCm128Sha1_32 | Suite::AesGcm128 => {
            StreamCipherAlgorithm::Aes128Ctr
        }
        Suite::AesCm256Sha1_80 | Suite::AesCm256Sha1_32 | Suite::AesGcm256 => {
            StreamCipherAlgorithm::Aes256Ctr
        }
    }
}

/// RFC 3711 section 4.1.1: the salt, the source and the index, exclusive-ored at their places.
fn counter(salt: &[u8; 14], frame: Frame) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(salt);
    let [.., i0, i1, i2, i3, i4, i5] = frame.index.to_be_bytes();
    let source = frame.ssrc.to_be_bytes().into_iter().chain([i0, i1, i2, i3, i4, i5]);
    iv.iter_mut().skip(4).zip(source).for_each(|(byte, other)| *byte ^= other);
    iv
}

/// RFC 7714 sections 8.1 and 9.1, which are one once the index has 48 bits.
fn nonce(salt: &[u8; 14], frame: Frame) -> [u8; 12] {
    let mut iv = [0; 12];
    iv.copy_from_slice(&salt[..12]);
    let [.., i0, i1, i2, i3, i4, i5] = frame.index.to_be_bytes();
    let source = frame.ssrc.to_be_bytes().into_iter().chain([i0, i1, i2, i3, i4, i5]);
    iv.iter_mut().skip(2).zip(source).for_each(|(byte, other)| *byte ^= other);
    iv
}

/// RTCP's index word is associated data with GCM (RFC 7714 section 9.2); RTP's counter is in the nonce only.
fn associate<'a>(buffer: &'a mut [u8; ASSOCIATED], clear: &'a [u8], frame: Frame) -> Option<&'a [u8]> {
    if clear.len() != RTCP_CLEAR {
        return Some(clear);
    }
    let (header, word) = buffer.split_at_mut_checked(RTCP_CLEAR)?;
    header.copy_from_slice(clear);
    word.copy_from_slice(&frame.trailer);
    Some(buffer)
}

/// The part of an RTCP packet that stays clear. No RTP header is so short.
pub(super) const RTCP_CLEAR: usize = 8;
const ASSOCIATED: usize = RTCP_CLEAR + 4;

/// The ciphers of the library; one for the process, because it holds nothing but functions.
fn provider() -> Option<&'static Arc<dyn RTCCryptoProvider>> {
    static PROVIDER: OnceLock<Option<Arc<dyn RTCCryptoProvider>>> = OnceLock::new();
    PROVIDER.get_or_init(|| default_provider().ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
        let master = MasterKey::new(Suite::AesCm128Sha1_80, &master).unwrap();
        let crypto = provider().unwrap().crypto();
        let derived = |label, bytes| {
            let mut out = vec![0; bytes];
            derive(crypto, &master, label, &mut out).unwrap();
            out
        };
        assert_eq!(derived(0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derived(2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(derived(1, 20), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
    }
}
