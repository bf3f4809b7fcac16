//! SIP over TLS: phones talk, a certificate is swapped under them, and what is no TLS, or not in time, is closed.
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use rcgen::KeyPair;

use crate::authority::{Authority, Peer, write_key};
use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, text, wait_for};
use crate::user_agent::UserAgent;
use crate::{raw, tone};

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
name = "toestellen"
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]
"#;

#[test]
fn two_phones_talk_and_stay_registered_while_the_certificate_is_swapped() {
    let authority = Authority::new();
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    authority.equip(&pbx, "");
    pbx.run();
    let phone = |number, tone, answers| Phone { number, transport: "tls", tone, answers, parameters: "" };
    let mut a = Baresip::start(&pbx, &phone("201", 440, false));
    let mut b = Baresip::start(&pbx, &phone("202", 1_000, true));
    let before = pbx.json(&["ctl", "registrations"]);
    assert!(before.as_array().unwrap().iter().all(|one| one["transport"] == "tls"), "{before}");

    authority.replace(&pbx);
    assert!(pbx.kiestoon(&["ctl", "reload"]).status.success());

    a.command("dial", &format!("sip:202@{};transport=tls", pbx.address_over("tls")));
    a.expect("CALL_ESTABLISHED");
    wait_for("sound", Duration::from_secs(10), || {
        pbx.json(&["ctl", "calls"])[0]["legs"][1]["inbound"]["packets"].as_u64() > Some(100)
    });
    a.command("hangup", "");
    b.expect("CALL_CLOSED");
    tone::assert_heard(&a.heard(), 1_000.0);
    let remotes = |list: &serde_json::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["remote"].to_string()).collect()
    };
    assert_eq!(remotes(&pbx.json(&["ctl", "registrations"])), remotes(&before), "a phone has come anew");
}

