//! Section 2.5: the credentials are wrong, and the challenge comes again.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn unsuccessful_registration() {
    let mut t = Story::office(1);
    let bob = t.add(phone("202").with_password("fout"));
    t.register(bob);
    t.run(secs(1));
    t.expect(bob).register_refused(401);
    t.expect_registrations(
        bob,
        "> REGISTER
        < 401 REGISTER
        > REGISTER
        < 401 REGISTER",
    );
    t.settle();
    t.expect_nothing_left();
}
