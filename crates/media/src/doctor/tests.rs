//! A leg over some seconds, and what is said of it.

use super::*;

struct Leg {
    doctor: Doctor,
    start: Instant,
    seconds: u64,
    facts: Facts,
}

impl Leg {
    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn new() -> Self {
        let facts = Facts {
            expected: true,
            held: false,
            heard: 0,
            unknown_format: 0,
            forged: 0,
            strangers: 0,
            paused: false,
            signalled: Some("198.51.100.20".parse().unwrap()),
            peer: "198.51.100.20".parse().unwrap(),
            rewritten: false,
            deaf: false,
            refused: 0,
        };
        Self { doctor: Doctor::default(), start: Instant::now(), seconds: 0, facts }
    }

    /// One second later, after a change.
    fn second(&mut self, change: impl Fn(&mut Facts)) -> Option<Finding> {
        change(&mut self.facts);
        self.seconds += 1;
        self.doctor.look(self.start + Duration::from_secs(self.seconds), self.facts)
    }

    /// What is said once the same has happened for four seconds; never in the first two.
    fn says(&mut self, change: impl Fn(&mut Facts)) -> Option<Finding> {
        assert_eq!(self.second(&change), None);
        assert_eq!(self.second(&change), None);
        let found = self.second(&change);
        assert_eq!(self.second(&change), None, "said once");
        found
    }
}

fn ill(cause: Cause) -> Option<Finding> {
    Some(Finding::Ill(cause))
}

#[test]
fn a_phone_that_is_heard_is_well() {
    let mut leg = Leg::new();
    assert_eq!(leg.says(|facts| facts.heard += 50), None);
}

#[test]
fn nothing_ever_came() {
    assert_eq!(Leg::new().says(|_| {}), ill(Cause::PortBlocked));
}

#[test]
fn a_private_address_and_nothing_came() {
    let private = |facts: &mut Facts| facts.signalled = "192.168.1.20".parse().ok();
    assert_eq!(Leg::new().says(private), ill(Cause::PrivateAddress));
    let mut office = Leg::new();
    office.facts.peer = "10.0.0.8".parse().unwrap();
    assert_eq!(office.says(private), ill(Cause::PortBlocked), "private on both sides is one network");
}

#[test]
fn a_rewritten_description_and_nothing_came() {
    assert_eq!(Leg::new().says(|facts| facts.rewritten = true), ill(Cause::Alg));
}

#[test]
fn formats_that_were_not_agreed_on() {
    assert_eq!(Leg::new().says(|facts| facts.unknown_format += 50), ill(Cause::CodecMismatch));
}

#[test]
fn packets_of_another_key() {
    assert_eq!(Leg::new().says(|facts| facts.forged += 50), ill(Cause::WrongKey));
}

#[test]
fn a_phone_that_is_heard_and_hears_nothing() {
    let mut leg = Leg::new();
    leg.second(|facts| facts.heard += 50);
    let deaf = |facts: &mut Facts| (facts.heard, facts.deaf) = (facts.heard + 50, true);
    assert_eq!(leg.second(deaf), ill(Cause::HearsNothing));
    assert_eq!(leg.second(deaf), None, "said once");
    assert_eq!(
        leg.second(|facts| (facts.heard, facts.deaf) = (facts.heard + 50, false)),
        Some(Finding::Well)
    );
}

#[test]
fn a_phone_that_is_heard_and_whose_port_refuses() {
    let refused = |facts: &mut Facts| (facts.heard, facts.refused) = (facts.heard + 50, facts.refused + 1);
    let heard = |facts: &mut Facts| facts.heard += 50;
    let mut leg = Leg::new();
    assert_eq!(leg.second(refused), None, "it may not have opened its port yet");
    assert_eq!(leg.second(heard), None);
    assert_eq!(leg.second(refused), ill(Cause::HearsNothing));
    assert_eq!(leg.second(heard), None, "errors are limited to about one a second");
    assert_eq!(leg.second(heard), None);
    assert_eq!(leg.second(heard), Some(Finding::Well));
    let mut leg = Leg::new();
    leg.second(|facts| (facts.heard, facts.refused) = (50, 6));
    assert_eq!(leg.says(heard), None, "a burst at the beginning");
}

#[test]
fn only_strangers() {
    assert_eq!(Leg::new().says(|facts| facts.strangers += 50), ill(Cause::StrangersOnly));
}

#[test]
fn silence_that_was_agreed_is_no_fault() {
    let mut leg = Leg::new();
    assert_eq!(leg.says(|facts| facts.held = true), ill(Cause::OnHold));
    assert!(!Cause::OnHold.is_fault());
    let mut leg = Leg::new();
    assert_eq!(leg.says(|facts| facts.expected = false), None);
}

#[test]
fn it_stopped_and_speaks_again() {
    let mut leg = Leg::new();
    leg.second(|facts| facts.heard += 50);
    leg.second(|facts| facts.heard += 50);
    assert_eq!(leg.second(|_| {}), None);
    assert_eq!(leg.second(|_| {}), ill(Cause::StoppedSending));
    assert_eq!(leg.doctor.said(), Some(Cause::StoppedSending));
    assert_eq!(leg.second(|facts| facts.heard += 50), Some(Finding::Well));
    assert_eq!(leg.doctor.said(), None);
}

#[test]
fn an_announced_pause_is_silence_too() {
    let mut leg = Leg::new();
    leg.second(|facts| facts.heard += 50);
    for _ in 0..10 {
        assert_eq!(leg.second(|facts| facts.paused = true), None);
    }
}

#[test]
fn the_cause_may_become_plainer() {
    let mut leg = Leg::new();
    assert_eq!(leg.says(|_| {}), ill(Cause::PortBlocked));
    assert_eq!(leg.second(|facts| facts.strangers += 1), ill(Cause::StrangersOnly));
}

#[test]
fn every_cause_has_a_word_of_its_own() {
    let words: std::collections::HashSet<_> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
    assert_eq!(words.len(), Cause::ALL.len());
}
