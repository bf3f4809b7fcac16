//! A phone with a private address in its Contact and SDP, behind the NAT that most homes have: it calls out, and it is
//! called.
use crate::call::talk;
use crate::pbx::Pbx;
use crate::phone::Phone;
use crate::world::{Place, World, inside};

/// Translates what goes out, keeping port numbers where it can.
pub(crate) const MASQUERADE: &str = r#"
table ip nat {
    chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
"#;

#[test]
fn over_udp() {
    inside("masquerade::over_udp", || home_and_office("udp"));
}

#[test]
fn over_tcp() {
    inside("masquerade::over_tcp", || home_and_office("tcp"));
}

fn home_and_office(transport: &str) {
    let world = World::new(MASQUERADE);
    let pbx = Pbx::start(&world, "");
    let mut home = Phone::start(&world, Place::Inside1, &pbx, "201", 440, transport);
    let mut office = Phone::start(&world, Place::Outside, &pbx, "202", 1_000, transport);
    talk(&pbx, &mut home, &mut office);
    talk(&pbx, &mut office, &mut home);
}
