//! A client's authentication session (RFC 7616 section 3.6, RFC 3261 section 22): who has asked for credentials, with which nonce,
//! and how often that was used. Once asked, later requests carry credentials of their own accord.

use serde::{Deserialize, Serialize};

use crate::header::{HeaderName, Headers};
use crate::message::Request;

use super::client::{Asked, Covered, Protection};
use super::credentials::Parameters;
use super::{Algorithm, Challenge, Secret};

/// What a client knows of those who ask for its credentials on one way: a server, and the proxies before it. It holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    realms: Vec<Realm>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Realm {
    is_proxy: bool,
    name: Box<str>,
    nonce: Box<str>,
    opaque: Option<Box<str>>,
    algorithm: Algorithm,
    qop: Option<Protection>,
    /// Requests that have used the nonce.
    count: u32,
}

impl Session {
    /// Takes the challenges of a 401 or 407: of each realm the first that we can answer (RFC 8760 section 2.4). False where there
    /// is none, so that another attempt is useless.
    pub fn challenged(&mut self, headers: &Headers) -> bool {
        let mut met: Vec<Realm> = Vec::new();
        for (asks, is_proxy) in [(HeaderName::ProxyAuthenticate, true), (HeaderName::WwwAuthenticate, false)]
        {
            for challenge in headers.get_all(&asks).filter_map(|value| Challenge::parse(value).ok()) {
                let is_met = |realm: &Realm| realm.is_proxy == is_proxy && *realm.name == *challenge.realm;
                if met.len() < MOST_REALMS && !met.iter().any(is_met) {
                    met.push(self.realm(is_proxy, &challenge));
                }
            }
        }
        let is_met = |known: &Realm| met.iter().any(|realm| realm.is_same(known));
        self.realms.retain(|known| !is_met(known));
        self.realms.truncate(MOST_REALMS.saturating_sub(met.len()));
        let is_answerable = !met.is_empty();
        self.realms.append(&mut met);
        is_answerable
    }

    /// The realm of a challenge. One that comes with the nonce that we have is counted on.
    fn realm(&self, is_proxy: bool, challenge: &Challenge<'_>) -> Realm {
        let known = self.realms.iter().find(|known| {
            known.is_proxy == is_proxy && *known.name == *challenge.realm && *known.nonce == *challenge.nonce
        });
        Realm {
            is_proxy,
            name: challenge.realm.as_ref().into(),
            nonce: challenge.nonce.as_ref().into(),
            opaque: challenge.opaque.as_deref().map(Into::into),
            algorithm: challenge.algorithm,
            qop: challenge.qop(),
            count: known.map_or(0, |known| known.count),
        }
    }

    /// Takes the nonce that a 2xx wants to be used next (`nextnonce`, RFC 7616 section 3.5). Where several realms ask, nothing
    /// says whose it is, and the one who minds asks again.
    pub fn informed(&mut self, headers: &Headers) {
        for (name, is_proxy) in
            [(HeaderName::AuthenticationInfo, false), (HeaderName::ProxyAuthenticationInfo, true)]
        {
            let Some(value) = headers.get(&name) else { continue };
            let mut told = Parameters::without_scheme(value).filter_map(Result::ok);
            let next = told.find(|(name, _)| name.eq_ignore_ascii_case("nextnonce"));
            let mut asking = self.realms.iter_mut().filter(|realm| realm.is_proxy == is_proxy);
            if let (Some((_, nonce)), Some(realm), None) = (next, asking.next(), asking.next())
                && *realm.nonce != *nonce
            {
                realm.nonce = nonce.into();
                realm.count = 0;
            }
        }
    }

    /// Puts the credentials of every realm that has asked into a request, in place of those that it has. `cnonce` is random text.
    pub fn prove(&mut self, request: &mut Request, username: &str, password: &str, cnonce: &str) {
        CREDENTIALS.iter().for_each(|name| {
            request.headers.remove(name);
        });
        let uri = request.uri.to_string();
        for realm in &mut self.realms {
            realm.count = realm.count.saturating_add(1);
            let asked = Asked {
                realm: &realm.name,
                nonce: &realm.nonce,
                opaque: realm.opaque.as_deref(),
                algorithm: realm.algorithm,
                qop: realm.qop,
            };
            let covered = Covered { method: &request.method, uri: &uri, body: &request.body };
            let secret = Secret::Password(password);
            if let Ok(value) = asked.answer(username, secret, &covered, realm.count, cnonce) {
                let [own, proxy] = CREDENTIALS;
                request.headers.push(if realm.is_proxy { proxy } else { own }, value);
            }
        }
    }

    /// Whether anybody has asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.realms.is_empty()
    }
}

impl Realm {
    fn is_same(&self, other: &Self) -> bool {
        self.is_proxy == other.is_proxy && self.name == other.name
    }
}

