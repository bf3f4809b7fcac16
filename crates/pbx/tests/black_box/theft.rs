//! Real phones that try to call a premium number at somebody's cost, on each way that leads out: what the caller hears, what is told
//! on the control socket, what the audit log has, and that the provider hears nothing of it.
use std::time::Duration;

use serde_json::Value;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::provider::{Does, Provider, trunk};
use crate::sipp::Sipp;
use crate::tone;
use crate::user_agent::UserAgent;
use crate::watch::Watch;

const PREMIUM: &str = "09061234567";

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
name = "nood"
match = "112"
emergency = true
do = [{ dial = "ext:202" }]
[[context.intern]]
name = "naar-buiten"
match = "_0."
do = [{ dial = "trunk:voys" }]
[[context.intern]]
name = "toestellen"
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "20s" }]
[[context.intern]]
name = "door"
match = "9"
do = [{ dial = "ext:203", timeout = "2s" }, { dial = "trunk:voys", to = "09061234567" }]
"#;

/// An office and its provider, which takes so many calls and no more.
struct Office {
    pbx: Pbx,
    provider: Provider,
    watch: Watch,
}

impl Office {
    fn new(calls: u32, more: &str) -> Self {
        let port = free_port();
        let mut pbx = Pbx::new(&["201", "202", "203"], DIALPLAN);
        tone::write(&pbx.path("sounds/geen-recht.wav"), 700.0, 2.0);
        pbx.import(&trunk("voys", port, more));
        let provider = Provider::start_at(&pbx, "voys", port, calls, &[Does::Answers, Does::IsHungUp]);
        pbx.run();
        let watch = Watch::start(&pbx);
        let mut office = Self { pbx, provider, watch };
        // It listens from when it has told of something.
        let mut knock = UserAgent::new(&office.pbx, "201", "127.0.0.1:0".parse().unwrap());
        knock.password = "verkeerd".into();
        wait_for("the watcher", Duration::from_secs(20), || {
            let _ = knock.call("0000");
            office.watch.soon("call.refused", Duration::from_millis(300)).is_some()
        });
        office
    }

    /// The next call out that was refused: who would have been charged, its class, and why.
    #[track_caller]
    fn refused(&mut self) -> [String; 4] {
        loop {
            let told: Value = serde_json::from_str(&self.watch.next("call.refused")).unwrap();
            if told["number"].is_null() || told["class"].is_null() {
                continue;
            }
            return ["charged_to", "number", "class", "reason"]
                .map(|key| told[key].as_str().unwrap_or("").into());
        }
    }

    /// So many lines of the audit log say that a call out was refused.
    #[track_caller]
    fn audited(&self, count: usize) {
        let is_refusal = |line: &&str| line.contains("audit") && line.contains("call out refused");
        assert_eq!(self.pbx.log().lines().filter(is_refusal).count(), count, "{}", self.pbx.log());
    }

    /// The provider takes one call more, to a number at home; that was its last one, so none came before that is not known of.
    #[track_caller]
    fn last_call_reaches_the_provider(self) {
        let mut phone = UserAgent::new(&self.pbx, "203", "127.0.0.1:0".parse().unwrap());
        assert_eq!(phone.call("0201234567"), Ok(()));
        self.provider.succeed();
    }

    fn phone(&self, number: &str, tone: u32, answers: bool) -> Baresip {
        Baresip::start(&self.pbx, &Phone { number, transport: "udp", tone, answers, parameters: "" })
    }
}

fn premium(charged: &str, why: &str) -> [String; 4] {
    [charged, PREMIUM, "premium", why].map(str::to_owned)
}

