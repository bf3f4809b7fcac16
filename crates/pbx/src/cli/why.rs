//! Why something of a call went as it did: the words of records and events as people say it. A word of another version is shown as
//! it stands.

use kiestoon_call::{EndReason, WebhookFault};
use kiestoon_media::Cause;
use kiestoon_sip::stir::Fault;

use super::language::Language;

/// Why a call ended.
pub(super) fn ended(word: &str, language: Language) -> &str {
    let known = EndReason::ALL.into_iter().find(|reason| reason.as_str() == word);
    known.map_or(word, |reason| end(reason, language))
}

fn end(reason: EndReason, language: Language) -> &'static str {
    let (english, dutch) = match reason {
        EndReason::HangupCaller => ("the caller hung up", "de beller hing op"),
        EndReason::HangupCallee => ("the callee hung up", "de gebelde hing op"),
        EndReason::Cancelled => ("the caller gave up", "de beller gaf het op"),
        EndReason::Busy => ("busy", "in gesprek"),
        EndReason::Declined => ("declined", "geweigerd door de gebelde"),
        EndReason::NoAnswer => ("nobody answered", "niemand nam op"),
        EndReason::Unavailable => ("nobody to be reached", "niemand bereikbaar"),
        EndReason::NotFound => ("no such number", "dat nummer bestaat niet"),
        EndReason::NoRoute => ("no rule fits", "geen regel past"),
        EndReason::Forbidden => ("not allowed", "niet toegestaan"),
        EndReason::LimitReached => ("a limit was reached", "een grens was bereikt"),
        EndReason::Held => ("on hold until approved", "geblokkeerd tot goedkeuring"),
        EndReason::BudgetSpent => ("the budget was spent", "het budget was op"),
        EndReason::Removed => ("who pays for it was removed", "wie ervoor betaalt is verwijderd"),
        EndReason::NotVerified => {
            ("the caller's number is not validated", "het nummer van de beller is niet bevestigd")
        }
        EndReason::Blocked => ("the caller is blocked", "de beller wordt geweerd"),
        EndReason::Rejected => ("refused by the phone", "geweigerd door het toestel"),
        EndReason::Dialplan => ("ended by the dialplan", "beëindigd door het belplan"),
        EndReason::StepNotBuilt => {
            ("a step that this version cannot do", "een stap die deze versie niet kan")
        }
        EndReason::RingTimeout => ("unanswered for too long", "te lang niet opgenomen"),
        EndReason::MaxDuration => ("it lasted for too long", "het duurde te lang"),
        EndReason::AckTimeout => ("the answer was never confirmed", "het opnemen is nooit bevestigd"),
        EndReason::SessionExpired => ("the session was not refreshed", "de sessie werd niet ververst"),
        EndReason::CallerGone => ("the caller's phone is gone", "het toestel van de beller is weg"),
        EndReason::CalleeGone => ("the callee's phone is gone", "het toestel van de gebelde is weg"),
        EndReason::MediaFailed => ("no sound could be set up", "er kwam geen geluidsverbinding"),
        EndReason::MediaLost => ("the sound was lost", "het geluid viel weg"),
        EndReason::Loop => ("the call came back here", "de oproep kwam hier terug"),
        EndReason::Transferred => ("transferred", "doorverbonden"),
        EndReason::TransferFailed => ("the transfer failed", "het doorverbinden mislukte"),
        EndReason::TrunkFull => ("all lines of the trunk are taken", "alle lijnen van de trunk zijn bezet"),
        EndReason::TrunkRate => {
            ("too many calls a second for the trunk", "te veel oproepen per seconde voor de trunk")
        }
        EndReason::Operator => ("ended by an operator", "beëindigd door een beheerder"),
        EndReason::Shutdown => ("the PBX stopped", "de centrale stopte"),
        EndReason::Internal => ("a fault of the PBX", "een fout van de centrale"),
    };
    language.pick(english, dutch)
}

/// Why a service gave no answer that can be used.
pub(super) fn webhook(word: &str, language: Language) -> &str {
    let known = WebhookFault::ALL.into_iter().find(|fault| fault.as_str() == word);
    known.and_then(|fault| unanswered(fault, language)).unwrap_or(word)
}

/// None for a status, which says more than any word for it.
fn unanswered(fault: WebhookFault, language: Language) -> Option<&'static str> {
    let (english, dutch) = match fault {
        WebhookFault::Timeout => ("no answer in time", "geen antwoord op tijd"),
        WebhookFault::UnknownHost => ("its host is not known", "de host is onbekend"),
        WebhookFault::Refused => ("no connection", "geen verbinding"),
        WebhookFault::Tls => ("its certificate is not believed", "het certificaat wordt niet vertrouwd"),
        WebhookFault::Broken => ("the connection broke off", "de verbinding brak af"),
        WebhookFault::Status(_) => return None,
        WebhookFault::TooBig => ("the answer is too large", "het antwoord is te groot"),
        WebhookFault::NotJson => ("the answer is not understood", "het antwoord is niet te begrijpen"),
        WebhookFault::NoSecret => ("its secret cannot be read", "het geheim is niet te lezen"),
        WebhookFault::BadUrl => ("its URL cannot be asked", "de URL is niet te gebruiken"),
        WebhookFault::Busy => ("too many questions at one time", "te veel vragen tegelijk"),
    };
    Some(language.pick(english, dutch))
}

