//! An extension that the caller requires and we do not have is refused by name (RFC 3261 section 8.2.2.3).

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone};

#[test]
fn the_refusal_names_it() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.headers.set(HeaderName::Require, "100rel, teleport"));
    t.settle();
    t.expect(a).ended(Ended::Refused(420)).got_header(420, &HeaderName::Unsupported, "teleport");
    t.expect(b).never_called().was_asked(&Method::Invite, 0);
    t.expect_nothing_left();
}
