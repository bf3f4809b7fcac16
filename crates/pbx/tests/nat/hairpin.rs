//! Two phones behind one NAT call each other: both have the same public address, and hear each other through the PBX.
use crate::call::talk;
use crate::masquerade::MASQUERADE;
use crate::pbx::Pbx;
use crate::phone::Phone;
use crate::world::{Place, World, inside};

#[test]
fn two_phones_of_one_home_talk() {
    inside("hairpin::two_phones_of_one_home_talk", || {
        let world = World::new(MASQUERADE);
        let pbx = Pbx::start(&world, "");
        let mut one = Phone::start(&world, Place::Inside1, &pbx, "201", 440, "udp");
        let mut two = Phone::start(&world, Place::Inside2, &pbx, "202", 1_000, "udp");
        talk(&pbx, &mut one, &mut two);
        talk(&pbx, &mut two, &mut one);
    });
}
