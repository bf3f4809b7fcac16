//! Bindings are saved in batches, survive a restart, end in time, and do not touch the desired state.

use kiestoon_store::{Binding, BindingChange, Store};

use crate::{Fixture, KANTOOR, import};

async fn fixture() -> (Fixture, Store, String, String) {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let extensions = store.extensions(None).await.unwrap();
    let (first, second) = (extensions[0].id.clone(), extensions[1].id.clone());
    (fixture, store, first, second)
}

fn binding(extension_id: &str, contact: &str, expires_at: i64) -> Binding {
    Binding {
        extension_id: extension_id.into(),
        contact: contact.into(),
        instance: Some("<urn:uuid:1>".into()),
        reg_id: Some(1),
        call_id: "a84b4c76e66710".into(),
        cseq: u32::MAX,
        q: 700,
        registered_at: 5,
        expires_at,
        transport: "tcp".into(),
        remote: "[2001:db8::1]:5060".into(),
        local: "192.0.2.1:5060".into(),
        connection: Some("7".into()),
        user_agent: Some("baresip".into()),
        path: vec!["<sip:edge.example;lr>".into()],
    }
}

#[tokio::test]
async fn a_batch_survives_a_restart() {
    let (fixture, store, first, second) = fixture().await;
    let revision = store.revision().await.unwrap();
    let (a, b) = (binding(&first, "sip:201@192.0.2.7", 100), binding(&second, "sip:202@192.0.2.8", 200));
    let gone = binding(&first, "sip:201@192.0.2.9", 100);
    let remove = BindingChange::Remove { extension_id: first.clone(), contact: gone.contact.clone() };
    let refreshed = Binding { expires_at: 150, cseq: 2, path: vec![], ..a.clone() };
    let unknown = binding("no such extension", "sip:x@192.0.2.1", 100);
    let changes = [a, b.clone(), gone, unknown, refreshed.clone()].map(BindingChange::Put);
    store.save_bindings(&changes).await.unwrap();
    store.save_bindings(&[remove]).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), revision);
    store.close().await;

    let bindings = fixture.open().await.bindings(50).await.unwrap();
    assert_eq!(bindings.iter().map(|stored| stored.number.as_str()).collect::<Vec<_>>(), ["201", "202"]);
    assert_eq!(bindings[0].binding, refreshed);
    assert_eq!(bindings[1].binding, b);
}

/// A statement takes some of them: those of a whole one, of the next and of the rest.
#[tokio::test]
async fn a_long_batch_is_saved_whole() {
    let (_fixture, store, first, _) = fixture().await;
    let contact = |number: u32| format!("sip:{number:03}@192.0.2.7");
    let refreshed = |number, expires_at| BindingChange::Put(binding(&first, &contact(number), expires_at));
    let changes: Vec<_> = (0..117).chain(40..50).map(|number| refreshed(number, 100)).collect();
    store.save_bindings(&changes).await.unwrap();
    let later: Vec<_> = (0..117).map(|number| refreshed(number, 200)).collect();
    store.save_bindings(&later).await.unwrap();
    let mut stored = store.bindings(150).await.unwrap();
    stored.sort_by(|a, b| a.binding.contact.cmp(&b.binding.contact));
    assert_eq!(stored.len(), 117);
    for (stored, change) in stored.iter().zip(&later) {
        assert_eq!(BindingChange::Put(stored.binding.clone()), *change);
    }
}

#[tokio::test]
async fn a_binding_ends_in_time() {
    let (_fixture, store, first, _) = fixture().await;
    let changes = [binding(&first, "sip:a@192.0.2.7", 100), binding(&first, "sip:b@192.0.2.7", 101)];
    store.save_bindings(&changes.map(BindingChange::Put)).await.unwrap();
    let left = store.bindings(100).await.unwrap();
    assert_eq!(
        left.iter().map(|stored| stored.binding.contact.as_str()).collect::<Vec<_>>(),
        ["sip:b@192.0.2.7"]
    );
    assert_eq!(store.prune_bindings(100).await.unwrap(), 0, "already removed");
    assert_eq!(store.prune_bindings(101).await.unwrap(), 1);
}

#[tokio::test]
async fn a_removed_extension_takes_its_bindings_along() {
    let (_fixture, store, first, second) = fixture().await;
    let changes = [binding(&first, "sip:a@192.0.2.7", 100), binding(&second, "sip:b@192.0.2.7", 100)];
    store.save_bindings(&changes.map(BindingChange::Put)).await.unwrap();
    store.remove_extension(None, "201").await.unwrap();
    let left = store.bindings(1).await.unwrap();
    assert_eq!(left.iter().map(|stored| stored.number.as_str()).collect::<Vec<_>>(), ["202"]);
}
