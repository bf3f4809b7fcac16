//! A missing file and folder are made, with one organisation named `default`, and found again.

use std::os::unix::fs::PermissionsExt;

use kiestoon_store::Store;

use crate::{Fixture, key};

#[tokio::test]
async fn a_fresh_database_has_the_default_organisation() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("new/deep/kiestoon.db");
    let url = format!("sqlite:{}", path.display());
    let store = Store::open(&url, key()).await.unwrap();
    let first = store.organisations().await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].slug.as_str(), &first[0].domain), ("default", &None));
    assert_eq!(store.revision().await.unwrap(), 1);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0, "strangers may not read who called whom");
    store.close().await;

    let again = Store::open(&url, key()).await.unwrap();
    assert_eq!(again.organisations().await.unwrap(), first);
}

#[tokio::test]
async fn the_file_is_in_wal_mode() {
    let fixture = Fixture::new();
    let _store = fixture.open().await;
    let mut stranger = fixture.stranger().await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut stranger).await.unwrap();
    assert_eq!(mode, "wal");
}
