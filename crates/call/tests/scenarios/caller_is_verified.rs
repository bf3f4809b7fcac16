//! A call from a trunk that asks for signatures: whose number it is, is validated before anybody is rung (RFC 8224, SHAKEN).

use kiestoon_call::{EndReason, Event, StirPolicy, Trunk};
use kiestoon_sip::network::Network;
use kiestoon_sip::stir::{Attestation, Fault, Verstat};
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::stir::{Authority, Signer};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const IN: &str = r#"
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:202" }]
    [[context.inkomend]]
    match = "+31201234568"
    do = [{ choose = "${attestation}", cases = { A = [{ dial = "ext:202" }] }, else = [{ dial = "ext:203" }] }]
"#;

const URL: &str = "https://cert.example.com/sti.pem";
const CALLER: &str = "31612345678";
const CALLED: &str = "31201234567";

/// A trunk, what stands behind it, two phones, and who signs for its callers.
struct Office {
    t: Story,
    far: PhoneId,
    phones: [PhoneId; 2],
    authority: Authority,
    signer: Signer,
}

impl Office {
    fn new(seed: u64, policy: StirPolicy) -> Self {
        let authority = Authority::new();
        let signer = authority.issues(2030);
        let trunk = |trunk: &mut Trunk| {
            // The first phone of a story stands there.
            trunk.addresses = vec![Network { address: [10, 0, 0, 20].into(), prefix: 32 }];
            (trunk.stir.policy, trunk.stir.anchors) = (policy, authority.anchors());
        };
        let mut t = Story::office(seed).rules(IN).trunk("voys", trunk);
        let far = t.add_carrier(carrier("voys"));
        let phones = ["202", "203"].map(|number| t.add(phone(number)));
        t.register_all();
        t.publish(URL, Some(&signer.certificate));
        Self { t, far, phones, authority, signer }
    }

    /// What the signer says now of a call.
    fn signed(&self, caller: &str, called: &str) -> String {
        self.signer.signs(caller, called, self.t.unix_secs(), URL)
    }

    /// The call comes, with these Identity header fields, and some time passes.
    fn calls(&mut self, identities: &[String]) {
        self.calls_number(CALLED, identities);
    }

    fn calls_number(&mut self, called: &str, identities: &[String]) {
        self.t.call_with(self.far, &format!("+{called}"), |invite| {
            from(invite, "+31612345678");
            for identity in identities {
                invite.headers.push(HeaderName::Identity, identity.clone());
            }
        });
        self.t.run(secs(3));
    }

    /// It is talked with 202; what the record says of its caller's number.
    fn goes_on(mut self) -> (Verstat, Option<Attestation>, Option<Fault>) {
        self.t.expect(self.far).talks_both_ways_with(self.phones[0]);
        let shown = self.shown_to(self.phones[0]);
        self.t.hang_up(self.far);
        self.t.settle();
        let record = self.t.expect_cdr().answered().record();
        let leg = &record.legs[0];
        let verstat = leg.verstat.expect("somebody has looked");
        assert_eq!(shown, format!("<sip:+31612345678;verstat={verstat}@kantoor.example;user=phone>"));
        let told = self.t.the_pbx().events.iter().find_map(|event| match event {
            Event::CallerVerified { verstat, attestation, fault, .. } => {
                Some((*verstat, *attestation, *fault))
            }
            _ => None,
        });
        assert_eq!(told, Some((verstat, leg.attestation, leg.stir_fault)));
        let found = (verstat, leg.attestation, leg.stir_fault);
        self.t.expect_nothing_left();
        found
    }

    fn shown_to(&self, phone: PhoneId) -> String {
        let invite = self.t.phone(phone).requests().find(|request| request.method == Method::Invite);
        let headers = &invite.expect("an INVITE").headers;
        headers.get(&HeaderName::PAssertedIdentity).unwrap_or_default().to_owned()
    }

    /// It is refused, and nobody has been rung.
    fn refuses(mut self, status: u16, phrase: &str, fault: Fault) {
        self.t.expect(self.far).got(status, &Method::Invite);
        self.t.expect(self.phones[0]).never_called();
        self.t.settle();
        let record = self.t.expect_cdr().record();
        let end = record.end.expect("an end");
        assert_eq!((end.reason, end.sip_code), (EndReason::NotVerified, status));
        assert_eq!(record.legs[0].stir_fault, Some(fault));
        let refusal = self.t.phone(self.far).responses().find(|response| response.status.code() == status);
        assert_eq!(refusal.map(|refusal| &*refusal.reason), Some(phrase));
        self.t.expect_nothing_left();
    }
}

