//! Trunks as calls need them: what the operator has said, over what the preset says, over what all trunks have.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use kiestoon_call::{
    Account, AnonymousCallers, CallerIdPolicy, DtmfMode, FromUser, HeaderRule, IncomingForm, NamedIn,
    NumberForm, Trunk, UnknownNumbers,
};
use kiestoon_dialplan::{Country, INBOUND, Plans};
use kiestoon_media::SrtpPolicy;
use kiestoon_sip::network::Network;
use kiestoon_sip::stir::TrustAnchors;
use kiestoon_sip::{HeaderName, Host, NameAddr, SipUri, Uri};
use kiestoon_store::{
    ANONYMOUS, CallerIdFrom, CallerIdIn, DEFAULT_COUNTRY, Directory, IncomingFormat, Interval, NumberFormat,
    Presets, TrunkAdmission, TrunkDetails, TrunkDoubt, TrunkDtmf, TrunkHost, TrunkSettings, TrunkSrtp,
    TrunkTransport,
};

use super::{Missing, Warning};

/// The trunks of each organisation, by name.
pub(super) type Trunks = HashMap<String, HashMap<Box<str>, Arc<Trunk>>>;

/// Those that are enabled, by the ids of their organisations. One that its preset no longer makes whole is left out with a
/// warning: the others carry calls.
pub(super) fn by_organisation(
    trunks: Vec<kiestoon_store::Trunk>,
    presets: &Presets,
    anchors: &Arc<TrustAnchors>,
    warnings: &mut Vec<Warning>,
) -> Trunks {
    let mut all = Trunks::new();
    for trunk in trunks.into_iter().filter(|trunk| trunk.details.enabled) {
        let errors = errors(&trunk.details, presets);
        let name = trunk.details.name.clone();
        let built = match errors.as_slice() {
            [] => build(&trunk.id, &trunk.details, presets, anchors, warnings),
            _ => None,
        };
        match built {
            Some(built) => {
                all.entry(trunk.organisation_id).or_default().insert(name.into(), Arc::new(built));
            }
            None => warnings.push(Warning::LeftOut { trunk: name, doubts: errors }),
        }
    }
    all
}

/// One trunk, enabled or not, as calls would have it; or why it is not whole.
pub(crate) fn one(trunk: &kiestoon_store::Trunk, presets: &Presets) -> Result<Trunk, Vec<TrunkDoubt>> {
    let errors = errors(&trunk.details, presets);
    let whole = errors
        .is_empty()
        .then(|| build(&trunk.id, &trunk.details, presets, &Arc::default(), &mut Vec::new()));
    whole.flatten().ok_or(errors)
}

/// What keeps a trunk from being whole.
fn errors(details: &TrunkDetails, presets: &Presets) -> Vec<TrunkDoubt> {
    details.doubts(presets).into_iter().filter(TrunkDoubt::is_error).collect()
}

/// The contexts that numbers are to enter and that no dialplan has: their calls would find no rule.
pub(super) fn unknown_contexts(directory: &Directory, plans: &Plans) -> Vec<Warning> {
    let mut unknown = BTreeSet::new();
    for trunk in directory.trunks.iter().filter(|trunk| trunk.details.enabled) {
        let home = directory.organisations.iter().find(|home| home.id == trunk.organisation_id);
        let plan = plans.of(home.map_or("", |home| &home.slug));
        for context in trunk.details.numbers.values().flatten() {
            if context != INBOUND && plan.contexts().all(|(known, _)| known != context) {
                unknown.insert((context, &trunk.details.name));
            }
        }
    }
    let warning = |(context, name): (&String, &String)| {
        Missing::ContextOfNumbers { trunk: name.clone(), context: context.clone() }.into()
    };
    unknown.into_iter().map(warning).collect()
}

