//! Every kind of mistake is reported with its place and what to do, and all of them at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use kiestoon_config::{ConfigFile, load};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(main: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        folder.write("kiestoon.toml", main);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Every problem, one a line, with the folder's own path taken out.
    fn problems(&self) -> Vec<String> {
        let problems = load(&ConfigFile::Named(self.path("kiestoon.toml")), []).expect_err("a refusal");
        let prefix = format!("{}/", self.0.path().display());
        for problem in &problems {
            let said = [Some(&problem.message), problem.hint.as_ref()];
            said.into_iter().flatten().for_each(|said| assert_ne!(said.en, said.nl, "{problem}"));
        }
        problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
    }
}

#[test]
fn a_mistake_is_told_in_dutch_too() {
    for (text, dutch) in [
        ("[sip]\nupd = []", "kiestoon.toml:2:1: fout: onbekende sleutel `sip.upd`; bedoelde u `udp`?"),
        (
            "[sip]\nt1_ms = 0.5",
            "kiestoon.toml:2:9: fout: `sip.t1_ms` moet een heel getal zijn, niet een breuk",
        ),
        ("[sip]\nt1_ms = 5", "kiestoon.toml:2:9: fout: `sip.t1_ms` is 5, maar moet van 10 tot 10000 zijn"),
        (
            "[store]\nkey_file = \"/\"",
            "kiestoon.toml:2:12: fout: `store.key_file`: het bestand / is geen bestand",
        ),
    ] {
        let folder = Folder::new(text);
        let problems = load(&ConfigFile::Named(folder.path("kiestoon.toml")), []).expect_err("a refusal");
        assert!(problems[0].dutch().ends_with(dutch), "{}", problems[0].dutch());
    }
}