fn from(invite: &mut Request, number: &str) {
    let tag = invite.from.tag().unwrap_or_default().to_owned();
    let uri = Uri::parse(&format!("sip:{number}@voys.example")).expect("a URI");
    invite.from = NameAddr::new(uri).with_tag(&tag);
}

#[test]
fn a_signed_number_is_validated_and_shown_so() {
    for policy in [StirPolicy::Verify, StirPolicy::Require] {
        let mut office = Office::new(1, policy);
        let identity = office.signed(CALLER, CALLED);
        office.calls(&[identity]);
        assert_eq!(office.t.the_pbx().fetched.first().map(String::as_str), Some(URL));
        assert_eq!(office.goes_on(), (Verstat::Passed, Some(Attestation::A), None));
    }
}

#[test]
fn another_from_than_was_signed_fails_before_anything_is_fetched() {
    for policy in [StirPolicy::Verify, StirPolicy::Require] {
        let mut office = Office::new(2, policy);
        let identity = office.signed("31612345679", CALLED);
        office.calls(&[identity]);
        assert!(office.t.the_pbx().fetched.is_empty());
        match policy {
            StirPolicy::Require => office.refuses(438, "Invalid Identity Header", Fault::WrongCaller),
            _ => assert_eq!(office.goes_on(), (Verstat::Failed, None, Some(Fault::WrongCaller))),
        }
    }
}

#[test]
fn what_was_signed_for_another_number_called_fails() {
    let mut office = Office::new(3, StirPolicy::Require);
    let identity = office.signed(CALLER, "31207654321");
    office.calls(&[identity]);
    office.refuses(438, "Invalid Identity Header", Fault::WrongCallee);
}

#[test]
fn an_old_signature_is_stale() {
    for policy in [StirPolicy::Verify, StirPolicy::Require] {
        let mut office = Office::new(4, policy);
        let identity = office.signed(CALLER, CALLED);
        office.t.run(secs(62));
        office.calls(&[identity]);
        match policy {
            StirPolicy::Require => office.refuses(403, "Stale Date", Fault::Stale),
            _ => assert_eq!(office.goes_on(), (Verstat::Failed, None, Some(Fault::Stale))),
        }
    }
}

#[test]
fn a_certificate_that_has_ended_or_is_of_nobody_we_know_is_not_believed() {
    for (until, is_ours, fault) in [(2025, true, Fault::Expired), (2030, false, Fault::UnknownAuthority)] {
        let mut office = Office::new(5, StirPolicy::Require);
        let other = Authority::new();
        let issued = if is_ours { &office.authority } else { &other }.issues(until);
        office.t.publish(URL, Some(&issued.certificate));
        let identity = issued.signs(CALLER, CALLED, office.t.unix_secs(), URL);
        office.calls(&[identity]);
        office.refuses(437, "Unsupported Credential", fault);
    }
}

#[test]
fn a_signature_of_another_key_is_wrong() {
    let mut office = Office::new(6, StirPolicy::Require);
    let other = office.authority.issues(2030);
    let identity = other.signs(CALLER, CALLED, office.t.unix_secs(), URL);
    office.calls(&[identity]);
    office.refuses(438, "Invalid Identity Header", Fault::WrongSignature);
}

#[test]
fn of_several_signatures_one_that_is_believed_will_do() {
    let elsewhere = "https://other.example.com/sti.pem";
    for swapped in [false, true] {
        let mut office = Office::new(7, StirPolicy::Require);
        let stranger = Authority::new().issues(2030);
        office.t.publish(elsewhere, Some(&stranger.certificate));
        let bad = stranger.signs(CALLER, CALLED, office.t.unix_secs(), elsewhere);
        let good = office.signed(CALLER, CALLED);
        let div = good.replace("ppt=shaken", "ppt=div");
        office.calls(&if swapped { [good, bad, div] } else { [div, bad, good] });
        assert_eq!(office.goes_on(), (Verstat::Passed, Some(Attestation::A), None));
    }
    let mut office = Office::new(8, StirPolicy::Require);
    let stranger = Authority::new().issues(2030);
    office.t.publish(elsewhere, Some(&stranger.certificate));
    let bad = stranger.signs(CALLER, CALLED, office.t.unix_secs(), elsewhere);
    office.calls(&[bad, "..x".into()]);
    office.refuses(437, "Unsupported Credential", Fault::UnknownAuthority);
}

