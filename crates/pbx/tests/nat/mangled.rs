//! What routers make of a session description and of a Content-Length: speech is found all the same, or the phone is told
//! what is wrong.
use std::net::SocketAddr;

use crate::hand_made::HandMade;
use crate::pbx::Pbx;
use crate::symmetric::SYMMETRIC;
use crate::world::{Place, World, inside};

#[test]
fn a_description_that_names_the_wrong_place() {
    inside("mangled::a_description_that_names_the_wrong_place", || {
        let world = World::new(SYMMETRIC);
        let pbx = Pbx::start(&world, "");
        let public = |port| SocketAddr::new(Place::Router.address().parse().unwrap(), port);
        let true_port = |phone: &HandMade| phone.speech.port();
        let said: [(&str, Says); 4] = [
            ("the phone's own private address", |_, _| {}),
            ("a router that rewrote the address, not the port", |phone, public| phone.speech = public),
            ("and the Contact", |phone, public| (phone.speech, phone.contact) = (public, public)),
            ("an address that leads nowhere", |phone, _| {
                phone.speech = "198.51.100.9:40000".parse().unwrap()
            }),
        ];
        for (what, says) in said {
            let mut phone = HandMade::new(&world, Place::Inside1, "201");
            let port = true_port(&phone);
            says(&mut phone, public(port));
            phone.call_echo();
            phone.hears_itself(10);
            let calls = pbx.json(&["ctl", "calls"]);
            assert_eq!(calls[0]["legs"][0]["diagnosis"], serde_json::Value::Null, "{what}: {calls}");
            phone.hang_up();
        }
    });
}

/// What the phone says in its INVITE, instead of the truth; given the router's public address with the phone's own port.
type Says = fn(&mut HandMade, SocketAddr);

#[test]
fn a_content_length_that_no_longer_fits() {
    inside("mangled::a_content_length_that_no_longer_fits", || {
        let world = World::new(SYMMETRIC);
        let _pbx = Pbx::start(&world, "");
        let mut phone = HandMade::new(&world, Place::Inside1, "201");
        let too_much = phone.options(4, "bodyand what a router has added");
        assert!(
            phone.ask(&too_much).starts_with("SIP/2.0 200"),
            "RFC 3261 section 18.3: the rest is ignored"
        );
        let too_little = phone.options(400, "body");
        let refused = phone.ask(&too_little);
        assert!(refused.starts_with("SIP/2.0 400"), "{refused}");
        assert!(refused.contains("Content-Length"), "it says what is wrong: {refused}");
    });
}
