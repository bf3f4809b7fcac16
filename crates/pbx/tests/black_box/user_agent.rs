//! A small phone over UDP that registers and calls as fast as it is answered, repeating what is not answered (RFC 3261
//! timers A and E). For tests that count attempts and measure them.
use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use kiestoon_sip::{
    Method,
    digest::{Challenge, Secret, answer},
};

use crate::pbx::{PASSWORD_PREFIX, Pbx, wait_for};
use crate::raw::header;

/// A phone of one extension.
pub(crate) struct UserAgent {
    socket: UdpSocket,
    pbx: SocketAddr,
    pub(crate) number: String,
    /// The password that it gives.
    pub(crate) password: String,
    requests: u32,
}

impl UserAgent {
    pub(crate) fn new(pbx: &Pbx, number: &str, at: SocketAddr) -> Self {
        let socket = UdpSocket::bind(at).unwrap();
        let password = format!("{PASSWORD_PREFIX}{number}");
        Self { socket, pbx: pbx.address(), number: number.to_owned(), password, requests: 0 }
    }

    /// Registers for an hour; the status of a refusal.
    pub(crate) fn register(&mut self) -> Result<(), u16> {
        let uri = format!("sip:{}", self.pbx);
        let more = format!("Contact: <sip:{}@{}>\r\nExpires: 3600\r\n", self.number, self.here());
        let to = self.number.clone();
        let answered = self.ask(&Method::Register, &uri, &to, &more, "")?;
        if status(&answered) == 200 { Ok(()) } else { Err(status(&answered)) }
    }

    /// Sends a REGISTER without credentials and returns the status.
    pub(crate) fn knock(&mut self) -> Result<u16, u16> {
        let uri = format!("sip:{}", self.pbx);
        self.requests += 1;
        let to = self.number.clone();
        let request = self.request(&Method::Register, &uri, &to, "", "");
        Ok(status(&self.exchange(&request)?))
    }

    /// Calls a number, waits for its answer, and hangs up.
    pub(crate) fn call(&mut self, number: &str) -> Result<(), u16> {
        let uri = format!("sip:{number}@{}", self.pbx);
        let here = self.here();
        let contact = format!("Contact: <sip:{}@{here}>\r\n", self.number);
        let answered = self.ask(&Method::Invite, &uri, number, &contact, &sdp(here))?;
        if status(&answered) != 200 {
            return Err(status(&answered));
        }
        let (to, cseq) = (header(&answered, "To").to_owned(), self.requests);
        self.send(&self.within("ACK", &answered, &to, cseq));
        let bye = self.within("BYE", &answered, &to, cseq + 1);
        self.requests += 1;
        let ended = self.exchange(&bye)?;
        if status(&ended) == 200 { Ok(()) } else { Err(status(&ended)) }
    }

