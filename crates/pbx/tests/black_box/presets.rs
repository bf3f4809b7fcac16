//! The presets as a new user has them: the commands of the page `docs/trunks.md` as they stand there, a PBX that asks the DNS for the
//! provider's own names, and Kamailio at the place to which they lead.
use std::fs;

use serde_json::Value;

use crate::pbx::{Pbx, text};
use crate::providers::{FACES, Face, Providers, commands, dialplan, typed, wait_for_trunk};
use crate::raw::header;
use crate::user_agent::{Callee, UserAgent};

/// What is dialled over a preset's trunk, and how it reaches the provider.
struct Outward {
    dialled: &'static str,
    /// The same in E.164.
    whole: &'static str,
    number: &'static str,
    /// The trunk's own number, as the provider wants to see it.
    shown: &'static str,
}

const TO_E164: Outward =
    Outward { dialled: "0612345678", whole: "+31612345678", number: "+31612345678", shown: "+31201234567" };

struct Office {
    pbx: Pbx,
    providers: Providers,
    caller: UserAgent,
    _phone: Callee,
}

impl Office {
    /// A running PBX with the page's phones, whom nobody has told of a provider.
    fn start(dialplan: &str, is_called: bool) -> Self {
        let mut pbx = Pbx::new(&["201", "202"], dialplan);
        let providers = Providers::start(&pbx, is_called);
        pbx.run();
        let here = || "127.0.0.1:0".parse().unwrap();
        let phone = Callee::start(&pbx, "201", here());
        let caller = UserAgent::new(&pbx, "202", here());
        Self { pbx, providers, caller, _phone: phone }
    }

    /// Adds the trunk of a preset with these words.
    fn add(&self, face: &Face, words: &[String]) {
        typed(&self.pbx, words);
        if !face.registers {
            // Nobody here can call from the addresses that it has: those are looked at in `store`.
            let own = format!("addresses={}", self.providers.at(face));
            let set = self.pbx.kiestoon(&["trunk", "set", face.trunk, &own]);
            assert!(set.status.success(), "{}", text(&set));
        }
        wait_for_trunk(&self.pbx, face);
    }

    /// A phone calls out: the INVITE as it came out beyond the provider, and the leg over the trunk.
    fn call_out(&mut self, dialled: &str) -> (String, Value) {
        let calls = self.calls();
        let (beyond, heard) = self.providers.answering(&self.pbx, &format!("beyond{calls}"));
        assert_eq!(self.caller.call(dialled), Ok(()), "{}", self.pbx.log());
        beyond.succeed();
        let heard = fs::read_to_string(heard).unwrap();
        let invite = heard.find("INVITE sip:").map(|at| heard[at..].to_owned()).expect("an INVITE");
        let call = self.pbx.history(calls + 1).swap_remove(0);
        assert_eq!(call["disposition"], "answered", "{call:#}");
        (invite, call["legs"].as_array().unwrap().last().unwrap().clone())
    }

    /// Somebody rings a number over a trunk: the record.
    fn call_in(&self, face: &Face, number: &str) -> Value {
        let calls = self.calls();
        self.providers.ring(&self.pbx, face, number);
        let call = self.pbx.history(calls + 1).swap_remove(0);
        assert_eq!(
            (&call["disposition"], &call["context"]),
            (&"answered".into(), &"inkomend".into()),
            "{call:#}"
        );
        assert_eq!(call["from_number"], "+31687654321", "{call:#}");
        let leg = &call["legs"][0];
        assert_eq!(
            (&leg["trunk"], &leg["transport"]),
            (&face.trunk.into(), &transport(face).into()),
            "{leg:#}"
        );
        call
    }

    fn calls(&self) -> usize {
        self.pbx.json(&["history"]).as_array().unwrap().len()
    }
}

fn transport(face: &Face) -> &'static str {
    if face.certificate.is_some() { "tls" } else { "udp" }
}

fn face(preset: &str) -> &'static Face {
    FACES.iter().find(|face| face.preset == preset).unwrap()
}

/// The value of a word `KEY=VALUE`.
fn value<'w>(words: &'w [String], key: &str) -> &'w str {
    words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')).unwrap()
}

