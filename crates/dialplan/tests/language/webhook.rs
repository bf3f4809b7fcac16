//! Services that say where a call goes.

use kiestoon_dialplan::{Action, StepResult, WebhookAnswer};

use crate::plans::decide;
use crate::{fault, plan};

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
