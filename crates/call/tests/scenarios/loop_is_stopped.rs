//! A call that comes back to the PBX is not followed round and round.

use kiestoon_sip::{Message, Method, Via};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn an_invite_that_has_passed_this_pbx_is_refused() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    let via: Via = t
        .net
        .ladder
        .rungs()
        .filter(|rung| rung.to == t.address(b))
        .find_map(|rung| match &rung.message {
            Some(Message::Request(request)) if request.method == Method::Invite => {
                request.via.first().cloned()
            }
            _ => None,
        })
        .expect("the INVITE that the callee got");
    t.hang_up(a);
    t.settle();
    t.call_with(b, "201", move |invite| invite.via.push(via.clone()));
    t.settle();
    t.expect(b).got(482, &Method::Invite);
    t.expect(a).had_calls(1);
    t.expect_nothing_left();
}
