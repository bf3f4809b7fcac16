//! What was heard of an answered call, in words.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use kiestoon_control::{Rung, Sentence};
use kiestoon_media::{LocalMedia, RemoteAudio};

use super::super::rung::{Draft, both};
use super::is_private;
use super::sound::Measured;

/// What there is to judge.
pub(super) struct Judged<'a> {
    pub(super) heard: &'a Measured,
    pub(super) us: &'a LocalMedia,
    pub(super) them: &'a RemoteAudio,
    /// Who signals.
    pub(super) peer: IpAddr,
    /// How long it took until somebody answered.
    pub(super) after: Duration,
    /// Whether the other side has hung up.
    pub(super) is_hung_up: bool,
}

/// The rung of a call that was answered.
pub(super) fn judged(mut draft: Draft, of: &Judged<'_>) -> Rung {
    let (heard, them) = (of.heard, of.them);
    let secs = format!("{:.1}", of.after.as_secs_f64());
    note(&mut draft, heard, them);
    let (Some(from), Some(level)) = (heard.from, heard.level) else {
        return match heard.from {
            Some(from) => nothing_in_it(draft, heard, &secs, from),
            None => nothing_came(draft, of, &secs),
        };
    };
    let (Sentence { en, nl }, level) = (whence(from, them.rtp), format!("{level:.0}"));
    if !them.direction.receives() {
        return draft.warning(
            both!(
                "answered after {secs} s; sound came back from {en} (level {level} dBFS), and the answer wants none of ours",
                "opgenomen na {secs} s; er kwam geluid terug van {nl} (niveau {level} dBFS), en het antwoord wil het onze niet"
            ),
            both!(
                "the number called only plays something, or has put the call on hold: call an echo number",
                "het gebelde nummer speelt alleen iets af, of heeft het gesprek in de wacht gezet: bel een echonummer"
            ),
        );
    }
    if heard.tone {
        return draft.ok(both!(
            "answered after {secs} s; our own tone came back from {en} (level {level} dBFS): both directions carry sound",
            "opgenomen na {secs} s; onze eigen toon kwam terug van {nl} (niveau {level} dBFS): beide richtingen dragen geluid"
        ));
    }
    draft.ok(both!(
        "answered after {secs} s; sound came back from {en} (level {level} dBFS); whether we were heard, an echo number tells",
        "opgenomen na {secs} s; er kwam geluid terug van {nl} (niveau {level} dBFS); of wij gehoord werden, zegt een echonummer"
    ))
}

/// Where sound came from, and what the answer names where that is another place.
fn whence(from: SocketAddr, named: SocketAddr) -> Sentence {
    let (ip, named_ip) = (from.ip().to_canonical(), named.ip().to_canonical());
    if ip != named_ip {
        return both!("{ip} (the answer names {named_ip})", "{ip} (het antwoord noemt {named_ip})");
    }
    match (from.port(), named.port()) {
        (port, named) if port != named => {
            both!(
                "{ip} port {port} (the answer names {named})",
                "{ip} poort {port} (het antwoord noemt {named})"
            )
        }
        _ => both!("{ip}", "{ip}"),
    }
}

fn note(draft: &mut Draft, heard: &Measured, them: &RemoteAudio) {
    if let Some(codec) = them.codecs.iter().find(|codec| codec.is_audio()) {
        draft.detail("codec", format!("{}/{}", codec.name, codec.clock_rate));
    }
    draft.detail("sent_to", them.rtp);
    draft.detail("protected", if them.key.is_some() { "SRTP" } else { "no" });
    draft.detail("packets", heard.packets);
    if let Some(stranger) = heard.stranger {
        draft.detail("not_taken_from", stranger);
    }
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
fn nothing_came(draft: Draft, of: &Judged<'_>, secs: &str) -> Rung {
    let Judged { heard, us, them, .. } = *of;
    if let Some(stranger) = heard.stranger {
        return from_a_stranger(draft, of, secs, stranger);
    }
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
    let named = them.rtp.ip().to_canonical();
    if named.is_ipv4() != us.rtp.ip().to_canonical().is_ipv4() {
        let (ours, theirs) = if named.is_ipv4() { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
        return draft.failed(
            both!(
                "answered after {secs} s; the answer wants sound at {named}, and this call has only {ours}",
                "opgenomen na {secs} s; het antwoord wil geluid op {named}, en dit gesprek heeft alleen {ours}"
            ),
            both!(
                "ask the provider to answer {ours} with {ours}, or let the trunk lead to a host that has {theirs}",
                "vraag de aanbieder {ours} met {ours} te beantwoorden, of laat de trunk naar een host met {theirs} leiden"
            ),
        );
    }
    let found = match of.is_hung_up {
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

/// It came from where calls take nothing: whoever guesses a port would be heard else.
fn from_a_stranger(draft: Draft, of: &Judged<'_>, secs: &str, from: SocketAddr) -> Rung {
    let (named, peer) = (of.them.rtp, of.peer.to_canonical());
    draft.failed(
        both!(
            "answered after {secs} s; sound comes from {from}, but the answer names {named} and {peer} signals: calls take nothing from elsewhere",
            "opgenomen na {secs} s; er komt geluid van {from}, maar het antwoord noemt {named} en {peer} signaleert: gesprekken nemen niets van elders"
        ),
        both!(
            "ask the provider to write the address that it sends from into its answer (SDP)",
            "vraag de aanbieder het adres waarvan hij zendt in zijn antwoord (SDP) te schrijven"
        ),
    )
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
