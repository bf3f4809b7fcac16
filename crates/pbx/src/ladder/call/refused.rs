//! Why a call did not come about, in words: what the PBX itself says to it, and what the trunk does.

use std::net::SocketAddr;
use std::time::Duration;

use kiestoon_call::{Account, Class, EndReason, NoSpeech, NoTestCall, Why};
use kiestoon_control::{Rung, Sentence};
use kiestoon_sip::{HeaderName, Response};

use super::super::line::Silence;
use super::super::rung::{Draft, both};
use super::uac::{Dialled, Progress};

impl Dialled {
    /// The final status that it came to.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(response)
            | Self::Refused(response)
            | Self::AsksForever(response)
            | Self::Unanswerable(response) => Some(response.status.code()),
            Self::Late(_) => Some(200),
            Self::NotAnswered(_) | Self::Stopped => Some(487),
            Self::Silent(_) => None,
        }
    }
}

/// Nothing has left the PBX.
pub(super) fn by_the_pbx(draft: Draft, number: &str, why: NoTestCall) -> Rung {
    let (found, advice) = match why {
        NoTestCall::NotANumber => (
            both!(
                "{number} is no number that can be dialled",
                "{number} is geen nummer dat gekozen kan worden"
            ),
            both!("write it as +31201234567 or 0201234567", "schrijf het als +31201234567 of 0201234567"),
        ),
        NoTestCall::Emergency => (
            both!(
                "{number} is an emergency number: a test never calls for help",
                "{number} is een alarmnummer: een test belt nooit om hulp"
            ),
            both!(
                "call another number; how emergency calls are tested, the provider and the emergency services say",
                "bel een ander nummer; hoe noodoproepen getest worden, zeggen de aanbieder en de hulpdiensten"
            ),
        ),
        NoTestCall::Draining => (
            both!("the PBX is about to stop", "de centrale gaat stoppen"),
            both!("try again when it runs again", "probeer het opnieuw als zij weer draait"),
        ),
        NoTestCall::TooManyCalls => (
            both!(
                "as many calls are going on as there may be",
                "er zijn zoveel gesprekken gaande als er mogen zijn"
            ),
            both!("try again later, or raise `limits.calls`", "probeer het later, of verhoog `limits.calls`"),
        ),
        NoTestCall::NoOrganisation => (
            both!(
                "the running PBX does not have the organisation",
                "de draaiende centrale heeft de organisatie niet"
            ),
            both!("kiestoon ctl reload", "kiestoon ctl reload"),
        ),
        NoTestCall::Limited(EndReason::TrunkFull) => (
            both!(
                "as many calls are on the trunk as it may have (`channels`)",
                "er zijn zoveel gesprekken op de trunk als zij er mag hebben (`channels`)"
            ),
            both!("try again when one has ended", "probeer het opnieuw als er een voorbij is"),
        ),
        NoTestCall::Limited(_) => (
            both!(
                "as many calls have begun this second as may (`calls_per_second`)",
                "er zijn deze seconde zoveel gesprekken begonnen als er mogen (`calls_per_second`)"
            ),
            both!("try again in a moment", "probeer het zo opnieuw"),
        ),
        NoTestCall::Refused(why, class) => by_rights(number, why, class),
    };
    draft.failed(found, advice)
}

