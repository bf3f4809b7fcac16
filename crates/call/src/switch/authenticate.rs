//! Who sent this? Digest authentication of extensions (RFC 3261 section 22), and the rule that nobody speaks for somebody
//! else. Whether a name exists cannot be told from what is answered, nor from how long that takes.

use std::net::IpAddr;

use kiestoon_sip::digest::{Credentials, DigestFailure, DigestServer, Ha1Set};
use kiestoon_sip::{Flow, HeaderName, Method, NameAddr, Request, Response};

use super::Output;
use super::sources::Sources;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::settings::Settings;

/// Checks credentials.
#[derive(Debug)]
pub(super) struct Authenticator {
    digest: DigestServer,
    /// What credentials of an unknown name are checked against; nobody has its password.
    decoy: Ha1Set,
    sources: Sources,
}

/// An extension that has proved who it is.
#[derive(Debug)]
pub(super) struct Principal {
    /// The index of its organisation in the snapshot.
    pub(super) organisation: usize,
    pub(super) number: Box<str>,
}

/// The headers and the status of a challenge.
struct Door {
    credentials: HeaderName,
    challenge: HeaderName,
    status: u16,
}

impl Authenticator {
    pub(super) fn new(nonce_key: [u8; 32], decoy: [u8; 32], settings: &Settings) -> Self {
        let md5 = decoy.first_chunk().copied();
        Self {
            digest: DigestServer::new(nonce_key, settings.digest.clone()),
            decoy: Ha1Set { md5, sha256: Some(decoy), sha512_256: Some(decoy) },
            sources: Sources::new(
                settings.auth_failures_per_minute,
                settings.limits.sources,
                settings.exempt_sources.clone(),
            ),
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
        if self.sources.is_blocked(x.now, flow.remote.ip()) {
            return Err(x.response(request, 403, None).into());
        }
        let credentials = match find_credentials(request, &door, &realm) {
            Ok(Some(credentials)) => credentials,
            Ok(None) => return Err(self.challenge(x, request, &door, &realm, false)),
            Err(status) => return Err(x.response(request, status, None).into()),
        };
        let known = organisation
            .and_then(|index| x.snapshot.extension(index, &credentials.username))
            .map(|known| known.ha1);
        let ha1 = known.unwrap_or(self.decoy);
        let checked = self.digest.verify(x.clock.unix_secs(x.now), request, &credentials, &ha1);
        match (checked, organisation) {
            (Ok(()), Some(organisation)) if known.is_some() => {
                let principal = Principal { organisation, number: credentials.username.as_ref().into() };
                if speaks_for_itself(x, request, &principal, local) {
                    x.outputs.extend(flow.connection.map(Output::Trust));
                    Ok(principal)
                } else {
                    Err(x.response(request, 403, None).into())
                }
            }
            (Err(DigestFailure::Malformed(_) | DigestFailure::WrongUri), _) => {
                Err(x.response(request, 400, None).into())
            }
            (Err(failure), _) if failure.is_stale() => Err(self.challenge(x, request, &door, &realm, true)),
            (Err(DigestFailure::Unsupported(_)), _) => Err(self.challenge(x, request, &door, &realm, false)),
            _ => {
                self.sources.failed(x.now, flow.remote.ip());
                let user =
                    credentials.username.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
                x.event(Event::AuthenticationFailed { source: flow.remote, user });
                Err(self.challenge(x, request, &door, &realm, false))
            }
        }
    }

    fn challenge(
        &mut self,
        x: &mut Exchange,
        request: &Request,
        door: &Door,
        realm: &str,
        stale: bool,
    ) -> Box<Response> {
        let mut response = x.response(request, door.status, None);
        for challenge in self.digest.challenge(x.clock.unix_secs(x.now), realm, stale) {
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
