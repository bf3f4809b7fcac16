//! Trunks and presets on the command line.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::kiestoon::Folder;

#[test]
fn the_header_that_a_carrier_is_known_by_is_shown_to_nobody_who_does_not_ask() {
    let folder = Folder::new();
    let add = ["trunk", "add", "voys", "host=sip.example.net", "identify_header=X-Key: geheim-woord"];
    folder.run(&add).expect(0);
    for verb in
        [&["trunk", "show", "voys"][..], &["trunk", "show", "voys", "--json"], &["trunk", "list", "--json"]]
    {
        let shown = folder.run(verb).expect(0);
        shown.says("X-Key: ********");
        assert!(!shown.out().contains("geheim"), "{}", shown.out());
    }
    folder.run(&["trunk", "show", "voys", "--reveal"]).expect(0).says("X-Key: geheim-woord");
}

#[test]
fn a_trunk_is_added_shown_changed_and_removed() {
    let folder = Folder::new();
    folder.run(&["trunk", "add", "voys", "--preset", "voipgrid"]).expect(64).says("username, password");
    let add = ["trunk", "add", "voys", "--preset", "voipgrid", "username=100001", "password=geheim-van-voys"];
    folder.run(&add).expect(0).says("trunk voys of default added").says("no number is named yet");
    folder.run(&add).expect(1).says("trunk `voys` exists already");
    let shown = folder.run(&["trunk", "show", "voys"]).expect(0);
    assert!(!shown.out().contains("geheim-van-voys"), "{}", shown.out());
    shown.says("sip.encryptedsip.com:5061").says("********");
    folder.run(&["trunk", "show", "voys", "--reveal"]).expect(0).says("geheim-van-voys");
    let listed = folder.run(&["trunk", "list", "--json"]).expect(0);
    assert!(!listed.out().contains("geheim"), "{}", listed.out());
    assert_eq!(
        listed.json()[0]["settings"],
        json!({ "username": "100001" }),
        "what the preset says is not kept"
    );

    folder.run(&["trunk", "set", "voys", "channels=30", "host=sip.example.net,[2001:db8::1]:5062"]).expect(0);
    let now = folder.run(&["trunk", "show", "voys", "--json"]).expect(0).json();
    assert_eq!(now["settings"]["host"], json!(["sip.example.net", "[2001:db8::1]:5062"]));
    assert_eq!((&now["in_force"]["transport"], &now["password"]), (&json!("tls"), &json!("********")));
    folder.run(&["trunk", "set", "voys", "host="]).expect(0);
    let now = folder.run(&["trunk", "show", "voys", "--json"]).expect(0).json();
    assert_eq!(
        (&now["settings"]["host"], &now["in_force"]["host"][0]),
        (&json!(null), &json!("sip.encryptedsip.com:5061"))
    );
    folder
        .run(&[
            "trunk",
            "set",
            "voys",
            "chanels=3",
            "pasword=x",
            "user=1",
            "register=misschien",
            "channels=0",
        ])
        .expect(64)
        .says("did you mean `channels`?")
        .says("did you mean `password`?")
        .says("did you mean `username`?")
        .says("`register` must be true or false")
        .says("`channels` is 0");
    folder.run(&["trunk", "set", "voys", "username="]).expect(64).says("leaves to be filled in: username");
    folder.run(&["trunk", "disable", "voys"]).expect(0).says("kiestoon trunk enable voys");
    folder.run(&["trunk", "remove", "voy"]).expect(1).says("did you mean `voys`?");
    folder.run(&["trunk", "remove", "voys"]).expect(0);
    folder.run(&["trunk", "list"]).expect(0).says("no trunks yet");
}

