//! `kiestoon trunk test --call` to providers that do what the RFCs let them do and few do, and to some that do worse: the test ends, the
//! call is hung up, and one sentence says how it was.
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, UdpSocket},
    thread,
    time::Duration,
};

use crate::ladder::{assert_found, import, rung, tested, with_trunk};
use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::provider::PROVIDER;
use crate::raw::header;
use crate::test_call::{CALL, Provider, assert_over, request, response, running};

/// What is said to what needs no thought.
fn usual(message: &str, at: SocketAddr) -> Vec<String> {
    match message.split(' ').next().unwrap_or_default() {
        "BYE" | "OPTIONS" => vec![response(message, at, "200 OK", "", "")],
        _ => Vec::new(),
    }
}

fn is_invite(message: &str) -> bool {
    message.starts_with("INVITE ")
}

/// A session with these media lines.
fn session(address: &str, media: &str) -> String {
    let family = if address.contains(':') { "IP6" } else { "IP4" };
    format!("v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n{media}\r\n")
}

fn audio(address: &str, port: u16) -> String {
    session(address, &format!("m=audio {port} RTP/AVP 8"))
}

/// Takes sound at one address, and sends it back from another port, of whatever address. Gives both ports.
fn relay(hears_at: &str, says_from: &str) -> [u16; 2] {
    let [hears, says] = [hears_at, says_from].map(|address| UdpSocket::bind((address, 0)).unwrap());
    let ports = [&hears, &says].map(|socket| socket.local_addr().unwrap().port());
    for socket in [hears, says.try_clone().unwrap()] {
        let says = says.try_clone().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while let Ok((length, to)) = socket.recv_from(&mut buffer) {
                says.send_to(&buffer[..length], to).unwrap();
            }
        });
    }
    ports
}

/// Sends sound back from where it came to; the port.
fn echo() -> u16 {
    let [_, port] = relay(PROVIDER, PROVIDER);
    port
}

/// A provider that answers at once with this session.
fn answering(session: String) -> Provider {
    Provider::playing(move |message, at| match is_invite(message) {
        true => vec![response(message, at, "200 OK", "", &session)],
        false => usual(message, at),
    })
}

fn switch_to(pbx: &Pbx, provider: &Provider) {
    import(pbx, &provider.trunk());
    let reloaded = pbx.kiestoon(&["ctl", "reload"]);
    assert!(reloaded.status.success(), "{}", text(&reloaded));
}

#[test]
fn sound_from_elsewhere_is_taken_where_calls_take_it_and_told_of() {
    let [hears, says] = relay(PROVIDER, PROVIDER);
    let pbx = running(&answering(audio(PROVIDER, hears)), "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    let from = format!("our own tone came back from 127.0.0.2 port {says} (the answer names {hears})");
    assert_found(&test, "call", "ok", &from);

    let [hears, _] = relay("127.0.0.3", PROVIDER);
    switch_to(&pbx, &answering(audio("127.0.0.3", hears)));
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "who signals speaks: {test:#}");
    assert_found(&test, "call", "ok", "came back from 127.0.0.2 (the answer names 127.0.0.3)");

    let [hears, says] = relay("127.0.0.3", "127.0.0.4");
    switch_to(&pbx, &answering(audio("127.0.0.3", hears)));
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds, "calls would not hear it: {test:#}");
    assert_found(
        &test,
        "call",
        "failed",
        &format!("sound comes from 127.0.0.4:{says}, but the answer names"),
    );
    assert_over(&pbx);
}

#[test]
fn a_session_that_is_to_be_refreshed_less_often_is_asked_for_so() {
    let port = echo();
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true if header(message, "CSeq") == "1 INVITE" => {
            vec![response(message, at, "422 Session Interval Too Small", "Min-SE: 7200\r\n", "")]
        }
        true => vec![response(message, at, "200 OK", "", &audio(PROVIDER, port))],
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    assert_eq!(rung(&test, "call")["details"]["session_expires"], "7200");
    let invites = provider.of("INVITE");
    let asked = ["Session-Expires", "Min-SE", "CSeq"].map(|name| header(&invites[1], name));
    assert_eq!(asked, ["7200", "7200", "2 INVITE"], "{}", invites[1]);

    for (more, most) in [("Min-SE: 7200\r\n", 3), ("", 1)] {
        let never = Provider::playing(move |message, at| match is_invite(message) {
            true => vec![response(message, at, "422 Session Interval Too Small", more, "")],
            false => usual(message, at),
        });
        switch_to(&pbx, &never);
        let (test, _) = tested(&pbx, &CALL);
        assert_found(&test, "call", "failed", "422 Session Interval Too Small");
        assert_eq!(never.of("INVITE").len(), most);
    }
    assert_over(&pbx);
}