/// From nothing to the first call out and the first call in, by the page; in the forms in which the provider writes the number.
fn from_nothing_to_the_first_call(preset: &str, out: &Outward, rings: &[(&str, &str)]) {
    let face = face(preset);
    let words = commands(face).swap_remove(0);
    let own = value(&words, "numbers").to_owned();
    // Who registers needs no port of its own for TLS, and no certificate.
    let mut office = Office::start(&dialplan(face, &own), !face.registers);
    office.add(face, &words);

    let (invite, leg) = office.call_out(out.dialled);
    let shown = format!("<sip:{}@{}>", out.shown, face.host);
    assert!(invite.starts_with(&format!("INVITE sip:{}@{}", out.number, face.host)), "{invite}");
    assert!(header(&invite, "From").starts_with(&shown), "{invite}");
    assert_eq!(header(&invite, "P-Asserted-Identity"), shown, "{invite}");
    let via = format!("SIP/2.0/{} 127.0.0.1:", transport(face).to_uppercase());
    assert!(invite.contains(&via), "{invite}");
    let is_secure = face.certificate.is_some() && !face.is_plain;
    assert_eq!(invite.contains("RTP/SAVP"), is_secure, "{invite}");
    assert_eq!((&leg["trunk"], &leg["transport"]), (&face.trunk.into(), &transport(face).into()), "{leg:#}");

    for (number, entered) in rings {
        assert_eq!(office.call_in(face, number)["dialed"], *entered);
    }

    // The same call from elsewhere is that of a stranger.
    let calls = office.calls();
    let beside = format!("{}:0", office.providers.beside()).parse().unwrap();
    let mut stranger = UserAgent::new(&office.pbx, "0687654321", beside);
    assert_eq!(stranger.call(&own), Err(407));
    assert_eq!(office.calls(), calls);

    let (_beyond, _) = office.providers.answering(&office.pbx, "tested");
    let tested = office.pbx.kiestoon(&["trunk", "test", face.trunk, "--call", out.whole]);
    let tested = text(&tested);
    assert!(tested.contains("all rungs hold") && tested.contains("our own tone came back"), "{tested}");
}

#[test]
fn voipgrid() {
    let rings =
        [("+31201234567", "+31201234567"), ("0201234567", "+31201234567"), ("31201234567", "+31201234567")];
    from_nothing_to_the_first_call("voipgrid", &TO_E164, &rings);
}

#[test]
fn twilio() {
    from_nothing_to_the_first_call("twilio", &TO_E164, &[("+31201234567", "+31201234567")]);
}

#[test]
fn telnyx() {
    from_nothing_to_the_first_call("telnyx", &TO_E164, &[("+31201234567", "+31201234567")]);
}

#[test]
fn voximplant() {
    let out =
        Outward { dialled: "0612345678", whole: "+31612345678", number: "31612345678", shown: "31201234567" };
    from_nothing_to_the_first_call("voximplant", &out, &[("31201234567", "+31201234567"), ("pbx", "pbx")]);
}

#[test]
fn api4com() {
    let out = Outward {
        dialled: "011912345678",
        whole: "+5511912345678",
        number: "011912345678",
        shown: "01130000000",
    };
    from_nothing_to_the_first_call("api4com", &out, &[("01130000000", "+551130000000"), ("1000", "1000")]);
}

#[test]
fn generic() {
    from_nothing_to_the_first_call("generic", &TO_E164, &[("0031201234567", "+31201234567")]);
}

/// The dialplan says over which of them a call goes: nothing else is changed.
#[test]
fn all_of_them_at_once_and_switched_by_the_dialplan() {
    let own = |place: usize| format!("+3120555000{place}");
    let plan = |face: &Face| {
        format!(
            "version = 1\n[[context.intern]]\nmatch = \"_0X.\"\ndo = [{{ dial = \"trunk:{}\" }}]\n\
             [[context.inkomend]]\nmatch = \"_!\"\ndo = [{{ dial = \"ext:201\" }}]\n",
            face.trunk
        )
    };
    let mut office = Office::start(&plan(&FACES[0]), true);
    for (place, face) in FACES.iter().enumerate() {
        let words = commands(face).swap_remove(0);
        let words: Vec<_> = words
            .iter()
            .map(|word| word.replace(value(&commands(face)[0], "numbers"), &own(place)))
            .collect();
        office.add(face, &words);
    }
    for (place, face) in FACES.iter().enumerate() {
        fs::write(office.pbx.path("dialplans/test.toml"), plan(face)).unwrap();
        let reloaded = office.pbx.kiestoon(&["ctl", "reload"]);
        assert!(reloaded.status.success(), "{}", text(&reloaded));
        let (invite, leg) =
            office.call_out(if face.preset == "api4com" { "011912345678" } else { "0612345678" });
        assert!(invite.contains(&format!("@{}", face.host)), "{invite}");
        assert_eq!(leg["trunk"], face.trunk, "{leg:#}");
        assert_eq!(office.call_in(face, &own(place))["dialed"], own(place).as_str());
    }
}