/// The organisation is charged with a test, so that its rights count.
fn by_rights(number: &str, why: Why, class: Class) -> (Sentence, Sentence) {
    match why {
        Why::NoRight | Why::Closed => (
            both!(
                "the organisation may not call {number} now (class {class}): nothing was sent",
                "de organisatie mag {number} nu niet bellen (klasse {class}): er is niets verzonden"
            ),
            both!(
                "call another number, or give the organisation that right; `kiestoon rights show --itself` says what it has, and docs/rights.md how it is set",
                "bel een ander nummer, of geef de organisatie dat recht; `kiestoon rights show --itself` zegt wat zij heeft, en docs/rights.md hoe het gezet wordt"
            ),
        ),
        Why::Blocked => (
            both!(
                "calls to {number} are blocked: nothing was sent",
                "bellen naar {number} is geblokkeerd: er is niets verzonden"
            ),
            both!(
                "call another number, or allow it in the rights of the organisation",
                "bel een ander nummer, of sta het toe in de rechten van de organisatie"
            ),
        ),
        Why::Calls | Why::Rate => (
            both!(
                "as many calls are out, or have begun this minute, as the organisation may make: nothing was sent",
                "er zijn zoveel gesprekken naar buiten, of deze minuut begonnen, als de organisatie mag: er is niets verzonden"
            ),
            both!("try again later, or raise its limits", "probeer het later, of verhoog haar grenzen"),
        ),
        Why::Spend => (
            both!(
                "the budget of the organisation is spent: nothing was sent",
                "het budget van de organisatie is op: er is niets verzonden"
            ),
            both!(
                "raise it, or wait for the next day or month",
                "verhoog het, of wacht op de volgende dag of maand"
            ),
        ),
        Why::NoRate => (
            both!(
                "there is a budget, and nobody knows what {number} costs (class {class}): nothing was sent",
                "er is een budget, en niemand weet wat {number} kost (klasse {class}): er is niets verzonden"
            ),
            both!("give the trunk a file of rates", "geef de trunk een tarievenbestand"),
        ),
        Why::Held => (
            both!(
                "the organisation is on hold, because its calls looked like theft: nothing was sent",
                "de organisatie staat in de wacht, omdat haar gesprekken op diefstal leken: er is niets verzonden"
            ),
            both!(
                "look at its last calls, then `kiestoon ctl fraud approve --itself`",
                "bekijk haar laatste gesprekken, dan `kiestoon ctl fraud approve --itself`"
            ),
        ),
        Why::Gone => (
            both!("the organisation is gone", "de organisatie is er niet meer"),
            both!("kiestoon ctl reload", "kiestoon ctl reload"),
        ),
    }
}

pub(super) fn no_port(draft: Draft) -> Rung {
    draft.failed(
        both!("no port for sound is free", "er is geen poort voor geluid vrij"),
        both!(
            "widen `media.rtp_ports`, or try again later",
            "maak `media.rtp_ports` ruimer, of probeer het later"
        ),
    )
}

pub(super) fn no_dialog(draft: Draft, after: Duration) -> Rung {
    let secs = after.as_secs_f64();
    draft.failed(
        both!(
            "answered after {secs:.1} s, but by an answer without a usable Contact",
            "opgenomen na {secs:.1} s, maar met een antwoord zonder bruikbare Contact"
        ),
        both!("show the provider the answer (-v)", "laat de aanbieder het antwoord zien (-v)"),
    )
}

pub(super) fn not_paid(draft: Draft, after: Duration) -> Rung {
    let secs = after.as_secs_f64();
    draft.failed(
        both!(
            "answered after {secs:.1} s and hung up at once: the budget of the organisation does not pay it",
            "opgenomen na {secs:.1} s en meteen opgehangen: het budget van de organisatie betaalt het niet"
        ),
        both!(
            "raise the budget, or call a number that costs less",
            "verhoog het budget, of bel een nummer dat minder kost"
        ),
    )
}

/// It was answered, and then nothing could be said any more: to nobody at this address.
pub(super) fn lost(draft: Draft, after: Duration, towards: SocketAddr, silence: &Silence) -> Rung {
    let secs = after.as_secs_f64();
    if matches!(silence, Silence::Refused(_)) {
        return draft.failed(
            both!(
                "answered after {secs:.1} s, but nobody listens at {towards}, where the answer wants what follows (Contact or Record-Route)",
                "opgenomen na {secs:.1} s, maar niemand luistert op {towards}, waar het antwoord het vervolg wil (Contact of Record-Route)"
            ),
            both!(
                "show the provider the answer (-v): calls are not acknowledged there, and end after half a minute",
                "laat de aanbieder het antwoord zien (-v): gesprekken worden daar niet bevestigd, en eindigen na een halve minuut"
            ),
        );
    }
    draft.failed(
        both!(
            "answered after {secs:.1} s, and then the connection to {towards} was closed",
            "opgenomen na {secs:.1} s, en toen werd de verbinding met {towards} gesloten"
        ),
        both!(
            "try again; if it comes back, ask the provider why it closes connections with calls on them",
            "probeer het opnieuw; komt het terug, vraag de aanbieder waarom zij verbindingen met gesprekken erop sluit"
        ),
    )
}

