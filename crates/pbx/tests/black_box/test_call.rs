//! `kiestoon trunk test --call`: a call over the trunk to a provider that does one thing, and what the rung says of it.
use std::{
    net::{SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ladder::{assert_found, import, rung, tested, with_trunk};
use crate::pbx::{Pbx, text, wait_for};
use crate::provider::PROVIDER;
use crate::raw::header;

/// What a provider does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Answers and sends back what it hears.
    Echoes,
    /// The same, protected with the key that it was offered.
    EchoesSealed,
    /// Answers and sends packets with nothing in them.
    IsQuiet,
    /// Answers and sends nothing.
    IsMute,
    /// Answers with a codec that nobody has offered.
    SpeaksAnother,
    Says(&'static str),
    /// Asks for credentials whatever it is given.
    AsksForever,
    Rings,
    /// Rings, and answers when the call is taken back.
    AnswersLate,
    /// Answers without saying where the call goes on.
    HasNoContact,
    /// Answers twice, from two places.
    Forks,
    /// Answers, and hangs up with the header that it is known by.
    HangsUp,
}

/// A provider that stays until the test ends, and all that it was sent.
pub(crate) struct Provider {
    pub(crate) at: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    fn start(does: Does) -> Self {
        let sound = sound(does);
        Self::playing(move |message, at| answers(does, message, at, sound))
    }

    /// One that says this to each message that comes, from where it is.
    pub(crate) fn playing(mut says: impl FnMut(&str, SocketAddr) -> Vec<String> + Send + 'static) -> Self {
        let socket = UdpSocket::bind((PROVIDER, 0)).unwrap();
        let at = socket.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&heard);
        thread::spawn(move || {
            let mut buffer = [0; 65_535];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                all.lock().unwrap().push(message.clone());
                for message in says(&message, at) {
                    socket.send_to(message.as_bytes(), from).unwrap();
                }
            }
        });
        Self { at, heard }
    }

    pub(crate) fn of(&self, method: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|message| message.starts_with(&format!("{method} "))).cloned().collect()
    }

    pub(crate) fn trunk(&self) -> String {
        format!("host = \"{}\"\ntransport = \"udp\"\n", self.at)
    }
}

/// The port where sound is taken, and what becomes of it.
fn sound(does: Does) -> u16 {
    let socket = UdpSocket::bind((PROVIDER, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut buffer = [0; 2_048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let packet = &mut buffer[..length];
            match does {
                Does::Echoes | Does::EchoesSealed | Does::Forks => {}
                // The silence of A-law.
                Does::IsQuiet => packet[12..].fill(0xd5),
                _ => continue,
            }
            socket.send_to(packet, from).unwrap();
        }
    });
    port
}

/// A response to a message, with the tag `far`.
pub(crate) fn response(message: &str, at: SocketAddr, line: &str, more: &str, body: &str) -> String {
    let copied =
        ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(message, name)));
    let to = header(message, "To");
    let tag = if to.contains(";tag=") { "" } else { ";tag=far" };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let length = body.len();
    format!(
        "SIP/2.0 {line}\r\n{}To: {to}{tag}\r\nContact: <sip:{at}>\r\n{more}{kind}Content-Length: {length}\r\n\r\n{body}",
        copied.concat()
    )
}

