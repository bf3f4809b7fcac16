//! The server goes away while it takes a new key: both keys stay, and the next start finds the one that fits.

use std::fs;
use std::time::Duration;

use kiestoon_store::{Key, Options, Store, StoreError};
use sqlx::{AnyConnection, Connection as _};
use tokio::task::JoinSet;

use crate::server::Server;
use crate::words::{KANTOOR, import};

/// What makes the end of a transaction take until the server stops.
const SLOW: [&str; 2] = [
    "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END'",
    "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON extensions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()",
];
const ENDING: &str = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COMMIT%' AND wait_event = 'PgSleep'";

#[tokio::test]
async fn a_server_that_goes_away_at_the_last_moment_costs_no_secret() {
    let server = Server::new();
    server.start();
    let (url, folder) = (server.url(&server.create_database()), tempfile::tempdir().unwrap());
    let file = folder.path().join("kiestoon.key");
    let open = async || {
        let mut options = Options::default();
        options.busy_timeout = Duration::from_millis(500);
        Store::open_with(&url, Key::load_or_create(&file).unwrap(), options).await.unwrap()
    };
    let store = open().await;
    import(&store, KANTOOR).await;
    let directory = store.directory().await.unwrap();
    sqlx::any::install_default_drivers();
    let mut stranger = AnyConnection::connect(&url).await.unwrap();
    for sql in SLOW {
        sqlx::raw_sql(sql).execute(&mut stranger).await.unwrap();
    }

    let mut rotating = JoinSet::new();
    rotating.spawn(async move { store.rotate_key(false).await });
    while sqlx::query(ENDING).fetch_all(&mut stranger).await.unwrap().is_empty() {
        let ended = rotating.try_join_next();
        assert!(ended.is_none(), "{ended:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.stop();
    let undecided = rotating.join_next().await.unwrap().unwrap().unwrap_err();
    let StoreError::KeyUndecided { fresh, .. } = &undecided else { panic!("{undecided}") };
    assert!(undecided.to_string().contains(&format!("leave {} where it is", fresh.display())), "{undecided}");
    assert!(fresh.exists() && file.exists(), "either may be the one that fits");

    server.start();
    let store = open().await;
    assert_eq!(store.directory().await.unwrap(), directory);
    let mut stranger = AnyConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("DROP TRIGGER slow ON extensions").execute(&mut stranger).await.unwrap();
    store.rotate_key(false).await.unwrap();
    assert_eq!(open().await.directory().await.unwrap(), directory);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the key that was never used is gone");
}
