//! `ctl` against a PBX that does not run: one sentence that says what to do.

use std::os::unix::net::UnixListener;

use crate::kiestoon::Folder;

#[test]
fn every_ctl_verb_says_how_to_start_it() {
    let folder = Folder::new();
    for verb in [
        &["status"][..],
        &["calls"],
        &["registrations"],
        &["reload"],
        &["drain"],
        &["watch"],
        &["hangup", "1"],
    ] {
        let ended = folder.run(&[&["ctl"], verb].concat()).expect(1);
        assert_eq!(
            ended.err().trim_end(),
            "the PBX does not run: no socket at data/kiestoon.sock; start it with `kiestoon serve --config kiestoon.toml`",
            "{verb:?}"
        );
    }
}

#[test]
fn a_socket_left_behind_is_told_apart() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("data")).expect("a folder");
    drop(UnixListener::bind(folder.path("data/kiestoon.sock")).expect("a socket"));
    folder.run(&["ctl", "calls"]).expect(1).says("the PBX does not run: nothing answers at the socket");
}

#[test]
fn a_drain_of_more_than_a_day_is_refused() {
    let folder = Folder::new();
    let refused = folder.run(&["ctl", "drain", "--limit-secs", "18446744073709551615"]).expect(64);
    refused.says("is not in 0..=86400");
    folder.run(&["ctl", "drain", "--limit-secs", "86400"]).expect(1).says("the PBX does not run");
}
