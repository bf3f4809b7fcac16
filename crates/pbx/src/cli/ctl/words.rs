//! Events in words, a few of them each.

use kiestoon_control::{Happening, RefusedCall, RefusedIn, RefusedOut};

use super::show;
use crate::cli::language::{Language, say};
use crate::cli::{rights_words, why};

/// What happened, without when and to which call; `None` for an event of a later version.
pub(super) fn of(what: &Happening, language: Language) -> Option<String> {
    let of_calls = way(what, language).or_else(|| sound(what, language)).or_else(|| caller(what, language));
    of_calls
        .or_else(|| refused(what, language))
        .or_else(|| trunk(what, language))
        .or_else(|| door(what, language))
}

/// Whose number it is.
fn caller(what: &Happening, language: Language) -> Option<String> {
    Some(match what {
        Happening::CallVerified { attestation: Some(attestation), fault: None, .. } => say!(
            language,
            "the caller's number is validated (attestation {attestation})",
            "het nummer van de beller is bevestigd (attestatie {attestation})"
        ),
        Happening::CallVerified { fault: None, .. } => {
            say!(language, "the caller's number is validated", "het nummer van de beller is bevestigd")
        }
        Happening::CallVerified { fault: Some(fault), .. } => {
            let fault = why::unverified(fault, language);
            say!(
                language,
                "the caller's number is not validated: {fault}",
                "het nummer van de beller is niet bevestigd: {fault}"
            )
        }
        Happening::CallBlocked { rule, action, .. } => {
            say!(language, "blocked ({action}) by {rule}", "geweerd ({action}) door {rule}")
        }
        _ => return None,
    })
}

/// Where a call goes.
fn way(what: &Happening, language: Language) -> Option<String> {
    Some(match what {
        Happening::CallStarted { from_number, dialed, route, .. } => {
            let route = route.as_deref().unwrap_or("-");
            say!(
                language,
                "{from_number} dials {dialed} (rule {route})",
                "{from_number} belt {dialed} (regel {route})"
            )
        }
        Happening::CallRinging { number, .. } => say!(language, "{number} rings", "{number} gaat over"),
        Happening::CallAnswered { number: Some(number), .. } => {
            say!(language, "{number} answers", "{number} neemt op")
        }
        Happening::CallAnswered { number: None, .. } => {
            say!(language, "the PBX answers", "de centrale neemt op")
        }
        Happening::CallForwarded { by_number, to_number, .. } => {
            say!(
                language,
                "forwarded by {by_number} to {to_number}",
                "doorgeschakeld door {by_number} naar {to_number}"
            )
        }
        Happening::CallTransferred { by_number, to_number, sip_code, .. } => {
            say!(
                language,
                "transferred by {by_number} to {to_number} ({sip_code})",
                "doorverbonden door {by_number} met {to_number} ({sip_code})"
            )
        }
        Happening::CallStepNotBuilt { step, .. } => {
            say!(language, "this version cannot do the step {step}", "deze versie kan de stap {step} niet")
        }
        Happening::CallWebhookFailed { webhook, fault, .. } => {
            let fault = why::webhook(fault, language);
            say!(language, "webhook {webhook} failed: {fault}", "webhook {webhook} mislukt: {fault}")
        }
        Happening::DialplanNotify { from_number, dialed, whom, .. } => {
            say!(
                language,
                "{whom} is told: {from_number} has dialled {dialed}",
                "{whom} krijgt bericht: {from_number} heeft {dialed} gebeld"
            )
        }
        Happening::EmergencyPlaced { from_number, dialed, whom, .. } => {
            say!(
                language,
                "EMERGENCY: {from_number} has dialled {dialed}; {whom} is told",
                "NOODOPROEP: {from_number} heeft {dialed} gebeld; {whom} krijgt bericht"
            )
        }
        Happening::CallEnded { end_reason, sip_code, .. } => {
            let why = why::ended(end_reason, language);
            say!(language, "ended: {why} ({sip_code})", "beëindigd: {why} ({sip_code})")
        }
        _ => return None,
    })
}

