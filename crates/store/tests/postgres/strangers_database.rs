//! A database that other programs use: refused when it is theirs, waited for when they lock it.

use std::time::Duration;

use kiestoon_store::{NewExtension, Options, Store, StoreError};

use crate::words::key;
use crate::{Fixture, KANTOOR, import};

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let fixture = Fixture::new();
    let mut stranger = fixture.stranger().await;
    sqlx::query("CREATE TABLE recipes (name TEXT)").execute(&mut stranger).await.unwrap();
    let message = fixture.refusal().await;
    assert!(message.contains("is the database of another program"), "{message}");
}

#[tokio::test]
async fn a_locked_table_is_waited_for_and_then_told() {
    let fixture = Fixture::new();
    let mut options = Options::default();
    options.busy_timeout = Duration::from_millis(50);
    let store = Store::open_with(&fixture.url(), key(), options).await.unwrap();
    import(&store, KANTOOR).await;
    let mut stranger = fixture.stranger().await;
    for sql in ["BEGIN", "LOCK TABLE extensions"] {
        sqlx::raw_sql(sql).execute(&mut stranger).await.unwrap();
    }
    let new = NewExtension { number: "203".into(), ..NewExtension::default() };
    let error = store.add_extension(&new).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    sqlx::raw_sql("ROLLBACK").execute(&mut stranger).await.unwrap();
    store.add_extension(&new).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_add_the_same_number_get_one_extension() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        adding.spawn(async move {
            let new = NewExtension { number: "203".into(), ..NewExtension::default() };
            store.add_extension(&new).await
        });
    }
    let outcomes = adding.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let others = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(others.into_iter().all(|error| matches!(error, StoreError::ExtensionExists { .. })));
}
