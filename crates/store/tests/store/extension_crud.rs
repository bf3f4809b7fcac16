//! Extensions are added, shown, listed, given a new password and removed; every change raises the revision.

use kiestoon_store::{NewExtension, Store, StoreError};

use crate::{Fixture, KANTOOR, import};

fn new(number: &str) -> NewExtension {
    NewExtension { number: number.into(), ..NewExtension::default() }
}

async fn revision(store: &Store) -> i64 {
    store.revision().await.unwrap()
}

#[tokio::test]
async fn an_extension_lives_from_add_to_remove() {
    let store = Fixture::new().open_kept().await;
    let added = store.add_extension(&new("201")).await.unwrap();
    assert_eq!((added.organisation.as_str(), added.generated, added.password.len()), ("default", true, 16));
    assert_eq!(revision(&store).await, 2);

    let shown = store.extension(Some("default"), "201").await.unwrap();
    assert_eq!(shown.secret.password.as_ref(), Some(&added.password));
    assert!(!format!("{shown:?}").contains(&added.password));

    let set = store.set_password(None, "201", Some("nieuw1")).await.unwrap();
    assert_eq!(set, "nieuw1");
    assert_eq!(store.extension(None, "201").await.unwrap().secret.password.as_deref(), Some("nieuw1"));
    assert_eq!(revision(&store).await, 3);

    let listed = store.extensions(None).await.unwrap();
    assert_eq!((listed.len(), listed[0].number.as_str(), listed[0].enabled), (1, "201", true));
    assert!(serde_json::to_value(&listed[0]).unwrap()["created_at"].as_str().unwrap().ends_with('Z'));

    store.remove_extension(None, "201").await.unwrap();
    assert_eq!(revision(&store).await, 4);
    assert!(store.extensions(Some("default")).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    let store = Fixture::new().open_kept().await;
    store.add_extension(&new("201")).await.unwrap();
    let before = revision(&store).await;
    let add = store.add_extension(&new("201")).await.unwrap_err();
    assert_eq!(add.to_string(), "extension 201 exists already in organisation `default`");
    let remove = store.remove_extension(None, "299").await.unwrap_err();
    assert_eq!(remove.to_string(), "there is no extension 299 in organisation `default`");
    assert!(matches!(store.set_password(None, "299", None).await, Err(StoreError::UnknownExtension { .. })));
    assert!(matches!(store.add_extension(&new("2 1")).await, Err(StoreError::Refused(_))));
    assert!(matches!(store.set_password(None, "201", Some("")).await, Err(StoreError::Refused(_))));
    let unknown = store.extensions(Some("elders")).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no organisation `elders`");
    assert_eq!(revision(&store).await, before);
}

#[tokio::test]
async fn without_a_name_the_only_organisation_is_meant() {
    let store = Fixture::new().open_kept().await;
    import(&store, KANTOOR).await;
    assert_eq!(store.add_extension(&new("203")).await.unwrap().organisation, "kantoor");
    import(&store, "[[organisation]]\nslug = \"winkel\"\n").await;
    assert!(matches!(store.add_extension(&new("204")).await, Err(StoreError::OrganisationNeeded)));
    let named = NewExtension { organisation: Some("winkel".into()), ..new("201") };
    assert_eq!(store.add_extension(&named).await.unwrap().organisation, "winkel");
    let directory = store.directory().await.unwrap();
    assert_eq!(directory.organisations.len(), 2);
    assert_eq!(directory.extensions.len(), 4);
    assert_eq!(directory.revision, revision(&store).await);
}

impl Fixture {
    /// An open store whose folder stays until the process ends.
    async fn open_kept(self) -> Store {
        let store = self.open().await;
        let _ = self.folder.keep();
        store
    }
}
