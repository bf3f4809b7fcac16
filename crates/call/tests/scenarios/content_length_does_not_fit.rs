//! A body that is longer or shorter than its Content-Length, as routers that rewrite session descriptions leave it behind
//! (RFC 3261 section 18.3): what is too much is ignored, too little is refused, and as a response dropped.

use kiestoon_sip::{HeaderName, Message, Method};
use kiestoon_testkit::{PhoneId, Story, phone, secs};

fn options(from: std::net::IpAddr, branch: &str, length: usize, body: &str) -> String {
    format!(
        "OPTIONS sip:kantoor.example SIP/2.0\r\nVia: SIP/2.0/UDP {from}:5060;branch=z9hG4bK{branch}\r\n\
         From: <sip:201@kantoor.example>;tag=1\r\nTo: <sip:kantoor.example>\r\nCall-ID: {branch}\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// What an OPTIONS with this Content-Length and body is answered with, and the Warning.
fn answer(t: &mut Story, phone: PhoneId, branch: &str, length: usize, body: &str) -> (u16, String) {
    let address = t.address(phone);
    t.send_bytes(phone, options(address, branch, length, body).as_bytes());
    t.run(secs(1));
    let to_phone = t.net.ladder.rungs().filter(|rung| rung.to == address);
    let answers = to_phone.filter_map(|rung| match &rung.message {
        Some(Message::Response(response)) if &*response.call_id == branch => Some(response),
        _ => None,
    });
    let answer = answers.last().expect("an answer");
    (answer.status.code(), answer.headers.get(&HeaderName::Warning).unwrap_or_default().to_owned())
}

#[test]
fn of_a_request() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    assert_eq!(answer(&mut t, a, "longer", 4, "bodyand more").0, 200);
    let (status, warning) = answer(&mut t, a, "shorter", 12, "body");
    assert_eq!(status, 400);
    assert!(warning.contains("12 bytes declared, 4 present"), "{warning}");
}

#[test]
fn of_a_response() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(3)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    let answers = t.net.ladder.rungs().filter(|rung| rung.from == t.address(b));
    let ringing = answers.filter_map(|rung| match &rung.message {
        Some(message @ Message::Response(response)) if response.status.code() == 180 => {
            Some(message.to_bytes())
        }
        _ => None,
    });
    let ringing = String::from_utf8(ringing.last().expect("a 180").to_vec()).unwrap();
    let cut_short =
        ringing.replace("180 Ringing", "486 Busy Here").replace("Content-Length: 0", "Content-Length: 9");
    t.send_bytes(b, cut_short.as_bytes());
    t.run(secs(5));
    t.expect(a).talking_with("202");
    t.expect(a).got(200, &Method::Invite);
    t.close(a);
}
