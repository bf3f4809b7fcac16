//! A real phone registers and calls with credentials that the sidecar would issue: the key file and the database are all that
//! both processes share.
use std::time::{Duration, SystemTime};

use kiestoon_store::{Key, Store, credentials};

use crate::baresip::{Baresip, Phone};
use crate::pbx::{PHONES_CALL, Pbx, wait_for};
use crate::tone;

/// Account parameters with credentials for an extension, as another process makes them.
fn issued(pbx: &Pbx, number: &str, lasts: Duration) -> String {
    let key = Key::load(&pbx.path("kiestoon.key")).unwrap();
    let url = format!("sqlite:{}", pbx.path("kiestoon.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let organisations = runtime.block_on(async {
        let store = Store::open(&url, key.clone()).await.unwrap();
        let organisations = store.organisations().await.unwrap();
        store.close().await;
        organisations
    });
    let ends = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + lasts;
    let key = key.derive(credentials::PURPOSE);
    let made = credentials::issue(&key, &organisations[0].id, number, ends.as_secs());
    format!(";auth_user={};auth_pass={}", made.username, made.password)
}

#[test]
fn a_phone_registers_for_as_long_as_they_last_and_calls_with_them() {
    let pbx = Pbx::start(&["201", "202"], PHONES_CALL);
    // The phone asks for a minute, which these are not good for.
    let login = issued(&pbx, "201", Duration::from_secs(50));
    let phone =
        |number, tone, answers, parameters| Phone { number, transport: "udp", tone, answers, parameters };
    let mut caller = Baresip::start(&pbx, &phone("201", 440, false, &login));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, true, ""));
    let registrations = pbx.json(&["ctl", "registrations"]);
    let left = |number: &str| {
        let all = registrations.as_array().unwrap().iter();
        all.filter(|one| one["number"] == number).find_map(|one| one["expires_in_secs"].as_u64()).unwrap()
    };
    assert!(left("201") < 50 && left("202") > 50, "{registrations:#}");

    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", Duration::from_secs(10), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 100 && packets(1) > 100
    });
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
    tone::assert_heard(&callee.heard(), 440.0);
    let history = pbx.history(1);
    assert_eq!((&history[0]["from_number"], &history[0]["disposition"]), (&"201".into(), &"answered".into()));
}
