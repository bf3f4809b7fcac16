//! Linphone as a phone: another SIP stack, another media stack. It calls a baresip and is called by it, in clear and over
//! TLS with SRTP, and each hears the other.
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tempfile::TempDir;

use crate::authority::Authority;
use crate::baresip::{Baresip, Phone};
use crate::pbx::{PASSWORD_PREFIX, Pbx, free_port, wait_for};
use crate::tone;

const DIALPLAN: &str =
    "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

#[test]
fn in_clear() {
    talk("udp", false);
}

#[test]
fn over_tls_with_srtp() {
    talk("tls", true);
}

/// The one who asks whether the other may be put through is no longer heard afterwards, and the two hear each other.
#[test]
fn a_call_is_put_through_after_asking() {
    let pbx = Pbx::start(&["201", "202", "203"], DIALPLAN);
    let mut desk = Linphone::start(&pbx, "201", 440.0, "udp", false);
    // Not a baresip: one that was held stays silent when it is resumed.
    let client = Linphone::start(&pbx, "202", 1_000.0, "udp", false);
    let colleague = Phone { number: "203", transport: "udp", tone: 700, answers: true, parameters: "" };
    let mut colleague = Baresip::start(&pbx, &colleague);
    desk.say(&format!("call sip:202@{}", pbx.address()));
    sound(&pbx, false);
    desk.say("pause");
    desk.say(&format!("call sip:203@{}", pbx.address()));
    colleague.expect("CALL_ESTABLISHED");
    sound_of(&pbx, 1, false);
    desk.say("transfer 1 --to-call 2");
    wait_for("one call", Duration::from_secs(15), || {
        pbx.json(&["ctl", "calls"]).as_array().unwrap().len() == 1
    });
    sound(&pbx, false);
    colleague.command("hangup", "");
    colleague.expect("CALL_CLOSED");
    tone::assert_heard(&client.heard(), 700.0);
    tone::assert_heard(&colleague.heard(), 1_000.0);
    let history = pbx.history(2);
    let reasons: Vec<_> = history.iter().map(|call| call["end_reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"transferred"), "{reasons:?}");
}

#[test]
fn its_keys_in_info_reach_a_phone_that_takes_events() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let mut linphone = Linphone::start(&pbx, "201", 440.0, "udp", false);
    let baresip = Phone { number: "202", transport: "udp", tone: 1_000, answers: true, parameters: "" };
    let mut baresip = Baresip::start(&pbx, &baresip);
    linphone.say(&format!("call sip:202@{};transport=udp", pbx.address()));
    baresip.expect("CALL_ESTABLISHED");
    sound(&pbx, false);
    for key in ["5", "#"] {
        linphone.say(key);
        assert_eq!(baresip.expect("CALL_DTMF_START")["param"], key);
    }
    linphone.say("terminate");
    baresip.expect("CALL_CLOSED");
    assert!(!baresip.has_seen("CALL_DTMF_START"), "each key once");
}

/// A baresip on hold ends its recording; Linphone goes on.
#[test]
fn on_hold_it_hears_music_and_after_it_the_other_again() {
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    tone::write(&pbx.path("sounds/muziek.wav"), 620.0, 5.0);
    pbx.run();
    let linphone = Linphone::start(&pbx, "201", 440.0, "udp", false);
    let baresip = Phone { number: "202", transport: "udp", tone: 1_000, answers: true, parameters: "" };
    let mut baresip = Baresip::start(&pbx, &baresip);
    let leg = |leg: usize| pbx.json(&["ctl", "calls"])[0]["legs"][leg].clone();
    let sent = || leg(1)["outbound"]["packets"].as_u64().unwrap_or_default();
    baresip.command("dial", &format!("sip:201@{}", pbx.address()));
    baresip.expect("CALL_ESTABLISHED");
    sound(&pbx, false);
    for (command, holds) in [("hold", true), ("resume", false)] {
        baresip.command(command, "");
        wait_for(command, Duration::from_secs(10), || leg(0)["on_hold"] == holds);
        let before = sent();
        wait_for("sound", Duration::from_secs(10), || sent() > before + 150);
    }
    baresip.command("hangup", "");
    baresip.expect("CALL_CLOSED");
    wait_for("the recording", Duration::from_secs(10), || {
        tone::order(&linphone.heard(), &[1_000.0, 620.0]) == [1_000.0, 620.0, 1_000.0]
    });
}

fn talk(transport: &'static str, secure: bool) {
    let authority = Authority::new();
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    authority.equip(&pbx, "");
    pbx.run();
    let mut linphone = Linphone::start(&pbx, "201", 440.0, transport, secure);
    let baresip = Phone { number: "202", transport: "udp", tone: 1_000, answers: true, parameters: "" };
    let mut baresip = Baresip::start(&pbx, &baresip);

    linphone.say(&format!("call sip:202@{};transport={transport}", pbx.address_over(transport)));
    baresip.expect("CALL_ESTABLISHED");
    sound(&pbx, secure);
    linphone.say("terminate");
    baresip.expect("CALL_CLOSED");
    tone::assert_heard(&baresip.heard(), 440.0);
    tone::assert_heard(&linphone.heard(), 1_000.0);

    baresip.command("dial", &format!("sip:201@{}", pbx.address()));
    baresip.expect("CALL_ESTABLISHED");
    sound(&pbx, secure);
    baresip.command("hangup", "");
    baresip.expect("CALL_CLOSED");
    tone::assert_heard(&baresip.heard(), 440.0);
    let history = pbx.history(2);
    assert!(history.iter().all(|call| call["disposition"] == "answered"), "{history:#?}");
}

/// Waits until there was sound both ways for some seconds.
fn sound(pbx: &Pbx, secure: bool) {
    sound_of(pbx, 0, secure);
}

/// The same for one of several calls, as `ctl calls` orders them.
fn sound_of(pbx: &Pbx, call: usize, secure: bool) {
    wait_for("packets on both legs", Duration::from_secs(15), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets =
            |leg: usize| calls[call]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 150 && packets(1) > 150
    });
    let calls = pbx.json(&["ctl", "calls"]);
    let protected =
        calls[call]["legs"].as_array().unwrap().iter().filter(|leg| leg["srtp"].is_string()).count();
    assert_eq!(protected, usize::from(secure), "{calls:#}");
}

