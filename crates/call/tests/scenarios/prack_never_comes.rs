//! A caller who does not acknowledge what it has to: the response is repeated, ever slower, and the call refused after 64*T1
//! (RFC 3262 section 3).

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_call_ends_with_504() {
    let rules = "[[context.intern]]\nmatch = \"202\"\ndo = [{ dial = \"ext:202\", timeout = \"120s\" }]\n";
    let mut t = Story::office(1).rules(rules);
    let a = t.add(phone("201").knows_100rel().sends_no_prack());
    let b = t.add(phone("202").early_media_then_answers(secs(60)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(31));
    let repeated = t.net.ladder.rungs().filter(|rung| {
        rung.to == t.address(a)
            && matches!(&rung.message, Some(kiestoon_sip::Message::Response(r)) if r.status.code() == 183)
    });
    assert_eq!(repeated.count(), 6, "at 0, 0.5, 1.5, 3.5, 7.5 and 15.5 s");
    t.run(secs(10));
    t.expect(a).ended(Ended::Refused(504));
    t.expect(b).was_asked(&Method::Cancel, 1);
    t.settle();
    t.expect_cdr().reason("ack_timeout").status(504);
    t.expect_nothing_left();
}
