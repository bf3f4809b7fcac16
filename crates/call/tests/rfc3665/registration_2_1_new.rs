//! Section 2.1: a registration is challenged, and accepted with the credentials.

use kiestoon_testkit::{Story, phone};

#[test]
fn successful_new_registration() {
    let mut t = Story::office(1);
    let bob = t.add(phone("202"));
    t.register_all();
    t.expect(bob).registered(1);
    t.expect_registrations(
        bob,
        "> REGISTER
        < 401 REGISTER
        > REGISTER
        < 200 REGISTER",
    );
    t.settle();
    t.expect_nothing_left();
}
