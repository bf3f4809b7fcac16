//! The parameters of a form (`application/x-www-form-urlencoded`), as many as a provider sends and no more.

/// Its pairs in their order; None where it has too many, or one that is no UTF-8: what was signed cannot be known then.
pub(crate) fn parameters(body: &[u8]) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MOST {
            return None;
        }
        let (key, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at)?, pair.get(at + 1..)?),
            None => (pair, &[][..]),
        };
        pairs.push((decoded(key)?, decoded(value)?));
    }
    Some(pairs)
}

fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        (bytes, rest) = match (escaped, after) {
            (Some((high, low)), [_, _, after @ ..]) => (pushed(bytes, high << 4 | low), after),
            _ => (pushed(bytes, if *first == b'+' { b' ' } else { *first }), after),
        };
    }
    String::from_utf8(bytes).ok()
}

fn pushed(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Parameters of one form; Twilio sends about 40.
pub(crate) const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_as_a_browser_writes_them() {
        let read = |text: &str| parameters(text.as_bytes());
        let pairs = read("From=%2B31201234567&Name=Jan+%c3%a9&Empty=&Bare&&Odd=100%&Odd=%zz").unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("From", "+31201234567"),
                ("Name", "Jan é"),
                ("Empty", ""),
                ("Bare", ""),
                ("Odd", "100%"),
                ("Odd", "%zz")
            ]
        );
        assert_eq!(read("a=%ff"), None, "no UTF-8");
        let many = |count: usize| vec!["a=1"; count].join("&");
        assert_eq!(read(&many(MOST)).map(|pairs| pairs.len()), Some(MOST));
        assert_eq!(read(&many(MOST + 1)), None);
    }
}