#[test]
fn ringing_that_wants_to_be_acknowledged_is() {
    let (port, mut invite) = (echo(), String::new());
    let asks =
        "WWW-Authenticate: Digest realm=\"voys.example\", nonce=\"0123456789abcdef\", qop=\"auth\"\r\n";
    let provider =
        Provider::playing(move |message, at| match message.split(' ').next().unwrap_or_default() {
            "INVITE" if !message.contains("\r\nAuthorization: ") => {
                vec![response(message, at, "401 Unauthorized", asks, "")]
            }
            "INVITE" => {
                invite = message.to_owned();
                let reliable = "Require: 100rel\r\nRSeq: 7\r\n";
                let rings = response(message, at, "183 Session Progress", reliable, &audio(PROVIDER, port));
                // It comes again, and one comes before its time.
                let early = response(message, at, "180 Ringing", "Require: 100rel\r\nRSeq: 9\r\n", "");
                vec![rings.clone(), rings, early]
            }
            // A proxy takes each nonce once.
            "PRACK" if header(message, "CSeq") == "4 PRACK" => {
                let asks = asks.replace("0123456789abcdef", "fedcba9876543210");
                vec![response(message, at, "401 Unauthorized", &asks, "")]
            }
            "PRACK" => {
                let taken = response(message, at, "200 OK", "", "");
                let next = match header(message, "RAck") {
                    "7 2 INVITE" => {
                        response(&invite, at, "180 Ringing", "Require: 100rel\r\nRSeq: 8\r\n", "")
                    }
                    // What was said of the session before stands.
                    "8 2 INVITE" => response(&invite, at, "200 OK", "", ""),
                    other => panic!("{other}: {message}"),
                };
                vec![taken, next]
            }
            _ => usual(message, at),
        });
    let pbx = running(&provider, "username = \"100001\"\npassword = \"geheim-van-voys\"\n");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    let (pracks, byes) = (provider.of("PRACK"), provider.of("BYE"));
    let numbers = pracks.iter().chain(&byes).map(|message| header(message, "CSeq")).collect::<Vec<_>>();
    assert_eq!(numbers, ["3 PRACK", "4 PRACK", "5 PRACK", "6 BYE"]);
    assert!(
        pracks[0].contains("\r\nAuthorization: Digest ") && pracks[0].contains("nc=00000002"),
        "{}",
        pracks[0]
    );
    assert_over(&pbx);
}

#[test]
fn of_several_places_that_ring_the_one_that_answers_is_heard() {
    let (port, mute) = (echo(), UdpSocket::bind((PROVIDER, 0)).unwrap());
    let silent = mute.local_addr().unwrap().port();
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true => {
            let rings = |port| response(message, at, "183 Session Progress", "", &audio(PROVIDER, port));
            let other = |said: String| said.replace(";tag=far", ";tag=other");
            vec![rings(silent), other(rings(port)), other(response(message, at, "200 OK", "", ""))]
        }
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    assert_over(&pbx);
}

#[test]
fn another_place_that_answers_and_hangs_up_does_not_end_the_call() {
    let port = echo();
    let provider =
        Provider::playing(move |message, at| match message.split(' ').next().unwrap_or_default() {
            "INVITE" => {
                let answer = response(message, at, "200 OK", "", &audio(PROVIDER, port));
                vec![answer.clone(), answer.replace(";tag=far", ";tag=other")]
            }
            "ACK" if header(message, "To").ends_with("=other") => vec![request(message, at, "BYE", 1, "")],
            _ => usual(message, at),
        });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    assert_eq!(provider.of("SIP/2.0 200").len(), 1, "its BYE is answered");
    let is_of_first = |bye: &String| header(bye, "To").ends_with("=far");
    assert!(provider.of("BYE").iter().any(is_of_first), "{:?}", provider.of("BYE"));
    assert_over(&pbx);
}

