//! Users are added, log in, get another password and are removed; what they had open ends with that.

use std::time::Duration;

use kiestoon_store::{NewUser, Role, StoreError, login};

use crate::{Fixture, KANTOOR, import};

const HOUR: Duration = Duration::from_secs(3_600);

fn new(name: &str, extension: Option<&str>) -> NewUser {
    NewUser {
        organisation: None,
        login: name.into(),
        name: "Anna".into(),
        role: Role::User,
        extension: extension.map(Into::into),
        password: Some("geheim 1234".into()),
    }
}

#[tokio::test]
async fn a_user_lives_from_add_to_remove() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let added = store.add_user(&new("Anna", Some("201"))).await.unwrap();
    assert_eq!(
        (added.login.as_str(), added.organisation.as_str(), added.generated),
        ("anna", "kantoor", false)
    );
    let facts = store.login_facts("ANNA").await.unwrap().expect("found without case");
    assert_eq!((facts.user.extension.as_deref(), facts.user.role), (Some("201"), Role::User));
    assert!(login::verify("geheim 1234", Some(&facts.password_hash)));
    assert!(!format!("{added:?}{facts:?}").contains("geheim"));

    let taken = store.add_user(&new("anna", None)).await.unwrap_err();
    assert_eq!(taken.to_string(), "user `anna` exists already");
    assert!(matches!(
        store.add_user(&new("piet", Some("299"))).await,
        Err(StoreError::UnknownExtension { .. })
    ));
    assert!(matches!(store.add_user(&new("a b", None)).await, Err(StoreError::Refused(_))));
    let short = store.set_user_password("anna", Some("kort"), None).await;
    assert!(matches!(short, Err(StoreError::Refused(_))));

    store.set_user_extension("anna", Some("202")).await.unwrap();
    assert_eq!(store.users(None).await.unwrap()[0].extension.as_deref(), Some("202"));
    store.remove_extension(None, "202").await.unwrap();
    assert_eq!(store.users(Some("kantoor")).await.unwrap()[0].extension, None, "the user stays");

    store.remove_user("anna").await.unwrap();
    assert!(store.users(None).await.unwrap().is_empty());
    assert!(matches!(store.remove_user("anna").await, Err(StoreError::UnknownUser { .. })));
}

#[tokio::test]
async fn a_session_lasts_until_its_logout_its_time_or_another_password() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let user = store.add_user(&new("anna", None)).await.unwrap();
    let session = store.add_session(&user.id, HOUR).await.unwrap();
    let found = store.session(&session.token, HOUR).await.unwrap().expect("a session");
    assert_eq!((found.user.login.as_str(), &found.csrf), ("anna", &session.csrf));
    assert!(store.session("nonsense", HOUR).await.unwrap().is_none());

    let other = store.add_session(&user.id, HOUR).await.unwrap();
    assert_ne!(session.token, other.token);
    store.end_session(&other.token).await.unwrap();
    assert!(store.session(&other.token, HOUR).await.unwrap().is_none());

    let third = store.add_session(&user.id, HOUR).await.unwrap();
    store.set_user_password("anna", Some("nog geheimer"), Some(&session.token)).await.unwrap();
    assert!(store.session(&third.token, HOUR).await.unwrap().is_none(), "other sessions end");
    assert!(store.session(&session.token, HOUR).await.unwrap().is_some(), "the own one stays");

    let short = store.add_session(&user.id, Duration::ZERO).await.unwrap();
    assert!(store.session(&short.token, HOUR).await.unwrap().is_none(), "expired");
    store.remove_user("anna").await.unwrap();
    assert!(store.session(&session.token, HOUR).await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_is_kept_nowhere() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let user = store.add_user(&new("anna", None)).await.unwrap();
    let session = store.add_session(&user.id, HOUR).await.unwrap();
    store.close().await;
    let bytes = fixture.raw_bytes();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&session.csrf), "the rows are looked at");
    assert!(!holds(&session.token) && !holds("geheim 1234"));
}

#[tokio::test]
async fn the_first_user_is_made_once_and_moves_with_the_first_organisation() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let first = store.add_first_user().await.unwrap().expect("nobody was there");
    assert_eq!((first.login.as_str(), first.generated), ("admin", true));
    assert!(store.add_first_user().await.unwrap().is_none());
    import(&store, KANTOOR).await;
    let users = store.users(None).await.unwrap();
    assert_eq!((users[0].organisation.as_str(), users[0].role), ("kantoor", Role::Admin));
    assert_eq!(store.organisations().await.unwrap().len(), 1);
    store.set_user_extension("admin", Some("201")).await.unwrap();
}
