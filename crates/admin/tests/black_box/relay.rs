//! A page registers over `wss` with the credentials that it was given.

use kiestoon_sip::Method;
use kiestoon_sip::digest::{Challenge, Secret, answer};
use tungstenite::{Message, WebSocket};

use crate::browser::{Browser, Secure, read_until};
use crate::house::{House, wait_for};

fn origin(house: &House) -> String {
    format!("https://localhost:{}", house.https().port())
}

fn hear(socket: &mut WebSocket<Secure>) -> String {
    loop {
        match socket.read().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn register(uri: &str, cseq: u32, more: &str) -> String {
    let domain = uri.split('@').nth(1).unwrap();
    format!(
        "REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/WSS browser.invalid;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n\
         From: <{uri}>;tag=a\r\nTo: <{uri}>\r\nCall-ID: relayed\r\nCSeq: {cseq} REGISTER\r\n\
         Contact: <sip:x@browser.invalid;transport=ws>\r\nExpires: 300\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

#[test]
fn a_page_registers_with_its_short_lived_credentials() {
    let house = House::open();
    let (anna, admin) = (Browser::of(&house, "anna"), Browser::of(&house, "admin"));
    let token = anna.get("/api/telephony/auth/token").json();
    let config = anna.get("/api/telephony/auth/config").json();
    assert_eq!(config["ws_url"], "wss://localhost/sip", "of the Host that was asked");
    assert_eq!(admin.get("/api/telephony/auth/token").json()["code"], "no_extension");

    let mut events = admin.events();
    read_until(&mut events, ":");
    let mut socket = anna.open_sip(&origin(&house)).unwrap();
    let uri = token["uri"].as_str().unwrap();
    socket.send(Message::text(register(uri, 1, ""))).unwrap();
    let challenged = hear(&mut socket);
    assert!(challenged.starts_with("SIP/2.0 401 "), "{challenged}");
    let line = challenged.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: ")).unwrap();
    let challenge = Challenge::parse(line).unwrap();
    let secret = Secret::Password(token["password"].as_str().unwrap());
    let user = token["username"].as_str().unwrap();
    let target = format!("sip:{}", uri.split('@').nth(1).unwrap());
    let credentials = answer(&challenge, user, secret, &Method::Register, &target, 1, "c0ffee").unwrap();
    socket.send(Message::text(register(uri, 2, &format!("Authorization: {credentials}\r\n")))).unwrap();
    let answered = hear(&mut socket);
    assert!(answered.starts_with("SIP/2.0 200 "), "{answered}");

    let told = read_until(&mut events, "registration.changed");
    assert!(told.contains("event: registration\n"), "{told}");
    let shown = anna.get("/api/v1/registrations").json();
    assert_eq!(
        (&shown["items"][0]["number"], &shown["items"][0]["transport"]),
        (&"201".into(), &"wss".into())
    );
    let metrics = admin.get("/metrics").body;
    assert!(
        metrics.contains("\nkiestoon_pbx_up 1\n") && metrics.contains("\nkiestoon_admin_websockets 1\n"),
        "{metrics}"
    );

    // The page goes: the PBX hears of it, and the place is free.
    drop(socket);
    wait_for("end of the relay", || admin.get("/metrics").body.contains("\nkiestoon_admin_websockets 0\n"));
    wait_for("end of the registration", || !admin.get("/api/v1/registrations").body.contains("wss"));
}

#[test]
fn other_pages_are_refused_and_the_pbxs_close_comes_through() {
    let house = House::open();
    let anna = Browser::of(&house, "anna");
    assert_eq!(anna.open_sip("https://evil.example").err(), Some(403));
    assert_eq!(anna.get("/sip").json()["code"], "upgrade");
    let mut socket = anna.open_sip(&origin(&house)).unwrap();
    let _ = socket.send(Message::binary(vec![b'a'; 70_000]));
    let ended =
        std::iter::repeat_with(|| socket.read()).take(5).find(|read| !matches!(read, Ok(Message::Ping(_))));
    assert!(matches!(ended, Some(Ok(Message::Close(_)) | Err(_))), "{ended:?}");
}
