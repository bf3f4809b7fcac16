//! Who sent this? Digest authentication of extensions (RFC 3261 section 22), and the rule that nobody speaks for somebody
//! else. Whether a name exists cannot be told from what is answered, nor from how long that takes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_sip::digest::{Credentials, DigestFailure, DigestServer, FrozenDigestServer, Ha1Set};
use kiestoon_sip::{Flow, HeaderName, Method, NameAddr, Request, Response};
use serde::{Deserialize, Serialize};

use super::Output;
use super::bans::{Ban, Bans, FrozenBans};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::settings::Settings;
use crate::short_lived::ShortLived;
use crate::trunk::Trunk;

/// Checks credentials.
#[derive(Debug)]
pub(super) struct Authenticator {
    digest: DigestServer,
    /// What credentials of an unknown name are checked against; nobody has its password.
    decoy: Ha1Set,
    bans: Bans,
}

/// [`Authenticator`] as plain data, with its digest server as that is written or read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrozenAuthenticator<D> {
    digest: D,
    decoy: [u8; 32],
    bans: FrozenBans,
}

/// Who calls or registers: an extension that has proved who it is, or somebody beyond a trunk.
#[derive(Debug)]
pub(super) struct Principal {
    /// The index of its organisation in the snapshot.
    pub(super) organisation: usize,
    pub(super) number: Box<str>,
    /// How long its credentials are good still, where they are short-lived.
    pub(super) lasts: Option<Duration>,
    /// The trunk that the call comes over, with the name that it gives the caller.
    pub(super) over: Option<(Arc<Trunk>, Box<str>)>,
    /// The context of the dialplan that its call enters, where that is not the usual one.
    pub(super) context: Option<Box<str>>,
}

/// The headers and the status of a challenge.
struct Door {
    credentials: HeaderName,
    challenge: HeaderName,
    status: u16,
}

impl Authenticator {
    pub(super) fn new(nonce_key: [u8; 32], decoy: [u8; 32], settings: &Settings) -> Self {
        Self {
            digest: DigestServer::new(nonce_key, settings.digest.clone()),
            decoy: decoy_of(decoy),
            bans: Bans::new(settings.bans, settings.exempt_sources.clone()),
        }
    }

    pub(super) fn freeze(&self) -> FrozenAuthenticator<&DigestServer> {
        let decoy = self.decoy.sha256.unwrap_or_default();
        FrozenAuthenticator { digest: &self.digest, decoy, bans: self.bans.freeze() }
    }

    pub(super) fn thaw(frozen: FrozenAuthenticator<FrozenDigestServer>, settings: &Settings) -> Self {
        Self {
            digest: DigestServer::thaw(frozen.digest, settings.digest.clone()),
            decoy: decoy_of(frozen.decoy),
            bans: Bans::thaw(frozen.bans, settings.bans, settings.exempt_sources.clone()),
        }
    }

    /// The extension that sent a request, or the response that asks who it is or turns it away.
    pub(super) fn authenticate(
        &mut self,
        x: &mut Exchange,
        request: &Request,
        flow: &Flow,
    ) -> Result<Principal, Box<Response>> {
        let door = Door::of(&request.method);
        let claimed = if request.method == Method::Register { &request.to } else { &request.from };
        let local = flow.local.ip();
        let organisation = organisation_of(x, claimed, local)
            .or_else(|| request.uri.host().and_then(|host| x.snapshot.organisation_of(host, local)));
        let realm: Box<str> = organisation
            .and_then(|index| x.snapshot.organisation(index))
            .map_or_else(|| x.settings.realm.clone(), |organisation| organisation.realm.clone());
        let credentials = match find_credentials(request, &door, &realm) {
            Ok(Some(credentials)) => credentials,
            Ok(None) => return Err(self.challenge(x, request, flow, (&door, &realm), false)),
            Err(status) => return Err(x.response(request, status, None).into()),
        };
        let key = x.settings.credentials_key.as_ref();
        let short_lived = key.zip(ShortLived::parse(&credentials.username));
        let number = short_lived.as_ref().map_or(&*credentials.username, |(_, named)| named.number);
        // Whose flow is spared from the ban of its address tries its own password only.
        if self.is_banned(x.now, flow) && claimed.uri.user() != Some(number) {
            return Err(x.response(request, 403, None).into());
        }
        let known = organisation.and_then(|index| x.snapshot.extension(index, number));
        let ha1 = match &short_lived {
            // Made alike for a number that nobody has, and whatever the expiry.
            Some((key, _)) => {
                let id = organisation.and_then(|index| x.snapshot.organisation(index));
                key.ha1(id.map_or("", |organisation| &organisation.id), &credentials.username, &realm)
            }
            None => self.or_decoy(known.map(|known| known.ha1)),
        };
        let lasts = short_lived.map(|(_, named)| named.left(&x.clock, x.now));
        let source = flow.remote.ip();
        let checked = self.digest.verify(x.clock.unix_secs(x.now), source, request, &credentials, &ha1);
        match (checked, organisation) {
            (Ok(()), Some(organisation)) if known.is_some() && lasts != Some(None) => {
                let number = number.into();
                let principal =
                    Principal { organisation, number, lasts: lasts.flatten(), over: None, context: None };
                if speaks_for_itself(x, request, &principal, local) {
                    x.outputs.push_back(Output::Trust(*flow));
                    Ok(principal)
                } else {
                    Err(x.response(request, 403, None).into())
                }
            }
            // Once they were issued, so nothing was guessed: over, for too long, or their extension is gone.
            (Ok(()), Some(_)) if lasts.is_some() => {
                Err(self.challenge(x, request, flow, (&door, &realm), false))
            }
            (Err(DigestFailure::Malformed(_) | DigestFailure::WrongUri), _) => {
                Err(x.response(request, 400, None).into())
            }
            (Err(failure), _) if failure.is_stale() => {
                Err(self.challenge(x, request, flow, (&door, &realm), true))
            }
            (Err(DigestFailure::Unsupported(_)), _) => {
                Err(self.challenge(x, request, flow, (&door, &realm), false))
            }
            _ => {
                self.failed(x, flow, &credentials);
                Err(self.challenge(x, request, flow, (&door, &realm), false))
            }
        }
    }