/// It was answered by something that nobody can talk to.
pub(super) fn no_speech(mut draft: Draft, after: Duration, why: &NoSpeech) -> Rung {
    if let NoSpeech::Unreadable(error) = why {
        draft.detail("session", error);
    }
    let (found, advice) = said_of(why);
    let secs = after.as_secs_f64();
    let (en, nl) = (found.en, found.nl);
    draft.failed(both!("answered after {secs:.1} s, {en}", "opgenomen na {secs:.1} s, {nl}"), advice)
}

fn said_of(why: &NoSpeech) -> (Sentence, Sentence) {
    let show = || both!("show the provider the answer (-v)", "laat de aanbieder het antwoord zien (-v)");
    match why {
        NoSpeech::NotDescribed => (
            both!(
                "but by an answer that says nothing of the sound (no SDP)",
                "maar met een antwoord dat niets over het geluid zegt (geen SDP)"
            ),
            show(),
        ),
        NoSpeech::Unreadable(_) => (
            both!(
                "but what the answer says of the sound (SDP) cannot be read",
                "maar wat het antwoord over het geluid zegt (SDP), is niet te lezen"
            ),
            show(),
        ),
        NoSpeech::Fax => (
            both!(
                "but by a fax (T.38), which takes no speech",
                "maar door een fax (T.38), die geen spraak aanneemt"
            ),
            both!("call a number that people answer", "bel een nummer dat door mensen wordt opgenomen"),
        ),
        NoSpeech::NoAudio => (
            both!(
                "but the answer refuses the sound (no audio, or port 0)",
                "maar het antwoord weigert het geluid (geen audio, of poort 0)"
            ),
            both!(
                "compare `codecs` and `srtp` of the trunk with what the provider wrote; -v shows offer and answer",
                "vergelijk `codecs` en `srtp` van de trunk met wat de aanbieder schreef; -v toont aanbod en antwoord"
            ),
        ),
        NoSpeech::Protection => (
            both!(
                "but not protected as `srtp` of the trunk wants it",
                "maar niet beveiligd zoals `srtp` van de trunk het wil"
            ),
            both!(
                "set `srtp` of the trunk to what the provider wrote (off, optional, required), or have the provider switch it on",
                "zet `srtp` van de trunk op wat de aanbieder schreef (off, optional, required), of laat de aanbieder het inschakelen"
            ),
        ),
        NoSpeech::NoCodec => (
            both!(
                "but with no codec that was offered, or not protected as was agreed on",
                "maar met geen codec die was aangeboden, of niet beveiligd zoals afgesproken"
            ),
            both!(
                "compare `codecs` and `srtp` of the trunk with what the provider wrote; -v shows offer and answer",
                "vergelijk `codecs` en `srtp` van de trunk met wat de aanbieder schreef; -v toont aanbod en antwoord"
            ),
        ),
    }
}

/// It was dialled, and nobody has answered.
pub(super) fn by_the_trunk(
    draft: Draft,
    account: Option<&Account>,
    dialled: Dialled,
    patience: Duration,
    rings: Duration,
) -> Rung {
    match dialled {
        Dialled::Refused(response) | Dialled::Answered(response) => by_status(draft, &response),
        Dialled::AsksForever(response) => asks_forever(draft, account, &response),
        Dialled::Unanswerable(response) => unanswerable(draft, account, &response),
        Dialled::NotAnswered(progress) => not_answered(draft, progress, rings),
        Dialled::Late(_) => late(draft),
        Dialled::Silent(silence) => silent(draft, &silence, patience),
        Dialled::Stopped => draft.skipped(both!("it was broken off", "het is afgebroken")),
    }
}

