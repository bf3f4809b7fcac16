//! The callee sees who calls as the organisation wrote it, not as the caller claims.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn a_claimed_name_is_not_passed_on() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| {
        invite.from = invite.from.clone().with_display("Uw bank");
        invite.headers.push(HeaderName::Other("P-Asserted-Identity".into()), "<sip:112@kantoor.example>");
    });
    t.run(secs(3));
    let invite = t.phone(b).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
    assert_eq!(invite.from.display.as_deref(), Some("Toestel 201"));
    let text = String::from_utf8_lossy(&invite.to_bytes()).into_owned();
    assert!(!text.contains("bank") && !text.contains("112@"), "{text}");
    t.close(a);
}
