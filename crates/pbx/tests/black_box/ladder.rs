//! `kiestoon trunk test`: each rung says what a real neighbour does, and what to do about it. The trunk stands at another address
//! than the phones.
use std::{
    collections::HashSet,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::authority::{Authority, Signed};
use crate::dns::Dns;
use crate::kamailio::{Kamailio, folder};
use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::raw::header;
use crate::trunks::registrar;

const DIALPLAN: &str = r#"
version = 1
[[context.inkomend]]
match = "+31201234567"
do = [{ dial = "ext:201" }]
"#;

const PROVIDER: &str = "127.0.0.2";

/// A PBX that does not run, with this trunk.
pub(crate) fn with_trunk(trunk: &str) -> Pbx {
    let pbx = Pbx::new(&["201"], DIALPLAN);
    import(&pbx, trunk);
    pbx
}

pub(crate) fn import(pbx: &Pbx, trunk: &str) {
    let file = pbx.path("trunk.toml");
    let all = "name = \"voys\"\nnumbers = [\"020-1234567\"]\noptions = \"off\"";
    fs::write(&file, format!("[[trunk]]\n{all}\n{trunk}")).unwrap();
    let imported = pbx.kiestoon(&["import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", text(&imported));
}

/// The test in JSON, and whether its exit code says that all rungs hold.
pub(crate) fn tested(pbx: &Pbx, more: &[&str]) -> (Value, bool) {
    let output = pbx.kiestoon(&[&["trunk", "test", "voys", "--json"], more].concat());
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", text(&output), pbx.log()));
    (json, output.status.success())
}

/// One rung of it.
#[track_caller]
pub(crate) fn rung<'a>(test: &'a Value, name: &str) -> &'a Value {
    let mut rungs = test["rungs"].as_array().unwrap().iter();
    rungs.find(|rung| rung["rung"] == name).unwrap_or_else(|| panic!("no {name} in {test:#}"))
}

/// How it went, and what was found, in English.
#[track_caller]
fn found<'a>(test: &'a Value, name: &str) -> (&'a str, &'a str) {
    let rung = rung(test, name);
    (rung["result"].as_str().unwrap(), rung["found"]["en"].as_str().unwrap())
}

#[track_caller]
pub(crate) fn assert_found(test: &Value, name: &str, result: &str, part: &str) {
    let (is, found) = found(test, name);
    assert!(is == result && found.contains(part), "{test:#}");
    let advice = &rung(test, name)["advice"];
    let is_advised = advice["en"].is_string() && advice["nl"].is_string();
    assert_eq!(is_advised, matches!(result, "failed" | "warning"), "{advice}");
}

#[test]
fn a_registrar_takes_the_right_password_and_not_another() {
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let from_pbx = format!("$sp == {}", pbx.port);
    let kamailio = Kamailio::start(folder(), |port| {
        let listen = format!("disable_tcp=yes\nlisten=udp:{PROVIDER}:{port}");
        registrar(&listen, &from_pbx, &format!("sip:{PROVIDER}:{}", free_port()))
    });
    let trunk = |password: &str| {
        format!(
            "host = \"{PROVIDER}:{}\"\ntransport = \"udp\"\nusername = \"100001\"\npassword = \"{password}\"\nregister = true\n",
            kamailio.port
        )
    };
    import(&pbx, &trunk("geheim-van-voys"));
    let without = tested(&pbx, &[]);
    assert!(without.1 && without.0["tested_by"] == "command_line", "{:#}", without.0);
    assert_found(&without.0, "register", "ok", "takes the account 100001, and has no contact of it");

    pbx.run();
    wait_for("registration", Duration::from_secs(10), || pbx.log().contains("registered at the trunk"));
    let until = || pbx.json(&["ctl", "trunks"])[0]["registered_until"].clone();
    let registered = until();
    let (test, holds) = tested(&pbx, &[]);
    assert!(holds && test["tested_by"] == "pbx", "{test:#}");
    assert_found(&test, "dns", "ok", PROVIDER);
    assert_found(&test, "transport", "ok", "answers over UDP");
    assert_found(&test, "options", "ok", "405");
    assert_found(&test, "register", "ok", "has one contact of it");
    let contact = rung(&test, "register")["details"]["contact_1"].as_str().unwrap();
    assert!(contact.contains(&format!("100001@127.0.0.1:{}", pbx.port)), "the one of the PBX: {contact}");
    assert_eq!(until(), registered, "the registration is as it was");

    let output = text(&pbx.kiestoon(&["trunk", "test", "voys", "-v"]));
    assert!(output.contains("✓ REGISTER") && output.contains("> REGISTER sip:"), "{output}");
    assert!(output.contains("Authorization: Digest") && output.contains("response=\"…\""), "{output}");
    assert!(!output.contains("geheim-van-voys"), "{output}");

    import(&pbx, &trunk("fout"));
    let (test, holds) = tested(&pbx, &[]);
    assert!(!holds, "{test:#}");
    assert_found(&test, "register", "failed", "asks for the password again");
    let sent = rung(&test, "register")["messages"].as_array().unwrap();
    let sent = sent.iter().filter(|message| message["sent"] == true).count();
    assert_eq!(sent, 2, "who blocks guessers does not block us");
}

