//! `KIESTOON__SECTION__KEY` wins over every file, without the types of TOML, and is checked as strictly.

use kiestoon_config::{ConfigFile, KeySource, LogFormat, Problem, load};

fn with(pairs: &[(&str, &str)]) -> Result<kiestoon_config::Config, Vec<Problem>> {
    let pairs = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    load(&ConfigFile::Default, pairs).map(|loaded| loaded.config)
}

#[test]
fn every_type_can_be_set() {
    let key = format!("{}8=", "Dw8P".repeat(10) + "Dw");
    let config = with(&[
        ("KIESTOON__SIP__UDP", "127.0.0.1:5070, [::1]:5070"),
        ("KIESTOON__SIP__TCP", "[\"127.0.0.1:5071\"]"),
        ("KIESTOON__SIP__EXTERNAL_ADDRESS", "203.0.113.10"),
        ("KIESTOON__SIP__WS__ORIGINS", "https://a.example,https://b.example"),
        ("KIESTOON__LIMITS__CALLS", "12"),
        ("KIESTOON__LOG__FORMAT", "json"),
        ("KIESTOON__STORE__URL", "sqlite:/var/lib/kiestoon/kiestoon.db"),
        ("KIESTOON__STORE__KEY", &key),
        ("PATH", "/bin"),
    ])
    .expect("no problems");
    assert_eq!(
        config.sip.udp,
        ["127.0.0.1:5070".parse().expect("address"), "[::1]:5070".parse().expect("address")]
    );
    assert_eq!(config.sip.tcp, ["127.0.0.1:5071".parse().expect("address")]);
    assert_eq!(config.sip.external_address, Some("203.0.113.10".parse().expect("address")));
    assert_eq!(config.sip.ws.origins, ["https://a.example", "https://b.example"]);
    assert_eq!((config.limits.calls, config.log.format), (12, LogFormat::Json));
    assert_eq!(config.store.key_source(), KeySource::Given([15; 32]));
    assert!(!config.to_toml().contains(&key), "a printed configuration shows no secret");
    assert!(config.to_toml().contains("key = \"********\""));
}

#[test]
fn mistakes_name_the_variable() {
    let problems = with(&[
        ("KIESTOON__SIP__UPD", "127.0.0.1:5070"),
        ("KIESTOON__LIMITS__CALLS", "many"),
        ("KIESTOON__SIP__TCP", "127.0.0.1"),
        ("KIESTOON__SIP__NETWORK", "10.8.0.0/16"),
        ("KIESTOON__SIP__NETWORK__0__CIDR", "10.8.0.0/16"),
    ])
    .expect_err("a refusal");
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for expected in [
        "environment variable KIESTOON__SIP__UPD: error: unknown key `sip.upd`; did you mean `udp`?",
        "environment variable KIESTOON__LIMITS__CALLS: error: `limits.calls` must be a whole number, not `many`",
        "environment variable KIESTOON__SIP__TCP: error: `sip.tcp` must be an address and port",
        "environment variable KIESTOON__SIP__NETWORK__0__CIDR: error: `sip.network` is a list of sections; the environment cannot set it",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{expected} in {lines:#?}");
    }
}

#[test]
fn the_key_lies_beside_the_database() {
    let config = with(&[("KIESTOON__STORE__URL", "sqlite:/srv/pbx/my.db")]).expect("no problems");
    assert_eq!(config.store.key_source(), KeySource::File("/srv/pbx/kiestoon.key".into()));
    assert_eq!(config.store.path(), Some("/srv/pbx/my.db".as_ref()));
}

#[test]
fn a_printed_configuration_reads_back_as_itself() {
    let config =
        with(&[("KIESTOON__SIP__T1_MS", "250"), ("KIESTOON__SIP__UDP", "[::1]:5070")]).expect("no problems");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("printed.toml");
    std::fs::write(&file, config.to_toml()).expect("a file");
    assert_eq!(load(&ConfigFile::Named(file.clone()), []).expect("no problems").config, config);

    let network = "[[sip.network]]\ncidr = [\"10.8.0.0/16\"]\nexternal_address = \"10.8.0.1\"\n";
    std::fs::write(&file, [network, network].concat().replacen("10.8.0.0", "10.9.0.0", 1)).expect("a file");
    let config = load(&ConfigFile::Named(file.clone()), []).expect("no problems").config;
    assert_eq!(config.sip.network.len(), 2);
    std::fs::write(&file, config.to_toml()).expect("a file");
    assert_eq!(load(&ConfigFile::Named(file), []).expect("no problems").config, config);
}
