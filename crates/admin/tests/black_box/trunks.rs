//! Trunks over the API: an admin sees those of its own organisation, as they are set and as they stand, and tests them. No password
//! is shown to anybody.

use std::fs;
use std::net::UdpSocket;

use serde_json::Value;

use crate::browser::Browser;
use crate::house::House;

#[test]
fn an_admin_sees_and_tests_the_trunks_of_its_own_organisation() {
    let silent = UdpSocket::bind("127.0.0.2:0").unwrap();
    let house = House::of_two();
    let trunk = format!(
        "[[trunk]]\norganisation = \"kantoor\"\nname = \"voys\"\nhost = \"{}\"\ntransport = \"udp\"\n\
         username = \"100001\"\npassword = \"geheim-van-voys\"\nidentify_header = \"X-Key: geheim-woord\"\nnumbers = [\"+31201234567\"]\n",
        silent.local_addr().unwrap()
    );
    fs::write(house.path("trunk.toml"), trunk).unwrap();
    house.kiestoon(&["import", "trunk.toml"]);
    let [kees, anna, willem] = ["kees", "anna", "willem"].map(|login| Browser::of(&house, login));

    let listed = kees.get("/api/v1/trunks");
    assert!(!listed.body.contains("geheim") && listed.body.contains("X-Key: ********"), "{}", listed.body);
    let items = listed.json()["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(1), "{items:#}");
    let voys = &items[0];
    assert_eq!((&voys["name"], &voys["has_password"]), (&"voys".into(), &true.into()));
    assert_eq!((&voys["live"]["name"], &voys["live"]["calls_out"]), (&"voys".into(), &0.into()), "{voys:#}");
    assert_eq!(willem.get("/api/v1/trunks").json()["items"], Value::Array(Vec::new()));
    assert_eq!(anna.get("/api/v1/trunks").status, 403);

    let debug = kees.get("/admin/voip/debug/trunks");
    let record = debug.json();
    assert_eq!((&record["count"], &record["records"][0]["password"]), (&1.into(), &"********".into()));
    for secret in ["geheim-van-voys", "geheim-woord"] {
        assert!(!debug.body.contains(secret), "{}", debug.body);
    }
    assert_eq!(willem.get("/admin/voip/debug/trunks").json()["count"], 0);
    assert_eq!(anna.get("/admin/voip/debug/trunks").status, 403);

    let path = "/api/v1/trunks/voys/test";
    assert_eq!(anna.ask("POST", path, "{}").status, 403);
    assert_eq!(willem.ask("POST", path, "{}").status, 404, "another organisation's is not there");
    assert_eq!(kees.ask("POST", path, r#"{"wait_inbound_secs":900}"#).status, 400);
    let tested = kees.ask("POST", path, "{}");
    assert_eq!(tested.status, 200, "{}", tested.body);
    for said in ["\"rung\":\"dns\"", "\"rung\":\"register\"", "nothing came back"] {
        assert!(tested.body.contains(said), "no {said} in {}", tested.body);
    }
    assert!(!tested.body.contains("geheim"), "{}", tested.body);
    assert_eq!(kees.ask("POST", path, r#"{"call":""}"#).status, 400);

    house.kiestoon(&["trunk", "--organisation", "kantoor", "disable", "voys"]);
    let bare = kees.ask("POST", path, "");
    assert_eq!(bare.status, 200, "without a body, and before it is enabled: {}", bare.body);
    assert!(bare.body.contains("nothing came back"), "{}", bare.body);
}
