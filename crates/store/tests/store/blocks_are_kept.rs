//! Blocks: one for the same callers, changed by saying it again.

use kiestoon_store::{BlockAction, BlockCondition, BlockDetails};

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
    save(block(BlockCondition::Number("112233".into()), BlockAction::Busy)).await.expect("a short word");
}
