//! Trunks over TLS and TCP, with Kamailio as the provider and another PBX beyond it: calls both ways, with sound in both directions.
use std::{net::SocketAddr, time::Duration};

use crate::authority::Authority;
use crate::baresip::{Baresip, Phone};
use crate::kamailio::{self, Kamailio, folder};
use crate::pbx::{Pbx, free_port, wait_for};
use crate::provider::PROVIDER;
use crate::tone;
use crate::trunks::registrar;

/// Ours, and the one beyond the provider.
const NEAR: &str = "+31201234567";
const FAR: &str = "+31612345678";

fn dialplan(own: &str, extension: &str) -> String {
    format!(
        "version = 1\n[[context.intern]]\nmatch = \"_0.\"\ndo = [{{ dial = \"trunk:voys\" }}]\n\
         [[context.inkomend]]\nmatch = \"{own}\"\ndo = [{{ dial = \"ext:{extension}\" }}]\n"
    )
}

struct Two {
    near: Pbx,
    far: Pbx,
}

impl Two {
    fn new() -> Self {
        Self {
            near: Pbx::new(&["201"], &dialplan(NEAR, "201")),
            far: Pbx::new(&["202"], &dialplan(FAR, "202")),
        }
    }

    /// Gives both a certificate, which they show whoever asks.
    fn equip(&self, authority: &Authority) {
        for pbx in [&self.near, &self.far] {
            let authorities = pbx.path("ca.crt").display().to_string();
            authority.equip(pbx, &format!("client_ca = \"{authorities}\"\nserver_ca = \"{authorities}\"\n"));
        }
    }

    /// Starts them with a trunk to the provider, of which these keys are said.
    fn run(&mut self, provider: &str, near: &str, far: &str) {
        for (pbx, own, keys) in [(&mut self.near, NEAR, near), (&mut self.far, FAR, far)] {
            pbx.import(&format!(
                "[[trunk]]\nname = \"voys\"\nhost = \"{provider}\"\nnumbers = [\"{own}\"]\noptions = \"off\"\n{keys}"
            ));
            pbx.run();
        }
    }

    /// A call each way; what the near record says of the leg over the trunk, of each.
    fn talk(&self) -> [serde_json::Value; 2] {
        let phone = |number, tone| Phone { number, transport: "udp", tone, answers: true, parameters: "" };
        let mut ours = Baresip::start(&self.near, &phone("201", 440));
        let mut theirs = Baresip::start(&self.far, &phone("202", 1_000));
        call(&self.near, (&mut ours, "0612345678"), &mut theirs);
        tone::assert_heard(&ours.heard(), 1_000.0);
        tone::assert_heard(&theirs.heard(), 440.0);
        call(&self.far, (&mut theirs, "0201234567"), &mut ours);
        tone::assert_heard(&ours.heard(), 1_000.0);
        tone::assert_heard(&theirs.heard(), 440.0);
        let calls = self.near.history(2);
        for call in &calls {
            assert_eq!(call["disposition"], "answered", "{call:#}");
        }
        [calls[1]["legs"][1].clone(), calls[0]["legs"][0].clone()]
    }
}

fn call(pbx: &Pbx, (caller, number): (&mut Baresip, &str), callee: &mut Baresip) {
    caller.command("dial", &format!("sip:{number}@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", Duration::from_secs(15), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 100 && packets(1) > 100
    });
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
}

/// What comes for our number goes to us, all else to the other PBX.
fn peer(listen: &str, two: &Two, transport: &str) -> String {
    let uri = |pbx: &Pbx| format!("sip:{};transport={transport}", pbx.address_over(transport));
    let route = format!(
        "    record_route();\n    if ($rU == \"{NEAR}\") {{ $du = \"{}\"; }} else {{ $du = \"{}\"; }}\n    t_relay();\n",
        uri(&two.near),
        uri(&two.far)
    );
    kamailio::configuration(listen, "", &route)
}

fn expect_protected(legs: &[serde_json::Value]) {
    for leg in legs {
        assert_eq!((&leg["transport"], &leg["trunk"]), (&"tls".into(), &"voys".into()), "{leg:#}");
        assert!(leg["quality"]["srtp"].is_string() && leg["srtp_key_in_clear"] != true, "{leg:#}");
    }
}

#[test]
fn a_provider_by_its_address_over_tls_with_protected_speech() {
    let (authority, mut two, folder) = (Authority::new(), Two::new(), folder());
    two.equip(&authority);
    let secure = SocketAddr::new(PROVIDER.parse().unwrap(), free_port());
    let tls = format!("tcp_source_ipv4={PROVIDER}\n{}", kamailio::tls(&folder, &authority, secure));
    let _kamailio = Kamailio::start(folder, |_| peer(&tls, &two, "tls"));
    let keys = format!("transport = \"tls\"\naddresses = [\"{PROVIDER}\"]\nsrtp = \"required\"\n");
    two.run(&secure.to_string(), &keys, &keys);
    expect_protected(&two.talk());
}

#[test]
fn a_provider_that_wants_us_registered_over_tls_with_protected_speech() {
    let (authority, mut two, folder) = (Authority::new(), Two::new(), folder());
    two.equip(&authority);
    let secure = SocketAddr::new(PROVIDER.parse().unwrap(), free_port());
    let tls = format!("tcp_source_ipv4={PROVIDER}\n{}", kamailio::tls(&folder, &authority, secure));
    let behind = format!("sip:{};transport=tls", two.far.address_over("tls"));
    let from_near = format!("$rU != \"{NEAR}\"");
    let _kamailio = Kamailio::start(folder, |_| registrar(&tls, &from_near, &behind));
    let keys = "transport = \"tls\"\nsrtp = \"required\"\n";
    let account = format!("{keys}username = \"100001\"\npassword = \"geheim-van-voys\"\nregister = true\n");
    two.run(&secure.to_string(), &account, &format!("{keys}addresses = [\"{PROVIDER}\"]\n"));
    wait_for("registration", Duration::from_secs(10), || two.near.log().contains("registered at the trunk"));
    expect_protected(&two.talk());
}

#[test]
fn a_provider_by_its_address_over_tcp() {
    let mut two = Two::new();
    let kamailio = Kamailio::start(folder(), |port| {
        let listen = format!("tcp_source_ipv4={PROVIDER}\nlisten=tcp:{PROVIDER}:{port}");
        peer(&listen, &two, "tcp")
    });
    let keys = format!("transport = \"tcp\"\naddresses = [\"{PROVIDER}\"]\n");
    two.run(&format!("{PROVIDER}:{}", kamailio.port), &keys, &keys);
    for leg in two.talk() {
        assert_eq!((&leg["transport"], &leg["trunk"]), (&"tcp".into(), &"voys".into()), "{leg:#}");
    }
}
