//! A phone behind a symmetric NAT: every destination sees another, random port.
use crate::call::talk;
use crate::pbx::Pbx;
use crate::phone::Phone;
use crate::world::{Place, World, inside};

/// Translates what goes out to a port of the router's own choice.
pub(crate) const SYMMETRIC: &str = r#"
table ip nat {
    chain out { type nat hook postrouting priority 100; oifname "wan" masquerade fully-random; }
}
"#;

#[test]
fn a_phone_behind_random_ports_calls_and_is_called() {
    inside("symmetric::a_phone_behind_random_ports_calls_and_is_called", || {
        let world = World::new(SYMMETRIC);
        let pbx = Pbx::start(&world, "");
        let mut home = Phone::start(&world, Place::Inside1, &pbx, "201", 440, "udp");
        let mut office = Phone::start(&world, Place::Outside, &pbx, "202", 1_000, "udp");
        talk(&pbx, &mut office, &mut home);
        talk(&pbx, &mut home, &mut office);
    });
}
