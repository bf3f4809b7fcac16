//! The switch's records in the store's words: call records and bindings, on their way to the journals and back.
use std::sync::Arc;
use std::time::Duration;

use kiestoon_call::{
    AccountKept, BindingChange, CdrEnd, CdrLeg, CdrRecord, Charged, Direction, Disposition, EndReason,
    HangupBy, Hold, HoldReason, HoursSet, Side, Snapshot, StoredBinding,
};
use kiestoon_dialplan::Forced;
use kiestoon_media::rtp::T38;
use kiestoon_media::{LegQuality, Mos};
use kiestoon_sip::{
    flow::{Flow, Transport},
    registrar::{Aor, Extra},
    stir::{Attestation, Fault, Verstat},
};
use kiestoon_store::{self as store, Cdr};
use serde_json::{Value, json};

use super::views;

/// A call record as it is stored.
pub(super) fn cdr(record: CdrRecord) -> Cdr {
    let caller = side(&record.legs, Side::Caller);
    let callee = side(&record.legs, Side::Callee);
    let direction = record.direction();
    let reached = match direction {
        Direction::Inbound => record.to_number.clone().unwrap_or_default(),
        Direction::Outbound | Direction::Internal => record.from_number.clone(),
    };
    let trunk = |name: Option<&Arc<str>>| name.map(ToString::to_string);
    let mut cdr = Cdr {
        id: record.id.to_string(),
        linked_id: Some(record.linked.unwrap_or(record.id).to_string()),
        tenant_id: Some(record.organisation.to_string()),
        direction: Some(match direction {
            Direction::Internal => store::Direction::Internal,
            Direction::Inbound => store::Direction::Inbound,
            Direction::Outbound => store::Direction::Outbound,
        }),
        did: record.did().map(Into::into),
        trunk_in: trunk(record.trunk_in()),
        trunk_out: trunk(record.trunk_out()),
        from_name: Some(record.from_name.into()),
        extension: Some(reached.into()).filter(|number: &String| !number.is_empty()),
        from_number: Some(record.from_number.into()),
        dialed: Some(record.dialled.into()),
        to_number: record.to_number.map(Into::into),
        context: Some(record.context.into()),
        route: record.route.map(Into::into),
        dialplan_hash: Some(record.dialplan_hash.into()),
        started_at: record.started_at,
        ringing_at: record.ringing_at,
        answered_at: record.answered_at,
        codec_a: caller.and_then(codec),
        codec_b: callee.and_then(codec),
        transport_a: caller.map(|leg| leg.transport.uri_token().to_owned()),
        transport_b: callee.map(|leg| leg.transport.uri_token().to_owned()),
        srtp: Some(is_protected(&record.legs)),
        emergency: Some(record.emergency),
        // Of the caller's number as it came, else as it went out.
        attestation: [caller, callee]
            .into_iter()
            .flatten()
            .find_map(|leg| leg.attestation)
            .map(|a| a.to_string()),
        loss: worst(&record.legs, |quality| Some(quality.inbound.loss.max(quality.outbound.loss) * 100.0)),
        jitter: worst(&record.legs, |quality| {
            Some(quality.inbound.jitter_ms.max(quality.outbound.jitter_ms))
        }),
        rtt: worst(&record.legs, |quality| quality.rtt_ms),
        mos_min_a: caller.and_then(|leg| mos(leg, |mos| mos.least)),
        mos_avg_a: caller.and_then(|leg| mos(leg, |mos| mos.mean)),
        mos_min_b: callee.and_then(|leg| mos(leg, |mos| mos.least)),
        mos_avg_b: callee.and_then(|leg| mos(leg, |mos| mos.mean)),
        legs: record.legs.iter().map(leg).collect(),
        way: record.way.into_iter().filter_map(|way| serde_json::to_value(views::way(way)).ok()).collect(),
        ..Cdr::default()
    };
    if let Some(end) = record.end {
        finish(&mut cdr, &end);
    }
    cdr
}

fn finish(cdr: &mut Cdr, end: &CdrEnd) {
    let millis = |value: u64| i64::try_from(value).ok();
    cdr.ended_at = Some(end.ended_at);
    cdr.setup_ms = millis(end.setup_ms);
    cdr.ring_ms = millis(end.ring_ms);
    cdr.talk_ms = millis(end.talk_ms);
    cdr.disposition = Some(match end.disposition {
        Disposition::Answered => store::Disposition::Answered,
        Disposition::NoAnswer => store::Disposition::NoAnswer,
        Disposition::Busy => store::Disposition::Busy,
        Disposition::Failed => store::Disposition::Failed,
        Disposition::Cancelled => store::Disposition::Cancelled,
    });
    cdr.end_reason = Some(end.reason.as_str().to_owned());
    cdr.sip_code = Some(end.sip_code);
    cdr.q850 = Some(end.q850);
    cdr.hangup_by = Some(match end.hangup_by {
        HangupBy::Caller => store::HangupBy::Caller,
        HangupBy::Callee => store::HangupBy::Callee,
        HangupBy::Pbx | HangupBy::Operator => store::HangupBy::System,
    });
}

