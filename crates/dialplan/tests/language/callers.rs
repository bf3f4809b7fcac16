//! Rules for some callers and numbers only.

use kiestoon_dialplan::CallFacts;

use crate::plans::{call, decide, decide_for};
use crate::{plan, rule};

#[test]
fn a_rule_may_be_for_some_callers_only() {
    let plan = plan(
        r#"
        [set.vip]
        numbers = ["+31611111111", "_+3162X."]
        [[context.inkomend]]
        name = "vip"
        match = "_!"
        from = ["set:vip", "!+31622222222"]
        do = [{ dial = "ext:201" }]
        [[context.inkomend]]
        name = "geheim"
        match = "_!"
        from = "anonymous"
        do = [{ reject = "decline" }]
        [[context.inkomend]]
        name = "niet-zes"
        match = "_!"
        from = "!_+316."
        do = [{ dial = "ext:202" }]
        [[context.inkomend]]
        name = "rest"
        match = "set:vip"
        do = [{ dial = "ext:203" }]
        "#,
    );
    for (from, dialled, expected) in [
        ("+31611111111", "1", "vip"),
        ("+31621111111", "1", "vip"),
        ("+31622222222", "+31611111111", "rest"),
        ("+31622222222", "+31633333333", "-"),
        ("", "1", "geheim"),
        ("anonymous", "1", "geheim"),
        ("+32470123456", "1", "niet-zes"),
    ] {
        let facts = CallFacts { from, ..call("inkomend", dialled) };
        assert_eq!(rule(&plan, facts), expected, "{from}");
    }
    let why = plan.decide(&CallFacts { from: "+31611111111", ..call("inkomend", "1") }).unwrap().why;
    assert_eq!((&*why.pattern, &*why.from), ("_!", "set:vip, !+31622222222"));
}

#[test]
fn dashes_count_nowhere() {
    let plan = plan(
        r#"
        [set.vip]
        numbers = ["06-1111", "_0622X-X"]
        [[context.intern]]
        name = "vip"
        match = "_!"
        from = "set:vip"
        do = [{ echo = true }]
        [[context.intern]]
        name = "uitdrukking"
        match = 're:^11(2|3)$'
        do = [{ dial = "ext:${1}" }]
        [[context.intern]]
        name = "kies"
        match = "9"
        do = [{ choose = "${from}", cases = { "set:vip" = "play:vip", "06-3" = "play:drie" }, else = "play:anders" }]
        "#,
    );
    for from in ["061111", "0-61111", "06-1111", "0622-11", "06-2211"] {
        assert_eq!(rule(&plan, CallFacts { from, ..call("intern", "1") }), "vip", "{from}");
    }
    for number in ["112", "1-12", "-1-1-3-"] {
        assert_eq!(rule(&plan, call("intern", number)), "uitdrukking", "{number}");
    }
    assert_eq!(decide(&plan, "1-1-3").run.next(None).to_string(), "dial:ext:3");
    let facts = CallFacts { from: "0-63", ..call("intern", "9") };
    assert_eq!(decide_for(&plan, &facts).run.next(None).to_string(), "play:drie");
}
