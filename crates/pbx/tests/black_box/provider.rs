//! SIPp as a provider that does with each call what a test says, step by step.
use std::{fmt::Write as _, fs};

use crate::pbx::{Pbx, free_port};
use crate::sipp::Sipp;

/// Where providers stand: a trunk is known by its address.
pub(crate) const PROVIDER: &str = "127.0.0.2";

/// What it does next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Does {
    /// Says this to the INVITE, such as `486 Busy Here`. A refusal is acknowledged, and another INVITE may follow.
    Says(&'static str),
    /// The same, with one more header field.
    With(&'static str, &'static str),
    /// The same, with a session.
    Describes(&'static str),
    /// Answers, and waits for the ACK.
    Answers,
    /// Waits for the BYE.
    IsHungUp,
    /// Says BYE itself.
    HangsUp,
    /// Waits for the CANCEL.
    IsCancelled,
    /// Does nothing for so many milliseconds.
    Pauses(u32),
}

/// A running one.
pub(crate) struct Provider {
    sipp: Sipp,
    pub(crate) port: u16,
}

impl Provider {
    /// Takes so many calls; 0: as many as come. An OPTIONS would be a call.
    pub(crate) fn start(pbx: &Pbx, name: &str, calls: u32, does: &[Does]) -> Self {
        Self::start_at(pbx, name, free_port(), calls, does)
    }

    /// The same at a port that was chosen before.
    pub(crate) fn start_at(pbx: &Pbx, name: &str, port: u16, calls: u32, does: &[Does]) -> Self {
        Self::start_on(pbx, name, (PROVIDER, port), calls, does)
    }

    /// The same at any address: a phone that does as it is said.
    pub(crate) fn start_on(pbx: &Pbx, name: &str, at: (&str, u16), calls: u32, does: &[Does]) -> Self {
        let file = pbx.path(&format!("{name}.xml"));
        fs::write(&file, scenario(name, does)).unwrap();
        let calls = calls.to_string();
        let most = if calls == "0" { vec![] } else { vec!["-m", &calls] };
        Self { sipp: Sipp::provider(pbx, &file, at, &most), port: at.1 }
    }

    /// Its process is stopped: what comes is kept for it, and nothing is answered.
    pub(crate) fn falls_silent(&self) {
        self.sipp.stop();
    }

    /// All calls went as was said.
    #[track_caller]
    pub(crate) fn succeed(self) {
        self.sipp.succeed();
    }
}

/// A trunk there, as a file for the import has it. Nobody asks it by OPTIONS, which SIPp would take for a call.
pub(crate) fn trunk(name: &str, port: u16, more: &str) -> String {
    format!(
        "[[trunk]]\nname = \"{name}\"\nhost = \"{PROVIDER}:{port}\"\ntransport = \"udp\"\noptions = \"off\"\n{more}"
    )
}

fn scenario(name: &str, does: &[Does]) -> String {
    // A variable that nobody reads is an error to SIPp.
    let (invited, acknowledged) = match does.iter().any(|step| matches!(step, Does::HangsUp)) {
        true => (INVITED_FROM, ACKNOWLEDGED_BY),
        false => ("<recv request=\"INVITE\"/>\n", "<recv request=\"ACK\"/>\n"),
    };
    let mut xml =
        format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"{name}\">\n{invited}");
    let mut is_refused = false;
    for step in does {
        if is_refused && matches!(step, Does::Says(_) | Does::With(..) | Does::Describes(_) | Does::Answers) {
            xml += invited;
        }
        is_refused = false;
        match step {
            Does::Says(line) | Does::With(line, _) => {
                let more = if let Does::With(_, more) = step { *more } else { "" };
                xml += &response(line, more, "");
                is_refused = !line.starts_with('1');
                if is_refused {
                    xml += acknowledged;
                }
            }
            Does::Describes(line) => xml += &response(line, "", SESSION),
            Does::Answers => {
                xml += &response("200 OK", "", SESSION);
                xml += acknowledged;
            }
            Does::IsHungUp => xml += HUNG_UP,
            Does::HangsUp => xml += HANGS_UP,
            Does::IsCancelled => xml += CANCELLED,
            Does::Pauses(millis) => writeln!(xml, "<pause milliseconds=\"{millis}\"/>").unwrap(),
        }
    }
    xml + "</scenario>\n"
}

fn response(line: &str, more: &str, session: &str) -> String {
    let contact = match more.starts_with("Contact:") {
        true => "",
        false => "Contact: <sip:[local_ip]:[local_port]>\n",
    };
    let more = if more.is_empty() { String::new() } else { format!("{more}\n") };
    let kind = if session.is_empty() { "" } else { "Content-Type: application/sdp\n" };
    let retrans = if line.starts_with('1') { "" } else { " retrans=\"500\"" };
    format!(
        "<send{retrans}><![CDATA[\nSIP/2.0 {line}\n[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n\
         [last_CSeq:]\n{contact}{more}{kind}Content-Length: [len]\n\n{session}]]></send>\n"
    )
}

const INVITED_FROM: &str = r#"<recv request="INVITE"><action>
<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="target"/>
</action></recv>
"#;
const ACKNOWLEDGED_BY: &str = r#"<recv request="ACK"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>
</action></recv>
"#;
const SESSION: &str = "v=0
o=sipp 53655765 2353687637 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
";
const HUNG_UP: &str = r#"<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"#;
const HANGS_UP: &str = r#"<send retrans="500"><![CDATA[
BYE [$target] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: [$local]
To: [$remote]
[last_Call-ID:]
CSeq: 1 BYE
Content-Length: 0

]]></send>
<recv response="200"/>
"#;
const CANCELLED: &str = r#"<recv request="CANCEL"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
CSeq: 1 INVITE
Content-Length: 0

]]></send>
<recv request="ACK"/>
"#;