    /// Whether the source of a flow is banned.
    pub(super) fn is_banned(&self, now: Instant, flow: &Flow) -> bool {
        self.bans.is_banned(now, flow.remote.ip())
    }

    /// The bans in force, the latest first.
    pub(super) fn bans(&self, now: Instant) -> Vec<Ban> {
        self.bans.list(now)
    }

    /// Lifts the ban of a source, or all.
    pub(super) fn lift_bans(&mut self, x: &mut Exchange, source: Option<IpAddr>) {
        for source in self.bans.lift(x.now, source) {
            x.event(Event::BanLifted { source });
            x.outputs.push_back(Output::LiftBan(source));
        }
    }

    /// How many passwords were checked so far.
    pub(super) fn compared(&self) -> u64 {
        self.digest.compared()
    }

    /// An unknown name costs the work of a known one, and so does a form of the password that was never imported.
    fn or_decoy(&self, known: Option<Ha1Set>) -> Ha1Set {
        let known = known.unwrap_or_default();
        Ha1Set {
            md5: known.md5.or(self.decoy.md5),
            sha256: known.sha256.or(self.decoy.sha256),
            sha512_256: known.sha512_256.or(self.decoy.sha512_256),
        }
    }

    fn failed(&mut self, x: &mut Exchange, flow: &Flow, credentials: &Credentials<'_>) {
        let user = credentials.username.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        x.event(Event::AuthenticationFailed { source: flow.remote, user });
        if let Some(ban) = self.bans.failed(x.now, flow.remote.ip()) {
            let lasts = ban.until.saturating_duration_since(x.now);
            x.event(Event::SourceBanned { source: ban.source, lasts, failures: ban.failures });
            x.outputs.push_back(Output::Ban { source: ban.source, lasts });
        }
    }

    fn challenge(
        &mut self,
        x: &Exchange,
        request: &Request,
        flow: &Flow,
        (door, realm): (&Door, &str),
        stale: bool,
    ) -> Box<Response> {
        let mut response = x.response(request, door.status, None);
        let source = flow.remote.ip();
        for challenge in self.digest.challenge(x.clock.unix_secs(x.now), realm, source, stale) {
            response.headers.push(door.challenge.clone(), challenge);
        }
        response.into()
    }
}

impl Door {
    /// A registrar answers 401; for everything else we stand in the way like a proxy, and answer 407.
    fn of(method: &Method) -> Self {
        if *method == Method::Register {
            Self {
                credentials: HeaderName::Authorization,
                challenge: HeaderName::WwwAuthenticate,
                status: 401,
            }
        } else {
            Self {
                credentials: HeaderName::ProxyAuthorization,
                challenge: HeaderName::ProxyAuthenticate,
                status: 407,
            }
        }
    }
}

fn decoy_of(secret: [u8; 32]) -> Ha1Set {
    let md5 = secret.first_chunk().copied();
    Ha1Set { md5, sha256: Some(secret), sha512_256: Some(secret) }
}

/// The credentials for our realm; a request may carry others for servers behind us. An error is the status that refuses it.
fn find_credentials<'a>(
    request: &'a Request,
    door: &'a Door,
    realm: &str,
) -> Result<Option<Credentials<'a>>, u16> {
    for value in request.headers.get_all(&door.credentials) {
        match Credentials::parse(value) {
            Ok(credentials) if credentials.realm == realm => return Ok(Some(credentials)),
            Ok(_) | Err(DigestFailure::Unsupported(_)) => {}
            Err(_) => return Err(400),
        }
    }
    Ok(None)
}

/// From, and To of a REGISTER, must name the extension whose password was given.
fn speaks_for_itself(x: &Exchange, request: &Request, principal: &Principal, local: IpAddr) -> bool {
    let is_own = |address: &NameAddr| {
        address.uri.user() == Some(&*principal.number)
            && organisation_of(x, address, local) == Some(principal.organisation)
    };
    is_own(&request.from) && (request.method != Method::Register || is_own(&request.to))
}

fn organisation_of(x: &Exchange, address: &NameAddr, local: IpAddr) -> Option<usize> {
    x.snapshot.organisation_of(address.uri.host()?, local)
}

/// Characters of a claimed name that are kept.
const LONGEST_NAME: usize = 64;
