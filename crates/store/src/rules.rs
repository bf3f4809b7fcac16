//! What a number, a slug, a domain and a password may look like. The same rules hold for the command line, an
//! import and, later, the API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Why a value was refused, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number has a character that a SIP user part would need to escape, or a wrong length.
    #[error(
        "`{0}` cannot be an extension's number: 1 to 32 of the characters a-z A-Z 0-9 + * _ . - and no . or - in front"
    )]
    Number(String),
    /// The slug has a character outside `a-z 0-9 -`, or a wrong length.
    #[error("`{0}` cannot be an organisation's slug: 1 to 63 of the characters a-z 0-9 - and no - in front")]
    Slug(String),
    /// The domain is not a host name or address in lower case.
    #[error("`{0}` cannot be a SIP domain: write a host name in lower case, such as kantoor.example")]
    Domain(String),
    /// The password is empty, too long, or holds a control character.
    #[error("a password has 1 to 128 characters and no control characters")]
    Password,
    /// The login has another character, or a wrong length.
    #[error("`{0}` cannot be a login: 1 to 64 of the characters a-z 0-9 . _ @ + - and no . or - in front")]
    Login(String),
    /// The password that a person logs in with is too short or too long, or holds a control character.
    #[error("a password to log in with has 10 to 128 characters and no control characters")]
    LoginPassword,
    /// The name is too long or holds a control character.
    #[error("a name has at most 128 characters and no control characters")]
    Name,
    /// The trunk's name has a character that the dialplan would have to escape, or a wrong length.
    #[error(
        "`{0}` cannot be a trunk's name: 1 to 63 of the characters a-z A-Z 0-9 . _ - and no . or - in front"
    )]
    TrunkName(String),
    /// The context has a space or a control character, or a wrong length.
    #[error("`{0}` cannot be a context: write its name as the dialplan has it")]
    Context(String),
    /// The name at a provider has a character that no address takes, or a wrong length.
    #[error(
        "`{0}` cannot be a user name at a provider: 1 to 128 characters without spaces, quotes, <, > or @"
    )]
    Account(String),
    /// What is called is neither a number in E.164 nor a short word.
    #[error("`{0}` is no number: write it as +31201234567, or as a short word")]
    Called(String),
    /// What calls is no whole number of the public network.
    #[error("`{0}` is no whole number: write it as +31201234567")]
    PublicNumber(String),
    /// The start of numbers is not `+` and digits.
    #[error("`{0}` cannot be the start of numbers: write it as +44 or +4420")]
    Prefix(String),
    /// A contact has no name.
    #[error("a contact needs a name")]
    NoName,
    /// A country is not two small letters.
    #[error("`{0}` is no country: write its two letters, such as nl")]
    Country(String),
    /// A path is empty, too long, or holds a control character.
    #[error("`{0}` is no file: write its path, such as /etc/kiestoon/stir.key")]
    File(String),
    /// Credentials would be seen on their way there.
    #[error("`{0}` is no place of an API: write it as https://api.example.com; http:// only on this machine")]
    ApiUrl(String),
    /// The hours' name has a space or a control character, or a wrong length.
    #[error("`{0}` cannot be the name of hours: write it as the dialplan has it")]
    Hours(String),
    /// The profile's name has another character, or a wrong length.
    #[error(
        "`{0}` cannot be a profile's name: 1 to 63 of the characters a-z A-Z 0-9 . _ - and no . or - in front"
    )]
    ProfileName(String),
    /// Others could not fetch anything there.
    #[error("`{0}` is no https URL: write it as https://cert.example.com/stir.pem")]
    HttpsUrl(String),
    /// A secret of webhooks is too short or too long, has a character that none has, or there are more than two.
    #[error(
        "a secret of webhooks has 16 to 256 characters, without spaces and commas, and after `whsec_` it is base64 of 24 to 64 bytes; at most two are kept"
    )]
    WebhookSecret,
    /// It is no Ed25519 key.
    #[error("`{0}` is no public key of webhooks: write it as the provider shows it, 32 bytes in base64")]
    WebhookKey(String),
}

