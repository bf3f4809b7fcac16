//! The PBX goes away and comes back; the sidecar lives on.

use crate::browser::{Browser, read_until};
use crate::house::{House, wait_for};

#[test]
fn what_needs_the_pbx_says_so_until_it_is_back() {
    let mut house = House::open();
    house.kill_pbx();
    {
        let admin = Browser::of(&house, "admin");
        for path in ["/api/v1/calls", "/api/v1/registrations"] {
            let away = admin.get(path);
            assert_eq!((away.status, away.json()["code"].as_str()), (503, Some("pbx_unreachable")), "{path}");
        }
        let port = house.https().port();
        assert_eq!(admin.open_sip(&format!("https://localhost:{port}")).err(), Some(503));
        assert!(admin.get("/metrics").body.contains("\nkiestoon_pbx_up 0\n"));
        assert_eq!(admin.get("/ready").status, 200);
        assert_eq!(admin.get("/api/v1/extensions").status, 200);
    }
    house.start_pbx();
    let admin = Browser::of(&house, "admin");
    assert_eq!(admin.get("/api/v1/calls").status, 200);
    let mut events = admin.events();
    wait_for("the events of the PBX", || admin.get("/ready").body == "ready\n");
    house.kiestoon(&["extension", "add", "203"]);
    read_until(&mut events, "event: reloaded\n");
}
