//! A server that is away: one sentence at the start, and work goes on when it is back.

use kiestoon_store::{Cdr, HistoryFilter, Options, Store, StoreError};

use crate::server::Server;
use crate::shared_server;
use crate::words::key;

#[tokio::test]
async fn a_server_that_does_not_answer_is_named() {
    let url = "postgres://kiestoon:geheim@127.0.0.1:9/kiestoon";
    let error = Store::open(url, key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    let message = error.to_string();
    assert!(message.starts_with("the database kiestoon on the PostgreSQL server 127.0.0.1:9"), "{message}");
    assert!(!message.contains("geheim") && message.lines().count() == 1, "{message}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let error = Store::open(&shared_server().url("nergens"), key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("nergens"), "{error}");
}

#[tokio::test]
async fn a_restart_of_the_server_is_survived() {
    let server = Server::new();
    server.start();
    let database = server.create_database();
    let mut options = Options::default();
    options.busy_timeout = std::time::Duration::from_millis(100);
    let store = Store::open_with(&server.url(&database), key(), options).await.unwrap();
    let record = Cdr { id: "1".into(), ended_at: Some(2), ..Cdr::default() };
    store.save_cdrs(&[]).await.unwrap();
    server.stop();
    let error = store.save_cdrs(std::slice::from_ref(&record)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    server.start();
    store.save_cdrs(&[record]).await.unwrap();
    assert_eq!(store.history(&HistoryFilter::default()).await.unwrap().len(), 1);
}