/// Why the number of a caller is not validated.
pub(super) fn unverified(word: &str, language: Language) -> &str {
    let all = [
        Fault::NoIdentity,
        Fault::Stale,
        Fault::BadInfo,
        Fault::NotFetched,
        Fault::UnreadableCertificate,
        Fault::UnknownAlgorithm,
        Fault::Expired,
        Fault::UnknownAuthority,
        Fault::OtherNumbers,
        Fault::Malformed,
        Fault::WrongCaller,
        Fault::WrongCallee,
        Fault::WrongSignature,
    ];
    all.into_iter().find(|fault| fault.as_str() == word).map_or(word, |fault| signature(fault, language))
}

fn signature(fault: Fault, language: Language) -> &'static str {
    let (english, dutch) = match fault {
        Fault::NoIdentity => ("nobody has signed it", "niemand heeft het ondertekend"),
        Fault::Stale => ("the signature is not of this minute", "de ondertekening is niet van deze minuut"),
        Fault::BadInfo => {
            ("the certificate is not at an https URL", "het certificaat staat niet op een https-URL")
        }
        Fault::NotFetched => {
            ("the certificate could not be fetched", "het certificaat kon niet worden opgehaald")
        }
        Fault::UnreadableCertificate => {
            ("the certificate cannot be read", "het certificaat is niet te lezen")
        }
        Fault::UnknownAlgorithm => ("the signature is not of ES256", "de ondertekening is niet van ES256"),
        Fault::Expired => ("the certificate is not valid now", "het certificaat is nu niet geldig"),
        Fault::UnknownAuthority => {
            ("an issuer whom nobody believes", "een uitgever die niet wordt vertrouwd")
        }
        Fault::OtherNumbers => {
            ("the certificate is for other numbers", "het certificaat is voor andere nummers")
        }
        Fault::Malformed => ("the signature cannot be read", "de ondertekening is niet te lezen"),
        Fault::WrongCaller => {
            ("another number calls than was signed", "er belt een ander nummer dan is ondertekend")
        }
        Fault::WrongCallee => (
            "another number is called than was signed",
            "er wordt een ander nummer gebeld dan is ondertekend",
        ),
        Fault::WrongSignature => ("the signature is wrong", "de ondertekening klopt niet"),
    };
    language.pick(english, dutch)
}

/// Why a phone is not heard, or hears nothing.
pub(super) fn unheard(word: &str, language: Language) -> &str {
    let known = Cause::ALL.into_iter().find(|cause| cause.as_str() == word);
    known.map_or(word, |cause| silence(cause, language))
}

fn silence(cause: Cause, language: Language) -> &'static str {
    let (english, dutch) = match cause {
        Cause::PrivateAddress => ("it names a private address", "het noemt een privéadres"),
        Cause::PortBlocked => {
            ("nothing ever came, perhaps a firewall", "er is nooit iets gekomen, misschien een firewall")
        }
        Cause::CodecMismatch => ("a format that was not agreed on", "een formaat dat niet is afgesproken"),
        Cause::Alg => ("a router rewrites SIP (ALG)", "een router herschrijft SIP (ALG)"),
        Cause::OnHold => ("on hold", "in de wacht"),
        Cause::StrangersOnly => ("packets of strangers only", "alleen pakketten van vreemden"),
        Cause::StoppedSending => ("it stopped sending", "het zendt niet meer"),
        Cause::WrongKey => ("another key than was agreed on", "een andere sleutel dan is afgesproken"),
        Cause::HearsNothing => ("it hears nothing", "het hoort niets"),
    };
    language.pick(english, dutch)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Say = fn(&str, Language) -> &str;

    #[test]
    fn every_word_is_said_in_both_languages_and_a_new_one_as_it_stands() {
        let ends: Vec<&str> = EndReason::ALL.iter().map(|reason| reason.as_str()).collect();
        let causes: Vec<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        let mut faults: Vec<&str> = WebhookFault::ALL.iter().map(|fault| fault.as_str()).collect();
        faults.retain(|word| *word != "status");
        for (say, words) in [(ended as Say, ends), (unheard, causes), (webhook, faults)] {
            for word in words {
                let (english, dutch) = (say(word, Language::English), say(word, Language::Dutch));
                assert!(english != dutch && !dutch.contains('_'), "{word}: {english}, {dutch}");
            }
            assert_eq!(say("of_tomorrow", Language::Dutch), "of_tomorrow");
        }
        assert_eq!(webhook("status_503", Language::Dutch), "status_503");
        assert_eq!(unverified("stale", Language::Dutch), "de ondertekening is niet van deze minuut");
    }
}
