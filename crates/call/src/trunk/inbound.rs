//! A call comes in over a trunk: which one, by the address that it comes from; which number is called, and who calls, both as
//! this country writes them.

use std::sync::Arc;

use kiestoon_sip::{Flow, NameAddr, Request, Uri};

use super::{AnonymousCallers, Trunk, UnknownNumbers};
use crate::cdr::End;
use crate::reason::EndReason;
use crate::rights;
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
    /// Whom rules are asked about.
    pub(crate) judged: Judged,
    pub(crate) name: Box<str>,
    pub(crate) dialled: Box<str>,
    /// The context of the dialplan that it enters, where the number has one of its own.
    pub(crate) context: Option<Box<str>>,
    /// How it ends at once, where the trunk's policy does not take it.
    pub(crate) refused: Option<End>,
}

/// A caller as rules see it. Nobody is shown this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// What the trunk tells us, in E.164 where it is one of the public network; empty where it tells none. Who withholds a number
    /// withholds it from those who are called, not from us (RFC 3325 section 7).
    pub(crate) number: Box<str>,
    /// The same where it is another one in E.164: with the `+` that it may have lost, also where it is as long as a number at home is, or
    /// without a zero behind the country code.
    pub(crate) otherwise: Option<Box<str>>,
    pub(crate) is_withheld: bool,
}

/// Whose call a request is that comes from the other end of `flow`; None where no trunk has that address, or where it says to come
/// from a phone of ours, which has to prove that. `registered` are those whose registrar stands there.
pub(crate) fn arrives(
    snapshot: &Snapshot,
    registered: &[(usize, Arc<Trunk>)],
    request: &Request,
    flow: &Flow,
) -> Option<Arrival> {
    let source = flow.remote.ip();
    let closest = snapshot.trunks_at(source).map(|(prefix, ..)| prefix).max();
    let listed = snapshot.trunks_at(source).filter(|(prefix, ..)| Some(*prefix) == closest);
    let listed = listed.map(|(_, organisation, trunk)| (organisation, trunk));
    let registered = registered.iter().map(|(organisation, trunk)| (*organisation, trunk));
    let mut trunks: Vec<(usize, &Arc<Trunk>)> =
        registered.chain(listed).filter(|(_, trunk)| identifies(trunk, request)).collect();
    // Those that say what their calls carry come before those that take any.
    trunks.sort_by_key(|(_, trunk)| trunk.identified_by.is_none());
    let (_, first) = trunks.first()?;
    if says_to_be_ours(snapshot, first, request, flow) {
        return None;
    }
    let known =
        trunks.iter().find_map(|(organisation, trunk)| Some((organisation, trunk, called(trunk, request)?)));
    let takes_all = |(_, trunk): &&(usize, &Arc<Trunk>)| trunk.unknown_numbers == UnknownNumbers::Context;
    let is_known = known.is_some() || trunks.iter().any(|trunk| takes_all(&trunk));
    let (organisation, trunk, dialled) = known.or_else(|| {
        let (organisation, trunk) = trunks.iter().find(takes_all).or_else(|| trunks.first())?;
        Some((organisation, trunk, written(trunk, request.uri.user())))
    })?;
    let judged = Judged::of(trunk, request);
    let (caller, name) = shown(&judged, request);
    let is_unwanted = caller.is_empty() && trunk.anonymous == AnonymousCallers::Reject;
    let refused = match (is_known, is_unwanted) {
        (false, _) => Some(End::from(EndReason::NotFound)),
        (true, true) => Some(End { status: Some(433), ..End::from(EndReason::Forbidden) }),
        (true, false) => None,
    };
    let context = trunk.numbers.get(&dialled).cloned().flatten();
    let (organisation, trunk) = (*organisation, Arc::clone(trunk));
    Some(Arrival { organisation, trunk, caller, judged, name, dialled, context, refused })
}

/// Whether it is From somebody at a domain of ours who is no number of the public network: a phone, perhaps behind the router that
/// a trunk stands behind too. Whether such an extension exists is not told.
fn says_to_be_ours(snapshot: &Snapshot, trunk: &Trunk, request: &Request, flow: &Flow) -> bool {
    let from = &request.from.uri;
    let is_here = from.host().is_some_and(|host| snapshot.organisation_of(host, flow.local.ip()).is_some());
    let user = from.user().unwrap_or_default();
    let is_short = !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_digit());
    is_here && is_short && !trunk.incoming_form.read(trunk.country, user).starts_with('+')
}

fn written(trunk: &Trunk, user: Option<&str>) -> Box<str> {
    trunk.incoming_form.read(trunk.country, &wire::number(user).unwrap_or_default()).into()
}

