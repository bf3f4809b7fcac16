//! Nobody who has not proved who he is leaves anything behind, whatever he asks for.

use kiestoon_testkit::{Story, millis, phone};

const METHODS: [&str; 8] = ["INVITE", "BYE", "CANCEL", "ACK", "OPTIONS", "INFO", "MESSAGE", "REGISTER"];

#[test]
fn outside_and_inside_of_dialogs_that_do_not_exist() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let from = t.address(a);
    for (number, method) in METHODS.into_iter().enumerate() {
        for tag in ["", ";tag=guessed"] {
            let text = format!(
                "{method} sip:202@kantoor.example SIP/2.0\r\n\
                 Via: SIP/2.0/UDP {from}:5060;branch=z9hG4bK{number}{}\r\n\
                 From: <sip:201@kantoor.example>;tag=1\r\nTo: <sip:202@kantoor.example>{tag}\r\n\
                 Call-ID: {number}{}\r\nCSeq: 7 {method}\r\nContact: <sip:201@{from}>\r\n\
                 Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
                tag.len(),
                tag.len(),
            );
            t.send_bytes(a, text.as_bytes());
            t.run(millis(100));
            let left = t.the_pbx().switch.status().transactions;
            assert_eq!(left, 0, "transactions after {method} with {tag:?}");
        }
    }
    assert!(t.the_pbx().engine.commands.is_empty(), "a port was opened for a stranger");
}
