//! Day and night over the API: an admin opens and closes the hours of its own organisation, whoever may see it is told, and it stays so
//! when the PBX is started again.

use serde_json::Value;

use crate::browser::{Browser, read_until};
use crate::house::{House, wait_for};

fn kantoor(browser: &Browser<'_>) -> Value {
    let items = browser.get("/api/v1/hours").json()["items"].clone();
    items.as_array().unwrap().iter().find(|hours| hours["name"] == "kantoor").cloned().unwrap_or_default()
}

#[test]
fn an_admin_sets_the_hours_of_its_own_organisation() {
    let mut house = House::of_two();
    {
        let [kees, anna, willem] = ["kees", "anna", "willem"].map(|login| Browser::of(&house, login));
        let mut events = kees.events();
        read_until(&mut events, ":");
        assert_eq!(kantoor(&kees)["state"], "auto");
        assert_eq!(kantoor(&anna), Value::Null, "a user sees none");

        let path = "/api/v1/hours/kantoor";
        assert_eq!(kees.ask("PUT", path, r#"{"state":"closed"}"#).status, 204);
        let told = read_until(&mut events, "\"by\":\"kees\"");
        assert!(
            told.contains("event: hours\n")
                && told.contains("hours.changed")
                && told.contains("\"state\":\"closed\""),
            "{told}"
        );
        let hours = kantoor(&kees);
        assert_eq!((&hours["state"], &hours["open"]), (&"closed".into(), &false.into()));
        assert_eq!(kantoor(&willem)["state"], "auto", "another organisation has its own");

        assert_eq!(anna.ask("PUT", path, r#"{"state":"open"}"#).status, 403);
        assert_eq!(kees.ask("PUT", "/api/v1/hours/winkel", r#"{"state":"open"}"#).status, 404);
        assert_eq!(kees.ask("PUT", path, r#"{"state":"toggle"}"#).status, 400);
    }
    house.stop_pbx();
    house.start_pbx();
    let kees = Browser::of(&house, "kees");
    wait_for("the PBX", || kees.get("/api/v1/hours").status == 200);
    assert_eq!(kantoor(&kees)["state"], "closed");
    assert_eq!(kees.ask("PUT", "/api/v1/hours/kantoor", r#"{"state":"auto"}"#).status, 204);
    assert_eq!(kantoor(&kees)["state"], "auto");
}
