//! The description of the API (OpenAPI 3.1), made of the table of routes, so that it names what there is.

use axum::Json;
use kiestoon_control::TestTrunk;
use serde_json::{Map, Value, json};

use super::{Route, routes};
use crate::authorise::Action;

pub(super) async fn describe() -> Json<Value> {
    Json(document())
}

pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let Some(summary) = route.summary else { continue };
        let problem = json!({ "$ref": "#/components/responses/Problem" });
        let mut operation = json!({
            "summary": summary,
            "responses": { done(&route): { "description": "Done" }, "default": problem },
        });
        if is_kept(&route) {
            operation["responses"]["202"] = json!({ "description": "Kept; the PBX does not use it yet" });
        }
        if route.action != Action::LogIn {
            operation["security"] = json!([{ "session": [] }]);
        }
        if let Some(body) = body(&route) {
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

/// Whether it changes what the PBX takes from the database.
fn is_kept(route: &Route) -> bool {
    matches!(route.action, Action::ChangeContacts | Action::ChangeBlocks)
}

fn done(route: &Route) -> &'static str {
    match route.method.as_str() {
        "POST" if is_kept(route) => "201",
        "PUT" if is_kept(route) => "200",
        "DELETE" | "PUT" => "204",
        _ => "200",
    }
}

fn body(route: &Route) -> Option<Value> {
    let [first, second] = match route.action {
        Action::ChangeContacts | Action::ChangeBlocks => return of_callers(route),
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

/// A contact or a block, or what can be changed of one.
fn of_callers(route: &Route) -> Option<Value> {
    let text = json!({ "type": "string" });
    let action = json!({ "enum": ["reject", "busy", "silence", "allow", "context"] });
    Some(match (route.action, route.method.as_str()) {
        (Action::ChangeContacts, "POST") => {
            json!({ "type": "object", "required": ["number", "name"], "properties": { "number": text, "name": text } })
        }
        (Action::ChangeContacts, "PUT") => {
            json!({ "type": "object", "required": ["name"], "properties": { "name": text } })
        }
        (Action::ChangeBlocks, "POST") => {
            let kind = json!({ "enum": ["number", "prefix", "anonymous", "stir"] });
            json!({ "type": "object", "required": ["kind"], "properties": {
                "kind": kind, "value": text, "trunk": text, "action": action, "context": text, "note": text,
            } })
        }
        (Action::ChangeBlocks, "PUT") => {
            json!({ "type": "object", "required": ["action"], "properties": { "action": action, "context": text, "note": text } })
        }
        _ => return None,
    })
}
