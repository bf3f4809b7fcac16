//! The machines seen from outside, through the layer: what goes out and what the user is told, and when. Each test is
//! a log of lines such as `500 > INVITE` (milliseconds, what was sent) or `32000 failed Timeout`.

mod bounds;
mod cancel;
mod client_invite;
mod client_non_invite;
mod flows;
mod forever;
mod lossy;
mod matching;
mod server_invite;
mod server_non_invite;
mod streams;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;

use super::*;
use crate::flow::{ConnectionId, Transport};
use crate::message::{Message, StatusCode};

/// A layer, its user and a hand-moved clock.
struct World {
    layer: TransactionLayer,
    start: Instant,
    now: Instant,
    log: Vec<String>,
    /// The last of each that came up or went out.
    server: Option<ServerId>,
    request: Option<Request>,
    sent: Option<Bytes>,
    sent_to: Option<Flow>,
}

impl World {
    fn new() -> Self {
        Self::with(Timers::default(), TransactionLimits::default())
    }

    fn with(timers: Timers, limits: TransactionLimits) -> Self {
        let start = instant();
        let layer = TransactionLayer::new(timers, ChaCha12Rng::seed_from_u64(1), limits);
        Self {
            layer,
            start,
            now: start,
            log: Vec::new(),
            server: None,
            request: None,
            sent: None,
            sent_to: None,
        }
    }

    /// Lets time pass up to that many milliseconds after the start, timers included.
    fn at(&mut self, milliseconds: u64) -> &mut Self {
        let until = self.start + Duration::from_millis(milliseconds);
        while let Some(deadline) = self.layer.deadline().filter(|deadline| *deadline <= until) {
            assert!(deadline >= self.now, "a deadline in the past");
            self.now = deadline;
            self.layer.tick(deadline);
            self.drain();
        }
        self.now = until;
        self
    }

    /// Lets time pass until nothing waits any more.
    fn until_quiet(&mut self) -> &mut Self {
        while let Some(deadline) = self.layer.deadline() {
            self.at(u64::try_from((deadline - self.start).as_millis()).unwrap());
        }
        assert!(self.layer.is_empty(), "something without a deadline is left");
        self
    }

    fn receive(&mut self, text: &str, flow: Flow) -> &mut Self {
        self.layer.receive(self.now, message(text), flow);
        self.drain();
        self
    }

    /// Our request.
    fn send(&mut self, text: &str, flow: Flow) -> ClientId {
        let Message::Request(mut request) = message(text) else { panic!("no request") };
        request.via.clear();
        let id = self.layer.request(self.now, request, flow, flow.local);
        self.drain();
        id
    }

    /// The peer's answer to what was sent last.
    fn answered(&mut self, status: u16, flow: Flow) -> &mut Self {
        let bytes = self.sent.clone().unwrap();
        self.answer_to(&bytes, status, flow)
    }

    fn answer_to(&mut self, bytes: &Bytes, status: u16, flow: Flow) -> &mut Self {
        let Message::Request(request) = Message::parse(bytes).unwrap() else { panic!("no request") };
        let mut response = request.response(StatusCode::new(status).unwrap());
        response.to.params.set("tag", "peer");
        self.layer.receive(self.now, Message::Response(response), flow);
        self.drain();
        self
    }

    /// Our answer to the request that came up last.
    fn respond(&mut self, status: u16) -> &mut Self {
        let mut response = self.request.clone().unwrap().response(StatusCode::new(status).unwrap());
        response.to.params.set("tag", "ours");
        self.layer.respond(self.now, self.server.unwrap(), response);
        self.drain();
        self
    }

    fn sent_request(&self) -> Request {
        match Message::parse(&self.sent.clone().unwrap()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response was sent last"),
        }
    }

    fn sent_response(&self) -> Response {
        match Message::parse(&self.sent.clone().unwrap()).unwrap() {
            Message::Response(response) => response,
            Message::Request(_) => panic!("a request was sent last"),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.layer.poll() {
            let line = match output {
                TransactionOutput::Transmit { flow, bytes } => {
                    let line = match Message::parse(&bytes).unwrap() {
                        Message::Request(request) => format!("> {}", request.method),
                        Message::Response(response) => format!("> {}", response.status),
                    };
                    (self.sent, self.sent_to) = (Some(bytes), Some(flow));
                    line
                }
                TransactionOutput::Request { id, request, .. } => {
                    let line = format!("request {}", request.method);
                    (self.server, self.request) = (Some(id), Some(request));
                    line
                }
                TransactionOutput::Ack { .. } => "ack".into(),
                TransactionOutput::Cancelled { reason, .. } => {
                    format!("cancelled {}", reason.unwrap_or_default()).trim_end().into()
                }
                TransactionOutput::Response { response, .. } => format!("response {}", response.status),
                TransactionOutput::Failed { reason, .. } => format!("failed {reason:?}"),
                TransactionOutput::Ended { reason, .. } => format!("ended {reason:?}"),
            };
            self.log.push(format!("{} {line}", (self.now - self.start).as_millis()));
        }
    }

    /// What has happened since the last look, with its times.
    #[track_caller]
    fn saw(&mut self, expected: &[&str]) -> &mut Self {
        assert_eq!(std::mem::take(&mut self.log), expected);
        self
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has to count from some instant")]
fn instant() -> Instant {
    Instant::now()
}

fn message(text: &str) -> Message {
    Message::parse(&Bytes::from(text.replace('\n', "\r\n"))).unwrap()
}

/// A request as a phone sends it, with an empty body.
fn request(method: &str, branch: &str) -> String {
    let to_tag = if method == "ACK" { ";tag=ours" } else { "" };
    format!(
        "{method} sip:202@pbx.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5070;branch={branch};rport
From: <sip:201@pbx.example>;tag=a
To: <sip:202@pbx.example>{to_tag}
Call-ID: call-1@192.0.2.1
CSeq: 7 {method}
Contact: <sip:201@192.0.2.1:5070>
Content-Length: 0

"
    )
}

fn udp() -> Flow {
    let (local, remote) = ("192.0.2.9:5060".parse().unwrap(), "192.0.2.1:5070".parse().unwrap());
    Flow { transport: Transport::Udp, local, remote, connection: None }
}

fn tcp() -> Flow {
    Flow { transport: Transport::Tcp, connection: Some(ConnectionId(3)), ..udp() }
}
