//! A NAT that forgets a silent phone within seconds: only the PBX's own keep-alive holds the way to it open.
use crate::call::talk;
use crate::masquerade::MASQUERADE;
use crate::pbx::{Pbx, wait_for};
use crate::phone::Phone;
use crate::world::{Place, World, inside};

#[test]
fn a_silent_phone_is_still_reached() {
    inside("forgetful::a_silent_phone_is_still_reached", || {
        let world = World::new(MASQUERADE);
        for key in ["nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"] {
            world.run(Place::Router, "sysctl", &["-qw", &format!("net.netfilter.{key}=3")]);
        }
        let pbx = Pbx::start(&world, "[sip]\nkeepalive_secs = 1\n");
        let mut home = Phone::start(&world, Place::Inside1, &pbx, "201", 440, "udp");
        let mut office = Phone::start(&world, Place::Outside, &pbx, "202", 1_000, "udp");
        // One a second: by the fifth the NAT would have forgotten what the phone itself has sent.
        wait_for("five keep-alives", || home.log().matches("CSeq: 1 OPTIONS").count() >= 5 * EACH);
        talk(&pbx, &mut office, &mut home);
    });
}

/// A question and its answer.
const EACH: usize = 2;
