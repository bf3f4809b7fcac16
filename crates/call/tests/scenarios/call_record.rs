//! The record of a call, and what is told while it lasts.

use kiestoon_call::{Event, Side};
use kiestoon_sip::Transport;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn every_field_is_filled() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").over_tcp());
    let b = t.add(phone("202").answers_after(secs(4)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(10));
    t.hang_up(b);
    t.settle();
    let cdr = t.expect_cdr().record();
    assert_eq!(
        (&*cdr.from_name, &*cdr.extension, &*cdr.organisation),
        ("Toestel 201", "extension-201", "organisation-1")
    );
    assert_eq!((&*cdr.context, cdr.route.as_deref()), ("intern", Some("toestellen")));
    assert!(!cdr.dialplan_hash.is_empty());
    let (ringing, answered) = (cdr.ringing_at.expect("it rang"), cdr.answered_at.expect("it was answered"));
    let end = cdr.end.expect("it ended");
    assert!(cdr.started_at <= ringing && ringing < answered && answered < end.ended_at);
    assert!((3_900..4_100).contains(&end.ring_ms) && end.setup_ms < 200, "{end:?}");
    assert_eq!((end.q850, end.hangup_by.as_str()), (16, "callee"));
    let legs: Vec<_> =
        cdr.legs.iter().map(|leg| (leg.side, &*leg.number, leg.transport, leg.status)).collect();
    let wanted =
        [(Side::Caller, "201", Transport::Tcp, Some(200)), (Side::Callee, "202", Transport::Udp, Some(200))];
    assert_eq!(legs, wanted);
    assert!(cdr.legs.iter().all(|leg| leg.codec.as_deref() == Some("PCMU")), "{:?}", cdr.legs);
    t.expect_nothing_left();
}

#[test]
fn the_events_come_in_order() {
    let (mut t, [a, _]) = Story::office(2).talking([phone("201"), phone("202")]);
    t.hold(a);
    t.run(secs(1));
    t.resume(a);
    t.run(secs(1));
    t.hang_up(a);
    t.settle();
    let told: Vec<&str> = t.the_pbx().events.iter().filter_map(word).collect();
    assert_eq!(
        told,
        ["registered", "registered", "started", "ringing", "answered", "held", "resumed", "ended"]
    );
    t.expect_nothing_left();
}

fn word(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::RegistrationChanged { .. } => "registered",
        Event::CallStarted { .. } => "started",
        Event::CallRinging { .. } => "ringing",
        Event::CallAnswered { .. } => "answered",
        Event::CallHeld { held: true, .. } => "held",
        Event::CallHeld { held: false, .. } => "resumed",
        Event::CallEnded { .. } => "ended",
        _ => return None,
    })
}

#[test]
fn no_password_is_ever_sent_or_told() {
    let (mut t, [a, _]) = Story::office(3).talking([phone("201"), phone("202")]);
    t.hang_up(a);
    t.settle();
    let sent = t.net.ladder.rungs().filter_map(|rung| rung.message.as_ref());
    for message in sent {
        assert!(!String::from_utf8_lossy(&message.to_bytes()).contains("geheim"), "{message:?}");
    }
    let told = format!("{:?} {:?} {:?}", t.the_pbx().events, t.the_pbx().cdrs, t.the_pbx().bindings);
    assert!(!told.contains("geheim"));
}
