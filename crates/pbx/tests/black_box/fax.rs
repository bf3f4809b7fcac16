//! A page goes through the PBX, from one of spandsp's fax machines to another: as T.38, and as sound where one refuses that.
use std::{
    net::{SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::{
        OnceLock,
        mpsc::{Receiver, sync_channel},
    },
    time::Duration,
};

use crate::pbx::{Pbx, free_port, repository, wait_for};
use crate::user_agent::{Callee, UserAgent};

const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]
"#;

const PATIENCE: Duration = Duration::from_secs(5);

fn audio(port: u16, codec: &str) -> String {
    let number = if codec == "PCMA" { 8 } else { 0 };
    session(&format!("m=audio {port} RTP/AVP {number}\r\na=rtpmap:{number} {codec}/8000\r\n"))
}

fn image(port: u16) -> String {
    session(&format!(
        "m=image {port} udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:9600\r\n\
         a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxDatagram:1600\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
    ))
}

fn session(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{media}")
}

/// The port of the section of that kind.
fn port_of(session: &str, kind: &str) -> Option<u16> {
    let line = session.lines().find_map(|line| line.strip_prefix(&format!("m={kind} ")))?;
    line.split(' ').next()?.parse().ok().filter(|port| *port != 0)
}

/// A port for sound or fax, held until the machine takes it.
fn media_port() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

fn number_of(socket: &UdpSocket) -> u16 {
    socket.local_addr().unwrap().port()
}

/// The fax machine, compiled once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fax-machine");
        let source = repository("crates/pbx/tests/fax/machine.c");
        let built = Command::new("cc")
            .arg("-O2")
            .arg("-o")
            .arg(&program)
            .arg(source)
            .args(["-lspandsp", "-ltiff"])
            .status();
        assert!(built.unwrap().success(), "libspandsp-dev is installed (make test installs it)");
        program
    })
}

/// A machine that works on a port of its own; ended when it goes out of scope.
struct Machine(Child);

impl Machine {
    fn start(medium: &str, verb: &str, page: &Path, port: UdpSocket, to: u16) -> Self {
        let here = number_of(&port);
        drop(port);
        let child = Command::new(program())
            .args([medium, verb])
            .arg(page)
            .args([here.to_string(), to.to_string()])
            .spawn()
            .unwrap();
        Self(child)
    }

    fn succeed(mut self) {
        let status = self.0.wait().unwrap();
        assert!(status.success(), "the fax machine ended with {status}");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two extensions, of which 202 answers: its sound is of this codec, and it takes a fax or does not.
struct Line {
    pbx: Pbx,
    caller: UserAgent,
    _callee: Callee,
    offers: Receiver<String>,
    /// Where 201 and 202 send and receive.
    ports: [UdpSocket; 2],
}

impl Line {
    fn new(codec: &'static str, takes_fax: bool) -> Self {
        let pbx = Pbx::start(&["201", "202"], DIALPLAN);
        let ports = [media_port(), media_port()];
        let here = number_of(&ports[1]);
        let (tell, offers) = sync_channel(8);
        let answers = move |offer: &str| {
            let _ = tell.send(offer.to_owned());
            match port_of(offer, "image") {
                Some(_) if !takes_fax => (488, String::new()),
                Some(_) => (200, image(here)),
                None => (200, audio(here, codec)),
            }
        };
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let mut callee = UserAgent::new(&pbx, "202", at(free_port()));
        callee.register().unwrap();
        let callee = Callee::answering(callee, Box::new(answers));
        let caller = UserAgent::new(&pbx, "201", at(free_port()));
        Self { pbx, caller, _callee: callee, offers, ports }
    }

    /// What 202 was offered: the PBX's port for it.
    fn offered(&self, kind: &str) -> u16 {
        let offer = self.offers.recv_timeout(PATIENCE).unwrap();
        port_of(&offer, kind).unwrap_or_else(|| panic!("no {kind} in\n{offer}"))
    }

    /// Sends a page from 201 to 202, whose ports at the PBX these are, and looks at what came.
    fn send_page(self, media: [&str; 2], to: [u16; 2], codec: &str) -> (Pbx, UserAgent) {
        let (page, copy) = (self.pbx.path("page.tif"), self.pbx.path("copy.tif"));
        assert!(Command::new(program()).arg("page").arg(&page).status().unwrap().success());
        let [from, at] = self.ports;
        let receiver = Machine::start(media[1], "receive", &copy, at, to[1]);
        let sender = Machine::start(media[0], "send", &page, from, to[0]);
        wait_for("sound or fax on both legs", Duration::from_secs(30), || {
            let calls = self.pbx.json(&["ctl", "calls"]);
            (0..2).all(|leg| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default() > 20)
        });
        let calls = self.pbx.json(&["ctl", "calls"]);
        assert_eq!(calls[0]["legs"][0]["codec"], codec);
        receiver.succeed();
        sender.succeed();
        let same = Command::new(program()).arg("compare").args([&page, &copy]).status().unwrap();
        assert!(same.success(), "the page has changed on the way");
        (self.pbx, self.caller)
    }
}

#[test]
fn a_page_as_t38() {
    let mut line = Line::new("PCMA", true);
    let port = number_of(&line.ports[0]);
    let call = line.caller.invite("202", &audio(port, "PCMA")).unwrap();
    line.offered("audio");
    let faxing = line.caller.reinvite(&call, &image(port)).unwrap();
    let to = [port_of(&faxing, "image").unwrap(), line.offered("image")];
    let (pbx, mut caller) = line.send_page(["t38", "t38"], to, "t38");
    caller.hang_up(&call);
    let record = &pbx.history(1)[0];
    assert_eq!((&record["legs"][0]["codec"], &record["legs"][1]["codec"]), (&"t38".into(), &"t38".into()));
    assert!(record["legs"].as_array().unwrap().iter().all(|leg| leg["diagnosis"].is_null()), "{record:#}");
}

#[test]
fn a_page_as_sound_where_t38_is_refused() {
    let mut line = Line::new("PCMA", false);
    let port = number_of(&line.ports[0]);
    let call = line.caller.invite("202", &audio(port, "PCMA")).unwrap();
    let to = [port_of(&call, "audio").unwrap(), line.offered("audio")];
    assert_eq!(line.caller.reinvite(&call, &image(port)), Err(488));
    let (_pbx, mut caller) = line.send_page(["PCMA", "PCMA"], to, "PCMA");
    caller.hang_up(&call);
}

#[test]
fn a_page_as_sound_from_one_law_to_the_other() {
    let mut line = Line::new("PCMU", false);
    let port = number_of(&line.ports[0]);
    let call = line.caller.invite("202", &audio(port, "PCMA")).unwrap();
    let to = [port_of(&call, "audio").unwrap(), line.offered("audio")];
    let (pbx, mut caller) = line.send_page(["PCMA", "PCMU"], to, "PCMA");
    assert!(pbx.log().contains("a fax machine is heard"), "{}", pbx.log());
    caller.hang_up(&call);
}
