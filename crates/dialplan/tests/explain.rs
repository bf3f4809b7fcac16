//! An explanation says which rule matched, why those above did not, and what the steps come to.

mod plans;

use kiestoon_dialplan::{CallFacts, Given, NotLive, OverrideTo, Overrides, Plans, Reason};
use plans::{at, call, load, steps};

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
require = "call.internal"
do = [{ dial = ["ext:${number}", "ext:299"], timeout = "25s", callerid = "${from}", on_busy = [{ reject = "busy" }] }, { voicemail = "${number}" }]
"#;

#[test]
fn in_words() {
    let plan = load(PLAN).unwrap().plan;
    let explanation = plan.explain(&call("intern", "201"));
    let asked = (&*explanation.from, &*explanation.dialled, &*explanation.context, &*explanation.local_time);
    assert_eq!(asked, ("206", "201", "intern", "2026-11-20T10:00:00"));
    let passed = explanation.passed.iter().map(|passed| format!("{}: {}", passed.rule, passed.reason));
    assert_eq!(
        passed.collect::<Vec<_>>(),
        [
            "intern/kort (plan.toml:5): the number does not fit 1XX, _3XX",
            "intern/#2 (plan.toml:9): when = !kantoor (open: ma-vr 09:00-17:00) does not hold at that time",
        ]
    );
    let matched = explanation.matched.expect("a rule");
    assert_eq!(
        (matched.rule.to_string(), &*matched.pattern, matched.require.as_deref(), matched.emergency),
        ("intern/toestellen (plan.toml:13)".into(), "_2XX", Some("call.internal"), false)
    );
    let steps = matched.steps.iter().map(|step| (step.depth, step.branch.as_deref(), &*step.text));
    assert_eq!(
        steps.collect::<Vec<_>>(),
        [
            (0, None, "dial ext:201, ext:299 together for 25 s, as 206"),
            (1, Some("on_busy"), "reject with 486"),
            (0, None, "voicemail 201 (not built)"),
        ]
    );
    let evening = CallFacts { at: at("2026-11-20T20:00+01"), ..call("intern", "201") };
    assert_eq!(&*plan.explain(&evening).matched.unwrap().rule.name, "#2");
}

