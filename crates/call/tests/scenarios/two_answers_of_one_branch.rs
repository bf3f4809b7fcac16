//! A phone's own proxy forks the INVITE and two devices answer: the first has the call, the second is acknowledged
//! and hung up (RFC 3261 section 13.2.2.4).

use kiestoon_sip::{Message, Method};
use kiestoon_testkit::{Story, millis, phone, secs};

#[test]
fn the_second_is_acknowledged_and_hung_up() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run_until(secs(3), |t| t.phone(b).answers().contains(&(Method::Invite, 200)));
    let answer =
        t.net.ladder.rungs().filter(|rung| rung.from == t.address(b)).find_map(|rung| match &rung.message {
            Some(Message::Response(response))
                if response.status.is_success() && !response.body.is_empty() =>
            {
                Some(response.clone())
            }
            _ => None,
        });
    let mut second = answer.expect("the answer of the phone");
    second.to.params.set("tag", "another-device");
    t.run(millis(2));
    t.send_bytes(b, &second.to_bytes());
    t.run(secs(2));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let to_second = |method: Method| {
        let sent = t.net.ladder.rungs().filter(|rung| rung.to == t.address(b));
        sent.filter(|rung| {
            matches!(&rung.message, Some(Message::Request(request))
                if request.method == method && request.to.tag() == Some("another-device"))
        })
        .count()
    };
    assert_eq!((to_second(Method::Ack), to_second(Method::Bye)), (1, 1));
    t.close(a);
    t.expect_cdr().answered();
}
