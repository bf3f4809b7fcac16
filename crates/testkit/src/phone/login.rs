//! A phone's side of digest authentication: it answers a challenge once, remembers it, and signs later requests
//! without being asked, with a rising nonce count (RFC 7616 section 3.4).

use kiestoon_sip::digest::{Challenge, Secret, answer};
use kiestoon_sip::{HeaderName, Request, Response};

/// The credentials of a phone, and the challenges it has met.
#[derive(Debug)]
pub(crate) struct Login {
    user: String,
    password: String,
    challenges: Vec<Met>,
}

#[derive(Debug)]
struct Met {
    proxy: bool,
    /// The header's value.
    challenge: String,
    count: u32,
}

impl Login {
    pub(crate) fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned(), challenges: Vec::new() }
    }

    /// Takes the challenge of a 401 or 407. False where another attempt is useless: the request was already
    /// signed and the PBX does not say that only its nonce was stale.
    pub(crate) fn learn(&mut self, request: &Request, response: &Response) -> bool {
        let proxy = response.status.code() == 407;
        let (asked, given) = if proxy {
            (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
        } else {
            (HeaderName::WwwAuthenticate, HeaderName::Authorization)
        };
        let Some(value) = response.headers.get(&asked) else { return false };
        let Ok(parsed) = Challenge::parse(value) else { return false };
        let (stale, challenge) = (parsed.stale, value.to_owned());
        self.challenges.retain(|met| met.proxy != proxy);
        self.challenges.push(Met { proxy, challenge, count: 0 });
        stale || request.headers.get(&given).is_none()
    }

    /// Signs a request with every challenge that is known.
    pub(crate) fn sign(&mut self, request: &mut Request, cnonce: &str) {
        for met in &mut self.challenges {
            met.count += 1;
            let given = if met.proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
            let uri = request.uri.to_string();
            let secret = Secret::Password(&self.password);
            let signed = Challenge::parse(&met.challenge).and_then(|challenge| {
                answer(&challenge, &self.user, secret, &request.method, &uri, met.count, cnonce)
            });
            if let Ok(signed) = signed {
                request.headers.set(given, signed);
            }
        }
    }

    /// Forgets every challenge, as a phone that has been restarted.
    pub(crate) fn forget(&mut self) {
        self.challenges.clear();
    }
}
