use super::*;

const LIMIT: u64 = 1 << 30;

#[tokio::test]
async fn records_come_out_in_order_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut appender, mut reader) = open(&folder.path().join("j"), LIMIT).unwrap();
    for record in [1, 2, 3] {
        appender.append(&record);
    }
    reader.ready().await.unwrap();
    let batch = reader.next_batch(2).unwrap();
    assert_eq!(batch.lines, ["1", "2"]);
    reader.stored(&batch);
    let batch = reader.next_batch(10).unwrap();
    assert_eq!(batch.lines, ["3"]);
    reader.stored(&batch);
    assert_eq!(reader.backlog(), 0);
    drop(appender);
    assert!(reader.ready().await.is_none());
}

#[tokio::test]
async fn a_killed_process_leaves_its_records_and_half_a_line_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    std::fs::write(&path, "whole\nhal").unwrap();
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    appender.append(&1);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["whole", "hal", "1"]);
}

/// Stores what is there, once more than a file is renewed for.
async fn store_much(appender: &mut Appender, reader: &mut Reader) {
    for _ in 0..3 {
        appender.append(&"x".repeat(100 << 10));
    }
    reader.ready().await.unwrap();
    while reader.backlog() > 0 {
        let batch = reader.next_batch(10).unwrap();
        assert!(!batch.lines.is_empty());
        reader.stored(&batch);
    }
}

#[tokio::test]
async fn a_stored_journal_goes_on_in_an_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    for record in [1, 2] {
        store_much(&mut appender, &mut reader).await;
        let before = std::fs::metadata(&path).unwrap();
        appender.append(&record);
        // Nothing that waits for the disk is done where calls wait for it: the old file stays as it is until the reader removes it.
        assert_eq!(std::fs::metadata(&path).unwrap().len(), before.len());
        reader.ready().await.unwrap();
        let batch = reader.next_batch(10).unwrap();
        assert_eq!(batch.lines, [record.to_string()]);
        reader.stored(&batch);
        let after = std::fs::metadata(&path).unwrap();
        assert_eq!((after.len(), std::fs::read_dir(folder.path()).unwrap().count()), (2, 1));
        assert_ne!(after.ino(), before.ino());
    }
    appender.looked_at = None;
    appender.append(&3);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "2\n3\n");
}

#[tokio::test]
async fn who_is_killed_between_two_files_loses_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    store_much(&mut appender, &mut reader).await;
    appender.append(&1);
    assert_eq!(std::fs::read_to_string(folder.path().join("j.next")).unwrap(), "1\n");
    drop((appender, reader));
    let (_appender, _reader) = open(&path, LIMIT).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n");
    assert!(!folder.path().join("j.next").exists());
}

#[tokio::test]
async fn a_disk_that_is_full_of_what_is_stored_is_freed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    store_much(&mut appender, &mut reader).await;
    appender.limit = 1;
    appender.append(&1);
    let ready = tokio::time::timeout(Duration::from_millis(1), reader.ready());
    assert!(ready.await.is_err(), "nothing could be written");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    appender.limit = LIMIT;
    appender.append(&2);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["1", "2"]);
}

#[tokio::test]
async fn an_empty_file_that_somebody_removes_takes_no_record_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    store_much(&mut appender, &mut reader).await;
    std::fs::remove_file(folder.path().join("j.next")).unwrap();
    appender.append(&1);
    assert!(std::fs::read_to_string(&path).unwrap().ends_with("\n1\n"));
    // Another one is made in its place.
    reader.ready().await.unwrap();
    let batch = reader.next_batch(10).unwrap();
    reader.stored(&batch);
    appender.append(&2);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["2"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "2\n");
}

#[tokio::test]
async fn a_link_to_the_journal_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (there, path) = (folder.path().join("there"), folder.path().join("j"));
    std::fs::create_dir(&there).unwrap();
    std::fs::write(there.join("spool"), "").unwrap();
    std::os::unix::fs::symlink(there.join("spool"), &path).unwrap();
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    store_much(&mut appender, &mut reader).await;
    appender.append(&1);
    reader.ready().await.unwrap();
    assert!(path.is_symlink());
    assert_eq!(std::fs::read_to_string(there.join("spool")).unwrap(), "1\n");
    while reader.backlog() > 0 {
        let batch = reader.next_batch(10).unwrap();
        reader.stored(&batch);
    }
    store_much(&mut appender, &mut reader).await;
    appender.append(&2);
    drop((appender, reader));
    let (_appender, reader) = open(&path, LIMIT).unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["2"]);
}

