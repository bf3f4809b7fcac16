//! Trunks to real neighbours: SIPp as a provider that knows the PBX by its address, and Kamailio as one that wants it registered
//! and asks for its password. They stand at another address than the phones: a trunk is known by it.
use std::{fs, net::UdpSocket, time::Duration};

use crate::baresip::{Baresip, Phone};
use crate::kamailio::{self, Kamailio, folder};
use crate::metrics::scraped;
use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::provider::PROVIDER;
use crate::raw::header;
use crate::sipp::Sipp;

const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"
[[context.intern]]
name = "naar-buiten"
match = "_0."
do = [{ dial = "trunk:voys" }]
[[context.inkomend]]
name = "van-buiten"
match = "+31201234567"
do = [{ dial = "ext:201" }]
"#;

/// Imports a trunk and starts. SIPp plays one call and takes an OPTIONS for its beginning, so there is none.
fn with_trunk(mut pbx: Pbx, trunk: &str) -> Pbx {
    let file = pbx.path("trunk.toml");
    fs::write(
        &file,
        format!("[[trunk]]\nname = \"voys\"\nnumbers = [\"020-1234567\"]\noptions = \"off\"\n{trunk}"),
    )
    .unwrap();
    let imported = pbx.kiestoon(&["import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", text(&imported));
    assert!(text(&imported).contains("trunks: 1 new"), "{}", text(&imported));
    pbx.run();
    pbx
}

fn phone(pbx: &Pbx) -> Baresip {
    Baresip::start(pbx, &Phone { number: "201", transport: "udp", tone: 440, answers: true, parameters: "" })
}

/// The phone calls out, and the provider answers at this port as the scenario says.
fn call_out(pbx: &Pbx, phone: &mut Baresip, scenario: &str, port: u16) -> String {
    let messages = pbx.path("provider-messages");
    let log = ["-m", "1", "-i", PROVIDER, "-trace_msg", "-message_file", messages.to_str().unwrap()];
    let provider = Sipp::start(pbx, scenario, "provider", port, port, &log);
    phone.command("dial", &format!("sip:0612345678@{}", pbx.address()));
    phone.expect("CALL_ESTABLISHED");
    std::thread::sleep(Duration::from_millis(500));
    phone.command("hangup", "");
    phone.expect("CALL_CLOSED");
    provider.succeed();
    let call = &pbx.history(1)[0];
    assert_eq!(
        (&call["disposition"], &call["end_reason"]),
        (&"answered".into(), &"hangup_caller".into()),
        "{call:#}"
    );
    assert_eq!((&call["context"], &call["route"]), (&"intern".into(), &"naar-buiten".into()));
    fs::read_to_string(messages).unwrap()
}

/// Somebody outside calls the phone, by way of `through`.
fn call_in(pbx: &Pbx, phone: &mut Baresip, through: &str) {
    let arguments = ["-i", PROVIDER, "-s", "+31201234567", "-m", "1", "-d", "500"];
    Sipp::start_to(through, pbx, "trunk-caller", "0687654321", free_port(), 0, &arguments).succeed();
    phone.expect("CALL_CLOSED");
    let call = &pbx.history(2)[0];
    assert_eq!(
        (&call["disposition"], &call["end_reason"]),
        (&"answered".into(), &"hangup_caller".into()),
        "{call:#}"
    );
    assert_eq!((&call["context"], &call["route"]), (&"inkomend".into(), &"van-buiten".into()));
    assert_eq!(
        (&call["from_number"], &call["dialed"]),
        (&"+31687654321".into(), &"+31201234567".into()),
        "{call:#}"
    );
    assert_eq!(call["to_number"], "201");
}

#[test]
fn a_provider_that_knows_us_by_our_address() {
    let port = free_port();
    let pbx = with_trunk(
        Pbx::new(&["201"], DIALPLAN),
        &format!("host = \"{PROVIDER}:{port}\"\ntransport = \"udp\"\naddresses = [\"{PROVIDER}\"]\n"),
    );
    let mut phone = phone(&pbx);
    let messages = call_out(&pbx, &mut phone, "callee", port);
    assert!(messages.contains(&format!("INVITE sip:+31612345678@{PROVIDER}:{port}")), "{messages}");
    call_in(&pbx, &mut phone, &pbx.address().to_string());
}

#[test]
fn a_provider_that_wants_us_registered_and_asks_for_the_password() {
    let behind = free_port();
    let pbx = Pbx::new(&["201"], DIALPLAN);
    let from_pbx = format!("$sp == {}", pbx.port);
    let kamailio = Kamailio::start(folder(), |port| {
        let listen = format!("disable_tcp=yes\nlisten=udp:{PROVIDER}:{port}");
        registrar(&listen, &from_pbx, &format!("sip:{PROVIDER}:{behind}"))
    });
    let at = format!("{PROVIDER}:{}", kamailio.port);
    let pbx = with_trunk(
        pbx,
        &format!(
            "host = \"{at}\"\ntransport = \"udp\"\nusername = \"100001\"\npassword = \"geheim-van-voys\"\nregister = true\n"
        ),
    );
    wait_for("registration", Duration::from_secs(10), || pbx.log().contains("registered at the trunk"));
    let mut phone = phone(&pbx);
    let messages = call_out(&pbx, &mut phone, "callee-behind-proxy", behind);
    assert!(messages.contains("INVITE sip:+31612345678@"), "{messages}");
    // The ACK has those of its INVITE (RFC 3261 section 22.1), whoever they were for.
    let invite = messages.split("message sent").next().unwrap_or_default();
    assert!(!invite.contains("Proxy-Authorization"), "the credentials were for the proxy: {messages}");
    call_in(&pbx, &mut phone, &at);
}

/// The rest of the configuration.
const LOCATION: &str = r#"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
"#;
const REGISTRAR: &str = r#"
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("voys.example", "geheim-van-voys", "0") || $au != "100001") {
            www_challenge("voys.example", "1");
            exit;
        }
        save("location");
        exit;
    }
    if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    if (FROM_PBX) {
        if (!pv_proxy_authenticate("voys.example", "geheim-van-voys", "0") || $au != "100001") {
            proxy_challenge("voys.example", "1");
            exit;
        }
        consume_credentials();
        record_route();
        $du = "BEHIND";
        t_relay();
        exit;
    }
    # To keeps the number that was called; the Request-URI becomes the contact of the account.
    $rU = "100001";
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    record_route();
    t_relay();
