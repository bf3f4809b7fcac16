//! A misspelt key is refused with its place and the key that was meant, together with every other problem.

use crate::kiestoon::Folder;

#[test]
fn every_verb_refuses_the_configuration() {
    let folder = Folder::new();
    folder.write("kiestoon.toml", "[sip]\nupd = [\"127.0.0.1:0\"]\n\n[log]\nlevel = \"loud\"\n");
    for verb in [&["serve"][..], &["check"], &["print-config"], &["extension", "list"], &["ctl", "status"]] {
        let ended = folder.run(verb).expect(64);
        assert_eq!(
            ended.err().trim_end().lines().collect::<Vec<_>>(),
            [
                "kiestoon.toml:2:1: error: unknown key `sip.upd`; did you mean `udp`?",
                "kiestoon.toml:5:9: error: `log.level` has the unknown level \"loud\"; known levels: off, error, warn, info, debug, trace",
            ],
            "{verb:?}"
        );
        assert_eq!(ended.out(), "", "{verb:?}");
    }
}

#[test]
fn an_unknown_override_is_refused_by_name() {
    let ended = Folder::new().run_with(&["check"], &[("KIESTOON__SIP__UPD", "127.0.0.1:0")]).expect(64);
    ended.says("environment variable KIESTOON__SIP__UPD: error: unknown key `sip.upd`; did you mean `udp`?");
}

#[test]
fn an_unknown_verb_is_a_usage_error() {
    let folder = Folder::new();
    folder.run(&["sevre"]).expect(64).says("serve");
    folder.run(&["history", "--limit", "none"]).expect(64).says("--limit");
    folder.run(&["--help"]).expect(0).says("kiestoon serve --config");
}