#[tokio::test]
async fn where_the_new_file_cannot_have_the_name_it_is_read_without() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    store_much(&mut appender, &mut reader).await;
    // As with a file that is mounted there.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    appender.append(&1);
    reader.ready().await.unwrap();
    let batch = reader.next_batch(10).unwrap();
    assert_eq!(batch.lines, ["1"]);
    reader.stored(&batch);
    store_much(&mut appender, &mut reader).await;
    appender.append(&2);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["2"]);
}

#[tokio::test]
async fn where_no_other_file_can_be_made_the_journal_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    std::fs::create_dir(folder.path().join("j.next")).unwrap();
    for _ in 0..14 {
        store_much(&mut appender, &mut reader).await;
    }
    let most = std::fs::metadata(&path).unwrap().len();
    assert!(most > CUT_ABOVE_BYTES, "{most}");
    appender.append(&1);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["1"]);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 2);
}

#[tokio::test]
async fn at_its_limit_the_journal_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let (mut appender, mut reader) = open(&folder.path().join("j"), 4).unwrap();
    appender.append(&123);
    appender.append(&4);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["123"]);
}

#[tokio::test]
async fn damage_longer_than_any_batch_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let damage = "x".repeat(usize::try_from(BATCH_BYTES).unwrap() * 2 + 5);
    std::fs::write(&path, format!("first\n{damage}\nlast\n")).unwrap();
    let (appender, mut reader) = open(&path, LIMIT).unwrap();
    let mut read = Vec::new();
    for _ in 0..10 {
        let batch = reader.next_batch(10).unwrap();
        read.extend(batch.lines.iter().filter(|line| line.len() < 10).cloned());
        reader.stored(&batch);
    }
    assert_eq!((reader.backlog(), appender.waiting()), (0, 0));
    assert_eq!([read.first().unwrap(), read.last().unwrap()], ["first", "last"]);
}

#[tokio::test]
async fn a_journal_that_is_cut_or_removed_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut appender, mut reader) = open(&path, LIMIT).unwrap();
    for record in [1, 2, 3] {
        appender.append(&record);
    }
    reader.ready().await.unwrap();
    let batch = reader.next_batch(2).unwrap();
    reader.stored(&batch);
    std::fs::write(&path, "").unwrap();
    assert!(reader.next_batch(2).is_err());
    appender.looked_at = None;
    appender.append(&4);
    reader.ready().await.unwrap();
    let batch = reader.next_batch(10).unwrap();
    assert_eq!(batch.lines, ["4"]);
    reader.stored(&batch);
    std::fs::remove_file(&path).unwrap();
    appender.looked_at = None;
    appender.append(&5);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["5"]);
    assert_eq!(appender.waiting(), 1);
}

#[tokio::test]
async fn of_what_waits_in_memory_the_latest_state_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (mut appender, mut reader) = open(&folder.path().join("j"), LIMIT).unwrap();
    appender.limit = 1;
    for state in ["a", "b"] {
        appender.append_state("202", &state);
    }
    let long = "x".repeat(HELD_BYTES / 8);
    for turn in 0..100 {
        appender.append_state("201", &format!("{turn}{long}"));
    }
    appender.append_state("201", &"last");
    assert_eq!((appender.waiting(), appender.lost), (2, 0));
    appender.limit = LIMIT;
    appender.append_state("203", &"c");
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["\"b\"", "\"last\"", "\"c\""]);
}

#[tokio::test]
async fn records_wait_in_memory_while_the_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let (mut appender, mut reader) = open(&folder.path().join("j"), LIMIT).unwrap();
    appender.limit = 1;
    for record in [1, 2, 3] {
        appender.append(&record);
    }
    assert_eq!(appender.waiting(), 3);
    appender.append(&"x".repeat(HELD_BYTES));
    assert_eq!((appender.waiting(), appender.lost), (3, 1));
    appender.limit = LIMIT;
    appender.append(&4);
    reader.ready().await.unwrap();
    assert_eq!(reader.next_batch(10).unwrap().lines, ["1", "2", "3", "4"]);
}