fn build(
    id: &str,
    details: &TrunkDetails,
    presets: &Presets,
    anchors: &Arc<TrustAnchors>,
    warnings: &mut Vec<Warning>,
) -> Option<Trunk> {
    let preset = presets.find(&details.preset)?;
    let said = details.settings.over(&preset.settings);
    let country = Country::find(said.country.as_deref().unwrap_or(DEFAULT_COUNTRY))?;
    let usual = Trunk::new(id.into(), details.name.as_str().into(), country);
    let uri = |host: &TrunkHost| uri(host, said.transport);
    let proxies = said.outbound_proxy.iter().flatten();
    let numbers = details.numbers.iter();
    Some(Trunk {
        hosts: said.hosts().map(uri).collect::<Option<_>>()?,
        domain: said.domain.as_deref().and_then(|domain| Host::parse(domain).ok()),
        route: proxies.map(|proxy| Some(route(uri(proxy)?))).collect::<Option<_>>()?,
        addresses: said.addresses.iter().flatten().map(network).collect(),
        identified_by: match &said.identify_header {
            Some(rule) => Some(header_rule(rule)?),
            None => None,
        },
        numbers: numbers
            .map(|(number, context)| (number.as_str().into(), context.as_deref().map(Into::into)))
            .collect(),
        account: account(details, &said),
        registers: said.register.unwrap_or(false).then(|| said.expires.unwrap_or(EXPIRES)),
        number_form: said.number_format.map_or(usual.number_form, number_form),
        incoming_form: said.incoming_format.map_or(usual.incoming_form, incoming_form),
        caller_id: caller_id(&said, &usual.caller_id),
        patience: said.patience.map_or(usual.patience, |span| span.0),
        progress: said.progress.map_or(usual.progress, Interval::duration),
        unknown_numbers: said.unknown_numbers.map_or(usual.unknown_numbers, unknown_numbers),
        anonymous: said.anonymous.map_or(usual.anonymous, anonymous),
        transfers: said.transfers.unwrap_or(usual.transfers),
        redirects: said.redirects.unwrap_or(usual.redirects),
        options: said.options.map_or(Some(OPTIONS), Interval::duration),
        channels: said.channels,
        calls_per_second: said.calls_per_second,
        srtp: said.srtp.map_or(usual.srtp, srtp),
        codecs: said.codecs.iter().flatten().map(|codec| codec.word().into()).collect(),
        dtmf: said.dtmf.map_or(usual.dtmf, dtmf),
        session_timer: said.session_timer.map_or(usual.session_timer, Interval::duration),
        weight: said.weight.and_then(|weight| weight.try_into().ok()).unwrap_or(usual.weight),
        stir: super::stir::of(&details.name, &said, anchors, warnings),
        ..usual
    })
}

/// Where no transport is said the DNS chooses one (RFC 3263 section 4.1).
fn uri(host: &TrunkHost, transport: Option<TrunkTransport>) -> Option<SipUri> {
    let mut uri = SipUri::new(Host::parse(&host.name).ok()?);
    uri.port = host.port;
    Some(match host.transport.or(transport) {
        Some(transport) => uri.with_param("transport", transport.word()),
        None => uri,
    })
}

fn route(proxy: SipUri) -> NameAddr {
    NameAddr::new(Uri::Sip(proxy.with_param("lr", None)))
}

fn header_rule(rule: &kiestoon_store::HeaderRule) -> Option<HeaderRule> {
    let name = HeaderName::try_from(Box::<str>::from(rule.name.as_str())).ok()?;
    Some(HeaderRule { name, value: rule.value.as_str().into() })
}

fn network(block: &kiestoon_store::AddressBlock) -> Network {
    Network { address: block.address, prefix: block.prefix }
}

fn account(details: &TrunkDetails, said: &TrunkSettings) -> Option<Account> {
    let username = said.username.as_deref()?;
    Some(Account {
        username: username.into(),
        login: said.login.as_deref().unwrap_or(username).into(),
        password: details
            .password
            .as_ref()
            .map_or_else(Default::default, |password| password.expose().into()),
    })
}