impl Trunk {
    /// The number of this trunk that an INVITE names, wherever it comes from; any where the trunk lists none.
    pub fn called_by(&self, request: &Request) -> Option<Box<str>> {
        called(self, request)
    }
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
    // What looks like no number of the country may be one of ours without its `+`, with a zero too many behind the country code, in
    // the context that it names, or a short word as it is.
    let bare = [&uri, &to].map(|number| [format!("+{number}").into_boxed_str(), number.clone()]);
    let zeroless =
        written.each_ref().map(|number| rights::without_zero(trunk.country, number).into_boxed_str());
    let within = [&request.uri, &request.to.uri].map(in_context);
    let all = written.iter().chain(bare.iter().flatten()).chain(&zeroless).chain(within.iter().flatten());
    let mut known = all.filter(|number| trunk.numbers.contains_key(*number));
    if let Some(number) = known.next() {
        return Some(number.clone());
    }
    if Some(&*uri) == account {
        return Some(uri);
    }
    let [written, _] = written;
    (trunk.numbers.is_empty() && !written.is_empty()).then_some(written)
}

/// The number of an address within the global context that it names, in E.164 (RFC 3966 section 5.1.5); None where it names none.
fn in_context(uri: &Uri) -> Option<Box<str>> {
    let context = match uri {
        Uri::Tel(tel) => tel.params.get("phone-context")?,
        _ => uri.user()?.split(';').find_map(|param| param.strip_prefix("phone-context="))?,
    };
    let number = wire::number(uri.user()).filter(|number| !number.starts_with('+'))?;
    let digits: String = context.strip_prefix('+')?.chars().filter(char::is_ascii_digit).collect();
    Some(format!("+{digits}{number}").into())
}

impl Judged {
    /// Who calls: what the trunk asserts (RFC 3325), else what From says.
    pub(crate) fn of(trunk: &Trunk, request: &Request) -> Self {
        let asserted = request.headers.asserted_identity();
        let told = number(asserted.as_ref().unwrap_or(&request.from));
        let is_withheld = told.is_none() || request.headers.privacy().withholds_identity();
        let number: Box<str> = told
            .as_deref()
            .map(|told| trunk.incoming_form.read(trunk.country, told).into())
            .unwrap_or_default();
        // What is as long as a number at home may have the country's own code in front, and no other one.
        let may_have_code = |told: &str| !number.starts_with('+') || told.starts_with(trunk.country.code());
        let unmarked = told.filter(|told| may_have_code(told));
        let unmarked = unmarked.and_then(|told| trunk.country.unmarked(&told));
        let otherwise: Box<str> =
            rights::without_zero(trunk.country, unmarked.as_deref().unwrap_or(&number)).into();
        let otherwise = (otherwise != number).then_some(otherwise);
        Self { number, otherwise, is_withheld }
    }

    /// Each number that it may be.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &str> {
        [Some(&*self.number), self.otherwise.as_deref()].into_iter().flatten()
    }
}

/// The number of an address; None where it says that there is none.
fn number(who: &NameAddr) -> Option<Box<str>> {
    let number = wire::number(who.uri.user())?;
    let is_word = NOBODY.iter().any(|word| number.eq_ignore_ascii_case(word));
    let is_nowhere = who.uri.host().is_some_and(|host| {
        let host = host.to_string();
        NOWHERE.iter().any(|nowhere| host.eq_ignore_ascii_case(nowhere))
    });
    (!number.is_empty() && !is_word && !is_nowhere).then_some(number)
}

/// The number and the name that may be shown: whose number is withheld is not named either.
fn shown(judged: &Judged, request: &Request) -> (Box<str>, Box<str>) {
    if judged.is_withheld {
        return Default::default();
    }
    let asserted = request.headers.asserted_identity().and_then(|who| who.display);
    let named = asserted.as_deref().or(request.from.display.as_deref()).unwrap_or_default();
    let name: String = named.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    (judged.number.clone(), name.into())
}

/// What stands where a number would be (RFC 3323 section 4.1, 3GPP TS 29.163 section 7.4.6, and what gateways write).
const NOBODY: [&str; 6] = ["anonymous", "private", "restricted", "unavailable", "unknown", "withheld"];
/// Hosts of addresses that are nobody's (RFC 3323 section 4.1, 3GPP TS 23.003 sections 13.6 and 13.7).
const NOWHERE: [&str; 2] = ["anonymous.invalid", "unknown.invalid"];
/// Characters.
const LONGEST_NAME: usize = 64;
