//! Section 2.3: a REGISTER without a Contact asks which there are.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn request_for_current_contact_list() {
    let mut t = Story::office(1);
    let bob = t.add(phone("202"));
    t.register_all();
    t.query_registrations(bob);
    t.run(secs(1));
    t.expect(bob).registered(1);
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
