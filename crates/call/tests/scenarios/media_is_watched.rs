//! A phone that is not heard: the call says why, keeps it in its record, and ends where the operator wants that.

use kiestoon_call::{Event, Input};
use kiestoon_media::{Cause, LegId, MediaEvent};
use kiestoon_testkit::{Ended, Story, phone, secs};

fn legs(t: &mut Story) -> Vec<LegId> {
    t.engine().legs().map(|(id, _)| id).collect()
}

#[test]
fn a_cause_is_told_and_stays_in_the_record() {
    let (mut t, [a, _]) = Story::office(1).talking([phone("201"), phone("202")]);
    let leg = legs(&mut t)[1];
    t.tell_pbx(Input::Media(MediaEvent::Diagnosis { leg, cause: Some(Cause::CodecMismatch) }));
    t.tell_pbx(Input::Media(MediaEvent::Diagnosis { leg, cause: None }));
    t.run(secs(1));
    t.hang_up(a);
    t.settle();
    let causes: Vec<_> = t
        .the_pbx()
        .events
        .iter()
        .filter_map(|event| match event {
            Event::CallDiagnosed { cause, .. } => Some(*cause),
            _ => None,
        })
        .collect();
    assert_eq!(causes, [Some(Cause::CodecMismatch), None]);
    let record = t.the_pbx().ended().next().expect("a record");
    assert_eq!(
        record.legs.iter().map(|leg| leg.diagnosis).collect::<Vec<_>>(),
        [None, Some(Cause::CodecMismatch)]
    );
    t.expect_nothing_left();
}

#[test]
fn lost_media_ends_an_answered_call_once_it_has_lasted_that_long() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202")]);
    let leg = legs(&mut t)[0];
    t.tell_pbx(Input::Media(MediaEvent::Lost { leg, after: secs(20) }));
    t.run(secs(1));
    t.expect(a).talking_with("202");
    t.run(secs(20));
    t.tell_pbx(Input::Media(MediaEvent::Lost { leg, after: secs(20) }));
    t.run(secs(1));
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("media_lost");
    t.expect_nothing_left();
}
