//! The way of a call through the dialplan stands in its record: each rule, why it took the call, and what its steps came to.

use kiestoon_call::{Event, Input, Way, WebhookFault};
use kiestoon_dialplan::WebhookAnswer;
use kiestoon_testkit::{Reply, Story, phone, secs};

const RULES: &str = r#"
[hours.kantoor]
open = ["ma-vr 08:30-17:30"]

[webhook.crm]
url = "https://crm.example/route"
variables = ["klant"]

[[context.intern]]
name = "balie"
match = "100"
when = "kantoor"
do = [
  { webhook = "crm", on_failure = [{ hangup = true }] },
  { dial = "ext:202", timeout = "20s", on_busy = [{ play = "welkom" }, { dial = "ext:203" }] },
]

[[context.intern]]
name = "alarm"
match = "112"
emergency = true
do = [{ notify = "bhv" }, { dial = "ext:202" }]

[[context.intern]]
name = "toestellen"
match = "_20X"
do = [{ notify = "balie" }, { dial = "ext:${number}" }]
"#;

/// As in the history: a line for each rule, and one for each step.
fn drawn(ways: &[Way]) -> Vec<String> {
    let mut lines = Vec::new();
    for way in ways {
        let rule = way.rule.as_ref().map_or("none", |rule| &*rule.name);
        lines.push(format!("{} for {}: {rule}", way.number, way.by));
        lines.extend(way.trail.steps().iter().map(|step| match &step.result {
            Some(result) => format!("{} -> {result}", step.text),
            None => step.text.to_string(),
        }));
    }
    lines
}

#[test]
fn each_step_with_its_result() {
    let mut t = Story::office(1).rules(RULES);
    let [a, _, c] = [phone("201"), phone("202").is_busy(), phone("203")].map(|phone| t.add(phone));
    t.register_all();
    t.call(a, "100");
    t.run(secs(1));
    let id = t.the_pbx().asked.last().expect("a question").id;
    let variables = vec![("klant".to_owned(), "12".to_owned())];
    t.tell_pbx(Input::WebhookAnswered { id, answer: Ok(WebhookAnswer { destination: None, variables }) });
    t.run(secs(4));
    let live = drawn(&t.the_pbx().switch.calls(t.now())[0].way);
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
    let cdr = t.expect_cdr().record();
    let rule = cdr.way[0].rule.as_ref().expect("a rule");
    assert_eq!((&*rule.context, &*rule.file), ("intern", "dialplans/story.toml"));
    assert!(rule.line > 1);
    assert_eq!(&*cdr.way[0].why.pattern, "100");
    assert_eq!(cdr.way[0].why.when.iter().map(|when| &**when).collect::<Vec<_>>(), ["kantoor"]);
    let expected = [
        "100 for 201: balie",
        "webhook:crm -> done",
        "set:klant=12",
        "dial:ext:202 -> busy",
        "play:welkom -> played",
        "dial:ext:203 -> answered",
    ];
    assert_eq!(drawn(&cdr.way), expected);
    assert_eq!(live[..5], expected[..5]);
}

#[test]
fn a_fault_by_its_name() {
    let mut t = Story::office(2).rules(RULES);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "100");
    t.run(secs(1));
    let id = t.the_pbx().asked.last().expect("a question").id;
    t.tell_pbx(Input::WebhookAnswered { id, answer: Err(WebhookFault::TooBig) });
    t.settle();
    assert_eq!(
        drawn(&t.expect_cdr().record().way),
        ["100 for 201: balie", "webhook:crm -> failed", "fault:too_big", "hangup"]
    );
}

#[test]
fn a_forwarded_call_has_the_rule_of_each_number() {
    let mut t = Story::office(3).rules(RULES);
    let b = phone("202").follows(vec![(secs(0), Reply::Redirect("203".to_owned()))]);
    let [a, _, c] = [phone("201"), b, phone("203")].map(|phone| t.add(phone));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
    let ways = drawn(&t.expect_cdr().record().way);
    assert_eq!(ways[..2], ["202 for 201: toestellen", "notify:balie -> done"]);
    assert!(ways.contains(&"203 for 202: toestellen".to_owned()), "{ways:#?}");
}

#[test]
fn a_transferred_call_too_and_a_number_that_no_rule_takes() {
    let mut t = Story::office(4).rules(RULES);
    let [a, b, c] = ["201", "202", "203"].map(|number| t.add(phone(number)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.transfer(b, "201", "203");
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
    let ways = drawn(&t.expect_cdr().record().way);
    let rules: Vec<_> = ways.iter().filter(|line| line.contains(" for ")).collect();
    assert_eq!(rules, ["202 for 201: toestellen", "203 for 202: toestellen"]);
    t.call(a, "999");
    t.settle();
    assert_eq!(drawn(&t.expect_nth_cdr(1).record().way), ["999 for 201: none"]);
}

#[test]
fn notify_tells_and_an_emergency_more_so() {
    let mut t = Story::office(5).rules(RULES);
    let [a, b] = ["201", "202"].map(|number| t.add(phone(number)));
    t.register_all();
    for number in ["112", "202"] {
        t.call(a, number);
        t.run(secs(3));
        t.expect(a).talks_both_ways_with(b);
        t.close(a);
    }
    let told: Vec<_> = t
        .the_pbx()
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Notified { from, dialled, whom, emergency, .. } => {
                Some((&**from, &**dialled, &**whom, *emergency))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, [("201", "112", "bhv", true), ("201", "202", "balie", false)]);
    assert!(t.expect_nth_cdr(0).record().emergency && !t.expect_nth_cdr(1).record().emergency);
}
