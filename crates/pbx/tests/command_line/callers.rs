//! Contacts and blocks on the command line.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::kiestoon::Folder;

#[test]
fn a_contact_is_kept_listed_and_removed() {
    let folder = Folder::new();
    folder
        .run(&["contact", "add", "020-1234567", "Bakkerij Jansen"])
        .expect(0)
        .says("contact 020-1234567 kept");
    folder.run(&["contact", "add", "12", "Kort"]).expect(64).says("`12` is no whole number");
    let listed = folder.run(&["contact", "list", "--json"]).expect(0).json();
    assert_eq!(
        (&listed[0]["number"], &listed[0]["name"]),
        (&json!("+31201234567"), &json!("Bakkerij Jansen"))
    );
    folder.run(&["contact", "list"]).expect(0).says("+31201234567  Bakkerij Jansen  cli");
    folder.run(&["contact", "remove", "0031201234567"]).expect(0).says("removed");
    folder.run(&["contact", "remove", "+31201234567"]).expect(1).says("there is no contact +31201234567");
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["contact", "list"], &dutch).expect(0).says("nog geen contacten");
    folder.run_with(&["contact", "remove", "+31201234567"], &dutch).expect(1).says("er is geen contact");
    folder.run_with(&["contact", "add", "12", "Kort"], &dutch).expect(64).says("is geen heel nummer");
    folder.run(&["contact", "--help"]).expect(0).says("kiestoon contact add +31201234567");
}

#[test]
fn contacts_come_from_a_csv_file_all_or_none() {
    let folder = Folder::new();
    folder.write("contacts.csv", "number,name\n0201234567,\"Jansen, bakker\"\n+32212345678;Anna\n");
    folder
        .run(&["contact", "import", "contacts.csv"])
        .expect(0)
        .says("contacts: 2 new, 0 changed, 0 unchanged");
    let again = folder.run(&["contact", "import", "contacts.csv", "--json"]).expect(0).json();
    assert_eq!(again, json!({ "contacts": { "created": 0, "updated": 0, "unchanged": 2 } }));
    folder.write("broken.csv", "0201234568,Pieter\n0201234569\n");
    folder.run(&["contact", "import", "broken.csv"]).expect(64).says("broken.csv:2:1: error: write a number");
    folder.write("wrong.csv", "0201234568,Pieter\n12,Anna\n");
    folder
        .run(&["contact", "import", "wrong.csv"])
        .expect(64)
        .says("wrong.csv:2:1: error: `12` is no whole number");
    assert_eq!(folder.run(&["contact", "list", "--json"]).expect(0).json().as_array().map(Vec::len), Some(2));
}

#[test]
fn callers_are_kept_out_and_let_in_again() {
    let folder = with_names();
    folder.run(&["block", "add", "--prefix", "+44"]).expect(0).says("block for +44... added: declined (603)");
    folder.run(&["block", "add", "--prefix", "+44", "--action", "busy"]).expect(0).says("kept: busy (486)");
    folder
        .run(&[
            "block",
            "add",
            "--number",
            "020-5550000",
            "--trunk",
            "voys",
            "--context",
            "spam",
            "--note",
            "x",
        ])
        .expect(0)
        .says("enters context spam");
    folder.run(&["block", "add", "--anonymous", "--action", "silence"]).expect(0).says("withheld numbers");
    folder.run(&["block", "add", "--stir-failed"]).expect(0).says("forged numbers");
    folder.run(&["block", "add"]).expect(64);
    folder.run(&["block", "add", "--anonymous", "--prefix", "+44"]).expect(64).says("cannot be used with");
    folder.run(&["block", "add", "--prefix", "44"]).expect(64).says("write it as +44 or +4420");
    folder.run(&["block", "add", "--anonymous", "--action", "busy", "--context", "x"]).expect(64);
    let listed = folder.run(&["block", "list", "--json"]).expect(0).json();
    let shown: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|block| {
            json!([block["kind"], block["value"], block["trunk"], block["action"], block["context"]])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["anonymous", "", null, "silence", null]),
            json!(["number", "+31205550000", "voys", "context", "spam"]),
            json!(["prefix", "+44", null, "busy", null]),
            json!(["stir", "", null, "reject", null]),
        ]
    );
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["block", "list"], &dutch).expect(0).says("vervalste nummers").says("bezet (486)");
    folder
        .run(&["block", "remove", "--number", "+31205550000"])
        .expect(1)
        .says("there is no block for number");
    folder.run(&["block", "remove", "--number", "+31205550000", "--trunk", "voys"]).expect(0).says("removed");
    folder.run_with(&["block", "remove", "--prefix", "+45"], &dutch).expect(1).says("er is geen blokkade");
    folder.run(&["block", "--help"]).expect(0).says("kiestoon block add --prefix +44");
}

