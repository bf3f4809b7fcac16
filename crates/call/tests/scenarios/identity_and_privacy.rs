//! Who is shown to whom: what we vouch for, what a trusted network vouches for, and what is withheld (RFC 3323, RFC 3325).

use kiestoon_call::Network;
use kiestoon_sip::{HeaderName, Method, Request};
use kiestoon_testkit::{PhoneId, Story, phone, secs};

fn invite_of(t: &Story, phone: PhoneId) -> &Request {
    t.phone(phone).requests().find(|request| request.method == Method::Invite).expect("an INVITE")
}

#[test]
fn phones_are_vouched_for_by_us_and_not_by_themselves() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| {
        invite.headers.push(HeaderName::PAssertedIdentity, "<sip:112@kantoor.example>");
        invite.headers.push(HeaderName::PPreferredIdentity, "<sip:113@kantoor.example>");
        invite.headers.push(HeaderName::Diversion, "<sip:114@kantoor.example>;reason=user-busy");
        invite.headers.push(HeaderName::HistoryInfo, "<sip:115@kantoor.example>;index=1");
    });
    t.run(secs(3));
    let invite = invite_of(&t, b);
    let asserted = invite.headers.asserted_identity().expect("an identity");
    assert_eq!((asserted.uri.user(), asserted.display.as_deref()), (Some("201"), Some("Toestel 201")));
    let text = String::from_utf8_lossy(&invite.to_bytes()).into_owned();
    assert!(!["112@", "113@", "114@", "115@"].iter().any(|claimed| text.contains(claimed)), "{text}");
    t.close(a);
}

#[test]
fn a_trusted_network_may_say_who_calls_and_who_forwarded() {
    let trusted = Network { address: "10.0.0.20".parse().expect("an address"), prefix: 32 };
    let mut t = Story::office(2).settings(|settings| settings.trusted_networks = vec![trusted]);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| {
        invite.headers.push(HeaderName::PAssertedIdentity, "\"Klant\" <sip:+31612345678@carrier.example>");
        invite.headers.push(HeaderName::Diversion, "<sip:100@kantoor.example>;reason=user-busy");
        invite.headers.push(HeaderName::HistoryInfo, "<sip:100@kantoor.example>;index=1");
    });
    t.run(secs(3));
    let invite = invite_of(&t, b);
    assert_eq!(
        (invite.from.uri.user(), invite.from.display.as_deref()),
        (Some("+31612345678"), Some("Klant"))
    );
    assert_eq!(invite.headers.diversions()[0].uri.user(), Some("100"));
    assert_eq!(invite.headers.history()[0].uri.user(), Some("100"));
    t.close(a);
    t.expect_cdr().from_to("201", "202");
}

#[test]
fn who_wants_to_be_unknown_is() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.headers.push(HeaderName::Privacy, "id"));
    t.run(secs(3));
    let invite = invite_of(&t, b);
    assert_eq!(invite.from.uri.to_string(), "sip:anonymous@anonymous.invalid");
    assert_eq!(invite.headers.asserted_identity(), None);
    assert!(invite.headers.privacy().id);
    assert!(!String::from_utf8_lossy(&invite.to_bytes()).contains("Toestel 201"));
    t.hold(b);
    t.run(secs(1));
    t.hold(a);
    t.run(secs(1));
    let told = t.phone(b).requests().any(|request| request.headers.asserted_identity().is_some());
    assert!(!told, "a re-INVITE told who called");
    t.close(a);
    t.expect_cdr().from_to("201", "202");
}

#[test]
fn older_phones_are_told_their_way() {
    let (mut t, [a, b, c]) = Story::office(4).settings(|settings| settings.remote_party_id = true).talking([
        phone("201"),
        phone("202"),
        phone("203"),
    ]);
    t.transfer(b, "201", "203");
    t.run(secs(4));
    let last = t.phone(a).requests().filter(|request| request.method == Method::Invite).last();
    let party = last.and_then(|invite| invite.headers.get(&HeaderName::RemotePartyId)).expect("a header");
    assert!(party.contains("sip:203@") && party.contains("party=called"), "{party}");
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
}