#[test]
fn a_name_that_does_not_exist_and_one_without_an_address() {
    let pbx = with_trunk("host = \"gone.phones.test\"\ntransport = \"udp\"\n");
    let (closed, open) = (free_port(), TcpListener::bind("127.0.0.1:0").unwrap());
    let open = open.local_addr().unwrap().port();
    let srv = |port, priority| format!("srv-host=_sip._tcp.two.phones.test,a.phones.test,{port},{priority}");
    let local = ["local=/phones.test/".to_owned(), "txt-record=bare.phones.test,x".to_owned()];
    let _dns = Dns::start(&pbx, &[&local[..], &[srv(closed, 0), srv(open, 1)]].concat());
    let (test, holds) = tested(&pbx, &[]);
    assert!(!holds);
    assert_found(&test, "dns", "failed", "the name gone.phones.test does not exist");
    for name in ["transport", "options", "register"] {
        assert_found(&test, name, "skipped", "");
    }
    import(&pbx, "host = \"bare.phones.test\"\ntransport = \"udp\"\n");
    assert_found(&tested(&pbx, &[]).0, "dns", "failed", "bare.phones.test exists, and has no address");
    import(&pbx, "host = \"a.phones.test:5060\"\ntransport = \"udp\"\n");
    assert_found(&tested(&pbx, &[]).0, "dns", "ok", "a.phones.test leads to 127.0.0.1:5060 UDP");
    import(&pbx, "host = \"a.phones.test:5060\"\ntransport = \"udp\"\naddresses = [\"192.0.2.0/24\"]\n");
    assert_found(&tested(&pbx, &[]).0, "dns", "warning", "127.0.0.1 is not among `addresses`");
    import(&pbx, "host = \"two.phones.test\"\ntransport = \"tcp\"\naddresses = []\n");
    let (test, _) = tested(&pbx, &[]);
    assert_found(
        &test,
        "dns",
        "ok",
        &format!("two.phones.test leads to 127.0.0.1:{closed} TCP, 127.0.0.1:{open} TCP"),
    );
    assert_found(
        &test,
        "transport",
        "warning",
        &format!("but 127.0.0.1:{closed}, which comes before it, does not"),
    );
    import(&pbx, "host = \"a.phones.test\"\ntransport = \"tls\"\n");
    assert_found(&tested(&pbx, &[]).0, "dns", "ok", "a.phones.test leads to 127.0.0.1:5061 TLS");
}

#[test]
fn a_closed_port_and_one_that_never_answers() {
    let port = free_port();
    let pbx = with_trunk(&format!("host = \"{PROVIDER}:{port}\"\ntransport = \"tcp\"\n"));
    assert_found(&tested(&pbx, &[]).0, "transport", "failed", "nobody listens");
    import(&pbx, &format!("host = \"{PROVIDER}:{port}\"\ntransport = \"udp\"\n"));
    assert_found(&tested(&pbx, &[]).0, "transport", "failed", "nobody listens");
    let silent = UdpSocket::bind((PROVIDER, port)).unwrap();
    let (test, holds) = tested(&pbx, &[]);
    assert_found(&test, "transport", "failed", "nothing came back");
    assert!(!holds);
    let mut buffer = [0; 2_000];
    let length = silent.recv(&mut buffer).unwrap();
    assert!(buffer[..length].starts_with(b"OPTIONS sip:"));
}