/// The headers of credentials.
pub(super) const CREDENTIALS: [HeaderName; 2] = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
/// A server and a few proxies.
const MOST_REALMS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Credentials;
    use crate::message::Message;

    fn bye() -> Request {
        let text = "BYE sip:far@voys.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
            From: <sip:a@b.example>;tag=a\r\nTo: <sip:far@voys.example>;tag=b\r\nCall-ID: c\r\nCSeq: 2 BYE\r\n\
            Content-Length: 0\r\n\r\n";
        match Message::parse(&bytes::Bytes::from(text)).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => unreachable!(),
        }
    }

    fn asks(name: HeaderName, value: &str) -> Headers {
        let mut headers = Headers::new();
        headers.push(name, value);
        headers
    }

    fn proven(session: &mut Session) -> Request {
        let mut request = bye();
        session.prove(&mut request, "100001", "geheim", "c0ffee");
        request
    }

    fn count(request: &Request) -> u32 {
        let value = request.headers.get(&HeaderName::ProxyAuthorization).expect("credentials");
        Credentials::parse(value).unwrap().qop.expect("a count").count
    }

    const ASKED: &str = r#"Digest realm="r", nonce="n1", qop="auth""#;

    #[test]
    fn a_nonce_is_counted_for_as_long_as_it_is_used() {
        let mut session = Session::default();
        assert!(proven(&mut session).headers.get(&HeaderName::ProxyAuthorization).is_none());
        assert!(session.challenged(&asks(HeaderName::ProxyAuthenticate, ASKED)));
        assert_eq!([1, 2].map(|_| count(&proven(&mut session))), [1, 2]);
        assert!(session.challenged(&asks(HeaderName::ProxyAuthenticate, ASKED)), "the same nonce");
        assert_eq!(count(&proven(&mut session)), 3);
        let stale = ASKED.replace("n1", "n2") + ", stale=true";
        assert!(session.challenged(&asks(HeaderName::ProxyAuthenticate, &stale)));
        assert_eq!(count(&proven(&mut session)), 1);
        session.informed(&asks(HeaderName::ProxyAuthenticationInfo, r#"nextnonce="n3""#));
        let next = proven(&mut session);
        assert_eq!(count(&next), 1);
        assert!(next.headers.get(&HeaderName::ProxyAuthorization).unwrap().contains("nonce=\"n3\""));
    }

    #[test]
    fn a_proxy_and_the_server_behind_it_both_get_theirs() {
        let mut session = Session::default();
        assert!(session.challenged(&asks(HeaderName::ProxyAuthenticate, ASKED)));
        assert!(session.challenged(&asks(HeaderName::WwwAuthenticate, ASKED)));
        let request = proven(&mut session);
        assert!(CREDENTIALS.iter().all(|name| request.headers.get_all(name).count() == 1));
    }

    #[test]
    fn of_several_challenges_of_a_realm_the_first_known_one_is_answered() {
        let mut headers = asks(HeaderName::WwwAuthenticate, &format!("{ASKED}, algorithm=SHA-3"));
        headers.push(HeaderName::WwwAuthenticate, format!("{ASKED}, algorithm=SHA-256"));
        headers.push(HeaderName::WwwAuthenticate, ASKED);
        let mut session = Session::default();
        assert!(session.challenged(&headers));
        let request = proven(&mut session);
        let given: Vec<_> = request.headers.get_all(&HeaderName::Authorization).collect();
        assert_eq!(given.len(), 1);
        assert!(given[0].contains("algorithm=SHA-256"));
        assert!(!session.challenged(&asks(HeaderName::WwwAuthenticate, "Basic realm=\"r\"")));
    }

    /// RFC 7616 section 3.4.3; the body of this request is empty.
    #[test]
    fn auth_int_covers_the_body() {
        let mut session = Session::default();
        let asked = ASKED.replace("auth", "auth-int");
        assert!(session.challenged(&asks(HeaderName::WwwAuthenticate, &asked)));
        let response = |request: &Request| {
            let value = request.headers.get(&HeaderName::Authorization).expect("credentials").to_owned();
            assert!(value.contains("qop=auth-int"), "{value}");
            value.split("response=\"").nth(1).expect("a response")[..32].to_owned()
        };
        let empty = response(&proven(&mut session.clone()));
        let mut request = bye();
        request.set_body("text/plain", "hallo");
        session.clone().prove(&mut request, "100001", "geheim", "c0ffee");
        assert_ne!(empty, response(&request));
        let md5 = |text: &str| Algorithm::Md5.hash(&[text.as_bytes()]).hex().as_str().to_owned();
        let ha2 = md5(&format!("BYE:sip:far@voys.example:{}", md5("hallo")));
        let ha1 = md5("100001:r:geheim");
        assert_eq!(response(&request), md5(&format!("{ha1}:n1:00000001:c0ffee:auth-int:{ha2}")));
    }

    #[test]
    fn realms_without_end_take_no_memory() {
        let mut session = Session::default();
        for nth in 0..100 {
            session.challenged(&asks(
                HeaderName::WwwAuthenticate,
                &ASKED.replace("\"r\"", &format!("\"{nth}\"")),
            ));
        }
        assert_eq!(session.realms.len(), MOST_REALMS);
    }
}
