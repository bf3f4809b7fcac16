//! The PBX behind a router with two networks beyond it: a phone in the VPN and one on the internet are told different
//! addresses, the VPN's one for speech too, and nobody is told the PBX's own.
use crate::call::talk_over;
use crate::pbx::{Pbx, wait_for};
use crate::phone::Phone;
use crate::world::{Place, World, inside};

const FORWARDED: &str = r#"
table ip nat {
    chain in {
        type nat hook prerouting priority -100;
        iifname "wan" udp dport { 5060, 20000-29999 } dnat to 192.168.1.11
        iifname "vpn" ip daddr 10.8.0.1 udp dport 5060 dnat to 192.168.1.11
        iifname "vpn" ip daddr 10.8.0.2 udp dport 20000-29999 dnat to 192.168.1.11
    }
    chain out {
        type nat hook postrouting priority 100;
        oifname "wan" masquerade
        oifname "vpn" udp sport 20000-29999 snat to 10.8.0.2
        oifname "vpn" snat to 10.8.0.1
    }
}
"#;

const NETWORKS: &str = r#"
[sip]
external_address = "203.0.113.2"
[[sip.network]]
cidr = ["10.0.0.0/8"]
external_address = "10.255.255.1"
[[sip.network]]
cidr = ["10.8.0.0/16"]
external_address = "10.8.0.1"
external_rtp_address = "10.8.0.2"
"#;

#[test]
fn each_network_is_told_its_own_address() {
    inside("two_networks::each_network_is_told_its_own_address", || {
        let world = World::new(FORWARDED);
        let pbx = Pbx::start_in(&world, Place::Inside1, NETWORKS);
        let start = |place, pbx_address, number, tone| {
            Phone::start_at(&world, place, &pbx, pbx_address, number, tone, "udp")
        };
        let mut vpn = start(Place::Vpn, "10.8.0.1", "201", 440);
        let mut internet = start(Place::Outside, "203.0.113.2", "202", 1_000);
        talk_over(&pbx, &mut vpn, &mut internet, "10.8.0.1");
        talk_over(&pbx, &mut internet, &mut vpn, "203.0.113.2");
        told(&vpn, "10.8.0.1", "10.8.0.2", &["192.168.1.11", "203.0.113.2\r", "10.255.255.1"]);
        told(&internet, "203.0.113.2", "203.0.113.2", &["192.168.1.11", "10.8.0."]);
    });
}

/// The phone has been told these addresses in every place that has one, and nothing of the others.
#[track_caller]
fn told(phone: &Phone, signalling: &str, speech: &str, never: &[&str]) {
    let expected = [
        format!("\r\nVia: SIP/2.0/UDP {signalling}:5060;"),
        format!("\r\nContact: <sip:{signalling}:5060>"),
        format!(" IN IP4 {speech}\r\ns="),
        format!("\r\nc=IN IP4 {speech}\r\n"),
    ];
    wait_for("the phone's trace", || expected.iter().all(|line| phone.log().contains(line)));
    for address in never {
        let line = phone.log().lines().find(|line| line.contains(address)).map(str::to_owned);
        assert_eq!(line, None, "{} was told", phone.number);
    }
}
