//! Hours that were set by hand stay so over a restart; of several changes the latest counts, in whatever order they come.

use kiestoon_store::{HoursChange, Store};

use crate::{Fixture, KANTOOR, import};

async fn fixture() -> (Fixture, Store, String) {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let organisation = store.extensions(None).await.unwrap()[0].organisation.clone();
    let organisations = store.organisations().await.unwrap();
    let id = organisations.into_iter().find(|known| known.slug == organisation).unwrap().id;
    (fixture, store, id)
}

fn change(organisation_id: &str, name: &str, open: Option<bool>, at: i64) -> HoursChange {
    HoursChange { organisation_id: organisation_id.into(), name: name.into(), open, by: "201".into(), at }
}

#[tokio::test]
async fn what_was_set_is_read_after_a_restart() {
    let (fixture, store, id) = fixture().await;
    let revision = store.revision().await.unwrap();
    let (closed, open) = (change(&id, "kantoor", Some(false), 1), change(&id, "winkel", Some(true), 1));
    let unknown = change("no such organisation", "kantoor", Some(true), 1);
    store.save_hours(&[closed.clone(), unknown, open.clone()]).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), revision, "no snapshot is to be built of it");
    store.close().await;
    let store = fixture.open().await;
    assert_eq!(store.hours().await.unwrap(), [closed, open]);
}

#[tokio::test]
async fn the_latest_counts_and_what_the_clock_decides_is_not_told() {
    let (_fixture, store, id) = fixture().await;
    let (first, last) = (change(&id, "kantoor", Some(false), 1), change(&id, "kantoor", None, 2));
    store.save_hours(&[first.clone(), last.clone()]).await.unwrap();
    assert!(store.hours().await.unwrap().is_empty());
    // A journal that is replayed begins with what was stored before.
    store.save_hours(&[first]).await.unwrap();
    assert!(store.hours().await.unwrap().is_empty());
    store.save_hours(&[change(&id, "kantoor", Some(true), 3), last]).await.unwrap();
    assert_eq!(store.hours().await.unwrap()[0].open, Some(true));
}
