//! What is no database of ours, or is broken, is refused in one sentence that names the file.

use std::io::{Seek, SeekFrom, Write};

use crate::{Fixture, KANTOOR, import};

#[tokio::test]
async fn text_is_not_a_database() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path(), "this is not a database, but a letter to a friend\n".repeat(200)).unwrap();
    let before = std::fs::read(fixture.path()).unwrap();
    let message = fixture.refusal().await;
    assert!(message.contains("is not an SQLite database"), "{message}");
    assert_eq!(std::fs::read(fixture.path()).unwrap(), before, "the file is left alone");
}

#[tokio::test]
async fn broken_pages_are_found_at_once() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    store.close().await;
    let mut file = std::fs::OpenOptions::new().write(true).open(fixture.path()).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length).unwrap() - 4096]).unwrap();
    drop(file);
    let message = fixture.refusal().await;
    assert!(message.contains("is damaged: stop Kiestoon"), "{message}");
}

#[tokio::test]
async fn a_cut_off_file_is_damaged() {
    let fixture = Fixture::new();
    fixture.open().await.close().await;
    let file = std::fs::OpenOptions::new().write(true).open(fixture.path()).unwrap();
    file.set_len(5000).unwrap();
    drop(file);
    let message = fixture.refusal().await;
    assert!(message.contains("is damaged"), "{message}");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path(), "").unwrap();
    let mut stranger = fixture.stranger().await;
    sqlx::query("CREATE TABLE recipes (name TEXT)").execute(&mut stranger).await.unwrap();
    let message = fixture.refusal().await;
    assert!(message.contains("is the database of another program"), "{message}");
}

#[tokio::test]
async fn a_folder_cannot_be_opened() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path()).unwrap();
    let message = fixture.refusal().await;
    assert!(message.contains("cannot be opened (is a directory)"), "{message}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let url = format!("sqlite:{}/kiestoon.db", file.display());
    let message = kiestoon_store::Store::open(&url, crate::key()).await.unwrap_err().to_string();
    assert!(message.contains("file/kiestoon.db cannot be opened ("), "{message}");
}
