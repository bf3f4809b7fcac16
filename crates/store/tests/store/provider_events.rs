//! What providers tell of calls is in their records, whichever came first, once, and of no other organisation.

use kiestoon_store::{Cdr, HistoryFilter, Kept, NewProviderEvent, Store};
use serde_json::{Value, json};

use crate::Fixture;

fn call(id: &str, names: Value) -> Cdr {
    let leg = json!({ "side": "callee", "trunk": "voys", "sip_call_id": names[0], "provider_ids": names[1] });
    Cdr {
        id: id.into(),
        tenant_id: Some("kantoor".into()),
        from_number: Some("201".into()),
        to_number: Some("+31201234567".into()),
        extension: Some("201".into()),
        started_at: 1,
        ended_at: Some(2),
        legs: vec![json!({ "side": "caller", "trunk": null }), leg],
        ..Cdr::default()
    }
}

fn event(id: &str, names: &[&str]) -> NewProviderEvent {
    NewProviderEvent {
        organisation_id: "kantoor".into(),
        trunk: "voys".into(),
        provider: "twilio",
        event_id: id.into(),
        kind: "status",
        occurred_at: Some(1_795_168_800_000_000),
        facts: json!({ "status": "completed", "duration_secs": 42 }),
        payload: "{}".into(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        signature: None,
    }
}

async fn keep(store: &Store, event: &NewProviderEvent) -> Kept {
    store.keep_provider_event(event).await.unwrap()
}

/// The ids of the events in the record of a call.
async fn told(store: &Store, call: &str) -> Vec<String> {
    let filter = HistoryFilter { id: Some(call.into()), ..HistoryFilter::default() };
    let calls = store.history(&filter).await.unwrap();
    calls[0].provider_events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_finds_its_call_whichever_comes_first() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    assert_eq!(keep(&store, &event("early", &["CA1"])).await, Kept::New(Vec::new()));
    store.save_cdrs(&[call("1", json!(["sip-1", ["CA1"]])), call("2", json!(["sip-2", []]))]).await.unwrap();
    let Kept::New(calls) = keep(&store, &event("late", &["CA1"])).await else { panic!("it is new") };
    assert_eq!((calls.len(), calls[0].id.as_str()), (1, "1"));
    assert_eq!(calls[0].numbers, ["+31201234567", "201"]);
    assert_eq!(told(&store, "1").await, ["early", "late"]);
    assert_eq!(told(&store, "2").await, [""; 0]);

    // Of the second call only the SIP Call-ID is known: one event says what else it is called, another uses that.
    keep(&store, &event("by the other name", &["CA2"])).await;
    let Kept::New(calls) = keep(&store, &event("with both", &["CA2", "sip-2"])).await else { panic!() };
    assert_eq!(calls[0].id, "2");
    assert_eq!(told(&store, "2").await, ["by the other name", "with both"]);

    let filter = HistoryFilter { id: Some("1".into()), ..HistoryFilter::default() };
    let events = store.history(&filter).await.unwrap().remove(0).provider_events;
    assert_eq!((&events[0]["status"], &events[0]["duration_secs"]), (&json!("completed"), &json!(42)));
    assert_eq!((&events[0]["trunk"], &events[0]["provider"]), (&json!("voys"), &json!("twilio")));
    assert_eq!(events[0]["occurred_at"], "2026-11-20T10:00:00Z");
    // A record that is saved again keeps them.
    store.save_cdrs(&[call("1", json!(["sip-1", ["CA1"]]))]).await.unwrap();
    assert_eq!(told(&store, "1").await, ["early", "late"]);
}

#[tokio::test]
async fn an_event_of_another_organisation_is_of_no_call_here() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.save_cdrs(&[call("1", json!(["sip-1", ["CA1"]]))]).await.unwrap();
    let other = NewProviderEvent { organisation_id: "winkel".into(), ..event("theirs", &["CA1", "sip-1"]) };
    assert_eq!(keep(&store, &other).await, Kept::New(Vec::new()));
    assert_eq!(told(&store, "1").await, [""; 0]);
    // It has its own ids.
    assert!(matches!(keep(&store, &event("theirs", &["CA1"])).await, Kept::New(calls) if calls.len() == 1));
}

#[tokio::test]
async fn an_event_is_kept_once_and_a_signature_taken_once() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.save_cdrs(&[call("1", json!(["sip-1", ["CA1"]]))]).await.unwrap();
    let hour = 3_600_000_000;
    let signed = |id: &str, signature: &str, lasts: i64| NewProviderEvent {
        signature: Some((signature.into(), lasts)),
        ..event(id, &["CA1"])
    };
    assert!(matches!(keep(&store, &signed("a", "s1", hour)).await, Kept::New(_)));
    assert_eq!(keep(&store, &signed("a", "s1", hour)).await, Kept::Replayed);
    assert_eq!(keep(&store, &signed("b", "s1", hour)).await, Kept::Replayed, "whatever it says");
    assert_eq!(keep(&store, &signed("a", "s2", hour)).await, Kept::Known, "told again");
    assert_eq!(keep(&store, &signed("a", "s2", hour)).await, Kept::Replayed);
    assert_eq!(keep(&store, &signed("a", "s3", 0)).await, Kept::Known);
    assert_eq!(keep(&store, &signed("a", "s3", hour)).await, Kept::Known, "the first has expired");
    assert_eq!(told(&store, "1").await, ["a"]);
}

