//! Trunks and numbers from a file: again without change, with everything that is wrong at its place.

use kiestoon_store::{Counts, Import, StoreError};

use crate::{Fixture, import, presets};

const TRUNKS: &str = r#"
[[trunk]]
name = "voys"
preset = "voipgrid"
username = "100001"
password = "geheim-van-voys"
caller_id_number = "+31201234567"
numbers = ["020-1234567", "112"]

[[trunk]]
name = "vast"
host = ["a.example.net:5070", "b.example.net"]
transport = "udp"
caller_id_number = "anonymous"
addresses = ["192.0.2.0/24"]
identify_header = "X-Account: 7"
channels = 30
options = "30s"
session_timer = "off"

[[number]]
number = "+31205555555"
trunk = "vast"
context = "verkoop"
"#;

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let first = import(&store, TRUNKS).await;
    assert_eq!(first.trunks, Counts { created: 2, ..Counts::default() });
    assert_eq!(first.numbers, Counts { created: 3, ..Counts::default() });
    assert!(first.warnings.is_empty(), "{:?}", first.warnings);
    let directory = store.directory().await.unwrap();
    assert_eq!(
        directory.trunks.iter().map(|trunk| &*trunk.details.name).collect::<Vec<_>>(),
        ["vast", "voys"]
    );
    let voys = &directory.trunks[1].details;
    assert!(voys.settings.host.is_none(), "what the preset says is not kept");
    assert_eq!(voys.numbers.keys().collect::<Vec<_>>(), ["+31201234567", "112"]);
    assert_eq!(directory.trunks[0].details.numbers["+31205555555"].as_deref(), Some("verkoop"));

    let second = import(&store, TRUNKS).await;
    assert_eq!(second.trunks, Counts { unchanged: 2, ..Counts::default() });
    assert_eq!(second.numbers, Counts { unchanged: 3, ..Counts::default() });
    assert!(!second.changed());
    assert_eq!(store.directory().await.unwrap().trunks, directory.trunks);
}

#[tokio::test]
async fn what_is_left_out_is_kept_and_numbers_follow_the_file() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, TRUNKS).await;
    let report = import(&store, "[[trunk]]\nname = \"voys\"\nchannels = 4\n").await;
    assert_eq!(report.trunks, Counts { updated: 1, ..Counts::default() });
    let (_, voys) = store.trunk(None, "voys").await.unwrap();
    assert_eq!(voys.details.password.unwrap().expose(), "geheim-van-voys");
    assert_eq!((voys.details.settings.channels, voys.details.numbers.len()), (Some(4), 2));

    let moved = "[[trunk]]\nname = \"vast\"\nnumbers = [\"+31201234567\"]\n[[number]]\nnumber = \"0205555555\"\ntrunk = \"vast\"\n";
    let report = import(&store, moved).await;
    assert_eq!(report.numbers, Counts { created: 1, unchanged: 1, removed: 1, ..Counts::default() });
    let numbers = |name| {
        let trunk = store.trunk(None, name);
        async move { trunk.await.unwrap().1.details.numbers.into_iter().collect::<Vec<_>>() }
    };
    assert_eq!(numbers("voys").await, [("112".to_owned(), None)], "it has moved");
    let kept = ("+31205555555".to_owned(), Some("verkoop".to_owned()));
    assert_eq!(numbers("vast").await, [("+31201234567".to_owned(), None), kept]);
    let emptied = import(&store, "[[trunk]]\nname = \"vast\"\nnumbers = []\n").await;
    assert_eq!(emptied.numbers, Counts { removed: 2, ..Counts::default() });
}

#[tokio::test]
async fn what_the_text_shows_is_told_at_its_place() {
    let text = "[[trunk]]\nname = \"a b\"\nhots = \"x\"\ntransport = \"ws\"\naddresses = [\"192.0.2.0/24\", \"192.0.2.300\"]\n\
                [[trunk]]\nregister = \"yes\"\nchannels = 0\nnumbers = \"+3120\"\n\
                [[number]]\nnumber = 31\ntrunk = \"voys\"\ncontxt = \"x\"\n\
                [[trunk]]\nname = \"voys\"\n[[trunk]]\nname = \"voys\"\nhost = [\"a.example\", \"b example\"]\n";
    let problems = Import::parse("f.toml", text).unwrap_err();
    let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let wanted = [
        "f.toml:2:8: error: `a b` cannot be a trunk's name",
        "f.toml:3:1: error: unknown key `hots`: did you mean `host`?",
        "f.toml:4:13: error: `transport` must be one of \"udp\", \"tcp\", \"tls\", not \"ws\"",
        "f.toml:5:30: error: `addresses` cannot have \"192.0.2.300\"",
        "f.toml:6:1: error: `name` is missing",
        "f.toml:7:12: error: `register` must be true or false, not text",
        "f.toml:8:12: error: `channels` is 0, but must be from 1 to 100000",
        "f.toml:9:11: error: `numbers` must be a list of numbers in quotes, not text",
        "f.toml:11:10: error: `number` must be text in quotes, not a number",
        "f.toml:13:1: error: unknown key `contxt`: did you mean `context`?",
        "f.toml:17:8: error: trunk `voys` stands here for the second time: first in line 15",
        "f.toml:18:22: error: `host` cannot be \"b example\"",
    ];
    assert_eq!(shown.len(), wanted.len(), "{shown:#?}");
    for (shown, wanted) in shown.iter().zip(wanted) {
        assert!(shown.starts_with(wanted), "{shown}\n{wanted}");
    }
    let twice =
        Import::parse("f.toml", "[[trunk]]\nname = \"voys\"\n[[trunk]]\nname = \"voys\"\n").unwrap_err();
    assert_eq!(
        twice[0].to_string(),
        "f.toml:4:8: error: trunk `voys` stands here for the second time: first in line 2"
    );
}

