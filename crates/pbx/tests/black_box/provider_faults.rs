//! Everything that a provider can do wrong, one row each, with SIPp as that provider: what the caller gets, which other trunk is
//! tried, and what the record of the call says.
use std::{net::UdpSocket, thread, time::Duration};

use serde_json::Value;

use crate::pbx::Pbx;
use crate::provider::Does::{Answers, Describes, HangsUp, IsCancelled, IsHungUp, Pauses, Says, With};
use crate::provider::{Does, Provider, trunk};
use crate::raw::header;
use crate::user_agent::{UserAgent, sdp, status};

/// One fault.
struct Row {
    name: &'static str,
    does: &'static [Does],
    /// More keys of its trunk.
    trunk: &'static str,
    /// More options of the step that dials it, and the reserve after it.
    step: &'static str,
    /// What the caller is answered, 100 aside.
    heard: &'static [u16],
    /// The Q.850 cause that a refused caller is told.
    cause: Option<u16>,
    /// Disposition and end reason of the record.
    end: (&'static str, &'static str),
    /// What each leg over a trunk came to; those of the reserve are called so.
    tried: &'static [(&'static str, u16)],
}

const IT: &str = "it";
const RESERVE: &str = "reserve";
/// The reserve has answered, and the caller hangs up.
const SAVED: Row = Row {
    name: "",
    does: &[],
    trunk: "",
    step: "",
    heard: &[200],
    cause: None,
    end: ("answered", "hangup_caller"),
    tried: &[],
};
/// Nobody else is tried, and the caller is told.
const REFUSED: Row = Row { end: ("failed", "rejected"), ..SAVED };
const ACCOUNT: &str = "username = \"100001\"\npassword = \"geheim-van-voys\"\n";

const ROWS: &[Row] = &[
    Row {
        name: "401 for ever",
        does: &[
            With("401 Unauthorized", "WWW-Authenticate: Digest realm=\"voys.example\", nonce=\"n1\""),
            With("401 Unauthorized", "WWW-Authenticate: Digest realm=\"voys.example\", nonce=\"n2\""),
            With("401 Unauthorized", "WWW-Authenticate: Digest realm=\"voys.example\", nonce=\"n3\""),
        ],
        trunk: ACCOUNT,
        tried: &[(IT, 401), (RESERVE, 200)],
        ..SAVED
    },
    Row {
        name: "403",
        does: &[Says("403 Forbidden")],
        heard: &[403],
        cause: Some(21),
        tried: &[(IT, 403)],
        ..REFUSED
    },
    Row {
        name: "404",
        does: &[Says("404 Not Found")],
        heard: &[404],
        cause: Some(1),
        tried: &[(IT, 404)],
        ..REFUSED
    },
    Row {
        name: "486",
        does: &[Says("486 Busy Here")],
        heard: &[486],
        cause: Some(17),
        end: ("busy", "busy"),
        tried: &[(IT, 486)],
        ..REFUSED
    },
    Row {
        name: "600",
        does: &[Says("600 Busy Everywhere")],
        heard: &[600],
        cause: Some(17),
        end: ("busy", "busy"),
        tried: &[(IT, 600)],
        ..REFUSED
    },
    Row {
        name: "503",
        does: &[Says("503 Service Unavailable")],
        tried: &[(IT, 503), (RESERVE, 200)],
        ..SAVED
    },
    Row {
        name: "503 with Retry-After",
        does: &[With("503 Service Unavailable", "Retry-After: 30")],
        tried: &[(IT, 503), (RESERVE, 200)],
        ..SAVED
    },
    Row { name: "408", does: &[Says("408 Request Timeout")], tried: &[(IT, 408), (RESERVE, 200)], ..SAVED },
    Row {
        name: "500",
        does: &[Says("500 Server Internal Error")],
        tried: &[(IT, 500), (RESERVE, 200)],
        ..SAVED
    },
    Row { name: "silence", does: &[Pauses(3_000)], tried: &[(IT, 408), (RESERVE, 200)], ..SAVED },
    Row {
        name: "100 and nothing more",
        does: &[Says("100 Trying"), IsCancelled],
        trunk: "progress = \"1s\"\n",
        tried: &[(IT, 408), (RESERVE, 200)],
        ..SAVED
    },
    Row {
        name: "183 and nobody answers",
        does: &[Describes("183 Session Progress"), IsCancelled],
        step: ", timeout = \"3s\"",
        heard: &[183, 480],
        cause: Some(19),
        end: ("no_answer", "no_answer"),
        tried: &[(IT, 487)],
        ..REFUSED
    },
    Row {
        name: "183 and nothing to be heard",
        does: &[Describes("183 Session Progress"), IsCancelled],
        step: ", failover = [\"no-media\"]",
        heard: &[183, 200],
        tried: &[(IT, 487), (RESERVE, 200)],
        ..SAVED
    },
    Row {
        name: "302 to a premium number",
        does: &[With("302 Moved Temporarily", "Contact: <tel:+319061234567>")],
        heard: &[480],
        cause: Some(18),
        tried: &[(IT, 302)],
        ..REFUSED
    },
    Row {
        name: "302 to a premium number of one that may redirect",
        does: &[With("302 Moved Temporarily", "Contact: <tel:+319061234567>")],
        trunk: "redirects = true\n",
        heard: &[403],
        cause: Some(21),
        end: ("failed", "forbidden"),
        tried: &[(IT, 302)],
        ..REFUSED
    },
    Row {
        name: "BYE at once",
        does: &[Answers, HangsUp],
        end: ("answered", "hangup_callee"),
        tried: &[(IT, 200)],
        ..SAVED
    },
    Row {
        name: "one-way media",
        does: &[Answers, IsHungUp],
        tried: &[(IT, 200)],
        end: ("answered", ONE_WAY),
        ..SAVED
    },
];

