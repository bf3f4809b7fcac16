//! A second offer before the answer, by UPDATE (RFC 3311 section 5): end to end between caller and the phone that is heard where
//! both can, else answered in place and told once the call is answered.

use kiestoon_sip::Method;
use kiestoon_testkit::{Flowing, Profile, Reply, Story, What, millis, phone, secs};

fn reliable(number: &str) -> Profile {
    phone(number)
        .follows(vec![(secs(0), Reply::Reliable { status: 183, described: true }), (secs(3), Reply::Answer)])
}

#[test]
fn of_the_caller_to_a_phone_that_takes_it() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").knows_100rel().takes_update());
    let b = t.add(reliable("202").takes_update());
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(1));
    t.expect(a).got_exactly(&[200], &Method::Update);
    t.expect(b).was_asked(&Method::Update, 1).flows(Flowing::RecvOnly);
    t.run(secs(3));
    t.expect(a).talking_with("202").is_heard_by(b);
    t.expect(b).was_asked(&Method::Invite, 1).is_not_heard_by(a);
    t.close(a);
}

#[test]
fn of_the_caller_to_a_phone_that_does_not() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").knows_100rel().takes_update());
    let b = t.add(reliable("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(1));
    t.expect(a).got_exactly(&[200], &Method::Update);
    t.expect(b).was_asked(&Method::Invite, 1);
    t.run(secs(4));
    t.expect(b).was_asked(&Method::Invite, 2).flows(Flowing::RecvOnly);
    t.close(a);
}

#[test]
fn another_fork_that_ends_takes_nothing_from_it() {
    let mut t = Story::office(6);
    let media = Reply::Reliable { status: 183, described: true };
    let a = t.add(phone("201").knows_100rel().takes_update());
    let b = t.add(
        phone("202")
            .takes_update()
            .follows(vec![(millis(100), media.clone()), (secs(4), Reply::Answer)])
            .forks_to(vec![(millis(300), media), (millis(1_200), Reply::Gone)]),
    );
    t.register_all();
    t.hold_back(1, What::request("UPDATE").to(t.address(b)), millis(900));
    t.call(a, "202");
    t.run(secs(1));
    t.update_to(a, Flowing::SendOnly);
    t.run(millis(400));
    t.expect(a).got_exactly(&[], &Method::Update);
    t.run(secs(1));
    t.expect(a).got_exactly(&[200], &Method::Update);
    t.expect(b).was_asked(&Method::Update, 1);
    t.run(secs(3));
    t.expect(a).talking_with("202").is_heard_by(b);
    t.expect_agreement();
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn of_the_callee_to_a_caller_who_takes_it() {
    let mut t = Story::office(3);
    let a = t.add(phone("201").knows_100rel().takes_update());
    let b = t.add(phone("202").takes_update().follows(vec![
        (secs(0), Reply::Reliable { status: 183, described: true }),
        (secs(1), Reply::Update),
        (secs(3), Reply::Answer),
    ]));
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.expect(a).was_asked(&Method::Update, 1).flows(Flowing::RecvOnly);
    t.expect(b).got_exactly(&[200], &Method::Update).flows(Flowing::SendOnly);
    t.run(secs(3));
    t.expect(b).is_heard_by(a);
    t.expect(a).talking_with("202");
    t.close(a);
}

#[test]
fn of_the_callee_to_a_caller_who_does_not() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").takes_update().follows(vec![
        (secs(0), Reply::Reliable { status: 183, described: true }),
        (secs(1), Reply::Update),
        (secs(3), Reply::Answer),
    ]));
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.expect(b).got_exactly(&[200], &Method::Update);
    t.expect(a).was_asked(&Method::Update, 0);
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.expect(b).is_heard_by(a);
    t.close(a);
}

#[test]
fn of_the_callee_while_the_caller_makes_one_in_its_prack() {
    let mut t = Story::office(5);
    let a = t.add(phone("201").knows_100rel().takes_update().holds_in_prack());
    t.add(phone("202").takes_update().follows(vec![
        (secs(0), Reply::Reliable { status: 183, described: true }),
        (millis(10), Reply::Update),
        (secs(3), Reply::Answer),
    ]));
    t.register_all();
    t.hold_back(1, What::request("PRACK").from(t.address(a)), millis(300));
    t.call(a, "202");
    t.run(secs(6));
    t.expect(a).talking_with("202").got_exactly(&[200], &Method::Prack);
    t.expect_agreement();
    t.close(a);
}
