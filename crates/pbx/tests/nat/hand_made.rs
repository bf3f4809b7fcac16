//! A phone whose messages a test writes: what it says of itself need not be true. It calls the echo test.
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use kiestoon_sip::Method;
use kiestoon_sip::digest::{Challenge, Secret, answer};

use crate::pbx::LIMIT;
use crate::world::{Place, World};

pub(crate) struct HandMade {
    sip: UdpSocket,
    rtp: UdpSocket,
    pbx: SocketAddr,
    pub(crate) number: String,
    requests: u32,
    /// What it says in its next INVITE: the address in Contact, address and port in the session description.
    pub(crate) contact: SocketAddr,
    pub(crate) speech: SocketAddr,
    /// The 200 of its call.
    answered: String,
    sent: u16,
}

impl HandMade {
    /// A phone that says the truth.
    pub(crate) fn new(world: &World, place: Place, number: &str) -> Self {
        let (sip, rtp) = (world.udp(place, 0), world.udp(place, 0));
        let (contact, speech) = (sip.local_addr().unwrap(), rtp.local_addr().unwrap());
        let pbx = SocketAddr::new(Place::Pbx.address().parse().unwrap(), 5060);
        Self {
            sip,
            rtp,
            pbx,
            number: number.into(),
            requests: 0,
            contact,
            speech,
            answered: String::new(),
            sent: 0,
        }
    }

    /// Sends a datagram and returns the one that comes back, repeated like a request.
    #[track_caller]
    pub(crate) fn exchange(&self, datagram: &[u8]) -> Vec<u8> {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            self.sip.send_to(datagram, self.pbx).unwrap();
            if let Some(received) = receive(&self.sip, Duration::from_secs(1)) {
                return received;
            }
        }
        panic!("no answer to {}", String::from_utf8_lossy(datagram));
    }

    /// The same for a request: its final response.
    #[track_caller]
    pub(crate) fn ask(&self, request: &str) -> String {
        let mut received = String::from_utf8(self.exchange(request.as_bytes())).unwrap();
        let end = Instant::now() + LIMIT;
        while received.starts_with("SIP/2.0 1") || branch(&received) != branch(request) {
            assert!(Instant::now() < end, "no final response to {request}");
            if let Some(next) = receive(&self.sip, Duration::from_secs(1)) {
                received = String::from_utf8(next).unwrap();
            }
        }
        received
    }

    /// Calls the echo test, and is answered.
    #[track_caller]
    pub(crate) fn call_echo(&mut self) {
        let uri = format!("sip:*43@{}", self.pbx);
        let first = self.invite(&uri, "");
        let challenged = self.ask(&first);
        self.acknowledge(&first, &challenged);
        let challenge = Challenge::parse(header(&challenged, "Proxy-Authenticate")).unwrap();
        let password = format!("geheim{}", self.number);
        let secret = Secret::Password(&password);
        let credentials =
            answer(&challenge, &self.number, secret, &Method::Invite, &uri, 1, "c0ffee").unwrap();
        let second = self.invite(&uri, &format!("Proxy-Authorization: {credentials}\r\n"));
        let answered = self.ask(&second);
        assert!(answered.starts_with("SIP/2.0 200"), "{answered}");
        self.answered = answered;
        let ack = self.within("ACK");
        self.sip.send_to(ack.as_bytes(), self.pbx).unwrap();
    }

    /// Speaks until it has heard itself that often.
    #[track_caller]
    pub(crate) fn hears_itself(&mut self, times: usize) {
        let (mut heard, end) = (0, Instant::now() + LIMIT);
        while heard < times {
            assert!(Instant::now() < end, "{} heard only {heard} packets", self.number);
            self.speak();
            if receive(&self.rtp, Duration::from_millis(20)).is_some() {
                heard += 1;
            }
        }
    }

    /// Sends 20 ms of speech to where the PBX wants it.
    pub(crate) fn speak(&mut self) {
        self.sent += 1;
        let mut packet = vec![0x80, 8];
        packet.extend(self.sent.to_be_bytes());
        packet.extend((u32::from(self.sent) * 160).to_be_bytes());
        packet.extend(*b"abcd");
        packet.extend([0x55; 160]);
        self.rtp.send_to(&packet, self.answered_at()).unwrap();
    }

    #[track_caller]
    pub(crate) fn hang_up(&self) {
        let ended = self.ask(&self.within("BYE"));
        assert!(ended.starts_with("SIP/2.0 200"), "{ended}");
    }

    /// An OPTIONS that says of its body what the test says.
    pub(crate) fn options(&mut self, content_length: usize, body: &str) -> String {
        let uri = format!("sip:{}", self.pbx);
        let whole = self.request("OPTIONS", &uri, "Content-Type: text/plain\r\n", body);
        whole
            .replace(&format!("Content-Length: {}", body.len()), &format!("Content-Length: {content_length}"))
    }

    fn answered_at(&self) -> SocketAddr {
        let line =
            |start: &str| self.answered.lines().find_map(|line| line.strip_prefix(start)).unwrap().to_owned();
        let port = line("m=audio ").split(' ').next().unwrap().parse().unwrap();
        SocketAddr::new(line("c=IN IP4 ").parse().unwrap(), port)
    }

    fn invite(&mut self, uri: &str, more: &str) -> String {
        let (ip, port) = (self.speech.ip(), self.speech.port());
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.number, self.contact);
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        );
        self.request("INVITE", uri, &format!("{contact}{more}Content-Type: application/sdp\r\n"), &body)
    }

    fn request(&mut self, method: &str, uri: &str, more: &str, body: &str) -> String {
        self.requests += 1;
        let (n, number, here, pbx) = (self.requests, &self.number, self.sip.local_addr().unwrap(), self.pbx);
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{number}x{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{number}@{pbx}>;tag=f{number}\r\nTo: <{uri}>\r\nCall-ID: {here}-{number}\r\nCSeq: {n} {method}\r\n\
             {more}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    }

    /// The ACK of the 200, or the BYE after it.
    fn within(&self, method: &str) -> String {
        let target = header(&self.answered, "Contact").trim_start_matches('<').split('>').next().unwrap();
        let cseq = if method == "ACK" { self.requests } else { self.requests + 1 };
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{method}{};rport\r\nMax-Forwards: 70\r\nFrom: {}\r\n\
             To: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            self.sip.local_addr().unwrap(),
            self.number,
            header(&self.answered, "From"),
            header(&self.answered, "To"),
            header(&self.answered, "Call-ID"),
        )
    }

    fn acknowledge(&self, invite: &str, refused: &str) {
        let ack = format!(
            "ACK {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Content-Length: 0\r\n\r\n",
            invite.split(' ').nth(1).unwrap(),
            header(invite, "Via"),
            header(refused, "From"),
            header(refused, "To"),
            header(refused, "Call-ID"),
            header(invite, "CSeq").replace("INVITE", "ACK"),
        );
        self.sip.send_to(ack.as_bytes(), self.pbx).unwrap();
    }
}

fn receive(socket: &UdpSocket, patience: Duration) -> Option<Vec<u8>> {
    socket.set_read_timeout(Some(patience)).unwrap();
    let mut buffer = vec![0; 65_535];
    let length = socket.recv(&mut buffer).ok()?;
    buffer.truncate(length);
    Some(buffer)
}

/// A header's value.
#[track_caller]
pub(crate) fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let found = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {name} in\n{message}")).trim()
}

fn branch(message: &str) -> &str {
    let via = message.lines().find_map(|line| line.strip_prefix("Via:")).unwrap_or_default();
    via.split("branch=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default()
}