#[test]
fn a_block_is_for_a_whole_number() {
    let folder = Folder::new();
    for number in ["foo", "020", "112"] {
        let add = ["block", "add", "--number", number];
        folder.run(&add).expect(64).says(&format!("`{number}` is no whole number: write it as +31201234567"));
    }
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["block", "add", "--number", "020"], &dutch).expect(64).says("is geen heel nummer");
    folder.write("blocks.toml", "[[block]]\nprefix = \"+44\"\n[[block]]\nnumber = \"020\"\n");
    folder
        .run(&["import", "blocks.toml"])
        .expect(64)
        .says("blocks.toml:3:1: error: `020` is no whole number");
    folder.run(&["block", "list"]).expect(0).says("nobody is kept out");
    folder
        .run(&["block", "add", "--number", "0031 20 5550000"])
        .expect(0)
        .says("block for +31205550000 added");
}

#[test]
fn the_blocks_of_a_trunk_go_with_it() {
    let folder = with_names();
    folder.run(&["block", "add", "--anonymous", "--trunk", "voys", "--context", "spam"]).expect(0);
    folder.run(&["block", "add", "--prefix", "+44", "--trunk", "voys"]).expect(0);
    folder.run(&["block", "add", "--prefix", "+44"]).expect(0);
    let removed = folder.run(&["trunk", "remove", "voys"]).expect(0);
    removed.says("trunk voys removed; blocks for it removed too: 2");
    folder.run(&["check"]).expect(0);
    assert_eq!(folder.run(&["block", "list", "--json"]).expect(0).json().as_array().map(Vec::len), Some(1));

    let add = ["trunk", "add", "voys", "host=192.0.2.1", "addresses=192.0.2.1"];
    let block = ["block", "add", "--stir-failed", "--trunk", "voys"];
    folder.run(&add).expect(0);
    folder.run(&block).expect(0);
    let removed = folder.run(&["trunk", "remove", "voys", "--json"]).expect(0).json();
    assert_eq!(removed, json!({ "name": "voys", "blocks": 1 }));
    folder.run(&add).expect(0);
    folder.run(&block).expect(0);
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    let removed = folder.run_with(&["trunk", "remove", "voys"], &dutch).expect(0);
    removed.says("trunk voys verwijderd; blokkades ervoor ook verwijderd: 1");
}

#[test]
fn what_names_a_trunk_follows_its_new_name() {
    let folder = with_names();
    folder.run(&["block", "add", "--anonymous", "--trunk", "voys", "--context", "spam"]).expect(0);
    folder.run(&["block", "add", "--prefix", "+44", "--trunk", "voys"]).expect(0);
    folder.run(&["block", "add", "--prefix", "+44"]).expect(0);
    let rename = ["trunk", "set", "voys", "name=vast", "channels=3"];
    folder
        .run(&rename)
        .expect(0)
        .says("trunk vast of default changed; blocks for it that follow its new name: 2");
    let listed = folder.run(&["block", "list", "--json"]).expect(0).json();
    let trunks: Vec<_> = listed.as_array().expect("a list").iter().map(|block| &block["trunk"]).collect();
    assert_eq!(trunks, [&json!("vast"), &json!(null), &json!("vast")]);
    folder.run(&["check"]).expect(0);

    folder.run(&["trunk", "add", "voys", "host=192.0.2.1", "addresses=192.0.2.1"]).expect(0);
    let taken = folder.run(&["trunk", "set", "vast", "name=voys"]).expect(1);
    taken.says("trunk `voys` exists already in organisation `default`");
    folder.run(&["trunk", "set", "nergens", "name=x"]).expect(1).says("there is no trunk `nergens`");
    let back =
        folder.run(&["trunk", "set", "vast", "name=mobiel", "webhook_secret=geheim-van-de-trunk"]).expect(0);
    back.says("its webhooks come to /webhooks/default/mobiel now: tell its provider");
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    let again = folder.run_with(&["trunk", "set", "mobiel", "name=vast"], &dutch).expect(0);
    again.says("trunk vast van default gewijzigd; blokkades ervoor die de nieuwe naam volgen: 2");
    let same = folder.run(&["trunk", "set", "vast", "name=vast", "--json"]).expect(0).json();
    assert_eq!((&same["name"], &same["blocks"]), (&json!("vast"), &json!(null)));
}