"#;

/// A provider that wants the PBX registered as 100001 with the password `geheim-van-voys`, and asks for that at calls too, at a port of its own: `from_pbx` is the condition under which a request comes from
/// there, and `behind` where its calls go on to.
pub(crate) fn registrar(listen: &str, from_pbx: &str, behind: &str) -> String {
    let route = REGISTRAR.replace("FROM_PBX", from_pbx).replace("BEHIND", behind);
    kamailio::configuration(listen, LOCATION, &route)
}

/// A provider that answers each request, until it is sent an empty datagram: 200 to OPTIONS, 403 to REGISTER.
fn refuse_to_register(socket: &UdpSocket) {
    let mut buffer = [0; 65_535];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let status = match request.split(' ').next() {
            Some("REGISTER") => "403 Forbidden",
            Some("OPTIONS") => "200 OK",
            _ => return,
        };
        let same: String = ["Via", "From", "Call-ID", "CSeq"]
            .map(|name| format!("{name}: {}\r\n", header(&request, name)))
            .concat();
        let to = header(&request, "To");
        let response = format!("SIP/2.0 {status}\r\n{same}To: {to};tag=voys\r\nContent-Length: 0\r\n\r\n");
        socket.send_to(response.as_bytes(), from).unwrap();
    }
}

#[test]
fn a_trunk_that_answers_and_does_not_register_us_is_not_just_up() {
    let socket = UdpSocket::bind((PROVIDER, 0)).unwrap();
    let at = socket.local_addr().unwrap();
    let provider = std::thread::spawn(move || refuse_to_register(&socket));
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    pbx.import(&format!(
        "[[trunk]]\nname = \"voys\"\nhost = \"{at}\"\ntransport = \"udp\"\nusername = \"100001\"\npassword = \"geheim-van-voys\"\n\
         register = true\nnumbers = [\"+31201234567\"]\noptions = \"5s\"\n"
    ));
    pbx.run();
    wait_for("health and refusal", Duration::from_secs(30), || {
        let trunk = &pbx.json(&["ctl", "trunks"])[0];
        trunk["state"] == "up" && trunk["registration"] == "failed"
    });
    let trunk = &pbx.json(&["ctl", "trunks"])[0];
    assert_eq!(trunk["hosts"][0]["register_sip_code"], 403, "{trunk:#}");
    assert!(trunk["registered_until"].is_null(), "{trunk:#}");
    let shown = text(&pbx.kiestoon(&["ctl", "trunks"]));
    assert!(shown.contains("up, not registered: 403") && shown.contains("no: 403"), "{shown}");
    let metrics = scraped(&pbx);
    for line in ["kiestoon_trunk_up", "kiestoon_trunk_registered"] {
        assert!(metrics.contains(&format!("{line}{{organisation=\"default\",trunk=\"voys\"}}")), "{metrics}");
    }
    let registered = metrics.lines().find(|line| line.starts_with("kiestoon_trunk_registered{")).unwrap();
    assert!(registered.ends_with(" 0"), "{registered}");
    UdpSocket::bind((PROVIDER, 0)).unwrap().send_to(b"", at).unwrap();
    provider.join().unwrap();
}
