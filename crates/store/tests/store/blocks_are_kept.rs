//! Blocks: one for the same callers, changed by saying it again; those of a trunk go with it.

use kiestoon_store::{BlockAction, BlockCondition, BlockDetails, Import, StoreError};

use crate::{Fixture, import, presets};

fn block(condition: BlockCondition, action: BlockAction) -> BlockDetails {
    BlockDetails { condition, trunk: None, action, note: "waarom".into() }
}

#[tokio::test]
async fn a_block_is_added_changed_and_removed() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let number = || BlockCondition::Number("020-1234567".into());
    let save = async |details| store.save_block(None, &presets(), details).await;
    let (is_new, added) = save(block(number(), BlockAction::Reject)).await.unwrap();
    assert!(is_new);
    assert_eq!(added.details.condition, BlockCondition::Number("+31201234567".into()));
    let at = store.revision().await.unwrap();
    assert!(!save(block(number(), BlockAction::Reject)).await.unwrap().0);
    assert_eq!(store.revision().await.unwrap(), at, "nothing changed");
    let (is_new, changed) = save(block(number(), BlockAction::Context("spam".into()))).await.unwrap();
    assert_eq!((is_new, changed.id), (false, added.id));
    assert_eq!(store.revision().await.unwrap(), at + 1);
    // One for a trunk stands beside it, where there is that trunk.
    let of_none = BlockDetails { trunk: Some("voip".into()), ..block(number(), BlockAction::Allow) };
    import(&store, "[[trunk]]\nname = \"voys\"\nhost = \"sip.example.net\"\naddresses = [\"192.0.2.1\"]\n")
        .await;
    let refused = save(of_none).await.unwrap_err().to_string();
    assert_eq!(refused, "there is no trunk `voip` in organisation `default`: did you mean `voys`?");
    let of_trunk = BlockDetails { trunk: Some("voys".into()), ..block(number(), BlockAction::Allow) };
    assert!(save(of_trunk).await.unwrap().0);
    assert_eq!(store.directory().await.unwrap().blocks.len(), 2);
    store.remove_block(None, &presets(), number(), None).await.unwrap();
    let error = store.remove_block(None, &presets(), number(), None).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no block for number +31201234567 in organisation `default`");
    let left = store.blocks(None).await.unwrap();
    assert_eq!((left.len(), left[0].details.trunk.as_deref()), (1, Some("voys")));
    for start in ["", "+", "44", "+0", "+44x", "+1234567890123456"] {
        let refused = save(block(BlockCondition::Prefix(start.into()), BlockAction::Busy)).await;
        assert!(refused.is_err(), "{start}");
    }
}

#[tokio::test]
async fn a_number_is_a_whole_one() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    for number in ["", "foo", "020", "112", "112233", "+3120"] {
        let details = block(BlockCondition::Number(number.into()), BlockAction::Busy);
        let error = store.save_block(None, &presets(), details).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{number}: {error}");
    }
    let text = "[[block]]\nnumber = \"112\"\n[[block]]\nnumber = \"020 123 4567\"\n";
    let parsed = Import::parse("f.toml", text).unwrap();
    let error = store.import(&parsed, &presets(), &mut |_, _| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "f.toml:1:1: error: `112` is no whole number: write it as +31201234567");
    assert!(store.blocks(None).await.unwrap().is_empty());
    // One of an older version can be removed.
    let home = store.organisation(None).await.unwrap();
    let sql = "INSERT INTO blocks (id, organisation_id, kind, value, trunk, action, note, updated_at) \
         VALUES ('old', $1, 'number', 'foo', '', 'reject', '', 0)";
    sqlx::query(sql).bind(home.id).execute(&mut fixture.stranger().await).await.unwrap();
    let old = BlockCondition::Number("foo".into());
    assert_eq!(store.remove_block(None, &presets(), old.clone(), None).await.unwrap(), old);
}

