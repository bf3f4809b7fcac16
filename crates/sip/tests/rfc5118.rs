//! The 12 torture messages of RFC 5118: IPv6 in every place where an address can stand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;

use std::net::{IpAddr, Ipv6Addr};

use kiestoon_sip::Host;

use Verdict::{Refused, Valid};
use fixtures::{Verdict, check, read, request};

#[rustfmt::skip]
const MESSAGES: [(&str, Verdict); 12] = [
    ("ipv6-good", Valid),
    ("ipv6-bad", Refused(400, "Bad start line: expected a host, at byte 13")),
    ("port-ambiguous", Valid),
    ("port-unambiguous", Valid),
    ("via-received-param-with-delim", Valid),
    ("via-received-param-no-delim", Valid),
    ("ipv6-in-sdp", Valid),
    ("mult-ip-in-header", Valid),
    ("mult-ip-in-sdp", Valid),
    ("ipv4-mapped-ipv6", Valid),
    ("ipv6-bug-abnf-3-colons", Valid),
    ("ipv6-correct-abnf-2-colons", Valid),
];

fn v6(text: &str) -> Host {
    Host::V6(text.parse::<Ipv6Addr>().unwrap())
}

#[test]
fn every_message_is_taken_or_refused_as_the_rfc_says() {
    for (name, verdict) in &MESSAGES {
        check("rfc5118", name, verdict);
    }
}

#[test]
fn the_table_names_every_file() {
    fixtures::assert_complete("rfc5118", MESSAGES.iter().map(|(name, _)| *name));
}

#[test]
fn references_are_in_brackets() {
    let register = request("rfc5118", "ipv6-good");
    assert_eq!(register.uri.host(), Some(&v6("2001:db8::10")));
    assert_eq!(register.via[0].host, v6("2001:db8::9:1"));
    assert_eq!(register.headers.contact().unwrap().unwrap().uri.host(), Some(&v6("2001:db8::1")));
    assert!(read("rfc5118", "ipv6-bad").is_err());
}

#[test]
fn a_port_stands_behind_the_bracket() {
    let inside = request("rfc5118", "port-ambiguous").uri;
    assert_eq!((inside.host(), inside.as_sip().unwrap().port), (Some(&v6("2001:db8::10:5070")), None));
    let behind = request("rfc5118", "port-unambiguous").uri;
    assert_eq!((behind.host(), behind.as_sip().unwrap().port), (Some(&v6("2001:db8::10")), Some(5070)));
}

#[test]
fn received_is_read_with_and_without_brackets() {
    let expected: IpAddr = "2001:db8::9:255".parse().unwrap();
    for name in ["via-received-param-with-delim", "via-received-param-no-delim"] {
        assert_eq!(request("rfc5118", name).via[0].received(), Some(expected), "{name}");
    }
}

#[test]
fn both_families_in_one_message() {
    let bye = request("rfc5118", "mult-ip-in-header");
    assert_eq!(bye.via[0].host, v6("2001:db8::9:1"));
    assert_eq!(bye.via[1].host.ip(), Some("192.0.2.1".parse().unwrap()));
    assert_eq!(bye.via[2].received(), Some("192.0.2.200".parse().unwrap()));
}

#[test]
fn mapped_addresses_stay_as_they_are() {
    let invite = request("rfc5118", "ipv4-mapped-ipv6");
    assert_eq!(invite.via[0].host, v6("::ffff:192.0.2.10"));
    assert_eq!(invite.via[0].to_string(), "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19");
    assert_eq!(invite.body.len(), 245);
}

#[test]
fn three_colons_of_the_old_grammar_are_two() {
    let old = request("rfc5118", "ipv6-bug-abnf-3-colons");
    assert_eq!(old.uri, request("rfc5118", "ipv6-correct-abnf-2-colons").uri);
}
