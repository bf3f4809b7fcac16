//! What of a browser cannot become a call, and what SRTP that is required asks of the other side.

use kiestoon_media::SrtpPolicy;
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, browser, phone, secs};

const ECHO: &str = "[[context.intern]]\nmatch = \"600\"\ndo = [{ echo = true }]\n[[context.intern]]\nmatch = \"_2XX\"\n\
                    do = [{ dial = \"ext:${number}\" }]\n";

/// The description of a browser without a part of it.
fn without(text: &[u8], part: &str) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().filter(|line| !line.starts_with(part)).map(|line| format!("{line}\r\n")).collect()
}

#[test]
fn an_offer_that_lacks_a_part_gets_488() {
    for part in ["a=fingerprint:", "a=ice-ufrag:", "a=ice-pwd:"] {
        for number in ["202", "203", "600"] {
            let mut t = Story::office(1).rules(ECHO);
            let a = t.add(browser("201"));
            let b = t.add(phone("202"));
            let c = t.add(browser("203"));
            t.register_all();
            t.call_with(a, number, |invite| {
                let text = without(&invite.body, part);
                invite.set_body("application/sdp", text);
            });
            t.settle();
            t.expect(a).ended(Ended::Refused(488));
            for other in [b, c] {
                t.expect(other).never_called();
            }
            t.expect_nothing_left();
        }
    }
}

#[test]
fn in_mid_call_it_is_refused_and_the_call_goes_on() {
    let (mut t, [a, b]) = Story::office(2).talking([browser("201"), phone("202")]);
    let (ours, _) = t.phone(a).sessions().expect("a call");
    let broken = without(ours.text().as_bytes(), "a=fingerprint:");
    t.send_in_call(a, Method::Invite, "application/sdp", &broken);
    t.run(secs(2));
    t.expect(a).talking_with("202").got(488, &Method::Invite).talks_both_ways_with(b);
    t.expect(b).was_asked(&Method::Invite, 1);
    t.close(a);
}

#[test]
fn a_plain_offer_of_a_browser_and_a_browsers_of_a_phone_are_refused() {
    let plain =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.20\r\ns=-\r\nc=IN IP4 10.0.0.20\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    let mut t = Story::office(3);
    let a = t.add(browser("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.set_body("application/sdp", plain));
    t.run(secs(2));
    t.expect(a).ended(Ended::Refused(488));
    t.call_with(c, "202", |invite| {
        let ours = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n";
        let print = format!("a=fingerprint:sha-256 {}\r\n", vec!["AB"; 32].join(":"));
        let text = plain.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF") + ours + &print;
        invite.set_body("application/sdp", text);
    });
    t.run(secs(2));
    t.expect(c).ended(Ended::Refused(488));
    t.expect(b).never_called();
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn where_srtp_is_required_a_browser_meets_it_and_a_plain_phone_does_not() {
    let mut t = Story::office(5).rules(ECHO).settings(|settings| settings.srtp = SrtpPolicy::Required);
    let a = t.add(browser("201"));
    let b = t.add(browser("202"));
    let c = t.add(phone("203"));
    t.engine().protect();
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.run(secs(1));
    t.call(a, "600");
    t.run(secs(3));
    t.expect(a).talking_with("600").hears_itself();
    t.hang_up(a);
    t.run(secs(1));
    t.call(a, "203");
    t.run(secs(30));
    t.expect(a).is_free().had_calls(3);
    t.expect(c).is_free();
    t.call(c, "201");
    t.run(secs(3));
    t.expect(c).ended(Ended::Refused(488));
    t.settle();
    t.expect_nothing_left();
}
