//! Every message that has Dutch beside its English has it for each variant. The compiler keeps the lists whole: a variant without
//! an example here has no arm.

use std::path::PathBuf;
use std::time::Duration;

use kiestoon_control::Sentence;
use kiestoon_dialplan::{
    Definition, Excerpt, Fault, Found as FoundInPlan, Problem as DialplanProblem, ReferenceKind, Severity,
    Wanted as WantedInPlan,
};
use kiestoon_store::{Found, Said, TrunkTransport, Wanted, WrongValue};

use super::*;
use crate::snapshot::{Missing, Warning};
use crate::transport::TlsError;

/// An example of each variant, in the order of the patterns that they stand by.
macro_rules! every {
    ($type:ty: $($pattern:pat => $example:expr),+ $(,)?) => {{
        let named = |it: &$type| match it { $($pattern => stringify!($pattern)),+ };
        let all: Vec<$type> = vec![$($example),+];
        let patterns = [$(stringify!($pattern)),+];
        assert!(all.iter().map(named).eq(patterns), "an example stands by another pattern");
        all
    }};
}

/// Both texts are there, differ, and the Dutch one is not English.
fn is_dutch(english: &str, dutch: Option<String>) {
    let dutch = dutch.unwrap_or_else(|| panic!("no Dutch for: {english}"));
    assert_ne!(english, dutch);
    for word in [" the ", " and ", " not ", " with ", " which ", " there is ", " must be "] {
        assert!(!format!(" {dutch} ").contains(word), "`{word}` in: {dutch}");
    }
}

fn s() -> String {
    "x".into()
}

fn p() -> PathBuf {
    "x".into()
}

#[test]
fn what_is_wrong_with_a_trunk() {
    let doubts = every!(TrunkDoubt:
        TrunkDoubt::UnknownPreset { .. } => TrunkDoubt::UnknownPreset { name: s(), hint: PresetHint::Near(s()) },
        TrunkDoubt::UnknownCountry(_) => TrunkDoubt::UnknownCountry(s()),
        TrunkDoubt::Needs { .. } => TrunkDoubt::Needs { preset: s(), keys: vec![s()] },
        TrunkDoubt::NoHost => TrunkDoubt::NoHost,
        TrunkDoubt::RegistersAsNobody => TrunkDoubt::RegistersAsNobody,
        TrunkDoubt::ShowsNobody => TrunkDoubt::ShowsNobody,
        TrunkDoubt::PasswordOfNobody => TrunkDoubt::PasswordOfNobody,
        TrunkDoubt::Number(_) => TrunkDoubt::Number(s()),
        TrunkDoubt::ShownNumber(_) => TrunkDoubt::ShownNumber(s()),
        TrunkDoubt::RegistersWithoutPassword => TrunkDoubt::RegistersWithoutPassword,
        TrunkDoubt::NobodyCallsIn => TrunkDoubt::NobodyCallsIn,
        TrunkDoubt::ShowsNoNumber => TrunkDoubt::ShowsNoNumber,
        TrunkDoubt::SignsWithHalf { .. } => TrunkDoubt::SignsWithHalf { has: "a", misses: "b" },
        TrunkDoubt::KeysInTheOpen(_) => TrunkDoubt::KeysInTheOpen(TrunkTransport::Udp),
    );
    for doubt in &doubts {
        is_dutch(&doubt.to_string(), Some(self::doubt(doubt)));
    }
    let hints = every!(PresetHint:
        PresetHint::Near(_) => PresetHint::Near(s()),
        PresetHint::Known(_) => PresetHint::Known(vec![s()]),
    );
    for hint in &hints {
        is_dutch(&hint.to_string(), Some(preset_hint(hint, Language::Dutch)));
    }
}

