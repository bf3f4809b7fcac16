//! An explanation says which rule matched, why those above did not, and what the steps come to.

mod plans;

use kiestoon_dialplan::{CallFacts, OverrideTo, Overrides, Reason};
use plans::{at, call, load};

const PLAN: &str = r#"version = 1
timezone = "Europe/Amsterdam"
[hours.kantoor]
open = "ma-vr 09:00-17:00"
[[context.intern]]
name = "kort"
match = ["1XX", "_3XX"]
do = [{ echo = true }]
[[context.intern]]
match = "_2XX"
when = "!kantoor"
do = [{ echo = true }]
[[context.intern]]
name = "toestellen"
match = "_2XX"
require = "call.intern"
do = [{ dial = ["ext:${number}", "ext:299"], timeout = "25s", callerid = "${from}", on_busy = [{ reject = "busy" }] }, { voicemail = "${number}" }]
"#;

#[test]
fn in_words() {
    let plan = load(PLAN).unwrap().plan;
    assert_eq!(
        plan.explain(&call("intern", "201")).to_string(),
        "206 dials 201 in intern at 2026-11-20T10:00:00\n  \
         passed  intern/kort (plan.toml:5): the number does not fit 1XX, _3XX\n  \
         passed  intern/#2 (plan.toml:9): when = !kantoor (open: ma-vr 09:00-17:00) does not hold at that time\n  \
         matched intern/toestellen (plan.toml:13): _2XX\n  \
         needs the permission call.intern\n  \
         -> dial ext:201, ext:299 together for 25 s, as 206\n    \
         -> on_busy: reject with 486\n  \
         -> voicemail 201 (not built)\n"
    );
    let evening = CallFacts { at: at("2026-11-20T20:00+01"), ..call("intern", "201") };
    assert_eq!(&*plan.explain(&evening).matched.unwrap().rule.name, "#2");
}

#[test]
fn of_no_rule() {
    let plan = load(PLAN).unwrap().plan;
    let explanation = plan.explain(&call("intern", "\u{1b}[31m"));
    assert!(
        explanation.to_string().starts_with("206 dials \\u{1b}[31m in intern"),
        "nothing reaches the terminal raw"
    );
    assert!(explanation.to_string().ends_with("no rule matches\n"));
    assert_eq!(explanation.passed.len(), 3);
    assert_eq!(explanation.passed[1].reason, Reason::Number("_2XX".into()));
    assert!(plan.explain(&call("x", "1")).to_string().ends_with("no rule: there is no context x\n"));
}

#[test]
fn why_it_was_closed() {
    let plan = load(
        "version = 1\ntimezone = \"Europe/Amsterdam\"\n[hours.kantoor]\nopen = \"ma-vr 09:00-17:00\"\nclosed = [\"kerst\", \"holidays:nl\"]\n\
         [closure.kerst]\ndates = \"12-24..01-02\"\n[[context.intern]]\nmatch = \"1\"\nwhen = [\"kantoor\", \"za 10:00-12:00\"]\n\
         do = [{ echo = true }]\n",
    )
    .unwrap()
    .plan;
    let reason = |moment: &str, overrides: &Overrides| {
        let call = CallFacts { at: at(moment), overrides, ..call("intern", "1") };
        plan.explain(&call).passed[0].reason.to_string()
    };
    let why = |kantoor: &str| {
        format!(
            "when = kantoor ({kantoor}), za 10:00-12:00 (closed: no opening covers it) does not hold at that time"
        )
    };
    let mut overrides = Overrides::default();
    assert_eq!(reason("2026-04-27T10:00+02", &overrides), why("closed: Koningsdag (holidays:nl)"));
    assert_eq!(reason("2026-12-24T10:00+01", &overrides), why("closed: kerst"));
    assert_eq!(reason("2026-12-23T08:00+01", &overrides), why("closed: no opening covers it"));
    OverrideTo::Closed.apply(&mut overrides, "kantoor", true);
    assert_eq!(reason("2026-12-23T10:00+01", &overrides), why("set closed by hand"));
}
