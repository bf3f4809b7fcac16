//! An INVITE without an offer: the offer comes in the 200, the answer in the ACK (RFC 3261 section 13.2.1).

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Fax, Faxes, PhoneId, Story, What, millis, phone, secs};

#[test]
fn the_answer_travels_in_the_ack() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.run(secs(5));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn a_reinvite_without_an_offer_gets_one() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.reinvite_without_offer(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(b);
}

#[test]
fn an_ack_without_an_answer_ends_the_call_and_leaves_no_200_unacknowledged() {
    let mut t = Story::office(3);
    let a = t.add(phone("201").answers_no_offer());
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.settle();
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Ack, 1).was_asked(&Method::Bye, 1);
    t.expect_cdr().reason("media_failed");
    t.expect_nothing_left();
}

/// 202 asks for an offer, and 201 makes another one than its own.
fn offered_otherwise(t: &mut Story, [a, b]: [PhoneId; 2], offer: impl Fn(&str) -> String) {
    t.drop_for_good(1, What::response(200, "INVITE").from(t.address(a)));
    t.reinvite_without_offer(b);
    t.run(millis(200));
    t.answer_otherwise(a, offer);
    t.run(secs(2));
}

fn codecs(t: &Story) -> Vec<Option<&str>> {
    t.the_pbx().ended().flat_map(|record| &record.legs).map(|leg| leg.codec.as_deref()).collect()
}

#[test]
fn a_fax_that_is_agreed_in_the_ack_is_in_the_record() {
    let (mut t, [a, b]) = Story::office(4).talking([phone("201"), phone("202").faxes(Faxes::Taken)]);
    offered_otherwise(&mut t, [a, b], |audio| {
        let session = audio.split("m=").next().unwrap_or_default();
        format!("{session}m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n")
    });
    assert_eq!(t.the_pbx().engine.legs().filter(|(_, leg)| leg.fax.is_some()).count(), 2);
    t.close(a);
    assert_eq!(codecs(&t), [Some("t38"), Some("t38")]);
}

#[test]
fn a_fax_that_ends_in_an_ack_stays_in_the_record() {
    let fax = |number| phone(number).faxes(Faxes::Taken);
    let (mut t, [a, b]) = Story::office(5).talking([fax("201"), fax("202")]);
    t.fax(a, Some(Fax::Alone));
    t.run(secs(2));
    offered_otherwise(&mut t, [a, b], |image| {
        let session = image.split("m=").next().unwrap_or_default();
        format!("{session}m=audio 4000 RTP/AVP 0 8\r\na=sendrecv\r\n")
    });
    assert_eq!(t.the_pbx().engine.legs().filter(|(_, leg)| leg.fax.is_some()).count(), 0);
    t.close(a);
    assert_eq!(codecs(&t), [Some("t38"), Some("t38")]);
}
