//! Status, calls and registrations as text.

use kiestoon_control::{Call, Draining, Leg, Registration, RunState, Status, Stream};

use crate::cli::language::{Language, say};
use crate::cli::table::{Table, printable};
use crate::cli::when;

pub(super) fn status(status: &Status, language: Language) -> String {
    let state = run_state(status.state, language);
    let mut lines = vec![say!(
        language,
        "kiestoon {}: {state}, up {}",
        "kiestoon {}: {state}, {} actief",
        status.version,
        when::duration(status.uptime_secs)
    )];
    lines.extend(status.drain.iter().flat_map(|drain| {
        let secs = when::duration(drain.limit_secs);
        let stops = say!(language, "  stops in {secs} at the latest", "  stopt over uiterlijk {secs}");
        [Some(stops), longest(drain, language).map(|longest| format!("  {longest}"))].into_iter().flatten()
    }));
    lines.push(say!(
        language,
        "  calls: {} ({} talking); registrations: {}; extensions: {}",
        "  gesprekken: {} ({} in gesprek); registraties: {}; toestellen: {}",
        status.calls,
        status.calls_answered,
        status.registrations,
        status.extensions
    ));
    lines.push(say!(
        language,
        "  database revision {}, dialplan {}; call records waiting: {}",
        "  databaserevisie {}, belplan {}; wachtende gespreksgegevens: {}",
        status.revision,
        status.dialplan_hash,
        status.cdrs_waiting
    ));
    if status.bans > 0 {
        let bans = status.bans;
        lines.push(say!(
            language,
            "  banned sources: {bans} (`kiestoon ctl bans` lists them)",
            "  geblokkeerde bronnen: {bans} (`kiestoon ctl bans` toont ze)"
        ));
    }
    for listener in &status.listeners {
        lines.push(format!("  {} {}", listener.transport, listener.address));
    }
    lines.join("\n")
}

/// The call that a drain waits for longest.
pub(super) fn longest(drain: &Draining, language: Language) -> Option<String> {
    let call = drain.longest.as_ref()?;
    let (from, to, id) = (printable(&call.from_number), printable(&call.to_number), &call.id);
    let lasts = when::duration(call.duration_secs);
    Some(say!(
        language,
        "longest call: {from} > {to}, for {lasts} ({id})",
        "langste gesprek: {from} > {to}, al {lasts} ({id})"
    ))
}

pub(super) fn run_state(state: RunState, language: Language) -> &'static str {
    match state {
        RunState::Running => language.pick("running", "draait"),
        RunState::Draining => language.pick("draining", "loopt leeg"),
    }
}

/// A row for each leg: what the phone sends (in) and what it hears (out).
pub(super) fn calls(calls: &[Call], language: Language) -> String {
    if calls.is_empty() {
        return language.pick("no calls", "geen gesprekken").into();
    }
    let mut table = Table::new(&[
        language.pick("call", "gesprek"),
        language.pick("from > to", "van > naar"),
        language.pick("state", "toestand"),
        language.pick(">time", ">duur"),
        language.pick("leg", "kant"),
        "codec",
        language.pick(">loss in", ">verlies in"),
        ">jitter in",
        language.pick(">loss out", ">verlies uit"),
        language.pick(">jitter out", ">jitter uit"),
        ">rtt",
        ">mos",
        language.pick("phone", "telefoon"),
    ]);
    for call in calls {
        let head = [
            call.id.clone(),
            parties(call),
            state(&call.state, language).to_owned(),
            when::duration(call.talk_secs.unwrap_or(call.duration_secs)),
        ];
        if call.legs.is_empty() {
            table.row(head.to_vec());
        }
        for (index, leg) in call.legs.iter().enumerate() {
            let mut row = if index == 0 { head.to_vec() } else { vec![String::new(); head.len()] };
            row.extend(leg_cells(leg, language));
            table.row(row);
        }
    }
    table.render()
}