/// The leg of a side that counts: of several callees the one that answered, else the last that was rung.
fn side(legs: &[CdrLeg], side: Side) -> Option<&CdrLeg> {
    let mut of_side = legs.iter().filter(|leg| leg.side == side);
    of_side
        .clone()
        .find(|leg| leg.status.is_some_and(|status| (200..300).contains(&status)))
        .or_else(|| of_side.next_back())
}

/// What was heard; a call that was a fax is one, even where it ends in speech.
fn codec(leg: &CdrLeg) -> Option<String> {
    if leg.codec.as_deref() == Some(T38) {
        return Some(T38.to_owned());
    }
    leg.quality
        .as_ref()
        .and_then(|quality| quality.codec.clone())
        .or_else(|| leg.codec.clone())
        .map(Into::into)
}

/// Whether speech was protected on every leg that had any, and nothing was faxed, which is done in the clear.
fn is_protected(legs: &[CdrLeg]) -> bool {
    if legs.iter().any(|leg| leg.codec.as_deref() == Some(T38)) {
        return false;
    }
    let mut figures = legs.iter().filter_map(|leg| leg.quality.as_deref()).peekable();
    figures.peek().is_some() && figures.all(|quality| quality.srtp.is_some())
}

fn worst(legs: &[CdrLeg], figure: impl Fn(&LegQuality) -> Option<f32>) -> Option<f64> {
    legs.iter().filter_map(|leg| leg.quality.as_deref().and_then(&figure)).map(f64::from).reduce(f64::max)
}

/// Of the direction that sounded worse.
fn mos(leg: &CdrLeg, figure: impl Fn(&Mos) -> f32) -> Option<f64> {
    let quality = leg.quality.as_deref()?;
    let both = [&quality.inbound, &quality.outbound].into_iter().filter_map(|way| way.mos.as_ref());
    both.map(figure).map(views::rounded).reduce(f64::min)
}

fn leg(leg: &CdrLeg) -> Value {
    json!({
        "side": leg.side.as_str(),
        "number": leg.number,
        "transport": leg.transport.uri_token(),
        "remote": leg.remote.to_string(),
        "user_agent": leg.user_agent,
        "status": leg.status,
        "codec": codec(leg),
        "srtp_key_in_clear": is_protected(std::slice::from_ref(leg)) && leg.transport.shows_keys(),
        "diagnosis": leg.diagnosis,
        "quality": leg.quality,
        "end_reason": leg.reason.map(EndReason::as_str),
        "charged_to": leg.charged_to,
        "trunk": leg.over.as_ref().map(|over| &over.trunk),
        "host": leg.over.as_ref().and_then(|over| over.host.as_ref()),
        "shown": leg.over.as_ref().and_then(|over| over.shown.as_ref()),
        "sip_call_id": leg.over.as_ref().and_then(|over| over.call_id.as_ref()),
        "provider_ids": leg.over.as_ref().map_or(&[][..], |over| &over.names),
        "cost": leg.cost,
        "attestation": leg.attestation.map(Attestation::as_str),
        "verstat": leg.verstat.map(Verstat::as_str),
        "stir_fault": leg.stir_fault.map(Fault::as_str),
    })
}

/// Hours that were set by hand, as they are stored. `now` is the wall clock in microseconds.
pub(super) fn hours(set: HoursSet, now: i64) -> store::HoursChange {
    store::HoursChange {
        organisation_id: set.organisation.to_string(),
        name: set.hours.into(),
        open: set.forced.map(|forced| forced == Forced::Open),
        by: set.by.into(),
        at: now,
    }
}

/// The same, back.
pub(super) fn hours_set(change: store::HoursChange) -> HoursSet {
    HoursSet {
        organisation: change.organisation_id.into(),
        hours: change.name.into(),
        forced: change.open.map(|open| if open { Forced::Open } else { Forced::Closed }),
        by: change.by.into(),
    }
}

