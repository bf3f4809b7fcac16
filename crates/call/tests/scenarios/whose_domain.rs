//! Which addresses are ours: the organisation's domain and, where there is one organisation, our own address.

use kiestoon_sip::{Method, Uri};
use kiestoon_testkit::{Ended, Story, phone, secs};

fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("a URI")
}

#[test]
fn our_own_address_counts_as_the_domain() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| {
        invite.uri = uri("sip:202@10.0.0.1");
        invite.to.uri = uri("sip:202@10.0.0.1");
        invite.from.uri = uri("sip:201@10.0.0.1");
    });
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(b);
    t.expect_cdr().from_to("201", "202").answered();
}

#[test]
fn a_strange_domain_is_not_served() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.uri = uri("sip:202@elders.example"));
    t.settle();
    let ended = t.phone(a).last_call();
    assert!(
        matches!(ended, Some((_, kiestoon_testkit::LineState::Ended(Ended::Refused(403 | 404))))),
        "{ended:?}"
    );
    t.expect(b).was_asked(&Method::Invite, 0);
    assert!(t.the_pbx().engine.commands.is_empty());
    t.expect_nothing_left();
}