fn number_form(format: NumberFormat) -> NumberForm {
    match format {
        NumberFormat::E164 => NumberForm::E164,
        NumberFormat::E164Digits => NumberForm::E164Digits,
        NumberFormat::National => NumberForm::National,
        NumberFormat::AsDialled => NumberForm::AsDialled,
    }
}

fn incoming_form(format: IncomingFormat) -> IncomingForm {
    match format {
        IncomingFormat::Auto => IncomingForm::Auto,
        IncomingFormat::E164Digits => IncomingForm::E164Digits,
        IncomingFormat::National => IncomingForm::National,
    }
}

fn caller_id(said: &TrunkSettings, usual: &CallerIdPolicy) -> CallerIdPolicy {
    CallerIdPolicy {
        from: match said.caller_id_from {
            Some(CallerIdFrom::Account) => FromUser::Account,
            Some(CallerIdFrom::Caller) => FromUser::Caller,
            None => usual.from,
        },
        named_in: match said.caller_id_in {
            Some(CallerIdIn::From) => NamedIn::From,
            Some(CallerIdIn::PAssertedIdentity) => NamedIn::PAssertedIdentity,
            Some(CallerIdIn::RemotePartyId) => NamedIn::RemotePartyId,
            Some(CallerIdIn::Both) => NamedIn::Both,
            None => usual.named_in,
        },
        number: said.caller_id_number.as_deref().filter(|number| *number != ANONYMOUS).map(Into::into),
    }
}

fn unknown_numbers(word: TrunkAdmission) -> UnknownNumbers {
    match word {
        TrunkAdmission::Take => UnknownNumbers::Context,
        TrunkAdmission::Refuse => UnknownNumbers::Reject,
    }
}

fn anonymous(word: TrunkAdmission) -> AnonymousCallers {
    match word {
        TrunkAdmission::Take => AnonymousCallers::Accept,
        TrunkAdmission::Refuse => AnonymousCallers::Reject,
    }
}

fn srtp(word: TrunkSrtp) -> SrtpPolicy {
    match word {
        TrunkSrtp::Off => SrtpPolicy::Off,
        TrunkSrtp::Optional => SrtpPolicy::Optional,
        TrunkSrtp::Required => SrtpPolicy::Required,
    }
}

fn dtmf(word: TrunkDtmf) -> DtmfMode {
    match word {
        TrunkDtmf::Auto => DtmfMode::Auto,
        TrunkDtmf::Rfc4733 => DtmfMode::Rfc4733,
        TrunkDtmf::Info => DtmfMode::Info,
        TrunkDtmf::Inband => DtmfMode::Inband,
    }
}