fn by_status(mut draft: Draft, response: &Response) -> Rung {
    let (status, reason) = (response.status.code(), &response.reason);
    draft.detail("status", format!("{status} {reason}"));
    for (name, header) in [("warning", HeaderName::Warning), ("reason", HeaderName::Reason)] {
        if let Some(value) = response.headers.get(&header) {
            draft.detail(name, value);
        }
    }
    let found = both!(
        "the provider refuses the call: {status} {reason}",
        "de aanbieder weigert het gesprek: {status} {reason}"
    );
    let advice = match status {
        403 => both!(
            "it knows us and does not want this call: the number that is shown (`caller_id_number`) may not be one of the account, the balance may be used up, or the account may not call this kind of number",
            "hij kent ons en wil dit gesprek niet: het getoonde nummer (`caller_id_number`) hoort misschien niet bij het account, het tegoed kan op zijn, of het account mag dit soort nummers niet bellen"
        ),
        404 | 410 | 484 | 604 => both!(
            "the number does not exist for it: compare how it wants numbers written with `number_format` of the trunk; -v shows how it was sent",
            "het nummer bestaat niet voor hem: vergelijk hoe hij nummers geschreven wil met `number_format` van de trunk; -v toont hoe het verzonden is"
        ),
        402 => both!("top up the account at the provider", "vul het tegoed bij de aanbieder aan"),
        408 | 480 => both!(
            "nobody is to be reached at that number now: try another one",
            "op dat nummer is nu niemand te bereiken: probeer een ander"
        ),
        415 | 488 | 606 => both!(
            "it takes no codec or protection of the offer: compare `codecs` and `srtp` of the trunk with what the provider wrote",
            "zij neemt geen codec of beveiliging van het aanbod: vergelijk `codecs` en `srtp` van de trunk met wat de aanbieder schreef"
        ),
        422 => both!(
            "it wants its sessions refreshed less often: raise `session_timer` of the trunk, or set it to \"off\"",
            "zij wil sessies minder vaak ververst: verhoog `session_timer` van de trunk, of zet het op \"off\""
        ),
        486 | 600 => both!(
            "the number is busy, so the way to it is right: try again, or call another one",
            "het nummer is in gesprek, dus de weg erheen klopt: probeer het opnieuw, of bel een ander"
        ),
        300..400 => both!(
            "it redirects the call, which a test does not follow: ask the provider for the host that takes calls",
            "zij stuurt het gesprek door, wat een test niet volgt: vraag de aanbieder naar de host die gesprekken aanneemt"
        ),
        500..600 => both!(
            "its server fails: calls go to another host or trunk meanwhile; ask the provider when it lasts",
            "haar server faalt: gesprekken gaan zolang naar een andere host of trunk; vraag de aanbieder als het duurt"
        ),
        603 | 607 | 608 => both!(
            "who was called has declined: call another number",
            "wie gebeld werd heeft geweigerd: bel een ander nummer"
        ),
        _ => both!(
            "ask the provider what it means; -v shows the messages",
            "vraag de aanbieder wat het betekent; -v toont de berichten"
        ),
    };
    match status {
        // As far as the trunk is concerned, all is well.
        408 | 480 | 486 | 600 | 603 => draft.warning(found, advice),
        _ => draft.failed(found, advice),
    }
}

