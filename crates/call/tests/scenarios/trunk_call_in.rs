//! A call comes in over a trunk: known by the address that it comes from, it enters `inkomend` under the number that was called.

use std::cell::RefCell;

use kiestoon_call::{Account, AnonymousCallers, CallId, Direction, Event, Trunk, UnknownNumbers};
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
        let call_id = RefCell::new(None);
        t.call_with(far, called, |invite| {
            from(invite, "Jansen", "0612345678");
            invite.headers.push(HeaderName::from_token("X-Twilio-CallSid").expect("a name"), "CA01");
            *call_id.borrow_mut() = Some(invite.call_id.clone());
        });
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
        assert_eq!((record.direction(), record.did()), (Direction::Inbound, Some("+31201234567")));
        assert_eq!((record.trunk_in().map(|name| &**name), record.trunk_out()), (Some("voys"), None));
        let over = record.legs[0].over.as_ref().expect("a trunk");
        assert_eq!(
            (&over.call_id, &*over.names),
            (&*call_id.borrow(), &["CA01".into()][..]),
            "by which the provider knows it"
        );
        t.expect_nothing_left();
    }
}

#[test]
fn its_number_may_be_written_oddly() {
    let odd = [
        "sip:+310201234567@pbx.example",
        "sip:31201234567@pbx.example",
        "tel:201234567;phone-context=+31",
        "tel:1234567;phone-context=+31-20",
        "sip:201234567;phone-context=+31@pbx.example;user=phone",
    ];
    for called in odd {
        let (mut t, far, [b, ..]) = office(1);
        t.call_with(far, "+31201234567", |invite| {
            from(invite, "Jansen", "0612345678");
            invite.uri = Uri::parse(called).expect("a URI");
            invite.to = NameAddr::new(invite.uri.clone());
        });
        t.run(secs(3));
        t.expect(far).talks_both_ways_with(b);
        t.hang_up(far);
        t.settle();
        assert_eq!(t.expect_cdr().answered().record().did(), Some("+31201234567"), "{called}");
        t.expect_nothing_left();
    }
    // Neither is it the number of another country, nor one in the context of a company.
    for called in ["tel:201234567;phone-context=+32", "tel:201234567;phone-context=pbx.example"] {
        let (mut t, far, _) = office(2);
        t.call_with(far, "+31201234567", |invite| {
            from(invite, "Jansen", "0612345678");
            invite.uri = Uri::parse(called).expect("a URI");
            invite.to = NameAddr::new(invite.uri.clone());
        });
        t.run(secs(3));
        t.expect_cdr().status(404);
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
    let record = t.expect_cdr().disposition("failed").reason("not_found").status(404).record();
    assert_eq!((&*record.dialled, record.did()), ("+31207654321", Some("+31207654321")));
    assert_eq!((record.direction(), &record.route), (Direction::Inbound, &None));
    assert_eq!(unknown(&t), [(record.id, "kantoor", "+31612345678", "voys", "+31207654321", 404)]);
    t.expect_nothing_left();
}

/// Whatever was told of numbers that a trunk does not have.
fn unknown(t: &Story) -> Vec<(CallId, &str, &str, &str, &str, u16)> {
    let events = t.the_pbx().events.iter();
    let told = events.filter_map(|event| match event {
        Event::NumberUnknown { call, organisation, from, trunk, number, status } => {
            Some((*call, &**organisation, &**from, &**trunk, &**number, *status))
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn a_number_that_the_trunk_does_not_have_is_told_once_a_minute() {
    let (mut t, far, _) = office(9);
    // What was told to whom is not handed over: a successor tells it again.
    t.pbx().hands_over = false;
    let call = |t: &mut Story, number: &str| {
        t.call_with(far, number, |invite| from(invite, "", "+31612345678"));
        t.run(secs(1));
    };
    for _ in 0..5 {
        call(&mut t, "+31207654321");
    }
    call(&mut t, "+31207654322");
    let told = |t: &Story| unknown(t).iter().map(|told| told.4.to_owned()).collect::<Vec<_>>();
    assert_eq!(told(&t), ["+31207654321", "+31207654322"]);
    t.run(secs(60));
    call(&mut t, "+31207654321");
    assert_eq!(told(&t).len(), 3);
    t.run(secs(60));
    for nth in 0..130 {
        t.call_with(far, &format!("+3120700{nth:04}"), |invite| from(invite, "", "+31612345678"));
    }
    t.run(secs(2));
    assert_eq!(told(&t).len(), 3 + 120, "whoever tries them all");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn an_unknown_number_enters_the_dialplan_where_the_trunk_says_so() {
    let rules = "[[context.inkomend]]\nmatch = \"_+3120765.\"\ndo = [{ dial = \"ext:202\" }]\n";
    let mut t = Story::office(7).rules(rules).trunk("voys", |trunk| {
        voys(trunk);
        trunk.unknown_numbers = UnknownNumbers::Context;
    });
    let far = t.add_carrier(carrier("voys"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(far, "0207654321", |invite| from(invite, "", "+31612345678"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.settle();
    assert_eq!(&*t.expect_cdr().answered().record().dialled, "+31207654321");
    assert_eq!(unknown(&t), [], "it is no refusal");
    t.expect_nothing_left();
}

#[test]
fn nobody_calls_where_the_trunk_takes_nobody() {
    let mut t = Story::office(8).rules(IN).trunk("voys", |trunk| {
        voys(trunk);
        trunk.anonymous = AnonymousCallers::Reject;
    });
    let far = t.add_carrier(carrier("voys"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call_with(far, "+31201234567", |invite| from(invite, "Anonymous", "anonymous"));
    t.run(secs(1));
    t.expect(far).got(433, &Method::Invite);
    t.expect(c).never_called();
    t.settle();
    t.expect_cdr().disposition("failed").reason("forbidden").status(433);
    assert_eq!(unknown(&t), []);
    t.expect_nothing_left();
}

/// Both stand behind one router.
#[test]
fn a_phone_at_the_address_of_a_trunk_is_asked_like_any() {
    let (mut t, far, [b, ..]) = office(9);
    let a = t.add(phone("201").at_address_of(far));
    t.register(a);
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).got(407, &Method::Invite).talks_both_ways_with(b);
    t.hang_up(a);
    t.settle();
    let record = t.expect_cdr().answered().from_to("201", "202").record();
    assert_eq!((record.direction(), &*record.context), (Direction::Internal, "intern"));
    // One that does not exist is asked too.
    t.call_with(far, "+31207654321", |invite| {
        let tag = invite.from.tag().unwrap_or_default().to_owned();
        let uri = Uri::parse("sip:299@kantoor.example").expect("a URI");
        invite.from = NameAddr::new(uri).with_tag(&tag);
    });
    t.run(secs(1));
    t.expect(far).got(407, &Method::Invite).never_got(404, &Method::Invite);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_trunk_makes_calls_and_nothing_else() {
    let (mut t, far, [b, ..]) = office(10);
    let outside = |request: &mut Request| from(request, "", "+31612345678");
    t.send(far, Method::Message, "202", |request| {
        outside(request);
        request.set_body("text/plain", "Hallo");
    });
    for method in [Method::Subscribe, Method::Publish, Method::Refer] {
        t.send(far, method, "202", |request| {
            outside(request);
            request.headers.set(HeaderName::Contact, "<sip:voys@10.0.0.20>");
        });
    }
    t.send(far, Method::Options, "202", outside);
    t.call_with(far, "+31201234567", |invite| {
        outside(invite);
        invite.headers.set(HeaderName::Replaces, "a@b;to-tag=c;from-tag=d");
    });
    t.run(secs(1));
    t.expect(far).got(403, &Method::Message).got(403, &Method::Refer).got(403, &Method::Invite);
    t.expect(far).got(405, &Method::Subscribe).got(405, &Method::Publish).got(200, &Method::Options);
    t.expect(b).never_called().was_asked(&Method::Message, 0);
    t.settle();
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
