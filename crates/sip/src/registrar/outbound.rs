//! What a REGISTER says of the way to its phone: the proxies that it came through (Path, RFC 3327) and the flow that it opens
//! (RFC 5626).

use crate::header::HeaderName;
use crate::message::Request;
use crate::uri::Uri;

use super::RegisterRefused;
use super::request::Wanted;

/// The Path of a REGISTER, nearest proxy to us first. It is taken from phones too that do not say that they understand it, as
/// RFC 3327 section 5.3 leaves to our policy: most desk phones do not, and stand behind such proxies all the same.
///
/// # Errors
/// Where the Path is none that requests could take.
pub(super) fn path(request: &Request) -> Result<Vec<Box<str>>, RegisterRefused> {
    let path = request.headers.addresses(&HeaderName::Path)?;
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let is_loose = path.iter().all(|address| address.uri.as_sip().is_some_and(|uri| uri.is_loose_router()));
    let texts: Vec<Box<str>> = path.iter().map(|address| address.to_string().into()).collect();
    let length: usize = texts.iter().map(|text| text.len()).sum();
    if !is_loose || texts.len() > MOST_PROXIES || length > LONGEST_PATH {
        return Err(RegisterRefused::UnusablePath);
    }
    Ok(texts)
}

/// Whether the sender of a request understands an option.
pub(super) fn supports(request: &Request, option: &str) -> bool {
    request.headers.supported().any(|token| token.eq_ignore_ascii_case(option))
}

/// The flow that a Contact is about, where its phone speaks RFC 5626; zero and what is no number are none.
pub(super) fn flow_id(request: &Request, instance: Option<&str>, reg_id: Option<&str>) -> Option<u32> {
    let id = reg_id?.parse().ok().filter(|id| *id > 0)?;
    (instance.is_some() && supports(request, "outbound")).then_some(id)
}

/// RFC 5626 section 6: one flow a request, and the first proxy on the way, if there is one, must be able to find it again.
///
/// # Errors
/// [`RegisterRefused::SeveralFlows`] and [`RegisterRefused::FirstHop`].
pub(super) fn check(request: &Request, wanted: &[Wanted], path: &[Box<str>]) -> Result<(), RegisterRefused> {
    let flows = wanted.iter().filter(|contact| contact.flow_id().is_some());
    if !wanted.iter().any(|contact| contact.flow_id().is_some()) {
        return Ok(());
    }
    if flows.filter(|contact| contact.seconds > 0).count() > 1 {
        return Err(RegisterRefused::SeveralFlows);
    }
    let is_direct = request.via.len() == 1;
    let keeps_flows = |text: &str| {
        let text = text.trim_start_matches('<').split('>').next().unwrap_or_default();
        Uri::parse(text).is_ok_and(|uri| uri.as_sip().is_some_and(|uri| uri.params.contains("ob")))
    };
    if is_direct || path.last().is_some_and(|first_hop| keeps_flows(first_hop)) {
        return Ok(());
    }
    Err(RegisterRefused::FirstHop)
}

/// More proxies than stand between any phone and its registrar, and more than their addresses take.
const MOST_PROXIES: usize = 8;
const LONGEST_PATH: usize = 1024;
