//! The examples of the RFCs, and a server against its client.

use std::net::IpAddr;

use bytes::Bytes;

use super::*;
use crate::message::{Message, Method, Request};

const NOW: u64 = 1_790_000_000;
const REALM: &str = "kantoor.example";
const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn register(uri: &str) -> Request {
    let text = format!(
        "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
         From: <sip:201@kantoor.example>;tag=a\r\nTo: <sip:201@kantoor.example>\r\n\
         Call-ID: c\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
    );
    match Message::parse(&Bytes::from(text)).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!(),
    }
}

fn server() -> DigestServer {
    DigestServer::new([1; 32], DigestSettings::default())
}

fn ha1() -> Ha1Set {
    Ha1Set::from_password("201", REALM, "geheim")
}

fn challenge(server: &mut DigestServer, now: u64) -> String {
    server.challenge(now, REALM, SOURCE, false).remove(0)
}

/// A phone's answer with the password `geheim`.
fn answered(challenge: &str, nc: u32) -> String {
    with_password(challenge, nc, "geheim")
}

fn with_password(challenge: &str, nc: u32, password: &str) -> String {
    let challenge = Challenge::parse(challenge).unwrap();
    let secret = Secret::Password(password);
    answer(&challenge, "201", secret, &Method::Register, "sip:kantoor.example", nc, "c0ffee").unwrap()
}

fn without_qop(challenge: &str) -> String {
    answered(&challenge.replace(", qop=\"auth\"", ""), 1)
}

fn verify(server: &mut DigestServer, now: u64, credentials: &str) -> Result<(), DigestFailure> {
    let credentials = Credentials::parse(credentials).unwrap();
    server.verify(now, SOURCE, &register("sip:kantoor.example"), &credentials, &ha1())
}

#[test]
fn rfc_2617_section_3_5() {
    let challenge = Challenge::parse(
        r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
    )
    .unwrap();
    let get = Method::Other("GET".into());
    let secret = Secret::Password("Circle Of Life");
    let value = answer(&challenge, "Mufasa", secret, &get, "/dir/index.html", 1, "0a4f113b").unwrap();
    assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{value}");
    assert!(value.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""), "{value}");
    assert!(value.contains("qop=auth, nc=00000001, cnonce=\"0a4f113b\""), "{value}");
}

#[test]
fn rfc_7616_section_3_9_1() {
    let get = Method::Other("GET".into());
    let secret = Secret::Password("Circle of Life");
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        );
        let challenge = Challenge::parse(&challenge).unwrap();
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let value = answer(&challenge, "Mufasa", secret, &get, "/dir/index.html", 1, cnonce).unwrap();
        assert!(value.contains(&format!("response=\"{response}\"")), "{value}");
    }
}

