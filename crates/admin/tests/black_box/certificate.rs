//! A given certificate is replaced on disk while the sidecar runs.

use std::fs;

use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::browser::{Browser, read_until};
use crate::house::{House, wait_for};

#[test]
fn new_handshakes_get_the_new_one_and_open_connections_stay() {
    let house = House::new();
    let made = || {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    };
    let write = |(certificate, key): &(String, String)| {
        fs::write(house.path("web.crt"), certificate).unwrap();
        fs::write(house.path("web.key"), key).unwrap();
    };
    let (first, second) = (made(), made());
    write(&first);
    house.configure("admin", "certificate = \"web.crt\"\nkey = \"web.key\"\n");
    let of = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().into_owned();
    let house = {
        let mut permissions = fs::metadata(house.path("web.key")).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
        fs::set_permissions(house.path("web.key"), permissions).unwrap();
        house.opened()
    };
    let before = Browser::trusting(&house, &first.0);
    assert_eq!(before.certificate(), Some(of(&first.0)));
    let admin = Browser::trusting(&house, &first.0).logged_in("admin");
    let mut events = admin.events();
    read_until(&mut events, ":");

    fs::write(house.path("web.crt"), &second.0).unwrap();
    wait_for("the refusal of half a pair", || house.log().contains("cannot be used together"));
    assert_eq!(before.certificate(), Some(of(&first.0)));
    fs::write(house.path("web.key"), &second.1).unwrap();
    let after = Browser::trusting(&house, &second.0);
    wait_for("the new certificate", || after.certificate() == Some(of(&second.0)));
    assert_eq!(before.certificate(), None, "who trusts the old one only");
    house.kiestoon(&["extension", "add", "203"]);
    read_until(&mut events, "event: reloaded\n");
}
