//! A call comes in over a trunk: which one, by the address that it comes from; which number is called, and who calls, both as
//! this country writes them.

use std::net::IpAddr;
use std::sync::Arc;

use kiestoon_sip::Request;

use super::Trunk;
use crate::snapshot::Snapshot;
use crate::wire;

/// An INVITE from a trunk.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The index of the trunk's organisation.
    pub(crate) organisation: usize,
    pub(crate) trunk: Arc<Trunk>,
    /// In E.164 where it is one of the public network; empty for a caller who withholds it.
    pub(crate) caller: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) dialled: Box<str>,
    /// The context of the dialplan that it enters, where the number has one of its own.
    pub(crate) context: Option<Box<str>>,
}

/// What comes from the address of a trunk.
#[derive(Debug)]
pub(crate) enum Arrives {
    /// It is for one of its numbers.
    Here(Box<Arrival>),
    /// No trunk with this address has the number that is called.
    UnknownNumber,
}

/// Whose call a request is that comes from `source`; None where no trunk has that address. `registered` are those whose
/// registrar stands there.
pub(crate) fn arrives(
    snapshot: &Snapshot,
    registered: &[(usize, Arc<Trunk>)],
    request: &Request,
    source: IpAddr,
) -> Option<Arrives> {
    let closest = snapshot.trunks_at(source).map(|(prefix, ..)| prefix).max();
    let listed = snapshot.trunks_at(source).filter(|(prefix, ..)| Some(*prefix) == closest);
    let listed = listed.map(|(_, organisation, trunk)| (organisation, trunk));
    let trunks = registered.iter().map(|(organisation, trunk)| (*organisation, trunk)).chain(listed);
    let mut trunks: Vec<_> = trunks.filter(|(_, trunk)| identifies(trunk, request)).collect();
    if trunks.is_empty() {
        return None;
    }
    // Those that say what their calls carry come before those that take any.
    trunks.sort_by_key(|(_, trunk)| trunk.identified_by.is_none());
    let found = trunks.into_iter().find_map(|(organisation, trunk)| {
        let dialled = called(trunk, request)?;
        let context = trunk.numbers.get(&dialled).cloned().flatten();
        let (caller, name) = caller(trunk, request);
        Some(Box::new(Arrival { organisation, trunk: Arc::clone(trunk), caller, name, dialled, context }))
    });
    Some(found.map_or(Arrives::UnknownNumber, Arrives::Here))
}

/// Whether a request carries what those of the trunk do.
fn identifies(trunk: &Trunk, request: &Request) -> bool {
    let Some(rule) = &trunk.identified_by else { return true };
    request.headers.get_all(&rule.name).any(|value| value.trim() == &*rule.value)
}

/// The number that is called: what To names, where the Request-URI has the name of the account (RFC 3261 section 10.2: it is
/// the contact that we have registered), else what the Request-URI names.
fn called(trunk: &Trunk, request: &Request) -> Option<Box<str>> {
    let account = trunk.account.as_ref().map(|account| &*account.username);
    let [uri, to] = [&request.uri, &request.to.uri].map(|uri| wire::number(uri.user()).unwrap_or_default());
    let written = [&uri, &to].map(|number| trunk.incoming_form.read(trunk.country, number).into_boxed_str());
    // What looks like no number of the country may be one of ours without its `+`, or a short word as it is.
    let forms = [&uri, &to].map(|number| [format!("+{number}").into_boxed_str(), number.clone()]);
    let mut known =
        written.iter().chain(forms.iter().flatten()).filter(|number| trunk.numbers.contains_key(*number));
    if let Some(number) = known.next() {
        return Some(number.clone());
    }
    if Some(&*uri) == account {
        return Some(uri);
    }
    let [written, _] = written;
    (trunk.numbers.is_empty() && !written.is_empty()).then_some(written)
}

/// Who calls: what the trunk asserts (RFC 3325), else what From says. Whose number is withheld is not named here either.
fn caller(trunk: &Trunk, request: &Request) -> (Box<str>, Box<str>) {
    let asserted = request.headers.asserted_identity();
    let who = asserted.as_ref().unwrap_or(&request.from);
    let is_withheld = request.headers.privacy().withholds_identity();
    let number = wire::number(who.uri.user()).filter(|_| !is_withheld).unwrap_or_default();
    if number.is_empty() || number.eq_ignore_ascii_case("anonymous") {
        return Default::default();
    }
    let named = who.display.as_deref().or(request.from.display.as_deref()).unwrap_or_default();
    let name: String = named.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    (trunk.incoming_form.read(trunk.country, &number).into(), name.into())
}

/// Characters.
const LONGEST_NAME: usize = 64;
