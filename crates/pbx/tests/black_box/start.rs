//! What a start refuses, and how a stop goes.
use std::{fs, net::UdpSocket, time::Duration};

use nix::sys::signal::Signal;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, text, wait_for};

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
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 1);
    phone.command("hangup", "");
    assert_eq!(pbx.wait(Duration::from_secs(10)), Some(0));
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}
