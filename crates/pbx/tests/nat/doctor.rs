//! What an operator is told of a phone that is not heard: in the live view, and afterwards in the history.
use serde_json::Value;

use crate::hand_made::HandMade;
use crate::masquerade::MASQUERADE;
use crate::pbx::{Pbx, wait_for};
use crate::phone::Phone;
use crate::world::{Place, World, inside};

/// The router lets signalling out and no speech.
const NO_SPEECH_OUT: &str = r#"
table inet firewall {
    chain through { type filter hook forward priority 0; udp dport 20000-29999 drop; }
}
"#;

/// The PBX's own firewall lets in no speech of the phone outside.
const NO_SPEECH_IN: &str = r#"
table inet firewall {
    chain in { type filter hook input priority 0; ip saddr 203.0.113.20 udp dport 20000-29999 drop; }
}
"#;

/// A firewall at the phone lets in nothing but signalling and reports.
const NOTHING_HEARD: &str = r#"
table inet firewall {
    chain in { type filter hook input priority 0; udp sport 20000-29999 meta length > 150 drop; }
}
"#;

/// The same with a word to the sender for each packet, at a phone whose reports do not come out.
const REFUSED: &str = r#"
table inet firewall {
    chain in { type filter hook input priority 0; udp sport 20000-29999 meta length > 150 reject; }
    chain out { type filter hook output priority 0; udp dport 20000-29999 meta length < 150 drop; }
}
"#;

#[test]
fn each_cause_is_named() {
    inside("doctor::each_cause_is_named", || {
        let world = World::new(MASQUERADE);
        world.rules(Place::Router, NO_SPEECH_OUT);
        let pbx = Pbx::start(&world, "");
        // Its own Contact is private, its session description is not: a router has rewritten the one and not the other.
        let mut mangled = HandMade::new(&world, Place::Inside1, "202");
        mangled.speech.set_ip(Place::Router.address().parse().unwrap());
        let mut calls = [
            ("private_address", HandMade::new(&world, Place::Inside1, "201")),
            ("alg", mangled),
            ("port_blocked", HandMade::new(&world, Place::Outside, "203")),
        ];
        world.rules(Place::Pbx, NO_SPEECH_IN);
        calls.iter_mut().for_each(|(_, phone)| phone.call_echo());
        wait_for("a cause on every call", || {
            calls.iter_mut().for_each(|(_, phone)| phone.speak());
            let live = pbx.json(&["ctl", "calls"]);
            let legs = live.as_array().unwrap().iter().map(|call| call["legs"][0].clone());
            let found: Vec<Value> = legs.filter(|leg| leg["diagnosis"].is_string()).collect();
            found.len() == calls.len()
        });
        let live = pbx.json(&["ctl", "calls"]);
        for (cause, phone) in &mut calls {
            assert_eq!(diagnosis(live.as_array().unwrap(), &phone.number), *cause, "{live}");
            phone.hang_up();
        }
        wait_for("the history", || pbx.json(&["history"]).as_array().unwrap().len() == calls.len());
        let history = pbx.json(&["history"]);
        let counted = pbx.json(&["ctl", "status"])["diagnoses"].clone();
        assert_eq!(counted.as_object().unwrap().len(), 9, "{counted}");
        for (cause, phone) in &calls {
            assert_eq!(counted[*cause], 1, "{counted}");
            assert_eq!(diagnosis(history.as_array().unwrap(), &phone.number), *cause, "{history}");
        }
    });
}

#[test]
fn a_phone_that_hears_nothing_and_one_that_hears() {
    inside("doctor::a_phone_that_hears_nothing_and_one_that_hears", || {
        let world = World::new(MASQUERADE);
        let pbx = Pbx::start(&world, "");
        let mut hearing = Phone::start(&world, Place::Inside1, &pbx, "201", 1_000, "udp");
        hearing.dial("*43", Place::Pbx.address());
        hearing.expect("CALL_ESTABLISHED");
        let mut deaf = Phone::start(&world, Place::Outside, &pbx, "202", 440, "udp");
        world.rules(Place::Outside, NOTHING_HEARD);
        deaf.dial("*43", Place::Pbx.address());
        deaf.expect("CALL_ESTABLISHED");
        let live = || pbx.json(&["ctl", "calls"]);
        // Its first report says it, after five seconds.
        wait_for("a cause", || diagnosis(live().as_array().unwrap(), "202") == "hears_nothing");
        wait_for("a report of the other", || leg(live().as_array().unwrap(), "201")["rtt_ms"].is_number());
        hang_up([&mut hearing, &mut deaf]);
        wait_for("the history", || pbx.json(&["history"]).as_array().unwrap().len() == 2);
        let history = pbx.json(&["history"]);
        let said = ["201", "202"].map(|number| diagnosis(history.as_array().unwrap(), number));
        assert_eq!(said, ["", "hears_nothing"], "{history:#}");
        assert_eq!(pbx.json(&["ctl", "status"])["diagnoses"]["hears_nothing"], 1);
    });
}

#[test]
fn a_phone_whose_port_refuses() {
    inside("doctor::a_phone_whose_port_refuses", || {
        let world = World::new("");
        let pbx = Pbx::start(&world, "");
        let mut refusing = Phone::start(&world, Place::Outside, &pbx, "202", 440, "udp");
        world.rules(Place::Outside, REFUSED);
        refusing.dial("*43", Place::Pbx.address());
        refusing.expect("CALL_ESTABLISHED");
        let live = || pbx.json(&["ctl", "calls"]);
        wait_for("a cause", || diagnosis(live().as_array().unwrap(), "202") == "hears_nothing");
        assert!(
            leg(live().as_array().unwrap(), "202")["inbound"]["packets"].as_u64().unwrap() > 50,
            "it is heard"
        );
        hang_up([&mut refusing]);
    });
}

fn hang_up<const N: usize>(phones: [&mut Phone; N]) {
    for phone in phones {
        phone.hang_up();
        phone.expect("CALL_CLOSED");
    }
}

/// The leg of this extension.
fn leg(calls: &[Value], number: &str) -> Value {
    let mut legs = calls.iter().flat_map(|call| call["legs"].as_array().unwrap());
    legs.find(|leg| leg["number"] == number).unwrap_or_else(|| panic!("no leg of {number}")).clone()
}

/// What is said of it.
fn diagnosis(calls: &[Value], number: &str) -> String {
    leg(calls, number)["diagnosis"].as_str().unwrap_or_default().to_owned()
}
