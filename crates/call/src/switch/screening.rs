//! What every request must pass before anything else looks at it (RFC 3261 section 8.2): method, hops, extensions, body,
//! loops. Costs nothing but the response.

use kiestoon_sip::{Flow, HeaderName, Method, Request, Response, Uri, Via};

use super::register;
use crate::exchange::Exchange;
use crate::settings::Settings;
use crate::wire;

/// Lets a request pass, or says how it is refused.
pub(super) fn screen(x: &Exchange, request: &Request, flow: &Flow) -> Result<(), Box<Response>> {
    method(x, request)?;
    scheme(x, request, flow)?;
    hops(x, request)?;
    breadth(x, request)?;
    extensions(x, request)?;
    body(x, request)?;
    own_request(x, request, flow)
}

fn method(x: &Exchange, request: &Request) -> Result<(), Box<Response>> {
    let status = match request.method {
        Method::Invite
        | Method::Ack
        | Method::Bye
        | Method::Cancel
        | Method::Register
        | Method::Options
        | Method::Info
        | Method::Message
        | Method::Refer
        | Method::Notify
        | Method::Prack
        | Method::Update => return Ok(()),
        Method::Other(_) => 501,
        _ => 405,
    };
    let mut response = x.response(request, status, None);
    response.headers.set(HeaderName::Allow, wire::ALLOW);
    Err(response.into())
}

/// What `sips:` promises is broken already where it comes over a hop that is not secure.
fn scheme(x: &Exchange, request: &Request, flow: &Flow) -> Result<(), Box<Response>> {
    match &request.uri {
        uri if uri.is_secure() && !flow.transport.is_secure() => Err(x.response(request, 416, None).into()),
        Uri::Sip(_) | Uri::Tel(_) => Ok(()),
        Uri::Other { .. } => Err(x.response(request, 416, None).into()),
    }
}

/// Only requests that go on to somebody use up hops.
fn hops(x: &Exchange, request: &Request) -> Result<(), Box<Response>> {
    let goes_on = matches!(request.method, Method::Invite | Method::Message | Method::Info);
    if goes_on && request.max_forwards == Some(0) {
        return Err(x.response(request, 483, None).into());
    }
    Ok(())
}

/// A request that may go to nobody any more (RFC 5393 section 5.3.3.2).
fn breadth(x: &Exchange, request: &Request) -> Result<(), Box<Response>> {
    if request.method == Method::Invite && request.headers.max_breadth() == Some(0) {
        return Err(x.response(request, 440, None).into());
    }
    Ok(())
}

/// What is required and not known to us is refused by name.
fn extensions(x: &Exchange, request: &Request) -> Result<(), Box<Response>> {
    let required = request.headers.require().chain(request.headers.proxy_require());
    let required: Vec<&str> = required.filter(|option| !is_known(request, option)).collect();
    // A BYE ends its call whatever it asks for: refusing it would leave the call up.
    if required.is_empty() || request.method == Method::Bye {
        return Ok(());
    }
    let mut response = x.response(request, 420, None);
    response.headers.set(HeaderName::Unsupported, required.join(", "));
    Err(response.into())
}

fn is_known(request: &Request, option: &str) -> bool {
    let listed = |known: &str| known.split(", ").any(|known| known.eq_ignore_ascii_case(option));
    listed(wire::SUPPORTED) || (request.method == Method::Register && listed(register::OPTIONS))
}

fn body(x: &Exchange, request: &Request) -> Result<(), Box<Response>> {
    if request.body.is_empty() {
        return Ok(());
    }
    if request
        .headers
        .tokens(&HeaderName::ContentEncoding)
        .any(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        let mut response = x.response(request, 415, None);
        response.headers.set(HeaderName::AcceptEncoding, "identity");
        return Err(response.into());
    }
    if request.method == Method::Invite && !request.headers.is_sdp() {
        let mut response = x.response(request, 415, None);
        response.headers.set(HeaderName::Accept, wire::SDP);
        return Err(response.into());
    }
    Ok(())
}

/// A request of our own that came back: its From tag is one that we gave, or it has passed us on its way. The topmost Via is
/// the sender's own, and a phone elsewhere may have the very address that we have. (A copy of a caller's request is refused
/// by the transaction layer, and a detour over another PBX uses up the hops.)
fn own_request(x: &Exchange, request: &Request, flow: &Flow) -> Result<(), Box<Response>> {
    if request.to.tag().is_some() {
        return Ok(());
    }
    let is_ours = request.from.tag().is_some_and(|tag| x.routes.dialog(tag).is_some());
    let passed_us = request.via.iter().skip(1).any(|via| is_our_via(&x.settings, via, flow));
    if is_ours || passed_us { Err(x.response(request, 482, None).into()) } else { Ok(()) }
}

/// Whether it is what we have told some phone, be that another one than sends this.
fn is_our_via(settings: &Settings, via: &Via, flow: &Flow) -> bool {
    let Some(host) = via.host.ip() else { return false };
    let is_ours = host == flow.local.ip().to_canonical() || settings.public.all().any(|told| told == host);
    is_ours && via.port == Some(flow.local.port())
}
