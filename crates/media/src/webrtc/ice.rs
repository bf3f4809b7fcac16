//! ICE as a lite agent does it (RFC 8445 section 2.5): it has a public address, so it answers the checks of the browser and
//! makes none. Whoever knows the password that signalling carried proves an address by them; which one is used is the browser's choice.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use is::stun::StunMessage;
use is::{DefaultSha1HmacProvider, Sha1HmacProvider as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a session description says of one side (RFC 8839 section 5.4).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Credentials {
    /// `a=ice-ufrag`, 4 to 256 characters.
    pub ufrag: Box<str>,
    /// `a=ice-pwd`, 22 to 256 characters.
    pub password: Box<str>,
}

/// The lite agent of one leg.
#[derive(Debug)]
pub(super) struct IceLite {
    ours: Credentials,
    /// The browser's, once it is known: until then only our own name is asked for.
    theirs: Option<Credentials>,
    /// Addresses that have been proved, the latest last.
    proved: Vec<Proved>,
    chosen: Option<Proved>,
    /// The last check, or when the first was waited for.
    heard: Instant,
    /// How long a check is waited for.
    patience: Duration,
}

/// An address from which checks come.
#[derive(Debug, Clone, Copy)]
struct Proved {
    address: SocketAddr,
    /// What the browser gives it.
    priority: u32,
    heard: Instant,
}

/// What came of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// The response, for where the check came from.
    pub(super) response: Vec<u8>,
    /// The address is the browser's choice from now on, and was not before.
    pub(super) is_chosen: bool,
}

impl Credentials {
    /// Those of one generation of a leg: 48 and 144 bits that nobody can guess who does not know the secret (RFC 8445 section 5.3 asks for 24
    /// and 128).
    pub fn of(secret: &[u8; 32], generation: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(secret);
        hash.update(generation.to_be_bytes());
        let random: [u8; 32] = hash.finalize().into();
        let mut characters = random
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte % 64)))
            .map(|byte| char::from(*byte));
        Self { ufrag: characters.by_ref().take(8).collect(), password: characters.take(24).collect() }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, redacted)", self.ufrag)
    }
}

impl IceLite {
    /// An agent that waits for the first check from `now` on.
    pub(super) fn new(now: Instant, ours: Credentials, patience: Duration) -> Self {
        Self { ours, theirs: None, proved: Vec::new(), chosen: None, heard: now, patience }
    }

    /// The browser knows where we are from now on.
    pub(super) fn begin(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Takes the browser's credentials. Other ones than before are a restart (RFC 8445 section 9): what was proved before still
    /// counts until the first new check.
    pub(super) fn set_remote(&mut self, theirs: Credentials) {
        self.theirs = Some(theirs);
    }

    /// Begins anew with these credentials of ours: media flows as before until the browser has chosen again.
    pub(super) fn restart(&mut self, now: Instant, ours: Credentials) {
        self.ours = ours;
        self.proved.clear();
        // Whatever is chosen now is another path, however good this one was.
        self.chosen = self.chosen.map(|chosen| Proved { priority: 0, ..chosen });
        self.heard = now;
    }

    /// Our own credentials.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.ours
    }