#[test]
fn what_is_wrong_with_a_value() {
    let values = every!(WrongValue:
        WrongValue::Type { .. } => WrongValue::Type { wanted: Wanted::Number, found: Found::List },
        WrongValue::NoneOf { .. } => WrongValue::NoneOf { known: vec!["udp"], said: s(), near: Some("udp") },
        WrongValue::OutOfBounds { .. } => WrongValue::OutOfBounds { said: s(), low: s(), high: s() },
        WrongValue::TooMany { .. } => WrongValue::TooMany { count: 2, most: 1 },
        WrongValue::Twice(_) => WrongValue::Twice(s()),
        WrongValue::Refused(_) => WrongValue::Refused(Refusal::Name),
        WrongValue::NoLimit(_) => WrongValue::NoLimit(s()),
        WrongValue::NoAmount { .. } => WrongValue::NoAmount { said: s(), decimals: 2, most: 9 },
        WrongValue::NoBeginning(_) => WrongValue::NoBeginning(s()),
        WrongValue::AbroadBy00 { .. } => WrongValue::AbroadBy00 { said: s(), rest: s() },
        WrongValue::NoSpan(_) => WrongValue::NoSpan(s()),
        WrongValue::NoInterval(_) => WrongValue::NoInterval(s()),
        WrongValue::NoHeader(_) => WrongValue::NoHeader(s()),
        WrongValue::HostWithSips(_) => WrongValue::HostWithSips(s()),
        WrongValue::HostParameter(_) => WrongValue::HostParameter(s()),
        WrongValue::HostTransport(_) => WrongValue::HostTransport(Box::new(WrongValue::Twice(s()))),
        WrongValue::HostWithUser(_) => WrongValue::HostWithUser(s()),
        WrongValue::HostWithoutBrackets(_) => WrongValue::HostWithoutBrackets(s()),
        WrongValue::HostPort(_) => WrongValue::HostPort(s()),
        WrongValue::NoHost(_) => WrongValue::NoHost(s()),
        WrongValue::NoAddress(_) => WrongValue::NoAddress(s()),
        WrongValue::BlockPrefix { .. } => WrongValue::BlockPrefix { said: s(), bits: 32 },
        WrongValue::BlockBegins { .. } => {
            WrongValue::BlockBegins { said: s(), first: "192.0.2.0".parse().unwrap(), prefix: 24 }
        },
    );
    let value = |wrong: WrongValue| WordFault::Value { key: s(), wrong };
    let mut faults = every!(WordFault:
        WordFault::UnknownKey { .. } => {
            WordFault::UnknownKey { of: Said::Trunk, key: s(), near: None, known: vec!["host"] }
        },
        WordFault::Value { .. } => value(WrongValue::Twice(s())),
        WordFault::In { .. } => WordFault::In { place: s(), fault: Box::new(value(WrongValue::Twice(s()))) },
        WordFault::Refused(_) => WordFault::Refused(Refusal::Password),
    );
    faults.extend(values.into_iter().map(value));
    for fault in &faults {
        is_dutch(&fault.to_string(), Some(values::fault(fault)));
    }
}

#[test]
fn why_a_value_is_refused() {
    let refusals = every!(Refusal:
        Refusal::Number(_) => Refusal::Number(s()),
        Refusal::Slug(_) => Refusal::Slug(s()),
        Refusal::Domain(_) => Refusal::Domain(s()),
        Refusal::Password => Refusal::Password,
        Refusal::Login(_) => Refusal::Login(s()),
        Refusal::LoginPassword => Refusal::LoginPassword,
        Refusal::Name => Refusal::Name,
        Refusal::TrunkName(_) => Refusal::TrunkName(s()),
        Refusal::Context(_) => Refusal::Context(s()),
        Refusal::Account(_) => Refusal::Account(s()),
        Refusal::Called(_) => Refusal::Called(s()),
        Refusal::PublicNumber(_) => Refusal::PublicNumber(s()),
        Refusal::Prefix(_) => Refusal::Prefix(s()),
        Refusal::NoName => Refusal::NoName,
        Refusal::Country(_) => Refusal::Country(s()),
        Refusal::File(_) => Refusal::File(s()),
        Refusal::ApiUrl(_) => Refusal::ApiUrl(s()),
        Refusal::Hours(_) => Refusal::Hours(s()),
        Refusal::ProfileName(_) => Refusal::ProfileName(s()),
        Refusal::HttpsUrl(_) => Refusal::HttpsUrl(s()),
        Refusal::WebhookSecret => Refusal::WebhookSecret,
        Refusal::WebhookKey(_) => Refusal::WebhookKey(s()),
    );
    for refusal in &refusals {
        is_dutch(&refusal.to_string(), Some(refused(refusal)));
    }
}

