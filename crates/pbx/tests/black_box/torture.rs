//! The messages of RFC 4475 and RFC 5118 against the live PBX, over UDP and TCP, with a sign of life after each.
use std::{
    fs,
    io::Write as _,
    net::{Shutdown, TcpStream},
    path::PathBuf,
    time::Duration,
};

use crate::pbx::{Pbx, repository};
use crate::raw::{self, Udp};

fn messages() -> Vec<(String, Vec<u8>)> {
    let mut messages = Vec::new();
    for (folder, count) in [("rfc4475", 49), ("rfc5118", 12)] {
        let folder = repository(&format!("tests/fixtures/{folder}"));
        let mut files: Vec<PathBuf> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "sip"));
        files.sort();
        assert!(files.len() >= count, "{}: {} of {count} messages", folder.display(), files.len());
        messages.extend(files.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())));
    }
    messages
}

#[test]
fn over_udp() {
    let mut pbx = Pbx::start(&["201"], "version = 1\n");
    let peer = Udp::new(pbx.address());
    for (name, bytes) in messages() {
        peer.send(&bytes);
        assert!(peer.is_answered(), "no sign of life after {name}");
    }
    pbx.assert_alive();
}

#[test]
fn over_tcp() {
    let mut pbx = Pbx::start(&["201"], "version = 1\n");
    for (name, bytes) in messages() {
        let mut stream = TcpStream::connect(pbx.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        // The PBX may close before it has read all.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = raw::read_some(&mut stream);
        assert!(raw::tcp_is_answered(pbx.address()), "no sign of life after {name}");
    }
    pbx.assert_alive();
}

#[test]
fn over_ipv6() {
    let pbx = Pbx::start(&["201"], "version = 1\n");
    let address = (std::net::Ipv6Addr::LOCALHOST, pbx.port).into();
    assert!(Udp::new(address).is_answered());
    assert!(raw::tcp_is_answered(address));
}

#[test]
fn a_malformed_request_is_told_what_is_wrong_and_where() {
    let pbx = Pbx::start(&["201"], "version = 1\n");
    let peer = Udp::new(pbx.address());
    let good = raw::options(pbx.address(), "UDP", peer.local());
    peer.send(good.replace("CSeq: 1 OPTIONS", "CSeq: 99999999999 OPTIONS").as_bytes());
    let answer = peer.receive().expect("an answer");
    assert!(answer.starts_with("SIP/2.0 400 "), "{answer}");
    let warning = raw::header(&answer, "Warning");
    assert!(warning.starts_with("399 ") && warning.contains("CSeq"), "{warning}");
}

#[test]
fn a_phone_behind_nat_learns_where_it_is_seen() {
    let mut pbx = Pbx::start(&["201"], "version = 1\n");
    let peer = Udp::new(pbx.address());
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", pbx.address()).unwrap();
    let mut answer = [0; 100];
    let (length, from) = socket.recv_from(&mut answer).unwrap();
    assert_eq!((length, from), (32, pbx.address()));
    let port = u16::from_be_bytes([answer[26], answer[27]]) ^ 0x2112;
    assert_eq!(port, socket.local_addr().unwrap().port());
    // Half a request gets nothing, and the PBX goes on.
    socket.send_to(b"\x00\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl", pbx.address()).unwrap();
    assert!(peer.is_answered());
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv_from(&mut answer).is_err());
    pbx.assert_alive();
}