#[test]
fn a_trunk_whose_calls_show_no_number_is_told_of_unless_that_is_meant() {
    let folder = Folder::new();
    let missing = "`caller_id_number` is missing";
    let add = ["trunk", "add", "voys", "host=127.0.0.1:9", "register=true", "username=1", "password=geheim"];
    folder.run(&add).expect(0).says(missing);
    let checked = folder.run(&["check"]).expect(0);
    checked.says("trunk voys: `caller_id_number` is missing").says("good; warnings: 1");
    folder.run(&["doctor"]).expect(64).says("kiestoon trunk set voys caller_id_number=");
    folder.run(&["trunk", "test", "voys"]).expect(1).says(missing);
    let tested = folder.run(&["trunk", "test", "voys", "--json"]).expect(1).json();
    assert_eq!(tested["hints"].as_array().map(Vec::len), Some(1));
    for good in ["caller_id_number=anonymous", "caller_id_number=020-1234567"] {
        let set = folder.run(&["trunk", "set", "voys", good]).expect(0);
        assert!(!set.out().contains("caller_id_number"), "{}", set.out());
        folder.run(&["check"]).expect(0).says("all is good");
    }
    folder.run(&["trunk", "set", "voys", "caller_id_number="]).expect(0).says(missing);
    folder.run(&["trunk", "set", "voys", "caller_id_from=account"]).expect(0);
    folder.run(&["check"]).expect(0).says("all is good");
    folder.run(&["trunk", "set", "voys", "caller_id_number=nobody"]).expect(64);
    folder.run(&["trunk", "presets", "voipgrid"]).expect(0).says("caller_id_number=+31201234567");
}

#[test]
fn a_trunk_whose_calls_come_in_where_nobody_listens_is_told_of() {
    let folder = Folder::new();
    let add = [
        "trunk",
        "add",
        "twilio",
        "--preset",
        "twilio",
        "host=kantoor.pstn.twilio.com",
        "username=kantoor",
        "password=geheim-van-sip",
        "caller_id_number=+31201234567",
    ];
    folder.run(&add).expect(0);
    let deaf = "no call can come in over it: they come over TLS, and `sip.tls.listen` is empty";
    folder.run(&["check"]).expect(0).says(&format!("trunk twilio: {deaf}"));
    folder.run(&["doctor"]).expect(64).says(deaf);
    folder.run(&["trunk", "set", "twilio", "transport=udp"]).expect(0);
    folder.run(&["check"]).expect(0).says("all is good");
}

#[test]
fn numbers_are_added_with_a_context_and_taken_away() {
    let folder = Folder::new();
    folder.run(&["trunk", "add", "voys", "host=sip.example.net", "numbers=020-1234567"]).expect(0);
    let numbers = ["trunk", "numbers", "voys", "--json"];
    assert_eq!(
        folder.run(&numbers).expect(0).json(),
        json!([{ "number": "+31201234567", "context": "inkomend" }])
    );
    let add = ["trunk", "numbers", "voys", "--add", "0205555555", "--context", "verkoop"];
    folder.run(&add).expect(0).says("+31205555555").says("verkoop");
    folder
        .run(&["trunk", "add", "vast", "host=b.example.net", "numbers=+31205555555"])
        .expect(1)
        .says("trunk `voys`");
    folder.run(&["trunk", "numbers", "voys", "--remove", "+31 20 555 5555"]).expect(0);
    folder
        .run(&["trunk", "numbers", "voys", "--remove", "+31205555555"])
        .expect(1)
        .says("does not come in over trunk");
    for no_number in ["+3", "020"] {
        let refused = folder.run(&["trunk", "numbers", "voys", "--add", no_number]).expect(64);
        refused.says(&format!("`{no_number}` is no number"));
    }
    for shown in ["020", "112", "123456"] {
        let refused = folder.run(&["trunk", "set", "voys", &format!("caller_id_number={shown}")]).expect(64);
        refused.says(&format!("`{shown}` is no whole number"));
    }
    folder.run(&["trunk", "set", "voys", "caller_id_number=020-1234567"]).expect(0);
    assert_eq!(folder.run(&numbers).expect(0).json().as_array().map(Vec::len), Some(1));
}

#[test]
fn a_number_whose_context_is_not_in_the_dialplan_is_told_of() {
    let folder = Folder::new();
    folder.run(&["trunk", "add", "voys", "host=sip.example.net"]).expect(0);
    let fault = "the dialplan has no context `intrn`: did you mean `intern`?";
    let warning = format!("warning: what was added leads nowhere yet: {fault}");
    let add = ["trunk", "numbers", "voys", "--add", "0205555555", "--context", "intrn"];
    folder.run(&add).expect(0).says("+31205555555").says(&warning);
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder
        .run_with(&add, &dutch)
        .expect(0)
        .says("waarschuwing: wat is toegevoegd")
        .says("bedoelde u `intern`?");
    let json = ["trunk", "numbers", "voys", "--add", "0205555556", "--context", "verkoop", "--json"];
    let added = folder.run(&json).expect(0);
    added.says("the dialplan has no context `verkoop`; there are intern");
    assert_eq!(added.json()[1], json!({ "number": "+31205555556", "context": "verkoop" }));
    folder
        .run(&["check"])
        .expect(0)
        .says(&format!("number +31205555555 of trunk voys of default: {fault}"))
        .says("number +31205555556 of trunk voys of default: the dialplan has no context `verkoop`");
    let checked = folder.run_with(&["check"], &dutch).expect(0);
    checked.says("nummer +31205555555 van trunk voys van default: het belplan heeft geen context `intrn`");

    let rule = "match = \"_X.\"\ndo = [{ reject = \"decline\" }]\n";
    let rules = format!("version = 1\n[[context.intrn]]\n{rule}[[context.verkoop]]\n{rule}");
    folder.write("dialplans/verkoop.toml", &rules);
    for arguments in [&add[..], &["check"][..]] {
        let ended = folder.run(arguments).expect(0);
        assert!(!ended.err().contains("has no context"), "{}", ended.err());
    }
}