#[test]
fn what_a_new_snapshot_doubts() {
    let at_a_place = DialplanProblem {
        file: s(),
        line: 1,
        column: 1,
        severity: Severity::Warning,
        message: s(),
        hint: None,
        fault: None,
        near: None,
        excerpt: None::<Excerpt>,
    };
    let fault = || Sentence { en: "gone".into(), nl: "weg".into() };
    let warnings = every!(Warning:
        Warning::Dialplan(_) => Warning::Dialplan(at_a_place),
        Warning::Missing(_) => Missing::Organisation { slug: s() }.into(),
        Warning::NothingVerified { .. } => Warning::NothingVerified { organisation: s() },
        Warning::Blocklist { last: Some(_), .. } => Warning::Blocklist { fault: fault(), last: Some(7) },
        Warning::Blocklist { last: None, .. } => Warning::Blocklist { fault: fault(), last: None },
        Warning::NoNumbers { .. } => Warning::NoNumbers { file: s(), first: 1, count: 2 },
        Warning::LeftOut { .. } => Warning::LeftOut { trunk: s(), doubts: vec![TrunkDoubt::NoHost] },
        Warning::NobodyBelieved { .. } => Warning::NobodyBelieved { trunk: s() },
        Warning::NotSigned { .. } => Warning::NotSigned { trunk: s(), fault: fault() },
    );
    let missing = every!(Missing:
        Missing::Organisation { .. } => Missing::Organisation { slug: s() },
        Missing::ContextOfNumbers { .. } => Missing::ContextOfNumbers { trunk: s(), context: s() },
        Missing::Hours { .. } => Missing::Hours { profile: s(), hours: s(), known: Vec::new() },
        Missing::TrunkOfRates { .. } => Missing::TrunkOfRates { trunk: s(), organisation: None },
        Missing::TrunkOfBlock { .. } => Missing::TrunkOfBlock { block: "number", trunk: s() },
        Missing::ContextOfBlock { .. } => Missing::ContextOfBlock { block: "number", context: s() },
    );
    // What the dialplan's own readers say has their tests.
    let warnings = warnings.into_iter().filter(|warning| !matches!(warning, Warning::Dialplan(_)));
    for warning in warnings.chain(missing.into_iter().map(Warning::from)) {
        is_dutch(&warning.text(Language::English), Some(warning.text(Language::Dutch)));
    }
}

#[test]
fn what_is_wrong_with_a_dialplan() {
    let mut faults = every!(Fault:
        Fault::UnknownKey { .. } => Fault::UnknownKey { key: s(), of: s(), known: vec![s(), s()] },
        Fault::Type { .. } => {
            Fault::Type { key: s(), wanted: WantedInPlan::Text(s()), found: FoundInPlan::List }
        },
        Fault::OutOfBounds { .. } => Fault::OutOfBounds { key: s(), first: 1, last: 2 },
        Fault::Undefined { .. } => Fault::Undefined { kind: Definition::Context, name: s() },
        Fault::NoRule { .. } => Fault::NoRule { context: s(), rule: s() },
        Fault::UnknownStep { .. } => Fault::UnknownStep { word: s(), known: vec![s()] },
        Fault::UnknownVariable { .. } => Fault::UnknownVariable { name: s(), known: vec![s(), s()] },
        Fault::Missing { .. } => Fault::Missing { kind: ReferenceKind::Extension, name: s() },
        Fault::Disabled { .. } => Fault::Disabled { trunk: s() },
    );
    let kinds = every!(Definition:
        Definition::Context => Definition::Context,
        Definition::Group => Definition::Group,
        Definition::Set => Definition::Set,
        Definition::Ivr => Definition::Ivr,
        Definition::Queue => Definition::Queue,
        Definition::Webhook => Definition::Webhook,
        Definition::Hours => Definition::Hours,
        Definition::Span => Definition::Span,
    );
    faults.extend(kinds.into_iter().map(|kind| Fault::Undefined { kind, name: s() }));
    let references = every!(ReferenceKind:
        ReferenceKind::Extension => ReferenceKind::Extension,
        ReferenceKind::Trunk => ReferenceKind::Trunk,
        ReferenceKind::Prompt => ReferenceKind::Prompt,
        ReferenceKind::Saying => ReferenceKind::Saying,
    );
    faults.extend(references.into_iter().map(|kind| Fault::Missing { kind, name: s() }));
    for fault in &faults {
        is_dutch(&fault.to_string(), Some(dialplan::sentence(fault)));
    }
}