/// What is heard in a call.
fn sound(what: &Happening, language: Language) -> Option<String> {
    Some(match what {
        Happening::CallHeld { by, held: true, .. } => {
            let by = show::side(by, language);
            say!(language, "held by the {by}", "in de wacht door {by}")
        }
        Happening::CallHeld { by, held: false, .. } => {
            let by = show::side(by, language);
            say!(language, "resumed by the {by}", "hervat door {by}")
        }
        Happening::CallKeyInClear { side, .. } => {
            let side = show::side(side, language);
            say!(
                language,
                "{side}: srtp over clear signalling, others can listen in",
                "{side}: srtp over open signalering, anderen kunnen meeluisteren"
            )
        }
        Happening::CallDiagnosed { side, cause: Some(cause), .. } if cause == "hears_nothing" => {
            let side = show::side(side, language);
            say!(language, "{side} hears nothing", "{side} hoort niets")
        }
        Happening::CallDiagnosed { side, cause: Some(cause), .. } => {
            let (side, cause) = (show::side(side, language), why::unheard(cause, language));
            say!(language, "{side} is not heard: {cause}", "{side} wordt niet gehoord: {cause}")
        }
        Happening::CallDiagnosed { side, cause: None, .. } => {
            let side = show::side(side, language);
            say!(language, "{side} is heard again", "{side} is weer te horen")
        }
        Happening::CallDigit { by, digit, source, .. } => {
            let digit = digit.map_or_else(|| say!(language, "a key", "een toets"), String::from);
            let by = show::side(by, language);
            say!(language, "{by} pressed {digit} ({source})", "{by} drukte op {digit} ({source})")
        }
        _ => return None,
    })
}

/// How the ways out stand.
fn trunk(what: &Happening, language: Language) -> Option<String> {
    let why = |reason: &str, sip_code: &Option<u16>| match sip_code {
        Some(code) => code.to_string(),
        None => super::trunks::fault(reason, language).to_owned(),
    };
    Some(match what {
        Happening::TrunkRegistered { trunk, host, .. } => {
            say!(language, "trunk {trunk}: registered at {host}", "trunk {trunk}: aangemeld bij {host}")
        }
        Happening::TrunkRefused { trunk, host, sip_code: sip_code @ 200..300, .. } => say!(
            language,
            "trunk {trunk}: {host} does not register us: it says {sip_code}, for no time at all (expires=0)",
            "trunk {trunk}: {host} meldt ons niet aan: het zegt {sip_code}, voor geen enkele tijd (expires=0)"
        ),
        Happening::TrunkRefused { trunk, host, sip_code, .. } => say!(
            language,
            "trunk {trunk}: {host} does not register us: {sip_code}",
            "trunk {trunk}: {host} meldt ons niet aan: {sip_code}"
        ),
        Happening::TrunkUp { trunk, .. } => say!(language, "trunk {trunk} is up", "trunk {trunk} werkt"),
        Happening::TrunkDown { trunk, reason, sip_code, .. } => {
            let why = why(reason, sip_code);
            say!(language, "trunk {trunk} is down: {why}", "trunk {trunk} ligt eruit: {why}")
        }
        Happening::TrunkHostUp { trunk, host, .. } => {
            say!(language, "trunk {trunk}: {host} is up", "trunk {trunk}: {host} werkt")
        }
        Happening::TrunkHostDown { trunk, host, reason, sip_code, .. } => {
            let why = why(reason, sip_code);
            say!(language, "trunk {trunk}: {host} is down: {why}", "trunk {trunk}: {host} ligt eruit: {why}")
        }
        _ => return None,
    })
}

