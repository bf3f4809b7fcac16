//! What a service may answer: where the call goes, and variables for the steps that follow. It is a stranger's text until it has
//! passed here.
use kiestoon_dialplan::WebhookAnswer;
use serde_json::Value;

/// Whether a content type is JSON (RFC 8259, and the suffix of RFC 6839).
pub(super) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads an answer; an error is what is wrong with it. What is not asked for is passed over: a service may have more to say to others.
pub(super) fn read(body: &[u8]) -> Result<WebhookAnswer, String> {
    let value: Value = serde_json::from_slice(body).map_err(|error| format!("not JSON: {error}"))?;
    let Value::Object(mut fields) = value else { return Err("not a JSON object".into()) };
    let destination = match fields.remove("destination") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.len() <= LONGEST => Some(text),
        Some(_) => return Err(format!("`destination` is no text of at most {LONGEST} bytes")),
    };
    let variables = match fields.remove("variables") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(variables)) if variables.len() <= MOST => {
            variables.into_iter().map(variable).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(format!("`variables` is no object of at most {MOST} entries")),
    };
    Ok(WebhookAnswer { destination, variables })
}

fn variable((name, value): (String, Value)) -> Result<(String, String), String> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err("a variable is no text, number or truth value".into());
        }
    };
    if !is_name(&name) || text.len() > LONGEST || text.contains(char::is_control) {
        return Err(format!(
            "a variable has another name than letters, digits and _, or more than {LONGEST} bytes or control characters"
        ));
    }
    Ok((name, text))
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Bytes of a text.
const LONGEST: usize = 256;
const LONGEST_NAME: usize = 32;
/// Variables of one answer.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_parts_may_be_left_out() {
        for empty in ["{}", r#"{"destination": null, "variables": null, "more": [1]}"#] {
            let answer = read(empty.as_bytes()).unwrap();
            assert_eq!(answer, WebhookAnswer::default(), "{empty}");
        }
    }

    #[test]
    fn variables_become_texts() {
        let answer =
            read(br#"{"destination":"group:balie","variables":{"klant":12,"vip":true,"n":"J"}}"#).unwrap();
        assert_eq!(answer.destination.as_deref(), Some("group:balie"));
        let all: Vec<_> = answer.variables.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(all, [("klant", "12"), ("n", "J"), ("vip", "true")]);
    }

    #[test]
    fn what_has_another_form_is_refused() {
        let long = "x".repeat(257);
        let many: Vec<String> = (0..33).map(|n| format!("\"v{n}\":1")).collect();
        for bad in [
            "",
            "x",
            "[]",
            "\"group:balie\"",
            "{\"destination\":1}",
            "{\"variables\":[]}",
            "{\"variables\":{\"a\":{}}}",
            "{\"variables\":{\"a b\":\"1\"}}",
            "{\"variables\":{\"1\":\"1\"}}",
            "{\"variables\":{\"a\":\"1\\r\\n2\"}}",
            &format!("{{\"destination\":\"{long}\"}}"),
            &format!("{{\"variables\":{{\"a\":\"{long}\"}}}}"),
            &format!("{{\"variables\":{{{}}}}}", many.join(",")),
            &"[".repeat(16_000),
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn json_is_known_by_its_type() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/html", "text/json", "application/jsonp", "json"] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn what_is_taken_keeps_to_the_bounds(name in ".{0,40}", text in ".{0,300}") {
            let body = serde_json::json!({ "destination": text, "variables": { name: text } }).to_string();
            if let Ok(answer) = read(body.as_bytes()) {
                prop_assert!(answer.destination.unwrap().len() <= LONGEST);
                prop_assert!(answer.variables.iter().all(|(name, text)| is_name(name) && text.len() <= LONGEST));
            }
        }
    }
}
