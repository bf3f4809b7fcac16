//! Trunks one at a time: added, shown, changed, removed; what cannot be is refused with everything that is wrong.

use kiestoon_store::{StoreError, TrunkDetails, TrunkDoubt, TrunkPassword, WebhookSecret};

use crate::{Fixture, presets};

fn voys() -> TrunkDetails {
    let mut details = TrunkDetails::new("voys");
    details.preset = "voipgrid".into();
    details.settings.take_text("username", "100001").unwrap();
    details.settings.take_text("caller_id_number", "+31201234567").unwrap();
    details.password = Some(TrunkPassword::new("geheim-van-voys").unwrap());
    details.webhook_secrets = WebhookSecret::all(&["geheim-nummer-een", "geheim-nummer-twee"]).unwrap();
    details.numbers.insert("020 123 4567".into(), Some("verkoop".into()));
    details
}

#[tokio::test]
async fn a_trunk_is_added_changed_and_removed() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let before = store.revision().await.unwrap();
    let added = store.add_trunk(None, &presets(), voys()).await.unwrap();
    assert_eq!((added.organisation.as_str(), added.doubts.len()), ("default", 0));
    assert_eq!(store.revision().await.unwrap(), before + 1);
    let (_, shown) = store.trunk(None, "voys").await.unwrap();
    assert_eq!(shown.details.password.as_ref().unwrap().expose(), "geheim-van-voys");
    assert_eq!(shown.details.numbers["+31201234567"].as_deref(), Some("verkoop"), "as the country writes it");
    let secrets: Vec<_> = shown.details.webhook_secrets.iter().map(WebhookSecret::expose).collect();
    assert_eq!(secrets, ["geheim-nummer-een", "geheim-nummer-twee"]);
    assert!(!format!("{shown:?}").contains("geheim"), "debug output shows no password");
    let raw = fixture.raw_bytes();
    assert!(!raw.windows(6).any(|bytes| bytes == b"geheim"), "nor does the file");

    let changed = store
        .change_trunk(None, "voys", &presets(), |details| {
            details.enabled = false;
            details.settings.clear("username");
            Ok(())
        })
        .await
        .unwrap();
    assert!(
        matches!(&changed.doubts[..], [TrunkDoubt::Needs { keys, .. }] if keys == &["username"]),
        "{:?}",
        changed.doubts
    );
    let listed = store.trunks(None).await.unwrap();
    assert_eq!((listed.len(), listed[0].enabled, listed[0].has_password), (1, false, true));
    assert!(listed[0].has_webhook_secret);
    let json = serde_json::to_string(&listed).unwrap();
    assert!(!json.contains("geheim") && !json.contains("x1:"), "{json}");

    let at = store.revision().await.unwrap();
    store.change_trunk(None, "voys", &presets(), |_| Ok(())).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), at, "nothing changed");
    assert_eq!(store.remove_trunk(None, "voys").await.unwrap(), 0, "no block was for it");
    assert!(store.directory().await.unwrap().trunks.is_empty());
    store.add_trunk(None, &presets(), voys()).await.unwrap();
}

#[tokio::test]
async fn what_is_not_whole_may_not_be_enabled() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let mut bare = TrunkDetails { preset: "voipgrid".into(), ..TrunkDetails::new("voys") };
    let error = store.add_trunk(None, &presets(), bare.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "preset `voipgrid` leaves to be filled in: username, password");
    bare.numbers.insert("+3120".into(), None);
    let error = store.add_trunk(None, &presets(), bare.clone()).await.unwrap_err().to_string();
    assert_eq!(error.lines().count(), 2, "all at once: {error}");
    bare.numbers.clear();
    bare.enabled = false;
    store.add_trunk(None, &presets(), bare.clone()).await.unwrap();
    let enable = |details: &mut TrunkDetails| {
        details.enabled = true;
        Ok(())
    };
    assert!(matches!(store.change_trunk(None, "voys", &presets(), enable).await, Err(StoreError::Trunk(_))));
    assert!(!store.trunks(None).await.unwrap()[0].enabled);
    bare.name = "twee".into();
    bare.preset = "voipgird".into();
    let error = store.add_trunk(None, &presets(), bare.clone()).await.unwrap_err().to_string();
    assert_eq!(error, "there is no preset `voipgird`: did you mean `voipgrid`?");
    bare.preset = "generic".into();
    bare.settings.take_text("country", "xx").unwrap();
    let error = store.add_trunk(None, &presets(), bare).await.unwrap_err().to_string();
    assert!(error.starts_with("there is no country `xx`"), "{error}");
}

#[tokio::test]
async fn a_name_and_a_number_belong_to_one_trunk() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.add_trunk(None, &presets(), voys()).await.unwrap();
    assert!(matches!(store.add_trunk(None, &presets(), voys()).await, Err(StoreError::TrunkExists { .. })));
    let other = TrunkDetails { name: "ander".into(), ..voys() };
    let error = store.add_trunk(None, &presets(), other).await.unwrap_err().to_string();
    assert_eq!(error, "number +31201234567 comes in over trunk `voys`: take it from there first");
    let bad = TrunkDetails { name: "twee woorden".into(), ..voys() };
    assert!(matches!(store.add_trunk(None, &presets(), bad).await, Err(StoreError::Refused(_))));
    let error = store.remove_trunk(None, "voy").await.unwrap_err().to_string();
    assert_eq!(error, "there is no trunk `voy` in organisation `default`: did you mean `voys`?");
}
