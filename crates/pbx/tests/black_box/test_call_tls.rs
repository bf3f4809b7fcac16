//! `kiestoon trunk test --call` over TLS: Kamailio as the provider, and another PBX behind it that sends back what it hears. Signalling
//! and speech are protected on both of its sides.
use std::{net::SocketAddr, time::Duration};

use serde_json::Value;

use crate::authority::Authority;
use crate::kamailio::{self, Kamailio, folder};
use crate::ladder::{assert_found, rung, tested};
use crate::pbx::{Pbx, free_port, wait_for};
use crate::provider::PROVIDER;
use crate::trunks::registrar;

const FAR: &str = "+31612345678";
const PROTECTED: &str = "transport = \"tls\"\nsrtp = \"required\"\n";

/// Ours, and the one behind the provider, which answers the number with an echo.
fn two(authority: &Authority) -> [Pbx; 2] {
    let echo = format!("version = 1\n[[context.inkomend]]\nmatch = \"{FAR}\"\ndo = [{{ echo = true }}]\n");
    let both = ["version = 1\n", &echo].map(|dialplan| Pbx::new(&["201"], dialplan));
    for pbx in &both {
        let authorities = pbx.path("ca.crt").display().to_string();
        authority.equip(pbx, &format!("client_ca = \"{authorities}\"\nserver_ca = \"{authorities}\"\n"));
    }
    both
}

fn run(pbx: &mut Pbx, provider: SocketAddr, own: &str, keys: &str) {
    pbx.import(&format!(
        "[[trunk]]\nname = \"voys\"\nhost = \"{provider}\"\nnumbers = [\"{own}\"]\noptions = \"off\"\n{PROTECTED}{keys}"
    ));
    pbx.run();
}

/// The messages of a rung, those that were sent or those that came.
fn messages(rung: &Value, sent: bool) -> Vec<&str> {
    let all = rung["messages"].as_array().unwrap().iter();
    all.filter(|message| message["sent"] == sent).map(|message| message["text"].as_str().unwrap()).collect()
}

/// A test call that the echo behind the provider answers: what its rung says.
#[track_caller]
fn called(near: &Pbx, far: &Pbx) -> Value {
    let (test, holds) = tested(near, &["--call", "0612345678"]);
    assert!(holds, "{test:#}");
    assert_found(&test, "tls", "ok", "TLS 1.3");
    assert_found(&test, "call", "ok", "our own tone came back from 127.0.0.1 ");
    let call = rung(&test, "call");
    assert_eq!(call["details"]["protected"], "SRTP", "{call:#}");
    let (sent, came) = (messages(call, true), messages(call, false));
    assert!(sent[0].contains("Via: SIP/2.0/TLS ") && sent[0].contains("RTP/SAVP "), "{}", sent[0]);
    assert!(came.iter().any(|answer| answer.starts_with("SIP/2.0 200") && answer.contains("RTP/SAVP ")));
    for with_key in [&sent, &came].map(|all| all.concat()) {
        let mut keys = with_key.split("inline:").skip(1).peekable();
        assert!(keys.peek().is_some() && keys.all(|key| key.starts_with("…\r\n")), "{with_key}");
    }
    let charged = &near.history(1)[0];
    assert_eq!((&charged["disposition"], &charged["trunk_out"]), (&"answered".into(), &"voys".into()));
    assert_eq!(charged["to_number"], FAR, "{charged:#}");
    // What the other end has seen of the same call.
    let leg = &far.history(1)[0]["legs"][0];
    assert_eq!(leg["transport"], "tls", "{leg:#}");
    assert!(leg["quality"]["srtp"].is_string() && leg["srtp_key_in_clear"] != true, "{leg:#}");
    call.clone()
}

#[test]
fn over_tls_the_tone_comes_back_protected_and_no_key_is_shown() {
    let (authority, folder) = (Authority::new(), folder());
    let [mut near, mut far] = two(&authority);
    let at = SocketAddr::new(PROVIDER.parse().unwrap(), free_port());
    let listen = format!("tcp_source_ipv4={PROVIDER}\n{}", kamailio::tls(&folder, &authority, at));
    let behind = format!("sip:{};transport=tls", far.address_over("tls"));
    let route = format!("    record_route();\n    $du = \"{behind}\";\n    t_relay();\n");
    let _kamailio = Kamailio::start(folder, |_| kamailio::configuration(&listen, "", &route));
    let known = format!("addresses = [\"{PROVIDER}\"]\n");
    run(&mut near, at, "+31201234567", &known);
    run(&mut far, at, FAR, &known);
    called(&near, &far);
}

#[test]
fn over_tls_a_provider_that_wants_us_registered_gets_the_password_for_the_call_too() {
    let (authority, folder) = (Authority::new(), folder());
    let [mut near, mut far] = two(&authority);
    let at = SocketAddr::new(PROVIDER.parse().unwrap(), free_port());
    let listen = format!("tcp_source_ipv4={PROVIDER}\n{}", kamailio::tls(&folder, &authority, at));
    let behind = format!("sip:{};transport=tls", far.address_over("tls"));
    let _kamailio = Kamailio::start(folder, |_| registrar(&listen, &format!("$rU == \"{FAR}\""), &behind));
    let account = "username = \"100001\"\npassword = \"geheim-van-voys\"\nregister = true\n";
    run(&mut near, at, "+31201234567", account);
    run(&mut far, at, FAR, &format!("addresses = [\"{PROVIDER}\"]\n"));
    wait_for("registration", Duration::from_secs(10), || near.log().contains("registered at the trunk"));
    let call = called(&near, &far);
    let (sent, came) = (messages(&call, true), messages(&call, false));
    assert!(came[0].starts_with("SIP/2.0 407 "), "{}", came[0]);
    let proven = sent.iter().filter(|text| text.starts_with("INVITE ")).nth(1).unwrap();
    assert!(proven.contains("Proxy-Authorization: Digest ") && proven.contains("response=\"…\""), "{proven}");
    assert!(!call.to_string().contains("geheim-van-voys"));
}