#[test]
fn rfc_2617_without_qop() {
    // The response of RFC 2069's algorithm over the values of RFC 2617 section 3.5, as published in many places.
    let challenge =
        Challenge::parse(r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#)
            .unwrap();
    let get = Method::Other("GET".into());
    let secret = Secret::Password("Circle Of Life");
    let value = answer(&challenge, "Mufasa", secret, &get, "/dir/index.html", 1, "x").unwrap();
    assert!(value.contains("response=\"670fd8c2df070c60b045671b8b24ff02\""), "{value}");
    assert!(!value.contains("qop") && !value.contains("cnonce"), "{value}");
}

#[test]
fn sha_512_256_of_rfc_8760_is_ready() {
    let settings = DigestSettings {
        algorithms: vec![Algorithm::Sha512_256, Algorithm::Md5],
        ..DigestSettings::default()
    };
    let mut server = DigestServer::new([1; 32], settings);
    let challenges = server.challenge(NOW, REALM, SOURCE, false);
    assert_eq!(challenges.len(), 2);
    assert!(challenges[0].ends_with("algorithm=SHA-512-256"), "{}", challenges[0]);
    for challenge in &challenges {
        let count = if challenge.ends_with("MD5") { 2 } else { 1 };
        assert_eq!(verify(&mut server, NOW, &answered(challenge, count)), Ok(()));
    }
}

#[test]
fn a_right_answer_passes_and_each_count_once() {
    let mut server = server();
    let challenge = challenge(&mut server, NOW);
    assert_eq!(verify(&mut server, NOW, &answered(&challenge, 1)), Ok(()));
    assert_eq!(verify(&mut server, NOW + 1, &answered(&challenge, 1)), Err(DigestFailure::Replayed));
    assert_eq!(verify(&mut server, NOW + 300, &answered(&challenge, 2)), Ok(()));
    assert!(DigestFailure::Replayed.is_stale());
}

#[test]
fn an_old_nonce_is_stale_whatever_the_password() {
    let mut server = server();
    let challenge = challenge(&mut server, NOW);
    for password in ["geheim", "geraden"] {
        let value = with_password(&challenge, 1, password);
        assert_eq!(verify(&mut server, NOW + 301, &value), Err(DigestFailure::Stale));
    }
    assert_eq!(server.compared(), 0, "who guesses over an old nonce learns nothing");
    assert!(server.challenge(NOW, REALM, SOURCE, true)[0].ends_with(", stale=true"));
}

#[test]
fn a_nonce_of_before_a_restart_or_of_another_source_is_stale() {
    let challenge = challenge(&mut server(), NOW);
    let mut restarted = DigestServer::new([2; 32], DigestSettings::default());
    assert_eq!(verify(&mut restarted, NOW, &answered(&challenge, 1)), Err(DigestFailure::Stale));
    let mut same_key = server();
    let value = with_password(&challenge, 1, "geraden");
    let credentials = Credentials::parse(&value).unwrap();
    let request = register("sip:kantoor.example");
    let elsewhere = "192.0.2.2".parse().unwrap();
    let refused = same_key.verify(NOW, elsewhere, &request, &credentials, &ha1());
    assert_eq!(refused, Err(DigestFailure::Stale), "a source that got no challenge of ours guesses nothing");
    assert_eq!(verify(&mut same_key, NOW, &answered(&challenge, 1)), Ok(()));
}

#[test]
fn wrong_passwords_use_no_nonce_up() {
    let mut server = server();
    let challenge = challenge(&mut server, NOW);
    let wrong = with_password(&challenge, 1, "geraden");
    for _ in 0..3 {
        assert_eq!(verify(&mut server, NOW, &wrong), Err(DigestFailure::WrongResponse));
    }
    assert_eq!(verify(&mut server, NOW, &answered(&challenge, 1)), Ok(()));
}

#[test]
fn a_client_of_rfc_2069_may_use_a_nonce_once() {
    let mut server = server();
    let challenge = challenge(&mut server, NOW);
    assert_eq!(verify(&mut server, NOW, &without_qop(&challenge)), Ok(()));
    assert_eq!(verify(&mut server, NOW, &without_qop(&challenge)), Err(DigestFailure::Replayed));
    assert_eq!(verify(&mut server, NOW, &answered(&challenge, 2)), Err(DigestFailure::Replayed));
}

#[test]
fn upper_case_hexadecimal_and_ha1_instead_of_a_password_do() {
    let mut server = server();
    let text = challenge(&mut server, NOW);
    let challenge = Challenge::parse(&text).unwrap();
    let (ha1, uri) = (ha1(), "sip:kantoor.example");
    let value = answer(&challenge, "201", Secret::Ha1(&ha1), &Method::Register, uri, 1, "c").unwrap();
    let at = value.find("response=\"").unwrap() + 10;
    let upper = format!("{}{}{}", &value[..at], value[at..at + 32].to_uppercase(), &value[at + 32..]);
    assert_ne!(value, upper);
    assert_eq!(verify(&mut server, NOW, &upper), Ok(()));
    let none = Ha1Set::default();
    let refused = answer(&challenge, "201", Secret::Ha1(&none), &Method::Register, uri, 1, "c");
    assert_eq!(refused, Err(DigestFailure::Unsupported("algorithm")));
}

#[test]
fn every_part_of_the_answer_is_covered() {
    let mut server = server();
    let challenge = challenge(&mut server, NOW);
    let good = answered(&challenge, 1);
    for (from, to, failure) in [
        ("username=\"201\"", "username=\"202\"", None),
        ("nc=00000001", "nc=00000002", Some(DigestFailure::WrongResponse)),
        ("c0ffee", "c0ffed", Some(DigestFailure::WrongResponse)),
        ("response=\"", "response=\"0", Some(DigestFailure::WrongResponse)),
        ("realm=\"kantoor", "realm=\"elders", Some(DigestFailure::Stale)),
        ("sip:kantoor.example", "sip:elders.example", Some(DigestFailure::WrongUri)),
        ("algorithm=MD5", "algorithm=SHA-256", Some(DigestFailure::Unsupported("algorithm"))),
    ] {
        assert!(good.contains(from), "{from} in {good}");
        let changed = good.replacen(from, to, 1);
        // The name decides which HA1 the caller fetches; it enters the response only through that.
        assert_eq!(verify(&mut server, NOW, &changed).err(), failure, "{from}");
    }
    let credentials = Credentials::parse(&good).unwrap();
    let mut invite = register("sip:kantoor.example");
    invite.method = Method::Invite;
    assert_eq!(server.verify(NOW, SOURCE, &invite, &credentials, &ha1()), Err(DigestFailure::WrongResponse));
}

#[test]
fn phones_that_write_the_uri_a_little_differently_pass() {
    let uris = [
        ("sip:kantoor.example", true),
        ("sip:KANTOOR.example:5060", true),
        ("sip:kantoor.example;transport=tcp", true),
        ("sip:kantoor.example:5070", false),
        // Credentials for the server alone, as SIPp writes them.
        ("sip:201@kantoor.example", true),
        ("tel:201", false),
    ];
    for (uri, passes) in uris {
        let mut server = server();
        let challenge = challenge(&mut server, NOW);
        let value = answered(&challenge, 1);
        let credentials = Credentials::parse(&value).unwrap();
        let verified = server.verify(NOW, SOURCE, &register(uri), &credentials, &ha1());
        assert_eq!(verified.is_ok(), passes, "{uri}: {verified:?}");
    }
}

#[test]
fn credentials_for_one_user_part_do_not_cover_another() {
    let mut server = server();
    let challenge = challenge(&mut server, NOW);
    let value = answered(&challenge, 1).replace("uri=\"sip:kantoor", "uri=\"sip:202@kantoor");
    let credentials = Credentials::parse(&value).unwrap();
    for uri in ["sip:201@kantoor.example", "sip:kantoor.example"] {
        let verified = server.verify(NOW, SOURCE, &register(uri), &credentials, &ha1());
        assert_eq!(verified, Err(DigestFailure::WrongUri), "{uri}");
    }
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let mut server = server();
    let before = challenge(&mut server, NOW);
    assert_eq!(verify(&mut server, NOW, &answered(&before, 1)), Ok(()));
    let _ = challenge(&mut server, NOW + 10_000);
    let after = challenge(&mut server, NOW - 5_000);
    assert_eq!(verify(&mut server, NOW - 5_000, &answered(&before, 2)), Err(DigestFailure::Stale));
    assert_eq!(verify(&mut server, NOW - 5_000, &answered(&after, 1)), Ok(()));
}

#[test]
fn a_full_replay_table_locks_nobody_out_and_lets_nobody_replay() {
    let settings = DigestSettings { remembered_nonces: 3, ..DigestSettings::default() };
    let mut server = DigestServer::new([1; 32], settings);
    let mut used = Vec::new();
    for number in 0..20 {
        let mut value = answered(&challenge(&mut server, NOW), 1);
        let mut result = verify(&mut server, NOW, &value);
        if result == Err(DigestFailure::Stale) {
            value = answered(&challenge(&mut server, NOW), 1);
            result = verify(&mut server, NOW, &value);
        }
        assert_eq!(result, Ok(()), "{number}");
        used.push(value);
    }
    for value in used {
        let replayed = verify(&mut server, NOW, &value).unwrap_err();
        assert!(replayed.is_stale(), "{replayed:?}");
    }
}

#[test]
fn a_server_that_was_frozen_knows_its_nonces_and_their_uses() {
    let mut before = server();
    let (used, fresh) = (challenge(&mut before, NOW), challenge(&mut before, NOW));
    for count in [1, 3] {
        assert_eq!(verify(&mut before, NOW, &answered(&used, count)), Ok(()));
    }
    let frozen = serde_json::to_string(&before).unwrap();
    let mut after = DigestServer::thaw(serde_json::from_str(&frozen).unwrap(), DigestSettings::default());
    assert_eq!(verify(&mut after, NOW, &answered(&used, 3)), Err(DigestFailure::Replayed));
    assert_eq!(verify(&mut after, NOW, &answered(&used, 2)), Ok(()));
    assert_eq!(verify(&mut after, NOW, &answered(&fresh, 1)), Ok(()));
    assert_eq!(challenge(&mut after, NOW), challenge(&mut before, NOW), "the sequence goes on");
    assert_eq!(after.compared(), before.compared() + 3);
    let smaller = DigestSettings { remembered_nonces: 1, ..DigestSettings::default() };
    let mut smaller = DigestServer::thaw(serde_json::from_str(&frozen).unwrap(), smaller);
    assert_eq!(verify(&mut smaller, NOW, &answered(&used, 4)), Ok(()));
}

#[test]
fn a_realm_with_quotes_survives_the_way() {
    let mut server = server();
    let challenges = server.challenge(NOW, "Jansen \"en\" zonen \\ co", SOURCE, false);
    assert_eq!(Challenge::parse(&challenges[0]).unwrap().realm, "Jansen \"en\" zonen \\ co");
}

#[test]
fn what_a_client_cannot_answer_is_said() {
    let failure = |text: &str| Challenge::parse(text).map(|_| ()).unwrap_err();
    assert_eq!(failure("Basic realm=\"x\""), DigestFailure::Unsupported("scheme"));
    let base = "Digest realm=\"x\", nonce=\"y\"";
    assert_eq!(failure(&format!("{base}, qop=\"auth-conf\"")), DigestFailure::Unsupported("qop"));
    assert_eq!(failure(&format!("{base}, algorithm=MD5-sess")), DigestFailure::Unsupported("algorithm"));
    assert_eq!(failure("Digest realm=\"x\""), DigestFailure::Malformed("no nonce"));
    assert!(Challenge::parse(&format!("{base}, stale=TRUE")).unwrap().stale);
}

mod random {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_header_value_panics(text in "\\PC*", parts in prop::collection::vec("[a-z]{0,8}|=|\"|\\\\|,| |nonce|realm|uri", 0..40)) {
            for value in [text.clone(), format!("Digest {text}"), format!("Digest {}", parts.concat())] {
                let _ = Credentials::parse(&value).is_ok();
                let _ = Challenge::parse(&value).is_ok();
            }
        }

        #[test]
        fn what_a_client_answers_a_server_accepts(
            user in "[ -~]{1,20}",
            realm in "[ -~]{1,20}",
            password in "\\PC{0,20}",
            cnonce in "[ -~]{0,20}",
            nc in 1..u32::MAX,
            qop in any::<bool>(),
        ) {
            let mut server = server();
            let mut text = server.challenge(NOW, &realm, SOURCE, false).remove(0);
            if !qop {
                text = text.replace(", qop=\"auth\"", "");
            }
            let challenge = Challenge::parse(&text).unwrap();
            let (uri, secret) = ("sip:kantoor.example", Secret::Password(&password));
            let value = answer(&challenge, &user, secret, &Method::Register, uri, nc, &cnonce).unwrap();
            let credentials = Credentials::parse(&value).unwrap();
            prop_assert_eq!((&*credentials.username, &*credentials.realm), (&*user, &*realm));
            let ha1 = Ha1Set::from_password(&user, &realm, &password);
            prop_assert_eq!(server.verify(NOW, SOURCE, &register(uri), &credentials, &ha1), Ok(()));
            prop_assert_eq!(server.verify(NOW, SOURCE, &register(uri), &credentials, &ha1), Err(DigestFailure::Replayed));
        }
    }
}