/// An account as it is stored. `now` is the wall clock in microseconds.
pub(super) fn account(kept: AccountKept, now: i64) -> store::AccountChange {
    let (year, month, day) = kept.day;
    let held = kept.held.map(|held| store::AccountHold {
        since: held.since,
        reason: held.reason.as_str().to_owned(),
        by: held.by.map(Into::into),
    });
    store::AccountChange {
        organisation_id: kept.organisation.to_string(),
        number: kept.charged.number().unwrap_or_default().to_owned(),
        day: i64::from(year) * 10_000 + i64::from(month) * 100 + i64::from(day),
        today: kept.today,
        this_month: kept.this_month,
        held,
        at: now,
    }
}

/// The same, back; None where it is not understood.
pub(super) fn account_kept(change: store::AccountChange) -> Option<AccountKept> {
    let part = |value: i64| i8::try_from(value % 100).ok();
    let held = change.held.map(|held| {
        let reason = HoldReason::of_word(&held.reason).unwrap_or(HoldReason::Operator);
        Hold { since: held.since, reason, by: held.by.map(Into::into) }
    });
    Some(AccountKept {
        organisation: change.organisation_id.into(),
        charged: match change.number.as_str() {
            "" => Charged::Organisation,
            number => Charged::Extension(number.into()),
        },
        day: (i16::try_from(change.day / 10_000).ok()?, part(change.day / 100)?, part(change.day)?),
        today: change.today,
        this_month: change.this_month,
        held,
    })
}

/// A change of the registrar as it is stored; None for an extension that is gone, whose bindings the store removes with
/// it. `now` is the wall clock in microseconds.
pub(super) fn binding_change(
    change: BindingChange,
    snapshot: &Snapshot,
    now: i64,
) -> Option<store::BindingChange> {
    match change {
        BindingChange::Put(binding) => {
            let extension_id = snapshot.extension_of_aor(binding.aor.as_str())?.id.to_string();
            Some(store::BindingChange::Put(stored(binding, extension_id, now)))
        }
        BindingChange::Remove { aor, contact } => {
            let extension_id = snapshot.extension_of_aor(aor.as_str())?.id.to_string();
            Some(store::BindingChange::Remove { extension_id, contact: contact.to_string() })
        }
    }
}

fn stored(binding: StoredBinding, extension_id: String, now: i64) -> store::Binding {
    let remaining = i64::try_from(binding.remaining.as_micros()).unwrap_or(i64::MAX);
    store::Binding {
        extension_id,
        contact: binding.contact.to_string(),
        instance: binding.instance.map(|instance| instance.to_string()),
        call_id: binding.call_id.to_string(),
        cseq: binding.cseq,
        q: binding.q,
        registered_at: now.saturating_sub(i64::try_from(binding.age.as_micros()).unwrap_or(0)),
        expires_at: now.saturating_add(remaining),
        transport: binding.flow.transport.uri_token().to_owned(),
        remote: binding.flow.remote.to_string(),
        local: binding.flow.local.to_string(),
        user_agent: binding.user_agent.map(|agent| agent.to_string()),
        reg_id: binding.extra.as_ref().and_then(|extra| extra.reg_id),
        path: binding
            .extra
            .map(|extra| extra.path.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        ..store::Binding::default()
    }
}

/// The bindings of an earlier run that can still be used. A connection did not survive the process: a phone over TCP is
/// called on a new connection to the address that it registered from, until it registers again.
pub(super) fn restored(
    bindings: Vec<store::StoredBinding>,
    snapshot: &Snapshot,
    now: i64,
) -> Vec<StoredBinding> {
    bindings.into_iter().filter_map(|binding| restore(binding, snapshot, now)).collect()
}

fn restore(stored: store::StoredBinding, snapshot: &Snapshot, now: i64) -> Option<StoredBinding> {
    let aor = Aor::new(&snapshot.aor_of(&stored.organisation_id, &stored.number)?);
    let binding = stored.binding;
    let flow = Flow {
        transport: transport(&binding.transport)?,
        local: binding.local.parse().ok()?,
        remote: binding.remote.parse().ok()?,
        connection: None,
    };
    Some(StoredBinding {
        aor,
        contact: binding.contact.into(),
        q: binding.q,
        call_id: binding.call_id.into(),
        cseq: binding.cseq,
        age: Duration::from_micros(u64::try_from(now.saturating_sub(binding.registered_at)).unwrap_or(0)),
        remaining: Duration::from_micros(u64::try_from(binding.expires_at.saturating_sub(now)).ok()?),
        flow,
        user_agent: binding.user_agent.map(Into::into),
        instance: binding.instance.map(Into::into),
        extra: Extra::new(binding.path.into_iter().map(Into::into).collect(), binding.reg_id),
    })
}

fn transport(word: &str) -> Option<Transport> {
    let all = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
    all.into_iter().find(|transport| transport.uri_token() == word)
}
