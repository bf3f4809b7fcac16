//! Which numbers a certificate is for: the TN Authorization List (RFC 8226 section 9).

use der::asn1::{Ia5String, ObjectIdentifier};
use der::{Choice, Decode as _, Sequence};

/// `id-pe-TNAuthList`.
pub(super) const TN_AUTH_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.26");

/// What a certificate is for; it has one entry or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TnAuthList(Vec<TnEntry>);

#[derive(Debug, Clone, PartialEq, Eq, Choice)]
enum TnEntry {
    /// All numbers of a provider, by its code. Which they are is for the authority that has issued the certificate to know.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", constructed = "true")]
    Spc(Ia5String),
    /// A number, and those behind it.
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    Range(TelephoneNumberRange),
    /// One number.
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    One(Ia5String),
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
struct TelephoneNumberRange {
    start: Ia5String,
    count: u64,
}

impl TnAuthList {
    /// Reads the extension's content. None where it is no such list, or an empty one.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let entries = Vec::<TnEntry>::from_der(content).ok()?;
        (!entries.is_empty()).then_some(Self(entries))
    }

    /// Whether a number, canonical, is among them.
    pub(super) fn has(&self, number: &str) -> bool {
        self.0.iter().any(|entry| match entry {
            TnEntry::Spc(_) => true,
            TnEntry::One(one) => one.as_str() == number,
            TnEntry::Range(range) => range.has(number),
        })
    }
}

impl TelephoneNumberRange {
    /// A range does not reach numbers of another length.
    fn has(&self, number: &str) -> bool {
        let start = self.start.as_str();
        let value = |digits: &str| {
            let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u64>().ok().filter(|_| is_digits)
        };
        let (Some(first), Some(wanted)) = (value(start), value(number)) else { return false };
        start.len() == number.len() && wanted.checked_sub(first).is_some_and(|behind| behind < self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_all_numbers() {
        let list = TnAuthList::parse(&[0x30, 8, 0xa0, 6, 0x16, 4, b'7', b'0', b'9', b'J']).unwrap();
        assert!(list.has("31201234567"));
    }

    #[test]
    fn a_range_has_as_many_numbers_as_it_counts() {
        // [1] { start "3120100", count 10 }, [2] "112"
        let range = [0xa1, 14, 0x30, 12, 0x16, 7, b'3', b'1', b'2', b'0', b'1', b'0', b'0', 0x02, 1, 10];
        let bytes = [&[0x30, 23][..], &range, &[0xa2, 5, 0x16, 3, b'1', b'1', b'2']].concat();
        let list = TnAuthList::parse(&bytes).unwrap();
        for number in ["3120100", "3120109", "112"] {
            assert!(list.has(number), "{number}");
        }
        for number in ["3120099", "3120110", "03120105", "312010", "31201#0", "", "113", "+3120105"] {
            assert!(!list.has(number), "{number}");
        }
    }

    #[test]
    fn anything_else_is_no_list() {
        let spc = [0x30, 8, 0xa0, 6, 0x16, 4, b'7', b'0', b'9', b'J'];
        assert!((0..spc.len()).all(|end| TnAuthList::parse(&spc[..end]).is_none()));
        let implicit = [0x30, 6, 0x80, 4, b'7', b'0', b'9', b'J'];
        let unknown = [0x30, 8, 0xa3, 6, 0x16, 4, b'7', b'0', b'9', b'J'];
        for bytes in [&[][..], &[0x30, 0], &implicit, &unknown, &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(TnAuthList::parse(bytes), None, "{bytes:x?}");
        }
    }
}