/// Seconds, where neither the operator nor the preset says how long.
const EXPIRES: u32 = 3_600;
/// The same.
const OPTIONS: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::presets;

    fn details(preset: &str, words: &[(&str, &str)]) -> TrunkDetails {
        let mut details = TrunkDetails::new("voys");
        details.preset = preset.into();
        for (key, text) in words {
            details.settings.take_text(key, text).expect("a good word");
        }
        details
    }

    fn built(details: TrunkDetails) -> (Option<Arc<Trunk>>, Vec<String>) {
        let presets = presets::load(None).expect("the presets");
        let trunk = kiestoon_store::Trunk { id: "1".into(), organisation_id: "o".into(), details };
        let mut warnings = Vec::new();
        let mut all = by_organisation(vec![trunk], &presets, &Arc::default(), &mut warnings);
        let warnings = warnings.iter().map(|warning| warning.text(Language::English)).collect();
        (all.remove("o").and_then(|mut own| own.remove("voys")), warnings)
    }

    #[test]
    fn what_nobody_says_is_usual() {
        let (trunk, warnings) = built(details("generic", &[("host", "sip.example.net:5070,[2001:db8::1]")]));
        let trunk = trunk.expect("a trunk");
        assert_eq!(warnings, [""; 0]);
        let hosts: Vec<_> = trunk.hosts.iter().map(|host| Uri::Sip(host.clone()).to_string()).collect();
        assert_eq!(hosts, ["sip:sip.example.net:5070", "sip:[2001:db8::1]"]);
        assert_eq!((trunk.registers, trunk.account.is_some()), (None, false));
        assert_eq!((trunk.channels, trunk.weight, trunk.options), (None, 1, Some(OPTIONS)));
        assert_eq!(trunk.caller_id.named_in, NamedIn::PAssertedIdentity);
        assert_eq!(
            (trunk.unknown_numbers, trunk.anonymous),
            (UnknownNumbers::Reject, AnonymousCallers::Accept)
        );
        assert_eq!((trunk.transfers, trunk.redirects), (false, false));
        assert_eq!(trunk.progress, Some(Duration::from_secs(12)));
    }

    #[test]
    fn own_words_count_before_those_of_the_preset() {
        let mut said = details(
            "voipgrid",
            &[
                ("username", "100001"),
                ("login", "inlog"),
                ("outbound_proxy", "proxy.example.net"),
                ("number_format", "national"),
                ("identify_header", "X-Account: 7"),
                ("expires", "600"),
                ("channels", "4"),
                ("calls_per_second", "2"),
                ("weight", "0"),
                ("options", "off"),
                ("srtp", "required"),
                ("codecs", "G722,PCMA"),
                ("dtmf", "info"),
                ("session_timer", "off"),
                ("progress", "off"),
                ("unknown_numbers", "take"),
                ("anonymous", "refuse"),
                ("transfers", "true"),
                ("redirects", "true"),
            ],
        );
        said.password = Some(kiestoon_store::TrunkPassword::new("geheim").expect("a password"));
        said.numbers.insert("+31201234567".into(), Some("verkoop".into()));
        let (trunk, warnings) = built(said);
        let trunk = trunk.unwrap_or_else(|| panic!("{warnings:?}"));
        assert_eq!(
            Uri::Sip(trunk.hosts[0].clone()).to_string(),
            "sip:sip.encryptedsip.com:5061;transport=tls"
        );
        assert_eq!(trunk.route[0].uri.to_string(), "sip:proxy.example.net;transport=tls;lr");
        assert_eq!((trunk.registers, trunk.number_form), (Some(600), NumberForm::National));
        assert_eq!((trunk.channels, trunk.calls_per_second), (Some(4), Some(2)));
        assert_eq!((trunk.weight, trunk.options), (0, None));
        assert_eq!(
            (trunk.srtp, trunk.dtmf, trunk.session_timer),
            (SrtpPolicy::Required, DtmfMode::Info, None)
        );
        assert_eq!(
            (trunk.unknown_numbers, trunk.anonymous),
            (UnknownNumbers::Context, AnonymousCallers::Reject)
        );
        assert_eq!((trunk.transfers, trunk.redirects, trunk.progress), (true, true, None));
        assert_eq!(trunk.codecs, ["G722".into(), "PCMA".into()]);
        let account = trunk.account.as_ref().expect("an account");
        assert_eq!((&*account.username, &*account.login, &*account.password), ("100001", "inlog", "geheim"));
        assert_eq!(trunk.numbers.get("+31201234567").cloned().flatten().as_deref(), Some("verkoop"));
        assert_eq!(trunk.identified_by.as_ref().map(|rule| rule.name.as_str()), Some("X-Account"));
    }

    #[test]
    fn one_that_is_not_whole_is_left_out_with_a_warning() {
        let (trunk, warnings) = built(details("voipgrid", &[]));
        assert!(trunk.is_none());
        assert_eq!(
            warnings,
            ["trunk voys is left out: preset `voipgrid` leaves to be filled in: username, password"]
        );
        let (_, warnings) = built(details("gone", &[]));
        assert!(warnings[0].starts_with("trunk voys is left out: there is no preset `gone`"), "{warnings:?}");
        let mut disabled = details("voipgrid", &[]);
        disabled.enabled = false;
        assert_eq!(built(disabled).1, [""; 0]);
    }
}