/// The caller of that row waits until the PBX has enough.
const ONE_WAY: &str = "media_lost";

#[test]
fn each_fault_of_a_provider_has_its_outcome() {
    let numbers: Vec<String> = (0..ROWS.len()).map(|row| format!("{}", 201 + row)).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut pbx = Pbx::new(&numbers, &dialplan());
    pbx.configure_in("media", "lost_rtp_secs = 3");
    let reserve = Provider::start(&pbx, RESERVE, 0, &[Answers, IsHungUp]);
    let providers: Vec<Provider> = ROWS
        .iter()
        .enumerate()
        .map(|(row, it)| Provider::start(&pbx, &format!("it{row}"), 1, it.does))
        .collect();
    let its = ROWS.iter().zip(&providers).enumerate();
    let trunks = its.map(|(row, (it, provider))| {
        trunk(&format!("it{row}"), provider.port, &format!("patience = \"500ms\"\n{}", it.trunk))
    });
    pbx.import(&(trunks.collect::<String>() + &trunk(RESERVE, reserve.port, "")));
    pbx.run();
    let heard: Vec<Vec<String>> = thread::scope(|scope| {
        let calls: Vec<_> = ROWS
            .iter()
            .zip(&numbers)
            .enumerate()
            .map(|(row, (it, number))| {
                scope.spawn({
                    let pbx = &pbx;
                    move || call(pbx, number, row, it)
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let history = pbx.history(ROWS.len());
    let mut faults = Vec::new();
    for (row, it) in ROWS.iter().enumerate() {
        let record = history.iter().find(|record| record["dialed"] == dialled(row)).unwrap();
        if let Err(fault) = judge(row, it, &heard[row], record) {
            faults.push(format!("{}: {fault}\n{record:#}", it.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    providers.into_iter().for_each(Provider::succeed);
}

fn judge(row: usize, it: &Row, heard: &[String], record: &Value) -> Result<(), String> {
    let statuses: Vec<u16> = heard.iter().map(|one| status(one)).filter(|status| *status != 100).collect();
    let cause = heard.last().filter(|last| status(last) >= 300).map(|last| header(last, "Reason").to_owned());
    let wanted = it.cause.map(|cause| format!("Q.850;cause={cause}"));
    let told = cause.as_deref().map(|told| told.split(";text").next().unwrap_or_default().to_owned());
    let legs = record["legs"].as_array().unwrap().iter().filter(|leg| leg["side"] == "callee");
    let tried: Vec<(String, u64)> = legs
        .map(|leg| (leg["trunk"].as_str().unwrap_or("none").to_owned(), leg["status"].as_u64().unwrap_or(0)))
        .collect();
    let name = format!("it{row}");
    let wanted_tried: Vec<(String, u64)> = it
        .tried
        .iter()
        .map(|(trunk, status)| ((if *trunk == IT { &name } else { RESERVE }).to_owned(), u64::from(*status)))
        .collect();
    let last = wanted_tried.last().map(|(trunk, _)| Value::from(trunk.as_str())).unwrap_or_default();
    let end = (record["disposition"].as_str().unwrap_or(""), record["end_reason"].as_str().unwrap_or(""));
    let checks = [
        (statuses == it.heard, format!("the caller heard {statuses:?}, not {:?}", it.heard)),
        (told == wanted, format!("the caller was told {told:?}, not {wanted:?}")),
        (tried == wanted_tried, format!("tried were {tried:?}, not {wanted_tried:?}")),
        (end == it.end, format!("it ended {end:?}, not {:?}", it.end)),
        (record["trunk_out"] == last, format!("it went out over {}, not {last}", record["trunk_out"])),
        (
            it.end.1 != ONE_WAY || record["legs"][1]["diagnosis"] == "port_blocked",
            "the record does not say whose sound is missing".to_owned(),
        ),
    ];
    let wrong: Vec<String> =
        checks.into_iter().filter(|(is_right, _)| !is_right).map(|(_, say)| say).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// An extension dials the number of a row. Once answered, it speaks for a while and hangs up, unless the other side does.
fn call(pbx: &Pbx, extension: &str, row: usize, it: &Row) -> Vec<String> {
    let mut phone = UserAgent::new(pbx, extension, "127.0.0.1:0".parse().unwrap());
    phone.register().unwrap();
    let sound = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = sound.local_addr().unwrap().port().to_string();
    let heard = phone.dial(&dialled(row), &sdp("127.0.0.1:0".parse().unwrap()).replace("40000", &port));
    let Some(answered) = heard.last().filter(|last| status(last) == 200) else { return heard };
    match it.end.1 {
        "hangup_caller" => phone.hang_up(answered),
        ONE_WAY => {
            let to = answered.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
            thread::scope(|scope| {
                let talking = scope.spawn(|| speak(&sound, to.parse().unwrap()));
                phone.expect_bye();
                assert_eq!(talking.join().unwrap(), 0, "they let something be heard");
            });
        }
        _ => phone.expect_bye(),
    }
    heard
}

/// Says silence for some seconds; how many packets came back.
fn speak(sound: &UdpSocket, to: u16) -> usize {
    sound.set_nonblocking(true).unwrap();
    let mut came = 0;
    for n in 0_u16..250 {
        let [high, low] = n.to_be_bytes();
        let stamp = (u32::from(n) * 160).to_be_bytes();
        let head = [&[0x80, 8, high, low][..], &stamp, &[0, 0, 0, 7]].concat();
        let _ = sound.send_to(&[&head[..], &[0xD5; 160]].concat(), ("127.0.0.1", to));
        came += usize::from(sound.recv(&mut [0; 2_000]).is_ok());
        thread::sleep(Duration::from_millis(20));
    }
    came
}

fn dialled(row: usize) -> String {
    format!("06123456{row:02}")
}

fn dialplan() -> String {
    let rules = ROWS.iter().enumerate().map(|(row, it)| {
        format!(
            "[[context.intern]]\nmatch = \"{}\"\ndo = [{{ dial = [\"trunk:it{row}\", \"trunk:{RESERVE}\"]{} }}]\n",
            dialled(row),
            it.step
        )
    });
    let dear =
        format!("[[context.intern]]\nmatch = \"+319061234567\"\ndo = [{{ dial = \"trunk:{RESERVE}\" }}]\n");
    format!("version = 1\n{dear}{}", rules.collect::<String>())
}
