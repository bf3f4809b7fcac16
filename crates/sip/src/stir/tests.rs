//! Calls signed and verified, with authorities made here.

use super::test_authority::{Authority, Issued, ONE_NUMBER, PROVIDER, extension};
use super::*;

const URL: &str = "https://cert.example.com/sti;v=1/cert.pem";
/// 20 November 2026.
const NOW: u64 = 1_795_165_200;

fn claims() -> Claims {
    Claims {
        orig: "31201234567".into(),
        dest: vec!["31612345678".into()],
        iat: NOW,
        shaken: Some(Shaken {
            attest: Attestation::B,
            origid: "de305d54-75b4-431b-adb2-eb6b9e546014".into(),
        }),
    }
}

/// The request that was signed.
struct Request {
    caller: &'static str,
    called: Vec<Box<str>>,
    date: Option<u64>,
}

impl Request {
    fn signed() -> Self {
        Self { caller: "31201234567", called: vec!["31612345678".into()], date: None }
    }

    fn said(&self) -> Said<'_> {
        Said { caller: Some(self.caller), called: &self.called, date: self.date }
    }
}

/// What becomes of a header field, a certificate and a request.
fn judged(
    value: &str,
    fetched: &[u8],
    anchors: &TrustAnchors,
    request: &Request,
    now: u64,
) -> Result<Option<Shaken>, Fault> {
    let identity = Identity::parse(value)?.expect("one that is ours");
    let chain = Chain::parse(fetched)?;
    identity.verify(&request.said(), &chain, anchors, now)
}

fn signed(issued: &Issued) -> String {
    Identity::sign(&issued.key, &claims(), URL).unwrap()
}

#[test]
fn what_is_signed_is_verified() {
    let authority = Authority::new();
    for list in [PROVIDER, ONE_NUMBER] {
        let issued = authority.issues(vec![extension(26, list)]);
        let value = signed(&issued);
        assert!(value.ends_with(&format!(";info=<{URL}>;alg=ES256;ppt=shaken")), "{value}");
        assert_eq!(Identity::parse(&value).unwrap().unwrap().url(), URL);
        let shaken = judged(&value, issued.pem.as_bytes(), &authority.anchors(), &Request::signed(), NOW);
        assert_eq!(shaken, Ok(claims().shaken));
    }
}

#[test]
fn a_certificate_may_come_in_der_and_knows_its_end() {
    let authority = Authority::new();
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let der = pem_to_der(&issued.pem);
    assert!(judged(&signed(&issued), &der, &authority.anchors(), &Request::signed(), NOW).is_ok());
    assert_eq!(Chain::parse(&der).unwrap().not_after(), 1_798_761_600);
}

fn pem_to_der(pem: &str) -> Vec<u8> {
    use base64::Engine as _;
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

#[test]
fn it_is_good_for_a_minute() {
    let authority = Authority::new();
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let value = signed(&issued);
    let at = |now| judged(&value, issued.pem.as_bytes(), &authority.anchors(), &Request::signed(), now);
    assert!(at(NOW + 60).is_ok() && at(NOW - 60).is_ok());
    assert_eq!(at(NOW + 61), Err(Fault::Stale));
    assert_eq!(at(NOW - 61), Err(Fault::Stale));
}

#[test]
fn another_caller_or_callee_is_noticed() {
    let authority = Authority::new();
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let value = signed(&issued);
    let of = |request: &Request| judged(&value, issued.pem.as_bytes(), &authority.anchors(), request, NOW);
    assert_eq!(of(&Request { caller: "31201234568", ..Request::signed() }), Err(Fault::WrongCaller));
    assert_eq!(
        of(&Request { called: vec!["31612345679".into()], ..Request::signed() }),
        Err(Fault::WrongCallee)
    );
    assert_eq!(of(&Request { called: Vec::new(), ..Request::signed() }), Err(Fault::WrongCallee));
    let retargeted = vec!["31999999999".into(), "31612345678".into()];
    assert!(of(&Request { called: retargeted, ..Request::signed() }).is_ok());
    let identity = Identity::parse(&value).unwrap().unwrap();
    let request = Request::signed();
    let withheld = Said { caller: None, ..request.said() };
    assert_eq!(identity.check(&withheld, NOW), Err(Fault::WrongCaller));
}

#[test]
fn only_our_authorities_are_believed_and_only_in_time() {
    let (authority, other) = (Authority::new(), Authority::new());
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let by = |anchors: &TrustAnchors| {
        judged(&signed(&issued), issued.pem.as_bytes(), anchors, &Request::signed(), NOW)
    };
    assert_eq!(by(&other.anchors()), Err(Fault::UnknownAuthority));
    assert_eq!(by(&TrustAnchors::default()), Err(Fault::UnknownAuthority));
    let of = |change: fn(&mut rcgen::CertificateParams)| {
        let issued = authority.issues_with(vec![extension(26, PROVIDER)], change);
        judged(&signed(&issued), issued.pem.as_bytes(), &authority.anchors(), &Request::signed(), NOW)
    };
    assert_eq!(of(|params| params.not_after = rcgen::date_time_ymd(2026, 11, 19)), Err(Fault::Expired));
    assert_eq!(of(|params| params.not_before = rcgen::date_time_ymd(2026, 11, 22)), Err(Fault::Expired));
    let usage = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    };
    assert!(of(usage).is_ok(), "whatever else it is for");
    let authority_itself = |params: &mut rcgen::CertificateParams| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    assert_eq!(of(authority_itself), Err(Fault::UnknownAuthority), "an authority signs no calls");
}

