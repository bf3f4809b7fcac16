//! GRUUs (RFC 5627): what a phone is given with its registration, and which one phone a request to such an address is for.

use std::sync::Arc;

use kiestoon_sip::registrar::{Binding, Device, Gruus};
use kiestoon_sip::{Flow, Uri};
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::wire;

/// The one phone that a request is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OnePhone {
    pub(crate) number: Box<str>,
    instance: Arc<str>,
}

impl OnePhone {
    /// Whether a phone of an extension is rung: another extension's are, where the dialplan leads there.
    pub(crate) fn allows(&self, number: &str, binding: &Binding) -> bool {
        *self.number != *number || binding.instance.as_deref() == Some(&*self.instance)
    }
}

/// The phone that a Request-URI names; None where it is no GRUU.
///
/// # Errors
/// The status that says why it cannot be reached: 404 where a temporary one is not good any more, 480 where its phone is not
/// registered.
pub(crate) fn one_phone(x: &Exchange, organisation: usize, uri: &Uri) -> Result<Option<OnePhone>, u16> {
    let Some(sip) = uri.as_sip().filter(|sip| sip.params.contains("gr")) else { return Ok(None) };
    let user = sip.user.as_deref().unwrap_or_default();
    let (number, wanted): (Box<str>, Wanted) = match sip.params.get("gr") {
        Some(urn) => (user.into(), Wanted::Instance(format!("<{urn}>"))),
        None => {
            let (number, device) = x.gruus.open(user).ok_or(404_u16)?;
            (number.into(), Wanted::Device(device))
        }
    };
    let bindings = x.bindings(organisation, &x.snapshot, &number);
    let found = bindings.into_iter().find(|binding| wanted.is(x, binding));
    match found.and_then(|binding| binding.instance.clone()) {
        Some(instance) => Ok(Some(OnePhone { number, instance })),
        None if Gruus::is_temporary(user) => Err(404),
        None => Err(480),
    }
}

/// What a GRUU names: an instance in clear, or a registration of one under cover.
enum Wanted {
    Instance(String),
    Device(Device),
}

impl Wanted {
    fn is(&self, x: &Exchange, binding: &Binding) -> bool {
        binding.instance.as_deref().is_some_and(|instance| match self {
            Self::Instance(wanted) => instance == wanted,
            Self::Device(device) => x.gruus.device(instance, &binding.call_id) == *device,
        })
    }
}

/// The parameters of a Contact in the 200 of a REGISTER that give a phone its GRUUs; empty for a phone without an instance.
pub(crate) fn granted(
    x: &mut Exchange,
    organisation: usize,
    number: &str,
    (instance, call_id): (&str, &str),
    flow: &Flow,
) -> String {
    let urn = instance.trim_matches(['<', '>']);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'():".contains(&byte);
    if urn.is_empty() || !urn.bytes().all(is_plain) {
        return String::new();
    }
    let salt = x.random();
    let Some(of) = x.snapshot.organisation(organisation) else { return String::new() };
    let uri = |user: &str, gr: Option<&str>| {
        let mut address = wire::address(user, of, &x.settings, flow);
        if let Uri::Sip(sip) = &mut address.uri {
            sip.params.set("gr", gr);
        }
        address.uri
    };
    let public = uri(number, Some(urn));
    let temporary = uri(&x.gruus.temporary(number, x.gruus.device(instance, call_id), salt), None);
    format!(";pub-gruu=\"{public}\";temp-gruu=\"{temporary}\"")
}
