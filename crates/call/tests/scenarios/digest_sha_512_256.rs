//! SHA-512-256 (RFC 8760): alone, and offered before MD5 to a phone that knows only that.

use kiestoon_sip::digest::Algorithm;
use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn a_phone_registers_and_calls_with_it() {
    let mut t =
        Story::office(1).settings(|settings| settings.digest.algorithms = vec![Algorithm::Sha512_256]);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.expect(a).got_header(401, &HeaderName::WwwAuthenticate, "algorithm=SHA-512-256");
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_wrong_password_is_wrong_in_it_too() {
    let mut t =
        Story::office(2).settings(|settings| settings.digest.algorithms = vec![Algorithm::Sha512_256]);
    let a = t.add(phone("201").with_password("welkom01"));
    t.register(a);
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 401], &Method::Register).registered(0);
}

#[test]
fn one_challenge_an_algorithm_in_the_order_of_the_settings() {
    let both = vec![Algorithm::Sha512_256, Algorithm::Sha256, Algorithm::Md5];
    let mut t = Story::office(3).settings(|settings| settings.digest.algorithms = both);
    let a = t.add(phone("201"));
    t.register_all();
    let refused = t.phone(a).responses().find(|response| response.status.code() == 401).unwrap();
    let offered: Vec<_> = refused.headers.get_all(&HeaderName::WwwAuthenticate).collect();
    let algorithms: Vec<_> = offered.iter().filter_map(|value| value.rsplit_once("algorithm=")).collect();
    let algorithms: Vec<_> = algorithms.into_iter().map(|(_, name)| name).collect();
    assert_eq!(algorithms, ["SHA-512-256", "SHA-256", "MD5"]);
}