/// Who may not call.
fn refused(what: &Happening, language: Language) -> Option<String> {
    let Happening::CallRefused { from_number, sip_code, reason, call, .. } = what else { return None };
    Some(match call {
        None => say!(
            language,
            "call of {from_number} refused: {reason} ({sip_code})",
            "oproep van {from_number} geweigerd: {reason} ({sip_code})"
        ),
        Some(RefusedCall::Out(RefusedOut { charged_to, number, class, .. })) => {
            let reason = rights_words::reason(reason, language);
            say!(
                language,
                "call of {from_number} to {number} ({class}) refused: {reason}, charged to {charged_to}",
                "oproep van {from_number} naar {number} ({class}) geweigerd: {reason}, voor rekening van {charged_to}"
            )
        }
        // The number is a stranger's word: it stands in no command that is copied into a shell.
        Some(RefusedCall::In(RefusedIn { trunk, number, .. })) => say!(
            language,
            "call for {number} from trunk {trunk} refused ({sip_code}): the trunk does not have that number; if it is yours, \
             `kiestoon trunk numbers {trunk} --add NUMBER`; else the provider routes it wrongly, or somebody tries whether this PBX passes calls on",
            "oproep voor {number} van trunk {trunk} geweigerd ({sip_code}): de trunk heeft dat nummer niet; is het van u, dan \
             `kiestoon trunk numbers {trunk} --add NUMMER`; anders routeert de aanbieder het verkeerd, of probeert iemand of deze centrale oproepen doorgeeft"
        ),
    })
}

/// Who comes to the PBX, and what the PBX itself does.
fn door(what: &Happening, language: Language) -> Option<String> {
    Some(match what {
        Happening::HoursChanged { hours, state, by, .. } => {
            let state = super::hours::word(state, language);
            say!(language, "hours {hours}: {state}, by {by}", "openingstijden {hours}: {state}, door {by}")
        }
        Happening::RegistrationChanged { number, contacts, transport, remote, .. } => {
            let from = match (transport, remote) {
                (Some(transport), Some(remote)) => format!(" ({transport} {remote})"),
                _ => String::new(),
            };
            say!(
                language,
                "phones registered on {number}: {contacts}{from}",
                "telefoons geregistreerd op {number}: {contacts}{from}"
            )
        }
        Happening::AuthenticationFailed { remote, user } => {
            say!(
                language,
                "wrong password for {user} from {remote}",
                "fout wachtwoord voor {user} vanaf {remote}"
            )
        }
        Happening::SourceBanned { source, secs, count } => say!(
            language,
            "{source} is refused for {secs} s: {count} wrong passwords",
            "{source} wordt {secs} s geweigerd: {count} foute wachtwoorden"
        ),
        Happening::SourceUnbanned { source } => {
            say!(language, "the ban of {source} is lifted", "de blokkade van {source} is opgeheven")
        }
        Happening::FraudHeld { number, reason, .. } => {
            let who = who(number.as_deref(), language);
            let reason = super::fraud::reason(reason, language);
            say!(
                language,
                "FRAUD? {who} is on hold: {reason}",
                "FRAUDE? {who} is geblokkeerd tot goedkeuring: {reason}"
            )
        }
        Happening::FraudApproved { number, by, .. } => {
            let who = who(number.as_deref(), language);
            say!(language, "{who} may call again, says {by}", "{who} mag weer bellen, zegt {by}")
        }
        Happening::BudgetNearlySpent { number, period, .. } => {
            let who = who(number.as_deref(), language);
            let period = match &**period {
                "day" => language.pick("day", "dag"),
                _ => language.pick("month", "maand"),
            };
            say!(
                language,
                "{who}: four fifths of the budget of this {period} are spent",
                "{who}: vier vijfde van het budget van deze {period} is op"
            )
        }
        Happening::Reloaded { revision } => {
            say!(language, "reloaded: revision {revision}", "herladen: revisie {revision}")
        }
        Happening::Draining => say!(language, "no new calls any more", "geen nieuwe gesprekken meer"),
        _ => return None,
    })
}

/// An extension, or its organisation.
fn who(number: Option<&str>, language: Language) -> &str {
    number.unwrap_or_else(|| super::fraud::itself(language))
}
