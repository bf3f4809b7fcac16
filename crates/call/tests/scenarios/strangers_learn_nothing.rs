//! Who exists cannot be told from outside: an extension and a number that nobody has are answered with the same statuses,
//! the same headers, and after the same work.

use kiestoon_sip::digest::Algorithm;
use kiestoon_sip::{Headers, Method, Request, Response};
use kiestoon_testkit::{Story, millis, phone, secs};

/// Everything of a response that could differ, with what is fresh in each one masked.
fn shape(response: &Response) -> String {
    let headers: Vec<String> = lines(&response.headers);
    format!("{} {:?} {}", response.status.code(), headers, response.body.len())
}

fn lines(headers: &Headers) -> Vec<String> {
    let masked = |value: &str| match value.split_once("nonce=\"") {
        Some((before, after)) => {
            format!("{before}nonce{}", after.split_once('"').map_or("", |(_, rest)| rest))
        }
        None => value.to_owned(),
    };
    headers.iter().map(|header| format!("{:?}: {}", header.name(), masked(header.value()))).collect()
}

/// What a stranger gets who claims to be `claimed` and asks for `wanted`, and how many passwords were compared for it.
fn told(claimed: &str, wanted: &str) -> (Vec<String>, u64) {
    let mut t = Story::office(1).settings(|settings| settings.bans.failures = 6);
    let stranger = t.add(phone(claimed).with_password("welkom01"));
    for _ in 0..3 {
        t.register(stranger);
        t.run(millis(100));
        t.call(stranger, wanted);
        t.run(millis(100));
        t.send_text(stranger, wanted, "hallo");
        t.send(stranger, Method::Options, wanted, |_: &mut Request| {});
        t.run(secs(1));
        t.forget_challenges(stranger);
        t.send(stranger, Method::Bye, wanted, |request| request.to.params.set("tag", "x"));
        t.run(secs(1));
    }
    t.settle();
    assert!(
        t.phone(stranger).responses().any(|response| response.status.code() == 403),
        "no ban was reached"
    );
    let shapes = t.phone(stranger).responses().map(shape).collect();
    (shapes, t.the_pbx().switch.status().passwords_checked)
}

#[test]
fn who_is_claimed_and_who_is_wanted_make_no_difference() {
    let known = told("201", "202");
    assert!(known.1 == 6 && known.0.len() > 15, "{known:?}");
    assert_eq!(told("299", "202"), known, "a name that nobody has");
    assert_eq!(told("201", "298"), known, "a number that nobody has");
    assert_eq!(told("299", "298"), known);
}

#[test]
fn nor_does_a_form_of_the_password_that_was_never_imported() {
    let work = |number: &str| {
        let mut t = Story::office(2)
            .imported_as_md5("201")
            .settings(|settings| settings.digest.algorithms = vec![Algorithm::Sha512_256]);
        let stranger = t.add(phone(number).with_password("welkom01"));
        t.register(stranger);
        t.run(secs(1));
        t.expect(stranger).got_exactly(&[401, 401], &Method::Register);
        (t.the_pbx().switch.status().passwords_checked, t.the_pbx().events.len())
    };
    assert_eq!(work("201"), work("299"));
}
