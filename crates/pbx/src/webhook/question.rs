//! What a service is sent: a JSON object. What callers can choose stands in it and nowhere else.
use std::collections::BTreeMap;

use bytes::Bytes;
use kiestoon_call::WebhookRequest;
use serde::Serialize;

#[derive(Serialize)]
struct Question<'a> {
    call: String,
    organisation: &'a str,
    context: &'a str,
    from: &'a str,
    from_name: &'a str,
    dialled: &'a str,
    at: &'a str,
    variables: &'a BTreeMap<Box<str>, Box<str>>,
}

/// The body of a question.
pub(super) fn body(request: &WebhookRequest) -> Bytes {
    let question = Question {
        call: request.call.to_string(),
        organisation: &request.organisation,
        context: &request.context,
        from: &request.from,
        from_name: &request.from_name,
        dialled: &request.dialled,
        at: &request.at,
        variables: &request.variables,
    };
    // Texts and a map of texts: there is nothing in it that JSON could not say.
    serde_json::to_vec(&question).unwrap_or_default().into()
}
