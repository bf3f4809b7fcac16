//! Conditions, cases and `goto` of the dialplan on a live call.

use kiestoon_testkit::{Ended, Story, phone, secs};

const RULES: &str = r#"
[hours.altijd]
open = "00:00-24:00"
[set.vip]
numbers = ["201"]
[variables]
balie = "202"
[[context.intern]]
match = "100"
from = "!set:vip"
do = [{ reject = "decline" }]
[[context.intern]]
match = "_1XX"
do = [
  { set = { kort = "${number:1}" } },
  { if = { when = "altijd", from = "set:vip" }, then = [{ set = { wie = "${balie}" } }], else = [{ set = { wie = "9" } }] },
  { choose = "${kort}", cases = { 00 = [{ dial = "ext:${wie}" }], "_1X" = "rule:extra/verder" }, else = "hangup" },
]
[[context.extra]]
name = "verder"
match = "1"
do = [{ goto = "context:doel", number = "20${number:2}" }]
[[context.doel]]
match = "_20X"
do = [{ dial = "ext:${number}" }]
"#;

#[test]
fn a_call_goes_where_its_variables_lead() {
    let mut t = Story::office(1).rules(RULES);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(1)));
    let c = t.add(phone("203").answers_after(secs(1)));
    t.register_all();
    t.call(a, "100");
    t.run(secs(3));
    t.expect(a).talking_with("100").talks_both_ways_with(b);
    t.hang_up(a);
    t.run(secs(2));
    t.call(a, "113");
    t.run(secs(3));
    t.expect(a).talking_with("113").talks_both_ways_with(c);
    t.close(a);
}

#[test]
fn who_is_no_vip_is_declined() {
    let mut t = Story::office(1).rules(RULES);
    let _vip = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(b, "100");
    t.run(secs(2));
    t.expect(b).ended(Ended::Refused(603));
    assert_eq!(t.expect_cdr().record().route.as_deref(), Some("#1"));
}
