//! The configuration in force, without its secrets.

use crate::kiestoon::Folder;

#[test]
fn overrides_are_in_and_secrets_are_out() {
    let key = "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=";
    let environment = [("KIESTOON__STORE__KEY", key), ("KIESTOON__LIMITS__CALLS", "12")];
    let folder = Folder::new();
    let ended = folder.run_with(&["print-config"], &environment).expect(0);
    ended.says("# kiestoon.toml").says("calls = 12").says("key = \"********\"");
    assert!(!ended.out().contains(key));
    let json = folder.run_with(&["print-config", "--json"], &environment).expect(0).json();
    assert_eq!(json["limits"]["calls"], 12);
    assert_eq!(json["sip"]["udp"], serde_json::json!(["127.0.0.1:0"]));
    assert_eq!(json["store"]["key"], "********");
    assert_eq!(json["store"]["key_file"], serde_json::Value::Null);
    let version = folder.run(&["version", "--json"]).expect(0).json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}
