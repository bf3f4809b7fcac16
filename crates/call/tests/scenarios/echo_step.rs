//! `echo = true`: the PBX answers and the caller hears themselves.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_caller_hears_themselves() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "600"
do = [{ echo = true }]
"#,
    );
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "600");
    t.run(secs(5));
    t.expect(a).talking_with("600").hears_itself().got(200, &Method::Invite);
    t.close(a);
    t.expect(a).ended(Ended::ByUs);
    t.expect_cdr().answered().reason("hangup_caller").talked_for(secs(5));
}
