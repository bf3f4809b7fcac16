//! A port that another program has is named by `check`, whatever else is wrong.

use std::net::{TcpListener, UdpSocket};

use crate::kiestoon::Folder;

#[test]
fn every_taken_port_is_named_at_once() {
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let (udp_port, tcp_port) =
        (udp.local_addr().expect("bound").port(), tcp.local_addr().expect("bound").port());
    let folder = Folder::new();
    folder.write(
        "kiestoon.toml",
        &format!("[sip]\nudp = [\"127.0.0.1:{udp_port}\"]\ntcp = [\"127.0.0.1:{tcp_port}\"]\n[sip.ws]\nlisten = []\n[media]\nrtp_ports = \"1024-1030\"\n"),
    );
    let ended = folder.run(&["check"]).expect(64);
    ended.says(&format!("`sip.udp`: 127.0.0.1:{udp_port} cannot be listened on"));
    ended.says(&format!("`sip.tcp`: 127.0.0.1:{tcp_port} cannot be listened on"));
    ended.says("errors: 2");
}