    /// Answers a check; None for what is none, or not from who knows our password.
    pub(super) fn check(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Option<Checked> {
        let message = StunMessage::parse(datagram).ok().filter(StunMessage::is_binding_request)?;
        let (ours, theirs) = message.split_username()?;
        let is_known = self.theirs.as_ref().is_none_or(|known| *known.ufrag == *theirs);
        if ours != &*self.ours.ufrag || !is_known || !message.verify(self.ours.password.as_bytes(), hmac) {
            return None;
        }
        // A lite agent is always the controlled one (RFC 8445 section 6.1.1).
        if message.ice_controlled().is_some() {
            return Some(Checked {
                response: self.response(StunMessage::binding_role_conflict_reply(message.trans_id()))?,
                is_chosen: false,
            });
        }
        self.heard = now;
        let here = Proved { address: source, priority: message.prio().unwrap_or_default(), heard: now };
        self.proved.retain(|proved| proved.address != source);
        if self.proved.len() >= MOST_PROVED {
            self.proved.remove(0);
        }
        self.proved.push(here);
        let is_chosen = message.use_candidate() && self.is_better(&here);
        if is_chosen || self.chosen.is_some_and(|chosen| chosen.address == source) {
            self.chosen = Some(here);
        }
        Some(Checked {
            response: self.response(StunMessage::binding_reply(message.trans_id(), source))?,
            is_chosen,
        })
    }

    /// A browser may choose every pair that works, and then the best counts (RFC 5245 section 8.1.1.2), or go over to a worse one when the
    /// network changes: then it has stopped checking the better.
    fn is_better(&self, here: &Proved) -> bool {
        self.chosen.is_none_or(|chosen| {
            let is_quiet = here.heard.saturating_duration_since(chosen.heard) >= QUIET;
            chosen.address != here.address && (here.priority > chosen.priority || is_quiet)
        })
    }

    /// Whether an address has been proved: anything but a check from elsewhere is a stranger's.
    pub(super) fn is_proved(&self, address: SocketAddr) -> bool {
        self.chosen.iter().chain(&self.proved).any(|proved| proved.address == address)
    }

    /// Where the browser wants to be sent to; None until it has chosen.
    pub(super) fn chosen(&self) -> Option<SocketAddr> {
        self.chosen.map(|chosen| chosen.address)
    }

    /// Where the browser can be reached.
    pub(super) fn remote(&self) -> Option<SocketAddr> {
        self.chosen.as_ref().or_else(|| self.proved.last()).map(|proved| proved.address)
    }

    /// When the browser is given up unless a check comes: it asks every few seconds whether it may go on (RFC 7675).
    pub(super) fn deadline(&self) -> Instant {
        self.heard + self.patience
    }

    fn response(&self, message: StunMessage<'_>) -> Option<Vec<u8>> {
        let mut response = vec![0; LONGEST_RESPONSE];
        let length = message.to_bytes(Some(self.ours.password.as_bytes()), &mut response, hmac).ok()?;
        response.truncate(length);
        Some(response)
    }
}

/// For whom a check is, by our part of its user name: the key to the agent of one leg among many on one port. Nothing is verified.
pub fn checked_ufrag(datagram: &[u8]) -> Option<&str> {
    // Borrowed from the datagram, not from the message.
    let name = StunMessage::parse(datagram).ok().filter(StunMessage::is_binding_request)?.username()?;
    Some(name.split_once(':')?.0)
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    DefaultSha1HmacProvider.sha1_hmac(key, parts)
}

/// ice-char of RFC 8839 section 5.4.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// A browser has a handful of interfaces; one that proves more keeps the latest.
const MOST_PROVED: usize = 8;
/// Checks of a path that is in use come every two to three seconds.
const QUIET: Duration = Duration::from_secs(5);
const LONGEST_RESPONSE: usize = 128;

#[cfg(test)]
mod tests {
    use is::stun::TransId;

    use super::super::dtls::PATIENCE;
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn epoch() -> Instant {
        Instant::now()
    }

    fn credentials(ufrag: &str) -> Credentials {
        Credentials { ufrag: ufrag.into(), password: "0123456789abcdefghijkl".into() }
    }

    fn address(port: u16) -> SocketAddr {
        ([192, 0, 2, 7], port).into()
    }

