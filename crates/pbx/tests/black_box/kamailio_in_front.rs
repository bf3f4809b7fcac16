//! A proxy between phones and PBX, as offices with many sites have: Kamailio passes registrations on with a Path and stays
//! on the way of every call by Record-Route. The phones never speak to the PBX, and are called through the proxy.
use std::{net::SocketAddr, time::Duration};

use crate::authority::Authority;
use crate::baresip::{Baresip, Phone};
use crate::kamailio::{self, Kamailio, folder};
use crate::pbx::{Pbx, free_port, wait_for};
use crate::tone;

const DIALPLAN: &str =
    "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

#[test]
fn phones_behind_a_proxy_talk() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let proxy = in_front_of(&pbx);
    let outbound = format!(";outbound=\"sip:127.0.0.1:{};lr\"", proxy.port);
    let phone =
        |number, tone, answers| Phone { number, transport: "udp", tone, answers, parameters: &outbound };
    let mut caller = Baresip::start(&pbx, &phone("201", 440, false));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, true));
    let registrations = pbx.json(&["ctl", "registrations"]);
    let through = |one: &serde_json::Value| one["remote"] == format!("127.0.0.1:{}", proxy.port);
    assert!(registrations.as_array().unwrap().iter().all(through), "{registrations}");

    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", Duration::from_secs(15), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 150 && packets(1) > 150
    });
    callee.command("hangup", "");
    callee.expect("CALL_CLOSED");
    caller.expect("CALL_CLOSED");
    tone::assert_heard(&caller.heard(), 1_000.0);
    tone::assert_heard(&callee.heard(), 440.0);
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_callee");
}

#[test]
fn a_proxy_over_tls_is_reached_anew_after_it_has_restarted() {
    let authority = Authority::new();
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    let authorities = pbx.path("ca.crt").display().to_string();
    let both = format!(
        "client_ca = \"{authorities}\"\nrequire_client_certificate = true\nserver_ca = \"{authorities}\"\n"
    );
    authority.equip(&pbx, &both);
    pbx.run();
    let mut proxy = in_front_of_over_tls(&pbx, &authority);
    let outbound = format!(";outbound=\"sip:127.0.0.1:{};lr\"", proxy.port);
    let phone =
        |number, tone, answers| Phone { number, transport: "udp", tone, answers, parameters: &outbound };
    let mut caller = Baresip::start(&pbx, &phone("201", 440, false));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, true));
    proxy.restart();
    let registrations = pbx.json(&["ctl", "registrations"]);
    let over_tls = |one: &serde_json::Value| one["transport"] == "tls";
    let registrations = registrations.as_array().unwrap();
    assert!(registrations.len() == 2 && registrations.iter().all(over_tls), "{registrations:?}");

    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    callee.command("hangup", "");
    callee.expect("CALL_CLOSED");
    caller.expect("CALL_CLOSED");
    let call = &pbx.history(1)[0];
    assert_eq!(call["end_reason"], "hangup_callee");
    let transports = call["legs"].as_array().unwrap().iter().map(|leg| leg["transport"].clone());
    assert_eq!(transports.collect::<Vec<_>>(), ["tls", "tls"]);
}

fn in_front_of(pbx: &Pbx) -> Kamailio {
    let pbx_uri = format!("sip:{}", pbx.address());
    let from_pbx = format!("$sp == {}", pbx.port);
    Kamailio::start(folder(), |port| proxy("disable_tcp=yes", port, &from_pbx, &pbx_uri))
}

/// With the PBX it speaks TLS, and each of the two shows the other a certificate.
fn in_front_of_over_tls(pbx: &Pbx, authority: &Authority) -> Kamailio {
    let folder = folder();
    let tls = kamailio::tls(&folder, authority, SocketAddr::from(([127, 0, 0, 1], free_port())));
    let pbx_uri = format!("sip:{};transport=tls", pbx.address_over("tls"));
    Kamailio::start(folder, |port| proxy(&tls, port, "$proto == \"tls\"", &pbx_uri))
}

/// A configuration; `from_pbx` is the condition under which a request comes from there.
fn proxy(transports: &str, port: u16, from_pbx: &str, pbx_uri: &str) -> String {
    let listen = format!("listen=udp:127.0.0.1:{port}\n{transports}");
    let route = ROUTE.replace("FROM_PBX", from_pbx).replace("PBX_URI", pbx_uri);
    kamailio::configuration(&listen, "loadmodule \"path.so\"", &route)
}

const ROUTE: &str = r#"
    if (is_method("REGISTER")) {
        add_path();
        $du = "PBX_URI";
        t_relay();
        exit;
    }
    if (is_method("INVITE")) { record_route(); }
    if (FROM_PBX) {
        loose_route();
        t_relay();
        exit;
    }
    remove_hf("Route");
    $du = "PBX_URI";
    t_relay();
"#;