#[test]
fn files_that_name_a_trunk_keep_it_from_a_new_name() {
    let folder = with_names();
    let config = fs::read_to_string(folder.path("kiestoon.toml")).expect("a configuration");
    folder.write("kiestoon.toml", &format!("{config}\n[trunks]\nrates = \"rates\"\n"));
    folder.write("rates/voys.csv", "prefix,per_minute,setup\n31,0.01,0\n");
    let dials = |name: &str| {
        let rule = |number| {
            format!("[[context.intern]]\nmatch = \"{number}\"\ndo = [{{ dial = \"trunk:{name}\" }}]\n")
        };
        folder.write("dialplans/out.toml", &format!("version = 1\n{}{}", rule("0201"), rule("0202")));
    };
    dials("voys");
    let rename = ["trunk", "set", "voys", "name=vast"];
    folder
        .run(&rename)
        .expect(64)
        .says("dialplans/out.toml:4: the dialplan dials trunk `voys` here: write `trunk:vast` first")
        .says("dialplans/out.toml:7: the dialplan dials trunk `voys` here")
        .says("rates/voys.csv: this file says what calls over trunk `voys` cost: copy it to rates/vast.csv first");
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder
        .run_with(&rename, &dutch)
        .expect(64)
        .says("het belplan belt hier trunk `voys`")
        .says("kopieer het eerst");
    folder.run(&["trunk", "list"]).expect(0).says("voys");

    dials("vast");
    fs::rename(folder.path("rates/voys.csv"), folder.path("rates/vast.csv")).expect("renamed");
    folder.run(&rename).expect(0);
    folder.write("dialplans/out.toml", "version = 1\n[[context.intern]]\nmatch = 1\n");
    let unseen = folder.run(&["trunk", "set", "vast", "name=voys"]).expect(64);
    unseen.says("whether the dialplan dials trunk `vast` cannot be seen: `kiestoon check --config kiestoon.toml` says");
}

/// A folder with a trunk, a context and opening hours that names may be of.
fn with_names() -> Folder {
    let folder = Folder::new();
    let rules = "version = 1\n[hours.kantoor]\nopen = [\"ma-vr 09:00-17:00\"]\n[[context.spam]]\nmatch = \"_X.\"\ndo = [{ reject = \"decline\" }]\n";
    folder.write("dialplans/spam.toml", rules);
    folder.run(&["trunk", "add", "voys", "host=192.0.2.1", "addresses=192.0.2.1"]).expect(0);
    folder
}

#[test]
fn names_that_are_not_there_are_refused_all_at_once() {
    let folder = with_names();
    let add = ["block", "add", "--prefix", "+44", "--trunk", "voyz", "--context", "spa"];
    folder
        .run(&add)
        .expect(64)
        .says("there is no trunk `voyz`: did you mean `voys`?")
        .says("the dialplan has no context `spa`: did you mean `spam`?");
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&add, &dutch).expect(64).says("bedoelde u `voys`?").says("bedoelde u `spam`?");
    folder.run(&["block", "list"]).expect(0).says("nobody is kept out");
    folder
        .run(&["profile", "set", "balie", "hours=kantor"])
        .expect(64)
        .says("the dialplan has no hours `kantor`: did you mean `kantoor`?");
    folder.run(&["profile", "set", "balie", "hours=kantoor"]).expect(0);

    let text =
        "[[block]]\nprefix = \"+44\"\ncontext = \"spa\"\n[[profile]]\nname = \"x\"\nhours = \"nergens\"\n";
    folder.write("names.toml", text);
    folder
        .run(&["import", "names.toml"])
        .expect(64)
        .says("names.toml:1:1: error: the dialplan has no context `spa`: did you mean `spam`?")
        .says("names.toml:5:8: error: the dialplan has no hours `nergens`; there are kantoor");

    // What goes away later is found by `check`.
    folder.run(&["block", "add", "--anonymous", "--trunk", "voys", "--context", "spam"]).expect(0);
    folder.run(&["check"]).expect(0);
    // A release in which blocks did not follow the new name of their trunk may have left this.
    let old = "UPDATE blocks SET trunk = 'vroeger'";
    let changed = Command::new("sqlite3").arg(folder.path("data/kiestoon.db")).arg(old).status();
    assert!(changed.expect("sqlite3 runs").success());
    fs::remove_file(folder.path("dialplans/spam.toml")).expect("removed");
    folder
        .run(&["check"])
        .expect(64)
        .says("block for anonymous of default: there is no trunk `vroeger`")
        .says("block for anonymous of default: the dialplan has no context `spam`")
        .says("profile balie of default: the dialplan has no hours `kantoor`");
}

#[test]
fn a_list_of_numbers_is_checked() {
    let folder = Folder::new();
    let config = fs::read_to_string(folder.path("kiestoon.toml")).expect("a configuration");
    folder.write("list.txt", "+31201234567\nspam\n");
    folder.write("kiestoon.toml", &format!("{config}\n[trunks]\nblocklist = \"list.txt\"\n"));
    folder.run(&["check"]).says("list.txt:2: 1 lines of the blocklist are no numbers");
    folder.write("kiestoon.toml", &format!("{config}\n[trunks]\nblocklist = \"gone.txt\"\n"));
    folder.run(&["check"]).expect(64).says("`trunks.blocklist`: gone.txt cannot be read (No such file");
}
