//! Whatever text is put into a message, what is written is one message with the same headers and the same frame.

use bytes::Bytes;
use kiestoon_sip::{
    HeaderName, Host, Message, Method, NameAddr, Params, Request, SipUri, StatusCode, Transport, Uri, Via,
    ViaTransport,
};
use proptest::prelude::*;

const EVIL: &str = "x\r\nContent-Length: 0\r\n\r\nINVITE sip:evil SIP/2.0\r\nVia: \0\"<>;,@? y";

/// A request with the text in every place that takes one, past the setters where a field is public.
fn filled(evil: &str) -> Request {
    let text = || -> Box<str> { evil.into() };
    let params = || Params::new().with(evil, evil).with("p", evil).with("tag", evil);
    let mut sip = SipUri::new(Host::Name(text())).with_user(evil).with_param("q", evil);
    sip.params.set(evil, evil);
    sip.headers.set("h", evil);
    sip.user = Some(text());
    sip.password = Some(text());
    let other = Uri::Other { scheme: text(), rest: text() };
    let from = NameAddr { display: Some(text()), uri: Uri::Sip(sip.clone()), params: params() };
    let mut to = NameAddr::new(other).with_display(evil).with_tag(evil);
    to.display = Some(text());
    let mut request = Request::new(Method::Other(text()), Uri::Sip(sip), from, to, evil, 7);
    request.call_id = text();
    let mut via = Via::new(Transport::Udp, Host::from(evil), Some(1), evil);
    via.transport = ViaTransport::Other(text());
    via.params.set(evil, evil);
    request.via = vec![via];
    request.headers.push(HeaderName::Subject, evil);
    request.headers.push(HeaderName::Other(text()), evil);
    request.headers.set(HeaderName::UserAgent, evil);
    request.set_body(evil, Bytes::from_static(b"body"));
    request
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
    head.split("\r\n").map(str::to_owned).collect()
}

fn assert_one_message(evil: &str) {
    let request = filled(evil);
    let clean = lines(&filled("x").to_bytes()).len();
    let written = request.to_bytes();
    // A header name or Call-ID of nothing but forbidden characters is left out.
    let found = lines(&written);
    assert!((clean - 2..=clean).contains(&found.len()), "{evil:?}: {found:?}");
    assert!(found.iter().all(|line| !line.contains(['\r', '\n', '\0'])), "{evil:?}");
    assert!(written.ends_with(b"Content-Length: 4\r\n\r\nbody"), "{evil:?}");
    assert_eq!(found.iter().filter(|line| line.to_lowercase().starts_with("content-length")).count(), 1);
    let mut response = request.response(StatusCode::OK);
    response.reason = evil.into();
    let head = lines(&response.to_bytes());
    assert!(head[0].starts_with("SIP/2.0 200 ") && head[1].starts_with("Via: "), "{evil:?}: {head:?}");
}

#[test]
fn no_field_ends_its_line() {
    assert_one_message(EVIL);
    for evil in [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "",
        " ",
        "a\r\n\r\nb",
        "%0d%0a",
        "\u{85}\u{2028}",
        "\"\\",
        "\\",
        "<>",
        "Via",
    ] {
        assert_one_message(evil);
    }
}

#[test]
fn a_quote_cannot_close_a_display_name() {
    let name = "\" <sip:evil@evil.example>;tag=x\\";
    let address = NameAddr::new(Uri::sip("201", "kantoor.example")).with_display(name);
    let again = NameAddr::parse(&address.to_string()).unwrap();
    assert_eq!(again, address);
}

#[test]
fn a_peer_cannot_write_through_us() {
    let bytes = "OPTIONS sip:%0D%0AEvil:1@a.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        From: \"a\\\r\\\nEvil: 1\" <sip:b@c.example>;tag=1\r\nTo: <sip:b@c.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    assert!(Message::parse(&bytes.into()).is_err());
    let bytes = bytes.replace("\\\r\\\n", "");
    let written = Message::parse(&bytes.into()).unwrap().to_bytes();
    assert!(lines(&written).iter().all(|line| !line.starts_with("Evil")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_ends_its_line(evil in any::<String>()) {
        assert_one_message(&evil);
    }
}
