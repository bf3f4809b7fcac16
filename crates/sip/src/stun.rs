//! STUN on the SIP port (RFC 5626 section 3.5.2, RFC 8489): a phone behind NAT asks where we see it, which keeps its way
//! open. Binding requests only, without credentials; what is not exactly such a request gets no answer.

use std::net::{IpAddr, SocketAddr};

/// Whether a datagram is STUN, not SIP: no SIP message begins with such a byte (RFC 5764 section 5.1.2).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4)
}

/// The answer to a binding request, 32 or 44 bytes long, or the refusal of one that asks for what we do not know (420).
/// `None` for all else.
#[must_use]
pub fn answer(datagram: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = datagram.split_first_chunk::<HEADER>()?;
    let (kind, rest) = header.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (cookie, transaction) = rest.split_first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let is_request = *kind == BINDING_REQUEST && *cookie == COOKIE;
    if !is_request || length != attributes.len() || !length.is_multiple_of(4) {
        return None;
    }
    let unknown = unknown(attributes)?;
    if unknown.is_empty() {
        return Some(message(
            BINDING_SUCCESS,
            transaction,
            &[(XOR_MAPPED_ADDRESS, address(source, transaction))],
        ));
    }
    let code = vec![0, 0, 4, 20];
    let unknown = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    Some(message(BINDING_ERROR, transaction, &[(ERROR_CODE, code), (UNKNOWN_ATTRIBUTES, unknown)]))
}

/// The attributes that must be understood and are not; `None` where they cannot be read.
fn unknown(mut attributes: &[u8]) -> Option<Vec<u16>> {
    let mut unknown = Vec::new();
    while !attributes.is_empty() {
        let (kind, rest) = attributes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        attributes = rest.get(length.checked_next_multiple_of(4)?..)?;
        let kind = u16::from_be_bytes(*kind);
        if kind < OPTIONAL && !UNDERSTOOD.contains(&kind) && unknown.len() < MOST_UNKNOWN {
            unknown.push(kind);
        }
    }
    Some(unknown)
}

fn message(kind: [u8; 2], transaction: &[u8], attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    for (kind, value) in attributes {
        body.extend(kind.to_be_bytes());
        body.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let length = u16::try_from(body.len()).unwrap_or_default();
    [&kind[..], &length.to_be_bytes(), &COOKIE, transaction, &body].concat()
}

/// XOR-MAPPED-ADDRESS: routers that rewrite addresses inside packets do not find this one (RFC 8489 section 14.2).
fn address(source: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let mask = || COOKIE.iter().chain(transaction);
    let masked = |bytes: &[u8]| -> Vec<u8> { bytes.iter().zip(mask()).map(|(a, b)| a ^ b).collect() };
    let (family, ip) = match source.ip().to_canonical() {
        IpAddr::V4(ip) => (1, masked(&ip.octets())),
        IpAddr::V6(ip) => (2, masked(&ip.octets())),
    };
    [vec![0, family], masked(&source.port().to_be_bytes()), ip].concat()
}

const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const BINDING_ERROR: [u8; 2] = [0x01, 0x11];
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// From here on an attribute may be passed over.
const OPTIONAL: u16 = 0x8000;
/// What we know and need not look at: mapped address, user name, integrity, errors, realm, nonce (RFC 8489 section 18.3).
const UNDERSTOOD: [u16; 10] =
    [0x0001, 0x0006, 0x0008, 0x0009, 0x000a, 0x0014, 0x0015, 0x001c, 0x001e, 0x0020];
/// So that a refusal is no longer than what it refuses.
const MOST_UNKNOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&BINDING_REQUEST[..], &length, &COOKIE, b"abcdefghijkl", attributes].concat()
    }

    #[test]
    fn a_phone_learns_where_it_is_seen() {
        // RFC 5769 section 2.2 masks 192.0.2.1:32853 to these bytes.
        let answer = answer(&request(&[]), "192.0.2.1:32853".parse().unwrap()).unwrap();
        assert_eq!(answer.len(), 32);
        assert_eq!(answer[..8], [1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42]);
        assert_eq!(&answer[8..20], b"abcdefghijkl");
        assert_eq!(answer[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    }

    #[test]
    fn an_ipv6_phone_too() {
        let answer = answer(&request(&[]), "[2001:db8::1]:5060".parse().unwrap()).unwrap();
        assert_eq!(answer.len(), 44);
        assert_eq!(answer[24..26], [0, 2]);
        let ip: Vec<u8> =
            answer[28..].iter().zip(COOKIE.iter().chain(b"abcdefghijkl")).map(|(a, b)| a ^ b).collect();
        assert_eq!(ip, "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let source = "192.0.2.1:5060".parse().unwrap();
        // SOFTWARE is optional, PRIORITY (of ICE) is not.
        assert_eq!(answer(&request(&[0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]), source).unwrap()[1], 0x01);
        let refused = answer(&request(&[0, 0x24, 0, 4, 0, 0, 0, 1]), source).unwrap();
        assert_eq!(refused[..2], BINDING_ERROR);
        assert_eq!(refused[20..], [0, 9, 0, 4, 0, 0, 4, 20, 0, 10, 0, 2, 0, 0x24, 0, 0]);
    }

    #[test]
    fn what_is_no_binding_request_gets_nothing() {
        let source = "192.0.2.1:5060".parse().unwrap();
        let good = request(&[]);
        for length in 0..good.len() {
            assert_eq!(answer(&good[..length], source), None, "cut at {length}");
        }
        let changed = |at: usize, to: u8| {
            let mut bytes = good.clone();
            bytes[at] = to;
            answer(&bytes, source)
        };
        assert_eq!(changed(0, 1), None, "a response");
        assert_eq!(changed(1, 3), None, "an allocation");
        assert_eq!(changed(3, 4), None, "a length that is not there");
        assert_eq!(changed(4, 0), None, "the old protocol");
        assert_eq!(answer(&request(&[0, 6, 0, 9, 0, 0, 0, 0]), source), None, "an attribute beyond the end");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_a_short_answer_or_none(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let source = "[2001:db8::1]:5060".parse().unwrap();
            for datagram in [bytes.clone(), request(bytes.get(..bytes.len() / 4 * 4).unwrap_or_default())] {
                if let Some(answer) = answer(&datagram, source) {
                    proptest::prop_assert!(answer.len() <= 44 && answer.len() <= datagram.len() + 24);
                }
            }
        }
    }
}
