//! Section 2.2: a phone adds contacts to those that it has.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn update_of_contact_list() {
    let mut t = Story::office(1);
    let bob = t.add(phone("202"));
    t.register_all();
    t.register_contacts(bob, 3, 3600);
    t.run(secs(1));
    t.expect(bob).registered(3);
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
