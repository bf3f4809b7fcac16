//! Two PBXs, the one a trunk of the other: the first signs its callers' numbers, the second wants that and fetches the certificate.
use std::{fs, os::unix::fs::PermissionsExt as _};

use axum::{Router, routing::get};
use kiestoon_testkit::stir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, text};
use crate::webhooks::Listener;

const OUT: &str = r#"
version = 1
[[context.intern]]
match = "_0."
do = [{ dial = "trunk:overkant" }]
"#;

const IN: &str = r#"
version = 1
[[context.inkomend]]
match = "+31201234567"
do = [{ choose = "${attestation}", cases = { A = [{ dial = "ext:202" }] } }]
"#;

/// Shows the certificate of the signer, as long as the test runs; its port.
fn publish(authority: &Authority, certificate: String) -> u16 {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let port = tcp.local_addr().unwrap().port();
    let tls = TlsAcceptor::from(authority.open_server(&authority.sign()));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = Listener { tcp: TcpListener::from_std(tcp).unwrap(), tls };
            let shown = get(move || async move { certificate });
            axum::serve(listener, Router::new().route("/stir.pem", shown)).await.unwrap();
        });
    });
    port
}

#[test]
fn a_number_that_one_pbx_signs_is_validated_by_the_other() {
    let (web, sti) = (Authority::new(), stir::Authority::new());
    let signer = sti.issues(2040);
    let port = publish(&web, signer.certificate.clone());
    let (mut signs, mut verifies) = (Pbx::new(&["201"], OUT), Pbx::new(&["202"], IN));
    let key = signs.path("stir.key");
    fs::write(&key, &signer.key_pem).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    signs.import(
        &format!(
            "[[trunk]]\nname = \"overkant\"\nhost = \"{}\"\ntransport = \"udp\"\ncaller_id_number = \"+31101234567\"\n\
             stir_key_file = \"{}\"\nstir_certificate_url = \"https://127.0.0.1:{port}/stir.pem\"\n",
            verifies.address(),
            key.display()
        ),
    );
    web.equip(&verifies, &format!("server_ca = \"{}\"\n", verifies.path("ca.crt").display()));
    let folder = verifies.path("sti");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("sti.pem"), sti.certificate()).unwrap();
    verifies.configure(&format!(
        "[stir]\nauthorities = \"{}\"\nports = [{port}]\ninside = [\"127.0.0.0/8\"]\n",
        folder.display()
    ));
    verifies.import(
        &format!(
            "[[trunk]]\nname = \"overkant\"\nhost = \"{}\"\naddresses = [\"127.0.0.1\"]\nnumbers = [\"+31201234567\"]\n\
             stir = \"require\"\n",
            signs.address()
        ),
    );
    signs.run();
    verifies.run();
    let phone = |number, answers| Phone { number, transport: "udp", tone: 440, answers, parameters: "" };
    let mut caller = Baresip::start(&signs, &phone("201", false));
    let mut callee = Baresip::start(&verifies, &phone("202", true));

    caller.command("dial", &format!("sip:0201234567@{}", signs.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
    let call = &verifies.history(1)[0];
    assert_eq!(call["attestation"], "A", "{call:#}");
    assert_eq!(call["legs"][0]["verstat"], "TN-Validation-Passed", "{call:#}");
    assert_eq!(signs.history(1)[0]["attestation"], "A");

    fs::write(folder.join("sti.pem"), stir::Authority::new().certificate()).unwrap();
    let reloaded = verifies.kiestoon(&["ctl", "reload"]);
    assert!(reloaded.status.success(), "{}", text(&reloaded));
    caller.command("dial", &format!("sip:0201234567@{}", signs.address()));
    caller.expect("CALL_CLOSED");
    let call = &verifies.history(2)[0];
    assert_eq!((&call["end_reason"], &call["sip_code"]), (&"not_verified".into(), &437.into()), "{call:#}");
    assert_eq!(call["legs"][0]["stir_fault"], "unknown_authority", "{call:#}");
}
