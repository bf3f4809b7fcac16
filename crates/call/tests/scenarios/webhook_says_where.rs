//! `webhook`: a service outside is asked where the call goes, and the call waits for its answer.

use std::time::Duration;

use kiestoon_call::{Event, Input, WebhookFault, WebhookRequest};
use kiestoon_dialplan::WebhookAnswer;
use kiestoon_testkit::{Ended, PhoneId, Story, phone, secs};

const ASKS: &str = r#"
[webhook.crm]
url = "https://crm.example/route"
timeout = "2s"
variables = ["klant"]

[[context.intern]]
match = "600"
do = [
  { webhook = "crm", on_failure = [{ dial = "ext:203" }] },
  { dial = "ext:${klant}" },
]

[[context.intern]]
match = "601"
do = [{ play = "welkom" }, { webhook = "crm" }, { dial = "ext:202" }]

[[context.intern]]
match = "602"
do = [{ goto = "context:intern", number = "600" }]

[[context.intern]]
match = "_20X"
do = [{ dial = "ext:${number}" }]
"#;

/// 201 has dialled, and the service has been asked.
fn asked(seed: u64, number: &str) -> (Story, [PhoneId; 3], WebhookRequest) {
    let mut t = Story::office(seed).rules(ASKS);
    let phones = ["201", "202", "203"].map(|number| t.add(phone(number)));
    t.register_all();
    t.call(phones[0], number);
    t.run(secs(1));
    let request = t.the_pbx().asked.last().expect("a question").clone();
    (t, phones, request)
}

fn answer(t: &mut Story, request: &WebhookRequest, answer: Result<WebhookAnswer, WebhookFault>) {
    t.tell_pbx(Input::WebhookAnswered { id: request.id, answer });
}

fn destination(text: &str) -> Result<WebhookAnswer, WebhookFault> {
    Ok(WebhookAnswer { destination: Some(text.to_owned()), ..WebhookAnswer::default() })
}

#[test]
fn the_call_goes_where_the_answer_says() {
    let (mut t, [a, b, c], request) = asked(1, "600");
    assert_eq!((&*request.name, &*request.url), ("crm", "https://crm.example/route"));
    assert_eq!((&*request.organisation, &*request.context), ("kantoor", "intern"));
    assert_eq!((&*request.from, &*request.from_name, &*request.dialled), ("201", "Toestel 201", "600"));
    assert!(request.at.starts_with("2026-11-20T10:00:0") && request.at.ends_with("+01:00"), "{}", request.at);
    t.expect(b).never_called();
    answer(&mut t, &request, destination("ext:202"));
    t.run(secs(3));
    t.expect(a).talking_with("600").talks_both_ways_with(b);
    t.expect(c).never_called();
    t.close(a);
    t.expect_cdr().answered().reached("202");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn its_variables_are_for_the_steps_that_follow() {
    let (mut t, [a, b, _], request) = asked(2, "600");
    let variables = vec![("klant".to_owned(), "202".to_owned())];
    answer(&mut t, &request, Ok(WebhookAnswer { destination: None, variables }));
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().reached("202");
}

#[test]
fn a_fault_is_told_and_the_call_goes_where_the_dialplan_says_for_it() {
    let (mut t, [a, b, c], request) = asked(3, "600");
    answer(&mut t, &request, Err(WebhookFault::Status(500)));
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(c);
    t.expect(b).never_called();
    let told = |event: &Event| matches!(event, Event::WebhookFailed { webhook, fault, .. } if **webhook == *"crm" && *fault == WebhookFault::Status(500));
    assert!(t.the_pbx().events.iter().any(told), "{:?}", t.the_pbx().events);
    t.close(a);
    t.expect_cdr().reached("203");
}

#[test]
fn who_says_nothing_at_all_holds_nobody_up() {
    let (mut t, [a, _, c], _) = asked(4, "600");
    t.run(Duration::from_millis(2_500));
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
    t.expect_cdr().reached("203");
}

#[test]
fn an_answer_after_the_caller_gave_up_changes_nothing() {
    let (mut t, [a, b, c], request) = asked(5, "600");
    t.hang_up(a);
    t.run(secs(1));
    answer(&mut t, &request, destination("ext:202"));
    t.settle();
    t.expect(b).never_called();
    t.expect(c).never_called();
    t.expect_cdr().disposition("cancelled").reason("cancelled");
    t.expect_nothing_left();
}

#[test]
fn a_second_answer_and_one_to_another_question_change_nothing() {
    let (mut t, [a, b, c], request) = asked(6, "600");
    answer(&mut t, &request, destination("ext:202"));
    answer(&mut t, &request, destination("ext:203"));
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.expect(c).never_called();
    t.close(a);
    t.call(a, "600");
    t.run(secs(1));
    answer(&mut t, &request, destination("ext:203"));
    t.run(Duration::from_millis(500));
    t.expect(c).never_called();
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_was_answered_by_a_prompt_may_hold_and_hang_up_meanwhile() {
    let mut t = Story::office(7).rules(ASKS);
    let [a, b] = ["201", "202"].map(|number| t.add(phone(number)));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    assert!(t.the_pbx().asked.is_empty(), "it plays still");
    t.run(Duration::from_millis(1_500));
    let request = t.the_pbx().asked.last().expect("a question after the prompt").clone();
    t.hold(a);
    t.run(Duration::from_millis(300));
    t.resume(a);
    t.run(Duration::from_millis(300));
    answer(&mut t, &request, Ok(WebhookAnswer::default()));
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
    t.expect(a).ended(Ended::ByUs);
    t.expect_cdr().answered().reached("202");
}

/// Another process has taken the call up: it asks again, under the id of the first question, whose answer went to the other one.
#[test]
fn a_call_that_is_taken_up_by_another_process_asks_again() {
    let (mut t, [a, b, _], request) = asked(8, "600");
    t.pbx().hands_over = true;
    let before = t.the_pbx().asked.len();
    t.tell_pbx(Input::Tick);
    let again = &t.the_pbx().asked[before..];
    assert_eq!(again.first(), Some(&request), "the same question, in every word");
    answer(&mut t, &request, destination("ext:202"));
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().reached("202");
}

#[test]
fn it_is_asked_about_the_number_that_the_call_goes_by() {
    let (mut t, [a, ..], request) = asked(30, "602");
    assert_eq!(&*request.dialled, "600");
    t.cancel(a);
    t.settle();
    t.expect_nothing_left();
}