/// A server over TLS that answers 200 to whatever comes, in a thread of its own.
fn server(config: &Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind((PROVIDER, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::clone(config);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut buffer = [0; 65_535];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]);
                let copied = ["Via", "From", "To", "Call-ID", "CSeq"]
                    .map(|name| format!("{name}: {}\r\n", header(&text, name)));
                let fine = format!(
                    "SIP/2.0 200 OK\r\n{}Server: carrier/1\r\nContent-Length: 0\r\n\r\n",
                    copied.concat()
                );
                stream.write_all(fine.as_bytes()).unwrap();
            }
        }
    });
    port
}

#[test]
fn a_certificate_is_judged_as_calls_judge_it() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let pbx = Pbx::new(&["201"], DIALPLAN);
    authority.equip(&pbx, &format!("server_ca = \"{}\"\n", pbx.path("ca.crt").display()));
    let names = |name: &str| vec![SanType::DnsName(name.try_into().unwrap())];
    let own = || names("c.phones.test");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    let expired = authority.sign_with(own(), |params| params.not_after = long_ago.into());
    let config = |signed| authority.open_server(signed);
    let key = KeyPair::generate().unwrap();
    let alone = CertificateParams::new(vec!["c.phones.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let alone = Signed { certificate: alone, key };
    let cases = [
        (config(&alone), "failed", "signed by nobody but itself"),
        (config(&authority.sign_for(own())), "ok", "TLS 1.3, and the certificate is that of c.phones.test"),
        (config(&authority.sign_for(names("d.phones.test"))), "failed", "it names d.phones.test"),
        (config(&expired), "failed", "the certificate has expired on 2020-09-13"),
        (config(&stranger.sign_for(own())), "failed", "nobody whom the PBX believes"),
    ];
    let host = "host-record=c.phones.test,127.0.0.2";
    let _dns = Dns::start(&pbx, &[host.into()]);
    for (config, result, said) in cases {
        import(&pbx, &format!("host = \"c.phones.test:{}\"\ntransport = \"tls\"\n", server(&config)));
        let (test, holds) = tested(&pbx, &[]);
        assert_found(&test, "transport", "ok", "takes TCP connections");
        assert_found(&test, "tls", result, said);
        let answered = if result == "ok" {
            ("ok", "it answers 200 OK")
        } else {
            ("skipped", "the host was not reached")
        };
        assert_eq!(found(&test, "options"), answered);
        assert_eq!(holds, result == "ok");
    }
    let plain = TcpListener::bind((PROVIDER, 0)).unwrap();
    import(
        &pbx,
        &format!("host = \"c.phones.test:{}\"\ntransport = \"tls\"\n", plain.local_addr().unwrap().port()),
    );
    let answering =
        thread::spawn(move || plain.accept().unwrap().0.write_all(b"SIP/2.0 400 Bad Request\r\n\r\n"));
    assert_found(&tested(&pbx, &[]).0, "tls", "failed", "no TLS came about");
    answering.join().unwrap().unwrap();
}

/// Calls the trunk's number from this address, again and again, until the test is over.
fn test_called_from(pbx: &Pbx, address: &str) -> (Value, bool) {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    let (at, here, over) = (pbx.address(), socket.local_addr().unwrap(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for nth in 0..100 {
                let invite = format!(
                    "INVITE sip:0201234567@{at} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKin{nth};rport\r\nMax-Forwards: 70\r\n\
                     From: <sip:+31687654321@{here}>;tag=n{nth}\r\nTo: <sip:0201234567@{at}>\r\nCall-ID: in-{nth}@{address}\r\n\
                     CSeq: 1 INVITE\r\nContact: <sip:{here}>\r\nX-Key: geheim-woord\r\nContent-Length: 0\r\n\r\n"
                );
                socket.send_to(invite.as_bytes(), at).unwrap();
                thread::sleep(Duration::from_millis(200));
                if over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let tested = tested(pbx, &["--wait-inbound", "8"]);
        over.store(true, Ordering::Relaxed);
        tested
    })
}

#[test]
fn a_call_that_comes_in_is_named_and_so_is_one_from_an_address_that_nobody_knows() {
    // Whoever answers: the rungs below are not what this is about.
    let provider = UdpSocket::bind((PROVIDER, 0)).unwrap();
    let host = format!(
        "host = \"{}\"\ntransport = \"udp\"\naddresses = [\"{PROVIDER}\"]\nidentify_header = \"X-Key: geheim-woord\"\n",
        provider.local_addr().unwrap()
    );
    let mut pbx = with_trunk(&host);
    assert_found(&tested(&pbx, &["--wait-inbound", "1"]).0, "inbound", "skipped", "to a PBX that runs");
    pbx.run();
    let (test, _) = test_called_from(&pbx, PROVIDER);
    assert_found(&test, "inbound", "ok", "for +31201234567 (written sip:0201234567@");
    let details = &rung(&test, "inbound")["details"];
    assert_eq!((&details["context"], &details["caller"]), (&"inkomend".into(), &"+31687654321".into()));
    let shown = test.to_string();
    assert!(shown.contains("X-Key: …") && !shown.contains("geheim-woord"), "{shown}");

    let (test, holds) = test_called_from(&pbx, "127.0.0.3");
    assert_found(&test, "inbound", "failed", "came from 127.0.0.3, which is no address of the trunk");
    assert!(!test.to_string().contains("geheim-woord"), "{test:#}");
    assert!(!holds);
    assert_found(
        &tested(&pbx, &["--wait-inbound", "1"]).0,
        "inbound",
        "failed",
        "no call came in within 1 s",
    );
}

#[test]
fn an_organisation_leaves_room_for_the_tests_of_others() {
    let silent = UdpSocket::bind((PROVIDER, 0)).unwrap();
    let host =
        format!("host = \"{}\"\ntransport = \"udp\"\noptions = \"off\"\n", silent.local_addr().unwrap());
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    pbx.import(&["a", "b", "c"].map(|name| format!("[[trunk]]\nname = \"{name}\"\n{host}")).concat());
    pbx.run();
    let test = |name| pbx.kiestoon(&["trunk", "test", name]);
    thread::scope(|scope| {
        let running = ["a", "b"].map(|name| scope.spawn(move || test(name)));
        // Each has asked its host by then, from a port of its own.
        let mut askers = HashSet::new();
        while askers.len() < 2 {
            askers.insert(silent.recv_from(&mut [0; 2_000]).unwrap().1);
        }
        let third = text(&test("c"));
        assert!(third.contains("two trunks of this organisation are being tested"), "{third}");
        running.into_iter().for_each(|test| drop(test.join().unwrap()));
    });
    assert!(text(&test("c")).contains("nothing came back"));
}

#[test]
fn one_test_of_a_trunk_at_a_time_and_a_disabled_one_is_tested_too() {
    let silent = UdpSocket::bind((PROVIDER, 0)).unwrap();
    let mut pbx = with_trunk(&format!("host = \"{}\"\ntransport = \"udp\"\n", silent.local_addr().unwrap()));
    pbx.run();
    thread::scope(|scope| {
        let first = scope.spawn(|| tested(&pbx, &[]));
        // The first one has asked its host by then.
        silent.recv(&mut [0; 2_000]).unwrap();
        let second = pbx.kiestoon(&["trunk", "test", "voys"]);
        assert!(
            !second.status.success() && text(&second).contains("this trunk is being tested"),
            "{}",
            text(&second)
        );
        assert_eq!(first.join().unwrap().0["tested_by"], "pbx");
    });
    assert!(pbx.kiestoon(&["trunk", "disable", "voys"]).status.success());
    let (test, _) = tested(&pbx, &[]);
    assert_eq!(test["tested_by"], "pbx", "who enables it has tested it before");
    assert_found(&test, "transport", "failed", "nothing came back");
    assert!(pbx.kiestoon(&["trunk", "set", "voys", "host="]).status.success());
    let bare = pbx.kiestoon(&["trunk", "test", "voys"]);
    assert!(!bare.status.success() && text(&bare).contains("host"), "{}", text(&bare));
    let unknown = pbx.kiestoon(&["trunk", "test", "gone"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", text(&unknown));
}
