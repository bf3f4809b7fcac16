//! Contacts and blocks over the API: an admin keeps those of its own organisation, and the running PBX uses them at once.

use std::fs;
use std::net::UdpSocket;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::house::{House, wait_for};

/// Two organisations, of which kantoor has a trunk whose calls are all told busy.
fn house() -> House {
    let house = House::of_two();
    let rule = "version = 1\n[[context.inkomend]]\nmatch = \"_+X.\"\ndo = [{ reject = \"busy\" }]\n\
                [[context.spam]]\nmatch = \"_+X.\"\ndo = [{ reject = \"unavailable\" }]\n";
    fs::write(house.path("dialplans/in.toml"), rule).unwrap();
    let trunk = "[[trunk]]\norganisation = \"kantoor\"\nname = \"voys\"\nhost = \"127.0.0.2\"\n\
                 addresses = [\"127.0.0.2\"]\noptions = \"off\"\nnumbers = [\"+31201234567\"]\n";
    fs::write(house.path("trunk.toml"), trunk).unwrap();
    house.kiestoon(&["import", "trunk.toml"]);
    house
}

/// The status with which the PBX ends a call from this number over the trunk.
fn call(house: &House, from: &str, id: &str) -> u16 {
    let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let own = socket.local_addr().unwrap();
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
        own.port()
    );
    let to = format!("sip:+31201234567@{}", house.sip());
    let invite = format!(
        "INVITE {to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{id};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{from}@127.0.0.2>;tag={id}\r\nTo: <{to}>\r\nCall-ID: {id}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:{own}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    socket.send_to(invite.as_bytes(), house.sip()).unwrap();
    let mut answer = vec![0; 4_096];
    loop {
        let read = socket.recv(&mut answer).unwrap();
        let line = String::from_utf8_lossy(&answer[..read]).lines().next().unwrap().to_owned();
        let status: u16 = line.split(' ').nth(1).unwrap().parse().unwrap();
        if status >= 200 {
            return status;
        }
    }
}

fn items(browser: &Browser<'_>, path: &str) -> Vec<Value> {
    browser.get(path).json()["items"].as_array().unwrap().clone()
}

