//! What was spent and who is on hold is read after a restart; of several states the latest counts.

use kiestoon_store::{AccountChange, AccountHold};

use crate::{Fixture, KANTOOR, import};

#[tokio::test]
async fn the_latest_state_is_read_after_a_restart() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let organisation_id = store.organisations().await.unwrap()[0].id.clone();
    let revision = store.revision().await.unwrap();
    let state = |number: &str, today, at| AccountChange {
        organisation_id: organisation_id.clone(),
        number: number.into(),
        day: 20_261_129,
        today,
        this_month: today + 5,
        held: None,
        at,
    };
    let held = AccountHold { since: 7, reason: "velocity".into(), by: None };
    let last = AccountChange { held: Some(held), ..state("201", 20, 2) };
    let unknown = AccountChange { organisation_id: "nowhere".into(), ..state("201", 9, 9) };
    let all = state("", 30, 2);
    store.save_accounts(&[state("201", 10, 1), all.clone(), last.clone(), unknown]).await.unwrap();
    // A journal that is replayed begins with what was stored before, and ends with the latest.
    store.save_accounts(&[state("201", 10, 1)]).await.unwrap();
    store.save_accounts(std::slice::from_ref(&last)).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), revision, "no snapshot is to be built of it");
    store.close().await;
    let store = fixture.open().await;
    assert_eq!(store.accounts().await.unwrap(), [all.clone(), last]);
    store.save_accounts(&[state("201", 0, 3)]).await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), [all, state("201", 0, 3)]);
}

#[tokio::test]
async fn a_clock_that_steps_back_loses_nothing() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let organisation_id = store.organisations().await.unwrap()[0].id.clone();
    let before = AccountChange {
        organisation_id,
        number: "201".into(),
        today: 5,
        at: 2_000,
        ..AccountChange::default()
    };
    let held = Some(AccountHold { since: 7, reason: "operator".into(), by: Some("anna".into()) });
    let after = AccountChange { today: 9, held, at: 1_000, ..before.clone() };
    store.save_accounts(&[before]).await.unwrap();
    store.save_accounts(std::slice::from_ref(&after)).await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), [after]);
}