/// A number goes into SIP URIs unescaped: RFC 3261 section 25.1 `user`, less the characters that shells, logs
/// and dialplans give a meaning. `#` would have to be written as `%23`, and phones disagree about that.
pub(crate) fn number(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| c.is_ascii_alphanumeric() || "+*_.-".contains(c);
    let fits = (1..=32).contains(&text.len()) && text.chars().all(inner) && !text.starts_with(['.', '-']);
    if fits { Ok(()) } else { Err(Refusal::Number(shown(text))) }
}

pub(crate) fn slug(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (1..=63).contains(&text.len()) && text.chars().all(inner) && !text.starts_with('-');
    if fits { Ok(()) } else { Err(Refusal::Slug(shown(text))) }
}

/// A host name, an IPv4 address or a bracketed IPv6 reference, RFC 3261 section 25.1 `host`.
pub(crate) fn domain(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let name = (1..=253).contains(&text.len())
        && text.chars().all(inner)
        && text.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bracketed.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    if name || address { Ok(()) } else { Err(Refusal::Domain(shown(text))) }
}

pub(crate) fn password(text: &str) -> Result<(), Refusal> {
    let fits = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Refusal::Password) }
}

pub(crate) fn login(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._@+-".contains(c);
    let fits = (1..=64).contains(&text.len()) && text.chars().all(inner) && !text.starts_with(['.', '-']);
    if fits { Ok(()) } else { Err(Refusal::Login(shown(text))) }
}

/// Reachable from the web, so longer than what a phone in the house needs (NIST SP 800-63B asks for 8).
pub(crate) fn login_password(text: &str) -> Result<(), Refusal> {
    let fits = (10..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Refusal::LoginPassword) }
}

/// What `trunk:NAME` of the dialplan takes without a second thought.
pub(crate) fn trunk_name(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let fits = (1..=63).contains(&text.len()) && text.chars().all(inner) && !text.starts_with(['.', '-']);
    if fits { Ok(()) } else { Err(Refusal::TrunkName(shown(text))) }
}

pub(crate) fn profile_name(text: &str) -> Result<(), Refusal> {
    trunk_name(text).map_err(|_| Refusal::ProfileName(shown(text)))
}

pub(crate) fn hours(text: &str) -> Result<(), Refusal> {
    context(text).map_err(|_| Refusal::Hours(shown(text)))
}

pub(crate) fn context(text: &str) -> Result<(), Refusal> {
    let fits = (1..=64).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if fits { Ok(()) } else { Err(Refusal::Context(shown(text))) }
}

/// Goes into the user part of a URI and into quotes of credentials; what a URI does not take is escaped there.
pub(crate) fn account(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| !c.is_control() && !c.is_whitespace() && !"\"<>@\\".contains(c);
    let fits = (1..=128).contains(&text.chars().count()) && text.chars().all(inner);
    if fits { Ok(()) } else { Err(Refusal::Account(shown(text))) }
}

/// A number of the public network in E.164 (at most 15 digits), or a word that can be called as it is.
pub(crate) fn called(text: &str) -> Result<(), Refusal> {
    let fits = match text.strip_prefix('+') {
        Some(digits) => {
            (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
        }
        None => number(text).is_ok(),
    };
    if fits { Ok(()) } else { Err(Refusal::Called(shown(text))) }
}

/// A number as somebody writes it, in E.164 or as the country dials it, with or without spaces.
pub(crate) fn public_number(text: &str) -> Result<(), Refusal> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let fits =
        (3..=15).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || "+ -.()/".contains(c));
    if fits { Ok(()) } else { Err(Refusal::Called(shown(text))) }
}

/// The same, or that none is shown.
pub(crate) fn shown_number(text: &str) -> Result<(), Refusal> {
    if text == crate::trunks::ANONYMOUS { Ok(()) } else { public_number(text) }
}

/// ISO 3166, in small letters.
pub(crate) fn country(text: &str) -> Result<(), Refusal> {
    let fits = text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_lowercase());
    if fits { Ok(()) } else { Err(Refusal::Country(shown(text))) }
}

pub(crate) fn file(text: &str) -> Result<(), Refusal> {
    let fits = (1..=1_024).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Refusal::File(shown(text))) }
}

