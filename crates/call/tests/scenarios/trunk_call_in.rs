//! A call comes in over a trunk: known by the address that it comes from, it enters `inkomend` under the number that was called.

use kiestoon_call::{Account, Trunk};
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const IN: &str = r#"
    [[context.inkomend]]
    match = "+31201234567"
    from = "anonymous"
    do = [{ dial = "ext:203" }]
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:202" }]
    [[context.inkomend]]
    match = "100001"
    do = [{ dial = "ext:204" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
"#;

fn voys(trunk: &mut Trunk) {
    // The first phone of a story stands there.
    trunk.addresses = vec![Network { address: [10, 0, 0, 20].into(), prefix: 32 }];
    trunk.numbers.insert("+31201234567".into(), None);
    let account = Account { username: "100001".into(), login: "100001".into(), password: "geheim".into() };
    trunk.account = Some(account);
}

fn office(seed: u64) -> (Story, PhoneId, [PhoneId; 3]) {
    let mut t = Story::office(seed).rules(IN).trunk("voys", voys);
    let far = t.add_carrier(carrier("voys"));
    let phones = ["202", "203", "204"].map(|number| t.add(phone(number)));
    t.register_all();
    (t, far, phones)
}

fn from(invite: &mut Request, name: &str, number: &str) {
    let tag = invite.from.tag().unwrap_or_default().to_owned();
    let uri = Uri::parse(&format!("sip:{number}@voys.example")).expect("a URI");
    invite.from = NameAddr::new(uri).with_display(name).with_tag(&tag);
}

#[test]
fn it_rings_by_the_rule_of_its_number() {
    for called in ["+31201234567", "0201234567", "0031201234567"] {
        let (mut t, far, [b, ..]) = office(1);
        t.call_with(far, called, |invite| from(invite, "Jansen", "0612345678"));
        t.run(secs(3));
        t.expect(far).talks_both_ways_with(b);
        let invite =
            t.phone(b).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
        assert_eq!(invite.from.uri.user(), Some("+31612345678"));
        assert_eq!(invite.from.display.as_deref(), Some("Jansen"));
        t.hang_up(far);
        t.settle();
        let record = t.expect_cdr().answered().reached("202").record();
        assert_eq!((&*record.from_number, &*record.from_name), ("+31612345678", "Jansen"));
        assert_eq!((&*record.dialled, &*record.context), ("+31201234567", "inkomend"));
        t.expect_nothing_left();
    }
}

#[test]
fn who_says_to_be_an_extension_is_none() {
    let (mut t, far, [b, ..]) = office(2);
    t.call_with(far, "+31201234567", |invite| from(invite, "Baas", "203"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.settle();
    let record = t.expect_cdr().answered().record();
    assert_eq!((&*record.from_number, &*record.extension, &*record.from_name), ("203", "", "Baas"));
    t.expect_nothing_left();
}

#[test]
fn a_withheld_number_is_nobodys() {
    let (mut t, far, [_, c, _]) = office(3);
    t.call_with(far, "+31201234567", |invite| {
        from(invite, "Anonymous", "anonymous");
        invite.headers.set(HeaderName::Privacy, "id");
        invite.headers.set(HeaderName::PAssertedIdentity, "<sip:+31612345678@voys.example>");
    });
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(c);
    let invite = t.phone(c).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
    let text = String::from_utf8_lossy(&invite.to_bytes()).into_owned();
    assert!(!text.contains("612345678"), "{text}");
    t.hang_up(far);
    t.settle();
    assert_eq!(&*t.expect_cdr().answered().record().from_number, "");
    t.expect_nothing_left();
}

#[test]
fn what_is_called_at_the_account_is_named_by_to() {
    let (mut t, far, [b, _, d]) = office(4);
    t.call_with(far, "100001", |invite| {
        from(invite, "", "+31612345678");
        invite.to = NameAddr::new(Uri::parse("sip:0201234567@voys.example").expect("a URI"));
    });
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.run(secs(2));
    t.call_with(far, "100001", |invite| from(invite, "", "+31612345678"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(d);
    t.hang_up(far);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_number_that_the_trunk_does_not_have_is_unknown() {
    let (mut t, far, _) = office(5);
    t.call_with(far, "+31207654321", |invite| from(invite, "", "+31612345678"));
    t.run(secs(1));
    t.expect(far).got(404, &Method::Invite);
    t.settle();
    assert!(t.the_pbx().cdrs.is_empty());
    t.expect_nothing_left();
}

#[test]
fn from_elsewhere_it_has_to_prove_who_it_is() {
    let (mut t, _, _) = office(6);
    let stranger = t.add(carrier("elders"));
    t.call_with(stranger, "+31201234567", |invite| from(invite, "", "+31612345678"));
    t.run(secs(1));
    t.expect(stranger).got(407, &Method::Invite);
    t.settle();
    assert!(t.the_pbx().cdrs.is_empty());
    t.expect_nothing_left();
}
