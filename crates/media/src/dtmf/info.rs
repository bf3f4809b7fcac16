//! Digits in the body of an INFO request: `application/dtmf-relay` and `application/dtmf`, which no RFC describes and
//! many phones send.

use super::{Digit, Pressed, USUAL_MS};

/// A longer body is no digit.
const LIMIT: usize = 256;

/// Reads the digit of an INFO. `media_type` is its Content-Type; None where that is another one, or the body is no key.
pub fn read_info(media_type: &str, body: &[u8]) -> Option<Pressed> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let text = std::str::from_utf8(body.get(..body.len().min(LIMIT))?).ok()?;
    if media_type.eq_ignore_ascii_case("application/dtmf") {
        return Some(Pressed { digit: key(text)?, duration_ms: USUAL_MS });
    }
    if !media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        return None;
    }
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(['=', ':'])?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let digit = key(value("signal")?)?;
    let duration_ms = value("duration").and_then(|text| text.parse().ok()).unwrap_or(USUAL_MS);
    Some(Pressed { digit, duration_ms })
}

/// The body of an INFO of type `application/dtmf-relay`.
pub fn info_body(pressed: Pressed) -> String {
    format!("Signal={}\r\nDuration={}\r\n", pressed.digit.as_char(), pressed.duration_ms)
}

/// A key as written, or its event code in two digits.
fn key(text: &str) -> Option<Digit> {
    let text = text.trim();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(key), None) => Digit::of_char(key),
        _ => text.parse().ok().and_then(Digit::of_event),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_kinds_are_read() {
        let read = |media_type: &str, body: &str| {
            read_info(media_type, body.as_bytes())
                .map(|pressed| (pressed.digit.as_char(), pressed.duration_ms))
        };
        assert_eq!(read("application/dtmf-relay", "Signal= 5\r\nDuration= 160\r\n"), Some(('5', 160)));
        assert_eq!(read("Application/DTMF-Relay; q=1", "signal=*\n"), Some(('*', USUAL_MS)));
        assert_eq!(read("application/dtmf", "#"), Some(('#', USUAL_MS)));
        assert_eq!(read("application/dtmf", "11\r\n"), Some(('#', USUAL_MS)));
        assert_eq!(read("application/dtmf", "hook"), None);
        assert_eq!(read("text/plain", "5"), None);
        assert_eq!(read("application/dtmf-relay", "Duration=160"), None);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_not(body in proptest::collection::vec(any::<u8>(), 0..400), relay in any::<bool>()) {
            let media_type = if relay { "application/dtmf-relay" } else { "application/dtmf" };
            read_info(media_type, &body);
        }

        #[test]
        fn what_is_written_is_read(event in 0_u8..16, duration_ms in 1_u32..5000) {
            let pressed = Pressed { digit: Digit::of_event(event).unwrap(), duration_ms };
            prop_assert_eq!(read_info("application/dtmf-relay", info_body(pressed).as_bytes()), Some(pressed));
        }
    }
}
