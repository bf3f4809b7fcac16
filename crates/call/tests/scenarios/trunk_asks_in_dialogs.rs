//! A trunk asks who we are in the middle of a call: what we had asked goes out once more, with the credentials of its account, and
//! nobody in the call notices.

use kiestoon_call::{Account, Trunk};
use kiestoon_sip::digest::{Algorithm, Credentials};
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, Request};
use kiestoon_testkit::{Ended, Flowing, PhoneId, Profile, Reply, Story, carrier, millis, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = "trunk:voys" }]
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:201" }]
"#;

fn voys(trunk: &mut Trunk) {
    let account = Account { username: "100001".into(), login: "100001".into(), password: "geheim".into() };
    trunk.account = Some(account);
    trunk.numbers.insert("+31201234567".into(), None);
    // The second one of a story stands there.
    trunk.addresses = vec![Network { address: [10, 0, 0, 21].into(), prefix: 32 }];
}

fn asking() -> Profile {
    carrier("voys").asks_for("100001", "geheim", Algorithm::Sha256)
}

fn office(seed: u64, caller: Profile, far: Profile) -> (Story, PhoneId, PhoneId) {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", voys);
    let a = t.add(caller);
    let far = t.add_carrier(far);
    t.register_all();
    (t, a, far)
}

fn talking(seed: u64, caller: Profile, far: Profile) -> (Story, PhoneId, PhoneId) {
    let (mut t, a, far) = office(seed, caller, far);
    t.call(a, "0201112222");
    t.run(secs(3));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(far);
    (t, a, far)
}

fn requests<'t>(t: &'t Story, far: PhoneId, method: &Method) -> Vec<&'t Request> {
    t.phone(far).requests().filter(|request| request.method == *method).collect()
}

/// The credentials that a request carries.
fn given<'t>(request: &'t Request) -> Option<Credentials<'t>> {
    let value = request.headers.get(&HeaderName::Authorization)?;
    Some(Credentials::parse(value).expect("credentials that can be read"))
}

/// How often the nonce was used that each request of a method was sent with; None without any.
fn counts(t: &Story, far: PhoneId, method: &Method) -> Vec<Option<u32>> {
    let counts = requests(t, far, method);
    counts.into_iter().map(|request| given(request)?.qop.map(|qop| qop.count)).collect()
}

#[test]
fn a_bye_goes_out_once_more() {
    let (mut t, a, far) = talking(1, phone("201"), asking().in_dialogs_alone());
    t.hang_up(a);
    t.run(secs(1));
    t.expect(far).ended(Ended::ByThem);
    assert_eq!(counts(&t, far, &Method::Bye), [None, Some(1)]);
    let byes = requests(&t, far, &Method::Bye);
    assert_eq!(byes[1].cseq.number, byes[0].cseq.number + 1);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}

#[test]
fn the_ack_has_the_credentials_of_its_invite() {
    let (mut t, a, far) = talking(2, phone("201"), asking().in_dialogs_too());
    t.hold(a);
    t.run(secs(1));
    t.hang_up(a);
    t.settle();
    let of = |method: &Method| -> Vec<Option<String>> {
        let headers = [HeaderName::ProxyAuthorization, HeaderName::Authorization];
        let value =
            |request: &Request| headers.iter().find_map(|name| request.headers.get(name)).map(str::to_owned);
        requests(&t, far, method).into_iter().map(value).collect()
    };
    let (invites, acks) = (of(&Method::Invite), of(&Method::Ack));
    assert_eq!(
        acks,
        [None, invites[1].clone(), invites[2].clone()],
        "of the 407, the 200 and the hold: {invites:?}"
    );
    assert!(invites[1..].iter().all(Option::is_some) && invites.len() == 3);
    t.expect_nothing_left();
}

/// Once it has been asked it says so of its own accord, as long as the nonce is good.
#[test]
fn a_nonce_is_used_again_and_counted() {
    let (mut t, a, far) = talking(3, phone("201"), asking().in_dialogs_alone());
    for _ in 0..2 {
        t.send_in_call(a, Method::Info, "application/x-iets", "hallo");
        t.run(secs(1));
    }
    t.hang_up(a);
    t.settle();
    assert_eq!(counts(&t, far, &Method::Info), [None, Some(1), Some(2)]);
    assert_eq!(counts(&t, far, &Method::Bye), [Some(3)]);
    t.expect(a).got(200, &Method::Info);
    t.expect_nothing_left();
}

#[test]
fn a_hold_is_not_noticed_by_who_holds() {
    for updates in [false, true] {
        let far = asking().in_dialogs_alone();
        let far = if updates { far.takes_update() } else { far };
        let (mut t, a, far) = talking(4, phone("201").takes_update(), far);
        let method = if updates { Method::Update } else { Method::Invite };
        match updates {
            true => t.update_to(a, Flowing::SendOnly),
            false => t.hold(a),
        }
        t.run(secs(1));
        t.expect(a).got(200, &method);
        t.expect_agreement();
        let asked = counts(&t, far, &method);
        assert_eq!(asked[asked.len() - 2..], [None, Some(1)]);
        t.hang_up(a);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn a_prack_goes_out_once_more() {
    let script =
        vec![(millis(0), Reply::Reliable { status: 183, described: true }), (secs(1), Reply::Answer)];
    let (mut t, a, far) = office(5, phone("201"), asking().in_dialogs_alone().follows(script));
    t.call(a, "0201112222");
    t.run(secs(4));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(far);
    assert_eq!(counts(&t, far, &Method::Prack), [None, Some(1)]);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_call_that_came_in_is_hung_up_with_credentials_too() {
    let (mut t, a, far) = office(6, phone("201"), asking().in_dialogs_alone());
    t.call(far, "+31201234567");
    t.run(secs(3));
    t.expect(far).talks_both_ways_with(a);
    t.hang_up(a);
    t.run(secs(1));
    t.expect(far).ended(Ended::ByThem);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_hung_up_with_credentials() {
    let far = asking().in_dialogs_alone().never_answers().answers_when_cancelled();
    let (mut t, a, far) = office(7, phone("201"), far);
    t.call(a, "0201112222");
    t.run(secs(1));
    t.cancel(a);
    t.run(secs(1));
    t.expect(far).ended(Ended::ByThem);
    assert_eq!(counts(&t, far, &Method::Bye), [None, Some(1)]);
    t.settle();
    t.expect_cdr().disposition("cancelled");
    t.expect_nothing_left();
}

#[test]
fn who_asks_forever_is_left_after_two_answers() {
    let (mut t, a, far) = talking(8, phone("201"), asking().in_dialogs_forever());
    t.send_in_call(a, Method::Info, "application/x-iets", "hallo");
    t.run(secs(2));
    t.expect(a).got(500, &Method::Info);
    assert_eq!(requests(&t, far, &Method::Info).len(), 3);
    t.hold(a);
    t.run(secs(2));
    t.expect(a).got(488, &Method::Invite).talking_with("0201112222");
    assert_eq!(requests(&t, far, &Method::Invite).len(), 4, "the call, the hold, and two answers");
    t.hang_up(a);
    t.run(secs(2));
    assert_eq!(requests(&t, far, &Method::Bye).len(), 3);
    t.expect_cdr().answered().reason("hangup_caller");
    t.hang_up(far);
    t.settle();
    t.expect_nothing_left();
}
