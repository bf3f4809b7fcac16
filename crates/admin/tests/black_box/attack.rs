//! The way of browsers to SIP under attack: what one does is bounded and counted, and the flow of another lives on.

use std::io::Write as _;
use std::time::{Duration, Instant};

use tungstenite::Message;

use crate::browser::Browser;
use crate::house::{House, wait_for};
use crate::page::Page;

#[test]
fn origins_connections_and_sizes_are_bounded_and_others_live_on() {
    let house = House::new();
    house.configure("limits", "connections_per_source = 3\n");
    let house = house.opened();
    let anna = Browser::of(&house, "anna");
    let refused = || anna.metric("kiestoon_admin_websockets_refused_total").unwrap();
    let mut page = Page::open(&anna);
    page.register();

    for origin in ["https://evil.example", "null", "https://localhost", "http://localhost:8443"] {
        assert_eq!(anna.open_sip(origin).err(), Some(403), "{origin}");
    }
    assert_eq!(refused(), 4);

    let more = [(); 2].map(|()| anna.open_sip(&anna.origin()).unwrap());
    for _ in 0..20 {
        assert_eq!(anna.open_sip(&anna.origin()).err(), Some(503), "of one address");
    }
    assert_eq!(refused(), 24);
    assert_eq!(anna.metric("kiestoon_admin_websockets "), Some(3));
    drop(more);
    wait_for("free places", || anna.metric("kiestoon_admin_websockets ") == Some(1));

    let attack = |bytes: &[u8]| {
        let mut attacker = Page::open(&anna);
        // The end may come before all is written.
        let _ = attacker.socket.get_mut().write_all(bytes).and_then(|()| attacker.socket.get_mut().flush());
        attacker.end()
    };
    // A frame that promises 2^63 - 1 bytes, and one that the protocol does not know.
    let promise = [&[0x81, 0xff, 0x7f][..], &[0xff; 7], &[1, 2, 3, 4], &[b'a'; 100]].concat();
    let many = [&[0x01, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0][..], &[b'a'; 65_535]].concat();
    // Fragments, each within the bound, and one more.
    let fragments = [many, vec![0x00, 0x81, 0, 0, 0, 0, b'a']].concat();
    for (bytes, code) in [(promise, 1009), (fragments, 1009), (vec![0xf5, 0x80, 1, 2, 3, 4], 1002)] {
        let said = attack(&bytes);
        assert!(said.is_none_or(|said| said == code), "{said:?} instead of {code}");
    }
    wait_for("free places", || anna.metric("kiestoon_admin_websockets ") == Some(1));
    page.register();
}

#[test]
fn who_answers_no_ping_is_let_go_and_who_does_stays() {
    let house = House::open();
    let anna = Browser::of(&house, "anna");
    let mut page = Page::open(&anna);
    page.register();
    // It has logged in, and reads nothing any more: no ping is answered, and what it is sent piles up.
    let mut deaf = Page::open(&anna);
    deaf.register();
    let begun = Instant::now();
    while anna.metric("kiestoon_admin_websockets ") != Some(1) {
        assert!(begun.elapsed() < Duration::from_secs(80), "it is still there");
        page.socket.send(Message::text("\r\n\r\n")).unwrap();
        assert_eq!(page.socket.read().map(|read| !read.is_close()).ok(), Some(true));
        std::thread::sleep(Duration::from_millis(500));
    }
    page.register();
}