#[test]
fn a_block_counts_as_soon_as_it_is_added() {
    let house = house();
    let [kees, anna, willem] = ["kees", "anna", "willem"].map(|login| Browser::of(&house, login));
    let path = "/api/v1/blocks";
    assert_eq!(call(&house, "+442071234567", "before"), 486);

    let block = r#"{"kind":"number","value":"0044 20 71234567","trunk":"voys","note":"spam"}"#;
    assert_eq!(anna.ask("POST", path, block).status, 403);
    let added = kees.ask("POST", path, block);
    assert_eq!(added.status, 201, "{}", added.body);
    let added = added.json();
    assert_eq!((&added["value"], &added["action"]), (&json!("+442071234567"), &json!("reject")));
    assert_eq!(call(&house, "+442071234567", "blocked"), 603);
    assert_eq!(call(&house, "+442071234568", "other"), 486);
    let again = kees.ask("POST", path, block);
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("exists")), "{}", again.body);
    assert!(again.head.contains("application/problem+json"), "{}", again.head);

    let own = format!("{path}/{}", added["id"].as_str().unwrap());
    let spam = r#"{"action":"context","context":"spam"}"#;
    assert_eq!(kees.ask("PUT", &own, spam).json()["context"], "spam");
    assert_eq!(call(&house, "+442071234567", "context"), 480);
    for (body, said) in [
        (r#"{"action":"context","context":"spa"}"#, "the dialplan has no context `spa`"),
        (r#"{"action":"busy","context":"spam"}"#, "not both"),
        (r#"{"action":"context"}"#, "needs `context`"),
    ] {
        let refused = kees.ask("PUT", &own, body);
        assert!(refused.status == 422 && refused.body.contains(said), "{}", refused.body);
    }
    for (body, said) in [
        (r#"{"kind":"number","value":"020"}"#, "`020` is no whole number"),
        (r#"{"kind":"prefix","value":"44"}"#, "write it as +44"),
        (r#"{"kind":"anonymous","value":"x"}"#, "`value` is for"),
        (r#"{"kind":"anonymous","trunk":"voyz"}"#, "did you mean `voys`?"),
    ] {
        let refused = kees.ask("POST", path, body);
        assert!(refused.status == 422 && refused.body.contains(said), "{}", refused.body);
    }

    // To another organisation it is not there.
    assert!(items(&willem, path).is_empty());
    assert_eq!(willem.ask("PUT", &own, r#"{"action":"allow"}"#).status, 404);
    assert_eq!(willem.ask("DELETE", &own, "").status, 404);
    assert_eq!(anna.ask("DELETE", &own, "").status, 403);
    assert_eq!(kees.ask("POST", path, r#"{"kind":"anonymous","action":"silence"}"#).status, 201);
    let first = kees.get(&format!("{path}?limit=1")).json();
    assert_eq!(
        (first["items"].as_array().unwrap().len(), &first["items"][0]["kind"]),
        (1, &json!("anonymous"))
    );
    let next = kees.get(&format!("{path}?limit=1&cursor={}", first["next"].as_str().unwrap())).json();
    assert_eq!((&next["items"][0]["id"], &next["next"]), (&added["id"], &Value::Null));

    assert_eq!(kees.ask("DELETE", &own, "").status, 204);
    assert_eq!(call(&house, "+442071234567", "after"), 486);
    assert_eq!(kees.ask("DELETE", &own, "").status, 404);
    let log = house.log();
    for done in ["block added", "block changed", "block removed"] {
        let line = log.lines().find(|line| line.contains(done)).unwrap_or_else(|| panic!("no {done}: {log}"));
        assert!(line.contains("kees") && line.contains("kantoor") && !line.contains("+44"), "{line}");
    }
}

#[test]
fn contacts_are_kept_by_the_admins_of_their_organisation() {
    let mut house = house();
    let path = "/api/v1/contacts";
    let added = {
        let [kees, anna, willem] = ["kees", "anna", "willem"].map(|login| Browser::of(&house, login));
        let contact = r#"{"number":"020-5550000","name":"Bakkerij Jansen"}"#;
        assert_eq!(anna.ask("POST", path, contact).status, 403);
        assert_eq!(anna.get(path).status, 403);
        let added = kees.ask("POST", path, contact);
        assert_eq!(added.status, 201, "{}", added.body);
        let added = added.json();
        assert_eq!((&added["number"], &added["source"]), (&json!("+31205550000"), &json!("api")));
        assert_eq!(kees.ask("POST", path, contact).status, 409);
        assert_eq!(willem.ask("POST", path, contact).status, 201, "another organisation's are others");
        let own = format!("{path}/{}", added["id"].as_str().unwrap());
        assert_eq!(willem.ask("PUT", &own, r#"{"name":"x"}"#).status, 404);
        assert_eq!(willem.ask("DELETE", &own, "").status, 404);
        assert_eq!(kees.ask("PUT", &own, r#"{"name":" "}"#).status, 422);
        assert_eq!(kees.ask("PUT", &own, r#"{"name":"Jansen"}"#).json()["name"], "Jansen");
        assert_eq!(items(&kees, path).len(), 1);
        assert_eq!(call(&house, "+31205550000", "named"), 486);
        added
    };
    // A record is written once the call is over, not with its last response.
    let records = || serde_json::from_str::<Value>(&house.kiestoon(&["history", "--json"])).unwrap();
    wait_for("the record", || !records().as_array().unwrap().is_empty());
    assert_eq!(records()[0]["from_name"], "Jansen", "{:#}", records());

    // Without the PBX it is kept, and counts from its next start.
    house.stop_pbx();
    let kees = Browser::of(&house, "kees");
    let own = format!("{path}/{}", added["id"].as_str().unwrap());
    assert_eq!(kees.ask("PUT", &own, r#"{"name":"Bakker"}"#).status, 202);
    assert_eq!(kees.ask("DELETE", &own, "").status, 202);
    assert!(items(&kees, path).is_empty());
}
