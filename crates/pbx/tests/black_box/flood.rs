//! Strangers flood the PBX with 2,000 hostile messages a second; phones that are registered still register and call.
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::pbx::{PHONES_CALL, Pbx};
use crate::raw::Udp;
use crate::user_agent::{Callee, UserAgent};

#[test]
fn registered_phones_get_through_a_flood() {
    let numbers: Vec<String> = (201..=205).chain([220]).map(|number| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut pbx = Pbx::strict(&numbers, PHONES_CALL, "");
    pbx.run();
    let place = |number: u16| SocketAddr::from((Ipv4Addr::new(127, 0, 1, u8::try_from(number).unwrap()), 0));
    let callee = Callee::start(&pbx, "220", place(220));
    let phones: Vec<UserAgent> = (201..=205)
        .map(|number| {
            let mut phone = UserAgent::new(&pbx, &number.to_string(), place(number));
            phone.register().expect("registered before the flood");
            phone
        })
        .collect();

    let flood = Flood::start(&pbx);
    let workers: Vec<JoinHandle<Vec<Option<Duration>>>> =
        phones.into_iter().map(|phone| thread::spawn(move || attempts(phone))).collect();
    let mut times: Vec<Option<Duration>> =
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
    let rate = flood.stop();
    drop(callee);

    assert_eq!(times.len(), 100);
    let failed = times.iter().filter(|time| time.is_none()).count();
    assert!(failed <= 5, "{failed} of 100 attempts failed at {rate:.0} hostile messages/s");
    times.sort_by_key(|time| time.unwrap_or(Duration::MAX));
    let p95 = times[94].unwrap();
    assert!(p95 < Duration::from_secs(1), "p95 {p95:?} at {rate:.0} hostile messages/s: {times:?}");
    assert!(rate > 1_900.0, "the flood itself came to {rate:.0} messages/s only");
    let status = pbx.json(&["ctl", "status"]);
    assert!(status["totals"]["sip_shed"].as_u64().unwrap() > 1_000, "{status}");
    assert!(Udp::new(pbx.address()).is_answered(), "a polite stranger is answered");
    pbx.assert_alive();
}

/// Twenty attempts of one phone: four registrations, one call, and so on. None for a failure.
fn attempts(mut phone: UserAgent) -> Vec<Option<Duration>> {
    let attempt = |nth: usize| {
        let begin = Instant::now();
        let done = if nth % 5 == 4 { phone.call("220") } else { phone.register() };
        let took = begin.elapsed();
        thread::sleep(BETWEEN.saturating_sub(took));
        done.ok().map(|()| took)
    };
    (0..20).map(attempt).collect()
}

/// Hostile messages from forty addresses, at the rate that the clock asks for.
struct Flood {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    begun: Instant,
    thread: JoinHandle<()>,
}

impl Flood {
    fn start(pbx: &Pbx) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (told, counted, to) = (Arc::clone(&stop), Arc::clone(&sent), pbx.address());
        let begun = Instant::now();
        let thread = thread::spawn(move || {
            let sockets: Vec<UdpSocket> =
                (2..42).map(|last| UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).unwrap()).collect();
            let mut number = 0_u64;
            while !told.load(Ordering::Relaxed) {
                let due = begun.elapsed().as_millis() as u64 * RATE / 1_000;
                while number < due {
                    let socket = &sockets[number as usize % sockets.len()];
                    let _ = socket.send_to(&hostile(number, socket.local_addr().unwrap(), to), to);
                    number += 1;
                }
                counted.store(number, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
        });
        Self { stop, sent, begun, thread }
    }

    /// Messages a second.
    fn stop(self) -> f64 {
        let rate = self.sent.load(Ordering::Relaxed) as f64 / self.begun.elapsed().as_secs_f64();
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        rate
    }
}

/// REGISTER without and with made-up credentials, INVITE, OPTIONS, garbage, in turn.
fn hostile(number: u64, from: SocketAddr, pbx: SocketAddr) -> Vec<u8> {
    let (method, body) = match number / 40 % 5 {
        0 => ("REGISTER", String::new()),
        1 => (
            "REGISTER",
            format!(
                "Authorization: Digest username=\"20{}\", realm=\"default\", nonce=\"{number:032}\", uri=\"sip:{pbx}\", \
                 response=\"{number:032x}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"{number}\"\r\n",
                number % 10
            ),
        ),
        2 => ("INVITE", format!("Contact: <sip:900@{from}>\r\n")),
        3 => ("OPTIONS", String::new()),
        _ => return format!("\u{1}\u{2}REGISTER sip:{number} SIP/9.9\r\nVia:;;;\r\n").into_bytes(),
    };
    format!(
        "{method} sip:201@{pbx} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKflood{number};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:201@{pbx}>;tag=f{number}\r\nTo: <sip:201@{pbx}>\r\nCall-ID: flood-{number}\r\nCSeq: 1 {method}\r\n{body}\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

const RATE: u64 = 2_000;
/// From one attempt of a phone to its next: a hundred attempts in some eight seconds.
const BETWEEN: Duration = Duration::from_millis(400);
