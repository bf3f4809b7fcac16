//! A call goes out over a trunk that wants callers' numbers signed: as much is attested as we know of them (SHAKEN).

use std::sync::Arc;

use kiestoon_call::{FromUser, NamedIn, NumberForm, Signing, Trunk};
use kiestoon_sip::network::Network;
use kiestoon_sip::stir::{Attestation, Chain, Identity, Said, Shaken};
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::stir::{Authority, Signer};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "_9."
    do = [{ dial = "trunk:voys", callerid = "+31207654321", to = "${number:1}" }]
    [[context.inkomend]]
    match = "+31201234599"
    do = [{ dial = "trunk:voys", to = "0612345678" }]
"#;

const URL: &str = "https://cert.example.com/sti.pem";

struct Office {
    t: Story,
    phone: PhoneId,
    far: PhoneId,
    authority: Authority,
    signer: Signer,
}

impl Office {
    fn new(seed: u64, best: Attestation, change: impl FnOnce(&mut Trunk)) -> Self {
        let authority = Authority::new();
        let signer = authority.issues(2030);
        let mut t = Story::office(seed).rules(RULES).trunk("voys", |trunk| {
            trunk.addresses = vec![Network { address: [10, 0, 0, 21].into(), prefix: 32 }];
            let key = Arc::clone(&signer.key);
            trunk.stir.signing = Some(Signing { key, certificate_url: URL.into(), best });
            change(trunk);
        });
        let phone = t.add(phone("201"));
        let far = t.add_carrier(carrier("voys"));
        t.register_all();
        Self { t, phone, far, authority, signer }
    }

    fn calls(&mut self, number: &str) {
        self.t.call(self.phone, number);
        self.t.run(secs(3));
        self.t.expect(self.phone).talks_both_ways_with(self.far);
    }

    fn invite(&self) -> &Request {
        self.t.phone(self.far).requests().find(|request| request.method == Method::Invite).expect("an INVITE")
    }

    /// What the far end can believe of the caller.
    fn attested(&self, caller: &str, called: &str) -> Shaken {
        let invite = self.invite();
        let value = invite.headers.get(&HeaderName::Identity).expect("a signature");
        let identity = Identity::parse(value).expect("one that can be read").expect("one of ours");
        assert_eq!(identity.url(), URL);
        let called = [called.into()];
        let said = Said { caller: Some(caller), called: &called, date: invite.headers.date() };
        assert!(said.date.is_some_and(|date| date.abs_diff(self.t.unix_secs()) < 5));
        let chain = Chain::parse(self.signer.certificate.as_bytes()).expect("a certificate");
        let shaken = identity.verify(&said, &chain, &self.authority.anchors(), self.t.unix_secs());
        shaken.expect("who may sign").expect("what SHAKEN adds")
    }

    fn ends(mut self) -> Option<Attestation> {
        self.t.hang_up(self.phone);
        self.t.settle();
        let attestation = self.t.expect_cdr().answered().record().legs.last().and_then(|leg| leg.attestation);
        self.t.expect_nothing_left();
        attestation
    }
}

#[test]
fn our_own_number_is_attested_in_full_however_it_is_written() {
    for form in [NumberForm::E164, NumberForm::E164Digits, NumberForm::National] {
        let mut office = Office::new(1, Attestation::A, |trunk| trunk.number_form = form);
        office.calls("0612345678");
        let shaken = office.attested("31201234567", "31612345678");
        assert_eq!(shaken.attest, Attestation::A);
        let call = office.t.the_pbx().cdrs.first().expect("a record").id;
        assert_eq!(
            *shaken.origid,
            *call.to_string(),
            "who asks about it later is answered by the call record"
        );
        assert_eq!(office.ends(), Some(Attestation::A));
    }
}

#[test]
fn no_more_is_attested_than_the_operator_allows() {
    let mut office = Office::new(2, Attestation::B, |_| {});
    office.calls("0612345678");
    assert_eq!(office.attested("31201234567", "31612345678").attest, Attestation::B);
    assert_eq!(office.ends(), Some(Attestation::B));
}

#[test]
fn a_number_that_is_not_ours_is_attested_in_part() {
    let mut office = Office::new(3, Attestation::A, |_| {});
    office.calls("90612345678");
    assert_eq!(office.attested("31207654321", "31612345678").attest, Attestation::B);
    assert_eq!(office.ends(), Some(Attestation::B));
}

#[test]
fn a_call_that_is_passed_on_is_attested_as_a_gateway_does() {
    let mut office = Office::new(4, Attestation::A, |_| {});
    let caller = office.far;
    office.t.call_with(caller, "+31201234599", |invite| {
        let tag = invite.from.tag().unwrap_or_default().to_owned();
        let uri = Uri::parse("sip:+31301234567@voys.example").expect("a URI");
        invite.from = NameAddr::new(uri).with_tag(&tag);
    });
    office.t.run(secs(3));
    assert_eq!(office.attested("31301234567", "31612345678").attest, Attestation::C);
    office.t.hang_up(caller);
    office.t.settle();
    office.t.expect_nothing_left();
}

#[test]
fn a_number_that_the_invite_does_not_tell_is_not_signed() {
    let mut office = Office::new(5, Attestation::A, |trunk| trunk.caller_id.named_in = NamedIn::From);
    office.t.call_with(office.phone, "0612345678", |invite| invite.headers.set(HeaderName::Privacy, "id"));
    office.t.run(secs(3));
    assert_eq!(office.invite().headers.get(&HeaderName::Identity), None);
    assert_eq!(office.ends(), None);
    let mut office = Office::new(6, Attestation::A, |trunk| {
        let account = kiestoon_call::Account {
            username: "31100001000".into(),
            login: "x".into(),
            password: "geheim".into(),
        };
        (trunk.account, trunk.number_form) = (Some(account), NumberForm::E164Digits);
        (trunk.caller_id.from, trunk.caller_id.named_in) = (FromUser::Account, NamedIn::From);
    });
    office.calls("0612345678");
    assert_eq!(
        office.invite().headers.get(&HeaderName::Identity),
        None,
        "the name of an account is no number"
    );
    assert_eq!(office.ends(), None);
}
