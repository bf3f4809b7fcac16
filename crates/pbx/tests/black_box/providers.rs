//! Kamailio in the place of the providers whose presets come with the program: each at an address of its own, at the ports that its
//! page says, under its own name and certificate, with DNS that leads there. It wants each account registered and asked for its
//! password; SIPp is the network beyond.
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use rcgen::SanType;

use crate::authority::{Authority, write_key};
use crate::dns::Dns;
use crate::kamailio::{self, Kamailio, folder};
use crate::pbx::{Pbx, free_port, repository, text, wait_for};
use crate::provider::PROVIDER;
use crate::sipp::Sipp;

/// Of every account.
pub(crate) const PASSWORD: &str = "geheim-van-buiten";

/// What a provider's page says of it, and what it lets its calls be known by.
pub(crate) struct Face {
    pub(crate) preset: &'static str,
    /// The name of the page's trunk.
    pub(crate) trunk: &'static str,
    /// The host that the DNS leads to it.
    pub(crate) host: &'static str,
    pub(crate) account: &'static str,
    /// The name in its certificate; None: it speaks UDP.
    pub(crate) certificate: Option<&'static str>,
    /// Its names have NAPTR and SRV records; else the port is the one of the transport.
    pub(crate) has_services: bool,
    /// It knows the account by a REGISTER; else it calls the PBX at its address.
    pub(crate) registers: bool,
    /// Whether it refuses speech that is protected, as long as nobody has switched that on there.
    pub(crate) is_plain: bool,
}

pub(crate) const FACES: [Face; 6] = [
    Face {
        preset: "voipgrid",
        trunk: "voys",
        host: "sip.encryptedsip.com",
        account: "100001",
        certificate: Some("sip.encryptedsip.com"),
        has_services: false,
        registers: true,
        is_plain: false,
    },
    Face {
        preset: "twilio",
        trunk: "twilio",
        host: "kantoor.pstn.frankfurt.twilio.com",
        account: "kantoor",
        certificate: Some("*.pstn.frankfurt.twilio.com"),
        has_services: false,
        registers: false,
        is_plain: true,
    },
    Face {
        preset: "telnyx",
        trunk: "telnyx",
        host: "sip.telnyx.eu",
        account: "kantoor",
        certificate: Some("sip.telnyx.eu"),
        has_services: true,
        registers: true,
        is_plain: true,
    },
    Face {
        preset: "voximplant",
        trunk: "voximplant",
        host: "kantoor.account.voximplant.com",
        account: "pbx",
        certificate: None,
        has_services: false,
        registers: true,
        is_plain: false,
    },
    Face {
        preset: "api4com",
        trunk: "brasil",
        host: "kantoor.api4com.com",
        account: "1000",
        certificate: None,
        has_services: false,
        registers: true,
        is_plain: false,
    },
    Face {
        preset: "generic",
        trunk: "ander",
        host: "sip.example.net",
        account: "100001",
        certificate: None,
        has_services: false,
        registers: true,
        is_plain: false,
    },
];

/// All of them. They are ended when this goes out of scope.
pub(crate) struct Providers {
    /// Two numbers of 127.x.y.z that no other run has.
    network: (u8, u8, u8),
    /// Where calls for the network beyond come out.
    beyond: u16,
    _kamailio: Kamailio,
    _dns: Dns,
}

impl Providers {
    /// Starts them for a PBX that does not run, and trusts their authority. Where it is called at its address it serves TLS.
    pub(crate) fn start(pbx: &Pbx, is_called: bool) -> Self {
        let authority = Authority::new();
        let trusts = format!("server_ca = \"{}\"\n", pbx.path("ca.crt").display());
        if is_called {
            authority.equip(pbx, &trusts);
        } else {
            authority.equip_proxy(&pbx.path(""));
            pbx.configure(&format!("[sip.tls]\n{trusts}"));
        }
        let (network, beyond, folder) = (network(), free_port(), folder());
        let listen = listen(network, &authority, folder.path());
        let origination = format!("sip:{};transport=tls", pbx.address_over("tls"));
        let route = route(network, &origination, beyond);
        let kamailio = Kamailio::start(folder, |_| kamailio::configuration(&listen, MODULES, &route));
        // TLS is what it opens last.
        wait_for("kamailio", Duration::from_secs(10), || {
            let mut secure = FACES.iter().filter(|face| face.certificate.is_some());
            secure.all(|face| TcpStream::connect((address(network, face).as_str(), 5061)).is_ok())
        });
        Self { network, beyond, _kamailio: kamailio, _dns: Dns::start(pbx, &records(network)) }
    }

