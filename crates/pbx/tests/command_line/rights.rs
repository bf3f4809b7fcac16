//! Rights and profiles on the command line, without a PBX that runs.

use serde_json::json;

use crate::kiestoon::Folder;

#[test]
fn rights_come_from_the_extension_its_profile_or_the_organisation() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201", "--password", "geheim201"]).expect(0);
    let show = |folder: &Folder| folder.run(&["rights", "show", "201", "--json"]).expect(0).json();
    let shown = show(&folder);
    assert_eq!(
        (&shown["rights"], &shown["from"]),
        (&json!(["internal", "national", "mobile"]), &json!("default"))
    );
    folder.run(&["profile", "list"]).expect(0).says("no profiles yet");
    let made = ["profile", "set", "verkoop", "rights=internal,national,international", "spend_per_day=25"];
    folder.run(&made).expect(0).says("profile verkoop made");
    folder.run(&["profile", "set", "verkoop", "calls=5"]).expect(0).says("profile verkoop changed");
    folder.run(&["profile", "set", "verkoop", "calls=5"]).expect(0).says("profile verkoop was so already");
    folder.run(&["profile", "set", "leeg"]).expect(64).says("KEY=VALUE");
    folder.run(&["profile", "set", "", "calls=5"]).expect(64);
    for empty in ["--profile", "--rights"] {
        folder.run(&["rights", "set", "201", empty, ""]).expect(64).says("a value is required");
    }
    folder.run(&["rights", "set", "--itself", "--profile", "verkoop"]).expect(0);
    let shown = show(&folder);
    assert_eq!((&shown["from"], &shown["organisation_profile"]), (&json!("organisation"), &json!("verkoop")));
    assert_eq!(
        shown["settings"],
        json!({ "rights": ["internal", "national", "international"], "calls": 5, "spend_per_day": "25.00" })
    );
    folder.run(&["rights", "set", "201", "--rights", "none"]).expect(0);
    assert_eq!((&show(&folder)["rights"], &show(&folder)["from"]), (&json!([]), &json!("own")));
    folder.run(&["rights", "show", "201"]).expect(0).says("said at the extension").says("of 25.00");
    folder
        .run_with(&["rights", "show", "201"], &[("LC_ALL", "nl_NL.UTF-8")])
        .expect(0)
        .says("gezegd bij het toestel");
    folder.run(&["rights", "set", "201", "--profile", "verkop"]).expect(1).says("did you mean `verkoop`?");
    folder.run(&["rights", "set", "201"]).expect(64).says("say what is to change");
    folder
        .run(&["rights", "set", "201", "--rights", "natonal"])
        .expect(64)
        .says("did you mean \"national\"?");
    folder.run(&["rights", "show", "999"]).expect(1).says("there is no extension 999");
    let wrong = ["profile", "set", "verkoop", "call=1", "blocked=0049", "spend_per_day=veel"];
    folder
        .run(&wrong)
        .expect(64)
        .says("did you mean `calls`?")
        .says("write it as +49")
        .says("must be an amount such as 25.00");
    folder.run(&["profile", "remove", "verkoop"]).expect(1).says("profile `verkoop` is that of default");
    folder.run(&["rights", "set", "--itself", "--no-profile"]).expect(0);
    folder.run(&["profile", "remove", "verkoop"]).expect(0);
    folder.run(&["rights", "test", "201", "+49301234567"]).expect(1).says("kiestoon serve");
    folder.run(&["rights", "test", "201", "201"]).expect(0).says("201 is an extension: no call goes out");
    folder.run(&["rights", "test", "201", "anna"]).expect(64).says("`anna` is no number");
    folder.run(&["rights", "test", "999", "0201234567"]).expect(1).says("there is no extension 999");
}

/// Somebody who has two extensions and types the commands of the page, from the first one on.
#[test]
fn the_commands_of_the_page_work_in_their_order() {
    let folder = Folder::new();
    for number in ["201", "202"] {
        folder.run(&["extension", "add", number, "--password", "geheim201"]).expect(0);
    }
    let page = include_str!("../../../../docs/rights.md");
    for line in
        page.split("```sh\n").skip(1).flat_map(|block| block.split("```").next().expect("a block").lines())
    {
        let Some(line) = line.strip_prefix("kiestoon ") else { continue };
        let words: Vec<&str> = line.split(['#', '|']).next().expect("words").split_whitespace().collect();
        let needs_pbx = ["ctl", "fraud-drill", "rights test"].iter().any(|verb| line.starts_with(verb));
        folder.run(&words).expect(if needs_pbx { 1 } else { 0 });
    }
}

#[test]
fn the_examples_of_the_page_are_taken() {
    let page = include_str!("../../../../docs/rights.md");
    let blocks = |language: &str| -> Vec<String> {
        let opening = format!("```{language}\n");
        let parts = page.split(&*opening).skip(1);
        parts.map(|part| part.split("```").next().expect("a block").to_owned()).collect()
    };
    let folder = Folder::new();
    let (toml, csv) = (blocks("toml"), blocks("csv"));
    assert_eq!((toml.len(), csv.len()), (1, 1));
    folder.write("import.toml", &toml[0]);
    folder.run(&["import", "import.toml"]).expect(0).says("profiles: 2 new");
    for line in
        blocks("sh").iter().flat_map(|block| block.lines()).filter_map(|line| line.strip_prefix("kiestoon "))
    {
        let words: Vec<&str> = line.split(['#', '|']).next().expect("words").split_whitespace().collect();
        let needs_pbx = ["ctl", "fraud-drill", "rights test"].iter().any(|verb| line.starts_with(verb));
        folder.run(&words).expect(if needs_pbx { 1 } else { 0 });
    }
    folder.write("rates/voys.csv", &csv[0]);
    folder.run_with(&["check"], &[("KIESTOON__TRUNKS__RATES", "rates")]).expect(0);
    folder.write("rates/voys.csv", &csv[0].replace("316,", "06,"));
    let refused = folder.run_with(&["check"], &[("KIESTOON__TRUNKS__RATES", "rates")]).expect(64);
    refused.says("rates/voys.csv:3: error: `06` is no prefix");
}
