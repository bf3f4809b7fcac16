use std::net::IpAddr;

use kiestoon_call::PoliceSettings;
use kiestoon_sip::message::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

use super::*;
use crate::transport::{tcp, tls};

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5061);
const SOON: Duration = Duration::from_secs(10);

fn connections(per_source: usize, certificates: Certificates) -> (Connections, mpsc::Receiver<Inbound>) {
    let bounds = StreamBounds {
        connections: 8,
        connections_per_source: per_source,
        idle: SOON,
        stranger_idle: SOON,
        half_message: Duration::from_secs(5),
        message: Limits::DEFAULT,
        exempt: Vec::new(),
    };
    let (inbound, received) = mpsc::channel(8);
    let police = Police::new(PoliceSettings::default());
    (Connections::new(bounds, police, inbound, certificates), received)
}

/// Of somebody who serves no TLS.
fn stranger() -> Certificates {
    Certificates::load(tls::TlsFiles { own: None, server_ca: None }).unwrap()
}

fn flow(transport: Transport, remote: SocketAddr) -> Flow {
    Flow { transport, local: LOCAL, remote, connection: None }
}

/// A connection that somebody opened, and what is sent over it.
fn open(connections: &mut Connections, remote: SocketAddr) -> (ConnectionId, Queue) {
    let id = connections.shared.next_id();
    let (messages, queue) = queue();
    let state = Arc::clone(&queue.state);
    let task = task::spawn("idle", std::future::pending());
    connections.insert(id, Outgoing { transport: Transport::Tls, remote, messages, state, task });
    (id, queue)
}

#[tokio::test]
async fn what_is_for_a_server_of_a_name_goes_to_nobody_else() {
    let (mut connections, mut received) = connections(8, stranger());
    let remote = SocketAddr::from(([192, 0, 2, 1], 5061));
    let (_, mut stranger) = open(&mut connections, remote);
    let door = connections.named(flow(Transport::Tls, remote), "carrier.example");
    for number in 0..5_000 {
        connections.named(flow(Transport::Tls, remote), &format!("{number}.example"));
    }
    connections.send(&door, Bytes::from_static(b"secret"));
    assert!(stranger.messages.try_recv().is_err(), "told to who has proved no name");
    assert!(matches!(received.try_recv(), Ok(Inbound::Closed { flow, .. }) if flow == door));
}

#[tokio::test]
async fn a_door_and_the_connection_behind_it_fail_together() {
    let (mut connections, mut received) = connections(8, stranger());
    let remote = SocketAddr::from(([192, 0, 2, 1], 5061));
    let door = connections.named(flow(Transport::Tls, remote), "carrier.example");
    let (behind, queue) = open(&mut connections, remote);
    connections.doors.opened(door.connection.unwrap(), behind);
    drop(queue);
    connections.send(&door, Bytes::from_static(b"request"));
    let Ok(Inbound::Closed { flow, also }) = received.try_recv() else { panic!("not told") };
    assert_eq!((flow.connection, also), (Some(behind), Some(door)));
    assert!(received.try_recv().is_err(), "told twice");
}

#[tokio::test]
async fn a_door_in_use_does_not_make_room() {
    let (mut connections, _received) = connections(8, stranger());
    let remote = SocketAddr::from(([192, 0, 2, 1], 5061));
    let door = connections.named(flow(Transport::Tls, remote), "carrier.example");
    let (proven, mut server) = open(&mut connections, remote);
    connections.by_remote.clear();
    connections.doors.opened(door.connection.unwrap(), proven);
    for number in 0..5_000 {
        connections.named(flow(Transport::Tls, remote), &format!("{number}.example"));
    }
    connections.send(&door, Bytes::from_static(b"request"));
    assert!(server.messages.try_recv().is_ok(), "the way is lost while it is used");
}

#[tokio::test]
async fn connections_to_one_address_are_bounded_as_those_from_it() {
    let (mut connections, mut received) = connections(1, stranger());
    let servers =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let [first, second] = servers.each_ref().map(|server| flow(Transport::Tcp, server.local_addr().unwrap()));
    connections.send(&first, Bytes::from_static(b"request"));
    timeout(SOON, servers[0].accept()).await.unwrap().unwrap();
    connections.send(&second, Bytes::from_static(b"request"));
    assert!(matches!(received.try_recv(), Ok(Inbound::Closed { flow, .. }) if flow == second), "no bound");
    connections.send(&first, Bytes::from_static(b"another"));
    assert!(received.try_recv().is_err(), "the one that is open is lost");
}

/// A listener's address, and the client's side of a connection to it.
async fn over_tls(
    connections: &Connections,
    certificates: &Certificates,
) -> (tokio_rustls::client::TlsStream<tokio::net::TcpStream>, Task<()>) {
    let listener = tcp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = connections.acceptor(Speaks::Tls(certificates.clone()));
    let task = task::spawn("sip streams", tcp::accept(listener, acceptor));
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = "pbx.example".try_into().unwrap();
    (certificates.connector().connect(name, stream).await.unwrap(), task)
}

#[tokio::test]
async fn the_end_of_a_tls_connection_is_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut files = tls::tests::files(&folder, 100);
    files.server_ca = files.own.as_ref().map(|own| own.certificate.clone());
    let certificates = Certificates::load(files).unwrap();
    let (connections, _received) = connections(8, certificates.clone());
    let (mut client, _task) = over_tls(&connections, &certificates).await;
    client.shutdown().await.unwrap();
    // Without a close_notify that answers ours, reading fails.
    let mut rest = Vec::new();
    let read = timeout(SOON, client.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(read.map_err(|error| error.to_string()), Ok(0));
}

#[tokio::test]
async fn what_waits_leaves_before_all_are_closed() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut files = tls::tests::files(&folder, 100);
    files.server_ca = files.own.as_ref().map(|own| own.certificate.clone());
    let certificates = Certificates::load(files).unwrap();
    let (mut connections, mut received) = connections(8, certificates.clone());
    let (mut client, _task) = over_tls(&connections, &certificates).await;
    let Some(Inbound::Opened { id, outgoing }) = received.recv().await else { panic!("not opened") };
    let peer = Flow { connection: Some(id), ..flow(Transport::Tls, outgoing.remote) };
    connections.insert(id, outgoing);
    for _ in 0..100 {
        connections.send(&peer, Bytes::from_static(b"BYE"));
    }
    timeout(SOON, connections.close()).await.unwrap();
    let mut rest = Vec::new();
    let read = timeout(SOON, client.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(read.map_err(|error| error.to_string()), Ok(300));
}
