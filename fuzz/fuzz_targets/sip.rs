//! Any bytes as a SIP message: reading never panics, what is read is the same after writing and reading again, and a
//! stream gives the same frames however it is cut.
#![no_main]

use bytes::Bytes;
use kiestoon_sip::{Frame, Framer, HeaderName, Headers, Limits, Message, NameAddr, Replaces, Uri};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    message(&Bytes::copy_from_slice(data));
    assert_eq!(framed(data, data.len().max(1)), framed(data, 7));
    if let Ok(text) = std::str::from_utf8(data) {
        addresses(text);
        call_headers(text);
    }
});

fn message(bytes: &Bytes) {
    match Message::parse(bytes) {
        Ok(message) => {
            let written = message.to_bytes();
            let again = Message::parse(&written).expect("what we write can be read");
            assert_eq!(again, message);
            assert_eq!(again.to_bytes(), written);
            let headers = message.headers();
            let _ = (headers.rseq(), headers.rack(), headers.session_expires(), headers.min_se());
            if let Message::Request(request) = &message {
                request.headers.contacts().expect("checked by the parser");
                request.headers.route().expect("checked by the parser");
            }
        }
        Err(malformed) => {
            if let Some(answer) = malformed.response() {
                let head = String::from_utf8(answer.to_bytes().to_vec()).expect("an answer is text");
                assert!(head.starts_with("SIP/2.0 ") && head.ends_with("\r\nContent-Length: 0\r\n\r\n"));
            }
        }
    }
}

fn framed(stream: &[u8], size: usize) -> (Vec<Frame>, bool) {
    let mut framer = Framer::new(Limits::DEFAULT);
    let mut frames = Vec::new();
    for piece in stream.chunks(size) {
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

fn addresses(text: &str) {
    if let Ok(uri) = Uri::parse(text) {
        assert!(uri.equivalent(&uri));
        assert_eq!(Uri::parse(&uri.to_string()).as_ref(), Ok(&uri));
    }
    if let Ok(address) = NameAddr::parse(text) {
        assert_eq!(NameAddr::parse(&address.to_string()).as_ref(), Ok(&address));
    }
}

fn call_headers(text: &str) {
    let mut headers = Headers::new();
    for name in [HeaderName::ReferTo, HeaderName::Replaces, HeaderName::Diversion, HeaderName::HistoryInfo] {
        headers.push(name, text);
    }
    headers.push(HeaderName::Privacy, text);
    headers.push(HeaderName::PAssertedIdentity, text);
    if let Ok(Some(replaces)) = headers.replaces() {
        assert_eq!(Replaces::parse(&replaces.to_string()).as_ref(), Ok(&replaces));
    }
    for entry in headers.history() {
        let mut again = Headers::new();
        again.push(HeaderName::HistoryInfo, entry.to_string());
        assert_eq!(again.history(), [entry]);
    }
    let _ = (headers.refer_to(), headers.diversions(), headers.privacy(), headers.asserted_identity());
}
