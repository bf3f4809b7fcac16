//! A call's records come in any order and any number of times; the history is the same in the end.

use kiestoon_store::{Cdr, Direction, Disposition, HangupBy, HistoryFilter, Store};

use crate::Fixture;

fn started(id: &str, at: i64) -> Cdr {
    Cdr {
        id: id.into(),
        started_at: at,
        from_number: Some("201".into()),
        dialed: Some("202".into()),
        ..Cdr::default()
    }
}

fn finished(id: &str, at: i64) -> Cdr {
    Cdr {
        answered_at: Some(at + 1),
        ended_at: Some(at + 2),
        disposition: Some(Disposition::Answered),
        ..started(id, at)
    }
}

async fn history(store: &Store) -> Vec<Cdr> {
    store.history(&HistoryFilter::default()).await.unwrap()
}

/// A record with a value of its own in every field.
fn full() -> Cdr {
    let text = |value: &str| Some(value.to_owned());
    Cdr {
        id: "018f".into(),
        linked_id: text("linked"),
        tenant_id: text("tenant"),
        direction: Some(Direction::Internal),
        from_number: text("from"),
        from_name: text("name"),
        dialed: text("dialed"),
        to_number: text("to"),
        did: text("did"),
        user_id: text("user"),
        extension: text("extension"),
        trunk_in: text("in"),
        trunk_out: text("out"),
        context: text("intern"),
        route: text("route"),
        dialplan_hash: text("hash"),
        started_at: 1,
        ringing_at: Some(2),
        answered_at: Some(3),
        ended_at: Some(4),
        setup_ms: Some(5),
        ring_ms: Some(6),
        talk_ms: Some(7),
        disposition: Some(Disposition::Busy),
        end_reason: text("reason"),
        sip_code: Some(486),
        q850: Some(17),
        hangup_by: Some(HangupBy::Callee),
        error_code: text("error"),
        codec_a: text("PCMA"),
        codec_b: text("PCMU"),
        transport_a: text("udp"),
        transport_b: text("tcp"),
        srtp: Some(false),
        mos_min_a: Some(1.1),
        mos_avg_a: Some(1.2),
        mos_min_b: Some(1.3),
        mos_avg_b: Some(1.4),
        loss: Some(2.0),
        jitter: Some(1.6),
        rtt: Some(1.7),
        recording_id: text("recording"),
        consent: text("consent"),
        entity_type: text("entity"),
        entity_id: text("entity id"),
        notes: text("notes"),
        account_code: text("account"),
        emergency: Some(true),
        attestation: text("A"),
        legs: vec![serde_json::json!({"leg": "a", "lost": 3})],
        way: vec![serde_json::json!({"rule": "toestellen", "steps": []})],
        provider_events: Vec::new(),
    }
}

#[tokio::test]
async fn every_field_comes_back_from_its_own_column() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.save_cdrs(&[full()]).await.unwrap();
    assert_eq!(history(&store).await, [full()]);
}

#[tokio::test]
async fn a_late_start_does_not_undo_an_end() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    store.save_cdrs(&[started("1", 10)]).await.unwrap();
    assert!(history(&store).await.is_empty(), "a living call is not history");
    store.save_cdrs(&[finished("1", 10), started("1", 10), started("2", 20)]).await.unwrap();
    store.save_cdrs(&[finished("2", 20)]).await.unwrap();
    store.save_cdrs(&[started("2", 20)]).await.unwrap();
    assert_eq!(history(&store).await, [finished("2", 20), finished("1", 10)], "newest first");
    assert_eq!(store.revision().await.unwrap(), 1, "calls are not desired state");
}

#[tokio::test]
async fn a_batch_of_many_calls_is_saved_whole() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let id = |n: i64| format!("{n:03}");
    store.save_cdrs(&[started(&id(0), 0), finished(&id(1), 1)]).await.unwrap();
    // Every third call is there twice, and the one that has ended already comes once more as it began.
    let mut batch: Vec<Cdr> = (0..47).step_by(3).map(|n| started(&id(n), n)).collect();
    batch.extend((0..47).filter(|n| *n != 1).map(|n| Cdr { route: Some(id(n)), ..finished(&id(n), n) }));
    batch.push(started(&id(1), 1));
    store.save_cdrs(&batch).await.unwrap();
    let kept = history(&store).await;
    let expected = (0..47).rev().map(|n| Cdr { route: (n != 1).then(|| id(n)), ..finished(&id(n), n) });
    assert_eq!(kept, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn the_history_is_filtered() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let mut busy = finished("3", 30);
    busy.disposition = Some(Disposition::Busy);
    busy.extension = Some("203".into());
    busy.tenant_id = Some("t".into());
    let came = Cdr { trunk_in: Some("voys".into()), ..finished("1", 10) };
    let went = Cdr { trunk_out: Some("voys".into()), ..finished("2", 20) };
    store.save_cdrs(&[came, went, busy]).await.unwrap();
    let none = HistoryFilter::default;
    let filters = [
        (HistoryFilter { limit: 2, ..none() }, vec!["3", "2"]),
        (HistoryFilter { since: Some(20), ..none() }, vec!["3", "2"]),
        (HistoryFilter { until: Some(20), ..none() }, vec!["1"]),
        (HistoryFilter { number: Some("203".into()), ..none() }, vec!["3"]),
        (HistoryFilter { number: Some("202".into()), ..none() }, vec!["3", "2", "1"]),
        (HistoryFilter { disposition: Some(Disposition::Answered), ..none() }, vec!["2", "1"]),
        (HistoryFilter { tenant_id: Some("t".into()), ..none() }, vec!["3"]),
        (HistoryFilter { id: Some("2".into()), ..none() }, vec!["2"]),
        (HistoryFilter { over_trunk: true, ..none() }, vec!["2", "1"]),
        (HistoryFilter { over_trunk: true, tenant_id: Some("t".into()), ..none() }, vec![]),
        (HistoryFilter { number: Some("' OR 1=1 --".into()), ..none() }, vec![]),
    ];
    for (filter, expected) in filters {
        let found = store.history(&filter).await.unwrap();
        assert_eq!(found.iter().map(|cdr| cdr.id.as_str()).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}
