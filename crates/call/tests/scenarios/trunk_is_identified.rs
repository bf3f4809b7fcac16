//! Which trunk a call comes over, and where it enters the dialplan: by what its INVITE carries where trunks share an address, by the
//! form of the trunk's numbers, by the context of the number.

use kiestoon_call::{HeaderRule, IncomingForm, Trunk};
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const IN: &str = r#"
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:202" }]
    [[context.inkomend]]
    match = "+31205555555"
    do = [{ dial = "ext:202" }]
    [[context.verkoop]]
    match = "+31205555555"
    do = [{ dial = "ext:203" }]
    [[context.verkoop]]
    match = "1234"
    do = [{ dial = "ext:204" }]
"#;

/// The first phone of a story stands there.
fn stands_there(trunk: &mut Trunk) {
    trunk.addresses = vec![Network { address: [10, 0, 0, 20].into(), prefix: 32 }];
}

fn account(value: &str) -> Option<HeaderRule> {
    Some(HeaderRule { name: HeaderName::Other("X-Account".into()), value: value.into() })
}

/// A trunk by its name, and what is said of it.
type Said<'a> = (&'a str, fn(&mut Trunk));

fn office(seed: u64, trunks: &[Said<'_>]) -> (Story, PhoneId, [PhoneId; 3]) {
    let story = trunks.iter().fold(Story::office(seed).rules(IN), |story, (name, change)| {
        story.trunk(name, |trunk| {
            stands_there(trunk);
            change(trunk);
        })
    });
    let mut t = story;
    let far = t.add_carrier(carrier("voys"));
    let phones = ["202", "203", "204"].map(|number| t.add(phone(number)));
    t.register_all();
    (t, far, phones)
}

fn from(invite: &mut Request, number: &str) {
    let tag = invite.from.tag().unwrap_or_default().to_owned();
    let uri = Uri::parse(&format!("sip:{number}@voys.example")).expect("a URI");
    invite.from = NameAddr::new(uri).with_tag(&tag);
}

fn carries(invite: &mut Request, account: &str) {
    from(invite, "0612345678");
    invite.headers.push(HeaderName::Other("x-account".into()), account);
}

const SHARED: [Said<'_>; 2] = [
    ("een", |trunk| trunk.identified_by = account("1")),
    ("twee", |trunk| {
        trunk.identified_by = account("2");
        trunk.numbers.insert("+31205555555".into(), Some("verkoop".into()));
    }),
];

#[test]
fn trunks_that_share_an_address_are_told_apart_by_a_header() {
    let (mut t, far, [b, c, _]) = office(1, &SHARED);
    t.call_with(far, "+31201234567", |invite| carries(invite, "1"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.run(secs(2));
    t.call_with(far, "+31205555555", |invite| carries(invite, "2"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(c);
    t.hang_up(far);
    t.settle();
    let contexts = [0, 1].map(|nth| t.expect_nth_cdr(nth).answered().record().context.to_string());
    assert_eq!(contexts, ["inkomend", "verkoop"]);
    t.expect_nothing_left();
}

#[test]
fn what_carries_nothing_of_a_trunk_has_to_prove_who_it_is() {
    for account in [None, Some("3")] {
        let (mut t, far, _) = office(2, &SHARED);
        t.call_with(far, "+31201234567", |invite| match account {
            Some(account) => carries(invite, account),
            None => from(invite, "0612345678"),
        });
        t.run(secs(1));
        t.expect(far).got(407, &Method::Invite);
        t.settle();
        assert!(t.the_pbx().cdrs.is_empty());
        t.expect_nothing_left();
    }
}

#[test]
fn one_that_says_what_it_carries_comes_before_one_that_takes_any() {
    let number = "+31205555555";
    let any = |trunk: &mut Trunk| drop(trunk.numbers.insert("+31205555555".into(), None));
    let one = |trunk: &mut Trunk| {
        trunk.identified_by = account("1");
        trunk.numbers.insert("+31205555555".into(), Some("verkoop".into()));
    };
    let (mut t, far, [b, c, _]) = office(3, &[("alles", any), ("een", one)]);
    for (account, rings) in [("1", c), ("2", b)] {
        t.call_with(far, number, |invite| carries(invite, account));
        t.run(secs(3));
        t.expect(far).talks_both_ways_with(rings);
        t.hang_up(far);
        t.run(secs(2));
    }
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_call_enters_the_context_of_its_number() {
    let number =
        |trunk: &mut Trunk| drop(trunk.numbers.insert("+31205555555".into(), Some("verkoop".into())));
    let (mut t, far, [_, c, _]) = office(4, &[("voys", number)]);
    t.call_with(far, "0205555555", |invite| from(invite, "0612345678"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(c);
    t.hang_up(far);
    t.settle();
    let record = t.expect_cdr().answered().reached("203").record();
    assert_eq!((&*record.dialled, &*record.context), ("+31205555555", "verkoop"));
    t.expect_nothing_left();
}

#[test]
fn numbers_come_in_as_the_trunk_writes_them() {
    let digits = |trunk: &mut Trunk| trunk.incoming_form = IncomingForm::E164Digits;
    let (mut t, far, [b, ..]) = office(5, &[("voys", digits)]);
    t.call_with(far, "31201234567", |invite| from(invite, "31612345678"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.settle();
    assert_eq!(&*t.expect_cdr().answered().record().from_number, "+31612345678");

    // Of a number that is ours the form is plain, even where nobody said it; a short word stays as it is.
    let own = |trunk: &mut Trunk| {
        trunk.numbers.insert("+31201234567".into(), None);
        trunk.numbers.insert("1234".into(), Some("verkoop".into()));
    };
    let (mut t, far, [b, _, d]) = office(6, &[("voys", own)]);
    t.call_with(far, "31201234567", |invite| from(invite, "0612345678"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(b);
    t.hang_up(far);
    t.run(secs(2));
    t.call_with(far, "1234", |invite| from(invite, "0612345678"));
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(d);
    t.hang_up(far);
    t.settle();
    t.expect_nothing_left();
}
