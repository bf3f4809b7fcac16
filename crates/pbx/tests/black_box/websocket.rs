//! SIP over WebSocket: a page registers, calls and is called; strangers' origins, odd frames and silent sockets are turned away.
use std::{thread, time::Duration};

use kiestoon_sip::Method;
use tungstenite::Message;

use crate::page::{OWN, Page, open};
use crate::pbx::{PHONES_CALL, Pbx, wait_for};
use crate::raw::header;
use crate::user_agent::{Callee, UserAgent};

fn serving(limits: &str) -> Pbx {
    let mut pbx = Pbx::strict(&["201", "202"], PHONES_CALL, limits);
    pbx.configure(&format!(
        "[sip.ws]\nlisten = [\"{}\"]\norigins = [\"https://pbx.example\"]\ntrusted_proxies = [\"127.0.0.0/8\"]\n",
        pbx.address_over("ws")
    ));
    pbx.run();
    pbx
}

/// What a page says of its session; nobody shakes hands here.
fn description(setup: &str) -> String {
    let fingerprint = ["AB"; 32].join(":");
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8 101\r\nc=IN IP4 0.0.0.0\r\n\
         a=ice-ufrag:page\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=mid:0\r\n\
         a=rtcp-mux\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
}

#[test]
fn a_page_registers_calls_and_is_called() {
    let pbx = serving("");
    let mut page = Page::open(&pbx, "201", OWN);
    let registered = page.register();
    assert!(registered.starts_with("SIP/2.0 200 "), "{registered}");
    assert!(header(&registered, "Require").contains("outbound"), "{registered}");
    let shown = pbx.json(&["ctl", "registrations"]);
    assert_eq!((shown[0]["number"].as_str(), shown[0]["transport"].as_str()), (Some("201"), Some("ws")));

    let here = "127.0.0.1:0".parse().unwrap();
    let mut desk = UserAgent::new(&pbx, "202", here);
    desk.register().unwrap();
    let calling = thread::spawn(move || (desk.call("201"), desk));
    let invite = page.expect("INVITE sip:201@page.invalid;transport=ws");
    assert!(header(&invite, "Via").starts_with("SIP/2.0/WS "), "{invite}");
    page.accept(&invite, &description("active"));
    page.expect("ACK ");
    let bye = page.expect("BYE ");
    page.accept(&bye, "");
    let (called, desk) = calling.join().unwrap();
    called.unwrap();

    let _callee = Callee::of(desk);
    let uri = format!("sip:202@{}", page.pbx);
    let answered = page.ask(&Method::Invite, &uri, "202", "", &description("actpass"));
    assert!(answered.starts_with("SIP/2.0 200 "), "{answered}");
    assert_eq!(header(&answered, "Content-Type"), "application/sdp");
    for line in ["a=ice-lite", "a=setup:passive", "a=fingerprint:sha-256 ", "a=candidate:1 1 udp "] {
        assert!(answered.contains(&format!("\r\n{line}")), "{line} is missing in\n{answered}");
    }
    drop(page);
    // The flow is gone, and with it what was registered over it.
    wait_for("the page to be unregistered", Duration::from_secs(10), || {
        pbx.json(&["ctl", "registrations"])
            .as_array()
            .is_some_and(|all| all.iter().all(|one| one["number"] != "201"))
    });
}

#[test]
fn only_pages_of_known_origins_that_speak_sip_are_let_in() {
    let pbx = serving("");
    let refused = |headers: &[(&str, &str)]| open(&pbx, headers).err();
    assert_eq!(refused(OWN), None);
    assert_eq!(refused(&[("sec-websocket-protocol", "sip")]), None, "no page");
    let strange = [("sec-websocket-protocol", "sip"), ("origin", "https://evil.example")];
    assert_eq!(refused(&strange), Some(403));
    assert_eq!(refused(&[("origin", "https://pbx.example")]), Some(400));
    assert_eq!(refused(&[("sec-websocket-protocol", "chat")]), Some(400));
    assert!(pbx.log().contains("websocket handshake failed"), "{}", pbx.log());
}

#[test]
fn a_proxy_says_who_its_client_is() {
    let pbx = serving("connections_per_source = 1");
    let through = |client| [OWN, &[("x-forwarded-for", client), ("x-forwarded-proto", "https")]].concat();
    let mut first = Page::open(&pbx, "201", &through("192.0.2.7"));
    assert!(first.register().starts_with("SIP/2.0 200 "));
    let shown = pbx.json(&["ctl", "registrations"]);
    assert_eq!(shown[0]["transport"], "wss");
    assert!(shown[0]["remote"].as_str().unwrap().starts_with("192.0.2.7:"), "{shown}");
    // Another client through the same proxy has a place of its own; a second of the same has none.
    let mut second = Page::open(&pbx, "202", &through("192.0.2.8"));
    assert!(second.register().starts_with("SIP/2.0 200 "));
    let mut third = open(&pbx, &through("192.0.2.7")).unwrap();
    assert!(third.read().is_err(), "closed at once");
}

#[test]
fn what_is_too_long_or_no_frame_closes_the_connection_and_only_that() {
    let pbx = serving("");
    let mut page = Page::open(&pbx, "201", OWN);
    assert!(page.register().starts_with("SIP/2.0 200 "));
    let mut long = open(&pbx, OWN).unwrap();
    let _ = long.send(Message::binary(vec![b'a'; 65_536]));
    let mut reserved = open(&pbx, OWN).unwrap();
    std::io::Write::write_all(reserved.get_mut(), &[0xf5, 0x80, 1, 2, 3, 4]).unwrap();
    for socket in [&mut long, &mut reserved] {
        let ended = std::iter::repeat_with(|| socket.read())
            .take(5)
            .find(|read| !matches!(read, Ok(Message::Ping(_))));
        assert!(matches!(ended, Some(Ok(Message::Close(_)) | Err(_))), "{ended:?}");
    }
    let mut odd = open(&pbx, OWN).unwrap();
    odd.send(Message::text("what is this?")).unwrap();
    odd.send(Message::text("\r\n\r\n")).unwrap();
    assert_eq!(odd.read().unwrap(), Message::text("\r\n"), "a keep-alive is answered");
    assert!(page.register().starts_with("SIP/2.0 200 "), "the others go on");
}
