//! The description of the API (OpenAPI 3.1), made of the table of routes, so that it names what there is.

use axum::Json;
use kiestoon_control::TestTrunk;
use serde_json::{Map, Value, json};

use super::routes;
use crate::authorise::Action;

pub(super) async fn describe() -> Json<Value> {
    Json(document())
}

pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let Some(summary) = route.summary else { continue };
        let problem = json!({ "$ref": "#/components/responses/Problem" });
        let done = if route.method == "DELETE" || route.method == "PUT" { "204" } else { "200" };
        let mut operation = json!({
            "summary": summary,
            "responses": { done: { "description": "Done" }, "default": problem },
        });
        if route.action != Action::LogIn {
            operation["security"] = json!([{ "session": [] }]);
        }
        if let Some(body) = body(route.action) {
            operation["requestBody"] = json!({ "required": route.action != Action::TestTrunks, "content": { "application/json": { "schema": body } } });
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kiestoon",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Requests that change something repeat the session's csrf in the header X-CSRF-Token. Lists take limit and cursor and answer items and next.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": super::COOKIE } },
            "responses": { "Problem": {
                "description": "Why not (RFC 9457); code stays the same",
                "content": { "application/problem+json": { "schema": { "type": "object", "properties": {
                    "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
                    "detail": { "type": "string" }, "code": { "type": "string" },
                } } } },
            } },
        },
    })
}

fn body(action: Action) -> Option<Value> {
    let [first, second] = match action {
        Action::LogIn => ["login", "password"],
        Action::ChangeOwnPassword => ["old", "new"],
        Action::SetHours => {
            let state = json!({ "enum": ["open", "closed", "auto"] });
            return Some(
                json!({ "type": "object", "required": ["state"], "properties": { "state": state } }),
            );
        }
        Action::TestTrunks => {
            let wait = json!({ "type": "integer", "minimum": 1, "maximum": TestTrunk::LONGEST_WAIT_SECS });
            let call = json!({ "type": "string", "minLength": 1, "maxLength": TestTrunk::LONGEST_NUMBER });
            return Some(
                json!({ "type": "object", "properties": { "call": call, "wait_inbound_secs": wait } }),
            );
        }
        _ => return None,
    };
    let text = json!({ "type": "string" });
    Some(
        json!({ "type": "object", "required": [first, second], "properties": { first: text, second: text } }),
    )
}