#[test]
fn each_mistake_has_its_place_and_its_sentence() {
    let table = [
        ("[sip]\nupd = []", "kiestoon.toml:2:1: error: unknown key `sip.upd`; did you mean `udp`?"),
        ("[spi]\n", "kiestoon.toml:1:2: error: unknown key `spi`; did you mean `sip`?"),
        (
            "[control]\nfurniture = 1",
            "kiestoon.toml:2:1: error: unknown key `control.furniture`; known here: socket",
        ),
        (
            "[sip]\nudp = \"0.0.0.0:5060\"",
            "kiestoon.toml:2:7: error: `sip.udp` must be a list, not a string; write it in brackets: [\"0.0.0.0:5060\"]",
        ),
        (
            "[sip]\nudp = [\"0.0.0.0:5060\", \"0.0.0.0\"]",
            "kiestoon.toml:2:24: error: `sip.udp` must be an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\", not \"0.0.0.0\"; add a port",
        ),
        (
            "[sip]\nt1_ms = 0.5",
            "kiestoon.toml:2:9: error: `sip.t1_ms` must be a whole number, not a fraction",
        ),
        ("[sip]\nt1_ms = 5", "kiestoon.toml:2:9: error: `sip.t1_ms` is 5, but must be from 10 to 10000"),
        ("[sip]\nt1_ms = -5", "kiestoon.toml:2:9: error: `sip.t1_ms` is -5, which is out of range"),
        (
            "[sip]\nauth_algorithms = [\"MD4\"]",
            "kiestoon.toml:2:20: error: `sip.auth_algorithms` must be \"MD5\", \"SHA-256\" or \"SHA-512-256\", not \"MD4\"; did you mean \"MD5\"?",
        ),
        (
            "sip = 3",
            "kiestoon.toml:1:7: error: `sip` is a section, not a value; write `[sip]` and the keys below it",
        ),
        (
            "[[sip]]\n",
            "kiestoon.toml:1:1: error: `sip` is a section, not a value; write `[sip]` and the keys below it",
        ),
        (
            "[media]\nrtp_ports = \"30000-20000\"",
            "kiestoon.toml:2:13: error: `media.rtp_ports` is \"30000-20000\", but a leg takes two ports: the last must be above the first",
        ),
        (
            "[media]\nrtp_ports = \"19000-20000\"\nwebrtc_port = 19999",
            "kiestoon.toml:3:15: error: `media.webrtc_port` (19999) lies inside `media.rtp_ports`; give it a port of its own",
        ),
        (
            "[limits]\nexempt_sources = [\"10.0.0.0/8\", \"10.0.0.0/40\"]",
            "kiestoon.toml:2:33: error: `limits.exempt_sources` must be an address block such as \"192.0.2.0/24\", not \"10.0.0.0/40\"",
        ),
        (
            "[store]\nurl = \"mysql:x\"",
            "kiestoon.toml:2:7: error: `store.url` is \"mysql:x\", which this version cannot open; write it as \"sqlite:data/kiestoon.db\" or \"postgres://USER@HOST/DATABASE\"",
        ),
        (
            "[log]\nlevel = \"inof\"",
            "kiestoon.toml:2:9: error: `log.level` has the unknown level \"inof\"; did you mean \"info\"?",
        ),
        (
            "[sip]\nudp = []\ntcp = []",
            "kiestoon.toml:2:7: error: `sip.udp`, `sip.tcp` and `sip.tls.listen` are all empty: no phone could reach this PBX",
        ),
        (
            "[sip]\nudp = [\"[::1]:5060\", \"[::1]:5060\"]",
            "kiestoon.toml:2:7: error: [::1]:5060 is listened on twice",
        ),
        (
            "[sip]\nexpires_min_secs = 7000\nexpires_max_secs = 600",
            "kiestoon.toml:2:20: error: `sip.expires_min_secs` (7000) is above `sip.expires_max_secs` (600)",
        ),
        (
            "[limits]\nban_secs = 600\nban_max_secs = 60",
            "kiestoon.toml:3:16: error: `limits.ban_max_secs` (60) is below `limits.ban_secs` (600)",
        ),
        (
            "[sip]\nudp = [\"0.0.0.0:5060\"]\ntcp = []\nexternal_address = \"2001:db8::1\"",
            "kiestoon.toml:4:20: error: `sip.external_address`: 2001:db8::1 is told to nobody, for nothing listens on IPv6; listen",
        ),
        (
            "[sip]\nmin_se_secs = 600\nsession_expires_secs = 300",
            "kiestoon.toml:2:15: error: `sip.min_se_secs` (600) is above `sip.session_expires_secs` (300)",
        ),
        (
            "[sip.tls]\nlisten = [\"127.0.0.1:5061\"]\ncertificate = \"/nowhere/a.crt\"\nkey = \"/nowhere/a.key\"",
            "kiestoon.toml:4:7: error: `sip.tls.key`: the file /nowhere/a.key cannot be read",
        ),
        (
            "[[sip.network]]\nexternal_address = \"192.0.2.1\"",
            "kiestoon.toml:1:1: error: `sip.network[0]` has no `cidr`: no phone is in it",
        ),
        (
            "[[sip.network]]\ncidr = [\"10.0.0.0/8\"]\n[[sip.network]]\ncidr = [\"10.0.0/8\"]",
            "kiestoon.toml:4:9: error: `sip.network[1].cidr` must be an address block",
        ),
        (
            "[[sip.network]]\ncidr = [\"10.0.0.0/8\"]\nextrenal_address = \"10.0.0.1\"",
            "kiestoon.toml:3:1: error: unknown key `sip.network[0].extrenal_address`; did you mean `external_address`?",
        ),
        (
            "[[sip.network]]\ncidr = [\"10.8.0.0/16\"]\n[[sip.network]]\ncidr = [\"10.8.9.9/16\"]",
            "kiestoon.toml:4:8: error: `sip.network[1].cidr`: 10.8.9.9/16 is the same network as 10.8.0.0/16 of `sip.network[0]`; keep one",
        ),
        (
            "[[sip.network]]\ncidr = [\"10.8.0.0/16\"]\nexternal_address = \"0.0.0.0\"",
            "kiestoon.toml:3:20: error: `sip.network[0].external_address`: no phone can send to 0.0.0.0; name the one",
        ),
        (
            "[[sip.network]]\ncidr = [\"10.8.0.0/16\"]\nexternal_rtp_address = \"2001:db8::1\"",
            "kiestoon.toml:3:24: error: `sip.network[0].external_rtp_address`: 2001:db8::1 and 10.8.0.0/16 are of different IP versions",
        ),
        (
            "[sip]\nexternal_address = \"::\"",
            "kiestoon.toml:2:20: error: `sip.external_address`: no phone can send to ::; name the one",
        ),
        (
            "[sip]\nnetwork = \"10.0.0.0/8\"",
            "kiestoon.toml:2:11: error: `sip.network` is a list of sections; write `[[sip.network]]`",
        ),
        (
            "[sip.tls]\nlisten = [\"127.0.0.1:5061\"]",
            "kiestoon.toml:2:10: error: `sip.tls.listen` needs `sip.tls.certificate`; see certs/README.md",
        ),
        (
            "[sip.ws]\norigins = [\"pbx.example\"]",
            "kiestoon.toml:2:11: error: `sip.ws.origins` has \"pbx.example\", which is no origin",
        ),
        (
            "[dialplan]\npath = \"/nowhere/plans\"",
            "kiestoon.toml:2:8: error: `dialplan.path`: the folder /nowhere/plans does not exist",
        ),
        ("[store]\nkey = \"12\"", "kiestoon.toml:2:7: error: `store.key` must be 32 bytes in base64"),
        ("[sip\n", "kiestoon.toml:1:5: error: not valid TOML: "),
        ("[sip]\nudp = []\nudp = []", "kiestoon.toml:3:1: error: not valid TOML: duplicate key"),
    ];
    for (text, expected) in table {
        let problems = Folder::new(text).problems();
        assert!(
            problems.iter().any(|line| line.contains(expected)),
            "{text:?}\nwanted {expected}\ngot {problems:#?}"
        );
    }
}

