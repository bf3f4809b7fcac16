//! The PBX itself behind a NAT that forwards its ports: a phone outside is told the public address, a phone beside the
//! PBX the private one.
use crate::call::talk_over;
use crate::pbx::Pbx;
use crate::phone::Phone;
use crate::world::{Place, World, inside};

const FORWARDED: &str = r#"
table ip nat {
    chain in {
        type nat hook prerouting priority -100;
        iifname "wan" udp dport { 5060, 20000-29999 } dnat to 192.168.1.11
        iifname "wan" tcp dport 5060 dnat to 192.168.1.11
    }
    chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
"#;

#[test]
fn each_phone_is_told_the_address_that_it_reaches() {
    inside("pbx_behind_nat::each_phone_is_told_the_address_that_it_reaches", || {
        let world = World::new(FORWARDED);
        let (private, public) = (Place::Inside1.address(), Place::Router.address());
        let pbx = Pbx::start_in(&world, Place::Inside1, &format!("[sip]\nexternal_address = \"{public}\"\n"));
        let mut beside = Phone::start_at(&world, Place::Inside2, &pbx, private, "201", 440, "udp");
        let mut outside = Phone::start_at(&world, Place::Outside, &pbx, public, "202", 1_000, "udp");
        talk_over(&pbx, &mut beside, &mut outside, private);
        talk_over(&pbx, &mut outside, &mut beside, public);
    });
}
