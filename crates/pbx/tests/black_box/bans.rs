//! A source that guesses passwords is banned, listed and lifted; the owner of the extension, elsewhere, notices nothing.
use std::net::{Ipv4Addr, SocketAddr};

use crate::pbx::{Pbx, text};
use crate::user_agent::UserAgent;

#[test]
fn twenty_wrong_passwords_ban_a_source_until_it_is_lifted() {
    let mut pbx = Pbx::strict(&["201"], "version = 1\n", "ban_secs = 600");
    pbx.run();
    let at = |last: u8| SocketAddr::from((Ipv4Addr::new(127, 0, 2, last), 0));
    let mut owner = UserAgent::new(&pbx, "201", at(1));
    owner.register().unwrap();
    assert_eq!(pbx.json(&["ctl", "bans"]).as_array().unwrap().len(), 0);

    let mut thief = UserAgent::new(&pbx, "201", at(66));
    thief.password = "welkom01".to_owned();
    let statuses: Vec<u16> = (0..25).map(|_| thief.register().unwrap_err()).collect();
    assert_eq!(statuses, [[401].repeat(20), [403].repeat(5)].concat());
    assert_eq!(thief.knock(), Ok(403), "without credentials");
    owner.register().unwrap();

    let bans = pbx.json(&["ctl", "bans"]);
    assert_eq!(bans.as_array().unwrap().len(), 1);
    assert_eq!(bans[0]["source"], "127.0.2.66");
    assert_eq!(bans[0]["reason"], "wrong_passwords");
    assert_eq!(bans[0]["count"], 20);
    assert!(bans[0]["until"].as_str() > bans[0]["since"].as_str());
    let totals = &pbx.json(&["ctl", "status"])["totals"];
    assert_eq!(
        (totals["passwords_wrong"].as_u64(), totals["passwords_checked"].as_u64()),
        (Some(20), Some(22))
    );
    let log = pbx.log();
    assert!(log.contains("source banned") && log.contains("source=127.0.2.66"), "{log}");

    let unknown = pbx.kiestoon(&["ctl", "bans", "lift", "127.0.2.1"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown).contains("127.0.2.1 is not banned"), "{}", text(&unknown));
    let neither = pbx.kiestoon(&["ctl", "bans", "lift"]);
    assert_eq!(neither.status.code(), Some(64), "{}", text(&neither));
    let lifted = pbx.kiestoon(&["ctl", "bans", "lift", "127.0.2.66"]);
    assert!(text(&lifted).contains("the ban of 127.0.2.66 is lifted"), "{}", text(&lifted));
    assert_eq!(thief.knock(), Ok(401));
    assert_eq!(pbx.json(&["ctl", "bans", "lift", "--all"])["lifted"], 0);
}