#[test]
fn what_the_other_side_asks_in_the_call_leaves_the_call_as_it_is() {
    let (port, mut cseq) = (echo(), 0);
    let provider =
        Provider::playing(move |message, at| match message.split(' ').next().unwrap_or_default() {
            "INVITE" => vec![response(message, at, "200 OK", "", &audio(PROVIDER, port))],
            // Once the call is up; the ACKs of what it is told are the same number.
            "ACK" if cseq == 0 => {
                let mut ask = |method| {
                    cseq += 1;
                    request(message, at, method, cseq, "")
                };
                let stranger = ask("BYE").replace(";tag=far", ";tag=nobody");
                vec![ask("INVITE"), ask("REFER"), ask("UPDATE"), stranger]
            }
            // It never answers a BYE.
            "BYE" => Vec::new(),
            _ => usual(message, at),
        });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    let said = |status: &str| provider.of(&format!("SIP/2.0 {status}"));
    for (status, method) in [("488", "INVITE"), ("405", "REFER"), ("200", "UPDATE"), ("481", "BYE")] {
        let said = said(status);
        let of_it = said.iter().any(|response| header(response, "CSeq").ends_with(method));
        assert!(of_it, "{method}: {said:?}");
    }
    assert!(provider.of("BYE").len() > 1, "it is said again, and then no more");
    assert_over(&pbx);
}

#[test]
fn an_answer_that_nobody_can_talk_to_says_why_and_is_hung_up() {
    let fax = "m=image 40000 udptl t38\r\na=T38FaxVersion:0";
    let cases = [
        (session(PROVIDER, "m=audio 0 RTP/AVP 8"), "the answer refuses the sound"),
        (session(PROVIDER, "m=video 40000 RTP/AVP 96"), "the answer refuses the sound"),
        (session(PROVIDER, fax), "by a fax (T.38)"),
        (session(PROVIDER, &format!("m=audio 0 RTP/AVP 8\r\n{fax}")), "by a fax (T.38)"),
        (String::new(), "by an answer that says nothing of the sound"),
        ("v=1\r\n".to_owned(), "cannot be read"),
        (session(PROVIDER, "m=audio 40000 RTP/AVP 3"), "with no codec that was offered"),
        (session(PROVIDER, "m=audio 40000 RTP/SAVP 8"), "with no codec that was offered, or not protected"),
        (
            session(PROVIDER, "m=audio 40000 RTP/AVP 8\r\na=inactive"),
            "says itself that no sound will be sent",
        ),
        (audio("::1", 40_000), "wants sound at ::1, and this call has only IPv4"),
    ];
    let pbx = running(&answering(String::new()), "");
    for (session, part) in cases {
        let provider = answering(session.clone());
        switch_to(&pbx, &provider);
        let (test, holds) = tested(&pbx, &CALL);
        assert!(!holds, "{session}: {test:#}");
        assert_found(&test, "call", "failed", part);
        assert_eq!((provider.of("ACK").len(), provider.of("BYE").len()), (1, 1), "{session}");
        assert_over(&pbx);
    }
    let plain = answering(audio(PROVIDER, echo()));
    import(&pbx, &format!("{}srtp = \"required\"\n", plain.trunk()));
    assert!(pbx.kiestoon(&["ctl", "reload"]).status.success());
    let (test, _) = tested(&pbx, &CALL);
    assert_found(&test, "call", "failed", "but not protected as `srtp` of the trunk wants it");
}

#[test]
fn an_answer_that_wants_what_follows_where_nobody_listens_is_told_of_and_hung_up_where_it_came_from() {
    let nowhere = free_port();
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true => {
            let answer = response(message, at, "200 OK", "", &audio(PROVIDER, 40_000));
            vec![answer.replace(&format!("<sip:{at}>"), &format!("<sip:{PROVIDER}:{nowhere}>"))]
        }
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds);
    assert_found(
        &test,
        "call",
        "failed",
        &format!("nobody listens at 127.0.0.2:{nowhere}, where the answer"),
    );
    assert_eq!(provider.of("BYE").len(), 1);
    assert_over(&pbx);
}

#[test]
fn a_connection_that_is_closed_in_the_call_is_told_of() {
    let listener = TcpListener::bind((PROVIDER, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let port = echo();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buffer) = (stream.unwrap(), [0; 65_535]);
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                let message = String::from_utf8_lossy(&buffer[..length]);
                let said = match message.split(' ').next().unwrap_or_default() {
                    "INVITE" => response(&message, at, "200 OK", "", &audio(PROVIDER, port)),
                    "ACK" => break,
                    _ => response(&message, at, "200 OK", "", ""),
                };
                stream.write_all(said.as_bytes()).unwrap();
            }
        }
    });
    let mut pbx = with_trunk(&format!("host = \"{at}\"\ntransport = \"tcp\"\n"));
    pbx.run();
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds);
    assert_found(&test, "call", "failed", &format!("and then the connection to {at} was closed"));
    assert_over(&pbx);
    assert_eq!(pbx.history(1)[0]["disposition"], "answered");
}