#[test]
fn a_connection_that_closes_before_its_phone_registers_again_is_a_warning() {
    let warnings = |text: &str| {
        let loaded = load(&ConfigFile::Named(Folder::new(text).path("kiestoon.toml")), []);
        loaded.expect("no errors").warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let short = warnings("[limits]\nidle_secs = 600\n");
    assert!(short.len() == 1 && short[0].contains("`limits.idle_secs` (600) is below"), "{short:?}");
    assert_eq!(warnings("[limits]\nidle_secs = 600\n[sip]\ntcp = []\n"), [""; 0], "there are no connections");
    assert_eq!(
        warnings("[limits]\nidle_secs = 600\n[sip]\nexpires_max_secs = 600\nexpires_default_secs = 600\n"),
        [""; 0]
    );
}

#[test]
fn all_problems_of_all_files_come_at_once() {
    let folder = Folder::new("[sip]\nupd = []\nt1_ms = 1\n[log]\nformat = \"xml\"\n");
    folder.write("conf.d/10-first.toml", "[media]\nrtp_ports = \"x\"\n");
    folder.write("conf.d/20-second.toml", "[media\n");
    folder.write("conf.d/ignored.txt", "not TOML at all");
    let problems = folder.problems();
    assert_eq!(problems.len(), 5, "{problems:#?}");
    for place in [
        "kiestoon.toml:2:1",
        "kiestoon.toml:3:9",
        "kiestoon.toml:5:10",
        "conf.d/10-first.toml:2:13",
        "conf.d/20-second.toml:1:7",
    ] {
        assert!(problems.iter().any(|line| line.starts_with(place)), "{place} in {problems:#?}");
    }
}

#[test]
fn the_files_of_conf_d_win_in_name_order() {
    let folder = Folder::new("[sip]\nt1_ms = 100\nt4_ms = 1000\n[log]\nlevel = \"warn\"\n");
    folder.write("conf.d/20.toml", "[sip]\nt1_ms = 300\n");
    folder.write("conf.d/10.toml", "[sip]\nt1_ms = 200\nt4_ms = 2000\n");
    let loaded = load(&ConfigFile::Named(folder.path("kiestoon.toml")), []).expect("no problems");
    assert_eq!((loaded.config.sip.t1_ms, loaded.config.sip.t4_ms), (300, 2000));
    assert_eq!(loaded.config.log.level, "warn");
    let names: Vec<_> = loaded.files.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["kiestoon.toml", "10.toml", "20.toml"]);
}

#[test]
fn a_named_file_must_exist_and_a_default_one_may_be_missing() {
    let named = load(&ConfigFile::Named("/nowhere/kiestoon.toml".into()), []).expect_err("a refusal");
    assert_eq!(
        named[0].to_string(),
        "/nowhere/kiestoon.toml: error: the file does not exist; check the path after --config"
    );
    assert!(load(&ConfigFile::Default, []).is_ok());
}

#[test]
fn a_secret_file_that_everyone_can_read_is_refused() {
    let folder = Folder::new("");
    folder.write("store.key", "secret");
    let key = folder.path("store.key");
    folder.write("kiestoon.toml", &format!("[store]\nkey_file = {:?}\n", key.display().to_string()));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("chmod");
    let problems = folder.problems();
    assert!(
        problems[0].starts_with(
            "kiestoon.toml:2:12: error: `store.key_file`: the file store.key can be read by every user"
        ),
        "{problems:?}"
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("chmod");
    assert!(load(&ConfigFile::Named(folder.path("kiestoon.toml")), []).is_ok());
}

#[test]
fn a_web_socket_that_lets_no_page_in_is_warned_of() {
    let folder = Folder::new("[sip.ws]\nlisten = [\"0.0.0.0:5066\"]\n");
    let loaded = load(&ConfigFile::Named(folder.path("kiestoon.toml")), []).expect("no errors");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("kiestoon.toml:2:10: warning: `sip.ws.origins` is empty: no web page is let in"),
        "{warnings:?}"
    );
}

#[test]
fn a_range_over_the_default_browser_port_is_only_warned_of() {
    let folder = Folder::new("[media]\nrtp_ports = \"19000-20000\"\n");
    let loaded = load(&ConfigFile::Named(folder.path("kiestoon.toml")), []).expect("no errors");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].ends_with(
            "kiestoon.toml:2:13: warning: `media.webrtc_port` (19999) lies inside `media.rtp_ports`; give it a port of its own"
        ),
        "{warnings:?}"
    );
}

#[test]
fn a_list_of_sections_is_replaced_as_a_whole() {
    let folder =
        Folder::new("[[sip.network]]\ncidr = [\"10.0.0.0/8\"]\n[[sip.network]]\ncidr = [\"10.8.0.0/16\"]\n");
    let networks = || {
        let loaded = load(&ConfigFile::Named(folder.path("kiestoon.toml")), []).expect("no problems");
        loaded.config.sip.network.iter().map(|network| network.cidr[0].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(networks(), ["10.0.0.0/8", "10.8.0.0/16"], "nested blocks are no mistake");
    folder.write("conf.d/10.toml", "[[sip.network]]\ncidr = [\"192.168.0.0/16\"]\n");
    assert_eq!(networks(), ["192.168.0.0/16"]);
    folder.write("conf.d/20.toml", "[sip]\nnetwork = []\n");
    assert!(networks().is_empty());
}
