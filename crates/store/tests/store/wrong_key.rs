//! A key that the database was not made with is found at start, and named.

use kiestoon_store::{Key, Store, StoreError};

use crate::{Fixture, key};

#[tokio::test]
async fn another_key_file_is_refused_by_name() {
    let fixture = Fixture::new();
    fixture.open().await.close().await;
    let file = fixture.folder.path().join("other.key");
    let other = Key::load_or_create(&file).unwrap();
    let error = Store::open(&fixture.url(), other).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }));
    let message = error.to_string();
    assert!(message.contains(&file.display().to_string()), "{message}");
    assert!(message.contains("put back the key file that was made with it"), "{message}");
    Store::open(&fixture.url(), key()).await.unwrap();
}