    /// A check of a browser.
    fn check(name: &str, password: &str, controls: bool, chooses: bool) -> Vec<u8> {
        let message = StunMessage::binding_request(name, TransId::new(), controls, 1, 1_853_824_767, chooses);
        let mut bytes = vec![0; 256];
        let length = message.to_bytes(Some(password.as_bytes()), &mut bytes, hmac).unwrap();
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn who_knows_the_password_proves_an_address_and_chooses_one() {
        let now = epoch();
        let mut ice = IceLite::new(now, credentials("pbx1"), PATIENCE);
        ice.set_remote(credentials("page"));
        let password = "0123456789abcdefghijkl";
        for (name, password) in
            [("pbx1:page", "wrong password here....."), ("pbx2:page", password), ("pbx1:other", password)]
        {
            assert_eq!(ice.check(now, address(1), &check(name, password, true, true)), None, "{name}");
        }
        assert_eq!((ice.remote(), ice.is_proved(address(1))), (None, false));
        let first = ice.check(now, address(1), &check("pbx1:page", password, true, false)).unwrap();
        assert!(!first.is_chosen && ice.is_proved(address(1)));
        let reply = StunMessage::parse(&first.response).unwrap();
        assert!(reply.is_successful_binding_response() && reply.verify(password.as_bytes(), hmac));
        assert_eq!(reply.mapped_address(), Some(address(1)));
        assert!(ice.check(now, address(2), &check("pbx1:page", password, true, true)).unwrap().is_chosen);
        assert!(
            !ice.check(now, address(2), &check("pbx1:page", password, true, true)).unwrap().is_chosen,
            "still"
        );
        assert_eq!((ice.chosen(), ice.remote()), (Some(address(2)), Some(address(2))));
    }

    #[test]
    fn of_several_choices_the_best_counts_and_a_worse_one_when_it_is_quiet() {
        let start = epoch();
        let mut ice = IceLite::new(start, credentials("pbx1"), PATIENCE);
        let mut choose = |after: u64, port: u16, priority: u32| {
            let message = StunMessage::binding_request("pbx1:page", TransId::new(), true, 1, priority, true);
            let mut bytes = vec![0; 256];
            let length = message.to_bytes(Some(b"0123456789abcdefghijkl"), &mut bytes, hmac).unwrap();
            ice.check(start + Duration::from_secs(after), address(port), &bytes[..length]).unwrap();
            ice.chosen().unwrap().port()
        };
        assert_eq!(choose(0, 1, 100), 1);
        assert_eq!(choose(0, 2, 50), 1, "worse");
        assert_eq!(choose(1, 3, 200), 3, "better");
        assert_eq!(choose(3, 3, 200), 3);
        assert_eq!(choose(7, 1, 100), 3, "checked four seconds ago");
        assert_eq!(choose(8, 1, 100), 1, "quiet");
    }

    #[test]
    fn who_wants_to_be_controlled_is_told_that_we_are() {
        let now = epoch();
        let mut ice = IceLite::new(now, credentials("pbx1"), PATIENCE);
        let conflict =
            ice.check(now, address(1), &check("pbx1:page", "0123456789abcdefghijkl", false, false)).unwrap();
        assert_eq!(
            StunMessage::parse(&conflict.response).unwrap().error_code().map(|(code, _)| code),
            Some(487)
        );
        assert!(!ice.is_proved(address(1)));
    }

    #[test]
    fn checks_that_stop_are_noticed() {
        let (now, secs) = (epoch(), Duration::from_secs);
        let mut ice = IceLite::new(now, credentials("pbx1"), PATIENCE);
        assert_eq!(ice.deadline(), now + secs(30));
        ice.check(now + secs(20), address(1), &check("pbx1:page", "0123456789abcdefghijkl", true, true))
            .unwrap();
        assert_eq!(ice.deadline(), now + secs(50));
        ice.restart(now + secs(40), credentials("pbx3"));
        assert_eq!(
            (ice.remote(), ice.deadline()),
            (Some(address(1)), now + secs(70)),
            "media goes on meanwhile"
        );
    }

    #[test]
    fn what_is_no_check_is_for_nobody() {
        let whole = check("pbx1:page", "x", true, true);
        assert_eq!(checked_ufrag(&whole), Some("pbx1"));
        for length in 0..whole.len() {
            assert_eq!(checked_ufrag(&whole[..length]), None, "{length}");
        }
    }
}
