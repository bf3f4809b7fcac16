//! What is asked for as a secret is shown nowhere: not in events, the record, or what services are sent. A service that names it
//! is sent it.

use kiestoon_call::{Event, Input, WebhookId};
use kiestoon_dialplan::WebhookAnswer;
use kiestoon_media::{DigitSource, MediaEvent};
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Story, millis, phone, secs};

const RULES: &str = r#"
[webhook.bank]
url = "https://bank.example/pin"
variables = ["echo", "pin"]
secrets = "pin"

[webhook.crm]
url = "https://crm.example/route"

[[context.intern]]
match = "600"
do = [
  { collect = "keuze", digits = 1 },
  { play = "welkom" },
  { collect = "pin", digits = 8, secret = true },
  { set = { kopie = "x${pin:2}" } },
  { webhook = "crm" },
  { webhook = "bank" },
  { say = "digits:${pin}" },
  { notify = "${kopie}" },
  { dial = "ext:${pin}", on_unavailable = [{ goto = "context:nergens", number = "${pin}" }] },
]

[[context.nergens]]
match = "1"
do = [{ echo = true }]

[[context.intern]]
match = "601"
do = [{ collect = "pin", digits = 8, secret = true }, { goto = "context:klant", number = "${pin}" }]

[[context.klant]]
match = "_X."
do = [{ notify = "balie" }, { webhook = "crm" }]
"#;

/// No part of it stands in a number, a time or an address.
const PIN: &str = "80917364";

fn asked(t: &mut Story) -> PhoneId {
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "600");
    t.run(secs(1));
    press(t, "1");
    a
}

#[test]
fn a_secret_that_has_become_the_number_is_stars_for_others() {
    let mut t = Story::office(2).rules(RULES);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    press(&mut t, PIN);
    t.run(secs(4));
    let crm = t.the_pbx().asked.last().expect("a question").clone();
    assert_eq!(&*crm.dialled, "********");
    answer(&mut t, crm.id, &[]);
    t.settle();
    let record = t.the_pbx().ended().next().expect("a record").clone();
    assert!(t.the_pbx().events.iter().any(|event| matches!(event, Event::Notified { .. })), "it was told");
    let shown = format!("{record:?} {:?}", t.the_pbx().events);
    assert!(!shown.contains(PIN), "{shown}");
}

fn press(t: &mut Story, keys: &str) {
    for digit in keys.chars() {
        let leg = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
        let source = DigitSource::Event4733;
        t.tell_pbx(Input::Media(MediaEvent::Digit { leg, digit, duration_ms: 100, source, passed: false }));
        t.run(millis(100));
    }
}

fn answer(t: &mut Story, id: WebhookId, variables: &[(&str, &str)]) {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    t.tell_pbx(Input::WebhookAnswered { id, answer: Ok(WebhookAnswer { destination: None, variables }) });
    t.run(secs(1));
}

/// The keys that watchers are told.
fn keys(t: &Story) -> Vec<Option<char>> {
    let key = |event: &Event| match event {
        Event::CallDigit { digit, .. } => Some(*digit),
        _ => None,
    };
    t.the_pbx().events.iter().filter_map(key).collect()
}

#[test]
fn a_secret_is_nowhere_but_with_whom_it_is_for() {
    let mut t = Story::office(1).rules(RULES);
    let a = asked(&mut t);
    // Ahead of its question, in two ways, and then in answer to it.
    press(&mut t, &PIN[..1]);
    t.send_in_call(
        a,
        Method::Info,
        "application/dtmf-relay",
        &format!("Signal={}\r\nDuration=100\r\n", &PIN[1..2]),
    );
    t.run(secs(4));
    press(&mut t, &PIN[2..]);
    let shown: Vec<char> = keys(&t).into_iter().flatten().collect();
    assert_eq!((shown, keys(&t).len()), (vec!['1'], 9), "each key is told of, and one of them shown");

    let crm = t.the_pbx().asked.last().expect("a question").clone();
    assert_eq!(crm.variables.keys().map(|name| &**name).collect::<Vec<_>>(), ["keuze"]);
    answer(&mut t, crm.id, &[]);
    let bank = t.the_pbx().asked.last().expect("a question").clone();
    let told: Vec<_> = bank.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(told, [("keuze", "1"), ("pin", PIN)], "what it names, and nothing made of it");
    answer(&mut t, bank.id, &[("pin", PIN)]);
    t.expect(a).hears_prompt("say/8 say/0 say/9 say/1 say/7 say/3 say/6 say/4");
    t.settle();

    let record = t.the_pbx().ended().next().expect("a record").clone();
    let trail: Vec<&str> = record.way[0].trail.steps().iter().map(|step| &*step.text).collect();
    assert_eq!(
        trail,
        [
            "collect",
            "digits:1",
            "play:welkom",
            "collect",
            "digits:********",
            "webhook:crm",
            "webhook:bank",
            "set:pin=*",
            "say:digits:********",
            "notify:*******",
            "dial:ext:********",
            "no rule:nergens/*",
            "reject:404"
        ]
    );
    let shown = format!("{record:?} {:?}", t.the_pbx().events);
    for part in [PIN, &PIN[2..]] {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
}