#[test]
fn a_certificate_speaks_for_its_numbers_alone() {
    let authority = Authority::new();
    let with = |extensions| {
        let issued = authority.issues(extensions);
        judged(&signed(&issued), issued.pem.as_bytes(), &authority.anchors(), &Request::signed(), NOW)
    };
    let another = b"\x30\x0f\xa2\x0d\x16\x0b31207654321";
    assert_eq!(with(vec![extension(26, another)]), Err(Fault::OtherNumbers));
    assert_eq!(with(Vec::new()), Err(Fault::OtherNumbers), "one of the web");
    assert_eq!(with(vec![extension(26, b"\x30\x00")]), Err(Fault::UnreadableCertificate));
    let twice = vec![extension(26, PROVIDER), extension(26, PROVIDER)];
    assert_eq!(with(twice), Err(Fault::UnreadableCertificate));
    let limited = vec![extension(26, PROVIDER), extension(27, b"\x30\x00")];
    assert_eq!(with(limited), Err(Fault::UnreadableCertificate), "it limits what may be claimed");
}

#[test]
fn a_chain_leads_to_the_authority_and_no_further_than_its_numbers() {
    let authority = Authority::new();
    let through = |extensions| {
        let (below, pem) = authority.delegates(extensions);
        let issued = below.issues(vec![extension(26, ONE_NUMBER)]);
        let value = signed(&issued);
        let alone = judged(&value, issued.pem.as_bytes(), &authority.anchors(), &Request::signed(), NOW);
        assert_eq!(alone, Err(Fault::UnknownAuthority), "without who has issued it");
        let whole = format!("{}{pem}", issued.pem);
        judged(&value, whole.as_bytes(), &authority.anchors(), &Request::signed(), NOW)
    };
    assert!(through(Vec::new()).is_ok());
    assert!(through(vec![extension(26, PROVIDER)]).is_ok());
    let another = b"\x30\x0f\xa2\x0d\x16\x0b31207654321";
    assert_eq!(through(vec![extension(26, another)]), Err(Fault::OtherNumbers));
}

#[test]
fn a_changed_signature_or_a_key_of_somebody_else_is_wrong() {
    let authority = Authority::new();
    let [issued, other] = [0, 1].map(|_| authority.issues(vec![extension(26, PROVIDER)]));
    let value = signed(&issued);
    let of =
        |value: &str| judged(value, issued.pem.as_bytes(), &authority.anchors(), &Request::signed(), NOW);
    assert_eq!(of(&signed(&other)), Err(Fault::WrongSignature));
    let parts: Vec<&str> = value.splitn(3, '.').collect();
    let best = Shaken { attest: Attestation::A, ..claims().shaken.unwrap() };
    let raised = Identity::sign(&other.key, &Claims { shaken: Some(best), ..claims() }, URL).unwrap();
    let payload = raised.split('.').nth(1).unwrap();
    assert_eq!(of(&format!("{}.{payload}.{}", parts[0], parts[2])), Err(Fault::WrongSignature));
    assert_eq!(
        of(&format!("{}.{}.AA;info=<{URL}>;ppt=shaken", parts[0], parts[1])),
        Err(Fault::WrongSignature)
    );
}

