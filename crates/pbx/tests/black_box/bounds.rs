//! What a stranger may hold open: connections, half messages, sizes. Each bound is reached here.
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, wait_for};
use crate::raw::{self, Udp};

/// A PBX with small bounds for everybody, loopback included.
fn strict() -> Pbx {
    let mut pbx = Pbx::new(&["201"], "version = 1\n");
    let path = pbx.path("kiestoon.toml");
    let text = fs::read_to_string(&path).unwrap();
    let limits = "[limits]\nconnections = 8\nconnections_per_source = 3\nmessage_secs = 1\nidle_secs = 5\nmessage_bytes = 4096\n";
    fs::write(&path, text.split("[limits]").next().unwrap().to_owned() + limits).unwrap();
    pbx.run();
    pbx
}

fn is_closed(stream: &mut TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).is_ok()
}

#[test]
fn connections_of_one_source_are_bounded() {
    let pbx = strict();
    let mut held: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(pbx.address()).unwrap()).collect();
    for stream in &mut held {
        let request = raw::options(pbx.address(), "TCP", stream.local_addr().unwrap());
        stream.write_all(request.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert!(raw::read_some(stream).is_some());
    }
    let mut fourth = TcpStream::connect(pbx.address()).unwrap();
    assert!(is_closed(&mut fourth, Duration::from_secs(2)), "a fourth connection is served");
    drop(held);
    wait_for("a free place", Duration::from_secs(5), || raw::tcp_is_answered(pbx.address()));
}

#[test]
fn half_a_message_is_not_waited_for() {
    let pbx = strict();
    let mut stream = TcpStream::connect(pbx.address()).unwrap();
    stream.write_all(b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP").unwrap();
    assert!(is_closed(&mut stream, Duration::from_secs(4)), "half a message holds a connection");
    let mut silent = TcpStream::connect(pbx.address()).unwrap();
    assert!(is_closed(&mut silent, Duration::from_secs(4)), "a connection without a message is held");
}

#[test]
fn a_message_that_trickles_in_gains_no_time() {
    let pbx = strict();
    let mut stream = TcpStream::connect(pbx.address()).unwrap();
    let mut sender = stream.try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        for byte in b"OPTIONS sip:x SIP/2.0\r\nSubject: ".iter().chain(std::iter::repeat_n(&b'x', 100)) {
            if sender.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(is_closed(&mut stream, Duration::from_secs(4)), "a message that trickles holds a connection");
    drop(stream);
    trickle.join().unwrap();
}

#[test]
fn a_stranger_does_not_stay_but_who_has_logged_in_does() {
    let mut pbx = Pbx::new(&["201"], "version = 1\n");
    let path = pbx.path("kiestoon.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("[limits]", "[limits]\nstranger_idle_secs = 1")).unwrap();
    pbx.run();
    let phone = Phone { number: "201", transport: "tcp", tone: 440, answers: true, parameters: "" };
    let mut phone = Baresip::start(&pbx, &phone);
    let mut stranger = TcpStream::connect(pbx.address()).unwrap();
    let request = raw::options(pbx.address(), "TCP", stranger.local_addr().unwrap());
    stranger.write_all(request.as_bytes()).unwrap();
    stranger.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    assert!(raw::read_some(&mut stranger).is_some());
    let mut pinger = stranger.try_clone().unwrap();
    let pings = std::thread::spawn(move || {
        for _ in 0..20 {
            if pinger.write_all(b"\r\n\r\n").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    assert!(is_closed(&mut stranger, Duration::from_secs(3)), "a stranger's keep-alives hold a connection");
    drop(stranger);
    pings.join().unwrap();
    assert!(!phone.has_seen("REGISTER_FAIL"));
    assert_eq!(pbx.json(&["ctl", "registrations"]).as_array().unwrap().len(), 1, "the phone's way is lost");
}

#[test]
fn an_idle_connection_is_closed() {
    let pbx = strict();
    let mut stream = TcpStream::connect(pbx.address()).unwrap();
    let request = raw::options(pbx.address(), "TCP", stream.local_addr().unwrap());
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    assert!(raw::read_some(&mut stream).is_some());
    assert!(is_closed(&mut stream, Duration::from_secs(9)), "an idle connection is held");
}

#[test]
fn a_message_over_the_bound_is_refused_and_the_next_is_served() {
    let mut pbx = strict();
    let peer = Udp::new(pbx.address());
    let large = |bytes: usize| {
        let request = raw::options(pbx.address(), "UDP", peer.local());
        let filler = "x".repeat(bytes.saturating_sub(request.len() + "Subject: \r\n".len()));
        request.replace("Max-Forwards", &format!("Subject: {filler}\r\nMax-Forwards"))
    };
    let at_the_bound = large(4_096);
    assert_eq!(at_the_bound.len(), 4_096);
    peer.send(at_the_bound.as_bytes());
    assert!(peer.receive().unwrap().starts_with("SIP/2.0 200"));
    peer.send(large(4_097).as_bytes());
    assert!(peer.receive().unwrap().starts_with("SIP/2.0 513"));
    assert!(peer.is_answered());

    let mut stream = TcpStream::connect(pbx.address()).unwrap();
    let endless = format!("OPTIONS sip:x SIP/2.0\r\nSubject: {}", "x".repeat(1 << 20));
    let _ = stream.write_all(endless.as_bytes());
    assert!(is_closed(&mut stream, Duration::from_secs(5)) || raw::read_some(&mut stream).is_none());
    assert!(raw::tcp_is_answered(pbx.address()));
    pbx.assert_alive();
}

#[test]
fn a_burst_on_one_connection_is_answered_whole() {
    let pbx = strict();
    let mut stream = TcpStream::connect(pbx.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = raw::options(pbx.address(), "TCP", stream.local_addr().unwrap());
    let mut sender = stream.try_clone().unwrap();
    let burst = request.repeat(BURST);
    let sending = std::thread::spawn(move || sender.write_all(burst.as_bytes()).unwrap());
    let mut answers = String::new();
    while answers.matches("SIP/2.0 200").count() < BURST {
        answers += &raw::read_some(&mut stream).expect("the next answers");
    }
    sending.join().unwrap();
}

/// More than the PBX works off in one turn.
const BURST: usize = 300;
