//! What the language can say, each with a call that goes that way.

mod plans;

use kiestoon_dialplan::{
    Action, CallFacts, Circumstances, DialOrder, OverrideTo, Plan, Rotation, SayKind, StepResult,
    WebhookAnswer,
};
use plans::{NONE, at, call, decide, decide_for, load, steps};

fn plan(text: &str) -> Plan {
    let text = format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n{text}");
    let loaded = load(&text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(kiestoon_dialplan::Problem::render).collect::<String>())
    });
    assert_eq!(loaded.warnings, []);
    loaded.plan
}

/// The one problem of a plan.
fn fault(text: &str) -> String {
    let text = format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n{text}");
    let problems = load(&text).err().unwrap_or_else(|| panic!("{text} is taken"));
    let errors: Vec<String> =
        problems.iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect();
    errors.join("\n").replace("plan.toml:", "")
}

fn rule<'a>(plan: &Plan, facts: CallFacts<'a>) -> String {
    plan.decide(&facts).map_or_else(|| "-".to_string(), |decision| decision.rule.name.to_string())
}

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

#[test]
fn variables_are_fixed_or_set_on_the_way() {
    let plan = plan(
        r#"
        [variables]
        balie = "100"
        [[context.intern]]
        match = 're:^\*(\d)(\d+)$'
        do = [
          { set = { klant = "${2}-${from_name}", rest = "${number:1}" } },
          { dial = "ext:${balie}", callerid = "${klant|prefix:0}" },
          { dial = "ext:${1}${balie:1}${rest}" },
        ]
        "#,
    );
    let mut run = decide(&plan, "*789").run;
    let Action::Dial(dial) = run.next(None) else { panic!("dials") };
    assert_eq!(
        (dial.targets[0].to_string(), dial.caller_id.as_deref()),
        ("ext:100".into(), Some("089-Werkplaats"))
    );
    let Action::Dial(dial) = run.next(Some(StepResult::Busy)) else { panic!("dials") };
    assert_eq!(dial.targets[0].to_string(), "ext:700789");
    assert_eq!(run.trail(), ["dial:ext:100 = busy", "dial:ext:700789"]);
}