fn asks_forever(mut draft: Draft, account: Option<&Account>, response: &Response) -> Rung {
    let (status, reason) = (response.status.code(), &response.reason);
    draft.detail("status", format!("{status} {reason}"));
    let login = account.map_or("", |account| &account.login);
    draft.failed(
        both!(
            "it asks for the password again and again ({status} {reason}): user name or password of {login} is wrong, or the account may not call",
            "zij vraagt steeds opnieuw naar het wachtwoord ({status} {reason}): gebruikersnaam of wachtwoord van {login} klopt niet, of het account mag niet bellen"
        ),
        both!(
            "see the rung REGISTER; where that is good, some providers want another `login` for calls, or know calls by your address",
            "zie de trede REGISTER; is die goed, dan willen sommige aanbieders een andere `login` voor gesprekken, of kennen zij gesprekken aan uw adres"
        ),
    )
}

fn unanswerable(mut draft: Draft, account: Option<&Account>, response: &Response) -> Rung {
    let (status, reason) = (response.status.code(), &response.reason);
    draft.detail("status", format!("{status} {reason}"));
    match account {
        None => draft.failed(
            both!(
                "it asks for a password ({status} {reason}), and the trunk has none",
                "zij vraagt om een wachtwoord ({status} {reason}), en de trunk heeft er geen"
            ),
            both!(
                "set `username` and `password` of the trunk, or have the provider add your address to your account",
                "zet `username` en `password` van de trunk, of laat de aanbieder uw adres aan uw account toevoegen"
            ),
        ),
        Some(_) => draft.failed(
            both!("it wants credentials of a kind that the PBX does not know", "zij wil een bewijs van een soort die de centrale niet kent"),
            both!("ask the provider for digest authentication with MD5 or SHA-256", "vraag de aanbieder om digest-authenticatie met MD5 of SHA-256"),
        ),
    }
}

fn not_answered(mut draft: Draft, progress: Progress, rings: Duration) -> Rung {
    let secs = rings.as_secs();
    let Some(status) = progress.status else {
        return draft.failed(
            both!(
                "it took the call (100), and said nothing more within {secs} s",
                "zij nam het gesprek aan (100), en zei binnen {secs} s niets meer"
            ),
            both!(
                "the provider finds no way to the number: try another one, and ask the provider",
                "de aanbieder vindt geen weg naar het nummer: probeer een ander, en vraag de aanbieder"
            ),
        );
    };
    draft.detail("status", status);
    draft.warning(
        match status {
            183 => both!(
                "the call went on (183), and nobody answered within {secs} s",
                "het gesprek liep door (183), en niemand nam op binnen {secs} s"
            ),
            _ => both!(
                "it rang ({status}), and nobody answered within {secs} s",
                "het ging over ({status}), en niemand nam op binnen {secs} s"
            ),
        },
        both!(
            "the way to the number is right; call one that is answered to hear it",
            "de weg naar het nummer klopt; bel er een dat wordt opgenomen om het te horen"
        ),
    )
}

fn late(draft: Draft) -> Rung {
    draft.warning(
        both!(
            "answered at the moment when it was given up, and hung up at once",
            "opgenomen op het moment dat het werd opgegeven, en meteen opgehangen"
        ),
        both!(
            "the way to the number is right; call one that is answered sooner",
            "de weg naar het nummer klopt; bel er een dat eerder wordt opgenomen"
        ),
    )
}

fn silent(draft: Draft, silence: &Silence, patience: Duration) -> Rung {
    let secs = patience.as_secs();
    let found = match silence {
        Silence::Closed => {
            both!("the connection was closed on the call", "de verbinding werd bij het gesprek gesloten")
        }
        Silence::Refused(error) => {
            both!("the call was not sent: {error}", "het gesprek is niet verzonden: {error}")
        }
        Silence::Nothing | Silence::Nonsense => both!(
            "nothing was said to the call within {secs} s",
            "op het gesprek werd binnen {secs} s niets gezegd"
        ),
    };
    draft.failed(
        found,
        both!(
            "some providers drop calls of an address or a number that they do not know, and long messages over UDP: have them add your address, and try `transport` tcp or tls",
            "sommige aanbieders laten gesprekken vallen van een adres of nummer dat zij niet kennen, en lange berichten over UDP: laat hen uw adres toevoegen, en probeer `transport` tcp of tls"
        ),
    )
}