/// A request of the side that answered, in the dialog of one of ours.
pub(crate) fn request(of: &str, at: SocketAddr, method: &str, cseq: u32, more: &str) -> String {
    let [us, them, call] = ["To", "From", "Call-ID"].map(|name| header(of, name));
    format!(
        "{method} sip:us@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{method}{cseq}\r\nFrom: {us}\r\nTo: {them}\r\n\
         Call-ID: {call}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContact: <sip:{at}>\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn answers(does: Does, message: &str, at: SocketAddr, sound: u16) -> Vec<String> {
    let response = |line: &str, more: &str, body: &str| response(message, at, line, more, body);
    let plain = |line: &str| vec![response(line, "", "")];
    match message.split(' ').next().unwrap_or_default() {
        "INVITE" => match does {
            Does::Says(line) => plain(line),
            Does::Rings | Does::AnswersLate => plain("180 Ringing"),
            Does::AsksForever => {
                let asks = "WWW-Authenticate: Digest realm=\"voys.example\", nonce=\"0123456789abcdef\"\r\n";
                vec![response("401 Unauthorized", asks, "")]
            }
            _ => {
                let answer = response("200 OK", "", &session(does, message, sound));
                let answers = match does {
                    Does::HasNoContact => vec![answer.replace(&format!("Contact: <sip:{at}>\r\n"), "")],
                    Does::Forks => vec![answer.replace(";tag=far", ";tag=other"), answer],
                    _ => vec![answer],
                };
                [vec![response("180 Ringing", "", "")], answers].concat()
            }
        },
        "CANCEL" if does == Does::AnswersLate => {
            let answer = response("200 OK", "", &session(does, message, sound));
            vec![response("200 OK", "", ""), answer.replace(" CANCEL\r\n", " INVITE\r\n")]
        }
        "ACK" if does == Does::HangsUp => {
            vec![request(message, at, "BYE", 1, "X-Key: geheim-woord\r\n")]
        }
        "CANCEL" => {
            let invite = response("487 Request Terminated", "", "").replace(" CANCEL\r\n", " INVITE\r\n");
            vec![response("200 OK", "", ""), invite]
        }
        "OPTIONS" | "BYE" => plain("200 OK"),
        _ => Vec::new(),
    }
}

fn session(does: Does, offer: &str, port: u16) -> String {
    let key = offer.lines().find(|line| line.starts_with("a=crypto:")).unwrap_or_default();
    let (profile, format, more) = match does {
        Does::EchoesSealed => ("RTP/SAVP", "8", format!("{key}\r\n")),
        Does::SpeaksAnother => ("RTP/AVP", "3", String::new()),
        _ => ("RTP/AVP", "8", String::new()),
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 {PROVIDER}\r\ns=-\r\nc=IN IP4 {PROVIDER}\r\nt=0 0\r\nm=audio {port} {profile} {format}\r\n{more}"
    )
}

/// A running PBX with such a provider.
fn with(does: Does, more: &str) -> (Pbx, Provider) {
    let provider = Provider::start(does);
    (running(&provider, more), provider)
}

/// A running PBX with a trunk to a provider, of which `more` is said.
pub(crate) fn running(provider: &Provider, more: &str) -> Pbx {
    let mut pbx = with_trunk(&format!("{}{more}", provider.trunk()));
    pbx.run();
    pbx
}

pub(crate) const CALL: [&str; 2] = ["--call", "020-1112222"];

#[track_caller]
pub(crate) fn assert_over(pbx: &Pbx) {
    wait_for("end of the call", Duration::from_secs(10), || {
        pbx.json(&["ctl", "trunks"])[0]["calls_out"] == 0
    });
}

#[test]
fn an_echo_number_proves_both_directions() {
    let (pbx, provider) = with(Does::Echoes, "caller_id_number = \"+31201234567\"\n");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back from 127.0.0.2 (level -16 dBFS)");
    let details = &rung(&test, "call")["details"];
    assert_eq!((&details["codec"], &details["protected"]), (&"PCMA/8000".into(), &"no".into()), "{details}");
    let invites = provider.of("INVITE");
    assert!(invites[0].starts_with("INVITE sip:+31201112222@127.0.0.2"), "{}", invites[0]);
    assert!(header(&invites[0], "From").contains("+31201234567"), "{}", invites[0]);
    assert_eq!((invites.len(), provider.of("ACK").len(), provider.of("BYE").len()), (1, 1, 1));
    assert_over(&pbx);
    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["trunk_out"]), (&"answered".into(), &"voys".into()), "{call:#}");
    assert_eq!(call["to_number"], "+31201112222");
    let doctor = pbx.kiestoon(&["doctor", "--production", "--json", "--call", "0201112222"]);
    let found: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let item = found.as_array().unwrap().iter().find(|item| item["item"] == "call out").unwrap();
    assert!(item["result"] == "good" && item["says"].as_str().unwrap().contains("our own tone"), "{item}");
}

