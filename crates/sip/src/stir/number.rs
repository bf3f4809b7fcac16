//! Telephone numbers as they are signed (RFC 8224 section 8.3).

/// A number without its `+` and without what only separates its digits; None where it is none. Making a national number one of
/// E.164 is the caller's, who knows the country.
pub fn canonical(written: &str) -> Option<String> {
    let written = written.split(';').next().unwrap_or_default().trim();
    let digits = written.strip_prefix('+').unwrap_or(written);
    let kept: String = digits.chars().filter(|c| !SEPARATORS.contains(c)).collect();
    is_canonical(&kept).then_some(kept)
}

/// Whether a text is a number as it is signed.
pub(super) fn is_canonical(number: &str) -> bool {
    (1..=LONGEST).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'#' | b'*'))
}

const SEPARATORS: [char; 5] = ['-', '.', '(', ')', ' '];
/// E.164 has 15 digits; numbers of networks of their own may have a few more.
const LONGEST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_left() {
        for written in ["+31201234567", "31201234567", "+31 (20) 123-45.67", "+31201234567;ext=5"] {
            assert_eq!(canonical(written).as_deref(), Some("31201234567"), "{written}");
        }
        assert_eq!(canonical("*21#").as_deref(), Some("*21#"));
        for none in ["", "+", "anonymous", "++31", "31201234567x", "1234567890123456789012345", "٣"] {
            assert_eq!(canonical(none), None, "{none}");
        }
    }
}
