//! A new key for all secrets: nothing is lost, whenever it is cut short and whoever has the database open.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::PathBuf;

use kiestoon_store::{Key, NewExtension, Store, StoreError};
use sqlx::Row as _;

use crate::{Fixture, KANTOOR, import, key};

const TRUNK: &str = "[[trunk]]\nname = \"voys\"\nhost = \"sip.example.net\"\nusername = \"100001\"\npassword = \"geheim-van-voys\"\nwebhook_secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\naccount = \"AC1\"\napi_secret = \"geheim-van-de-api\"\n";

/// The user without rights, on most systems.
const NOBODY: u32 = 65534;

struct Office {
    fixture: Fixture,
    file: PathBuf,
}

impl Office {
    fn new() -> Self {
        let fixture = Fixture::new();
        let file = fixture.folder.path().join("kiestoon.key");
        Self { fixture, file }
    }

    async fn open(&self) -> Store {
        Store::open(&self.fixture.url(), Key::load_or_create(&self.file).unwrap()).await.unwrap()
    }

    /// An office whose every sealed column has a value.
    async fn furnished(&self) -> Store {
        let store = self.open().await;
        import(&store, KANTOOR).await;
        let ha1 = "939e7578ed9e3c518a452acee763bce9";
        let forms =
            format!("ha1_md5 = \"{ha1}\"\nha1_sha256 = \"{ha1}{ha1}\"\nha1_sha512_256 = \"{ha1}{ha1}\"\n");
        import(&store, &format!("[[extension]]\nnumber = \"203\"\n{forms}")).await;
        import(&store, TRUNK).await;
        store
    }

    /// Every sealed value of every table, wherever it is.
    async fn sealed(&self) -> BTreeSet<String> {
        let mut stranger = self.fixture.stranger().await;
        let tables = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'");
        let mut sealed = BTreeSet::new();
        for table in tables.fetch_all(&mut stranger).await.unwrap() {
            let table: String = table.get(0);
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            for column in sqlx::query(sqlx::AssertSqlSafe(columns)).fetch_all(&mut stranger).await.unwrap() {
                let column: String = column.get(0);
                let values = format!("SELECT {column} FROM {table} WHERE {column} LIKE 'x1:%'");
                let values = sqlx::query(sqlx::AssertSqlSafe(values)).fetch_all(&mut stranger).await.unwrap();
                sealed.extend(values.iter().map(|row| row.get::<String, _>(0)));
            }
        }
        sealed
    }

    fn files(&self) -> Vec<String> {
        let folder = fs::read_dir(self.fixture.folder.path()).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains(".key")).collect()
    }

    /// User and group of the key file.
    fn owner(&self) -> (u32, u32) {
        let file = fs::metadata(&self.file).unwrap();
        (file.uid(), file.gid())
    }
}

#[tokio::test]
async fn every_secret_is_sealed_anew_and_stays_what_it_was() {
    let office = Office::new();
    let store = office.furnished().await;
    let (directory, before) = (store.directory().await.unwrap(), office.sealed().await);
    let done = store.rotate_key(true).await.unwrap();
    assert_eq!(done.secrets + 1, before.len(), "one more proves that the key fits");
    assert!(before.is_disjoint(&office.sealed().await));
    assert_eq!(done.key, office.file);
    assert_eq!(store.directory().await.unwrap(), directory);
    store.close().await;
    assert_eq!(office.open().await.directory().await.unwrap(), directory);
    let old = Key::load(&done.old.unwrap()).unwrap();
    let refused = Store::open(&office.fixture.url(), old).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongKey { .. }), "{refused}");
    assert_eq!(office.files().len(), 2, "the new key and the old one: {:?}", office.files());
}

#[tokio::test]
async fn the_old_key_is_kept_only_where_that_is_wanted() {
    let office = Office::new();
    let done = office.furnished().await.rotate_key(false).await.unwrap();
    assert_eq!(done.old, None);
    assert_eq!(office.files(), ["kiestoon.key"]);
}

#[tokio::test]
async fn earlier_keys_are_named_and_stay() {
    let office = Office::new();
    let store = office.furnished().await;
    let first = store.rotate_key(true).await.unwrap();
    assert!(first.older.is_empty(), "{first:?}");
    let second = store.rotate_key(true).await.unwrap();
    assert_eq!(second.older, [first.old.clone().unwrap()]);
    let third = store.rotate_key(false).await.unwrap();
    assert_eq!(third.older, [first.old.unwrap(), second.old.unwrap()]);
    assert_eq!(office.files().len(), 3);
}

#[tokio::test]
async fn the_new_key_belongs_to_whom_the_old_one_belonged() {
    let office = Office::new();
    let store = office.furnished().await;
    // Only root gives a file away; whoever else runs this has the old one themselves.
    let is_given = chown(&office.file, Some(NOBODY), Some(NOBODY)).is_ok();
    let owner = office.owner();
    assert!(!is_given || owner == (NOBODY, NOBODY));
    let done = store.rotate_key(true).await.unwrap();
    assert_eq!(office.owner(), owner);
    assert_eq!(fs::metadata(done.old.unwrap()).unwrap().uid(), owner.0);
}

#[tokio::test]
async fn who_has_the_database_open_finds_the_new_key() {
    let office = Office::new();
    let (pbx, sidecar) = (office.furnished().await, office.open().await);
    let directory = pbx.directory().await.unwrap();
    office.open().await.rotate_key(false).await.unwrap();
    assert_eq!(pbx.directory().await.unwrap(), directory);
    let new = NewExtension { number: "204".into(), ..NewExtension::default() };
    let password = sidecar.add_extension(&new).await.unwrap().password;
    let read = pbx.extension(None, "204").await.unwrap().secret.password;
    assert_eq!(read, Some(password), "it was sealed under the new key");
}

