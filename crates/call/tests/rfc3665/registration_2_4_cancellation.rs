//! Section 2.4: `Contact: *` with Expires 0 removes all bindings.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn cancellation_of_registration() {
    let mut t = Story::office(1);
    let bob = t.add(phone("202"));
    t.register_all();
    t.unregister_all(bob);
    t.run(secs(1));
    t.expect(bob).registered(0);
    t.expect_registrations(
        bob,
        "> REGISTER
        < 401 REGISTER
        > REGISTER
        < 200 REGISTER
        > REGISTER
        < 200 REGISTER",
    );
    t.settle();
    t.expect_nothing_left();
}
