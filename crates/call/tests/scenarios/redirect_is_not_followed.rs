//! A phone that redirects the call elsewhere (302) does not decide where calls go: the dialplan does.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Reply, Story, phone, secs};

#[test]
fn the_caller_is_refused_and_nobody_else_is_rung() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.add(phone("202").follows(vec![(secs(0), Reply::Redirect("203".to_owned()))]));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(c).never_called();
    assert!(matches!(
        t.phone(a).last_call(),
        Some((_, kiestoon_testkit::LineState::Ended(Ended::Refused(400..))))
    ));
    t.expect(a).never_got(302, &Method::Invite);
    t.expect_cdr();
    t.expect_nothing_left();
}