pub(super) fn parties(call: &Call) -> String {
    let to = call.to_number.as_deref().filter(|to| *to != call.dialed);
    match to {
        Some(to) => format!("{} > {} ({to})", call.from_number, call.dialed),
        None => format!("{} > {}", call.from_number, call.dialed),
    }
}

pub(super) fn leg_cells(leg: &Leg, language: Language) -> [String; 9] {
    let side = side(&leg.side, language);
    let hold = if leg.on_hold { language.pick(" (holds)", " (wacht)") } else { "" };
    [
        format!("{side} {}{hold}{}", leg.number, diagnosis(leg)),
        codec(leg, language),
        loss(&leg.inbound),
        jitter(&leg.inbound),
        loss(&leg.outbound),
        jitter(&leg.outbound),
        leg.rtt_ms.map_or_else(|| "-".into(), |ms| format!("{ms:.0} ms")),
        mos(leg).map_or_else(|| "-".into(), |score| format!("{score:.1}")),
        leg.user_agent.clone().unwrap_or_else(|| "-".into()),
    ]
}

/// How the leg sounds now: the direction that is worse.
pub(super) fn mos(leg: &Leg) -> Option<f64> {
    [leg.inbound.mos, leg.outbound.mos].into_iter().flatten().reduce(f64::min)
}

/// What is spoken, and whether it is encrypted.
fn codec(leg: &Leg, language: Language) -> String {
    let codec = leg.codec.as_deref().unwrap_or("-");
    match (&leg.srtp, leg.srtp_key_in_clear) {
        (None, _) => codec.to_owned(),
        (Some(_), false) => format!("{codec} srtp"),
        (Some(_), true) => say!(language, "{codec} srtp (key in clear)", "{codec} srtp (sleutel open)"),
    }
}

/// Why it is not heard, where it is not.
fn diagnosis(leg: &Leg) -> String {
    leg.diagnosis.as_deref().map(|cause| format!(" !{cause}")).unwrap_or_default()
}

/// Whose leg it is.
pub(in crate::cli) fn side(word: &str, language: Language) -> &str {
    match word {
        "caller" => language.pick("caller", "beller"),
        "callee" => language.pick("callee", "gebelde"),
        other => other,
    }
}

fn loss(stream: &Stream) -> String {
    if stream.packets == 0 { "-".into() } else { format!("{:.1} %", stream.loss_percent) }
}

fn jitter(stream: &Stream) -> String {
    if stream.packets == 0 { "-".into() } else { format!("{:.1} ms", stream.jitter_ms) }
}

pub(super) fn state(word: &str, language: Language) -> &str {
    match word {
        "starting" => language.pick("starting", "begint"),
        "asking" => language.pick("asking", "vraagt na"),
        "dialling" => language.pick("dialling", "kiest"),
        "ringing" => language.pick("ringing", "gaat over"),
        "playing" => language.pick("playing", "meldtekst"),
        "echo" => "echo",
        "talking" => language.pick("talking", "in gesprek"),
        "ending" => language.pick("ending", "eindigt"),
        other => other,
    }
}

pub(super) fn registrations(registrations: &[Registration], language: Language) -> String {
    if registrations.is_empty() {
        return language.pick("no registrations", "geen registraties").into();
    }
    let mut table = Table::new(&[
        language.pick("number", "nummer"),
        language.pick("organisation", "organisatie"),
        language.pick("over", "via"),
        language.pick("from", "vanaf"),
        language.pick(">expires in", ">verloopt over"),
        ">q",
        language.pick("phone", "telefoon"),
        "contact",
    ]);
    for registration in registrations {
        table.row(vec![
            registration.number.clone(),
            registration.organisation.clone(),
            registration.transport.clone(),
            match registration.reachable {
                true => registration.remote.clone(),
                false => format!("{} ({})", registration.remote, language.pick("silent", "zwijgt")),
            },
            when::duration(registration.expires_in_secs),
            format!("{:.1}", registration.q),
            registration.user_agent.clone().unwrap_or_else(|| "-".into()),
            registration.contact.clone(),
        ]);
    }
    table.render()
}
