//! Contexts that stand in others, and what they may bring in.

use kiestoon_dialplan::CallFacts;

use crate::plans::{at, call, load};
use crate::{fault, plan, rule};

#[test]
fn a_context_stands_where_it_is_included_and_under_its_condition() {
    let plan = plan(
        r#"
        [hours.kantoor]
        open = "ma-vr 09:00-17:00"
        [[context.intern]]
        name = "eigen"
        match = "100"
        do = [{ echo = true }]
        [[context.intern]]
        include = "overdag"
        when = "kantoor"
        [[context.intern]]
        name = "rest"
        match = "_1XX"
        do = [{ echo = true }]
        [[context.overdag]]
        name = "dag"
        match = "_1XX"
        do = [{ echo = true }]
        [[context.overdag]]
        include = "diep"
        from = "_2XX"
        [[context.diep]]
        name = "bodem"
        match = "300"
        do = [{ echo = true }]
        "#,
    );
    let evening = at("2026-11-20T20:00+01");
    assert_eq!(rule(&plan, call("intern", "100")), "eigen");
    assert_eq!(rule(&plan, call("intern", "101")), "dag");
    assert_eq!(rule(&plan, CallFacts { at: evening, ..call("intern", "101") }), "rest");
    assert_eq!(rule(&plan, call("intern", "300")), "bodem");
    assert_eq!(rule(&plan, CallFacts { at: evening, ..call("intern", "300") }), "-");
    assert_eq!(rule(&plan, CallFacts { from: "301", ..call("intern", "300") }), "-");
    let why = plan.decide(&call("intern", "300")).unwrap().why;
    assert_eq!(
        (why.when.iter().map(|when| &**when).collect::<Vec<_>>(), &*why.from),
        (vec!["kantoor"], "_2XX")
    );
}

#[test]
fn includes_that_cannot_be_are_refused() {
    assert_eq!(
        fault("[[context.intern]]\ninclude = \"intrn\"\n"),
        "4:11: error: unknown context `intrn`, expected the name of a [[context.*]]; did you mean `intern`?"
    );
    let circle = "[[context.a]]\ninclude = \"b\"\n[[context.b]]\ninclude = \"a\"\n";
    assert_eq!(
        fault(circle),
        "4:11: error: context `b` includes itself\n6:11: error: context `a` includes itself"
    );
    let mut deep = String::new();
    for level in 0..10 {
        deep.push_str(&format!("[[context.c{level}]]\ninclude = \"c{}\"\n", level + 1));
    }
    deep.push_str("[[context.c10]]\nmatch = \"1\"\ndo = [{ echo = true }]\n");
    assert!(fault(&deep).contains("more than 8 deep"), "{}", fault(&deep));
    let emergency = "[[context.nood]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"ext:201\" }]\n\
                     [[context.intern]]\ninclude = \"nood\"\nfrom = \"_2XX\"\n";
    assert_eq!(
        fault(emergency),
        "3:1: error: emergency rule nood is included under a condition; an emergency rule always counts: include it without `when` and `from`"
    );
    let shadowed = "[[context.intern]]\nname = \"alles\"\nmatch = \"_X.\"\ndo = [{ echo = true }]\n[[context.intern]]\ninclude = \"nood\"\n\
                    [[context.nood]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"ext:201\" }]\n";
    assert!(fault(shadowed).contains("could be shadowed by rule alles"), "{}", fault(shadowed));
}

#[test]
fn includes_that_multiply_end() {
    let mut text = String::new();
    for level in 0..7 {
        for _ in 0..40 {
            text.push_str(&format!("[[context.c{level}]]\ninclude = \"c{}\"\n", level + 1));
        }
    }
    text.push_str("[[context.c7]]\nmatch = \"1\"\ndo = [{ echo = true }]\n");
    assert!(fault(&text).contains("at most 1000 includes"), "{}", fault(&text));
}

/// A context of 1,000 patterns, and so many others that include it. What lies in them weighs nothing.
fn included(times: usize, more: &str) -> String {
    let patterns: Vec<String> = (0..1_000).map(|n| format!("\"_2{n:03}X\"")).collect();
    let mut text = format!("[[context.vol]]\nmatch = [{}]\ndo = [{{ echo = true }}]\n", patterns.join(", "));
    for context in 0..times {
        text.push_str(&format!("[[context.c{context}]]\ninclude = \"vol\"\n"));
    }
    text + more
}

#[test]
fn what_includes_bring_in_is_bounded_over_all_contexts() {
    // Each brings in 1,000 patterns, and counts one itself.
    let loaded = load(&included(49, "")).expect("49 times are fine");
    assert_eq!(loaded.plan.contexts().count(), 50);
    let whole = "[[context.klein]]\nmatch = \"_[1-9]X\"\ndo = [{ echo = true }]\n\
                 [[context.laatste]]\ninclude = \"klein\"\n";
    assert!(load(&included(49, whole)).is_ok());
    let found = fault(&included(50, whole));
    assert!(
        found.contains("includes bring in more than 50000 patterns and includes, all contexts together"),
        "{found}"
    );
    assert_eq!(found.lines().count(), 1, "told once: {found}");
}
