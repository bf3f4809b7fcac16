//! Whoever stops, sidecar or PBX, pages are told so within seconds.

use std::io::Read as _;
use std::time::{Duration, Instant};

use crate::browser::{Browser, read_until};
use crate::house::House;
use crate::page::Page;

/// Going away (RFC 6455 section 7.4.1).
const AWAY: Option<u16> = Some(1001);

#[test]
fn the_sidecar_says_so_to_websockets_and_ends_its_streams() {
    let mut house = House::open();
    let (mut page, mut events) = {
        let anna = Browser::of(&house, "anna");
        let mut page = Page::open(&anna);
        page.register();
        (page, anna.events())
    };
    let begun = Instant::now();
    // Who is told answers only when it reads: the sidecar must not wait for that for long.
    assert_eq!(house.stop_admin(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(page.end(), AWAY);
    let mut rest = Vec::new();
    let _ = events.read_to_end(&mut rest);
    assert!(rest.ends_with(b"0\r\n\r\n"), "the last chunk: {}", String::from_utf8_lossy(&rest));
}

#[test]
fn the_pbxs_end_comes_through_and_where_it_says_nothing_the_sidecar_does() {
    let mut house = House::open();
    for is_killed in [false, true] {
        let (mut page, mut events) = {
            let anna = Browser::of(&house, "anna");
            let mut page = Page::open(&anna);
            page.register();
            (page, Browser::of(&house, "admin").events())
        };
        if is_killed {
            house.kill_pbx();
        } else {
            assert_eq!(house.stop_pbx(), Some(0));
        }
        assert_eq!(page.end(), AWAY, "killed: {is_killed}");
        let told = read_until(&mut events, "{\"up\":false}");
        assert!(told.contains("event: pbx\n"), "{told}");
        assert_eq!(Browser::of(&house, "admin").metric("kiestoon_pbx_up"), Some(0));
        house.start_pbx();
        read_until(&mut events, "{\"up\":true}");
        let admin = Browser::of(&house, "admin");
        assert_eq!(admin.get("/ready").body, "ready\n");
        assert_eq!(admin.metric("kiestoon_pbx_up"), Some(1));
    }
}
