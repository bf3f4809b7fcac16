//! The wizard: asks, and writes what was answered; what is there stays.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use crate::kiestoon::{Ended, Folder};

/// Answers its questions, one a line.
fn answered(folder: &Folder, more: &[&str], answers: &[&str]) -> Ended {
    let mut child = asking(folder, more);
    answer(child.stdin.as_mut().expect("a pipe"), answers);
    Ended::new(child.wait_with_output().expect("it ends"))
}

fn asking(folder: &Folder, more: &[&str]) -> Child {
    asking_by(&mut Command::new(env!("CARGO_BIN_EXE_kiestoon")), folder, more)
}

/// The same by a program that becomes `kiestoon`.
fn asking_by(program: &mut Command, folder: &Folder, more: &[&str]) -> Child {
    program
        .current_dir(folder.path(""))
        .args(["setup", "--interactive", "--config", "kiestoon.toml"])
        .args(more)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

fn answer(stdin: &mut ChildStdin, answers: &[&str]) {
    let text: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
    stdin.write_all(text.as_bytes()).expect("it reads");
}

fn empty() -> Folder {
    let folder = Folder::new();
    fs::remove_file(folder.path("dialplans/office.toml")).expect("a file");
    folder
}

const OFFICE: [&str; 20] = [
    "203.0.113.300", // no address: asked again
    "203.0.113.10",
    "kantoor.example",
    "2",
    "201",
    "Balie",
    "201", // there already: asked again
    "",    // 202
    "Anna",
    "",        // admin
    "generik", // asked again
    "generic",
    "voys",
    "sip.example.net:5060",
    "j",
    "100001",
    "geheim-van-voys",
    "020-1234567",
    "", // shown: that number
    "j",
];

/// The same where the trunk may be tested first, which is not wanted.
fn untested() -> Vec<&'static str> {
    let (last, before) = OFFICE.split_last().expect("answers");
    [before, &["n", last]].concat()
}

#[test]
fn a_new_office_is_asked_for_and_written() {
    let folder = empty();
    let done = answered(&folder, &["--json"], &OFFICE).expect(0);
    done.says("`203.0.113.300` is no IP address")
        .says("201 is there already")
        .says("did you mean `generic`?");
    let made = done.json();
    assert_eq!((&made["trunk"], &made["running"]), (&"voys".into(), &false.into()));
    assert_eq!(made["extensions"].as_array().map(Vec::len), Some(2));
    assert_eq!(made["admin"]["login"], "admin");
    assert!(!done.err().contains("geheim-van-voys"), "{}", done.err());

    folder.run(&["check"]).expect(0).says("all is good");
    folder.run(&["print-config"]).expect(0).says("external_address = \"203.0.113.10\"");
    let password = made["extensions"][0]["password"].as_str().expect("a password").to_owned();
    folder
        .run(&["extension", "show", "201", "--reveal"])
        .expect(0)
        .says(&password)
        .says("kantoor.example")
        .says("Balie");
    let users = folder.run(&["user", "list", "--json"]).expect(0).json();
    assert_eq!((&users[0]["login"], &users[0]["extension"]), (&"admin".into(), &"201".into()));
    let trunk = folder.run(&["trunk", "show", "voys", "--reveal", "--json"]).expect(0).json();
    assert_eq!(
        (&trunk["settings"]["register"], &trunk["password"]),
        (&true.into(), &"geheim-van-voys".into())
    );
    assert_eq!(trunk["settings"]["caller_id_number"], "+31201234567");
    let way = ["dialplan", "explain", "0612345678", "--from", "201"];
    folder.run(&way).expect(0).says("trunk:voys");
    folder.run(&["dialplan", "explain", "112", "--from", "202"]).expect(0).says("nood");
    folder
        .run(&["dialplan", "explain", "+31201234567", "--from", "0612345678", "--context", "inkomend"])
        .expect(0)
        .says("group:allen");
}

