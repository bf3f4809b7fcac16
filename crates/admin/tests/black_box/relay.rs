//! A page registers over `wss` with the credentials that it was given.

use tungstenite::Message;

use crate::browser::{Browser, read_until};
use crate::house::{House, wait_for};
use crate::page::Page;

fn origin(house: &House) -> String {
    format!("https://localhost:{}", house.https().port())
}

#[test]
fn a_page_registers_with_its_short_lived_credentials() {
    let house = House::open();
    let (anna, admin) = (Browser::of(&house, "anna"), Browser::of(&house, "admin"));
    let config = anna.get("/api/telephony/auth/config").json();
    assert_eq!(config["ws_url"], "wss://localhost/sip", "of the Host that was asked");
    assert_eq!(admin.get("/api/telephony/auth/token").json()["code"], "no_extension");

    let mut events = admin.events();
    read_until(&mut events, ":");
    let mut page = Page::open(&anna);
    assert!(page.say("OPTIONS").starts_with("SIP/2.0 "), "of a stranger");
    page.register();

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
    drop(page);
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
