//! Contacts: kept by number in E.164, however it is written; as many as an organisation may have.

use kiestoon_store::{ContactEntry, Counts, StoreError, TrunkDetails};

use crate::{Fixture, import, presets};

fn entry(number: &str, name: &str, line: u32) -> ContactEntry {
    ContactEntry { number: number.into(), name: name.into(), line }
}

#[tokio::test]
async fn a_number_is_one_contact_in_every_form() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let before = store.revision().await.unwrap();
    let save = async |entry| store.save_contacts(None, &presets(), &[entry], "cli", "").await;
    assert_eq!(
        save(entry("020 123 4567", " Bakkerij ", 0)).await.unwrap(),
        Counts { created: 1, ..Counts::default() }
    );
    assert_eq!(
        save(entry("020-1234567", "Bakkerij", 0)).await.unwrap(),
        Counts { unchanged: 1, ..Counts::default() }
    );
    assert_eq!(store.revision().await.unwrap(), before + 1, "nothing changed the second time");
    assert_eq!(
        save(entry("+31201234567", "Jansen", 0)).await.unwrap(),
        Counts { updated: 1, ..Counts::default() }
    );
    let kept = store.contacts(None).await.unwrap();
    let [contact] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((&*contact.number, &*contact.name, &*contact.source), ("+31201234567", "Jansen", "cli"));
    assert_eq!(store.directory().await.unwrap().contacts.len(), 1);
    for number in ["", "112", "201", "x", "+31"] {
        let error = save(entry(number, "x", 0)).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{number}: {error}");
    }
    assert_eq!(save(entry("+31201234567", " ", 0)).await.unwrap_err().to_string(), "a contact needs a name");
    store.remove_contact(None, &presets(), "0201234567").await.unwrap();
    let error = store.remove_contact(None, &presets(), "0201234567").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no contact +31201234567 in organisation `default`");
}

#[tokio::test]
async fn where_the_trunks_are_of_several_countries_a_number_begins_with_a_plus() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    for (name, country) in [("voys", "nl"), ("brasil", "br")] {
        let mut trunk = TrunkDetails::new(name);
        trunk.settings.take_text("host", "sip.example.net").unwrap();
        trunk.settings.take_text("country", country).unwrap();
        store.add_trunk(None, &presets(), trunk).await.unwrap();
    }
    let save = async |entry| store.save_contacts(None, &presets(), &[entry], "cli", "").await;
    save(entry("+31 20 1234567", "Jansen", 0)).await.unwrap();
    save(entry("0201234567", "Jansen", 0)).await.unwrap_err();
    store.remove_trunk(None, "brasil").await.unwrap();
    assert_eq!(save(entry("0201234567", "Jansen", 0)).await.unwrap().unchanged, 1);
}

#[tokio::test]
async fn a_file_is_taken_whole_or_every_line_is_told() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let list = [entry("0201234567", "Jansen", 1), entry("12", "x", 2), entry("0201234568", "", 3)];
    let error = store.save_contacts(None, &presets(), &list, "csv", "c.csv").await.unwrap_err().to_string();
    let told: Vec<&str> = error.lines().collect();
    assert_eq!(
        told,
        [
            "c.csv:2:1: error: `12` is no whole number: write it as +31201234567",
            "c.csv:3:1: error: a contact needs a name",
        ]
    );
    assert!(store.contacts(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_organisation_may_have_a_hundred_thousand() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let list: Vec<ContactEntry> = (0..100_000u32)
        .map(|nth| entry(&format!("+3120{nth:07}"), &format!("Naam {nth}"), nth + 1))
        .collect();
    let counts = store.save_contacts(None, &presets(), &list, "csv", "c.csv").await.unwrap();
    assert_eq!(counts, Counts { created: 100_000, ..Counts::default() });
    let more = [entry("+32201234567", "Een te veel", 0)];
    let error = store.save_contacts(None, &presets(), &more, "cli", "").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "organisation `default` would have more than 100000 contacts: remove some first"
    );
    assert_eq!(store.directory().await.unwrap().contacts.len(), 100_000);
}

const CALLERS: &str = r#"
[[contact]]
number = "020-1234567"
name = "Bakkerij Jansen"

[[contact]]
numbers = ["+31205555551", "+31205555552"]
name = "Anna"

[[block]]
prefix = "+44"
action = "busy"

[[block]]
number = "0205550000"
context = "spam"
note = "belt elke dag"

[[block]]
anonymous = true

[[block]]
stir = "failed"
action = "silence"
"#;

