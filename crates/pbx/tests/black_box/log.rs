//! The log names nobody: phone numbers stand in it at `trace` only.
use std::time::Duration;

use crate::pbx::{Pbx, text, wait_for};
use crate::raw::Udp;
use crate::user_agent::{Callee, UserAgent, sdp};

#[test]
fn the_log_at_debug_has_no_numbers() {
    let dialplan =
        "version = 1\n[[context.intern]]\nmatch = \"_08XXXXXXXX\"\ndo = [{ dial = \"ext:${number}\" }]\n";
    let mut pbx = Pbx::new(&[CALLER, CALLEE], dialplan);
    pbx.configure("[log]\nlevel = \"debug\"\n");
    pbx.run();
    let here = HERE.parse().unwrap();
    let callee = Callee::start(&pbx, CALLEE, here);
    let mut caller = UserAgent::new(&pbx, CALLER, here);
    let call = caller.invite(CALLEE, &sdp("127.0.0.1:40000".parse().unwrap())).unwrap();
    let broken =
        format!("INVITE sip:{CALLEE}@x SIP/2.0\r\nFrom: <sip:{CALLER}@x>\r\nCSeq: {CALLEE} INVITE\r\n\r\n");
    Udp::new(pbx.address()).send(broken.as_bytes());
    caller.password = "wrong".into();
    assert_eq!(caller.register(), Err(401));
    let drain = pbx.kiestoon(&["ctl", "drain"]);
    assert!(text(&drain).contains(CALLER), "{}", text(&drain));
    let said = ["draining: calls still run", "malformed message", "authentication failed"];
    wait_for("the log", Duration::from_secs(10), || said.iter().all(|line| pbx.log().contains(line)));
    caller.hang_up(&call);
    assert_eq!(pbx.wait(Duration::from_secs(10)), Some(0));
    drop(callee);
    let log = pbx.log();
    let named: Vec<&str> =
        log.lines().filter(|line| line.contains(CALLER) || line.contains(CALLEE)).collect();
    assert!(named.is_empty(), "{named:#?}");
}

const HERE: &str = "127.0.0.1:0";
/// Long enough to stand nowhere by chance.
const CALLER: &str = "0881234567";
const CALLEE: &str = "0887654321";