    /// Calls a number with this session: all that it is answered after its credentials. A 200 has been acknowledged.
    pub(crate) fn dial(&mut self, number: &str, session: &str) -> Vec<String> {
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.number, self.here());
        let uri = format!("sip:{number}@{}", self.pbx);
        let heard = self.ask_hearing(&Method::Invite, &uri, number, &contact, session);
        if let Some(answered) = heard.last().filter(|last| status(last) == 200) {
            self.send(&self.within("ACK", answered, header(answered, "To"), self.requests));
        }
        heard
    }

    /// Calls a number with this session: the 200, which has been acknowledged.
    pub(crate) fn invite(&mut self, number: &str, session: &str) -> Result<String, u16> {
        let uri = format!("sip:{number}@{}", self.pbx);
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.number, self.here());
        let answered = self.ask(&Method::Invite, &uri, number, &contact, session)?;
        self.acknowledged(answered)
    }

    /// Offers another session in the call of that 200.
    pub(crate) fn reinvite(&mut self, call: &str, session: &str) -> Result<String, u16> {
        self.requests += 1;
        let request = self.within("INVITE", call, header(call, "To"), self.requests);
        let more = format!(
            "Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{session}",
            self.number,
            self.here(),
            session.len()
        );
        let answered = self.exchange(&request.replace("Content-Length: 0\r\n\r\n", &more))?;
        self.acknowledged(answered)
    }

    /// Ends the call of that 200.
    pub(crate) fn hang_up(&mut self, call: &str) {
        self.requests += 1;
        let bye = self.within("BYE", call, header(call, "To"), self.requests);
        self.exchange(&bye).unwrap();
    }

    /// Waits until the other side ends a call, and agrees.
    pub(crate) fn expect_bye(&self) {
        wait_for("a BYE", Duration::from_secs(10), || {
            let Some(message) = self.receive() else { return false };
            let ended = message.starts_with("BYE ");
            if ended {
                self.send(&answered(&message, self.here(), 200, ""));
            }
            ended
        });
    }

    fn acknowledged(&self, answered: String) -> Result<String, u16> {
        if status(&answered) != 200 {
            return Err(status(&answered));
        }
        self.send(&self.within("ACK", &answered, header(&answered, "To"), self.requests));
        Ok(answered)
    }

    /// Asks, and once more with credentials where it is challenged; the final response.
    fn ask(&mut self, method: &Method, uri: &str, to: &str, more: &str, body: &str) -> Result<String, u16> {
        last(self.ask_hearing(method, uri, to, more, body))
    }

    /// The same with all that came before it.
    fn ask_hearing(&mut self, method: &Method, uri: &str, to: &str, more: &str, body: &str) -> Vec<String> {
        self.requests += 1;
        let first = self.request(method, uri, to, more, body);
        let heard = self.hear(&first);
        let Some(challenged) = heard.last() else { return heard };
        let (given, asked) = match status(challenged) {
            401 => ("Authorization", "WWW-Authenticate"),
            407 => ("Proxy-Authorization", "Proxy-Authenticate"),
            _ => return heard,
        };
        let challenge = Challenge::parse(header(challenged, asked)).unwrap();
        let secret = Secret::Password(&self.password);
        let credentials = answer(&challenge, &self.number, secret, method, uri, 1, "c0ffee").unwrap();
        self.requests += 1;
        let second = self.request(method, uri, to, &format!("{more}{given}: {credentials}\r\n"), body);
        self.hear(&second)
    }

    fn request(&self, method: &Method, uri: &str, to: &str, more: &str, body: &str) -> String {
        let (pbx, here, number, n) = (self.pbx, self.here(), &self.number, self.requests);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{number}x{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{number}@{pbx}>;tag=u{number}\r\nTo: <sip:{to}@{pbx}>\r\nCall-ID: {here}-{number}-{}\r\n\
             CSeq: {n} {method}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            if *method == Method::Register { 0 } else { n },
            body.len(),
        )
    }

    /// A request within the dialog that a 200 made.
    fn within(&self, method: &str, answered: &str, to: &str, cseq: u32) -> String {
        let (here, from, call_id) = (self.here(), header(answered, "From"), header(answered, "Call-ID"));
        let target = header(answered, "Contact").trim_start_matches('<').split('>').next().unwrap();
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}{}x{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            self.number
        )
    }

    /// Sends until it is answered finally. An error is 408.
    fn exchange(&self, request: &str) -> Result<String, u16> {
        last(self.hear(request))
    }

    /// Sends until it is answered finally; all responses. An INVITE that is refused is acknowledged.
    fn hear(&self, request: &str) -> Vec<String> {
        let mut heard = Vec::new();
        let (branch, begun) = (branch(request).to_owned(), Instant::now());
        let (mut interval, mut provisional) = (T1, false);
        let mut again = begun;
        while begun.elapsed() < PATIENCE {
            if !provisional && Instant::now() >= again {
                self.send(request);
                again = Instant::now() + interval;
                interval = (interval * 2).min(T2);
            }
            let Some(message) = self.receive() else { continue };
            if !message.starts_with("SIP/2.0 ") || self::branch(&message) != branch {
                continue;
            }
            if request.starts_with("INVITE") && status(&message) >= 300 {
                let ack = self.ack_of_refusal(request, &message);
                self.send(&ack);
            }
            provisional = true;
            let is_final = status(&message) >= 200;
            heard.push(message);
            if is_final {
                return heard;
            }
        }
        heard
    }

    fn ack_of_refusal(&self, invite: &str, refused: &str) -> String {
        let uri = invite.split(' ').nth(1).unwrap();
        let cseq = header(invite, "CSeq").replace("INVITE", "ACK");
        format!(
            "ACK {uri} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq}\r\n\
             Content-Length: 0\r\n\r\n",
            header(invite, "Via"),
            header(refused, "From"),
            header(refused, "To"),
            header(refused, "Call-ID"),
        )
    }

    fn here(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn send(&self, message: &str) {
        let _ = self.socket.send_to(message.as_bytes(), self.pbx);
    }

    fn receive(&self) -> Option<String> {
        self.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut buffer = [0; 65_535];
        let length: io::Result<usize> = self.socket.recv(&mut buffer);
        Some(String::from_utf8_lossy(&buffer[..length.ok()?]).into_owned())
    }
}

/// What a phone answers to an offer: a status and, with 200, its session.
pub(crate) type Answers = Box<dyn FnMut(&str) -> (u16, String) + Send>;

/// A phone that answers every call at once; it stops when it goes out of scope.
pub(crate) struct Callee {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Callee {
    pub(crate) fn start(pbx: &Pbx, number: &str, at: SocketAddr) -> Self {
        let mut phone = UserAgent::new(pbx, number, at);
        phone.register().expect("the callee registers");
        Self::of(phone)
    }

    /// The same for a phone that is registered.
    pub(crate) fn of(phone: UserAgent) -> Self {
        let here = phone.here();
        Self::answering(phone, Box::new(move |_| (200, sdp(here))))
    }

    /// The same, where each offer has an answer of its own.
    pub(crate) fn answering(phone: UserAgent, mut answers: Answers) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let Some(request) = phone.receive() else { continue };
                if !request.starts_with("ACK") && !request.starts_with("SIP/2.0") {
                    let offer = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                    let (status, body) =
                        if request.starts_with("INVITE") { answers(offer) } else { (200, String::new()) };
                    let answer = answered(&request, phone.here(), status, &body);
                    phone.send(&answer);
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Callee {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn answered(request: &str, here: SocketAddr, status: u16, body: &str) -> String {
    let to = header(request, "To");
    let tag = if to.contains(";tag=") { "" } else { ";tag=callee" };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status} So\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:callee@{here}>\r\n\
         {kind}Content-Length: {}\r\n\r\n{body}",
        header(request, "Via"),
        header(request, "From"),
        header(request, "Call-ID"),
        header(request, "CSeq"),
        body.len(),
    )
}

/// An offer of G.711 at this address; nobody listens there.
pub(crate) fn sdp(here: SocketAddr) -> String {
    let ip = here.ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
}

/// The final one of the responses to a request.
fn last(mut heard: Vec<String>) -> Result<String, u16> {
    heard.pop().filter(|last| status(last) >= 200).ok_or(408)
}

pub(crate) fn status(response: &str) -> u16 {
    response.get(8..11).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn branch(message: &str) -> &str {
    header(message, "Via")
        .split("branch=")
        .nth(1)
        .and_then(|rest| rest.split([';', ',']).next())
        .unwrap_or("")
}

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(8);
