//! A call goes out over a trunk: in the trunk's form of numbers, with the trunk's idea of who calls, and with credentials
//! where they are asked for.

use kiestoon_call::{Account, FromUser, NamedIn, NumberForm};
use kiestoon_sip::digest::Algorithm;
use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, carrier, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys" }]
"#;

fn account() -> Account {
    Account { username: "100001".into(), login: "100001".into(), password: "geheim".into() }
}

#[test]
fn the_number_goes_out_as_the_trunk_writes_it() {
    for (form, written) in [
        (NumberForm::E164, "+31201112222"),
        (NumberForm::E164Digits, "31201112222"),
        (NumberForm::National, "0201112222"),
    ] {
        let mut t = Story::office(1).rules(OUT).trunk("voys", |trunk| trunk.number_form = form);
        let a = t.add(phone("201"));
        let far = t.add_carrier(carrier("voys"));
        t.register_all();
        t.call(a, "0201112222");
        t.run(secs(3));
        t.expect(a).talking_with("0201112222").talks_both_ways_with(far);
        let invite = t.phone(far).requests().next().expect("an INVITE");
        assert_eq!(invite.uri.to_string(), format!("sip:{written}@voys.example"));
        assert_eq!(invite.to.uri.user(), Some(written));
        t.hang_up(a);
        t.settle();
        t.expect_cdr().answered().reached("+31201112222");
        t.expect_nothing_left();
    }
}

#[test]
fn the_caller_is_shown_by_a_number_of_the_trunk() {
    let mut t = Story::office(2).rules(OUT).trunk("voys", |_| {});
    let a = t.add(phone("201"));
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(3));
    let invite = t.phone(far).requests().next().expect("an INVITE");
    assert_eq!(invite.from.uri.to_string(), "sip:+31201234567@voys.example");
    assert_eq!(invite.headers.get(&HeaderName::PAssertedIdentity), Some("<sip:+31201234567@voys.example>"));
    let text = String::from_utf8_lossy(&invite.to_bytes()).into_owned();
    assert!(!text.contains("201@") && !text.contains("kantoor") && !text.contains("Toestel"), "{text}");
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_withholds_their_number_is_known_to_the_trunk_alone() {
    let rules = OUT;
    let mut t = Story::office(3).rules(rules).trunk("voys", |trunk| trunk.caller_id.named_in = NamedIn::Both);
    let a = t.add(phone("201"));
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    t.call_with(a, "0201112222", |invite| invite.headers.set(HeaderName::Privacy, "id"));
    t.run(secs(3));
    let invite = t.phone(far).requests().next().expect("an INVITE");
    assert_eq!(invite.from.uri.to_string(), "sip:anonymous@anonymous.invalid");
    assert_eq!(invite.headers.get(&HeaderName::Privacy), Some("id"));
    assert!(
        invite.headers.get(&HeaderName::PAssertedIdentity).is_some_and(|who| who.contains("+31201234567"))
    );
    assert_eq!(
        invite.headers.get(&HeaderName::RemotePartyId),
        Some("<sip:+31201234567@voys.example>;party=calling;screen=yes;privacy=full")
    );
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_challenge_is_answered_by_the_account() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut t = Story::office(4).rules(OUT).trunk("voys", |trunk| {
            trunk.account = Some(account());
            trunk.caller_id.from = FromUser::Account;
        });
        let a = t.add(phone("201"));
        let far = t.add_carrier(carrier("voys").asks_for("100001", "geheim", algorithm));
        t.register_all();
        t.call(a, "0201112222");
        t.run(secs(3));
        t.expect(a).talking_with("0201112222").talks_both_ways_with(far);
        let invite = t.phone(far).requests().next().expect("an INVITE");
        assert_eq!(invite.from.uri.to_string(), "sip:100001@voys.example");
        t.hang_up(a);
        t.settle();
        t.expect_cdr().answered();
        t.expect_nothing_left();
    }
}

#[test]
fn who_asks_forever_is_left_after_two_answers() {
    let rules = r#"
        [[context.intern]]
        match = "_0."
        do = [{ dial = ["trunk:voys", "trunk:backup"], timeout = "20s" }]
    "#;
    let mut t = Story::office(5)
        .rules(rules)
        .trunk("voys", |trunk| trunk.account = Some(Account { password: "fout".into(), ..account() }))
        .trunk("backup", |_| {});
    let a = t.add(phone("201"));
    let wrong = t.add_carrier(carrier("voys").asks_for("100001", "geheim", Algorithm::Md5));
    let backup = t.add_carrier(carrier("backup"));
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(3));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    let tries = t.phone(wrong).requests().filter(|request| request.method == Method::Invite);
    assert_eq!(tries.count(), 3, "the call, and two answers");
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    let legs = &t.expect_cdr().record().legs;
    assert_eq!(legs.iter().map(|leg| leg.status).collect::<Vec<_>>(), [Some(200), Some(407), Some(200)]);
    t.expect_nothing_left();
}
