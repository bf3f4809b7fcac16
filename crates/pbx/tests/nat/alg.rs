//! A router that meddles: the kernel's own SIP application layer gateway rewrites Via, Contact and SDP on their way.
use crate::call::talk;
use crate::pbx::Pbx;
use crate::phone::Phone;
use crate::world::{Place, World, inside};

const ALG: &str = r#"
table ip nat {
    chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
table ip alg {
    ct helper sip { type "sip" protocol udp; l3proto ip; }
    chain helped { type filter hook prerouting priority 0; udp dport 5060 ct helper set "sip"; }
}
"#;

#[test]
fn a_phone_behind_an_alg_calls_and_is_called() {
    inside("alg::a_phone_behind_an_alg_calls_and_is_called", || home_and_office(ALG));
}

#[test]
fn over_a_nat_with_random_ports() {
    let random = ALG.replace("masquerade", "masquerade fully-random");
    inside("alg::over_a_nat_with_random_ports", || home_and_office(&random));
}

fn home_and_office(rules: &str) {
    let world = World::new(rules);
    let pbx = Pbx::start(&world, "");
    let mut home = Phone::start(&world, Place::Inside1, &pbx, "201", 440, "udp");
    let mut office = Phone::start(&world, Place::Outside, &pbx, "202", 1_000, "udp");
    let registrations = pbx.json(&["ctl", "registrations"]).to_string();
    assert!(!registrations.contains("192.168.1.11"), "the gateway is at work: {registrations}");
    talk(&pbx, &mut home, &mut office);
    talk(&pbx, &mut office, &mut home);
}