#[test]
fn the_compact_form_is_made_whole_from_the_request() {
    let authority = Authority::new();
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let plain = Claims { shaken: None, ..claims() };
    let full = Identity::sign(&issued.key, &plain, URL).unwrap();
    let compact = format!("..{}", full.splitn(3, '.').last().unwrap());
    let of =
        |request: &Request| judged(&compact, issued.pem.as_bytes(), &authority.anchors(), request, NOW + 5);
    let request = Request { date: Some(NOW), ..Request::signed() };
    assert_eq!(of(&request), Ok(None));
    assert_eq!(of(&Request::signed()), Err(Fault::Stale), "without a Date");
    assert_eq!(of(&Request { date: Some(NOW + 1), ..Request::signed() }), Err(Fault::WrongSignature));
    assert_eq!(of(&Request { caller: "31201234568", ..request }), Err(Fault::WrongSignature));
    assert_eq!(Identity::parse(&format!("{compact};ppt=shaken")), Err(Fault::Malformed));
}

#[test]
fn header_fields_that_say_something_else_are_told_apart() {
    let authority = Authority::new();
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let value = signed(&issued);
    let parse = |value: &str| Identity::parse(value);
    assert_eq!(parse(&value.replace("ppt=shaken", "ppt=\"div\"")), Ok(None));
    assert!(parse(&value.replace("ppt=shaken", "PPT=\"shaken\";x=\"a;b\"")).is_ok_and(|read| read.is_some()));
    for (wrong, fault) in [
        (value.replace("ES256", "ES384"), Fault::UnknownAlgorithm),
        (value.replace(";ppt=shaken", ""), Fault::Malformed),
        (value.replace(";ppt=shaken", ";ppt=shaken;ppt=shaken"), Fault::Malformed),
        (value.replace("cert.example.com", "cert.example.net"), Fault::Malformed),
        (value.replace("https:", "http:"), Fault::BadInfo),
        (value.replace("cert.example.com", "me@cert.example.com"), Fault::BadInfo),
        (value.replace(&format!("<{URL}>"), "<https://>"), Fault::BadInfo),
        (value.replace(&format!("<{URL}>"), "<https://:443/>"), Fault::BadInfo),
        (value.replace(&format!("<{URL}>"), URL), Fault::BadInfo),
        (value.replace(&format!(";info=<{URL}>"), ""), Fault::BadInfo),
        (format!("x;info=<{URL}>"), Fault::Malformed),
        (format!("a.b;info=<{URL}>"), Fault::Malformed),
        (format!("...;info=<{URL}>"), Fault::Malformed),
        ("".into(), Fault::BadInfo),
        (";;;=;<".into(), Fault::BadInfo),
    ] {
        assert_eq!(parse(&wrong), Err(fault), "{wrong}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let authority = Authority::new();
    let issued = authority.issues(vec![extension(26, PROVIDER)]);
    let many = issued.pem.repeat(7);
    let big = vec![b' '; Chain::MOST_BYTES + 1];
    let cut = &issued.pem.as_bytes()[..200];
    for bytes in [b"".as_slice(), b"<html>", b"-----BEGIN CERTIFICATE-----", cut, &big, many.as_bytes()] {
        assert_eq!(Chain::parse(bytes).unwrap_err(), Fault::UnreadableCertificate);
    }
    let mut anchors = TrustAnchors::default();
    assert_eq!(anchors.add_pem(b"x"), Err(NotAnAuthority));
    assert!(anchors.is_empty());
}

#[test]
fn a_key_of_another_curve_signs_no_calls() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.custom_extensions = vec![extension(26, PROVIDER)];
    let pem = params.self_signed(&key).unwrap().pem();
    assert_eq!(Chain::parse(pem.as_bytes()).unwrap_err(), Fault::UnreadableCertificate);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Identity::parse(&text);
        let _ = Chain::parse(text.as_bytes());
    }
}