#[test]
fn protected_sound_is_understood_and_its_key_not_shown() {
    let (pbx, provider) = with(Does::EchoesSealed, "srtp = \"required\"\n");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    assert_found(&test, "call", "ok", "our own tone came back");
    assert_eq!(rung(&test, "call")["details"]["protected"], "SRTP");
    let offer = &provider.of("INVITE")[0];
    let key = offer.split("inline:").nth(1).unwrap().lines().next().unwrap();
    assert!(!test.to_string().contains(key), "{test:#}");
}

#[test]
fn an_answer_without_sound_says_what_to_look_at() {
    let (pbx, _provider) = with(Does::IsMute, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds);
    assert_found(&test, "call", "failed", "but no sound came");
    let advice = rung(&test, "call")["advice"]["en"].as_str().unwrap();
    assert!(advice.contains("media.rtp_ports"), "{advice}");

    let quiet = Provider::start(Does::IsQuiet);
    import(&pbx, &quiet.trunk());
    assert!(pbx.kiestoon(&["ctl", "reload"]).status.success());
    let (test, _) = tested(&pbx, &CALL);
    assert_found(&test, "call", "warning", "there is silence in them");

    let another = Provider::start(Does::SpeaksAnother);
    import(&pbx, &another.trunk());
    assert!(pbx.kiestoon(&["ctl", "reload"]).status.success());
    let (test, _) = tested(&pbx, &CALL);
    assert_found(&test, "call", "failed", "with no codec that was offered");
    assert_eq!(another.of("BYE").len(), 1);
    assert_over(&pbx);
}

#[test]
fn whoever_answers_too_is_hung_up_too() {
    let (pbx, provider) = with(Does::Forks, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(holds, "{test:#}");
    wait_for("both BYEs", Duration::from_secs(5), || {
        let to = provider.of("BYE").into_iter().map(|bye| header(&bye, "To").to_owned()).collect::<Vec<_>>();
        ["far", "other"].iter().all(|tag| to.iter().any(|to| to.ends_with(&format!(";tag={tag}"))))
    });
    assert_over(&pbx);
}

#[test]
fn an_answer_that_says_not_where_the_call_goes_on_is_an_answer() {
    let (pbx, provider) = with(Does::HasNoContact, "");
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds);
    assert_found(&test, "call", "failed", "without a usable Contact");
    assert_eq!((provider.of("ACK").len(), provider.of("BYE").len()), (1, 1));
    assert_over(&pbx);
    assert_eq!(pbx.history(1)[0]["disposition"], "answered");
}

#[test]
fn what_the_provider_is_known_by_is_not_shown_in_a_call_either() {
    let known = format!("addresses = [\"{PROVIDER}\"]\nidentify_header = \"X-Key: geheim-woord\"\n");
    let (pbx, _provider) = with(Does::HangsUp, &known);
    let (test, _) = tested(&pbx, &CALL);
    assert_found(&test, "call", "failed", "hung up by the other side");
    let shown = test.to_string();
    assert!(shown.contains("X-Key: …") && !shown.contains("geheim-woord"), "{shown}");
    assert_over(&pbx);
}

#[test]
fn refusals_of_the_provider_are_told_apart() {
    for (says, result, part) in [
        ("486 Busy Here", "warning", "486 Busy Here"),
        ("403 Forbidden", "failed", "403 Forbidden"),
        ("404 Not Found", "failed", "404 Not Found"),
        ("488 Not Acceptable Here", "failed", "488"),
        ("503 Service Unavailable", "failed", "503"),
    ] {
        let (pbx, provider) = with(Does::Says(says), "");
        let (test, holds) = tested(&pbx, &CALL);
        assert_found(&test, "call", result, part);
        assert_eq!(holds, result == "warning");
        wait_for("ACK", Duration::from_secs(5), || provider.of("ACK").len() == 1);
        assert_over(&pbx);
    }
}

