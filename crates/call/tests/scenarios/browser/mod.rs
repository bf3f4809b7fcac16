//! Browsers: over WebSocket, with sessions of DTLS-SRTP over ICE, and desk phones that see nothing of it.

mod absence;
mod connection;
mod ice;
mod offers;
mod refused;
mod ringing;
mod talking;
mod transfers;

use kiestoon_sip::{Message, Method};
use kiestoon_testkit::{PhoneId, Story};

/// The bodies of the requests and responses of a method that the network saw go to a phone, in order.
fn told(t: &Story, phone: PhoneId, method: &Method) -> Vec<String> {
    let to = t.net.ladder.rungs().filter(|rung| rung.to == t.address(phone));
    let bodies = to.filter_map(|rung| match rung.message.as_ref()? {
        Message::Request(request) if request.method == *method => Some(&request.body),
        Message::Response(response) if response.cseq.method == *method => Some(&response.body),
        _ => None,
    });
    let bodies = bodies.filter(|body| !body.is_empty());
    bodies.map(|body| String::from_utf8_lossy(body).into_owned()).collect()
}

/// The lines of the last description that a phone was sent, without the version in its origin.
fn last_told(t: &Story, phone: PhoneId, start: &str) -> Vec<String> {
    let all = told(t, phone, &Method::Invite);
    let last = all.last().expect("it was told something");
    last.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}
