//! A second run of the same import changes nothing; a changed file changes only what differs.

use kiestoon_store::Counts;

use crate::{Fixture, KANTOOR, import};

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let first = import(&store, KANTOOR).await;
    assert_eq!(first.organisations, Counts { created: 1, ..Counts::default() });
    assert_eq!(first.extensions, Counts { created: 2, ..Counts::default() });
    let directory = store.directory().await.unwrap();
    assert_eq!(directory.organisations.len(), 1, "the empty `default` made way");
    assert_eq!(directory.organisations[0].domain.as_deref(), Some("kantoor.example"));

    let second = import(&store, KANTOOR).await;
    assert_eq!(second.organisations, Counts { unchanged: 1, ..Counts::default() });
    assert_eq!(second.extensions, Counts { unchanged: 2, ..Counts::default() });
    assert!(!second.changed());
    let after = store.directory().await.unwrap();
    assert_eq!(after.revision, directory.revision);
    assert_eq!(after.extensions, directory.extensions);
}

#[tokio::test]
async fn a_generated_password_is_kept() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = "[[extension]]\nnumber = \"201\"\n";
    let first = import(&store, text).await;
    assert_eq!(first.generated.len(), 1);
    assert_eq!(first.generated[0].organisation, "default");
    let second = import(&store, text).await;
    assert!(second.generated.is_empty());
    let kept = store.extension(None, "201").await.unwrap().secret.password;
    assert_eq!(kept.as_ref(), Some(&first.generated[0].password));
}

#[tokio::test]
async fn only_what_differs_is_changed() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let before = store.revision().await.unwrap();
    let text = KANTOOR.replace("geheim201", "anders201");
    let report = import(&store, &text).await;
    assert_eq!(report.extensions, Counts { updated: 1, unchanged: 1, ..Counts::default() });
    assert_eq!(store.revision().await.unwrap(), before + 1, "raised once");

    let report = import(&store, "[[extension]]\nnumber = \"201\"\nenabled = false\n").await;
    assert_eq!(report.extensions, Counts { updated: 1, ..Counts::default() });
    let shown = store.extension(None, "201").await.unwrap();
    assert_eq!((shown.name.as_str(), shown.enabled), ("Balie", false), "what is left out stays");
    assert_eq!(shown.secret.password.as_deref(), Some("anders201"));
}

#[tokio::test]
async fn a_default_organisation_that_is_used_stays() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, "[[extension]]\nnumber = \"100\"\n").await;
    import(&store, "[[organisation]]\nslug = \"kantoor\"\n").await;
    let slugs: Vec<_> = store.organisations().await.unwrap().into_iter().map(|o| o.slug).collect();
    assert_eq!(slugs, ["default", "kantoor"]);
    let report = import(&store, "[[extension]]\nnumber = \"101\"\n").await;
    assert_eq!(report.generated[0].organisation, "default");
}