#[tokio::test]
async fn an_import_brings_contacts_and_blocks() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let first = import(&store, CALLERS).await;
    assert_eq!(first.contacts, Counts { created: 3, ..Counts::default() });
    assert_eq!(first.blocks, Counts { created: 4, ..Counts::default() });
    let second = import(&store, CALLERS).await;
    assert_eq!((second.contacts.unchanged, second.blocks.unchanged, second.changed()), (3, 4, false));
    let blocks = store.blocks(None).await.unwrap();
    let shown: Vec<String> = blocks
        .iter()
        .map(|block| {
            format!("{} {:?} {}", block.details.condition, block.details.trunk, block.details.action.as_str())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "anonymous None reject",
            "number +31205550000 None context",
            "prefix +44 None busy",
            "stir failed None silence",
        ]
    );
    // An organisation that is named later is the one that they belong to.
    import(&store, "[[organisation]]\nslug = \"kantoor\"\n").await;
    assert_eq!(store.contacts(Some("kantoor")).await.unwrap().len(), 3);
}

#[tokio::test]
async fn every_problem_of_an_import_has_its_place() {
    let text = "[[contact]]\nname = \"x\"\n[[contact]]\nnumber = \"0201234567\"\n\
                [[block]]\nnumber = \"x\"\nprefix = \"44\"\n[[block]]\nanonymous = true\nprefix = \"+44\"\n\
                [[block]]\nprefix = \"+44\"\naction = \"bussy\"\n[[block]]\nstir = \"passed\"\n\
                [[block]]\nprefix = \"+44\"\naction = \"busy\"\ncontext = \"spam\"\n[[block]]\nnote = \"x\"\n";
    let problems = kiestoon_store::Import::parse("f.toml", text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let wanted = [
        "f.toml:1:1: error: `number` is missing",
        "f.toml:3:1: error: `name` is missing",
        "f.toml:7:10: error: `44` cannot be the start of numbers",
        "f.toml:8:1: error: a block is for one of `number`, `prefix`",
        "f.toml:13:10: error: `action` must be one of reject, busy, silence, allow, not `bussy`",
        "f.toml:15:8: error: `stir` must be \"failed\", not `passed`",
        "f.toml:18:10: error: give `action` or `context`, not both",
        "f.toml:20:1: error: a block is for one of",
    ];
    assert_eq!(told.len(), wanted.len(), "{told:#?}");
    for (told, wanted) in told.iter().zip(wanted) {
        assert!(told.starts_with(wanted), "{told}\n{wanted}");
    }
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = "[[contact]]\nnumber = \"12\"\nname = \"x\"\n\
                [[contact]]\nnumbers = [\"0201234567\", \"+31201234567\"]\nname = \"y\"\n\
                [[block]]\nprefix = \"+44\"\n[[block]]\nprefix = \"+44\"\naction = \"busy\"\n";
    let text = kiestoon_store::Import::parse("f.toml", text).unwrap();
    let error = store.import(&text, &presets(), &mut |_, _| ()).await.unwrap_err().to_string();
    let told: Vec<&str> = error.lines().collect();
    assert_eq!(
        told,
        [
            "f.toml:2:10: error: `12` is no whole number: write it as +31201234567",
            "f.toml:5:26: error: number +31201234567 is a contact's already, in line 5",
            "f.toml:9:1: error: a block for prefix +44 stands here already",
        ]
    );
}

#[tokio::test]
async fn a_block_is_for_a_trunk_that_is_there() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = "[[block]]\nprefix = \"+44\"\ntrunk = \"voip\"\n[[block]]\nanonymous = true\ntrunk = \"nergens-te-vinden\"\n\
                [[trunk]]\nname = \"voys\"\nhost = \"sip.example.net\"\naddresses = [\"192.0.2.1\"]\n\
                [[block]]\nprefix = \"+45\"\ntrunk = \"voys\"\n";
    let import = kiestoon_store::Import::parse("f.toml", text).unwrap();
    let refused = store.import(&import, &presets(), &mut |_, _| {}).await.unwrap_err();
    let told: Vec<String> = refused.to_string().lines().map(str::to_owned).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(
        told[0],
        "f.toml:1:1: error: there is no trunk `voip` in organisation `default`: did you mean `voys`?"
    );
    assert!(told[1].starts_with("f.toml:4:1: error: there is no trunk `nergens-te-vinden`"), "{told:#?}");
    let right = text.replace("voip", "voys").replace("nergens-te-vinden", "voys");
    crate::import(&store, &right).await;
    let blocks = store.blocks(None).await.unwrap();
    assert!(blocks.len() == 3 && blocks.iter().all(|block| block.details.trunk.as_deref() == Some("voys")));
}
