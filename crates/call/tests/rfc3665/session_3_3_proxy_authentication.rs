//! Section 3.3: the INVITE is challenged with 407, and comes again in the same call with credentials and a higher CSeq.

use kiestoon_sip::{HeaderName, Message, Method, Request};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn session_with_proxy_authentication() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(5));
    t.expect(alice).talking_with("202").talks_both_ways_with(bob);
    let invites: Vec<Request> = t
        .net
        .ladder
        .rungs()
        .filter(|rung| rung.from == t.address(alice))
        .filter_map(|rung| match &rung.message {
            Some(Message::Request(request)) if request.method == Method::Invite => Some(request.clone()),
            _ => None,
        })
        .collect();
    let [first, second] = invites.as_slice() else { panic!("{} INVITEs", invites.len()) };
    assert_eq!((first.cseq.number, second.cseq.number, &first.call_id), (1, 2, &second.call_id));
    let signed = |invite: &Request| invite.headers.contains(&HeaderName::ProxyAuthorization);
    assert_eq!((signed(first), signed(second)), (false, true));
    t.hang_up(alice);
    t.settle();
    t.expect_flow(
        alice,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 180 INVITE
        < 200 INVITE +sdp
        > ACK
        > BYE
        < 200 BYE",
    );
    t.expect_nothing_left();
}