#[test]
fn a_variable_that_nothing_sets_is_a_slip() {
    assert_eq!(
        fault(
            "[variables]\nbalie = \"1\"\n[[context.intern]]\nmatch = \"1\"\ndo = [{ dial = \"ext:${bali}\" }]\n"
        ),
        "7:21: error: unknown variable `bali`, expected `number`, `from`, `from_name` or `balie`; did you mean `balie`?"
    );
    for (step, message) in [
        (r#"{ set = { number = "1" } }"#, "`number` is given with every call"),
        (r#"{ set = { vast = "1" } }"#, "variable `vast` never changes: it is of `[variables]`"),
        (r#"{ collect = "vast" }"#, "variable `vast` never changes: it is of `[variables]`"),
        (
            r#"{ set = { "a b" = "1" } }"#,
            "`a b` is no name of a variable, expected small letters, digits and `_`",
        ),
    ] {
        let text = format!("[variables]\nvast = \"1\"\n[[context.intern]]\nmatch = \"1\"\ndo = [{step}]\n");
        assert!(fault(&text).contains(message), "{step}: {}", fault(&text));
    }
    assert!(fault("[variables]\na = \"${b}\"\n").contains("is fixed"));
}

#[test]
fn cases_and_conditions_go_on_with_what_follows() {
    let plan = plan(
        r#"
        [hours.kantoor]
        open = "ma-vr 09:00-17:00"
        [group.balie]
        members = "100"
        [[context.intern]]
        match = "_!"
        do = [
          { choose = "${number}", cases = { 1 = "play:een", "_2X" = [{ play = "twee" }], "re:^3" = "say:number:3" }, else = "play:anders" },
          { if = { when = "kantoor", from = "_2XX", value = "${number}", match = ["1", "2"] }, then = [{ play = "open" }], else = "play:dicht" },
          { play = "einde" },
        ]
        "#,
    );
    for (number, from, moment, expected) in [
        ("1", "206", "2026-11-20T10:00+01", "een open einde"),
        ("25", "206", "2026-11-20T10:00+01", "twee dicht einde"),
        ("2", "206", "2026-11-20T10:00+01", "anders open einde"),
        ("1", "306", "2026-11-20T10:00+01", "een dicht einde"),
        ("1", "206", "2026-11-20T18:00+01", "een dicht einde"),
    ] {
        let facts = CallFacts { from, at: at(moment), ..call("intern", number) };
        let mut run = decide_for(&plan, &facts).run;
        let mut previous = None;
        let mut played = Vec::new();
        while let Action::Play { prompt } = run.next(previous) {
            played.push(prompt);
            previous = Some(StepResult::Played);
        }
        assert_eq!(played.join(" "), expected, "{number} from {from}");
    }
    let Action::Say { saying, prompts } = decide(&plan, "3").run.next(None) else { panic!("says") };
    assert_eq!((saying.kind, saying.text.as_str(), prompts.len()), (SayKind::Number, "3", 1));
}

#[test]
fn a_destination_that_replaces_the_rest_comes_from_a_branch() {
    let plan = plan(
        r#"
        [group.balie]
        members = ["100", "101"]
        [[context.intern]]
        match = "1"
        do = [{ choose = "${number}", cases = { 1 = "rule:nacht" } }, { play = "nooit" }]
        [[context.intern]]
        name = "nacht"
        match = "999"
        do = [{ dial = "group:balie", on_no_answer = [{ hangup = 19 }] }]
        "#,
    );
    let mut run = decide(&plan, "1").run;
    assert_eq!(run.next(None).to_string(), "dial:group:balie");
    assert_eq!(run.next(Some(StepResult::NoAnswer)), Action::Hangup { cause: Some(19) });
    assert_eq!(run.next(None), Action::Done);
}

#[test]
fn digits_are_asked_for_again_and_then_given_up() {
    let plan = steps(
        r#"{ collect = "keuze", prompt = "kies", min = 2, max = 4, match = ["_1X", "set:x"], retries = 1, on_timeout = [{ play = "stil" }],
             on_invalid = [{ play = "fout" }] }, { dial = "ext:${keuze}" }"#
            .replace(", \"set:x\"", "")
            .as_str(),
    );
    let mut run = decide(&plan, "1").run;
    let Action::Collect(collect) = run.next(None) else { panic!("asks") };
    assert_eq!(
        (collect.min, collect.max, collect.end, collect.timeout.as_secs(), collect.pause.as_secs()),
        (2, 4, Some('#'), 5, 3)
    );
    assert_eq!(run.collected("12").to_string(), "dial:ext:12");
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert!(matches!(run.collected("99"), Action::Collect(_)), "asked again");
    assert_eq!(run.collected("99").to_string(), "play:fout");
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert!(matches!(run.collected(""), Action::Collect(_)), "asked again");
    assert_eq!(run.collected("1").to_string(), "play:stil");
    assert_eq!(
        run.trail(),
        ["collect:kies = timeout", "digits:", "collect:kies = timeout", "digits:1", "play:stil"]
    );
}

#[test]
fn a_secret_is_known_to_the_plan_and_shown_to_nobody() {
    let plan = steps(
        r#"{ collect = "pin", digits = 4, secret = true }, { choose = "${pin}", cases = { 1234 = "play:goed" }, else = "play:fout" }"#,
    );
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.collected("1234").to_string(), "play:goed");
    assert_eq!(run.trail(), ["collect = collected", "digits:****", "play:goed"]);
}

#[test]
fn a_question_without_branches_goes_on() {
    let plan = steps(r#"{ collect = "x", retries = 0 }, { dial = ["ext:${x|default:100}"] }"#);
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.collected("").to_string(), "dial:ext:100");
}

#[test]
fn goto_decides_again_with_another_number() {
    let plan = plan(
        r#"
        [[context.intern]]
        match = "8"
        do = [{ goto = "context:kort", number = "2${number}" }]
        [[context.intern]]
        match = "9"
        do = [{ goto = "context:kort" }]
        [[context.intern]]
        match = "7"
        do = [{ goto = "rule:kort/rechten" }]
        [[context.kort]]
        match = "_2X"
        do = [{ dial = "ext:${number}" }]
        [[context.kort]]
        name = "rechten"
        match = "777"
        require = "call.international"
        do = [{ dial = "ext:1" }]
        "#,
    );
    let mut run = decide(&plan, "8").run;
    assert_eq!(run.next(None).to_string(), "dial:ext:28");
    assert_eq!(run.trail(), ["rule:kort/#1", "dial:ext:28"]);
    let mut run = decide(&plan, "9").run;
    assert_eq!(run.next(None), Action::Reject { status: 404 });
    assert_eq!(run.trail()[0], "no rule:kort/9");
    let mut run = decide(&plan, "7").run;
    assert_eq!(run.next(None), Action::Require { permission: "call.international".into() });
    assert_eq!(run.next(Some(StepResult::Done)).to_string(), "dial:ext:1");
}

#[test]
fn rules_that_go_to_each_other_end() {
    let plan = plan(
        r#"
        [[context.intern]]
        name = "a"
        match = "_!"
        do = [{ goto = "context:intern", number = "${number}1" }]
        "#,
    );
    let mut run = decide(&plan, "1").run;
    assert_eq!(run.next(None), Action::Done);
    assert_eq!(run.trail().last().map(String::as_str), Some("too many rules"));
    assert_eq!(run.trail().len(), 21);
}

#[test]
fn a_walk_has_an_hour() {
    let plan = steps("{ play = \"a\" }, { play = \"b\" }, { play = \"c\" }");
    let mut run = decide(&plan, "1").run.run;
    let mut next = |seconds: i64, previous| {
        let at = kiestoon_dialplan::Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        run.next(previous, &Circumstances { plan: &plan, at, overrides: &NONE })
    };
    assert_eq!(next(0, None).to_string(), "play:a");
    assert_eq!(next(3600, Some(StepResult::Played)).to_string(), "play:b");
    assert_eq!(next(3601, Some(StepResult::Played)), Action::Done);
}

#[test]
fn a_webhook_says_where_the_call_goes() {
    let plan = plan(
        r#"
        [webhook.crm]
        url = "https://crm.example.nl/route"
        variables = ["klant"]
        [group.balie]
        members = "100"
        [[context.intern]]
        match = "_!"
        do = [{ webhook = "crm", on_failure = "group:balie" }, { dial = "ext:${klant|default:9}" }]
        "#,
    );
    let answered = |destination: Option<&str>, klant: &str| {
        let mut run = decide(&plan, "1").run;
        let Action::Webhook(webhook) = run.next(None) else { panic!("asks") };
        assert_eq!((&*webhook.url, webhook.timeout.as_secs()), ("https://crm.example.nl/route", 2));
        let answer = WebhookAnswer {
            destination: destination.map(Into::into),
            variables: vec![("klant".into(), klant.into()), ("number".into(), "x".into())],
        };
        let result = run.run.webhook_answered(&answer, &plan);
        run.next(Some(result)).to_string()
    };
    assert_eq!(answered(None, "12"), "dial:ext:12");
    assert_eq!(answered(Some("ext:300"), "12"), "dial:ext:300");
    assert_eq!(answered(Some("context:intern/5"), "12"), "webhook:crm");
    assert_eq!(answered(Some("group:weg"), "12"), "dial:group:balie");
    assert_eq!(answered(Some("ext:${number}"), "12"), "dial:group:balie", "it is no template");
    let mut run = decide(&plan, "1").run;
    run.next(None);
    assert_eq!(run.next(Some(StepResult::Failed)).to_string(), "dial:group:balie");
}

#[test]
fn webhooks_have_addresses_and_limits() {
    let hook = |keys: &str| fault(&format!("[webhook.crm]\n{keys}\n"));
    assert!(hook("timeout = \"2s\"").contains("needs `url`"));
    for url in ["crm", "ftp://x", "https://", "https:///x", "https://a b", "https://x/${from}"] {
        assert!(hook(&format!("url = \"{url}\"")).contains("is no address of a service"), "{url}");
    }
    assert!(hook("url = \"http://x\"\ntimeout = \"11s\"").contains("at most \"10s\""));
    assert!(
        fault("[[context.intern]]\nmatch = \"1\"\ndo = [{ webhook = \"crm\" }]\n")
            .contains("unknown webhook `crm`")
    );
}

#[test]
fn hours_are_set_by_a_key() {
    let plan = plan(
        r#"
        [hours.kantoor]
        open = "ma-vr 09:00-17:00"
        [[context.intern]]
        match = "*28"
        do = [{ override = "kantoor" }, { override = "kantoor", to = "closed" }, { notify = "bhv ${from}" }]
        "#,
    );
    let mut run = decide(&plan, "*28").run;
    assert_eq!(run.next(None), Action::Override { hours: "kantoor".into(), to: OverrideTo::Toggle });
    assert_eq!(run.next(Some(StepResult::Done)).to_string(), "override:kantoor:closed");
    assert_eq!(run.next(Some(StepResult::Done)), Action::Notify { whom: "bhv 206".into() });
    assert_eq!(plan.hours(at("2026-11-20T10:00+01")).collect::<Vec<_>>(), [("kantoor", true)]);
}

#[test]
fn groups_ring_by_their_strategy() {
    let plan = plan(
        r#"
        [group.a]
        members = [{ member = "201", weight = 3 }, "202", { member = "trunk:mobiel" }]
        strategy = "weighted"
        [[context.intern]]
        match = "1"
        do = [{ dial = "group:a" }]
        [[context.intern]]
        match = "2"
        do = [{ dial = "group:a", strategy = "longest-idle", failover = ["408", "5xx", "no-media"] }]
        [[context.intern]]
        match = "3"
        do = [{ dial = ["group:a", "ext:9"] }]
        "#,
    );
    let dial = |number: &str| {
        let Action::Dial(dial) = decide(&plan, number).run.next(None) else { panic!("dials") };
        dial
    };
    let weighted = dial("1");
    assert_eq!(weighted.order, DialOrder::Rotate(Rotation::Weighted));
    assert_eq!((weighted.weights, weighted.group.as_deref()), (vec![3, 1, 1], Some("a")));
    let idle = dial("2");
    assert_eq!((idle.order, idle.failover.len()), (DialOrder::Rotate(Rotation::LongestIdle), 3));
    assert_eq!((dial("3").order, dial("3").group), (DialOrder::Sequence, None));
}

#[test]
fn every_step_can_be_said() {
    for (step, expected) in [
        ("{ say = \"digits:${from}\" }", "say:digits:206"),
        ("{ say = \"date\" }", "say:date"),
        ("{ say = \"time:14:30\" }", "say:time:14:30"),
        ("{ say = \"spell:AB${number}\" }", "say:spell:AB1"),
        ("{ say = \"date:${from}\" }", "say:date:206 = failed"),
        ("{ pickup = \"201\" }", "pickup:201"),
        ("{ forward = \"${number:3}\" }", "forward:"),
        ("{ dnd = true }", "dnd"),
        ("{ page = [\"201\"] }", "page"),
        ("{ conference = \"zaal\" }", "conference:zaal"),
    ] {
        let plan = steps(step);
        let mut run = decide(&plan, "1").run;
        run.next(None);
        assert_eq!(run.trail(), [expected], "{step}");
    }
}

#[test]
fn slips_in_steps_name_what_was_meant() {
    let step = |step: &str| fault(&format!("[[context.intern]]\nmatch = \"1\"\ndo = [{step}]\n"));
    for (text, message) in [
        (r#"{ say = "nummer:1" }"#, "cannot be said"),
        (r#"{ say = "digits" }"#, "cannot be said"),
        (r#"{ collect = "x", digits = 3, min = 2 }"#, "stands without `min` and `max`"),
        (r#"{ collect = "x", min = 3, max = 2 }"#, "`max` is less than `min`"),
        (r#"{ collect = "x", max = 33 }"#, "a number from 1 to 32"),
        (r#"{ collect = "x", end = "5" }"#, "`end` must be"),
        (r#"{ collect = "number" }"#, "is no name for what is pressed"),
        (r#"{ choose = "${number}" }"#, "`choose` needs `cases`"),
        (r#"{ choose = "${number}", cases = {} }"#, "at least one"),
        (r#"{ choose = "${number}", cases = { 1 = "grup:a" } }"#, "is no destination"),
        (r#"{ choose = "${number}", cases = { 1 = "group:a" } }"#, "unknown group `a`"),
        (r#"{ if = {}, then = [{ echo = true }] }"#, "`if` asks nothing"),
        (r#"{ if = { value = "1" }, then = [{ echo = true }] }"#, "stand together"),
        (r#"{ if = { from = "1" } }"#, "`if` needs `then`"),
        (r#"{ goto = "nacht" }"#, "is nowhere to go"),
        (r#"{ goto = "rule:nacht" }"#, "has no rule `nacht`"),
        (r#"{ goto = "context:weg" }"#, "unknown context `weg`"),
        (r#"{ goto = "rule:x", number = "1" }"#, "only a context decides by number"),
        (r#"{ override = "kantoor" }"#, "unknown hours `kantoor`"),
        (r#"{ dial = "ext:1", order = "parallel", strategy = "ring-all" }"#, "say the same"),
        (r#"{ dial = "ext:1", strategy = "ring-al" }"#, "unknown strategy `ring-al`"),
        (r#"{ play = "a", timeout = "1s" }"#, "unknown key `timeout` in step `play`"),
    ] {
        assert!(step(text).contains(message), "{text}: {}", step(text));
    }
}