#[test]
fn a_new_certificate_is_shown_to_new_connections_and_a_bad_one_to_nobody() {
    let authority = Authority::new();
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let first = authority.equip(&pbx, "");
    pbx.run();
    let (address, config) = (pbx.address_over("tls"), authority.client(None));
    let ask = |peer: &mut Peer| peer.ask(&raw::options(address, "TLS", peer.local())).unwrap();
    let mut old = Peer::connect(address, &config);
    assert!(ask(&mut old).starts_with("SIP/2.0 200"));
    assert_eq!(old.shown(), first);

    let sips = |transport: &str, from| {
        raw::options(address, transport, from).replace("OPTIONS sip:", "OPTIONS sips:")
    };
    let request = sips("TLS", old.local());
    assert!(old.ask(&request).unwrap().starts_with("SIP/2.0 200"));
    let mut open = TcpStream::connect(pbx.address()).unwrap();
    open.write_all(sips("TCP", open.local_addr().unwrap()).as_bytes()).unwrap();
    assert!(raw::read_some(&mut open).unwrap().starts_with("SIP/2.0 416"), "sips over an open hop");

    // Nobody asks: the files have changed.
    let second = authority.replace(&pbx);
    wait_for("the new certificate", Duration::from_secs(10), || {
        let mut new = Peer::connect(address, &config);
        ask(&mut new);
        new.shown() == second
    });
    assert!(ask(&mut old).starts_with("SIP/2.0 200"), "the open connection was lost");

    write_key(&pbx.path("pbx.key"), &KeyPair::generate().unwrap());
    let refused = pbx.kiestoon(&["ctl", "reload"]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(text(&refused).contains("is not the key of the certificate"), "{}", text(&refused));
    let mut new = Peer::connect(address, &config);
    assert!(ask(&mut new).starts_with("SIP/2.0 200"));
    assert_eq!(new.shown(), second);
    let check = pbx.kiestoon(&["check"]);
    assert!(text(&check).contains("is not the key of the certificate"), "{}", text(&check));
}

#[test]
fn a_peer_without_the_right_certificate_is_turned_away() {
    let (authority, other) = (Authority::new(), Authority::new());
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let client_ca = pbx.path("ca.crt").display().to_string();
    authority.equip(&pbx, &format!("client_ca = \"{client_ca}\"\nrequire_client_certificate = true\n"));
    pbx.run();
    let address = pbx.address_over("tls");
    let ask = |config: std::sync::Arc<rustls::ClientConfig>| {
        let mut peer = Peer::connect(address, &config);
        let request = raw::options(address, "TLS", peer.local());
        peer.ask(&request).is_ok_and(|answer| answer.starts_with("SIP/2.0 200"))
    };
    assert!(ask(authority.client(Some(&authority.sign()))));
    assert!(!ask(authority.client(None)), "a peer without a certificate is served");
    assert!(!ask(authority.client(Some(&other.sign()))), "a peer with a stranger's certificate is served");
    assert!(!ask(other.client(Some(&authority.sign()))), "the peer should not trust the PBX");
}

#[test]
fn what_is_no_handshake_is_closed_in_time() {
    let authority = Authority::new();
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let path = pbx.path("kiestoon.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("[limits]", "[limits]\nmessage_secs = 1")).unwrap();
    authority.equip(&pbx, "");
    pbx.run();
    let address = pbx.address_over("tls");
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(raw::options(address, "TLS", plain.local_addr().unwrap()).as_bytes()).unwrap();
    assert!(is_closed(&mut plain), "plain text is served");
    let mut silent = TcpStream::connect(address).unwrap();
    assert!(is_closed(&mut silent), "a connection without a handshake is held");
    // The first bytes of a handshake, one at a time.
    let mut slow = TcpStream::connect(address).unwrap();
    let mut sender = slow.try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        for byte in [22_u8, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3].into_iter().cycle().take(100) {
            if sender.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert!(is_closed(&mut slow), "a handshake that trickles holds a connection");
    trickle.join().unwrap();
    pbx.assert_alive();
}

#[test]
fn who_is_banned_or_comes_too_often_gets_no_handshake() {
    let authority = Authority::new();
    let limits = "stranger_messages = 1\nwrong_passwords = 1";
    let mut pbx = Pbx::strict(&["201"], DIALPLAN, limits);
    authority.equip(&pbx, "");
    pbx.run();
    let address = pbx.address_over("tls");
    let at = |last: u8| SocketAddr::from((Ipv4Addr::new(127, 0, 2, last), 0));

    let mut guest = Peer::over(connect_from(at(1), address), &authority.client(None));
    assert!(guest.ask(&raw::options(address, "TLS", guest.local())).unwrap().starts_with("SIP/2.0 200"));
    // Ten seconds' worth may come at once, and the handshake was one.
    let mut crowd: Vec<_> = (0..20).map(|_| connect_from(at(1), address)).collect();
    assert!(is_closed(crowd.last_mut().unwrap()), "every connection gets a handshake");

    let is_seen = |source: SocketAddr| {
        let socket = UdpSocket::bind(source).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        socket.send_to(b"\0\x01\0\0\x21\x12\xa4\x42twelve bytes", pbx.address()).unwrap();
        socket.recv(&mut [0; 64]).is_ok()
    };
    assert!(is_seen(at(66)));
    let mut thief = UserAgent::new(&pbx, "201", at(66));
    thief.password = "welkom01".to_owned();
    assert_eq!((thief.register(), thief.knock()), (Err(401), Ok(403)));
    assert!(is_closed(&mut connect_from(at(66), address)), "a banned source gets a handshake");
    assert!(!is_seen(at(66)), "a banned source is told its address");
    assert!(is_seen(at(67)));
    assert!(pbx.kiestoon(&["ctl", "bans", "lift", "--all"]).status.success());
    let mut thief = Peer::over(connect_from(at(66), address), &authority.client(None));
    assert!(thief.ask(&raw::options(address, "TLS", thief.local())).unwrap().starts_with("SIP/2.0 200"));
    pbx.assert_alive();
}

fn connect_from(source: SocketAddr, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&source.into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

/// Whether the PBX closes it, with an alert or without.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => !String::from_utf8_lossy(&rest).contains("SIP/2.0"),
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}
