//! Parsing never panics, writing and reading are inverse, framing does not depend on how the bytes are cut.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;

use bytes::Bytes;
use kiestoon_sip::{
    CSeq, Frame, Framer, HeaderName, Host, Limits, Message, Method, NameAddr, Params, RAck, Refresher,
    Request, SessionExpires, SipUri, StatusCode, TelUri, Transport, Uri, Via,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,12}"
}

/// Text as it may come out of a database or a peer: printable, any script.
fn text() -> impl Strategy<Value = String> {
    "[^\\p{C}]{0,16}"
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z]([a-z0-9-]{0,6}[a-z0-9])?(\\.[a-z]{2,5}){0,2}".prop_map(|name| Host::Name(name.into())),
        any::<[u8; 4]>().prop_map(|octets| Host::V4(octets.into())),
        any::<[u8; 16]>().prop_map(|octets| Host::V6(octets.into())),
    ]
}

fn params() -> impl Strategy<Value = Params> {
    vec((token(), option::of(text())), 0..4).prop_map(|list| {
        list.iter().fold(Params::new(), |params, (name, value)| params.with(name, value.as_deref()))
    })
}

fn sip_uri() -> impl Strategy<Value = SipUri> {
    // In a URI a % is the start of an escape, so a parameter name with one is written as the escape of itself.
    let plain = vec(("[a-z]{1,8}", option::of("[a-zA-Z0-9 @;?&=]{0,8}")), 0..3);
    (any::<bool>(), text(), host(), option::of(any::<u16>()), plain).prop_map(
        |(secure, user, host, port, list)| {
            let mut uri = SipUri::new(host).with_user(&user);
            uri.secure = secure;
            uri.port = port;
            for (name, value) in &list {
                uri.params.set(name, value.as_deref());
                uri.headers.set(name, value.as_deref().unwrap_or_default());
            }
            uri
        },
    )
}

fn uri() -> impl Strategy<Value = Uri> {
    prop_oneof![
        4 => sip_uri().prop_map(Uri::Sip),
        1 => "\\+?[0-9]{1,15}".prop_map(|number| Uri::Tel(TelUri { number: number.into(), params: Params::new() })),
        1 => ("[a-z][a-z0-9+.-]{0,6}", "[a-z0-9:/.@]{1,12}")
            .prop_filter("a scheme that we know", |(scheme, _)| !matches!(&**scheme, "sip" | "sips" | "tel"))
            .prop_map(|(scheme, rest)| Uri::Other { scheme: scheme.into(), rest: rest.into() }),
    ]
}

fn address() -> impl Strategy<Value = NameAddr> {
    (text(), uri(), params()).prop_map(|(display, uri, params)| {
        let mut address = NameAddr::new(uri).with_display(&display);
        address.display = address.display.filter(|display| !display.is_empty());
        address.params = params;
        address
    })
}

fn via() -> impl Strategy<Value = Via> {
    (0..5usize, host(), option::of(any::<u16>()), token(), params()).prop_map(
        |(index, host, port, branch, more)| {
            let all = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
            let mut via = Via::new(all[index], host, port, &branch);
            for (name, value) in more.iter() {
                via.params.set(name, value);
            }
            via
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let fields = (token(), sip_uri(), address(), address(), "[!-~]{1,20}", 0..=0x7fff_ffffu32);
    let rest =
        (vec(via(), 1..4), option::of(any::<u8>()), vec((token(), text()), 0..6), vec(address(), 0..3));
    (fields, rest, vec(any::<u8>(), 0..40), option::of(100..700u16)).prop_map(
        |((method, mut uri, from, to, call_id, cseq), (via, hops, headers, routes), body, status)| {
            uri.headers = Params::new();
            let method = Method::from_token(&method).unwrap();
            let mut request = Request::new(method, uri.into(), from, to, call_id, cseq);
            request.via = via;
            request.max_forwards = hops;
            for (name, value) in headers {
                request.headers.push(HeaderName::from_token(&format!("X-{name}")).unwrap(), value);
            }
            request.headers.push_addresses(&HeaderName::Route, &routes);
            request.headers.push_addresses(&HeaderName::Contact, &routes);
            request.set_body("application/x-test", body);
            let Some(status) = status.and_then(StatusCode::new) else { return request.into() };
            let mut response = request.response(status);
            response.headers = request.headers;
            response.body = request.body;
            response.into()
        },
    )
}

/// A fixture with some bytes changed, cut out or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> = ["rfc4475", "rfc5118"]
        .iter()
        .flat_map(|rfc| std::fs::read_dir(fixtures::folder(rfc)).unwrap())
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    (any::<prop::sample::Index>(), vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..12)).prop_map(
        move |(file, changes)| {
            let mut bytes = files[file.index(files.len())].clone();
            for (at, byte, kind) in changes {
                let at = at.index(bytes.len().max(1));
                match kind {
                    0 if at < bytes.len() => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 if at < bytes.len() => drop(bytes.remove(at)),
                    _ => bytes.extend_from_within(at.saturating_sub(20)..at),
                }
            }
            bytes
        },
    )
}