#[test]
fn why_a_certificate_cannot_be_used() {
    let gone = || std::io::Error::other("x");
    let errors = every!(TlsError:
        TlsError::Unreadable { .. } => TlsError::Unreadable { key: "k", path: p(), error: gone() },
        TlsError::Empty { .. } => TlsError::Empty { key: "k", path: p(), what: "certificate" },
        TlsError::Unusable { .. } => {
            TlsError::Unusable { key: "k", path: p(), error: rustls::Error::DecryptError }
        },
        TlsError::Mismatch { .. } => TlsError::Mismatch { key: p(), certificate: p() },
        TlsError::Expired { .. } => TlsError::Expired { path: p(), at: jiff::Timestamp::UNIX_EPOCH },
        TlsError::Authorities { .. } => TlsError::Authorities {
            path: p(),
            error: rustls::server::VerifierBuilderError::NoRootAnchors,
        },
    );
    for error in &errors {
        is_dutch(&error.to_string(), Some(certificate(error, Language::Dutch)));
    }
}

#[test]
fn why_the_pbx_cannot_be_asked() {
    let refused = Problem::new(404, "no such call", "there is no live call x");
    let errors = every!(ClientError:
        ClientError::NoSocket { .. } => ClientError::NoSocket { path: p() },
        ClientError::NotListening { .. } => ClientError::NotListening { path: p() },
        ClientError::Forbidden { .. } => ClientError::Forbidden { path: p() },
        ClientError::Timeout { .. } => ClientError::Timeout { path: p(), secs: 5 },
        ClientError::Broken { .. } => ClientError::Broken { path: p(), reason: s() },
        ClientError::Unexpected { .. } => ClientError::Unexpected { path: p(), reason: s() },
        ClientError::Refused(_) => ClientError::Refused(refused),
    );
    for error in &errors {
        is_dutch(&error.to_string(), client(error));
    }
}

#[test]
fn what_is_wrong_with_the_database() {
    let mut errors = of_the_database();
    // An import tells its problems itself, each at its place.
    errors.retain(|error| !matches!(error, StoreError::Import(_)));
    for error in &errors {
        is_dutch(&error.to_string(), store(error));
    }
}