#[tokio::test]
async fn a_call_has_so_many_events() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.save_cdrs(&[call("1", json!(["sip-1", ["CA1"]]))]).await.unwrap();
    for number in 0..64 {
        assert!(
            matches!(keep(&store, &event(&number.to_string(), &["CA1"])).await, Kept::New(_)),
            "{number}"
        );
    }
    assert_eq!(keep(&store, &event("64", &["CA1"])).await, Kept::Full);
    assert_eq!(keep(&store, &event("64", &["CA2", "CA1"])).await, Kept::Full, "by any of its names");
    assert_eq!(told(&store, "1").await.len(), 64);
}

#[tokio::test]
async fn what_finds_no_call_is_forgotten_and_nothing_is_looked_at_twice() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.save_cdrs(&[call("1", json!(["sip-1", ["CA1"]]))]).await.unwrap();
    keep(&store, &event("stray", &["CA9"])).await;
    keep(&store, &event("of nothing", &[])).await;
    for number in 0..20 {
        keep(&store, &event(&format!("own {number}"), &["CA1", "CA2"])).await;
    }
    keep(&store, &event("by way of another", &["CA2"])).await;
    let mut stranger = fixture.stranger().await;
    sqlx::query("UPDATE provider_events SET received_at = 1").execute(&mut stranger).await.unwrap();
    keep(&store, &event("young", &["CA8"])).await;
    assert_eq!(told(&store, "1").await.len(), 21, "a delivery forgets nothing: it does not wait for that");

    assert!(!store.forget_stray_events().await.unwrap(), "all in one go");
    let mut count =
        async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut stranger).await.unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM provider_events").await, 22);
    assert_eq!(count("SELECT COUNT(*) FROM provider_event_names WHERE name = 'CA9'").await, 0);
    assert_eq!(count("SELECT COUNT(*) FROM provider_events WHERE settled = 0").await, 1, "the young one");
    assert_eq!(told(&store, "1").await.len(), 21, "what is in a record stays");
}

#[tokio::test]
async fn the_last_one_of_a_trunk_is_known() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    crate::import(&store, "[[organisation]]\nslug = \"kantoor\"\n").await;
    let home = store.organisation(Some("kantoor")).await.unwrap().id;
    assert_eq!(store.last_provider_events().await.unwrap(), []);
    for id in ["a", "b"] {
        keep(&store, &NewProviderEvent { organisation_id: home.clone(), ..event(id, &["CA1"]) }).await;
    }
    let mut stranger = fixture.stranger().await;
    sqlx::query("UPDATE provider_events SET received_at = 7 WHERE event_id = 'a'")
        .execute(&mut stranger)
        .await
        .unwrap();
    let last = store.last_provider_events().await.unwrap();
    let [(organisation, trunk, at)] = &last[..] else { panic!("{last:?}") };
    assert_eq!((&**organisation, &**trunk), ("kantoor", "voys"));
    assert!(*at > 7, "the last one");
}

#[tokio::test]
async fn old_events_are_looked_at_some_at_a_time() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    for number in 0..300 {
        keep(&store, &event(&number.to_string(), &[&format!("CA{number}")])).await;
    }
    let mut stranger = fixture.stranger().await;
    sqlx::query("UPDATE provider_events SET received_at = 1").execute(&mut stranger).await.unwrap();
    assert!(store.forget_stray_events().await.unwrap(), "there is more");
    let left = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM provider_events");
    assert_eq!(left.fetch_one(&mut stranger).await.unwrap(), 300 - 256);
    assert!(!store.forget_stray_events().await.unwrap());
}

#[tokio::test]
async fn events_follow_the_new_name_of_their_trunk() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let trunk = kiestoon_store::TrunkDetails { enabled: false, ..kiestoon_store::TrunkDetails::new("voys") };
    let presets = crate::presets();
    store.add_trunk(None, &presets, trunk).await.unwrap();
    let organisation_id = store.organisation(None).await.unwrap().id;
    let of = |trunk: &str| NewProviderEvent {
        organisation_id: organisation_id.clone(),
        trunk: trunk.into(),
        ..event("again", &["CA1"])
    };
    assert!(matches!(keep(&store, &of("voys")).await, Kept::New(_)));
    let rename = |details: &mut kiestoon_store::TrunkDetails| {
        details.name = "vast".into();
        Ok(())
    };
    store.change_trunk(None, "voys", &presets, rename).await.unwrap();
    assert!(matches!(keep(&store, &of("vast")).await, Kept::Known), "it came before");
    let last = store.last_provider_events().await.unwrap();
    let names: Vec<&str> = last.iter().map(|(_, trunk, _)| trunk.as_str()).collect();
    assert_eq!(names, ["vast"]);
}
