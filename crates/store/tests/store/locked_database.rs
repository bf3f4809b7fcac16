//! Another program holds the write lock: reading goes on, writing fails with one sentence after the busy timeout,
//! and works again when the lock is gone.

use std::time::Duration;

use kiestoon_store::{Cdr, HistoryFilter, Options, Store, StoreError};

use crate::{Fixture, key};

#[tokio::test]
async fn writing_fails_clearly_and_recovers() {
    let fixture = Fixture::new();
    let mut options = Options::default();
    options.busy_timeout = Duration::from_millis(30);
    let store = Store::open_with(&fixture.url(), key(), options).await.unwrap();
    let mut stranger = fixture.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();

    let cdr = [Cdr { id: "1".into(), started_at: 1, ended_at: Some(2), ..Cdr::default() }];
    let error = store.save_cdrs(&cdr).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    assert!(error.to_string().contains("still locked by another program after 30 ms"), "{error}");
    assert!(store.history(&HistoryFilter::default()).await.unwrap().is_empty(), "reading goes on");
    let second = Store::open_with(&fixture.url(), key(), options).await;
    assert!(second.is_ok(), "a current database opens without the write lock");

    sqlx::query("ROLLBACK").execute(&mut stranger).await.unwrap();
    store.save_cdrs(&cdr).await.unwrap();
    assert_eq!(store.history(&HistoryFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_fresh_database_that_is_locked_is_refused_in_one_sentence() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path(), "").unwrap();
    let mut stranger = fixture.stranger().await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut stranger).await.unwrap();
    let message = fixture.refusal().await;
    assert!(message.contains("still locked by another program"), "{message}");
}