/// Where an API is: over HTTPS, or on this machine.
pub(crate) fn api_url(text: &str) -> Result<(), Refusal> {
    let rest = text.strip_prefix("https://").or_else(|| {
        let rest = text.strip_prefix("http://")?;
        let host = rest.split([':', '/']).next().unwrap_or_default();
        ["127.0.0.1", "localhost"].contains(&host).then_some(rest)
    });
    let is_plain = |rest: &str| {
        !rest.is_empty()
            && rest.len() <= 200
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"@?#\"<>".contains(&byte))
    };
    if rest.is_some_and(is_plain) { Ok(()) } else { Err(Refusal::ApiUrl(text.into())) }
}

/// It stands between angle brackets in an Identity header field (RFC 8224 section 4).
pub(crate) fn https_url(text: &str) -> Result<(), Refusal> {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let inner = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\');
    let is_host = !host.is_empty() && !host.starts_with(':') && !host.contains('@');
    let fits = is_host && text.len() <= 1_024 && text.bytes().all(inner);
    if fits { Ok(()) } else { Err(Refusal::HttpsUrl(shown(text))) }
}

/// Long enough that nobody finds it by trying (Standard Webhooks asks for 24 to 64 bytes; the auth token of Twilio has 32 digits).
pub(crate) fn webhook_secret(text: &str) -> Result<(), Refusal> {
    let inner = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    let is_key = match text.strip_prefix("whsec_") {
        Some(base64) => STANDARD.decode(base64).is_ok_and(|key| (24..=64).contains(&key.len())),
        None => true,
    };
    let fits = (16..=256).contains(&text.len()) && text.bytes().all(inner) && is_key;
    if fits { Ok(()) } else { Err(Refusal::WebhookSecret) }
}

pub(crate) fn webhook_key(text: &str) -> Result<(), Refusal> {
    let fits = text.len() <= 64 && STANDARD.decode(text).is_ok_and(|key| key.len() == 32);
    if fits { Ok(()) } else { Err(Refusal::WebhookKey(shown(text))) }
}

/// Shorter passwords are taken with a warning: they are guessed in days.
pub(crate) const SHORT_PASSWORD: usize = 6;

pub(crate) fn name(text: &str) -> Result<(), Refusal> {
    let fits = text.chars().count() <= 128 && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Refusal::Name) }
}

/// The refused value as one short, printable piece of a sentence.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_a_sip_user_part_unescaped() {
        for good in ["201", "+31201234567", "*97", "balie", "j.jansen", "kamer_2-b", "0", "_x"] {
            assert_eq!(number(good), Ok(()), "{good}");
        }
        let long = "1".repeat(33);
        for bad in
            ["", "20 1", "201@x", "201;a=b", "<201>", "#9", "%23", "-1", ".1", "é", "1\r\n2", "a/b", &long]
        {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn domains_are_hosts() {
        for good in ["kantoor.example", "pbx", "10.0.0.1", "[2001:db8::1]"] {
            assert_eq!(domain(good), Ok(()), "{good}");
        }
        for bad in ["", "Kantoor.example", "a b", "a..b", "-a.b", "a_b", "[::1", "sip:x", "x:5060", "[x]"] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_certificate_is_at_an_https_url() {
        for good in ["https://cert.example.com", "https://cert.example.com:8443/a/b.pem?v=1"] {
            assert_eq!(https_url(good), Ok(()), "{good}");
        }
        let long = format!("https://x/{}", "a".repeat(1_024));
        for bad in
            ["", "http://x/", "https://", "https:///x", "https://:1/", "https://a@x/", "https://x/>", &long]
        {
            assert!(https_url(bad).is_err(), "{bad}");
        }
        assert_eq!(file("/etc/kiestoon/stir.key"), Ok(()));
        assert!(file("").is_err() && file("a\nb").is_err());
    }

    #[test]
    fn a_refused_value_is_shown_on_one_line() {
        let message = number("1\r\n2").unwrap_err().to_string();
        assert!(message.starts_with(r"`1\r\n2` cannot"), "{message}");
    }
}
