//! Random bytes from the operating system, and passwords made of them.

use chacha20poly1305::aead::Generate;

use crate::StoreError;

/// `N` random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    <[u8; N]>::try_generate().map_err(|_| StoreError::Entropy)
}

/// A password of 16 characters that can be read aloud and typed on a phone: about 80 bits.
pub(crate) fn generate() -> Result<String, StoreError> {
    let bytes: [u8; LENGTH] = random()?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

const LENGTH: usize = 16;
/// Without 0 O o 1 l I i u v: alike on paper. 32 letters, so that every one is equally likely.
const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstwxyzACE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_plain_and_different() {
        let (first, second) = (generate().unwrap(), generate().unwrap());
        assert_eq!(first.len(), 16);
        assert_ne!(first, second);
        assert!(first.bytes().all(|letter| ALPHABET.contains(&letter)));
        let mut letters = ALPHABET.to_vec();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 32);
    }
}