#[test]
fn who_asks_for_the_password_for_ever_is_left_after_two_answers() {
    let account = "username = \"100001\"\npassword = \"geheim-van-voys\"\n";
    let (pbx, provider) = with(Does::AsksForever, account);
    let (test, holds) = tested(&pbx, &CALL);
    assert!(!holds);
    assert_found(&test, "call", "failed", "asks for the password again and again (401 Unauthorized)");
    let invites = provider.of("INVITE");
    assert!(invites.len() == 2 && invites[1].contains("Authorization: Digest"), "{invites:?}");
    let shown = rung(&test, "call").to_string();
    assert!(shown.contains("response=\\\"…") || shown.contains("response=\\\"\\u2026"), "{shown}");
    assert!(!shown.contains("geheim"), "{shown}");
    let (pbx, _provider) = with(Does::AsksForever, "");
    assert_found(&tested(&pbx, &CALL).0, "call", "failed", "and the trunk has none");
}

#[test]
fn what_may_not_be_called_does_not_leave_the_pbx() {
    let (pbx, provider) = with(Does::Echoes, "");
    for (number, part) in [
        ("0906-1234", "may not call 0906-1234 now (class premium)"),
        ("+493012345678", "class international"),
        ("112", "a test never calls for help"),
        ("+31112", "a test never calls for help"),
        ("example", "is no number that can be dialled"),
    ] {
        let (test, holds) = tested(&pbx, &["--call", number]);
        assert!(!holds, "{test:#}");
        assert_found(&test, "call", "failed", part);
    }
    assert_eq!(provider.of("INVITE"), Vec::<String>::new());
    assert!(pbx.log().contains("call out refused"), "{}", pbx.log());
    assert_eq!(pbx.json(&["history"]), serde_json::json!([]));
    drop(pbx);
    let pbx = with_trunk(&provider.trunk());
    let without = pbx.kiestoon(&["trunk", "test", "voys", "--call", "0201112222"]);
    assert_eq!(without.status.code(), Some(64), "{}", text(&without));
    assert!(text(&without).contains("--call needs the running PBX"), "{}", text(&without));
    assert_eq!(provider.of("INVITE"), Vec::<String>::new());
}

/// Somebody who looks at a test call.
fn looking(pbx: &Pbx) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kiestoon"))
        .args(["trunk", "test", "voys", "--call", "0201112222", "--config"])
        .arg(pbx.path("kiestoon.toml"))
        .current_dir(pbx.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn leaves(mut looks: Child) {
    kill(Pid::from_raw(i32::try_from(looks.id()).unwrap()), Signal::SIGINT).unwrap();
    looks.wait().unwrap();
}

#[test]
fn an_answer_that_crosses_its_end_is_charged_and_hung_up() {
    let (pbx, provider) = with(Does::AnswersLate, "");
    let looks = looking(&pbx);
    wait_for("INVITE", Duration::from_secs(10), || provider.of("INVITE").len() == 1);
    leaves(looks);
    wait_for("BYE", Duration::from_secs(10), || provider.of("BYE").len() == 1);
    assert_over(&pbx);
    assert_eq!(pbx.history(1)[0]["disposition"], "answered");
}

#[test]
fn a_call_is_hung_up_where_nobody_looks_any_more_and_where_the_pbx_stops() {
    let (mut pbx, provider) = with(Does::Rings, "");
    let looks = looking(&pbx);
    wait_for("INVITE", Duration::from_secs(10), || provider.of("INVITE").len() == 1);
    leaves(looks);
    wait_for("CANCEL", Duration::from_secs(10), || provider.of("CANCEL").len() == 1);
    assert_over(&pbx);
    let mut looks = looking(&pbx);
    wait_for("second INVITE", Duration::from_secs(10), || provider.of("INVITE").len() == 2);
    pbx.signal(Signal::SIGTERM);
    wait_for("the drain", Duration::from_secs(10), || pbx.json(&["ctl", "status"])["state"] == "draining");
    pbx.signal(Signal::SIGTERM);
    assert_eq!(pbx.wait(Duration::from_secs(15)), Some(0));
    assert_eq!(provider.of("CANCEL").len(), 2);
    looks.wait().unwrap();
}
