//! GRUU (RFC 5627): a phone gets an address of its own with its registration, and a request to it reaches that phone alone.

use kiestoon_sip::{HeaderName, Method, Request, Uri};
use kiestoon_testkit::{Ended, PhoneId, Story, phone, secs};

fn register_device(t: &mut Story, phone: PhoneId, device: &str, call_id: &str) -> (Uri, Uri) {
    let contact = format!("<sip:202@{}>;+sip.instance=\"<urn:uuid:{device}>\"", t.address(phone));
    t.send(phone, Method::Register, "", |request: &mut Request| {
        request.call_id = call_id.into();
        request.headers.set(HeaderName::Contact, contact.as_str());
        request.headers.set(HeaderName::Supported, "gruu");
    });
    t.run(secs(1));
    let granted =
        t.phone(phone).responses().filter(|response| response.status.code() == 200).last().expect("a 200");
    let line = granted
        .headers
        .get_all(&HeaderName::Contact)
        .find(|line| line.contains(device))
        .unwrap_or_else(|| panic!("no contact of {device}"));
    let uri = |name: &str| {
        let text = line.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {line}"));
        let text = text.split('"').next().unwrap_or_default();
        Uri::parse(text).unwrap_or_else(|_| panic!("{name} is no URI: {text}"))
    };
    (uri("pub-gruu"), uri("temp-gruu"))
}

/// 201, and two devices of 202: the GRUUs, public and temporary, are the first one's.
fn two_devices(seed: u64) -> (Story, [PhoneId; 3], [Uri; 2]) {
    let mut t = Story::office(seed);
    let phones = [phone("201"), phone("202"), phone("202")].map(|profile| t.add(profile));
    let [a, desk, cordless] = phones;
    t.register(a);
    let (public, temporary) = register_device(&mut t, desk, "1111", "one");
    register_device(&mut t, cordless, "2222", "two");
    (t, phones, [public, temporary])
}

/// A call to a GRUU is one with this phone.
fn reaches(t: &mut Story, a: PhoneId, gruu: &Uri, desk: PhoneId) {
    t.call_with(a, "202", |invite| invite.uri = gruu.clone());
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(desk);
    t.close(a);
}

#[test]
fn public_and_temporary_ones_ring_that_phone_and_no_other() {
    let (mut t, [a, desk, cordless], [public, temporary]) = two_devices(1);
    assert_eq!(public.to_string(), "sip:202@kantoor.example;gr=urn:uuid:1111");
    assert!(!temporary.to_string().contains("202@"), "{temporary}");
    reaches(&mut t, a, &public, desk);
    reaches(&mut t, a, &temporary, desk);
    t.expect(cordless).never_called();
}

#[test]
fn other_phones_do_not_take_its_place() {
    let mut t = Story::office(9).settings(|settings| settings.limits.branches = 1);
    let a = t.add(phone("201"));
    let desk = t.add(phone("202"));
    let cordless = t.add(phone("202"));
    t.register(a);
    let (public, _) = register_device(&mut t, desk, "1111", "one");
    register_device(&mut t, cordless, "2222", "two");
    t.call_with(a, "202", |invite| invite.uri = public.clone());
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(desk);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_text_reaches_that_phone_alone() {
    let (mut t, [a, desk, cordless], [public, _]) = two_devices(2);
    t.send(a, Method::Message, "202", |request| {
        request.uri = public.clone();
        request.set_body("text/plain", "hallo");
    });
    t.run(secs(2));
    t.expect(a).got(200, &Method::Message);
    t.expect(desk).was_asked(&Method::Message, 1).read(&Method::Message, "hallo");
    t.expect(cordless).was_asked(&Method::Message, 0);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn one_that_is_gone_reaches_nobody() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let desk = t.add(phone("202"));
    t.register(a);
    let (public, temporary) = register_device(&mut t, desk, "1111", "one");
    let (_, fresh) = register_device(&mut t, desk, "1111", "another");
    let call = |t: &mut Story, gruu: &Uri| {
        t.call_with(a, "202", |invite| invite.uri = gruu.clone());
        t.run(secs(3));
    };
    call(&mut t, &temporary);
    t.expect(a).ended(Ended::Refused(404));
    reaches(&mut t, a, &fresh, desk);
    t.unregister_all(desk);
    t.run(secs(1));
    call(&mut t, &public);
    t.expect(a).ended(Ended::Refused(480));
    call(&mut t, &Uri::parse("sip:tgruu.AAAA@kantoor.example;gr").unwrap());
    t.expect(a).ended(Ended::Refused(404));
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn they_are_good_after_a_restart_as_long_as_the_registration_is() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let desk = t.add(phone("202"));
    t.register(a);
    let (public, temporary) = register_device(&mut t, desk, "1111", "one");
    t.restart_pbx();
    reaches(&mut t, a, &public, desk);
    reaches(&mut t, a, &temporary, desk);
}

#[test]
fn a_call_is_transferred_to_that_phone_alone() {
    let (mut t, [a, desk, cordless], [public, temporary]) = two_devices(5);
    let b = t.add(phone("203"));
    t.register(b);
    t.run(secs(1));
    for gruu in [public.clone(), temporary] {
        t.call(a, "203");
        t.run(secs(3));
        let target = format!("<{gruu}>");
        t.transfer_with(b, "201", "202", |refer| refer.headers.set(HeaderName::ReferTo, target.as_str()));
        t.run(secs(3));
        t.expect(a).is_shown("202").talks_both_ways_with(desk);
        t.close(a);
    }
    t.expect(cordless).never_called();
    t.unregister_all(desk);
    t.run(secs(1));
    t.call(a, "203");
    t.run(secs(3));
    t.transfer_with(b, "201", "202", |refer| refer.headers.set(HeaderName::ReferTo, format!("<{public}>")));
    t.run(secs(1));
    t.expect(b).got(480, &Method::Refer).talks_both_ways_with(a);
    t.close(a);
}

#[test]
fn a_call_is_joined_to_the_one_with_that_phone() {
    let (mut t, [a, desk, cordless], [public, _]) = two_devices(6);
    let b = t.add(phone("203"));
    t.register(b);
    t.run(secs(1));
    t.call(a, "203");
    t.run(secs(3));
    t.call_with(b, "202", |invite| invite.uri = public.clone());
    t.run(secs(3));
    t.join_with(b, "201", "202", |refer| {
        let before = refer.headers.get(&HeaderName::ReferTo).unwrap_or_default().to_owned();
        let replaces = before.split('?').nth(1).expect("a Replaces").to_owned();
        refer.headers.set(HeaderName::ReferTo, format!("<{public}?{replaces}"));
    });
    t.run(secs(3));
    t.expect(a).is_shown("202").talks_both_ways_with(desk);
    t.expect(cordless).never_called();
    t.close(a);
}