#[test]
fn who_calls_premium_numbers_too_fast_is_held_until_an_operator_lets_them_go() {
    let more = "[[profile]]\nname = \"los\"\nrights = [\"internal\", \"national\", \"premium\"]\nwatch_calls = 3\n\
                [[extension]]\nnumber = \"201\"\nprofile = \"los\"\n";
    let mut office = Office::new(6, more);
    let mut thief = UserAgent::new(&office.pbx, "201", "127.0.0.1:0".parse().unwrap());
    for _ in 0..3 {
        assert_eq!(thief.call(PREMIUM), Ok(()));
    }
    // There is a prompt for it: whoever is refused hears that, and not a bare 403.
    let mut desk = office.phone("201", 440, false);
    desk.command("dial", &format!("sip:{PREMIUM}@{}", office.pbx.address()));
    desk.expect("CALL_CLOSED");
    tone::assert_heard(&desk.heard(), 700.0);
    let held: Value = serde_json::from_str(&office.watch.next("fraud.held")).unwrap();
    assert_eq!((&held["number"], &held["reason"]), (&"201".into(), &"velocity".into()), "{held}");
    assert_eq!(office.refused(), premium("201", "held"));
    assert_eq!(thief.call("0201234567"), Ok(()), "calls at home go on");
    let shown = office.pbx.kiestoon(&["ctl", "fraud"]);
    assert!(text(&shown).contains("201"), "{}", text(&shown));

    let approved = office.pbx.kiestoon(&["ctl", "fraud", "approve", "201"]);
    assert!(approved.status.success(), "{}", text(&approved));
    office.watch.next("fraud.approved");
    assert_eq!(thief.call(PREMIUM), Ok(()));
    office.audited(1);
    office.last_call_reaches_the_provider();
}

#[test]
fn a_phone_that_sends_its_calls_on_to_a_premium_number_needs_the_right() {
    let mut office = Office::new(1, "");
    let (port, pbx) = (free_port(), &office.pbx);
    let to = format!("Contact: <sip:{PREMIUM}@{}>", pbx.address());
    let to: &'static str = to.leak();
    Sipp::register(pbx, "202", port);
    let forwards = [Does::With("302 Moved Temporarily", to)];
    let _forwarder = Provider::start_on(pbx, "stuurt-door", ("127.0.0.1", port), 0, &forwards);
    let mut caller = office.phone("201", 440, false);
    // What rings for an emergency call is charged with what it makes of it.
    for (n, (number, charged)) in [("202", "202"), ("112", "202"), ("9", "201")].into_iter().enumerate() {
        caller.command("dial", &format!("sip:{number}@{}", office.pbx.address()));
        assert_eq!(office.refused(), premium(charged, "no_right"), "{number}");
        caller.expect("CALL_CLOSED");
        tone::assert_heard(&caller.heard(), 700.0);
        office.audited(n + 1);
    }
    let history = office.pbx.history(3);
    assert!(history.iter().all(|call| call["end_reason"] == "forbidden"), "{history:#?}");
    office.last_call_reaches_the_provider();
}

#[test]
fn neither_side_of_a_call_transfers_the_other_to_a_premium_number() {
    for (by_callee, charged) in [(true, "202"), (false, "201")] {
        let mut office = Office::new(1, "");
        let (mut a, mut b) = (office.phone("201", 440, false), office.phone("202", 1_000, true));
        a.command("dial", &format!("sip:202@{}", office.pbx.address()));
        a.expect("CALL_ESTABLISHED");
        b.expect("CALL_ESTABLISHED");
        let (by, other) = if by_callee { (&mut b, &mut a) } else { (&mut a, &mut b) };
        by.command("transfer", &format!("sip:{PREMIUM}@{}", office.pbx.address()));
        assert_eq!(office.refused(), premium(charged, "no_right"));
        // The phone is told by NOTIFY, and gives the call up.
        by.expect("TRANSFER_FAILED");
        office.audited(1);
        other.expect("CALL_CLOSED");
        let history = office.pbx.history(1);
        assert!(history[0]["trunk_out"].is_null(), "{history:#?}");
        office.last_call_reaches_the_provider();
    }
}