fn read_twice(bytes: Vec<u8>) {
    match Message::parse(&bytes.into()) {
        Ok(message) => {
            let written = message.to_bytes();
            let again = Message::parse(&written).unwrap_or_else(|error| panic!("{error}: {written:?}"));
            assert_eq!(again, message);
            assert_eq!(again.to_bytes(), written);
        }
        Err(malformed) => {
            if let Some(answer) = malformed.response() {
                assert!(answer.status.is_failure());
                assert!(!answer.to_bytes().is_empty());
            }
        }
    }
}

/// All frames of a stream that comes in pieces of these sizes, and whether it broke.
fn framed(stream: &[u8], sizes: &[usize]) -> (Vec<Frame>, bool) {
    let mut framer = Framer::new(Limits::DEFAULT);
    let mut frames = Vec::new();
    let mut sizes = sizes.iter().copied().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = more;
        framer.push(piece);
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_as_the_same(message in message()) {
        let written = message.to_bytes();
        let read = Message::parse(&written);
        prop_assert!(read.is_ok(), "{}: {}", read.unwrap_err(), String::from_utf8_lossy(&written));
        prop_assert_eq!(read.unwrap(), message);
    }

    #[test]
    fn uris_are_read_as_they_were_written(uri in uri()) {
        prop_assert!(uri.equivalent(&uri));
        prop_assert_eq!(Uri::parse(&uri.to_string()).unwrap(), uri);
    }

    #[test]
    fn acknowledgements_and_session_times_are_read_as_they_were_written(
        rseq in any::<u32>(),
        number in 0..=0x7fff_ffff_u32,
        secs in any::<u32>(),
        who in option::of(any::<bool>()),
        junk in "[0-9 ;=a-zA-Z]{0,40}",
    ) {
        let rack = RAck { rseq, cseq: CSeq::new(number, Method::Invite) };
        prop_assert_eq!(RAck::parse(&rack.to_string()), Some(rack));
        let refresher = who.map(|uac| if uac { Refresher::Uac } else { Refresher::Uas });
        let expires = SessionExpires { secs, refresher };
        prop_assert_eq!(SessionExpires::parse(&expires.to_string()), Some(expires));
        let _ = (RAck::parse(&junk), SessionExpires::parse(&junk));
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..300)) {
        read_twice(bytes);
    }

    #[test]
    fn mutated_messages_are_survived(bytes in mutated()) {
        read_twice(bytes);
    }

    #[test]
    fn frames_do_not_depend_on_the_cuts(
        parts in vec(prop_oneof![
            2 => message().prop_map(|message| message.to_bytes()),
            1 => (0..5usize).prop_map(|count| Bytes::from("\r\n".repeat(count))),
            1 => mutated().prop_map(Bytes::from),
        ], 0..5),
        sizes in vec(1..200usize, 1..6),
    ) {
        let stream = parts.concat();
        let whole = framed(&stream, &[stream.len().max(1)]);
        prop_assert_eq!(framed(&stream, &sizes), whole);
        prop_assert_eq!(framed(&stream, &[1]), framed(&stream, &[stream.len().max(1)]));
    }
}