#[test]
fn garbage_is_no_signature() {
    for (garbage, fault) in [
        ("x;info=<https://cert.example.com/>;alg=ES256;ppt=shaken", Fault::Malformed),
        ("<<\";;=", Fault::BadInfo),
        ("a.b.c;info=<ftp://cert.example.com/>", Fault::BadInfo),
    ] {
        let mut office = Office::new(9, StirPolicy::Require);
        office.calls(&[garbage.into()]);
        assert!(office.t.the_pbx().fetched.is_empty());
        let (status, phrase) = fault.status();
        office.refuses(status, phrase, fault);
    }
}

#[test]
fn without_a_signature_nothing_is_validated() {
    for policy in [StirPolicy::Verify, StirPolicy::Require] {
        let mut office = Office::new(10, policy);
        office.calls(&[]);
        match policy {
            StirPolicy::Require => office.refuses(428, "Use Identity Header", Fault::NoIdentity),
            _ => assert_eq!(office.goes_on(), (Verstat::NotValidated, None, Some(Fault::NoIdentity))),
        }
    }
}

#[test]
fn a_certificate_that_does_not_come_is_waited_for_two_seconds() {
    for published in [false, true] {
        let mut office = Office::new(11, StirPolicy::Verify);
        let url = "https://slow.example.com/sti.pem";
        if published {
            office.t.publish(url, None);
        }
        let identity = office.signer.signs(CALLER, CALLED, office.t.unix_secs(), url);
        office.t.call_with(office.far, "+31201234567", |invite| {
            from(invite, "+31612345678");
            invite.headers.push(HeaderName::Identity, identity.clone());
        });
        office.t.run(secs(1));
        assert_eq!(office.t.phone(office.phones[0]).last_call().is_some(), !published);
        office.t.run(secs(4));
        assert_eq!(office.goes_on(), (Verstat::NotValidated, None, Some(Fault::NotFetched)));
    }
}

#[test]
fn who_gives_up_meanwhile_leaves_nothing() {
    let mut office = Office::new(12, StirPolicy::Require);
    office.t.publish(URL, None);
    let identity = office.signed(CALLER, CALLED);
    office.t.call_with(office.far, "+31201234567", |invite| {
        from(invite, "+31612345678");
        invite.headers.push(HeaderName::Identity, identity.clone());
    });
    office.t.run(secs(1));
    office.t.cancel(office.far);
    office.t.run(secs(3));
    office.t.expect(office.far).got(487, &Method::Invite);
    office.t.settle();
    assert_eq!(office.t.expect_cdr().record().end.map(|end| end.reason), Some(EndReason::Cancelled));
    office.t.expect_nothing_left();
}

#[test]
fn the_dialplan_may_choose_by_it() {
    for is_signed in [true, false] {
        let mut office = Office::new(13, StirPolicy::Verify);
        let identity = office.signed(CALLER, "31201234568");
        office.calls_number("31201234568", if is_signed { std::slice::from_ref(&identity) } else { &[] });
        let [passed, other] = office.phones;
        office.t.expect(office.far).talks_both_ways_with(if is_signed { passed } else { other });
        office.t.hang_up(office.far);
        office.t.settle();
        office.t.expect_nothing_left();
    }
}

#[test]
fn a_withheld_number_is_validated_and_shown_to_nobody() {
    let mut office = Office::new(14, StirPolicy::Require);
    let identity = office.signed(CALLER, CALLED);
    office.t.call_with(office.far, "+31201234567", |invite| {
        from(invite, "anonymous");
        invite.headers.set(HeaderName::Privacy, "id");
        invite.headers.set(HeaderName::PAssertedIdentity, "<sip:+31612345678@voys.example>");
        invite.headers.push(HeaderName::Identity, identity.clone());
    });
    office.t.run(secs(3));
    office.t.expect(office.far).talks_both_ways_with(office.phones[0]);
    let invite = office.t.phone(office.phones[0]).requests().find(|request| request.method == Method::Invite);
    let text = String::from_utf8_lossy(&invite.expect("an INVITE").to_bytes()).into_owned();
    assert!(!text.contains("612345678") && !text.contains("verstat"), "{text}");
    office.t.hang_up(office.far);
    office.t.settle();
    assert_eq!(office.t.expect_cdr().record().legs[0].verstat, Some(Verstat::Passed));
    office.t.expect_nothing_left();
}

#[test]
fn a_trunk_that_does_not_ask_is_not_looked_at() {
    let mut office = Office::new(15, StirPolicy::Off);
    office.calls(&["x".into()]);
    office.t.expect(office.far).talks_both_ways_with(office.phones[0]);
    assert_eq!(office.shown_to(office.phones[0]), "<sip:+31612345678@kantoor.example>");
    office.t.hang_up(office.far);
    office.t.settle();
    assert_eq!(office.t.expect_cdr().record().legs[0].verstat, None);
    office.t.expect_nothing_left();
}
