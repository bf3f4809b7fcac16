//! What a start refuses, and how a stop goes.
use std::{fs, net::UdpSocket, thread, time::Duration};

use nix::sys::signal::Signal;

use crate::baresip::{Baresip, Phone};
use crate::database_away::Lock;
use crate::pbx::{Pbx, text, wait_for};
use crate::user_agent::{UserAgent, sdp};

#[test]
fn a_taken_port_is_named() {
    let pbx = Pbx::new(&["201"], "version = 1\n");
    let _holder = UdpSocket::bind(pbx.address()).unwrap();
    let output = pbx.kiestoon(&["serve"]);
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output);
    assert!(
        said.contains(&pbx.address().to_string()) && said.contains("another program holds this port"),
        "{said}"
    );
}

#[test]
fn a_bad_dialplan_is_shown_with_its_line() {
    let pbx = Pbx::new(&["201"], "version = 1\n");
    fs::write(
        pbx.path("dialplans/zz.toml"),
        "[[context.intern]]\nmatch = \"1\"\ndo = [{ dail = \"ext:1\" }]\n",
    )
    .unwrap();
    let output = pbx.kiestoon(&["serve"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output).contains("zz.toml:3:"), "{}", text(&output));
}

#[test]
fn two_processes_do_not_share_a_control_socket() {
    let pbx = Pbx::start(&["201"], "version = 1\n");
    let output = pbx.kiestoon(&["serve"]);
    assert_eq!(output.status.code(), Some(64), "{}", text(&output));
    assert!(pbx.kiestoon(&["ctl", "status"]).status.success(), "the first one is unharmed");
}

#[test]
fn an_interrupt_hangs_up_and_ends() {
    let dialplan = "version = 1\n[[context.intern]]\nmatch = \"*43\"\ndo = [{ echo = true }]\n";
    let mut pbx = Pbx::start(&["201"], dialplan);
    let mut phone = Baresip::start(
        &pbx,
        &Phone { number: "201", transport: "tcp", tone: 440, answers: false, parameters: "" },
    );
    phone.command("dial", &format!("sip:*43@{}", pbx.address()));
    phone.expect("CALL_ESTABLISHED");
    pbx.signal(Signal::SIGINT);
    assert_eq!(pbx.wait(Duration::from_secs(10)), Some(0));
    phone.expect("CALL_CLOSED");
    assert_eq!(pbx.history(1)[0]["end_reason"], "shutdown");
}

#[test]
fn a_start_that_fails_hangs_up_what_it_has_taken() {
    let dialplan = "version = 1\n[[context.intern]]\nmatch = \"*43\"\ndo = [{ echo = true }]\n";
    let pbx = Pbx::new(&["201"], dialplan);
    // It waits for this lock when it serves already.
    let _lock = Lock::of_file(&pbx);
    let started = thread::scope(|scope| {
        let start = scope.spawn(|| pbx.kiestoon(&["serve"]));
        let mut phone = UserAgent::new(&pbx, "201", "127.0.0.1:0".parse().unwrap());
        phone.invite("*43", &sdp("127.0.0.1:40000".parse().unwrap())).unwrap();
        phone.expect_bye();
        start.join().unwrap()
    });
    assert_eq!(started.status.code(), Some(1));
    assert!(text(&started).contains("still locked by another program"), "{}", text(&started));
    assert!(!text(&started).contains("kiestoon ready"), "{}", text(&started));
}

#[test]
fn a_drain_waits_for_the_last_call() {
    let dialplan = "version = 1\n[[context.intern]]\nmatch = \"*43\"\ndo = [{ echo = true }]\n";
    let mut pbx = Pbx::start(&["201"], dialplan);
    let mut phone = Baresip::start(
        &pbx,
        &Phone { number: "201", transport: "udp", tone: 440, answers: false, parameters: "" },
    );
    phone.command("dial", &format!("sip:*43@{}", pbx.address()));
    phone.expect("CALL_ESTABLISHED");
    pbx.signal(Signal::SIGTERM);
    wait_for("the drain", Duration::from_secs(5), || pbx.json(&["ctl", "status"])["state"] == "draining");
    let call = pbx.json(&["ctl", "calls"])[0].clone();
    let drain = pbx.json(&["ctl", "status"])["drain"].clone();
    assert_eq!((&drain["calls"], &drain["longest"]["id"]), (&1.into(), &call["id"]), "{drain}");
    assert_eq!(
        (&drain["longest"]["from_number"], &drain["longest"]["to_number"]),
        (&"201".into(), &"*43".into())
    );
    assert!(drain["limit_secs"].as_u64().unwrap() > 0, "{drain}");
    let shown = text(&pbx.kiestoon(&["ctl", "status"]));
    assert!(shown.contains("longest call: 201 > *43, for 0:"), "{shown}");
    // Asked again, it gets another limit, and names the same.
    let shown = text(&pbx.kiestoon(&["ctl", "drain", "--limit-secs", "600"]));
    assert!(shown.contains("600 s") && shown.contains("longest call: 201 > *43"), "{shown}");
    wait_for("progress in the log", Duration::from_secs(10), || {
        let log = pbx.log();
        let said = log.lines().filter(|line| line.contains("draining: calls still run"));
        let id = call["id"].as_str().unwrap();
        said.filter(|line| line.contains(id) && line.contains("longest_secs=")).count() >= 2
    });
    phone.command("hangup", "");
    assert_eq!(pbx.wait(Duration::from_secs(10)), Some(0));
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}
