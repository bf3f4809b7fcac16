//! Requests that are too long for a datagram.

use super::*;
use crate::header::HeaderName;

fn long(method: &str) -> Request {
    let text = request(method, "z9hG4bKx");
    let text = text.replace("Contact", &format!("Subject: {}\nContact", "x".repeat(1_300)));
    match message(&text) {
        Message::Request(mut request) => {
            request.via.clear();
            request
        }
        Message::Response(_) => panic!("a request"),
    }
}

fn stream() -> Flow {
    Flow { transport: Transport::Tcp, ..udp() }
}

impl World {
    fn send_long(&mut self, method: &str) -> ClientId {
        let id = self.layer.request_or_stream(self.now, long(method), udp(), udp().local, Some(stream()));
        self.drain();
        id
    }

    fn sent_text(&self) -> String {
        String::from_utf8(self.sent.clone().unwrap().to_vec()).unwrap()
    }
}

#[test]
fn a_long_request_takes_a_stream_and_says_so() {
    let mut world = World::new();
    world.send_long("INVITE");
    assert_eq!(world.sent_to, Some(stream()));
    assert!(world.sent_text().contains("Via: SIP/2.0/TCP "), "{}", world.sent_text());
    // A stream repeats nothing.
    world.until_quiet().saw(&["0 > INVITE", "32000 failed Timeout"]);
}

#[test]
fn a_short_one_does_not() {
    let mut world = World::new();
    let mut short = long("INVITE");
    short.headers.set(HeaderName::Subject, "short");
    world.layer.request_or_stream(world.now, short, udp(), udp().local, Some(stream()));
    world.drain();
    assert_eq!(world.sent_to, Some(udp()));
}

#[test]
fn without_a_connection_it_goes_as_a_datagram_after_all() {
    for method in ["INVITE", "MESSAGE"] {
        let mut world = World::new();
        world.send_long(method);
        world.layer.flow_failed(world.now, &stream());
        world.drain();
        assert_eq!(world.sent_to, Some(udp()));
        assert!(world.sent_text().contains("Via: SIP/2.0/UDP "));
        world.at(500).saw(&[&format!("0 > {method}"), &format!("0 > {method}"), &format!("500 > {method}")]);
        world.answered(200, udp());
        // The peer is not asked for a connection again.
        world.send_long(method);
        assert_eq!(world.sent_to, Some(udp()));
        world.until_quiet();
    }
}

#[test]
fn what_has_been_heard_of_fails_with_its_connection() {
    let mut world = World::new();
    world.send_long("INVITE");
    world.answered(180, stream());
    world.layer.flow_failed(world.now, &stream());
    world.drain();
    world.saw(&["0 > INVITE", "0 response 180", "0 failed Transport"]);
    assert!(world.layer.is_empty());
}

#[test]
fn who_has_given_up_is_not_called_another_way() {
    let mut world = World::new();
    let id = world.send_long("INVITE");
    world.layer.cancel(world.now, id);
    world.layer.flow_failed(world.now, &stream());
    world.drain();
    world.saw(&["0 > INVITE", "0 failed Transport"]);
    assert!(world.layer.is_empty());
}
