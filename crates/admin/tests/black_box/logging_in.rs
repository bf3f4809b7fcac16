//! The first start, logins and their bound, and what a user and an admin see.

use crate::browser::Browser;
use crate::house::{House, PASSWORD};

#[test]
fn the_first_start_makes_an_admin_whose_password_is_shown_once() {
    let mut house = House::new();
    house.start_admin();
    let log = house.log();
    let password = log.split("with the password ").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(Browser::new(&house).log_in("admin", password).status, 200);
    assert_eq!(house.stop_admin(), Some(0));
    house.start_admin();
    assert_eq!(house.log().matches("with the password ").count(), 1);
}

#[test]
fn a_session_is_opened_used_and_closed() {
    let house = House::open();
    let anna = Browser::of(&house, "anna");
    let shown = anna.get("/api/v1/session").json();
    assert_eq!(shown["user"]["extension"], "201");
    let numbers = |browser: &Browser<'_>| {
        let all = browser.get("/api/v1/extensions").json();
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&anna), ["201"], "her own");
    assert_eq!(numbers(&Browser::of(&house, "admin")), ["201", "202"], "all of the organisation");

    let changed = |old: &str, new: &str| {
        let body = serde_json::json!({ "old": old, "new": new }).to_string();
        anna.ask("PUT", "/api/v1/session/password", &body)
    };
    assert_eq!(changed("fout fout fout", "nieuw 12345").json()["code"], "wrong_password");
    assert_eq!(changed(PASSWORD, "kort").json()["code"], "weak_password");
    assert_eq!(changed(PASSWORD, "nieuw 12345").status, 204);
    assert_eq!(anna.get("/api/v1/session").status, 200, "her own session stays");
    assert_eq!(Browser::new(&house).log_in("anna", PASSWORD).json()["code"], "wrong_password");

    let out = anna.ask("DELETE", "/api/v1/session", "");
    assert!(out.status == 204 && out.head.contains("Max-Age=0"), "{}", out.head);
    assert_eq!(anna.get("/api/v1/session").json()["code"], "not_logged_in");
}

#[test]
fn guessing_is_stopped_whether_or_not_the_login_exists() {
    let house = House::open();
    let stranger = Browser::new(&house);
    for login in ["anna", "nobody"] {
        let statuses: Vec<_> = (0..11).map(|_| stranger.log_in(login, "fout fout fout").status).collect();
        assert_eq!(statuses[..10], [401; 10]);
        assert_eq!(statuses[10], 429);
    }
    let stopped = stranger.log_in("anna", PASSWORD);
    assert!(stopped.head.to_lowercase().contains("retry-after: "), "{}", stopped.head);
    assert_eq!(stopped.json()["code"], "too_many_logins");
    assert_eq!(stranger.log_in("admin", PASSWORD).status, 200, "others go on");
}