fn of_the_database() -> Vec<StoreError> {
    let (organisation, number, name, reason, database) = (s, s, s, s, s);
    let trunk = s;
    every!(StoreError:
        StoreError::Url { .. } => StoreError::Url { url: s() },
        StoreError::Open { .. } => StoreError::Open { path: p(), reason: reason() },
        StoreError::Unreachable { .. } => StoreError::Unreachable { database: database(), reason: reason() },
        StoreError::Denied { .. } => StoreError::Denied { database: database(), reason: reason() },
        StoreError::Missing { .. } => StoreError::Missing { path: p() },
        StoreError::Gone { .. } => StoreError::Gone { path: p() },
        StoreError::NotADatabase { .. } => StoreError::NotADatabase { path: p() },
        StoreError::Foreign { .. } => StoreError::Foreign { database: database() },
        StoreError::Corrupt { .. } => StoreError::Corrupt { path: p() },
        StoreError::ReadOnly { .. } => StoreError::ReadOnly { database: database() },
        StoreError::Full { .. } => StoreError::Full { database: database() },
        StoreError::Busy { .. } => StoreError::Busy { database: database(), waited: Duration::from_secs(1) },
        StoreError::NewerSchema { .. } => StoreError::NewerSchema { database: database(), found: 2, known: 1 },
        StoreError::Database { .. } => StoreError::Database { database: database(), reason: reason() },
        StoreError::KeyFile { .. } => StoreError::KeyFile { path: p(), reason: reason() },
        StoreError::KeyExposed { .. } => StoreError::KeyExposed { path: p(), mode: 0o644 },
        StoreError::KeyFormat { .. } => StoreError::KeyFormat { path: p() },
        StoreError::Entropy => StoreError::Entropy,
        StoreError::WrongKey { .. } => StoreError::WrongKey { key: s(), database: database() },
        StoreError::KeyGiven => StoreError::KeyGiven,
        StoreError::KeyOwner { .. } => StoreError::KeyOwner { path: p(), user: 1, reason: reason() },
        StoreError::KeyNotPlaced { .. } => {
            StoreError::KeyNotPlaced { fresh: p(), file: p(), reason: reason() }
        },
        StoreError::KeyUndecided { .. } => StoreError::KeyUndecided { fresh: p(), reason: reason() },
        StoreError::Sealed { .. } => StoreError::Sealed { place: s() },
        StoreError::Value { .. } => StoreError::Value { what: "x", value: s() },
        StoreError::UnknownOrganisation { .. } => StoreError::UnknownOrganisation { slug: s() },
        StoreError::OrganisationNeeded => StoreError::OrganisationNeeded,
        StoreError::UnknownExtension { .. } => {
            StoreError::UnknownExtension { number: number(), organisation: organisation() }
        },
        StoreError::ExtensionExists { .. } => {
            StoreError::ExtensionExists { number: number(), organisation: organisation() }
        },
        StoreError::UnknownTrunk { .. } => {
            StoreError::UnknownTrunk { name: name(), organisation: organisation(), near: Some(s()) }
        },
        StoreError::TrunkExists { .. } => {
            StoreError::TrunkExists { name: name(), organisation: organisation() }
        },
        StoreError::NumberTaken { .. } => StoreError::NumberTaken { number: number(), trunk: trunk() },
        StoreError::NumberNotThere { .. } => StoreError::NumberNotThere { number: number(), trunk: trunk() },
        StoreError::Trunk(_) => StoreError::Trunk(vec![TrunkDoubt::NoHost]),
        StoreError::TrunkWords(_) => StoreError::TrunkWords(vec![WordFault::Refused(Refusal::Name)]),
        StoreError::UnknownProfile { .. } => {
            StoreError::UnknownProfile { name: name(), organisation: organisation(), near: Some(s()) }
        },
        StoreError::ProfileInUse { .. } => StoreError::ProfileInUse { name: name(), users: vec![s()] },
        StoreError::ProfileWords(_) => StoreError::ProfileWords(vec![WordFault::Refused(Refusal::Name)]),
        StoreError::ContactExists { .. } => {
            StoreError::ContactExists { number: number(), organisation: organisation() }
        },
        StoreError::BlockExists { .. } => {
            StoreError::BlockExists { what: "anonymous".into(), organisation: organisation() }
        },
        StoreError::UnknownContact { .. } => {
            StoreError::UnknownContact { number: number(), organisation: organisation() }
        },
        StoreError::TooManyContacts { .. } => {
            StoreError::TooManyContacts { organisation: organisation(), most: 1 }
        },
        StoreError::UnknownBlock { .. } => {
            StoreError::UnknownBlock { what: "anonymous".into(), organisation: organisation() }
        },
        StoreError::TooManyBlocks { .. } => {
            StoreError::TooManyBlocks { organisation: organisation(), most: 1 }
        },
        StoreError::UnknownUser { .. } => StoreError::UnknownUser { login: s() },
        StoreError::UserExists { .. } => StoreError::UserExists { login: s() },
        StoreError::Refused(_) => StoreError::Refused(Refusal::Name),
        StoreError::Import(_) => StoreError::Import(Vec::new()),
    )
}