const TWO_OFFICES: &str = r#"
[[organisation]]
slug = "kantoor"
domain = "kantoor.example"
[[organisation]]
slug = "winkel"
domain = "winkel.example"
[[trunk]]
organisation = "kantoor"
name = "voys"
host = "a.example.net"
addresses = ["192.0.2.1"]
[[trunk]]
organisation = "kantoor"
name = "vast"
host = "b.example.net"
addresses = ["192.0.2.2"]
[[trunk]]
organisation = "winkel"
name = "voys"
host = "c.example.net"
addresses = ["192.0.2.3"]
"#;

#[tokio::test]
async fn the_blocks_of_a_trunk_go_with_it() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, TWO_OFFICES).await;
    for (home, trunk) in
        [("kantoor", None), ("kantoor", Some("voys")), ("kantoor", Some("vast")), ("winkel", Some("voys"))]
    {
        for condition in [BlockCondition::Anonymous, BlockCondition::Prefix("+44".into())] {
            let trunk = trunk.map(str::to_owned);
            let details = BlockDetails { trunk, ..block(condition, BlockAction::Reject) };
            store.save_block(Some(home), &presets(), details).await.unwrap();
        }
    }
    let at = store.revision().await.unwrap();
    assert_eq!(store.remove_trunk(Some("kantoor"), "voys").await.unwrap(), 2);
    assert_eq!(store.revision().await.unwrap(), at + 1);
    let left = store.blocks(Some("kantoor")).await.unwrap();
    let of: Vec<Option<&str>> = left.iter().map(|block| block.details.trunk.as_deref()).collect();
    assert_eq!(of, [None, Some("vast"), None, Some("vast")]);
    assert_eq!(store.blocks(Some("winkel")).await.unwrap().len(), 2, "of another organisation");
    assert_eq!(store.remove_trunk(Some("kantoor"), "vast").await.unwrap(), 2);
    assert_eq!(store.blocks(Some("kantoor")).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_blocks_of_a_trunk_follow_its_new_name() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, TWO_OFFICES).await;
    let save = async |home, trunk: Option<&str>, note: &str| {
        for condition in [BlockCondition::Anonymous, BlockCondition::Prefix("+44".into())] {
            let trunk = trunk.map(str::to_owned);
            let details = BlockDetails { trunk, note: note.into(), ..block(condition, BlockAction::Reject) };
            store.save_block(Some(home), &presets(), details).await.unwrap();
        }
    };
    save("kantoor", None, "all").await;
    save("kantoor", Some("voys"), "voys").await;
    save("kantoor", Some("vast"), "vast").await;
    save("winkel", Some("voys"), "other").await;
    let rename = async |to: &str| {
        let change = |details: &mut kiestoon_store::TrunkDetails| {
            details.name = to.into();
            Ok(())
        };
        store.change_trunk(Some("kantoor"), "voys", &presets(), change).await
    };
    let noted = async |home| {
        let blocks = store.blocks(Some(home)).await.unwrap().into_iter();
        let noted = blocks.map(|block| (block.details.trunk.unwrap_or_default(), block.details.note));
        noted.collect::<Vec<_>>()
    };
    let error = rename("vast").await.unwrap_err().to_string();
    assert_eq!(error, "trunk `vast` exists already in organisation `kantoor`");
    assert_eq!(rename("voys").await.unwrap().followed, None, "it is called so already");

    // What an earlier trunk of that name has left says nothing of this one.
    let sql = "UPDATE blocks SET trunk = 'mobiel' WHERE trunk = 'vast' AND kind = 'anonymous'";
    sqlx::query(sql).execute(&mut fixture.stranger().await).await.unwrap();
    let at = store.revision().await.unwrap();
    assert_eq!(rename("mobiel").await.unwrap().followed, Some(2));
    assert_eq!(store.revision().await.unwrap(), at + 1);
    let pair = |trunk: &str, note: &str| (trunk.to_owned(), note.to_owned());
    assert_eq!(
        noted("kantoor").await,
        [
            pair("", "all"),
            pair("mobiel", "voys"),
            pair("", "all"),
            pair("mobiel", "voys"),
            pair("vast", "vast"),
        ]
    );
    assert_eq!(noted("winkel").await, [pair("voys", "other"), pair("voys", "other")], "of another one");
}