#[tokio::test]
async fn cut_short_before_the_database_changed_the_old_key_counts() {
    let office = Office::new();
    let directory = office.furnished().await.directory().await.unwrap();
    Key::load_or_create(&office.file.with_file_name("kiestoon.key.fresh-1")).unwrap();
    let store = office.open().await;
    assert_eq!(store.directory().await.unwrap(), directory);
    store.rotate_key(false).await.unwrap();
    assert_eq!(office.files(), ["kiestoon.key"], "what was never used is gone");
}

#[tokio::test]
async fn cut_short_before_the_file_changed_the_next_start_finishes_it() {
    let office = Office::new();
    let store = office.furnished().await;
    let directory = store.directory().await.unwrap();
    let old = store.rotate_key(true).await.unwrap().old.unwrap();
    let cut_short = |to: &str| {
        fs::rename(&office.file, office.file.with_file_name(to)).unwrap();
        fs::copy(&old, &office.file).unwrap();
    };
    cut_short("kiestoon.key.fresh-1");
    // One that had it open before, and does not know the new key either.
    assert_eq!(office.open().await.directory().await.unwrap(), directory);
    assert_eq!(office.open().await.directory().await.unwrap(), directory);
    assert!(!office.files().iter().any(|name| name.contains("fresh")), "{:?}", office.files());
    cut_short("kiestoon.key.fresh-2");
    store.rotate_key(false).await.unwrap();
    assert_eq!(office.open().await.directory().await.unwrap(), directory);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_at_one_time_follow_each_other() {
    let office = Office::new();
    let store = office.furnished().await;
    let directory = store.directory().await.unwrap();
    let mut rotations = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (own, shared) = (office.open().await, store.clone());
        rotations.spawn(async move { own.rotate_key(false).await });
        rotations.spawn(async move { shared.rotate_key(false).await });
    }
    for rotation in rotations.join_all().await {
        rotation.unwrap();
    }
    assert_eq!(office.open().await.directory().await.unwrap(), directory);
    assert_eq!(office.files(), ["kiestoon.key"]);
}

#[tokio::test]
async fn a_secret_that_does_not_open_stops_it_and_nothing_is_changed() {
    let office = Office::new();
    let store = office.furnished().await;
    let mut stranger = office.fixture.stranger().await;
    let sql = "UPDATE extensions SET password = (SELECT password FROM extensions WHERE number = '201') WHERE number = '202'";
    sqlx::query(sql).execute(&mut stranger).await.unwrap();
    let before = office.sealed().await;
    let refused = store.rotate_key(true).await.unwrap_err();
    assert!(matches!(refused, StoreError::Sealed { .. }), "{refused}");
    assert_eq!(office.sealed().await, before);
    assert_eq!(office.files(), ["kiestoon.key"]);
    assert!(office.open().await.extension(None, "201").await.is_ok());
}

#[tokio::test]
async fn a_transaction_that_does_not_end_well_leaves_nothing_behind() {
    let office = Office::new();
    let store = office.furnished().await;
    let mut stranger = office.fixture.stranger().await;
    // What fails at the end of the transaction, and not before.
    let sql = "CREATE TABLE whole (id INTEGER PRIMARY KEY); \
        CREATE TABLE part (id INTEGER REFERENCES whole (id) DEFERRABLE INITIALLY DEFERRED); \
        CREATE TRIGGER broken AFTER UPDATE ON extensions BEGIN INSERT INTO part VALUES (1); END";
    sqlx::raw_sql(sql).execute(&mut stranger).await.unwrap();
    let before = office.sealed().await;
    let refused = store.rotate_key(true).await.unwrap_err();
    assert!(refused.to_string().contains("FOREIGN KEY"), "{refused}");
    assert_eq!(office.files(), ["kiestoon.key"]);
    assert_eq!(office.sealed().await, before);
    sqlx::raw_sql("DROP TRIGGER broken").execute(&mut stranger).await.unwrap();
    store.rotate_key(false).await.unwrap();
    assert!(office.open().await.extension(None, "201").await.is_ok());
}

#[tokio::test]
async fn a_new_key_that_does_not_get_to_its_place_is_named_and_nothing_is_lost() {
    let office = Office::new();
    let store = office.furnished().await;
    let directory = store.directory().await.unwrap();
    // A folder in the place of the file: nothing can be renamed to it.
    fs::remove_file(&office.file).unwrap();
    fs::create_dir(&office.file).unwrap();
    let stands = store.rotate_key(false).await.unwrap_err();
    let StoreError::KeyNotPlaced { fresh, file, .. } = &stands else { panic!("{stands}") };
    assert_eq!(*file, office.file);
    assert!(stands.to_string().contains(&format!("leave {} where it is", fresh.display())), "{stands}");
    assert_eq!(store.directory().await.unwrap(), directory, "who rotated goes on with the new key");
    fs::remove_dir(&office.file).unwrap();
    assert_eq!(office.open().await.directory().await.unwrap(), directory);
    assert_eq!(office.files(), ["kiestoon.key"]);
}

#[tokio::test]
async fn a_key_that_the_operator_gives_is_the_operators() {
    let fixture = Fixture::new();
    let store = Store::open(&fixture.url(), key()).await.unwrap();
    let refused = store.rotate_key(true).await.unwrap_err();
    assert!(matches!(refused, StoreError::KeyGiven), "{refused}");
}
