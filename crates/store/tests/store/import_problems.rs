//! What only the database can tell is reported with its place in the file, all at once, and nothing is changed.

use kiestoon_store::{Import, Store, StoreError};

use crate::{Fixture, KANTOOR, import, presets};

#[tokio::test]
async fn all_problems_are_reported_and_nothing_is_changed() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let before = store.directory().await.unwrap();
    let text = "[[organisation]]\nslug = \"winkel\"\ndomain = \"kantoor.example\"\n\
                [[extension]]\norganisation = \"elders\"\nnumber = \"1\"\n\
                [[extension]]\nnumber = \"2\"\n\
                [[extension]]\norganisation = \"kantoor\"\nnumber = \"2\"\n";
    let parsed = Import::parse("import.toml", text).unwrap();
    let error = store.import(&parsed, &presets(), &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(&error, StoreError::Import(problems) if problems.len() == 3), "{error}");
    assert_eq!(
        error.to_string().lines().collect::<Vec<_>>(),
        [
            "import.toml:1:1: error: the domain of `winkel` belongs to organisation `kantoor`",
            "import.toml:6:10: error: there is no organisation `elders`",
            "import.toml:8:10: error: there are several organisations: name one",
        ]
    );
    let after = store.directory().await.unwrap();
    assert_eq!(after.revision, before.revision);
    assert_eq!(after.organisations, before.organisations);
    assert_eq!(after.extensions, before.extensions);
}

/// What is told of a file, text and database together.
async fn told(store: &Store, text: &str) -> Vec<String> {
    let import = Import::read("f.toml", text).unwrap();
    let Err(StoreError::Import(problems)) = store.import(&import, &presets(), &mut |_, _| {}).await else {
        panic!("taken");
    };
    problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_the_text_and_what_the_database_shows_is_told_at_once() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let text = r#"[[trunk]]
organisation = "kantoor"
name = "voys"
chanels = 3
host = "a.example.net"
addresses = ["192.0.2.1"]
numbers = ["+31201234567", "0201"]
[[number]]
organisation = "kantoor"
number = "+31205550000"
trunk = "voys"
[[trunk]]
organisation = "kantoor"
name = "vast"
hots = "b.example.net"
register = true
[[number]]
organisation = "kantoor"
number = "+31205550001"
trunk = "mobiel"
context = 5
[[extension]]
organisation = "elders"
number = "201"
enabled = "yes"
[[extension]]
organisation = "kantoor"
number = "202"
profile = "weg"
password = 5
[[block]]
organisation = "kantoor"
prefix = "44"
trunk = "voyz"
[[contact]]
organisation = "kantoor"
number = "020"
name = ""
[[organisation]]
slug = "winkel"
domain = "geen domein"
[[extension]]
organisation = "winkel"
number = "1"
[[profile]]
organisation = "winkel"
name = "balie"
hours = 5
[[extension]]
organisation = "winkel"
number = "2"
profile = "balie"
"#;
    let told = told(&store, text).await;
    let expected = [
        "f.toml:4:1: error: unknown key `chanels`: did you mean `channels`?",
        "f.toml:7:28: error: `0201` is no number",
        "f.toml:15:1: error: unknown key `hots`: did you mean `host`?",
        "f.toml:16:12: error: `register = true` needs `username`",
        "f.toml:20:9: error: there is no trunk `mobiel`: add a [[trunk]] of this name",
        "f.toml:21:11: error: `context` must be text in quotes",
        "f.toml:24:10: error: there is no organisation `elders`",
        "f.toml:25:11: error: `enabled` must be true or false",
        "f.toml:29:11: error: there is no profile `weg`: add a [[profile]] of this name",
        "f.toml:30:12: error: `password` must be text in quotes",
        "f.toml:31:1: error: there is no trunk `voyz` in organisation `kantoor`: did you mean `voys`?",
        "f.toml:33:10: error: `44` cannot be the start of numbers",
        "f.toml:37:10: error: `020` is no whole number",
        "f.toml:38:8: error: a contact needs a name",
        "f.toml:41:10: error: `geen domein`",
        "f.toml:48:9: error: `hours` must be",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
    assert!(store.trunks(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_what_may_be_meant_by_an_unreadable_name_nothing_is_missing() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = r#"[[organisation]]
slug = "Kantoor"
[[extension]]
organisation = "kantoor"
number = "201"
[[trunk]]
name = "twee woorden"
[[number]]
number = "+31201234567"
trunk = "voys"
[[block]]
anonymous = true
trunk = "voys"
[[profile]]
name = 5
[[extension]]
number = "202"
profile = "balie"
[[trunk]]
name = "ander"
preset = 5
numbers = ["0201"]
[[trunk]]
name = "uit"
enabled = "nee"
"#;
    let errors = told(&store, text).await;
    let places: Vec<&str> = errors.iter().map(|error| error.split(" error").next().unwrap()).collect();
    assert_eq!(
        places,
        ["f.toml:2:8:", "f.toml:7:8:", "f.toml:15:8:", "f.toml:21:10:", "f.toml:25:11:"],
        "{errors:#?}"
    );

    // What stands under a key that is none is not missing either.
    let errors = told(
        &store,
        "[[trunks]]\nname = \"voys\"\n[[number]]\nnumber = \"+31201234567\"\ntrunk = \"voys\"\n",
    )
    .await;
    assert_eq!(errors, ["f.toml:1:3: error: unknown key `trunks`: did you mean `trunk`?"]);
    let errors =
        told(&store, "[trunk]\nname = \"voys\"\n[[number]]\nnumber = \"+31201234567\"\ntrunk = \"voys\"\n")
            .await;
    assert_eq!(errors.len(), 1, "{errors:#?}");
}