#[test]
fn of_no_rule() {
    let plan = load(PLAN).unwrap().plan;
    let explanation = plan.explain(&call("intern", "\u{1b}[31m"));
    assert_eq!(explanation.matched, None);
    assert_eq!(explanation.passed.len(), 3);
    assert_eq!(explanation.passed[1].reason, Reason::Number("_2XX".into()));
    assert!(explanation.context_known && !plan.explain(&call("x", "1")).context_known);
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

#[test]
fn a_set_is_named_and_counted() {
    let numbers: Vec<String> = (0..1000).map(|at| format!("\"06{at:04}\"")).collect();
    let plan = load(&format!(
        "version = 1\n[set.vip]\nnumbers = [{}]\n[set.een]\nnumbers = \"1\"\n[[context.intern]]\n\
         match = [\"_7X\", \"set:vip\", \"set:een\", \"_8X\"]\ndo = [{{ echo = true }}]\n",
        numbers.join(", ")
    ));
    let plan = plan.unwrap().plan;
    let explanation = plan.explain(&call("intern", "5"));
    assert_eq!(explanation.passed[0].reason, Reason::Number("_7X, set:vip (1000), 1, _8X".into()));
    assert_eq!(plan.explain(&call("intern", "060042")).matched.unwrap().pattern, "060042");
}

/// The texts of the steps that a call to 201 gets.
fn words(list: &str) -> Vec<String> {
    let explained = steps(list).explain(&call("intern", "201")).matched.expect("the rule");
    explained.steps.into_iter().map(|step| step.text).collect()
}

#[test]
fn what_is_not_known_yet_stands_as_it_was_written() {
    let dialled = "{ collect = \"keuze\" }, { dial = [\"ext:${keuze}\", \"ext:${number}\"], callerid = \"${keuze|default:1}\" }";
    assert_eq!(words(dialled)[1], "dial ext:${keuze}, ext:201 together for 30 s, as ${keuze|default:1}");
    assert_eq!(
        words("{ set = { doel = \"1\" } }, { dial = \"ext:${doel}\" }")[1],
        "dial ext:${doel} for 30 s"
    );
    assert_eq!(
        words("{ dial = \"trunk:a\", to = \"e164:nl:0${number}${1}\" }")[0],
        "dial trunk:a for 30 s, to e164:nl:0201${1}"
    );
    let hidden = CallFacts { from: "", ..call("intern", "201") };
    let matched = steps("{ dial = \"ext:${from}\" }").explain(&hidden).matched.unwrap();
    assert_eq!(matched.steps[0].text, "dial nobody");
}

#[test]
fn of_no_rule_here_and_one_elsewhere() {
    let rule = |context: &str, number: &str| {
        format!("[[context.{context}]]\nname = \"r\"\nmatch = \"{number}\"\ndo = [{{ echo = true }}]\n")
    };
    let plan =
        load(&format!("version = 1\n{}{}{}", rule("inkomend", "1"), rule("intern", "2"), rule("los", "1")));
    let plan = plan.unwrap().plan;
    let elsewhere = |context: &str, number: &str| -> Vec<String> {
        let found = plan.explain(&call(context, number)).elsewhere;
        found.into_iter().map(|other| format!("{}: {}", other.context, other.rule)).collect()
    };
    assert_eq!(elsewhere("intern", "1"), ["inkomend: inkomend/r (plan.toml:2)", "los: los/r (plan.toml:10)"]);
    assert_eq!(elsewhere("weg", "2"), ["intern: intern/r (plan.toml:6)"]);
    assert_eq!(elsewhere("intern", "2"), [""; 0]);
}

const NOT_YET: &str = r#"version = 1
[group.balie]
members = ["201", "trunk:mobiel"]
[[context.intern]]
match = "_0X."
require = "call.national"
do = [{ dial = "trunk:voys", callerid = "site", on_busy = [{ voicemail = "201" }] }, { dial = "group:balie" }]
[[context.intern]]
match = "_1X."
require = "call.premium"
do = [{ dial = ["trunk:b", "ext:1"] }, { park = true }, { park = true }]
[[context.inkomend]]
match = "_!"
do = [{ dial = "ext:1" }]
"#;

#[test]
fn what_a_live_call_cannot_do_is_said_once_a_kind() {
    let (plans, warnings) = Plans::load(&[plans::file("plan.toml", NOT_YET)]).unwrap();
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "voicemail and park, once each: {warnings:#?}");
    let kinds: Vec<String> = plans.not_live().iter().map(ToString::to_string).collect();
    let places: Vec<&str> = kinds.iter().filter_map(|kind| kind.split(": ").next()).collect();
    assert_eq!(places, ["plan.toml:7:41"], "{kinds:#?}");
    assert!(kinds.iter().all(|kind| kind.contains(": warning: ")));
    let (plans, _) = Plans::load(&[plans::file("plan.toml", PLAN)]).unwrap();
    assert_eq!(plans.not_live().len(), 0, "its `require` is asked of live calls too");
}

#[test]
fn an_explanation_notes_it_at_its_step() {
    let plan = load(NOT_YET).unwrap().plan;
    let explained = plan.explain(&call("intern", "0612345678")).matched.unwrap();
    let notes: Vec<&[NotLive]> = explained.steps.iter().map(|step| step.not_live.as_slice()).collect();
    assert_eq!(notes, [&[NotLive::CallerId][..], &[NotLive::Step("voicemail")], &[]]);
    let simulated = plan.simulate(&call("intern", "0612345678"), &Given::default());
    let notes: Vec<_> = simulated.not_live.iter().map(|note| (note.step, note.what)).collect();
    assert_eq!(notes, [(Some(0), NotLive::CallerId)]);
}