#[test]
fn what_was_settled_while_it_rang_stands_whatever_the_answer_says() {
    let (port, mute) = (echo(), UdpSocket::bind((PROVIDER, 0)).unwrap());
    let (silent, mut invite) = (mute.local_addr().unwrap().port(), String::new());
    let provider =
        Provider::playing(move |message, at| match message.split(' ').next().unwrap_or_default() {
            "INVITE" => {
                invite = message.to_owned();
                let reliable = "Require: 100rel\r\nRSeq: 1\r\n";
                vec![response(message, at, "183 Session Progress", reliable, &audio(PROVIDER, port))]
            }
            "PRACK" => {
                let answer = response(&invite, at, "200 OK", "", &audio(PROVIDER, silent));
                vec![response(message, at, "200 OK", "", ""), answer]
            }
            _ => usual(message, at),
        });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    assert_over(&pbx);
}

#[test]
fn who_only_plays_something_gets_no_tone() {
    let hears = UdpSocket::bind((PROVIDER, 0)).unwrap();
    hears.set_nonblocking(true).unwrap();
    let says = hears.try_clone().unwrap();
    let port = hears.local_addr().unwrap().port();
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true => {
            let offered =
                message.split("m=audio ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            let says = says.try_clone().unwrap();
            thread::spawn(move || plays(&says, SocketAddr::new([127, 0, 0, 1].into(), offered)));
            let media = format!("m=audio {port} RTP/AVP 8\r\na=sendonly");
            vec![response(message, at, "200 OK", "", &session(PROVIDER, &media))]
        }
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, _) = tested(&pbx, &CALL);
    assert_found(&test, "call", "warning", "and the answer wants none of ours");
    assert!(hears.recv(&mut [0; 2_048]).is_err(), "nothing was sent to it");
    assert_over(&pbx);
}

/// Ring-back is no proof that the other side is heard once it has answered.
#[test]
fn what_sounds_before_the_answer_does_not_count() {
    let says = UdpSocket::bind((PROVIDER, 0)).unwrap();
    let port = says.local_addr().unwrap().port();
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true => {
            let offered =
                message.split("m=audio ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            (0..20)
                .for_each(|sequence| noise(&says, SocketAddr::new([127, 0, 0, 1].into(), offered), sequence));
            thread::sleep(Duration::from_millis(100));
            ["183 Session Progress", "200 OK"]
                .map(|line| response(message, at, line, "", &audio(PROVIDER, port)))
                .into()
        }
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds, "{test:#}");
    assert_found(&test, "call", "failed", "but no sound came");
    let early = rung(&test, "call")["details"].to_string();
    assert!(early.contains("packets_before_answer") && early.contains("20"), "{early}");
    assert_over(&pbx);
}

/// As B2BUAs do that tell who is reached (RFC 3311 section 5.2).
#[test]
fn who_updates_the_session_while_it_rings_is_answered() {
    let port = echo();
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true => vec![
            response(message, at, "180 Ringing", "", ""),
            request(message, at, "UPDATE", 1, ""),
            response(message, at, "200 OK", "", &audio(PROVIDER, port)),
        ],
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    let said = provider.of("SIP/2.0 200");
    assert!(said.iter().any(|response| header(response, "CSeq").ends_with("UPDATE")), "{said:?}");
    assert_over(&pbx);
}

/// Sends three seconds of noise.
fn plays(says: &UdpSocket, to: SocketAddr) {
    for sequence in 0..200 {
        noise(says, to, sequence);
        thread::sleep(Duration::from_millis(20));
    }
}

/// One packet of it.
fn noise(says: &UdpSocket, to: SocketAddr, sequence: u16) {
    let mut packet = vec![0x80, 8];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend([0, 0, 0, 1]);
    packet.extend((0..160).map(|at| if at % 16 < 8 { 0x2a } else { 0xaa }));
    let _ = says.send_to(&packet, to);
}

#[test]
fn a_call_that_is_sent_elsewhere_does_not_go_there() {
    let elsewhere = answering(audio(PROVIDER, echo()));
    let contact = format!("Contact: <sip:0201112222@{}>\r\n", elsewhere.at);
    let provider = Provider::playing(move |message, at| match is_invite(message) {
        true => {
            let moved = response(message, at, "302 Moved Temporarily", "", "");
            vec![moved.replace(&format!("Contact: <sip:{at}>\r\n"), &contact)]
        }
        false => usual(message, at),
    });
    let pbx = running(&provider, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds);
    assert_found(&test, "call", "failed", "302 Moved Temporarily");
    wait_for("ACK", Duration::from_secs(5), || provider.of("ACK").len() == 1);
    assert_eq!((provider.of("INVITE").len(), elsewhere.of("INVITE").len()), (1, 0));
    assert_over(&pbx);
}
