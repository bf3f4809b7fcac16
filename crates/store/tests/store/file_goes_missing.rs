//! The database file is moved away while it is open: nothing is written into the void, and the caller, who keeps
//! what he could not save, can save it when the file is back.

use kiestoon_store::{Cdr, HistoryFilter, Options, Store, StoreError};

use crate::{Fixture, key};

#[tokio::test]
async fn a_moved_file_refuses_writes_until_it_is_back() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let cdr = [Cdr { id: "1".into(), started_at: 1, ended_at: Some(2), ..Cdr::default() }];
    let away = fixture.folder.path().join("away.db");
    std::fs::rename(fixture.path(), &away).unwrap();
    let error = store.save_cdrs(&cdr).await.unwrap_err();
    assert!(matches!(error, StoreError::Gone { .. }), "{error:?}");
    std::fs::write(fixture.path(), "").unwrap();
    assert!(
        matches!(store.save_cdrs(&cdr).await, Err(StoreError::Gone { .. })),
        "another file is not the same"
    );

    std::fs::rename(&away, fixture.path()).unwrap();
    store.save_cdrs(&cdr).await.unwrap();
    assert_eq!(store.history(&HistoryFilter::default()).await.unwrap(), cdr);
}

#[tokio::test]
async fn who_only_looks_makes_no_database() {
    let fixture = Fixture::new();
    let mut options = Options::default();
    options.create = false;
    let error = Store::open_with(&fixture.url(), key(), options).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert!(!fixture.path().exists());
}
