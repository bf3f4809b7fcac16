//! When nothing is left to wait for, the PBX waits: for the next message or the next command.
use std::fs;

use crate::pbx::Pbx;
use crate::raw::Udp;

#[test]
fn it_answers_after_its_last_timer_has_run_out() {
    let mut pbx = Pbx::new(&["201"], "version = 1\n");
    let path = pbx.path("kiestoon.toml");
    // The last timer of an OPTIONS is 64 times T1.
    let text =
        fs::read_to_string(&path).unwrap().replace("[sip]", "[sip]\nt1_ms = 10\nt2_ms = 10\nt4_ms = 10");
    fs::write(&path, text).unwrap();
    pbx.run();
    let peer = Udp::new(pbx.address());
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pbx.pid())).unwrap();
        // utime and stime, counted from behind the name of the program (proc(5)).
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    assert!(peer.is_answered());
    std::thread::sleep(std::time::Duration::from_secs(2));
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let spent = ticks() - before;
    // A loop that never sleeps spends about a hundred ticks in a second; waking for the reload's poll spends none.
    assert!(spent < 20, "{spent} ticks of processor time in an idle second");
    pbx.assert_alive();
}