/// A linphonec that answers whatever rings, plays a tone and records what it hears.
struct Linphone {
    folder: TempDir,
    child: Child,
    input: ChildStdin,
    said: Arc<Mutex<String>>,
}

impl Linphone {
    fn start(pbx: &Pbx, number: &str, tone: f64, transport: &str, secure: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("kiestoon-linphone-").tempdir().unwrap();
        let port = |name: &str| if name == transport { i32::from(free_port()) } else { 0 };
        let address = pbx.address_over(transport);
        // Its TLS library reads no addresses in certificates, so that the name is not compared; the authority is.
        let configuration = format!(
            "[sip]\nsip_port={}\nsip_tcp_port={}\nsip_tls_port={}\nmedia_encryption={}\nmedia_encryption_mandatory={}\n\
             root_ca={}\nverify_server_cn=0\nuse_info=1\nuse_rfc2833=0\ndefault_proxy=0\n[proxy_0]\nreg_proxy=<sip:{address};transport={transport}>\n\
             reg_identity=<sip:{number}@{address}>\nreg_sendregister=1\nreg_expires=300\n\
             [auth_info_0]\nusername={number}\npasswd={PASSWORD_PREFIX}{number}\n[rtp]\naudio_rtp_port=33000-34000\n\
             [audio_codec_0]\nmime=PCMA\nrate=8000\nenabled=1\n[audio_codec_1]\nmime=PCMU\nrate=8000\nenabled=1\n",
            port("udp"),
            port("tcp"),
            port("tls"),
            if secure { "srtp" } else { "none" },
            i32::from(secure),
            pbx.path("ca.crt").display(),
        );
        fs::write(folder.path().join("rc"), configuration).unwrap();
        tone::write(&folder.path().join("tone.wav"), tone, 60.0);
        // Without its folder it has no database, and then it does nothing at all.
        fs::create_dir_all(folder.path().join(".local/share/linphone")).unwrap();
        // It reads its network only while it waits for a terminal.
        let path = folder.path().display();
        let mut child = Command::new("script")
            .args(["-qfc", &format!("linphonec -a -S -l {path}/log -c {path}/rc"), "/dev/null"])
            .env("HOME", folder.path())
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("linphonec is installed (make test installs it)");
        let said = Arc::new(Mutex::new(String::new()));
        let (output, heard) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let input = child.stdin.take().unwrap();
        let mut started = Self { folder, child, input, said };
        let path = |name: &str| started.folder.path().join(name).display().to_string();
        let (tone, record) = (path("tone.wav"), path("heard.wav"));
        started.say("soundcard use files");
        started.say(&format!("play {tone}"));
        started.say(&format!("record {record}"));
        wait_for("registration of linphone", Duration::from_secs(20), || {
            let registrations = pbx.json(&["ctl", "registrations"]);
            registrations.as_array().unwrap().iter().any(|one| one["number"] == number)
        });
        started
    }

    /// Types one command.
    fn say(&mut self, command: &str) {
        writeln!(self.input, "{command}").unwrap();
        self.input.flush().unwrap();
    }

    /// The recording of what it has heard.
    fn heard(&self) -> PathBuf {
        self.folder.path().join("heard.wav")
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- linphone said\n{}", self.said.lock().unwrap());
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- log of linphone\n{log}");
        }
    }
}
