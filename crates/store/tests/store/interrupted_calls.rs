//! After `kill -9` the calls without an end stand in history as interrupted; a real end that turns up in the
//! spool afterwards still counts.

use kiestoon_store::{Cdr, Disposition, HangupBy, HistoryFilter};

use crate::Fixture;

#[tokio::test]
async fn calls_without_an_end_are_interrupted() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let second = 1_000_000;
    let ringing = Cdr { id: "1".into(), started_at: second, ringing_at: Some(2 * second), ..Cdr::default() };
    let talking = Cdr { id: "2".into(), answered_at: Some(5 * second), ..ringing.clone() };
    let ended = Cdr {
        id: "3".into(),
        ended_at: Some(3 * second),
        disposition: Some(Disposition::Cancelled),
        ..ringing.clone()
    };
    store.save_cdrs(&[ringing.clone(), talking, ended.clone()]).await.unwrap();
    assert_eq!(store.interrupt_unfinished(9 * second).await.unwrap(), 2);
    assert_eq!(store.interrupt_unfinished(10 * second).await.unwrap(), 0, "once is enough");

    let history = store.history(&HistoryFilter::default()).await.unwrap();
    let (kept, talked, rang) = (&history[0], &history[1], &history[2]);
    assert_eq!(kept, &ended);
    for cut in [talked, rang] {
        assert_eq!(cut.disposition, Some(Disposition::Interrupted));
        assert_eq!(cut.end_reason.as_deref(), Some("interrupted"));
        assert_eq!(cut.hangup_by, Some(HangupBy::System));
        assert_eq!(cut.ended_at, Some(9 * second));
    }
    assert_eq!((talked.ring_ms, talked.talk_ms), (Some(3000), Some(4000)));
    assert_eq!((rang.ring_ms, rang.talk_ms), (Some(7000), None));

    let real =
        Cdr { ended_at: Some(4 * second), disposition: Some(Disposition::NoAnswer), ..ringing.clone() };
    store.save_cdrs(&[ringing, real.clone()]).await.unwrap();
    assert_eq!(store.history(&HistoryFilter::default()).await.unwrap()[2], real);
}

#[tokio::test]
async fn a_clock_set_back_gives_no_end_before_the_answer() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let cdr = Cdr { id: "1".into(), started_at: 100, answered_at: Some(200), ..Cdr::default() };
    store.save_cdrs(&[cdr]).await.unwrap();
    store.interrupt_unfinished(50).await.unwrap();
    let history = store.history(&HistoryFilter::default()).await.unwrap();
    assert_eq!((history[0].ended_at, history[0].talk_ms), (Some(200), Some(0)));
}
