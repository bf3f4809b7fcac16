//! What cannot be read is refused with a Warning that says what and where, and does no harm.

use kiestoon_sip::{HeaderName, Message};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn the_warning_says_what_is_wrong() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    let from = t.address(a);
    let text = format!(
        "OPTIONS sip:kantoor.example SIP/2.0\r\nVia: SIP/2.0/UDP {from}:5060;branch=z9hG4bKbad1\r\n\
         From: <sip:201@kantoor.example>;tag=1\r\nTo: <sip:kantoor.example>\r\nCall-ID: bad1\r\n\
         CSeq: seven OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    t.send_bytes(a, text.as_bytes());
    t.run(secs(1));
    let answer = t.net.ladder.rungs().filter(|rung| rung.to == from).find_map(|rung| match &rung.message {
        Some(Message::Response(response)) if response.status.code() == 400 => Some(response.clone()),
        _ => None,
    });
    let answer = answer.expect("a 400");
    let warning = answer.headers.get(&HeaderName::Warning).expect("a Warning");
    assert!(warning.contains("CSeq"), "{warning}");
}

#[test]
fn rubbish_is_ignored() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    for rubbish in [&b"\0\0\0\0"[..], b"GET / HTTP/1.1\r\n\r\n", b"INVITE", b"\r\n\r\n", &[0xff; 1400]] {
        t.send_bytes(a, rubbish);
    }
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered();
}