#[tokio::test]
async fn what_presets_countries_and_the_database_show_is_told_too() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = "[[trunk]]\nname = \"a\"\n\
                [[trunk]]\nname = \"b\"\npreset = \"twillio\"\n\
                [[trunk]]\nname = \"c\"\nhost = \"c.example\"\ncountry = \"xx\"\n\
                [[trunk]]\nname = \"d\"\nhost = \"d.example\"\nregister = true\nnumbers = [\"+31201234567\", \"0 2\\u00e9\"]\n\
                [[trunk]]\nname = \"e\"\nhost = \"e.example\"\naddresses = [\"192.0.2.1\"]\nnumbers = [\"0201234567\"]\n\
                [[number]]\nnumber = \"+31205555555\"\ntrunk = \"vois\"\n\
                [[trunk]]\nname = \"uit\"\nenabled = false\n";
    let parsed = Import::parse("f.toml", text).unwrap();
    let error = store.import(&parsed, &presets(), &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, StoreError::Import(_)));
    let shown = error.to_string();
    let wanted = [
        "f.toml:2:8: error: preset `generic` leaves to be filled in: host",
        "f.toml:5:10: error: there is no preset `twillio`: did you mean `twilio`?",
        "f.toml:9:11: error: there is no country `xx` here: write its two letters, such as nl",
        "f.toml:13:12: error: `register = true` needs `username`",
        "f.toml:14:28: error: `0 2é` is no number",
        "f.toml:19:12: error: number +31201234567 is trunk `d`'s already, in line 14",
        "f.toml:22:9: error: there is no trunk `vois`: add a [[trunk]] of this name",
    ];
    assert_eq!(shown.lines().count(), wanted.len(), "{shown}");
    for (shown, wanted) in shown.lines().zip(wanted) {
        assert!(shown.starts_with(wanted), "{shown}\n{wanted}");
    }
    assert!(store.directory().await.unwrap().trunks.is_empty(), "nothing was taken");
}

#[tokio::test]
async fn what_works_but_not_as_one_thinks_is_a_warning() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = "[[trunk]]\nname = \"a\"\nhost = \"a.example\"\nsrtp = \"required\"\n\
                [[trunk]]\nname = \"b\"\nhost = \"b.example;transport=tls\"\nusername = \"1\"\nregister = true\nsrtp = \"required\"\n\
                [[trunk]]\nname = \"c\"\nenabled = false\n";
    let report = import(&store, text).await;
    let shown: Vec<_> = report.warnings.iter().map(ToString::to_string).collect();
    let wanted = [
        "f.toml:2:8: warning: no call can come in over it",
        "f.toml:4:8: warning: `srtp = \"required\"` over udp",
        "f.toml:9:12: warning: `register = true` without a password",
        "f.toml:12:8: warning: preset `generic` leaves to be filled in: host",
        "f.toml:12:8: warning: no call can come in over it",
        "f.toml:2:8: warning: `caller_id_number` is missing",
        "f.toml:6:8: warning: `caller_id_number` is missing",
        "f.toml:12:8: warning: `caller_id_number` is missing",
    ];
    assert_eq!(shown.len(), wanted.len(), "{shown:#?}");
    for wanted in wanted {
        let wanted = wanted.replace("f.toml", "import.toml");
        assert!(shown.iter().any(|shown| shown.starts_with(&wanted)), "{wanted}\n{shown:#?}");
    }
}

#[tokio::test]
async fn an_organisation_is_made_for_trunks_and_kept_for_them() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, TRUNKS).await;
    import(&store, "[[organisation]]\nslug = \"kantoor\"\n").await;
    let slugs: Vec<_> = store.organisations().await.unwrap().into_iter().map(|o| o.slug).collect();
    assert_eq!(slugs, ["default", "kantoor"]);
    assert_eq!(store.directory().await.unwrap().trunks.len(), 2);
}