#[test]
fn a_password_may_come_from_standard_input() {
    let folder = Folder::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kiestoon"))
        .current_dir(folder.path(""))
        .args([
            "trunk",
            "add",
            "voys",
            "host=sip.example.net",
            "username=1",
            "password=-",
            "--config",
            "kiestoon.toml",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(b"van-de-invoer\n").expect("written");
    assert!(child.wait().expect("it ends").success());
    folder.run(&["trunk", "show", "voys", "--reveal"]).expect(0).says("van-de-invoer");
}

#[test]
fn presets_are_listed_and_an_own_folder_adds_to_them() {
    let folder = Folder::new();
    let names = |folder: &Folder| {
        let presets = folder.run(&["trunk", "presets", "--json"]).expect(0).json();
        presets.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&folder), ["api4com", "generic", "telnyx", "twilio", "voipgrid", "voximplant"]);
    folder
        .run(&["trunk", "presets", "twilio"])
        .expect(0)
        .says("54.172.60.0/30")
        .says("to be filled in: host, username, password")
        .says("https://www.twilio.com/docs/sip-trunking");
    folder
        .run_with(&["trunk", "presets", "twilio"], &[("LC_ALL", "nl_NL.UTF-8")])
        .expect(0)
        .says("Maak in de console van Twilio een trunk");
    folder.run(&["trunk", "presets", "twillio"]).expect(64).says("did you mean `twilio`?");

    let config = std::fs::read_to_string(folder.path("kiestoon.toml")).expect("a configuration");
    folder.write("kiestoon.toml", &format!("{config}[trunks]\npresets = \"presets\"\n"));
    folder.run(&["trunk", "list"]).expect(64).says("`trunks.presets`: the folder presets does not exist");
    folder.write(
        "presets/huis.toml",
        "title = \"Huis\"\nneeds = [\"username\"]\n[trunk]\nhost = \"huis.example\"\n",
    );
    assert_eq!(names(&folder).len(), 7);
    folder.run(&["trunk", "add", "thuis", "--preset", "huis", "username=1"]).expect(0);
    folder.write("presets/huis.toml", "title = \"Huis\"\n[trunk]\nhots = \"huis.example\"\n");
    folder.run(&["check"]).expect(64).says("huis.toml:3:1: error: unknown key `hots`: did you mean `host`?");
}

#[test]
fn an_import_counts_trunks_and_numbers_and_tells_every_problem() {
    let folder = Folder::new();
    let trunk = "[[trunk]]\nname = \"voys\"\npreset = \"voipgrid\"\nusername = \"100001\"\npassword = \"geheim-van-voys\"\n\
                 numbers = [\"+31201234567\"]\n";
    folder.write("voys.toml", trunk);
    let import = ["import", "voys.toml"];
    folder.run(&import).expect(0).says("trunks: 1 new, 0 changed, 0 unchanged; numbers: 1 new");
    folder
        .run(&import)
        .expect(0)
        .says("trunks: 0 new, 0 changed, 1 unchanged; numbers: 0 new, 0 changed, 1 unchanged");
    let report = folder.run(&["import", "voys.toml", "--json"]).expect(0).json();
    assert_eq!((&report["trunks"]["unchanged"], &report["numbers"]["unchanged"]), (&json!(1), &json!(1)));
    folder.write("voys.toml", &trunk.replace("username", "user"));
    folder.run(&import).expect(64).says("unknown key `user`: did you mean `username`?");
    folder.write("voys.toml", &trunk.replace("username", "user_name").replace("+3120", "+3x"));
    folder
        .run(&import)
        .expect(64)
        .says("voys.toml:4:1: error: unknown key `user_name`: did you mean `username`?");
}
