//! TLS connections that the PBX opens: to a name that a phone registered, past servers that cannot prove to be it.
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rcgen::SanType;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::authority::Authority;
use crate::dns::Dns;
use crate::pbx::Pbx;
use crate::raw::header;
use crate::sipp::Sipp;
use crate::user_agent::UserAgent;

const DIALPLAN: &str =
    "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

/// A server that is busy for every call.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    invites: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(config: &Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, connections: Arc::default(), invites: Arc::default() };
        let (connections, invites) = (Arc::clone(&server.connections), Arc::clone(&server.invites));
        let config = Arc::clone(config);
        thread::spawn(move || {
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::Relaxed);
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let invites = Arc::clone(&invites);
                thread::spawn(move || refuse(StreamOwned::new(connection, stream.unwrap()), &invites));
            }
        });
        server
    }
}

fn refuse(mut stream: StreamOwned<ServerConnection, std::net::TcpStream>, invites: &Mutex<Vec<String>>) {
    let mut buffer = [0; 65_535];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..length]);
        // The ACK of the last refusal may come along.
        let Some(invite) = text.find("INVITE sip").map(|start| &text[start..]) else { continue };
        let [via, from, to, call_id, cseq] = ["Via", "From", "To", "Call-ID", "CSeq"]
            .map(|name| format!("{name}: {}\r\n", header(invite, name)));
        let to = format!("{};tag=busy\r\n", to.trim_end());
        invites.lock().unwrap().push(invite.to_owned());
        let busy =
            format!("SIP/2.0 486 Busy Here\r\n{via}{from}{to}{call_id}{cseq}Content-Length: 0\r\n\r\n");
        stream.write_all(busy.as_bytes()).unwrap();
    }
}

#[test]
fn a_name_is_reached_past_servers_that_cannot_prove_it() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    authority.equip(&pbx, &format!("server_ca = \"{}\"\n", pbx.path("ca.crt").display()));
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let domain = SanType::URI("sip:phones.test".try_into().unwrap());
    let untrusted = Server::start(&stranger.server(&stranger.sign_for(vec![dns("phones.test")])));
    // The host that the SRV record names is not what was asked for (RFC 5922 section 4).
    let other = Server::start(&authority.server(&authority.sign_for(vec![dns("a.phones.test")])));
    let right = Server::start(&authority.server(&authority.sign_for(vec![domain])));
    let services = [&untrusted, &other, &right].map(|server| server.port);
    let services = (0..).zip(services);
    let srv = |(priority, port)| format!("srv-host=_sips._tcp.phones.test,a.phones.test,{port},{priority},0");
    let _dns = Dns::start(&pbx, &services.map(srv).collect::<Vec<_>>());
    pbx.run();
    Sipp::register_at(&pbx, "202", "phones.test;transport=tls");

    let mut caller = UserAgent::new(&pbx, "201", "127.0.0.1:0".parse().unwrap());
    caller.register().unwrap();
    assert_eq!(caller.call("202"), Err(486));
    assert_eq!(caller.call("202"), Err(486));
    let invites = right.invites.lock().unwrap().clone();
    let counts = [&untrusted, &other, &right].map(|server| server.invites.lock().unwrap().len());
    assert_eq!(counts, [0, 0, 2], "who proves nothing is told nothing");
    assert!(header(&invites[0], "Via").starts_with("SIP/2.0/TLS"), "{}", invites[0]);
    assert_eq!(right.connections.load(Ordering::Relaxed), 1, "a connection for each call");
    let log = pbx.log();
    for reason in ["certificate not trusted", "name mismatch"] {
        assert!(log.contains(reason), "no `{reason}` in\n{log}");
    }
}

/// What a provider whose preset says TLS needs on a new installation: no port of ours, and no certificate.
#[test]
fn a_trunk_is_called_over_tls_by_a_pbx_that_does_not_serve_it() {
    let authority = Authority::new();
    let address = SanType::IpAddress("127.0.0.1".parse().unwrap());
    let provider = Server::start(&authority.open_server(&authority.sign_for(vec![address])));
    let mut pbx = Pbx::new(
        &["201"],
        "version = 1\n[[context.intern]]\nmatch = \"_0.\"\ndo = [{ dial = \"trunk:buiten\" }]\n",
    );
    authority.equip_proxy(&pbx.path(""));
    pbx.configure(&format!("[sip.tls]\nserver_ca = \"{}\"\n", pbx.path("ca.crt").display()));
    let host = format!("host=127.0.0.1:{}", provider.port);
    let added = pbx.kiestoon(&["trunk", "add", "buiten", &host, "transport=tls", "options=off"]);
    assert!(added.status.success(), "{added:?}");
    pbx.run();
    let mut caller = UserAgent::new(&pbx, "201", "127.0.0.1:0".parse().unwrap());
    caller.register().unwrap();
    assert_eq!(caller.call("0201234567"), Err(486), "{}", pbx.log());
    let invites = provider.invites.lock().unwrap().clone();
    assert!(header(&invites[0], "Via").starts_with("SIP/2.0/TLS"), "{}", invites[0]);
    assert!(header(&invites[0], "Contact").contains("transport=tls"), "{}", invites[0]);
}
