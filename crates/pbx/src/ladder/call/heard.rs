//! What was heard of an answered call, in words.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use kiestoon_control::{Rung, Sentence};
use kiestoon_media::{LocalMedia, RemoteAudio};

use super::super::rung::{Draft, both};
use super::is_private;
use super::sound::Measured;

/// The rung of a call that was answered after so long.
pub(super) fn judged(
    mut draft: Draft,
    heard: &Measured,
    us: &LocalMedia,
    them: &RemoteAudio,
    after: Duration,
    is_hung_up: bool,
) -> Rung {
    let secs = format!("{:.1}", after.as_secs_f64());
    note(&mut draft, heard, them);
    let (Some(from), Some(level)) = (heard.from, heard.level) else {
        return match heard.from {
            Some(from) => nothing_in_it(draft, heard, &secs, from),
            None => nothing_came(draft, heard, us, them, &secs, is_hung_up),
        };
    };
    let (from, level) = (from.ip().to_canonical(), format!("{level:.0}"));
    if heard.tone {
        return draft.ok(both!(
            "answered after {secs} s; our own tone came back from {from} (level {level} dBFS): both directions carry sound",
            "opgenomen na {secs} s; onze eigen toon kwam terug van {from} (niveau {level} dBFS): beide richtingen dragen geluid"
        ));
    }
    draft.ok(both!(
        "answered after {secs} s; sound came back from {from} (level {level} dBFS); whether we were heard, an echo number tells",
        "opgenomen na {secs} s; er kwam geluid terug van {from} (niveau {level} dBFS); of wij gehoord werden, zegt een echonummer"
    ))
}

fn note(draft: &mut Draft, heard: &Measured, them: &RemoteAudio) {
    if let Some(codec) = them.codecs.iter().find(|codec| codec.is_audio()) {
        draft.detail("codec", format!("{}/{}", codec.name, codec.clock_rate));
    }
    draft.detail("sent_to", them.rtp);
    draft.detail("protected", if them.key.is_some() { "SRTP" } else { "no" });
    draft.detail("packets", heard.packets);
    draft.detail("packets_before_answer", heard.early);
    draft.detail("heard", format!("{:.1} s", heard.heard.as_secs_f64()));
    if let Some(from) = heard.from {
        draft.detail("sound_from", from);
    }
    if let Some(level) = heard.level {
        draft.detail("level", format!("{level:.1} dBFS"));
    }
    draft.detail("tone_came_back", heard.tone);
}

/// Packets came, and no sound was in them.
fn nothing_in_it(draft: Draft, heard: &Measured, secs: &str, from: SocketAddr) -> Rung {
    let (from, packets) = (from.ip().to_canonical(), heard.packets);
    if let (Some(odd), true) = (heard.odd, heard.heard.is_zero()) {
        return draft.failed(
            both!(
                "answered after {secs} s; {from} sends in a format that was not agreed on (payload type {odd})",
                "opgenomen na {secs} s; {from} zendt in een formaat dat niet is afgesproken (payload type {odd})"
            ),
            both!(
                "set `codecs` of the trunk to what the provider speaks, such as [\"PCMA\", \"PCMU\"], and tell the provider",
                "zet `codecs` van de trunk op wat de aanbieder spreekt, zoals [\"PCMA\", \"PCMU\"], en meld het de aanbieder"
            ),
        );
    }
    draft.warning(
        both!(
            "answered after {secs} s; {packets} packets came from {from}, and there is silence in them",
            "opgenomen na {secs} s; er kwamen {packets} pakketten van {from}, en daar zit stilte in"
        ),
        both!(
            "the way back is open; call a number that says something, or an echo number, to be sure of the sound",
            "de weg terug is open; bel een nummer dat iets zegt, of een echonummer, om zeker te zijn van het geluid"
        ),
    )
}

/// Nothing came that could be heard.
fn nothing_came(
    draft: Draft,
    heard: &Measured,
    us: &LocalMedia,
    them: &RemoteAudio,
    secs: &str,
    is_hung_up: bool,
) -> Rung {
    if heard.sealed > 0 {
        return draft.failed(
            both!(
                "answered after {secs} s; what came is protected with another key than was agreed on",
                "opgenomen na {secs} s; wat kwam is met een andere sleutel beveiligd dan is afgesproken"
            ),
            both!(
                "set `srtp` of the trunk to what the provider wrote (off, optional, required), or ask the provider",
                "zet `srtp` van de trunk op wat de aanbieder schreef (off, optional, required), of vraag de aanbieder"
            ),
        );
    }
    if !them.direction.sends() {
        return draft.failed(
            both!(
                "answered after {secs} s; the answer says itself that no sound will be sent",
                "opgenomen na {secs} s; het antwoord zegt zelf dat er geen geluid wordt gezonden"
            ),
            both!(
                "the number called may have put the call on hold: try another one",
                "het gebelde nummer heeft het gesprek misschien in de wacht gezet: probeer een ander"
            ),
        );
    }
    let found = match is_hung_up {
        true => both!(
            "answered after {secs} s and hung up by the other side, and no sound came",
            "opgenomen na {secs} s en opgehangen door de andere kant, en er kwam geen geluid"
        ),
        false => both!(
            "answered after {secs} s, but no sound came",
            "opgenomen na {secs} s, maar er kwam geen geluid"
        ),
    };
    draft.failed(found, blocked(us.rtp, them.rtp.ip()))
}

/// What keeps sound out.
fn blocked(told: SocketAddr, them: IpAddr) -> Sentence {
    let (address, port) = (told.ip(), told.port());
    if is_private(address) && !is_private(them) {
        return both!(
            "the provider was told to send to {address}, which is a private address: set `sip.external_address` (or `external_rtp_address` of a network) to the public one",
            "de aanbieder kreeg te horen naar {address} te zenden, een privé-adres: zet `sip.external_address` (of `external_rtp_address` van een netwerk) op het openbare"
        );
    }
    both!(
        "the provider was told to send to {address}, port {port}: see that this is your public address, and that firewall and router let UDP in to the ports of `media.rtp_ports`",
        "de aanbieder kreeg te horen naar {address}, poort {port}, te zenden: kijk of dat uw openbare adres is, en of firewall en router UDP doorlaten naar de poorten van `media.rtp_ports`"
    )
}
