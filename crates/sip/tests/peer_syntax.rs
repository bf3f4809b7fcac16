//! What phones send and the grammar barely allows is understood; what must not be understood is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use kiestoon_sip::{HeaderName, Limits, Message, Reason, Request};

const BASE: [&str; 7] = [
    "OPTIONS sip:201@kantoor.example SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
    "Max-Forwards: 70",
    "From: <sip:202@kantoor.example>;tag=1",
    "To: <sip:201@kantoor.example>",
    "Call-ID: a@b",
    "CSeq: 1 OPTIONS",
];

/// The base message with the line of the same header replaced, or a further line.
fn with(lines: &[&str]) -> Bytes {
    let name = |line: &str| line.split([':', ' ']).next().unwrap_or_default().to_owned();
    let mut all: Vec<String> = BASE.iter().map(ToString::to_string).collect();
    for line in lines {
        match all.iter_mut().find(|old| name(old) == name(line)) {
            Some(old) => *old = (*line).to_owned(),
            None => all.push((*line).to_owned()),
        }
    }
    format!("{}\r\n\r\n", all.join("\r\n")).into()
}

fn taken(bytes: &Bytes) -> Request {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn refused(bytes: &Bytes) -> (u16, String) {
    let malformed = Message::parse(bytes).unwrap_err();
    (malformed.response().unwrap().status.code(), malformed.to_string())
}

#[test]
fn line_ends_before_the_start_line_are_skipped() {
    let mut bytes = b"\r\n\r\n".to_vec();
    bytes.extend_from_slice(&with(&[]));
    taken(&bytes.into());
}

#[test]
fn the_body_is_what_content_length_says() {
    let declared = |length: &str| Bytes::from([&with(&[length])[..], b"12345"].concat());
    assert_eq!(&taken(&declared("Content-Length: 3")).body[..], b"123");
    assert_eq!(&taken(&declared("X-None: 1")).body[..], b"12345");
    assert!(taken(&declared("l: 0")).body.is_empty());
    let (status, reason) = refused(&declared("Content-Length: 6"));
    assert_eq!((status, reason.contains("6 bytes declared, 5 present")), (400, true));
}

#[test]
fn numbers_beyond_their_bounds_are_refused() {
    assert_eq!(taken(&with(&["CSeq: 2147483647 OPTIONS"])).cseq.number, 2_147_483_647);
    for line in [
        "CSeq: 2147483648 OPTIONS",
        "CSeq: -1 OPTIONS",
        "CSeq: OPTIONS",
        "CSeq: 1",
        "Max-Forwards: 256",
        "Max-Forwards: -1",
        "Max-Forwards:",
        "Content-Length: +1",
        "Content-Length: 99999999999999999999",
    ] {
        let (status, reason) = refused(&with(&[line]));
        assert_eq!(status, 400, "{line}");
        assert!(reason.contains(line.split(':').next().unwrap()), "{line}: {reason}");
    }
}

#[test]
fn a_warning_says_what_and_where() {
    let bytes = with(&["CSeq: x OPTIONS"]);
    let answer = Message::parse(&bytes).unwrap_err().response().unwrap();
    let at = bytes.windows(9).position(|window| window == b"x OPTIONS").unwrap();
    let expected = format!("399 kiestoon \"Bad CSeq header: expected a number below 2^31, at byte {at}\"");
    assert_eq!(answer.headers.get(&HeaderName::Warning), Some(&*expected));
    assert_eq!(answer.to.tag(), Message::parse(&bytes).unwrap_err().response().unwrap().to.tag());
}

#[test]
fn mandatory_headers_come_exactly_once() {
    for line in &BASE[1..] {
        if line.starts_with("Max-Forwards") {
            continue;
        }
        let without: String = BASE.iter().filter(|l| l != &line).map(|l| format!("{l}\r\n")).collect();
        let malformed = Message::parse(&format!("{without}\r\n").into()).unwrap_err();
        assert_eq!(malformed.error.reason, Reason::Missing, "{line}");
        if line.starts_with("Via") {
            assert!(malformed.response().is_none());
            continue;
        }
        let twice: String = BASE.iter().chain([line]).map(|l| format!("{l}\r\n")).collect();
        let malformed = Message::parse(&format!("{twice}\r\n").into()).unwrap_err();
        assert_eq!(malformed.error.reason, Reason::Repeated, "{line}");
    }
}

#[test]
fn what_must_not_be_answered_is_not() {
    let broken_ack = "ACK sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\r\n";
    let broken_response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\r\n";
    for text in
        [broken_ack, broken_response, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "hello", "\r\n\r\n", "\0\0\0\0"]
    {
        assert!(Message::parse(&text.into()).unwrap_err().response().is_none(), "{text}");
    }
    assert!(Message::parse(&"\r\n\r\n".into()).unwrap_err().is_keep_alive());
    assert!(Message::parse(&Bytes::new()).unwrap_err().is_keep_alive());
}

#[test]
fn bare_line_ends_and_controls_are_refused() {
    for line in ["Subject: a\nX-Evil: b", "Subject: a\rb", "Subject: a\0b", "Subject: a\x1bb"] {
        assert!(Message::parse(&with(&[line])).is_err(), "{line:?}");
    }
}

#[test]
fn names_that_are_no_utf_8_do_not_stop_a_call() {
    let bytes = with(&["From: \"B@ro\" <sip:202@kantoor.example>;tag=1"]);
    let latin: Vec<u8> = bytes.windows(4).position(|w| w == b"B@ro").map_or_else(Vec::new, |at| {
        let mut copy = bytes.to_vec();
        copy[at + 1] = 0xfc;
        copy
    });
    assert_eq!(taken(&latin.into()).from.display.as_deref(), Some("B\u{fffd}ro"));
}

#[test]
fn addresses_as_phones_write_them() {
    for (line, display, user) in [
        ("From: 202 desk <sip:202@a.example>;tag=1;", Some("202 desk"), Some("202")),
        ("From: <sip:*21*100#@a.example;user=phone>;tag=1", None, Some("*21*100#")),
        ("From: \"\" <sip:%2B31201234567@a.example>;tag=1", None, Some("+31201234567")),
        ("From: <tel:+31-20-1234567>;tag=1", None, Some("+31201234567")),
        ("From:sip:202@a.example;tag=1", None, Some("202")),
        ("From: Büro <sip:a.example>;tag=1", Some("Büro"), None),
    ] {
        let from = taken(&with(&[line])).from;
        assert_eq!(
            (from.display.as_deref(), from.uri.user(), from.tag()),
            (display, user, Some("1")),
            "{line}"
        );
    }
    for line in [
        "From: \"open <sip:a@b.example>",
        "From: <sip:a@b.example",
        "From: sip:a@b.example, sip:c@d.example",
        "From: a@b.example",
        "From: \"x\" sip:a@b.example",
        "From: <sip:a@b.example> junk",
        "From:",
    ] {
        assert_eq!(refused(&with(&[line])).0, 400, "{line}");
    }
}

#[test]
fn bounds_are_kept() {
    let limits = Limits::DEFAULT;
    let status = |lines: Vec<String>| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        refused(&with(&lines)).0
    };
    assert_eq!(status((0..limits.header_count).map(|n| format!("X-{n}: 1")).collect()), 513);
    assert_eq!(status(vec![format!("Subject: {}", "a".repeat(limits.header_bytes))]), 513);
    assert_eq!(status(vec![format!("Subject: {}", "\r\n a".repeat(limits.header_bytes))]), 513);
    let uri = format!("OPTIONS sip:{}@kantoor.example SIP/2.0", "a".repeat(limits.start_line_bytes));
    assert_eq!(status(vec![uri]), 414);
    let vias = vec!["SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"; limits.vias + 1].join(",");
    assert_eq!(status(vec![format!("Via: {vias}")]), 513);
    let params: String = (0..=limits.params).map(|n| format!(";p{n}")).collect();
    assert_eq!(status(vec![format!("To: <sip:a@b.example>{params}")]), 513);
    let mut large = with(&[]).to_vec();
    large.resize(limits.message_bytes + 1, b'x');
    assert_eq!(refused(&large.into()).0, 513);
}
