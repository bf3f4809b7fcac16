//! Calls of thieves, each in a shape of its own: none gets out over the trunk, and each leaves a line in the audit log and an event.
use std::{
    fmt::Write as _,
    io::Write as _,
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::Arc,
    time::Duration,
};

use kiestoon_sip::{
    Method,
    digest::{Challenge, Secret, answer},
};
use rustls::ClientConfig;
use tungstenite::Message;

use crate::authority::{Authority, Peer};
use crate::page::{OWN, open_at};
use crate::pbx::{PASSWORD_PREFIX, Pbx, free_port, wait_for};
use crate::provider::{PROVIDER, trunk};
use crate::raw::{header, read_some};
use crate::user_agent::{UserAgent, sdp, status};
use crate::watch::Watch;

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
match = "_0."
do = [{ dial = "trunk:voys" }]
[[context.intern]]
match = "_+."
do = [{ dial = "trunk:voys" }]
[[context.inkomend]]
match = "+31201234567"
do = [{ dial = "ext:201" }]
"#;

/// What they are after.
const PREMIUM: &str = "09061234567";

/// Who calls only to see whether that is told.
const KNOCK: &str = "klopper";

/// How it comes.
#[derive(Clone, Copy, PartialEq)]
enum Over {
    Udp,
    Tcp,
    Tls,
    Ws,
    /// Over UDP from the address of the trunk.
    Trunk,
}