    /// Where one of them stands.
    pub(crate) fn at(&self, face: &Face) -> String {
        address(self.network, face)
    }

    /// Beside them all: nobody's address.
    pub(crate) fn beside(&self) -> String {
        let (high, low, first) = self.network;
        format!("127.{high}.{low}.{}", usize::from(first) + FACES.len())
    }

    /// Somebody of the network beyond rings a number, which this provider leads to the PBX.
    pub(crate) fn ring(&self, pbx: &Pbx, face: &Face, number: &str) {
        let arguments = ["-i", PROVIDER, "-s", number, "-m", "1", "-d", "100"];
        let to = format!("{}:5060", self.at(face));
        Sipp::start_to(&to, pbx, "trunk-caller", "+31687654321", free_port(), 0, &arguments).succeed();
    }

    /// Who answers the next call for the network beyond, and where all that it hears is written.
    pub(crate) fn answering(&self, pbx: &Pbx, name: &str) -> (Sipp, PathBuf) {
        let heard = pbx.path(&format!("{name}-heard"));
        let log = ["-m", "1", "-i", PROVIDER, "-mi", PROVIDER, "-rtp_echo", "-trace_msg", "-message_file"];
        let arguments = [&log[..], &[heard.to_str().unwrap()]].concat();
        (Sipp::start(pbx, "provider-echo", name, self.beyond, self.beyond, &arguments), heard)
    }
}

/// The commands of the page for a preset: those of the first block below its heading.
pub(crate) fn commands(face: &Face) -> Vec<Vec<String>> {
    let part = part(face);
    let (_, block) = part.split_once("```sh\n").expect("commands");
    let (block, _) = block.split_once("```").unwrap();
    let block = block.replace("\\\n", " ");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    block.lines().map(words).collect()
}

/// The dialplan of the page, with another trunk and its number, and the `match` that the part of the preset says.
pub(crate) fn dialplan(face: &Face, number: &str) -> String {
    let page = page();
    let (_, below) = page.split_once("   version  = 1\n").expect("the dialplan of the page");
    let (plan, _) = below.split_once("   ```").unwrap();
    let said = part(face).split_once("`match = ").map(|(_, said)| said.split('`').next().unwrap().to_owned());
    let matches = said.unwrap_or_else(|| format!("\"{number}\""));
    format!("version = 1\n{plan}")
        .replace("trunk:voys", &format!("trunk:{}", face.trunk))
        .replace("\"+31201234567\"", &matches)
}

fn page() -> String {
    fs::read_to_string(repository("docs/trunks.md")).unwrap()
}

/// What the page says of a preset.
fn part(face: &Face) -> String {
    let page = page();
    let (_, below) = page.split_once(&format!(": `{}`\n", face.preset)).expect("a heading of the preset");
    below.split("\n##").next().unwrap().to_owned()
}

/// Types a command of the page, and the password where it is asked for.
pub(crate) fn typed(pbx: &Pbx, words: &[String]) -> Output {
    assert_eq!(words[0], "kiestoon", "{words:?}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_kiestoon"))
        .args(&words[1..])
        .arg("--config")
        .arg(pbx.path("kiestoon.toml"))
        .current_dir(pbx.path(""))
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", text(&output));
    output
}

/// Waits until a trunk is registered, or, where it does not do that, works.
pub(crate) fn wait_for_trunk(pbx: &Pbx, face: &Face) {
    wait_for(&format!("trunk {}", face.trunk), Duration::from_secs(10), || {
        let trunks = pbx.json(&["ctl", "trunks"]);
        let trunk = trunks.as_array().unwrap().iter().find(|trunk| trunk["name"] == face.trunk);
        trunk.is_some_and(|trunk| trunk["registered_until"].is_string() || !face.registers)
    });
}

/// What it listens by: each face has its own certificate, and wants to see none.
fn listen(network: (u8, u8, u8), authority: &Authority, folder: &Path) -> String {
    authority.equip_proxy(folder);
    let file = |name: &str| folder.join(name).display().to_string();
    let profile = |side: &str, name: &str| {
        let [certificate, key] = ["crt", "key"].map(|kind| file(&format!("{name}.{kind}")));
        format!(
            "[{side}]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\n\
             certificate = {certificate}\nprivate_key = {key}\n"
        )
    };
    let mut listen = "enable_tls=yes\n".to_owned();
    let mut profiles = profile("server:default", "proxy");
    for face in &FACES {
        let at = address(network, face);
        writeln!(listen, "listen=udp:{at}:5060").unwrap();
        let Some(name) = face.certificate else { continue };
        writeln!(listen, "listen=tls:{at}:5061").unwrap();
        let signed = authority.sign_for(vec![SanType::DnsName(name.try_into().unwrap())]);
        fs::write(file(&format!("{}.crt", face.preset)), signed.certificate.pem()).unwrap();
        write_key(&folder.join(format!("{}.key", face.preset)), &signed.key);
        profiles += &profile(&format!("server:{at}:5061"), face.preset);
    }
    let client = "[client:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\nca_list = ";
    fs::write(file("tls.cfg"), format!("{profiles}{client}{}\n", file("ca.crt"))).unwrap();
    format!("{listen}loadmodule \"tls.so\"\nmodparam(\"tls\", \"config\", \"{}\")", file("tls.cfg"))
}

