//! A phone whose sound stops is asked whether it is there: a muted one stays in its call, a dead one is given up at once.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

fn silence(t: &mut Story) {
    let legs: Vec<_> = t.engine().legs().map(|(id, _)| id).collect();
    for leg in legs {
        t.engine().report_silence(leg, secs(20));
    }
    t.tell_pbx(kiestoon_call::Input::Tick);
}

#[test]
fn a_muted_call_goes_on() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    silence(&mut t);
    t.run(secs(2));
    t.expect(a).talking_with("202").was_asked(&Method::Options, 1);
    t.expect(b).talking_with("201").was_asked(&Method::Options, 1);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn a_dead_one_is_given_up_before_the_next_round() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_at_once());
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.kill(b);
    silence(&mut t);
    t.run(secs(35));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
    t.expect_nothing_left();
}