/// What comes of it, besides nothing at the trunk: `call.refused` with this reason, after this status.
struct Leaves(u16, &'static str);

/// A request, line by line.
struct Shape {
    method: &'static str,
    uri: String,
    via: String,
    from: String,
    to: String,
    contact: String,
    hops: u8,
    more: String,
    body: bool,
}

/// Where everybody is.
struct At {
    pbx: SocketAddr,
    here: SocketAddr,
    trunk: SocketAddr,
    /// What credentials are for.
    realm: String,
    n: usize,
}

impl Shape {
    fn usual(at: &At) -> Self {
        Self {
            method: "INVITE",
            uri: format!("sip:{PREMIUM}@{}", at.pbx),
            via: String::new(),
            from: format!("<sip:iemand@{}>", at.here),
            to: format!("<sip:{PREMIUM}@{}>", at.pbx),
            contact: format!("<sip:iemand@{}>", at.here),
            hops: 70,
            more: String::new(),
            body: true,
        }
    }

    fn add(&mut self, line: &str) {
        writeln!(self.more, "{line}\r").unwrap();
    }

    /// Credentials of an extension that nobody has made.
    fn claim(&mut self, at: &At, algorithm: &str) {
        self.add(&format!(
            "Proxy-Authorization: Digest username=\"201\", realm=\"{}\", nonce=\"1\", uri=\"{}\", response=\"{}\", \
             algorithm={algorithm}, qop=auth, nc=00000001, cnonce=\"1\"",
            at.realm,
            self.uri,
            "0".repeat(32)
        ));
    }

    fn text(&self, at: &At, over: Over) -> String {
        let transport = match over {
            Over::Udp | Over::Trunk => "UDP",
            Over::Tcp => "TCP",
            Over::Tls => "TLS",
            Over::Ws => "WS",
        };
        let Self { method, uri, via, from, to, contact, hops, more, .. } = self;
        let (here, n) = (at.here, at.n);
        let body = if self.body { sdp(here) } else { String::new() };
        let kind = if self.body { "Content-Type: application/sdp\r\n" } else { "" };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {here};branch=z9hG4bKdief{n};rport\r\n{via}Max-Forwards: {hops}\r\n\
             From: {from};tag=dief{n}\r\nTo: {to}\r\nCall-ID: dief-{n}@{here}\r\nCSeq: 1 {method}\r\nContact: {contact}\r\n{more}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

const STRANGER: Leaves = Leaves(407, "unauthenticated");
/// A call in the history besides.
const UNKNOWN: &str = "unknown_number";

type Row = (&'static str, Over, Leaves, fn(&mut Shape, &At));

const ROWS: &[Row] = &[
    ("nobody", Over::Udp, STRANGER, |_, _| {}),
    ("from an extension", Over::Udp, STRANGER, |it, at| it.from = format!("<sip:201@{}>", at.pbx)),
    ("from the trunk", Over::Udp, STRANGER, |it, at| it.from = format!("<sip:+31201234567@{}>", at.trunk)),
    ("from nobody known", Over::Udp, STRANGER, |it, _| {
        it.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>".into();
    }),
    ("an extension, asserted", Over::Udp, STRANGER, |it, at| {
        it.add(&format!("P-Asserted-Identity: <sip:201@{}>", at.pbx));
    }),
    ("the number of the trunk, asserted", Over::Udp, STRANGER, |it, at| {
        it.add(&format!("P-Asserted-Identity: <sip:+31201234567@{}>", at.trunk));
    }),
    ("an extension, in Remote-Party-ID", Over::Udp, STRANGER, |it, at| {
        it.add(&format!("Remote-Party-ID: <sip:201@{}>;party=calling;screen=yes", at.pbx));
    }),
    ("diverted by an extension", Over::Udp, STRANGER, |it, at| {
        it.add(&format!("Diversion: <sip:201@{}>;reason=unconditional", at.pbx));
    }),
    ("referred by an extension", Over::Udp, STRANGER, |it, at| {
        it.add(&format!("Referred-By: <sip:201@{}>", at.pbx));
    }),
    ("with a route over the trunk", Over::Udp, STRANGER, |it, at| {
        it.add(&format!("Route: <sip:{};lr>", at.trunk));
    }),
    ("for the host of the trunk", Over::Udp, STRANGER, |it, at| {
        it.uri = format!("sip:{PREMIUM}@{}", at.trunk);
    }),
    ("to a number other than the one that is asked for", Over::Udp, STRANGER, |it, at| {
        it.uri = format!("sip:201@{}", at.pbx);
    }),
    ("for a tel: URI", Over::Udp, STRANGER, |it, _| {
        (it.uri, it.to) = ("tel:+319061234567".into(), "<tel:+319061234567>".into());
    }),
    ("user=phone", Over::Udp, STRANGER, |it, at| {
        it.uri = format!("sip:+319061234567@{};user=phone", at.pbx);
    }),
    ("user parts in escapes and odd case", Over::Udp, STRANGER, |it, at| {
        it.uri = format!("SIP:%30%39061234567@{}", at.pbx);
        it.from = format!("<SIP:%32%30%31@{}>", at.pbx);
    }),
    ("for the emergency number", Over::Udp, STRANGER, |it, at| it.uri = format!("sip:112@{}", at.pbx)),
    ("with Replaces", Over::Udp, STRANGER, |it, _| it.add("Replaces: 1@x;to-tag=1;from-tag=2")),
    ("without a session", Over::Udp, STRANGER, |it, _| it.body = false),
    ("with the contact of an extension", Over::Udp, STRANGER, |it, at| {
        it.contact = format!("<sip:201@{}>", at.pbx);
    }),
    ("through proxies, it says", Over::Udp, STRANGER, |it, at| {
        it.via = format!(
            "Via: SIP/2.0/UDP {};branch=z9hG4bKa\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb\r\n",
            at.trunk
        );
    }),
    ("with credentials of another nonce", Over::Udp, STRANGER, |it, at| it.claim(at, "MD5")),
    ("with credentials of an unknown algorithm", Over::Udp, STRANGER, |it, at| it.claim(at, "NONE")),
    ("over TCP", Over::Tcp, STRANGER, |_, _| {}),
    ("with a header of 6,000 characters", Over::Tcp, STRANGER, |it, _| {
        it.add(&format!("Subject: {}", "a".repeat(6_000)));
    }),
    ("over TLS", Over::Tls, STRANGER, |_, _| {}),
    ("over WebSocket", Over::Ws, STRANGER, |_, _| {}),
    ("from the trunk's address, as an extension", Over::Trunk, STRANGER, |it, at| {
        it.from = format!("<sip:201@{}>", at.pbx);
    }),
    (
        "from the trunk's address, for a number that it does not have",
        Over::Trunk,
        Leaves(404, UNKNOWN),
        |it, at| {
            it.from = format!("<sip:+31687654321@{}>", at.trunk);
        },
    ),
    ("without a hop left", Over::Udp, Leaves(483, "screened"), |it, _| it.hops = 0),
    ("in a call that is none", Over::Udp, Leaves(481, "no_dialog"), |it, _| it.to += ";tag=gestolen"),
    ("a transfer outside of a call", Over::Udp, Leaves(403, "no_dialog"), |it, at| {
        (it.method, it.body) = ("REFER", false);
        it.uri = format!("sip:201@{}", at.pbx);
        it.add(&format!("Refer-To: <sip:{PREMIUM}@{}>", at.pbx));
    }),
];

/// A PBX with a trunk, at whose host somebody only listens.
struct Office {
    pbx: Pbx,
    trunk: UdpSocket,
    ws: SocketAddr,
    tls: Arc<ClientConfig>,
    realm: String,
}

impl Office {
    fn new() -> Self {
        let trunk_at = UdpSocket::bind((PROVIDER, 0)).unwrap();
        trunk_at.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let authority = Authority::new();
        let mut pbx = Pbx::new(&["201"], DIALPLAN);
        authority.equip(&pbx, "");
        let ws = SocketAddr::from(([127, 0, 0, 1], free_port()));
        pbx.configure(&format!("[sip.ws]\nlisten = [\"{ws}\"]\norigins = [\"https://pbx.example\"]\n"));
        let keys = format!("addresses = [\"{PROVIDER}\"]\nnumbers = [\"+31201234567\"]\n");
        pbx.import(&trunk("voys", trunk_at.local_addr().unwrap().port(), &keys));
        pbx.run();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let here = socket.local_addr().unwrap();
        let at = At { pbx: pbx.address(), here, trunk: here, realm: String::new(), n: 0 };
        let uri = format!("sip:{}", at.pbx);
        let question = Shape { method: "REGISTER", uri, body: false, ..Shape::usual(&at) };
        let challenged = udp(&socket, at.pbx, &question.text(&at, Over::Udp));
        let realm = header(&challenged, "WWW-Authenticate").split('"').nth(1).unwrap().to_owned();
        Self { pbx, trunk: trunk_at, ws, tls: authority.client(None), realm }
    }

    /// The status of the first final response to what somebody sends.
    fn attack(&self, n: usize, over: Over, shape: fn(&mut Shape, &At)) -> u16 {
        let ours = self.trunk.local_addr().unwrap();
        let made = |pbx: SocketAddr, here: SocketAddr| {
            let at = At { pbx, here, trunk: ours, realm: self.realm.clone(), n };
            let mut it = Shape::usual(&at);
            shape(&mut it, &at);
            it.text(&at, over)
        };
        let response = match over {
            Over::Udp | Over::Trunk => {
                let ip = if over == Over::Udp { "127.0.0.1" } else { PROVIDER };
                let socket = UdpSocket::bind((ip, 0)).unwrap();
                udp(&socket, self.pbx.address(), &made(self.pbx.address(), socket.local_addr().unwrap()))
            }
            Over::Tcp => {
                let mut stream = TcpStream::connect(self.pbx.address()).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                stream.write_all(made(self.pbx.address(), stream.local_addr().unwrap()).as_bytes()).unwrap();
                read_some(&mut stream).unwrap()
            }
            Over::Tls => {
                let mut peer = Peer::connect(self.pbx.address_over("tls"), &self.tls);
                let request = made(self.pbx.address_over("tls"), peer.local());
                peer.ask(&request).unwrap()
            }
            Over::Ws => {
                let mut socket = open_at(self.ws, OWN).unwrap();
                let here = socket.get_ref().local_addr().unwrap();
                socket.send(Message::text(made(self.ws, here))).unwrap();
                socket.read().unwrap().to_string()
            }
        };
        status(&response)
    }

    /// Somebody who watches, from now on, and how many calls it took to be sure of that.
    fn watch(&self) -> (Watch, usize) {
        let (mut watch, mut calls) = (Watch::start(&self.pbx), 0);
        wait_for("the watcher", Duration::from_secs(20), || {
            calls += 1;
            self.attack(1_000 + calls, Over::Udp, |it, at| it.from = format!("<sip:{KNOCK}@{}>", at.here));
            watch.soon(KNOCK, Duration::from_millis(300)).is_some()
        });
        (watch, calls)
    }

    /// How many lines of the audit log say this.
    fn audited(&self, what: &str) -> usize {
        self.pbx.log().lines().filter(|line| line.contains("audit") && line.contains(what)).count()
    }

    /// Nothing has come to the trunk; and had something come, it would be seen.
    fn expect_nothing_at_the_trunk(&self) {
        let ours = self.trunk.local_addr().unwrap();
        self.trunk.send_to(b"the last", ours).unwrap();
        let mut buffer = [0; 65_535];
        let length = self.trunk.recv(&mut buffer).unwrap();
        assert_eq!(String::from_utf8_lossy(&buffer[..length]), "the last");
    }
}

/// The next refusal that is told, but for those of [`Office::watch`]; empty where none is.
fn refusal(watch: &mut Watch) -> String {
    let refusals = std::iter::repeat_with(|| watch.soon("call.refused", Duration::from_secs(10)));
    refusals.map(Option::unwrap_or_default).find(|told| !told.contains(KNOCK)).unwrap_or_default()
}

/// The first final response.
fn udp(socket: &UdpSocket, pbx: SocketAddr, request: &str) -> String {
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(request.as_bytes(), pbx).unwrap();
    let mut buffer = [0; 65_535];
    loop {
        let length = socket.recv(&mut buffer).expect("an answer");
        let response = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if status(&response) >= 200 {
            return response;
        }
    }
}

#[test]
fn a_call_of_nobody_gets_nowhere_whatever_its_shape() {
    let office = Office::new();
    let (mut watch, knocked) = office.watch();
    let (mut faults, mut recorded) = (Vec::new(), 0);
    for (n, (name, over, Leaves(wanted, reason), shape)) in ROWS.iter().enumerate() {
        let got = office.attack(n + 1, *over, *shape);
        let told = refusal(&mut watch);
        if !told.contains(&format!("\"{reason}\"")) || !told.contains(&format!("\"sip_code\":{wanted}")) {
            faults.push(format!("{name}: told was `{told}`"));
        }
        if got != *wanted {
            faults.push(format!("{name}: answered {got}, not {wanted}"));
        }
        if *reason == UNKNOWN {
            recorded += 1;
            assert!(told.contains(&format!("\"trunk\":\"voys\",\"number\":\"{PREMIUM}\"")), "{told}");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(ROWS.len(), 31);
    assert_eq!(office.audited("call refused"), knocked + ROWS.len(), "{}", office.pbx.log());
    let history = office.pbx.history(recorded);
    assert!(history.iter().all(|call| call["end_reason"] == "not_found"), "{history:#?}");
    office.expect_nothing_at_the_trunk();
}

#[test]
fn what_somebody_has_read_along_is_good_for_nothing() {
    let office = Office::new();
    let pbx = office.pbx.address();
    let [owner, thief] = ["127.0.0.1:0", "127.0.0.3:0"].map(|at| UdpSocket::bind(at).unwrap());
    let (here, realm) = (owner.local_addr().unwrap(), office.realm.clone());
    let at = At { pbx, here, trunk: office.trunk.local_addr().unwrap(), realm, n: 1 };
    let mut shape = Shape { from: format!("<sip:201@{pbx}>"), ..Shape::usual(&at) };
    let challenged = udp(&owner, pbx, &shape.text(&at, Over::Udp));
    let challenge = Challenge::parse(header(&challenged, "Proxy-Authenticate")).unwrap();
    let password = format!("{PASSWORD_PREFIX}201");
    let secret = Secret::Password(&password);
    let given = answer(&challenge, "201", secret, &Method::Invite, &shape.uri, 1, "c0ffee").unwrap();
    shape.add(&format!("Proxy-Authorization: {given}"));
    let at = At { n: 2, ..at };
    // It is good credentials: the call is refused for its number alone.
    assert_eq!(status(&udp(&owner, pbx, &shape.text(&at, Over::Udp))), 403);
    for (n, socket) in [(3, &thief), (4, &owner)] {
        let (here, realm) = (socket.local_addr().unwrap(), String::new());
        let at = At { n, here, realm, ..at };
        let answered = udp(socket, pbx, &shape.text(&at, Over::Udp));
        assert_eq!(status(&answered), 407, "{answered}");
    }
    assert_eq!(office.audited("unauthenticated"), 3, "the first question, and both copies");
    office.expect_nothing_at_the_trunk();
}

#[test]
fn stolen_credentials_dial_a_hundred_premium_numbers() {
    let office = Office::new();
    let (mut watch, _) = office.watch();
    let mut thief = UserAgent::new(&office.pbx, "201", "127.0.0.1:0".parse().unwrap());
    thief.register().unwrap();
    for n in 0..100 {
        let heard = thief.dial(&format!("09061234{n:03}"), &sdp("127.0.0.1:0".parse().unwrap()));
        assert_eq!(heard.last().map(|last| status(last)), Some(403), "{heard:?}");
        let told = refusal(&mut watch);
        assert!(told.contains("\"no_right\"") && told.contains("\"premium\""), "{told}");
    }
    assert_eq!(office.audited("call out refused"), 100);
    office.expect_nothing_at_the_trunk();
    // It is the same trunk that a call at home goes out over.
    thief.dial("0612345678", &sdp("127.0.0.1:0".parse().unwrap()));
    let mut buffer = [0; 65_535];
    let length = office.trunk.recv(&mut buffer).unwrap();
    assert!(buffer[..length].starts_with(b"INVITE sip:+31612345678@"));
}
