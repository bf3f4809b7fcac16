//! A phone that redirects a call (302) says where its calls go; the dialplan decides what becomes of that, as if it had dialled.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{DIAL_ALL, Ended, PhoneId, Reply, Story, phone, secs};

fn redirects(t: &mut Story, number: &str, to: &str) -> PhoneId {
    t.add(phone(number).follows(vec![(secs(0), Reply::Redirect(to.to_owned()))]))
}

fn headers(t: &Story, phone: PhoneId, name: &HeaderName) -> Vec<String> {
    let invite = t.phone(phone).requests().find(|request| request.method == Method::Invite);
    invite.expect("an INVITE").headers.get_all(name).map(str::to_owned).collect()
}

#[test]
fn the_call_goes_on_and_the_next_phone_knows_whence() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = redirects(&mut t, "202", "203");
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).never_got(302, &Method::Invite).talks_both_ways_with(c).is_shown("203");
    t.expect(b).answered_invite_with(302);
    assert_eq!(
        headers(&t, c, &HeaderName::Diversion),
        ["<sip:202@kantoor.example>;reason=deflection;counter=1"]
    );
    assert_eq!(
        headers(&t, c, &HeaderName::HistoryInfo),
        ["<sip:202@kantoor.example?Reason=SIP%3Bcause%3D302>;index=1", "<sip:203@kantoor.example>;index=1.1"]
    );
    t.hang_up(a);
    t.settle();
    let cdr = t.expect_cdr().answered().from_to("201", "202").reached("203").record();
    assert_eq!(cdr.legs[2].charged_to.as_deref(), Some("202"));
    t.expect_nothing_left();
}

#[test]
fn who_redirects_to_each_other_are_a_loop() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    redirects(&mut t, "202", "203");
    redirects(&mut t, "203", "202");
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(482));
    t.expect_cdr().reason("loop");
    t.expect_nothing_left();
}

#[test]
fn a_chain_is_followed_only_so_far() {
    let mut t = Story::office(3).settings(|settings| settings.limits.forwards = 2);
    let a = t.add(phone("201"));
    redirects(&mut t, "202", "203");
    redirects(&mut t, "203", "204");
    redirects(&mut t, "204", "205");
    let e = t.add(phone("205"));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(e).never_called();
    t.expect(a).ended(Ended::Refused(482));
    t.expect_cdr();
    t.expect_nothing_left();
}

#[test]
fn nobody_is_sent_out_of_the_house() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    redirects(&mut t, "202", "sip:0900123@elsewhere.example");
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect_cdr();
    t.expect_nothing_left();
}

#[test]
fn what_the_extension_may_not_dial_its_phone_may_not_forward_to() {
    let rules = format!(
        "[[context.intern]]\nmatch = \"_0X.\"\nrequire = \"call.international\"\ndo = [{{ dial = \"ext:203\" }}]\n{DIAL_ALL}"
    );
    let mut t = Story::office(5).rules(&rules);
    let a = t.add(phone("201"));
    redirects(&mut t, "202", "0612345678");
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(c).never_called();
    t.expect(a).ended(Ended::Refused(403));
    t.expect_cdr();
    t.expect_nothing_left();
}

#[test]
fn the_rule_of_the_first_goes_on_where_the_second_fails() {
    let rules = r#"
[[context.intern]]
match = "202"
do = [{ dial = "ext:202", on_busy = [{ dial = "ext:204" }] }]
"#;
    let mut t = Story::office(6).rules(&format!("{rules}{DIAL_ALL}"));
    let a = t.add(phone("201"));
    redirects(&mut t, "202", "203");
    t.add(phone("203").is_busy());
    let d = t.add(phone("204"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(d);
    t.close(a);
    t.expect_cdr().answered().reached("204");
}