/// Every run and every test has addresses of its own, since the ports are those of the providers.
fn network() -> (u8, u8, u8) {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    (64 + high % 128, low, 16 + NEXT.fetch_add(1, Ordering::Relaxed) % 24 * 8)
}

fn address((high, low, first): (u8, u8, u8), face: &Face) -> String {
    let place = FACES.iter().position(|other| other.preset == face.preset).unwrap();
    format!("127.{high}.{low}.{}", usize::from(first) + place)
}

fn records(network: (u8, u8, u8)) -> Vec<String> {
    let mut records = Vec::new();
    for face in &FACES {
        let host = face.host;
        records.push(format!("host-record={host},{}", address(network, face)));
        if face.has_services {
            records.push(format!("naptr-record={host},10,10,s,SIPS+D2T,,_sips._tcp.{host}"));
            records.push(format!("srv-host=_sips._tcp.{host},{host},5061,10,10"));
        }
    }
    records
}

/// What becomes of a request: by the address that it came to.
fn route(network: (u8, u8, u8), origination: &str, beyond: u16) -> String {
    let mut inbound = String::new();
    let mut refused = String::new();
    for face in &FACES {
        let (at, host, account) = (address(network, face), face.host, face.account);
        let goes = match face.registers {
            true => format!(
                "$ru = \"sip:{account}@{host}\"; if (!lookup(\"location\")) {{ sl_send_reply(\"404\", \"Not Found\"); exit; }}"
            ),
            false => format!("$du = \"{origination}\"; $fs = \"tls:{at}:5061\";"),
        };
        writeln!(inbound, "        if ($Ri == \"{at}\") {{ {goes} }}").unwrap();
        // Its own name, its own account, and the transport of its page.
        let transport = if face.certificate.is_some() { "tls" } else { "udp" };
        let known = format!("$td == \"{host}\" && $proto == \"{transport}\"");
        writeln!(
            refused,
            "    if ($Ri == \"{at}\" && !({known})) {{ sl_send_reply(\"403\", \"Forbidden\"); exit; }}"
        )
        .unwrap();
        writeln!(refused, "    if ($Ri == \"{at}\") {{ $var(account) = \"{account}\"; }}").unwrap();
        if face.is_plain {
            let secure = format!("$Ri == \"{at}\" && is_method(\"INVITE\") && search_body(\"RTP/SAVP\")");
            writeln!(refused, "    if ({secure}) {{ $var(plain) = 1; }}").unwrap();
        }
    }
    ROUTE
        .replace("PROVIDER", PROVIDER)
        .replace("INBOUND", &inbound)
        .replace("REFUSED", &refused)
        .replace("PASSWORD", PASSWORD)
        .replace("BEYOND", &format!("sip:{PROVIDER}:{beyond}"))
}

const MODULES: &str = r#"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("registrar", "received_avp", "$avp(received)")
modparam("nathelper", "received_avp", "$avp(received)")
# Who has registered over a connection is reached over it, whatever its Contact says, as a phone behind a router.
onreply_route { if ($si == "127.0.0.1") { fix_nated_contact(); } return 1; }
"#;
const ROUTE: &str = r#"
    $var(plain) = 0;
    if ($si == "PROVIDER") {
INBOUND
        record_route();
        t_relay();
        exit;
    }
    if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
REFUSED
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("$td", "PASSWORD", "0") || $au != $tU) { www_challenge("$td", "1"); exit; }
        fix_nated_register();
        save("location");
        exit;
    }
    if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    if (!pv_proxy_authenticate("$td", "PASSWORD", "0") || $au != $var(account)) { proxy_challenge("$td", "1"); exit; }
    consume_credentials();
    if ($var(plain) == 1) { sl_send_reply("488", "Not Acceptable Here"); exit; }
    record_route();
    $du = "BEYOND";
    $fs = "udp:" + $Ri + ":5060";
    t_relay();
"#;
