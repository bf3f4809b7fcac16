//! Who calls in over a trunk has the name that the organisation knows for the number, and nobody else has it.

use kiestoon_call::Trunk;
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const IN: &str = r#"
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ choose = "${from_name}", cases = { "Bakkerij-Jansen" = [{ dial = "ext:202" }] }, else = [{ dial = "ext:203" }] }]
    [[context.intern]]
    match = "_06."
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
"#;

fn voys(trunk: &mut Trunk) {
    // The first phone of a story stands there.
    trunk.addresses = vec![Network { address: [10, 0, 0, 20].into(), prefix: 32 }];
}

fn office(seed: u64) -> (Story, PhoneId, [PhoneId; 2]) {
    let mut t = Story::office(seed).rules(IN).contact("+31612345678", "Bakkerij-Jansen").trunk("voys", voys);
    let far = t.add_carrier(carrier("voys"));
    let phones = ["202", "203"].map(|number| t.add(phone(number)));
    t.register_all();
    (t, far, phones)
}

fn from(invite: &mut Request, name: &str, number: &str) {
    let tag = invite.from.tag().unwrap_or_default().to_owned();
    let uri = Uri::parse(&format!("sip:{number}@voys.example")).expect("a URI");
    invite.from = NameAddr::new(uri).with_display(name).with_tag(&tag);
}

#[test]
fn a_contact_rings_under_its_name() {
    for written in ["+31612345678", "0612345678", "0031612345678"] {
        let (mut t, far, [b, _]) = office(1);
        t.call_with(far, "+31201234567", |invite| from(invite, "JANSEN B", written));
        t.run(secs(3));
        t.expect(far).talks_both_ways_with(b);
        let invite =
            t.phone(b).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
        assert_eq!(invite.from.display.as_deref(), Some("Bakkerij-Jansen"));
        let asserted = invite.headers.get(&HeaderName::PAssertedIdentity).expect("an identity");
        assert!(asserted.contains("Bakkerij-Jansen") && asserted.contains("+31612345678@"), "{asserted}");
        let now = t.now();
        let live: Vec<_> = t.the_pbx().switch.calls(now).into_iter().map(|call| call.from_name).collect();
        assert_eq!(live, ["Bakkerij-Jansen".into()]);
        t.hang_up(far);
        t.settle();
        assert_eq!(&*t.expect_cdr().answered().reached("202").record().from_name, "Bakkerij-Jansen");
        t.expect_nothing_left();
    }
}

#[test]
fn a_strangers_name_is_the_providers_unless_it_is_a_contacts() {
    for (told, shown) in
        [("Pietersen", "Pietersen"), ("bakkerij jansen", ""), ("Bakkerij\u{200b} Jansen", "")]
    {
        let (mut t, far, [_, c]) = office(2);
        t.call_with(far, "+31201234567", |invite| from(invite, told, "+31687654321"));
        t.run(secs(3));
        t.expect(far).talks_both_ways_with(c);
        let invite =
            t.phone(c).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
        assert_eq!(invite.from.display.as_deref().unwrap_or_default(), shown, "{told}");
        t.hang_up(far);
        t.settle();
        assert_eq!(&*t.expect_cdr().answered().reached("203").record().from_name, shown);
        t.expect_nothing_left();
    }
}

#[test]
fn who_calls_a_contact_is_shown_its_name() {
    let (mut t, far, [b, _]) = office(3);
    t.call(b, "0612345678");
    t.run(secs(3));
    t.expect(b).talks_both_ways_with(far);
    let answers = t.phone(b).responses().filter(|response| response.status.code() == 200);
    let shown: Vec<&str> =
        answers.filter_map(|response| response.headers.get(&HeaderName::PAssertedIdentity)).collect();
    assert!(shown.iter().any(|shown| shown.contains("Bakkerij-Jansen")), "{shown:?}");
    t.hang_up(b);
    t.settle();
    t.expect_nothing_left();
}