#[test]
fn what_is_there_is_not_asked_again_and_stays() {
    let folder = empty();
    answered(&folder, &[], &untested()).expect(0);
    let plan = fs::read_to_string(folder.path("dialplans/kantoor.toml")).expect("a dialplan");
    let again = answered(
        &folder,
        &[],
        &[
            "1",
            "",
            "Bart",
            "generic",
            "backup",
            "127.0.0.1:9",
            "n",
            "192.0.2.9",
            "",
            "anonymous",
            "j",
            "n",
            "generic",
            "backup",
            "192.0.2.9",
            "n",
            "192.0.2.9",
            "",
            "020", // no number: asked again
            "",
            "n",
            "",
        ],
    );
    let again = again.expect(0);
    again.says("rungs that do not hold").says("Keep it all the same?");
    again.says("There are: 201, 202").says("extension 203: password").says("trunk:backup");
    again.says("changed: dialplans/kantoor.toml").says("whoever dials a 9 before the number");
    let joined = plan.replace(r#"["201", "202"]"#, r#"["201", "202", "203"]"#);
    assert_ne!(joined, plan);
    assert_eq!(fs::read_to_string(folder.path("dialplans/kantoor.toml")).expect("a dialplan"), joined);
    // What it prints can be pasted: no name is there twice.
    let rule = again.out().split_once("\n\n").expect("a rule").1;
    fs::write(folder.path("dialplans/kantoor.toml"), format!("{joined}\n{rule}")).expect("a file");
    folder.run(&["dialplan", "check"]).expect(0);
    folder.run(&["dialplan", "explain", "90201234567", "--from", "201"]).expect(0).says("trunk:backup");
    let listed = folder.run(&["extension", "list", "--json"]).expect(0).json();
    let numbers: Vec<&Value> = listed.as_array().expect("a list").iter().map(|one| &one["number"]).collect();
    assert_eq!(numbers, ["201", "202", "203"]);
}

#[test]
fn nothing_is_changed_before_the_last_answer() {
    let folder = empty();
    let office = untested();
    let given = office.len();
    for (answers, code) in [(&office[..given - 1], 64), (&[&office[..given - 1], &["n"]].concat()[..], 0)] {
        let ended = answered(&folder, &[], answers).expect(code);
        ended.says(if code == 0 { "Nothing was changed." } else { "nothing was changed" });
        for file in ["data/kiestoon.db", "conf.d", "dialplans/kantoor.toml"] {
            assert!(!folder.path(file).exists(), "{file}");
        }
    }
    folder.run(&["setup"]).expect(64).says("--interactive");
}

#[test]
fn what_cannot_be_written_to_its_end_leaves_nothing() {
    let folder = empty();
    let office = untested();
    let (last, before) = office.split_last().expect("answers");
    let mut child = asking(&folder, &[]);
    answer(child.stdin.as_mut().expect("a pipe"), before);
    let mut questions = child.stderr.take().expect("a pipe");
    let mut asked = Vec::new();
    while !String::from_utf8_lossy(&asked).contains("Write this?") {
        let mut one = [0];
        questions.read_exact(&mut one).expect("it asks at last");
        asked.extend(one);
    }
    // Somebody else makes the administrator, who is written last.
    folder.run(&["user", "add", "admin", "--role", "admin"]).expect(0);
    answer(child.stdin.as_mut().expect("a pipe"), &[last]);
    let mut said = String::new();
    questions.read_to_string(&mut said).expect("its end");
    assert_eq!(
        (child.wait().expect("it ends").code(), said.contains("user `admin` exists already")),
        (Some(1), true),
        "{said}"
    );
    for list in ["extension", "trunk"] {
        assert_eq!(folder.run(&[list, "list", "--json"]).expect(0).json(), serde_json::json!([]), "{list}");
    }
    for file in ["conf.d/50-setup.toml", "dialplans/kantoor.toml"] {
        assert!(!folder.path(file).exists(), "{file}");
    }
}

#[test]
fn a_file_that_cannot_be_written_to_its_end_is_not_left() {
    let folder = empty();
    // No file may grow: as on a full disk it can be made, and nothing can be put into it.
    let mut shell = Command::new("sh");
    let full = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let mut child = asking_by(shell.args(["-c", full, "sh", env!("CARGO_BIN_EXE_kiestoon")]), &folder, &[]);
    answer(child.stdin.as_mut().expect("a pipe"), &untested());
    let ended = Ended::new(child.wait_with_output().expect("it ends")).expect(1);
    ended.says("50-setup.toml: File too large");
    for file in ["conf.d/50-setup.toml", "dialplans/kantoor.toml", "data/kiestoon.db"] {
        assert!(!folder.path(file).exists(), "{file}");
    }
    answered(&folder, &[], &untested()).expect(0);
}

#[test]
fn a_running_pbx_says_what_it_has_and_what_waits() {
    let folder = empty();
    let _serving = folder.serve();
    let done = answered(&folder, &[], &untested()).expect(0);
    done.says("The running PBX has phones, trunk and dialplan.");
    done.says("these changes wait for a restart: sip.external_address");
    assert_eq!(folder.run(&["ctl", "status", "--json"]).expect(0).json()["extensions"], 2);
}

#[test]
fn a_trunk_that_comes_later_is_led_out_and_in() {
    let folder = empty();
    answered(&folder, &[], &["", "", "1", "101", "Balie", "", "", "j"]).expect(0);
    let trunk =
        ["", "", "0", "generic", "voys", "sip.example.net", "n", "192.0.2.9", "0201234567", "", "n", "j"];
    let done = answered(&folder, &[], &trunk).expect(0);
    done.says("written: dialplans/10-naar-buiten.toml");
    for (number, rule) in [("112", "nood"), ("0612345678", "trunk:voys")] {
        folder.run(&["dialplan", "explain", number, "--from", "101"]).expect(0).says(rule);
    }
    folder
        .run(&["dialplan", "explain", "+31201234567", "--from", "0612345678", "--context", "inkomend"])
        .expect(0)
        .says("group:allen");
    folder.run(&["check"]).expect(0).says("all is good");
}

#[test]
fn it_says_that_nobody_can_call_in() {
    let folder = empty();
    let trunk =
        ["", "", "1", "", "", "", "generic", "voys", "sip.example.net", "n", "", "", "anonymous", "n", "j"];
    let done = answered(&folder, &[], &trunk).expect(0);
    done.says("! no call can come in over it").says("addresses: where its calls come from (such as");
    done.says("kiestoon trunk set voys addresses=");
    folder.run(&["check"]).expect(0).says("no call can come in over it");
}

#[test]
fn what_it_offers_is_taken_and_what_it_refuses_says_what_to_write() {
    let folder = empty();
    let asked = ["", "1", "1.2", "pbx", "localhost", "1", "", "", "", "generic", "", "sip.example.net", "n"];
    let shown = ["192.0.2.9", "a b", "12", "12", "", "n", "j"];
    let done = answered(&folder, &[], &[&asked[..], &shown[..]].concat()).expect(0);
    for domain in ["1", "1.2", "pbx"] {
        done.says(&format!("`{domain}` is no SIP domain"));
    }
    done.says("such as pbx.example.com").says("`a b` is no number: write it as +31201234567");
    done.says("`12` is no whole number: write it as +31201234567, or `anonymous` to show none");
    assert!(!done.err().contains("[12]"), "{}", done.err());
    let trunk = folder.run(&["trunk", "show", "generic", "--json"]).expect(0).json();
    assert!(trunk["numbers"].get("12").is_some(), "{trunk:#}");
    assert_eq!(trunk["settings"]["caller_id_number"], Value::Null);
    // What has that name already is not offered as a name.
    let more = ["", "0", "generic", "", "sip.example.net", "n", "192.0.2.10", "", "", "n", "j"];
    let done = answered(&folder, &[], &more).expect(0);
    done.says("[generic-2]");
    folder.run(&["trunk", "show", "generic-2"]).expect(0);
}

#[test]
fn it_refuses_in_dutch_too() {
    let folder = empty();
    let mut program = Command::new("env");
    program.args(["LC_ALL=nl_NL.UTF-8", env!("CARGO_BIN_EXE_kiestoon")]);
    let mut child = asking_by(&mut program, &folder, &[]);
    let people = ["", "Kantoor", "", "1", "2 1", "201", "", "A B", "admin"];
    let trunk =
        ["generic", "a/b", "voys", "sip.example.net", "n", "192.0.2.9", "a b", "", "020", "", "n", "n"];
    answer(child.stdin.as_mut().expect("a pipe"), &[&people[..], &trunk[..]].concat());
    let ended = Ended::new(child.wait_with_output().expect("it ends")).expect(0);
    for said in [
        "`Kantoor` is geen SIP-domein",
        "`2 1` kan geen nummer van een toestel zijn",
        "`A B` kan geen naam om in te loggen zijn",
        "`a/b` kan geen naam van een trunk zijn",
        "`a b` is geen nummer",
        "of `anonymous` om er geen te tonen",
        "Er is niets veranderd.",
    ] {
        ended.says(said);
    }
}
